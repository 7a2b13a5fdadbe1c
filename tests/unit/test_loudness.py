"""How loud it will be: messages a day for each recipient, which rule makes most of them, and what
would calm it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from attrs import evolve

from building import CEILINGS, DAY, HOUR, at, policy, resolution, rule
from sla_watchdog.domain.clocks.clock_key import CLEARED
from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.policy.digest_time import EVERY_DAY, DigestTime
from sla_watchdog.domain.policy.model import (
    After,
    AtOnce,
    Audience,
    Count,
    Ladder,
    Level,
    Metric,
    Open,
    Policy,
    Repeat,
)
from sla_watchdog.domain.tickets.facts import Fact
from sla_watchdog.tools.loudness.alerts import Cause, CountedAlert, by_recipient
from sla_watchdog.tools.loudness.as_json import as_json
from sla_watchdog.tools.loudness.changes import calming_change
from sla_watchdog.tools.loudness.days import Days
from sla_watchdog.tools.loudness.loads import DailyLoad, Loudness, RecipientLoad, loudness
from sla_watchdog.tools.loudness.messages import messages
from sla_watchdog.tools.loudness.pace import Pace
from sla_watchdog.tools.loudness.rule_names import rule_name
from sla_watchdog.tools.loudness.text import warnings
from sla_watchdog.tools.simulation.replay import Notification, replay

MANAGER = Recipient("manager")
BREACH = Cause("all", "resolution", 0, False)
REPEATED = Cause("all", "resolution", 1, True)
NO_PROGRESS = Cause("signals", "progress", 0, False)

LADDER = Ladder(
    "standard",
    (
        Level(After(0), ("team-lead", "manager")),
        Level(After(4 * HOUR), ("manager",), repeat=Repeat(DAY, doubling=False)),
    ),
)
NINE = DigestTime(EVERY_DAY, 9 * HOUR)


def rules(**changes: Any) -> Policy:
    signals = {
        Metric.PROGRESS: Ladder("signals", (Level(Open(24 * HOUR), ("manager",)),)),
        Metric.REOPENED: Ladder("signals", (Level(Count(2), ("team-lead",)),)),
    }
    audiences = {name: Audience(name) for name in ("team-lead", "manager", "executive")}
    settings = {"timezone": "UTC", "signals": signals, "audiences": audiences, **changes}
    return policy(rule("all", resolution(8 * HOUR, LADDER)), **settings)


def with_digest(**changes: Any) -> Policy:
    before = rules(**changes)
    manager = evolve(before.audiences["manager"], digest=NINE)
    return evolve(before, audiences={**before.audiences, "manager": manager})


def alert(when: str, case: str = "T-1", cause: Cause = BREACH, **more: bool) -> CountedAlert:
    return CountedAlert(at(f"2026-03-{when}"), case, cause, more.pop("urgent", False), **more)


def sent(alerts: Iterable[CountedAlert], under: Policy | None = None, **more: Any) -> list[str]:
    """When the messages come, as `02T09:00`."""
    found = messages(alerts, Pace(under or rules(), MANAGER, **more))
    moments = (message.at for message in found)
    return [
        f"{moment // DAY - at('2026-03-01T00:00') // DAY + 1:02}T{_clock(moment)}"
        for moment in moments
    ]


def _clock(moment: int) -> str:
    minutes = moment % DAY // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


def march(last: str = "31T00:00", first: str = "01T00:00", zone: str = "UTC") -> Days:
    return Days.between(at(f"2026-03-{first}"), at(f"2026-03-{last}"), zone)


def loud(
    alerts: Sequence[CountedAlert], under: Policy | None = None, days: Days | None = None
) -> Loudness:
    return loudness({MANAGER: alerts}, under or rules(), days or march())


# ------------------------------------------------------------------ messages, not alerts


def test_alerts_of_one_case_at_one_instant_are_one_message() -> None:
    together = [alert("02T09:00"), alert("02T09:00", cause=NO_PROGRESS)]
    assert sent([*together, alert("02T09:00", "T-2"), alert("02T09:01")]) == ["02T09:00"] * 2 + [
        "02T09:01"
    ]


def test_what_waited_for_one_digest_is_one_message_whatever_the_case() -> None:
    waited = [alert("03T09:00", f"T-{n}", in_digest=True) for n in range(40)]
    assert sent([*waited, alert("04T09:00", in_digest=True)], with_digest()) == [
        "03T09:00",
        "04T09:00",
    ]


def test_what_comes_at_once_at_the_instant_of_a_digest_is_a_message_of_its_own() -> None:
    waited = [alert("03T09:00", f"T-{n}", in_digest=True) for n in range(3)]
    assert sent([*waited, alert("03T09:00", "T-9", urgent=True)], with_digest()) == ["03T09:00"] * 2


def test_of_one_case_what_waits_comes_along_with_what_comes_at_once() -> None:
    both = [alert("03T09:00", in_digest=True), alert("03T09:00", cause=NO_PROGRESS)]
    assert sent(both, with_digest()) == ["03T09:00"]


def test_after_so_many_single_messages_in_a_day_the_rest_comes_in_one_on_the_hour() -> None:
    many = [alert(f"02T10:{minute:02}", f"T-{minute}") for minute in range(0, 50, 10)]
    assert sent(many, rules(digest_after=2)) == ["02T10:00", "02T10:10", "02T11:00"]


def test_or_with_the_next_digest_where_the_audience_has_one() -> None:
    many = [alert(f"02T10:{minute:02}", f"T-{minute}") for minute in range(0, 50, 10)]
    assert sent(many, with_digest(digest_after=2)) == ["02T10:00", "02T10:10", "03T09:00"]


def test_what_is_urgent_waits_for_nothing_and_shares_only_a_tick() -> None:
    urgent = [alert(f"02T10:0{n % 2}", f"T-{n}", urgent=True) for n in range(6)]
    assert sent(urgent, rules(digest_after=2)) == ["02T10:00", "02T10:00", "02T10:00", "02T10:01"]


def test_the_count_of_a_day_ends_with_it() -> None:
    alerts = [alert("02T10:30", "T-1"), alert("02T11:30", "T-2"), alert("03T10:10", "T-3")]
    assert sent(alerts, rules(digest_after=1)) == ["02T10:30", "02T12:00", "03T10:10"]


def test_operations_wait_for_nothing() -> None:
    alerts = [alert(f"02T10:{minute:02}", f"T-{minute}") for minute in range(0, 50, 10)]
    assert len(messages(alerts, Pace(rules(digest_after=2), Recipient(OPERATIONS)))) == 5


def test_what_was_due_before_mode_live_is_one_message() -> None:
    due = [alert("02T10:00", f"T-{n}") for n in range(40)]
    assert sent(due, together_at=at("2026-03-02T10:00")) == ["02T10:00"]


@pytest.mark.parametrize("seed", range(20))
def test_in_whatever_order_they_are_given_there_are_the_same_messages_and_never_more_than_alerts(
    seed: int,
) -> None:
    draw = random.Random(seed)
    causes = [BREACH, REPEATED, NO_PROGRESS]
    alerts = [
        CountedAlert(
            at("2026-03-02T00:00") + 60 * draw.randrange(3000),
            f"T-{draw.randrange(9)}",
            draw.choice(causes),
            draw.random() < 0.3,
        )
        for _ in range(80)
    ]
    under = rules(digest_after=draw.randrange(1, 12))
    once = messages(alerts, Pace(under, MANAGER))
    draw.shuffle(alerts)
    assert messages(alerts, Pace(under, MANAGER)) == once
    assert len(once) <= len({(alert.at, alert.case) for alert in alerts})
    urgent = {(alert.at // 60, alert.case) for alert in alerts if alert.urgent}
    assert {minute for minute, _ in urgent} <= {message.at // 60 for message in once}, "none waits"


# ------------------------------------------------------------------ days


def test_days_without_a_message_count_as_none() -> None:
    alerts = [alert(f"02T{hour:02}:00", f"T-{hour}") for hour in range(8)]
    (manager,) = loud(alerts, rules(digest_after=99)).audiences
    load = manager.load
    assert (load.median, load.percentile, load.messages) == (0, 0, 8)
    assert (load.busiest.day, load.busiest.messages) == ("2026-03-02", 8)


@pytest.mark.parametrize(
    ("counts", "median", "percentile"),
    [
        pytest.param([3], 3, 3, id="one day"),
        pytest.param([1, 2], 1.5, 2, id="between two days"),
        pytest.param([0] * 19 + [50], 0, 0, id="one day in twenty does not count"),
        pytest.param([0] * 18 + [21, 50], 0, 21, id="two do"),
        pytest.param(list(range(1, 101)), 50.5, 95, id="a hundred days"),
    ],
)
def test_the_median_and_the_95th_percentile_of_the_days(
    counts: list[int], median: float, percentile: int
) -> None:
    days = Days.ahead(0, len(counts))
    load = DailyLoad(days, {day: count for day, count in enumerate(counts) if count})
    assert (load.median, load.percentile) == (median, percentile)


def test_days_are_those_of_the_zone_of_the_policy() -> None:
    """21:30 in New York is tomorrow in UTC; the clocks change on 8 March."""
    days = march(zone="America/New_York", first="07T12:00", last="09T12:00")
    assert days.names == ["2026-03-07", "2026-03-08", "2026-03-09"]
    assert [
        days.of(at(f"2026-03-{when}")) for when in ("08T02:30", "08T05:00", "09T03:59", "09T04:00")
    ] == [0, 1, 1, 2]


def test_each_person_of_an_audience_is_counted_and_the_audience_together() -> None:
    kim, lee = Recipient("owner", "kim"), Recipient("owner", "lee")
    alerts = {kim: [alert("02T09:00")], lee: [alert("02T09:00"), alert("02T10:00")]}
    (owner,) = loudness(alerts, rules(), march("02T23:00", "02T00:00")).audiences
    assert (owner.load.percentile, owner.load.messages) == (3, 3)
    assert [(load.recipient.key, load.load.percentile) for load in owner.recipients] == [
        ("owner:lee", 2),
        ("owner:kim", 1),
    ]


# ------------------------------------------------------------------ which rule


def test_a_message_is_put_down_to_what_leads_it() -> None:
    """What is new before what is repeated, the higher level before the lower; a digest to what
    leads most of its cases.
    """
    found = messages([alert("02T09:00", cause=REPEATED), alert("02T09:00")], Pace(rules(), MANAGER))
    assert [message.cause for message in found] == [BREACH]
    digest = [
        alert("03T09:00", f"T-{n}", REPEATED if n else BREACH, in_digest=True) for n in range(3)
    ]
    assert [message.cause for message in messages(digest, Pace(with_digest(), MANAGER))] == [
        REPEATED
    ]


def test_the_rule_that_makes_most_is_named_with_its_share() -> None:
    alerts = [alert("02T09:00"), *(alert(f"02T1{n}:00", cause=NO_PROGRESS) for n in range(3))]
    (manager,) = as_json(loud(alerts))["audiences"]
    assert manager["most_by"] == {
        "rule": "signals, without_progress: 24h",
        "messages": 3,
        "percent": 75,
    }


@pytest.mark.parametrize(
    ("cause", "name"),
    [
        pytest.param(BREACH, "all, resolution, at: breach", id="a level"),
        pytest.param(REPEATED, "all, resolution, after: 4h, repeated", id="repeated"),
        pytest.param(Cause("ceilings", "age", 1, False), "ceilings, age: 30d", id="a ceiling"),
        pytest.param(Cause("signals", "reopened", 0, False), "signals, reopened: 2", id="a signal"),
        pytest.param(Cause("", CLEARED, 0, False), "it is over", id="good news"),
        pytest.param(
            Cause("", "withdrawn:resolution", 0, False), "a warning withdrawn", id="withdrawn"
        ),
        pytest.param(Cause("", "finding:no-status", 0, False), "finding no-status", id="a finding"),
        pytest.param(Cause("all", "pause", 0, False), "a pause limit used up", id="a pause"),
        pytest.param(Cause("all", "promise", 0, False), "a broken promise", id="a promise"),
        pytest.param(
            Cause("gone", "resolution", 3, False),
            "gone, resolution, level 4",
            id="a policy that is gone",
        ),
        pytest.param(Cause("all", "new", 0, False), "all, new, level 1", id="a clock of tomorrow"),
        pytest.param(
            Cause("signals", "touches", 0, False),
            "signals, touches: level 1",
            id="a signal that is gone",
        ),
    ],
)
def test_rules_have_the_names_of_the_policy_file(cause: Cause, name: str) -> None:
    assert rule_name(cause, rules(ceilings=CEILINGS)) == name


# ------------------------------------------------------------------ too loud, and what would calm it


def every_day(count: int, cause: Cause = BREACH, **more: bool) -> list[CountedAlert]:
    """So many cases of one kind on each day of March."""
    start = at("2026-03-01T10:00")
    return [
        CountedAlert(start + day * DAY + 120 * n, f"T-{day}-{n}", cause, more.get("urgent", False))
        for day in range(31)
        for n in range(count)
    ]


@pytest.mark.parametrize(("count", "warned"), [(20, False), (21, True)])
def test_more_than_twenty_a_day_is_warned_of(count: int, warned: bool) -> None:
    said = list(warnings(loud(every_day(count), rules(digest_after=999))))
    assert bool(said) is warned
    if warned:
        assert said[0].startswith("manager gets 21 messages a day, more than 20. To calm it, ")


@pytest.mark.parametrize(
    ("cause", "change"),
    [
        pytest.param(
            NO_PROGRESS,
            "tell team-lead first (in place of manager at signals, without_progress: 24h)",
            id="a signal",
        ),
        pytest.param(
            Cause("", CLEARED, 0, False), 'give manager `digest: "09:00"`', id="good news"
        ),
        pytest.param(
            Cause("ceilings", "age", 0, False), 'give manager `digest: "09:00"`', id="a ceiling"
        ),
    ],
)
def test_what_is_told_too_often_says_what_would_calm_it(cause: Cause, change: str) -> None:
    found = loud(every_day(30, cause), rules(digest_after=999))
    advised = calming_change(found.audiences[0].loudest, found.policy, found.days)
    assert advised is not None
    assert advised.change == change
    assert advised.then is not None
    assert advised.then <= 1


def test_repetitions_may_come_weekly() -> None:
    start = at("2026-03-01T10:00")
    alerts = [
        CountedAlert(start + day * DAY + 120 * n, f"T-{n}", REPEATED, False)
        for day in range(31)
        for n in range(30)
    ]
    days = march()
    found = loud(alerts, rules(digest_after=999), days)
    advised = calming_change(found.audiences[0].loudest, found.policy, days)
    assert advised is not None
    assert advised.change == 'give manager `digest: "09:00"`', "all repeat on one day of the week"
    spread = [each._replace(at=each.at + DAY * (int(each.case[2:]) % 7)) for each in alerts]
    found = loud(spread, rules(digest_after=999), days)
    advised = calming_change(found.audiences[0].loudest, found.policy, days)
    assert advised is not None
    assert advised.change == "repeat less often (`repeat: 7d` at all, resolution, after: 4h)"


def test_first_breaches_come_at_once_even_with_a_digest_so_that_more_must_wait() -> None:
    under = with_digest(digest_after=999)
    found = loud(every_day(30), under)
    advised = calming_change(found.audiences[0].loudest, under, found.days)
    assert advised is not None
    assert advised.change == "give manager `at_once: [again, broken-promise, urgent]`"
    assert advised.then == 1


def test_where_no_change_of_pace_helps_it_is_the_limits() -> None:
    manager = Audience("manager", digest=NINE, at_once=frozenset({AtOnce.URGENT}))
    under = rules(digest_after=9)
    under = evolve(under, audiences={**under.audiences, "manager": manager})
    found = loud(every_day(30, urgent=True), under)
    advised = calming_change(found.audiences[0].loudest, under, found.days)
    assert advised is not None
    assert "backtest --suggest" in advised.change
    assert advised.then is None


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (1, "more than 20."),
        (2, "more than 20; so does 1 other."),
        (4, "more than 20; so do 3 others."),
    ],
)
def test_of_several_people_the_loudest_is_named_and_the_others_are_counted(
    people: int, said: str
) -> None:
    alerts = {Recipient("owner", f"p{n}"): every_day(21 + n) for n in range(people)}
    alerts |= {Recipient("owner", "quiet"): every_day(1)}
    (warning,) = warnings(loudness(alerts, rules(digest_after=999), march()))
    assert warning.startswith(f"owner (p{people - 1}) gets {20 + people} messages a day, {said}")


def test_operations_that_get_too_much_are_warned_of_without_advice() -> None:
    findings = every_day(30, Cause("", "finding:no-status", 0, False))
    found = loudness({Recipient(OPERATIONS): findings}, rules(), march())
    assert list(warnings(found)) == ["operations gets 30 messages a day, more than 20."]


MANAGER_AT_PACE = Audience("manager", at_once=frozenset({AtOnce.URGENT}))


def manager_of(under: Policy, gap: int, days: int) -> RecipientLoad:
    """What the manager gets of a case every `gap` seconds that nobody touches, played under the
    policy.
    """
    first = at("2026-03-01T06:00")
    until = first + days * DAY
    notified: list[Notification] = []
    for created in range(first, until, gap):
        name = f"T-{created}"
        facts = [Fact(name, "created", created), Fact(name, "status", created, "Open")]
        notified += replay(facts, under, until).notified
    found = loudness(by_recipient(notified), under, Days.between(first, until, "UTC"))
    return next(each for each in found.audiences if each.audience == "manager").loudest


@pytest.mark.parametrize(
    ("gap", "days", "change"),
    [
        pytest.param(6 * HOUR, 15, "repeat less often", id="repetitions"),
        pytest.param(HOUR, 5, "give manager `digest", id="many cases"),
    ],
)
def test_a_change_that_is_advised_is_as_calm_as_it_says(gap: int, days: int, change: str) -> None:
    """Written into the policy and played again, it gives the figure that was said."""
    under = rules(signals={}, digest_after=999)
    under = evolve(under, audiences={**under.audiences, "manager": MANAGER_AT_PACE})
    load = manager_of(under, gap, days)
    assert load.load.too_loud
    advised = calming_change(load, under, load.load.days)
    assert advised is not None
    assert advised.change.startswith(change)
    if "digest" in change:
        calm = evolve(MANAGER_AT_PACE, digest=NINE)
        changed = evolve(under, audiences={**under.audiences, "manager": calm})
    else:
        top = evolve(LADDER.levels[1], repeat=Repeat(7 * DAY, doubling=True))
        weekly = evolve(LADDER, levels=(LADDER.levels[0], top))
        changed = evolve(under, rules=(rule("all", resolution(8 * HOUR, weekly)),))
    assert advised.then == manager_of(changed, gap, days).load.percentile
