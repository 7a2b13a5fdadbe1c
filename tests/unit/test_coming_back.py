"""The customer who comes back in one matter: what counts, how far it climbs, and what is said of it."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from building import (
    CEILINGS,
    DAY,
    HOUR,
    MON,
    after_telling,
    at,
    clock_of,
    facts,
    iso,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.clocks.activity import TicketActivity
from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.escalation.acknowledgement import promising
from sla_watchdog.domain.escalation.case import Case, LastNotified, Outcome, join
from sla_watchdog.domain.escalation.dropped_notifications import dropped
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.policy.model import (
    Age,
    Audience,
    Count,
    Ladder,
    Level,
    Matters,
    Metric,
    Policy,
    Repeat,
)
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.merges import tickets_of
from sla_watchdog.presentation.html.answer_page import page
from sla_watchdog.presentation.text import render
from sla_watchdog.presentation.view.case_history import past
from sla_watchdog.presentation.view.link_state import LinkState, LinkStatus
from sla_watchdog.presentation.view.notice import notice
from sla_watchdog.tools.imports.events import lines_of, parse
from sla_watchdog.tools.policy_file import policy_of, read_policy
from sla_watchdog.tools.simulation.history import Chronicler, by_ticket, components
from sla_watchdog.tools.simulation.replay import Outcomes, replay

AUDIENCES = {name: Audience(name) for name in ("owner", "team-lead", "manager", "executive")}
WEEKLY = Repeat(7 * DAY, False)


def again(*levels: tuple[int, str], repeat: Repeat | None = WEEKLY) -> Policy:
    """Nothing but that signal climbs: one resolution of 1000 h."""
    steps = [Level(Count(times), (audience,)) for times, audience in levels]
    steps[-1] = evolve(steps[-1], repeat=repeat)
    return policy(
        rule("all", resolution(1000 * HOUR)),
        audiences=AUDIENCES,
        signals={Metric.AGAIN: Ladder("signals", tuple(steps))},
    )


DESK = again((1, "team-lead"), (2, "manager"), (3, "executive"))


def born(name: str, when: str, *said: tuple[str, str, str], by: str = "", **stated: str) -> Facts:
    """Open, and a follow-up of T-1 unless it is that."""
    if name != "T-1":
        stated.setdefault("follow_up_of", "T-1")
    first = [(field, when, value) for field, value in stated.items()]
    return facts(("created", when, by), ("status", when, "Open"), *first, *said, ticket=name)


def ended(name: str, when: str) -> Facts:
    return facts(("resolved", when), ("status", when, "Resolved"), ticket=name)


def reopened(name: str, when: str, by: str = "") -> Facts:
    return facts(("status", when, "Open"), ("reopened", when, by), ticket=name)


FIRST = born("T-1", f"{MON}T09:00")


def asked(known: Facts, rules: Policy = DESK) -> list[str]:
    matter = LinkedTickets(tickets_of(known, rules))
    return [iso(at)[:16] for at in TicketActivity(matter, known, rules).asked]


def returns(known: Facts) -> int:
    return len(asked(known)) - 1


# ------------------------------------------------------------------ what counts

LATER = "2026-03-05T09:00"
COUNTED = [
    pytest.param(Facts(), 0, id="once is no coming back"),
    pytest.param(born("T-2", LATER), 1, id="another ticket"),
    pytest.param(born("T-2", LATER) | born("T-3", "2026-03-07T09:00"), 2, id="two more tickets"),
    pytest.param(born("T-2", f"{MON}T10:00:01"), 1, id="after more than an hour"),
    pytest.param(born("T-2", f"{MON}T10:00:00"), 0, id="within an hour: the same sent twice"),
    pytest.param(born("T-2", f"{MON}T09:00:00"), 0, id="at the same second"),
    pytest.param(
        born("T-2", f"{MON}T09:50") | born("T-3", f"{MON}T10:40"),
        1,
        id="every fifty minutes is not always the same",
    ),
    pytest.param(born("T-2", LATER, by="agent"), 0, id="opened by the desk"),
    pytest.param(born("T-2", LATER, split_from="T-1"), 0, id="split off by the desk"),
    pytest.param(ended("T-1", f"{MON}T10:00") | reopened("T-1", LATER), 1, id="a reopening"),
    pytest.param(
        ended("T-1", f"{MON}T09:10") | reopened("T-1", f"{MON}T09:50"),
        1,
        id="a reopening within an hour of the creation",
    ),
    pytest.param(
        ended("T-1", f"{MON}T10:00") | reopened("T-1", LATER, by="auto-reply"),
        0,
        id="a reopening by a bot",
    ),
    pytest.param(
        ended("T-1", f"{MON}T10:00") | reopened("T-1", LATER) | born("T-2", "2026-03-05T09:30"),
        1,
        id="a ticket, and for it a reopening of the one before",
    ),
    pytest.param(
        ended("T-1", f"{MON}T10:00") | born("T-2", LATER) | reopened("T-1", "2026-03-05T09:30"),
        1,
        id="the other way round",
    ),
    pytest.param(
        born("T-2", f"{MON}T15:00", ("merged_into", f"{MON}T15:30", "T-1")),
        0,
        id="merged, of the same day: one request",
    ),
    pytest.param(
        born("T-2", f"{MON}T15:00") | facts(("merged_into", f"{MON}T15:30", "T-2"), ticket="T-1"),
        0,
        id="merged the other way, of the same day",
    ),
    pytest.param(
        born("T-2", LATER, ("merged_into", "2026-03-05T10:00", "T-1")),
        1,
        id="merged, but days later",
    ),
    pytest.param(
        born("T-2", LATER) | facts(("merged_into", "2026-03-05T10:00", "T-2"), ticket="T-1"),
        1,
        id="merged the other way, days later",
    ),
    pytest.param(
        born("T-2", LATER, ("gone", "2026-03-06T09:00", "deleted")), 1, id="deleted since"
    ),
    pytest.param(
        facts(("customer_reply", LATER), ("customer_reply", "2026-03-06T09:00"), ticket="T-1"),
        0,
        id="messages on an open ticket",
    ),
]


@pytest.mark.parametrize(("more", "times"), COUNTED)
def test_what_counts_as_coming_back(more: Facts, times: int) -> None:
    assert returns(FIRST | more) == times


def test_a_first_ticket_that_the_desk_opened_is_the_first_all_the_same() -> None:
    by_phone = born("T-1", f"{MON}T09:00", by="agent")
    assert asked(by_phone | born("T-2", LATER)) == [f"{MON}T09:00", LATER]


@pytest.mark.parametrize("more", [row.values[0] for row in COUNTED])
def test_in_whatever_order_facts_are_known_the_count_is_the_same(more: Any) -> None:
    known = list(FIRST | more)
    counts = {
        returns(Facts.of(known)),
        returns(Facts.of(reversed(known))),
        returns(Facts.of(known[::2]) | known[1::2]),
    }
    assert len(counts) == 1


# ------------------------------------------------------------------ when, and to whom


def told(case: Case, now: str, rules: Policy = DESK) -> tuple[Plan, set[tuple[int, int, str]]]:
    """(cycle, level, audience) of what the signal notifies."""
    evaluated = plan(case, rules, at(now))
    alerts = [alert for alert in evaluated.alerts if alert.clock == Metric.AGAIN.value]
    return evaluated, {(a.cycle, a.level + 1, a.recipient.key) for a in alerts}


def lived(known: list[tuple[str, Facts]], rules: Policy = DESK) -> list[set[tuple[int, int, str]]]:
    """What is notified at each of these instants, each time with what was known by then."""
    case, heard = Case("T-1"), []
    for now, more in known:
        case = evolve(case, facts=case.facts | more)
        evaluated, alerts = told(case, now, rules)
        heard.append(alerts)
        case = after_telling(case, evaluated, at(now))
    return heard


STORY = [
    (f"{MON}T09:00", FIRST),
    (f"{MON}T11:00", ended("T-1", f"{MON}T11:00")),
    ("2026-03-09T09:00", born("T-2", "2026-03-09T09:00")),
    ("2026-03-09T11:00", ended("T-2", "2026-03-09T11:00")),
    ("2026-03-12T09:00", born("T-3", "2026-03-12T09:00")),
    ("2026-03-12T11:00", ended("T-3", "2026-03-12T11:00")),
    ("2026-03-15T09:00", born("T-4", "2026-03-15T09:00")),
    ("2026-03-15T11:00", ended("T-4", "2026-03-15T11:00")),
    ("2026-03-16T09:00", born("T-5", "2026-03-16T09:00")),
]
"""Each ticket answered within hours, resolved, and the next one days later."""


def test_each_coming_back_goes_one_further_up_and_the_top_hears_again() -> None:
    assert lived(STORY) == [
        set(),
        set(),
        {(1, 1, "team-lead")},
        set(),
        {(2, 2, "team-lead"), (2, 2, "manager")},
        set(),
        {(3, 3, "team-lead"), (3, 3, "manager"), (3, 3, "executive")},
        set(),
        {(4, 3, "team-lead"), (4, 3, "manager"), (4, 3, "executive")},
    ]


def test_it_is_due_at_the_second_of_the_creation_and_told_once() -> None:
    known = FIRST | ended("T-1", f"{MON}T11:00") | born("T-2", LATER)
    evaluated, heard = told(Case("T-1", facts=known), LATER)
    assert heard == {(1, 1, "team-lead")}
    assert {a.due_at for a in evaluated.alerts if a.clock == "again"} == {at(LATER)}
    case = after_telling(Case("T-1", facts=known), evaluated, at(LATER))
    _, after = told(case, "2026-03-05T10:00")
    assert after == set()


def test_a_reopening_is_due_at_its_second() -> None:
    known = FIRST | ended("T-1", f"{MON}T11:00") | reopened("T-1", LATER)
    evaluated, heard = told(Case("T-1", facts=known), LATER)
    assert heard == {(1, 1, "team-lead")}
    assert clock_of(evaluated, Metric.AGAIN).levels[0] == at(LATER)


def test_below_the_first_number_nothing_is_due() -> None:
    twice = again((2, "manager"))
    assert lived(STORY[:5], twice) == [set(), set(), set(), set(), {(2, 1, "manager")}]


@pytest.mark.parametrize(
    ("now", "is_news"), [("2026-03-19T08:59:59", True), ("2026-03-19T09:00", False)]
)
def test_a_desk_that_closes_at_once_takes_it_back_from_nobody_for_two_weeks(
    now: str, is_news: bool
) -> None:
    """However long somebody waits for a digest, or for hours to open; over a change of the clocks."""
    known = FIRST | born("T-2", LATER) | ended("T-1", LATER) | ended("T-2", "2026-03-05T09:05")
    evaluated = plan(Case("T-1", facts=known), DESK, at(now))
    assert bool([alert for alert in evaluated.alerts if alert.clock == "again"]) is is_news


def test_no_promise_holds_back_that_the_customer_came_back() -> None:
    hour_before, by_night = at(LATER) - HOUR, at(LATER) + 8 * HOUR
    known = FIRST | born("T-2", LATER) | [acknowledged("T-1", hour_before, by_night, "kim")]
    evaluated = plan(Case("T-1", facts=known), DESK, at(LATER))
    assert {promise.until for promise in evaluated.promises} == {by_night}
    assert [alert for alert in evaluated.alerts if alert.clock == "again"]


def test_it_does_not_come_again_once_all_of_it_is_resolved() -> None:
    known = FIRST | born("T-2", LATER) | ended("T-1", LATER)
    told = after_telling(
        Case("T-1", facts=known), plan(Case("T-1", facts=known), DESK, at(LATER)), at(LATER)
    )
    over = evolve(told, facts=known | ended("T-2", "2026-03-05T09:05"))
    evaluated = plan(over, DESK, at("2026-03-12T09:00"))
    assert not [alert for alert in evaluated.alerts if alert.clock == "again"]


def test_nobody_hears_of_a_return_whose_records_are_all_deleted() -> None:
    known = FIRST | born("T-2", LATER) | ended("T-1", LATER)
    gone = [Fact(name, "gone", at("2026-03-05T09:05"), "deleted") for name in ("T-1", "T-2")]
    evaluated = plan(Case("T-1", facts=known | gone), DESK, at("2026-03-05T10:00"))
    assert not [alert for alert in evaluated.alerts if alert.clock == "again"]


def reached(
    clock: str, audience: str, when: str, **more: Any
) -> dict[tuple[str, str], LastNotified]:
    more.setdefault("outcome", Outcome.SENT)
    return {(clock, audience): LastNotified(0, more.pop("repetition", 0), at(when), **more)}


RETURNED = FIRST | ended("T-1", f"{MON}T11:00") | born("T-2", LATER)
BEFORE, AFTER = "2026-03-05T08:59:59", "2026-03-05T09:00:00"
ALL = {(1, 3, "team-lead"), (1, 3, "manager"), (1, 3, "executive")}
TWO = {(1, 2, "team-lead"), (1, 2, "manager")}
ONE = {(1, 1, "team-lead")}


@pytest.mark.parametrize(
    ("notified", "heard"),
    [
        pytest.param({}, ONE, id="nobody"),
        pytest.param(reached("T-1/resolution/1", "owner", BEFORE), ONE, id="the owner"),
        pytest.param(reached("T-1/resolution/1", "team-lead", BEFORE), TWO, id="the team lead"),
        pytest.param(reached("T-1/progress/2", "manager", BEFORE), ALL, id="the manager"),
        pytest.param(reached("T-1/age/1", "executive", BEFORE), ALL, id="the top, again"),
        pytest.param(reached("T-1/progress/2", "manager", AFTER), ONE, id="at that second"),
        pytest.param(reached("X-9/progress/2", "manager", BEFORE), ONE, id="of another matter"),
        pytest.param(reached("T-1/finding:x/1", "operations", BEFORE), ONE, id="a finding"),
        pytest.param(
            reached("T-1/progress/2", "manager", BEFORE, outcome=Outcome.SUPPRESSED),
            ONE,
            id="of what reached nobody",
        ),
        pytest.param(
            reached("T-1/progress/2", "manager", BEFORE, outcome=Outcome.IN_DIGEST),
            ALL,
            id="in a digest",
        ),
    ],
)
def test_the_level_above_whoever_was_notified_before_is_due(
    notified: dict[tuple[str, str], LastNotified], heard: set[tuple[int, int, str]]
) -> None:
    _, found = told(Case("T-1", facts=RETURNED, reached=notified), LATER)
    assert found == heard


def test_reminders_since_then_do_not_hide_who_was_notified_before() -> None:
    """The age tells the manager daily; of these only the last is kept."""
    daily = Ladder("ceilings", (Level(Age(DAY), ("manager",), repeat=Repeat(DAY, False)),))
    rules = evolve(DESK, ceilings=daily)
    known = FIRST | born("T-2", LATER)
    since = reached("T-1/age/1", "manager", "2026-03-06T09:00", repetition=3, received=4)
    assert told(Case("T-1", facts=known, reached=since), "2026-03-06T09:30", rules)[1] == ALL
    first = reached("T-1/age/1", "manager", "2026-03-06T09:00", repetition=3, received=1)
    assert told(Case("T-1", facts=known, reached=first), "2026-03-06T09:30", rules)[1] == ONE


@pytest.mark.parametrize(
    ("told_at", "found"),
    [(BEFORE, ALL), (AFTER, ONE), ("2026-03-05T09:00:01", ONE)],
    ids=["just before it", "in its second", "just after it"],
)
def test_only_who_was_first_notified_before_it_counts_however_often_it_repeats(
    told_at: str, found: set[tuple[int, int, str]]
) -> None:
    """The level came due long before it: what says when people heard is when they were told."""
    daily = Ladder("ceilings", (Level(Age(DAY), ("manager",), repeat=Repeat(DAY, False)),))
    rules = evolve(DESK, ceilings=daily)
    case = Case("T-1", facts=FIRST | born("T-2", LATER))
    for when in (told_at, "2026-03-06T09:00", "2026-03-07T09:00"):
        evaluated = plan(case, rules, at(when))
        age = [alert for alert in evaluated.alerts if alert.clock == Metric.AGE.value]
        case = after_telling(case, evolve(evaluated, alerts=tuple(age)), at(when))
    assert told(case, "2026-03-07T09:30", rules)[1] == found


def test_after_it_was_told_it_climbs_no_further_though_a_ceiling_repeats() -> None:
    """A matter closed for three weeks: its ceiling comes with the second ticket, and then again."""
    ceiling = Level(Age(14 * DAY), ("executive",), repeat=Repeat(3 * DAY, False))
    rules = evolve(
        again((1, "manager"), (2, "executive"), repeat=None),
        ceilings=Ladder("ceilings", (ceiling,)),
    )
    back = "2026-03-23T09:00"
    known = [(f"{MON}T09:00", FIRST | ended("T-1", f"{MON}T11:00"))]
    known += [(back, born("T-2", back)), ("2026-03-26T09:00", Facts())]
    known += [(f"2026-03-{day}T09:30", Facts()) for day in range(26, 32)]
    assert lived(known, rules) == [set(), {(1, 1, "manager")}] + [set()] * 7


@pytest.mark.parametrize("received", [2, 4])
def test_what_an_older_version_kept_makes_it_climb_no_further_once_it_was_told(
    received: int,
) -> None:
    """Of a repetition it kept how many there were, not when the first was."""
    daily = Ladder("ceilings", (Level(Age(DAY), ("manager",), repeat=Repeat(DAY, False)),))
    rules = evolve(DESK, ceilings=daily)
    kept = reached("T-1/age/1", "manager", "2026-03-06T09:00", repetition=3, received=received)
    kept |= reached("T-1/again/1", "team-lead", AFTER)
    case = Case("T-1", facts=FIRST | born("T-2", LATER), reached=kept)
    assert told(case, "2026-03-06T09:30", rules)[1] == set()


def test_what_was_told_of_this_coming_back_stays_due_whatever_is_told_later() -> None:
    before = reached("T-1/resolution/1", "team-lead", BEFORE)
    case = Case("T-1", facts=RETURNED, reached=before)
    evaluated, heard = told(case, LATER)
    assert heard == TWO
    later = after_telling(case, evaluated, at(LATER))
    later = evolve(later, reached=later.reached | reached("T-1/resolution/1", "team-lead", AFTER))
    again_, heard = told(later, "2026-03-05T10:00")
    assert heard == set()
    assert clock_of(again_, Metric.AGAIN).levels == (at(LATER), at(LATER), None)


def test_the_top_repeats_until_all_is_resolved() -> None:
    before = reached("T-1/age/1", "executive", BEFORE)
    case = Case("T-1", facts=RETURNED, reached=before)
    evaluated, _ = told(case, LATER)
    case = after_telling(case, evaluated, at(LATER))
    quiet = plan(case, DESK, at("2026-03-05T09:01"))
    assert quiet.next_at is not None
    assert quiet.next_at <= at(LATER) + 7 * DAY
    _, heard = told(case, "2026-03-12T09:00")
    assert (1, 3, "executive") in heard


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_joined_in_any_order_it_is_one_count_and_one_climb(order: tuple[int, ...]) -> None:
    """Three cases of one ticket each, of which the last was told of a coming back of its own."""
    tickets = [FIRST, born("T-2", LATER), born("T-3", "2026-03-07T09:00")]
    told_before = reached("T-3/again/1", "team-lead", "2026-03-06T09:00")
    cases = [
        Case(f"T-{number + 1}", facts=tickets[number], reached=told_before if number == 2 else {})
        for number in range(3)
    ]
    first, second, third = (cases[number] for number in order)
    joined = join(join(first, second), third)
    _, heard = told(joined, "2026-03-07T09:00")
    assert heard == {(2, 2, "team-lead"), (2, 2, "manager")}


def test_stepping_and_jumping_tell_the_same_at_the_same_instants() -> None:
    every = [facts_ for _, facts_ in STORY]
    instants = [at(now) for now, _ in STORY]

    def live(steps: list[int]) -> list[tuple[int, tuple[int, int, str]]]:
        case, heard, waiting = Case("T-1"), [], list(zip(instants, every, strict=True))
        for now in steps:
            while waiting and waiting[0][0] <= now:
                case = evolve(case, facts=case.facts | waiting.pop(0)[1])
            evaluated, alerts = told(case, iso(now))
            heard += [(now, alert) for alert in sorted(alerts)]
            case = after_telling(case, evaluated, now)
        return heard

    hourly = range(instants[0], instants[-1] + 1, HOUR)
    assert live(sorted({*instants, *hourly})) == live(instants)


def test_of_thirty_tickets_of_one_matter_each_counts_and_the_item_stays_small() -> None:
    case, heard = Case("T-1"), []
    for number in range(1, 31):
        now = iso(at(f"{MON}T09:00") + number * 3 * DAY)
        more = born(f"T-{number}", now, follow_up_of=f"T-{number - 1}")
        if number > 1:
            more |= ended(f"T-{number - 1}", iso(at(now) - DAY))
        case = evolve(case, facts=case.facts | more)
        evaluated, alerts = told(case, now)
        heard.append(alerts)
        case = after_telling(case, evaluated, at(now))
    assert [max((cycle for cycle, *_ in alerts), default=0) for alerts in heard] == list(range(30))
    assert all((cycle, 3, "executive") in alerts for cycle, alerts in enumerate(heard) if cycle > 2)
    (matter,) = plan(case, DESK, at("2027-01-01T00:00")).matters
    assert len(matter.tickets) == 30


def test_of_many_returns_the_case_remembers_the_last_few() -> None:
    known: dict[tuple[str, str], LastNotified] = {}
    for cycle in range(1, 8):
        known |= reached(f"T-1/again/{cycle}", "manager", f"2026-03-{cycle:02}T09:00")
    forgotten = {text for text, _ in dropped(known, [("T-1/again/8", "manager")])}
    assert forgotten == {"T-1/again/1", "T-1/again/2", "T-1/again/3"}


# ------------------------------------------------------------------ in words

CLOSED_3 = (
    born("T-1", "2022-03-07T14:40")
    | ended("T-1", "2022-03-07T16:45")
    | born("T-2", "2022-03-10T14:40")
    | ended("T-2", "2022-03-10T16:45")
    | born("T-3", "2022-03-13T14:40")
    | ended("T-3", "2022-03-13T16:45")
    | born("T-4", "2022-03-16T14:40", subject="The page is back")
)


def message(known: Facts, now: str, rules: Policy = DESK, zone: str = "") -> Any:
    case = Case("T-1", facts=known)
    evaluated = plan(case, rules, at(now))
    alerts = [a for a in evaluated.alerts if a.clock == Metric.AGAIN.value]
    alerts = [a for a in alerts if a.recipient == alerts[0].recipient]
    made = notice(case, evaluated, alerts, rules, at(now))
    return render(evolve(made, zone=zone or made.zone), at(now))


def test_the_first_lines_say_how_often_the_customer_asked_and_how_often_it_was_closed() -> None:
    found = message(CLOSED_3, "2022-03-16T14:40")
    assert (
        "\nAsked 4 times since 7 March 2022; closed 3 times\n"
        in found.email.split("\n\n")[0] + "\n"
    )
    assert found.data["asked"] == {
        "times": 4,
        "since": "2022-03-07T14:40:00+00:00",
        "last": "2022-03-16T14:40:00+00:00",
        "closed": 3,
    }
    assert "asked again 3 times" in found.subject
    assert (
        "The customer had to ask again 3 times, last on Wed 2022-03-16 14:40"
        in found.email.replace("\n", " ")
    )


def test_of_a_customer_who_asked_once_nothing_is_said() -> None:
    once = evolve(DESK, ceilings=Ladder("c", (Level(Age(HOUR), ("manager",), repeat=WEEKLY),)))
    case = Case("T-1", facts=FIRST)
    evaluated = plan(case, once, at(f"{MON}T10:00"))
    found = render(
        notice(case, evaluated, evaluated.alerts, once, at(f"{MON}T10:00")), at(MON + "T10:00")
    )
    assert "sked" not in found.email.split("\n\n")[0]
    assert "asked" not in found.data


@pytest.mark.parametrize(
    ("created", "zone", "said"),
    [
        ("2022-03-07T23:30", "UTC", "7 March 2022"),
        ("2022-03-07T23:30", "Europe/Berlin", "8 March 2022"),
        ("2022-03-08T04:30", "America/New_York", "7 March 2022"),
        ("2022-03-13T04:59", "America/New_York", "12 March 2022"),
        ("2022-03-13T05:00", "America/New_York", "13 March 2022"),
        ("2022-03-14T03:59", "America/New_York", "13 March 2022"),  # clocks went forward at 02:00
        ("2022-03-14T04:00", "America/New_York", "14 March 2022"),
        ("2022-11-07T04:59", "America/New_York", "6 November 2022"),  # and back
        ("2022-11-07T05:00", "America/New_York", "7 November 2022"),
        ("2021-12-31T11:00", "Pacific/Apia", "1 January 2022"),
    ],
)
def test_the_date_is_that_of_the_cases_zone_on_both_sides_of_a_change_of_clocks(
    created: str, zone: str, said: str
) -> None:
    back = iso(at(created) + 5 * DAY)
    known = born("T-1", created) | born("T-2", back)
    found = message(known, back, zone=zone)
    assert f"Asked twice since {said}; never closed\n" in found.email


@pytest.mark.parametrize(
    ("more", "closed"),
    [
        pytest.param(ended("T-1", f"{MON}T11:00"), 1, id="resolved"),
        pytest.param(
            ended("T-1", f"{MON}T11:00") | facts(("closed", f"{MON}T12:00"), ticket="T-1"),
            1,
            id="closed after resolved",
        ),
        pytest.param(
            ended("T-1", f"{MON}T11:00")
            | reopened("T-1", f"{MON}T12:00")
            | facts(("closed", f"{MON}T13:00"), ("status", f"{MON}T13:00", "Closed"), ticket="T-1"),
            2,
            id="twice",
        ),
        pytest.param(
            born("T-2", LATER, ("status", LATER, "Closed"), ("merged_into", LATER, "T-1")),
            0,
            id="closed by a merge",
        ),
        pytest.param(
            ended("T-1", f"{MON}T11:00")
            | reopened("T-1", f"{MON}T12:00")
            | born("T-2", LATER)
            | facts(("merged_into", LATER, "T-2"), ticket="T-1"),
            1,
            id="of a merged ticket, once",
        ),
    ],
)
def test_how_often_it_was_closed(more: Facts, closed: int) -> None:
    known = FIRST | more
    found = past(tickets_of(known, DESK), known, DESK)
    assert found is not None
    assert found.ended == closed


def test_an_sms_says_it_as_far_as_it_fits_and_stays_in_one_part() -> None:
    """Of another clock; where the signal itself leads, its own words say it."""
    rules = evolve(
        DESK, ceilings=evolve(CEILINGS, levels=(Level(Age(DAY), ("manager",), repeat=WEEKLY),))
    )
    case = Case("T-1", facts=CLOSED_3)
    evaluated = plan(case, rules, at("2022-03-16T15:00"))
    alerts = [a for a in evaluated.alerts if a.clock == "age"]
    made = notice(case, evaluated, alerts, rules, at("2022-03-16T15:00"))
    plain = render(made, at("2022-03-16T15:00")).sms
    assert "asked 4 times since 7 March 2022; closed 3 times" in plain
    linked = render(evolve(made, link="https://x.example/" + "a" * 40), at("2022-03-16T15:00")).sms
    assert ", asked 4 times" in linked
    assert "since" not in linked
    long = render(evolve(made, link="https://x.example/" + "a" * 65), at("2022-03-16T15:00")).sms
    assert "asked" not in long
    assert max(map(len, (plain, linked, long))) <= 160 - 14
    assert "asked 4 times" not in message(CLOSED_3, "2022-03-16T14:40").sms


def test_a_level_that_came_before_its_number_says_why() -> None:
    case = Case("T-1", facts=RETURNED, reached=reached("T-1/progress/2", "manager", BEFORE))
    evaluated = plan(case, DESK, at(LATER))
    alerts = [a for a in evaluated.alerts if a.recipient.key == "executive"]
    mail = render(notice(case, evaluated, alerts, DESK, at(LATER)), at(LATER)).email
    assert "Limit       above whoever was told of this case before" in mail
    by_number = message(CLOSED_3, "2022-03-16T14:40").email
    assert "Limit       3 times" in by_number


def test_the_page_behind_the_link_says_it_first() -> None:
    case, now = Case("T-1", facts=CLOSED_3), at("2022-03-16T14:40")
    evaluated = plan(case, DESK, now)
    alerts = [a for a in evaluated.alerts if a.recipient.key == "executive"]
    made = notice(case, evaluated, alerts, DESK, now)
    may = promising("T-1", case.facts, evaluated, DESK, now)
    shown = page(LinkState(LinkStatus.OPEN, None, made, may), now)
    first = shown[shown.index("<h1>") :].splitlines()[1]
    assert first == "<p>Asked 4 times since 7 March 2022; closed 3 times.</p>"


def test_the_same_fact_twice_is_one() -> None:
    known = CLOSED_3 | list(CLOSED_3) | [Fact("T-2", "created", at("2022-03-10T14:40"))]
    assert len(asked(known)) == 4


# ------------------------------------------------------------------ of the field

ROOT = Path(__file__).parents[2]
CASES = ROOT.parent / "shared" / "cases"
NAMES = ["closing-follow-up-25d", "closing-case-id-25d"]


@pytest.mark.skipif(not CASES.exists(), reason="no ../shared/cases")
@pytest.mark.parametrize("name", NAMES)
def test_of_the_closing_desk_the_second_ticket_reaches_the_manager_the_third_the_executive(
    name: str,
) -> None:
    """29 tickets in two years, each answered in two hours, solved and closed; one matter."""
    rules = of_the_field((1, "manager"), (2, "executive"))
    (outcomes,) = replays(name, rules)
    heard: dict[int, set[str]] = {}
    for each in outcomes.notified:
        if each.alert.clock == Metric.AGAIN.value:
            heard.setdefault(each.at, set()).add(each.alert.recipient.audience)
    second, third, *later = sorted(heard)
    assert (iso(second)[:10], iso(third)[:10]) == ("2022-04-01", "2022-04-26")
    assert (heard[second], heard[third]) == ({"manager"}, {"manager", "executive"})
    assert [heard[when] for when in later] == [{"manager", "executive"}] * 26
    assert len(outcomes.endings[0].plan.tickets) == 29


@pytest.mark.skipif(not CASES.exists(), reason="no ../shared/cases")
def test_of_unrelated_requests_of_one_customer_nobody_hears_of_a_return() -> None:
    rules = of_the_field((1, "manager"), (2, "executive"))
    found = replays("unrelated-of-one-customer", rules)
    assert len(found) == 8
    clocks = {each.alert.clock for outcomes in found for each in outcomes.notified}
    assert Metric.AGAIN.value not in clocks


def of_the_field(*levels: tuple[int, str]) -> Policy:
    """The policy that ships, with that signal, where a matter outlasts a rhythm of 25 days."""
    text, today = (ROOT / "functions" / "policy.yaml").read_text(), date(2022, 3, 1)
    shipped = policy_of(read_policy(text, "policy.yaml", today).form, today)
    return evolve(
        shipped,
        signals=again(*levels, repeat=None).signals,
        matters=Matters(quiet=60 * DAY, linked=60 * DAY),
    )


def replays(name: str, rules: Policy) -> list[Outcomes]:
    """One for each group of tickets that links tie together."""
    tickets = by_ticket(parse(lines_of(CASES / f"{name}.jsonl"), rules.timezone))
    chronicler, found = Chronicler(rules), []
    for names in components(tickets):
        known = [fact for each in names for fact in chronicler.facts(tickets[each])]
        known.sort(key=lambda fact: fact.at)
        found.append(replay(known, rules, at("2024-03-01T00:00")))
    return found
