"""Ahead of a stored case: who will be notified of it if nothing more happens, as a replay would
find.
"""

from __future__ import annotations

import random

import pytest
from attrs import evolve

from building import DAILY, DAY, HOUR, at, policy, resolution, rule
from sla_watchdog.domain.escalation.case import Case, Entry
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.escalation.silences import Silence
from sla_watchdog.domain.policy.digest_time import EVERY_DAY, DigestTime
from sla_watchdog.domain.policy.model import After, Audience, Ladder, Level, Percent, Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.tools.loudness.ahead import Foresight
from sla_watchdog.tools.simulation.replay import Notification, notifications_until, replay

NOW = at("2026-03-09T10:30")
LADDER = Ladder(
    "standard",
    (
        Level(Percent(75), ("owner",)),
        Level(After(0), ("owner", "team-lead"), urgent=True),
        Level(After(4 * HOUR), ("manager",), repeat=DAILY),
    ),
)


def rules() -> Policy:
    audiences = {
        "owner": Audience("owner", each="assignee"),
        "team-lead": Audience("team-lead"),
        "manager": Audience("manager", digest=DigestTime(EVERY_DAY, 9 * HOUR)),
        "executive": Audience("executive"),
    }
    return policy(rule("all", resolution(8 * HOUR, LADDER)), audiences=audiences)


def known(ticket: str, created: int) -> list[Fact]:
    return [
        Fact(ticket, "created", created),
        Fact(ticket, "status", created, "Open"),
        Fact(ticket, "assignee", created, "Kim"),
    ]


def shown(notified: list[Notification]) -> list[tuple[int, str, bool]]:
    return [(each.at, each.alert.id, each.in_digest) for each in notified]


@pytest.mark.parametrize("seed", range(12))
def test_it_is_what_a_replay_finds_from_now_on(seed: int) -> None:
    under = rules()
    created = NOW - random.Random(seed).randrange(40 * DAY)
    facts = known("T-1", created)
    until = NOW + 7 * DAY
    (ending,) = replay(facts, under, NOW - 1).endings
    ahead = list(notifications_until(ending.case, under, NOW, until, Context()))
    whole = replay(facts, under, until).notified
    assert shown(ahead) == shown([each for each in whole if each.at >= NOW])


def test_what_is_silenced_comes_at_the_end_of_its_silence() -> None:
    until = NOW + 2 * DAY
    silence = Silence(
        id="s",
        made_at=NOW - DAY,
        until=until,
        reason="their move",
        by="Kim",
        tickets=frozenset({"T-1"}),
    )
    case = Case("T-1", Facts.of(known("T-1", NOW - 7 * HOUR)))
    ahead = list(
        notifications_until(case, rules(), NOW, NOW + 3 * DAY, Context(silences=(silence,)))
    )
    assert min(each.at for each in ahead) == until


def test_what_is_on_its_way_counts_as_not_sent_yet() -> None:
    case = Case("T-1", Facts.of(known("T-1", NOW - 9 * HOUR)))
    alerts = plan(case, rules(), NOW).alerts
    outbox = {each.recipient.key: Entry("token", NOW + 150, (each,)) for each in alerts}
    fresh = list(notifications_until(case, rules(), NOW, NOW + DAY, Context()))
    claimed = evolve(case, outbox=outbox)
    assert list(notifications_until(claimed, rules(), NOW, NOW + DAY, Context())) == fresh


def test_the_backlog_is_one_message_and_the_next_days_are_counted_by_24_hours() -> None:
    """Thirty cases, all overdue: the manager hears of them by the digest of each morning."""
    cases = [Case(f"T-{n}", Facts.of(known(f"T-{n}", NOW - 2 * DAY - n))) for n in range(30)]
    found = Foresight(rules(), NOW, Context(), goes_live=True).loudness(cases)
    loads = {audience.audience: audience.load for audience in found.audiences}
    assert loads["team-lead"].by_day == {0: 1}
    assert loads["manager"].by_day.get(0) == 1, "the digest of tomorrow"
    assert loads["manager"].busiest.messages == 1


def test_of_a_live_stack_only_what_is_too_much_for_one_tick_is_one_message() -> None:
    cases = [Case(f"T-{n}", Facts.of(known(f"T-{n}", NOW - 2 * DAY - n))) for n in range(30)]
    found = Foresight(rules(), NOW, Context()).loudness(cases)
    loads = {audience.audience: audience.load for audience in found.audiences}
    assert loads["team-lead"].by_day == {0: 11}, "ten urgent ones alone, and a digest of the rest"
