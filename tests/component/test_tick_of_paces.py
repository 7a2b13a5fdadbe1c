"""What the tick sends to audiences with a digest, and to recipients of many messages (semantics
E11).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import evolve
from moto import mock_aws

from building import HOUR, MON, TUE, at, policy
from desk import NEW, Desk
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import META
from sla_watchdog.domain.escalation.recent_messages import RecentMessages
from sla_watchdog.domain.policy.digest_time import EVERY_DAY, DigestTime
from sla_watchdog.domain.policy.model import Audience, Policy
from sla_watchdog.errors import Unavailable

WED, THU = "2026-03-04", "2026-03-05"
MANAGER = Audience("manager", digest=DigestTime(EVERY_DAY, 14 * HOUR), at_once=frozenset())
EXECUTIVE = Audience("executive", digest=DigestTime(EVERY_DAY, 8 * HOUR))


def rules(**changes: object) -> Policy:
    """Due after 8 hours; the manager 4 hours later, the executive 16 hours later, and daily."""
    plain = policy(**changes)
    audiences = {**plain.audiences, "manager": MANAGER, "executive": EXECUTIVE}
    return evolve(plain, audiences=audiences)


@pytest.fixture
def paced() -> Iterator[Desk]:
    with mock_aws():
        desk = Desk(rules())
        desk.tick(f"{MON}T00:00")
        yield desk


def to(desk: Desk, audience: str) -> list[dict[str, object]]:
    return [body for topic, body in desk.sent() if topic == audience]


def test_e11_what_waited_for_a_digest_comes_in_one_message(paced: Desk) -> None:
    for number in range(3):
        paced.put(f"{MON}T00:00", f"T-{number}", **NEW)
    paced.tick(f"{MON}T12:00")
    assert to(paced, "manager") == []
    assert paced.case("T-0").next_at == at(f"{MON}T14:00")
    result = paced.tick(f"{MON}T14:00")
    (digest,) = to(paced, "manager")
    assert (digest["kind"], digest["alert_count"], result.digested) == ("digest", 3, 3)
    for number in range(3):
        ends = [end for end in paced.outcomes(f"T-{number}") if "resolution/1/2/0/manager" in end]
        assert ends == [
            ("resolution/1/2/0/manager", "deferred"),
            ("resolution/1/2/0/manager", "in_digest"),
        ]
    reasons = [item.reason for item in paced.audit("T-0") if item.outcome.value == "deferred"]
    assert reasons == [f"waits for the digest of manager; waits until {at(f'{MON}T14:00')}"]
    assert paced.tick(f"{MON}T14:01").due == 0


def test_e11_one_alone_is_a_message_of_its_own(paced: Desk) -> None:
    paced.put(f"{MON}T00:00", **NEW)
    paced.tick(f"{MON}T12:00")
    paced.sent()
    paced.tick(f"{MON}T14:00")
    (message,) = to(paced, "manager")
    assert message["kind"] == "alert"
    assert paced.outcomes()[-1] == ("resolution/1/2/0/manager", "sent")


def test_e11_a_first_breach_comes_at_once_and_reminders_in_one(paced: Desk) -> None:
    for number in range(3):
        paced.put(f"{MON}T00:00", f"T-{number}", **NEW)
    paced.tick(f"{TUE}T00:00:01")
    assert len(to(paced, "executive")) == 3, "each is the first of a breach"
    for now in (f"{WED}T00:00:01", f"{WED}T07:59"):
        paced.tick(now)
        assert to(paced, "executive") == []
    paced.tick(f"{WED}T08:00")
    (digest,) = to(paced, "executive")
    assert digest["alert_count"] == 3


def test_e11_an_outage_makes_a_digest_late_and_loses_nothing(paced: Desk) -> None:
    for number in range(2):
        paced.put(f"{MON}T00:00", f"T-{number}", **NEW)
    paced.tick(f"{TUE}T00:00:01")
    paced.sent()
    paced.tick(f"{WED}T11:17")
    (digest,) = to(paced, "executive")
    assert digest["alert_count"] == 2


def test_e11_a_digest_whose_holder_died_after_sending_is_not_sent_again(paced: Desk) -> None:
    for number in range(3):
        paced.put(f"{MON}T00:00", f"T-{number}", **NEW)
    paced.tick(f"{MON}T12:00")
    settle = paced.parts.watch.outbox.settle
    paced.parts.watch.outbox.settle = _die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        paced.tick(f"{MON}T14:00")
    paced.parts.watch.outbox.settle = settle  # type: ignore[method-assign]
    assert len(to(paced, "manager")) == 1
    paced.tick(f"{MON}T14:05")
    assert to(paced, "manager") == []
    assert paced.outcomes("T-1")[-1] == ("resolution/1/2/0/manager", "in_digest")


def _die(*_: object) -> object:
    raise KeyboardInterrupt


def test_e11_a_digest_that_sns_does_not_take_comes_a_minute_later(
    paced: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        paced.put(f"{MON}T00:00", f"T-{number}", **NEW)
    paced.tick(f"{MON}T12:00")
    paced.sent()
    with monkeypatch.context() as broken:
        broken.setattr(type(paced.parts.channels), "publish", _refuse)
        assert paced.tick(f"{MON}T14:00").retried == 2
    for minute in range(1, 5):
        paced.tick(f"{MON}T14:0{minute}")
    (digest,) = to(paced, "manager")
    assert digest["alert_count"] == 2


def _refuse(*_: object) -> object:
    raise Unavailable("SNS is away")


# ------------------------------------------------------------------ many messages in a day


def crowd(desk: Desk, count: int, since: int = 0) -> None:
    """So many warnings to the owner, one a tick, from 06:00 on."""
    for number in range(since, since + count):
        created = f"{MON}T00:{number:02}"
        desk.put(created, f"T-{number}", **{**NEW, "created_at": f"{created}:00Z"})
    for number in range(since, since + count):
        desk.tick(f"{MON}T06:{number:02}")


@pytest.fixture
def busy() -> Iterator[Desk]:
    with mock_aws():
        desk = Desk(policy(digest_after=3))
        desk.tick(f"{MON}T00:00")
        crowd(desk, 6)
        yield desk


def test_e11_after_many_messages_in_a_day_the_others_come_in_one_at_the_full_hour(
    busy: Desk,
) -> None:
    assert len(to(busy, "owner")) == 3
    waiting = [item.reason for item in busy.audit("T-4")]
    until = at(f"{MON}T07:00")
    assert waiting == [f"owner got 3 messages within a day; waits until {until}"]
    assert busy.case("T-4").next_at == until
    busy.tick(f"{MON}T07:00")
    (digest,) = to(busy, "owner")
    assert digest["alert_count"] == 3


def test_e11_what_is_urgent_does_not_wait_for_a_crowd(busy: Desk) -> None:
    busy.sent()
    busy.tick(f"{MON}T08:00:01")
    assert to(busy, "owner") != []


@pytest.mark.parametrize(
    ("sent_at", "outcome"),
    [(f"{MON}T06:59", "sent"), (f"{MON}T07:00", "deferred")],
    ids=["a day ago", "less than a day ago"],
)
def test_e11_only_the_messages_of_a_day_count(paced: Desk, sent_at: str, outcome: str) -> None:
    recent = RecentMessages().with_sent({"owner": 10}, at(sent_at))
    paced.parts.watch.recent_messages.keep(recent)
    created = f"{TUE}T00:10"
    paced.put(created, **{**NEW, "created_at": f"{created}:00Z"})
    paced.tick(f"{TUE}T06:10")
    assert paced.outcomes() == [("resolution/1/0/0/owner", outcome)]


@pytest.mark.parametrize("stored", ["text", {"owner": {"7": "many"}}], ids=["text", "no number"])
def test_e11_a_count_that_cannot_be_read_holds_nothing(busy: Desk, stored: object) -> None:
    busy.sent()
    busy.parts.watch.items.update(META, "messages", Expression().set("sent", to=stored))
    crowd(busy, 1, since=7)
    ends = [end for end in busy.outcomes("T-7") if end[0] == "resolution/1/0/0/owner"]
    assert ends == [("resolution/1/0/0/owner", "sent")]


def test_e11_a_count_that_cannot_be_kept_stops_no_tick(
    paced: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    paced.put(f"{MON}T00:00", **NEW)
    with monkeypatch.context() as broken:
        broken.setattr(type(paced.parts.watch.recent_messages), "keep", _refuse)
        result = paced.tick(f"{MON}T06:00")
    assert (result.sent, result.claimed) == (1, 1)
    assert paced.outcomes() == [("resolution/1/0/0/owner", "sent")]


def test_e11_a_tick_writes_the_count_once_and_only_where_it_sent_something(
    busy: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[RecentMessages] = []
    store = type(busy.parts.watch.recent_messages)
    monkeypatch.setattr(store, "keep", lambda _self, recent: kept.append(recent))
    busy.tick(f"{MON}T06:30")
    assert kept == []
    busy.tick(f"{MON}T08:00:01")
    assert len(kept) == 1


def test_e11_messages_of_a_digest_do_not_count(paced: Desk) -> None:
    for number in range(3):
        paced.put(f"{MON}T00:00", f"T-{number}", **NEW)
    for now in (f"{MON}T12:00", f"{MON}T14:00"):
        paced.tick(now)
    recent = paced.parts.watch.recent_messages.read()
    assert recent.count("manager", at(f"{MON}T14:00")) == 0
    assert recent.count("team-lead", at(f"{MON}T14:00")) == 3
