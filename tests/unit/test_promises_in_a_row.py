"""Promises in a row without progress between them hold nothing back, however they are made; and
what keeps a promise of an update does not keep one of an end (semantics E7).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise, permutations
from pathlib import Path

import pytest
from attrs import evolve

from building import (
    HOUR,
    MON,
    TUE,
    after_telling,
    at,
    evaluate,
    facts,
    iso,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.clocks.promises import Promise, PromiseKind, acknowledged
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import Acknowledge, Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.tools.imports.events import lines_of, parse
from sla_watchdog.tools.policy_file.compiler import policy_of
from sla_watchdog.tools.policy_file.form import read_policy
from sla_watchdog.tools.simulation.history import Chronicler
from sla_watchdog.tools.simulation.replay import replay

ROOT = Path(__file__).parents[2]
LOOP = ROOT.parent / "shared" / "cases" / "courtesy-loop.jsonl"

BORN = facts(("created", f"{MON}T00:00"), ("status", f"{MON}T00:00", "Open"))
TAKEN = BORN | facts(("assignee", f"{MON}T00:00", "Kim"))
WED = "2026-03-04"
END = PromiseKind.END


def promise(
    made: str, until: str, by: str = "Kim", kind: PromiseKind = PromiseKind.UPDATE
) -> Facts:
    return Facts.of([acknowledged("T-1", at(made), at(until), by, kind)])


def first_told(known: Iterable[Fact], rules: Policy, until: str) -> dict[str, str]:
    """When each audience first heard, as if each message arrived at once."""
    in_order = sorted(known, key=lambda fact: (fact.at, fact.field != "created", fact))
    first: dict[str, str] = {}
    for notified in replay(in_order, rules, at(until)).notified:
        first.setdefault(notified.alert.recipient.audience, iso(notified.at)[:16])
    return first


def made(known: Facts, now: str = WED, rules: Policy | None = None) -> tuple[Promise, ...]:
    return evaluate(known, f"{now}T00:00", rules).promises


# ------------------------------------------------------------------ whoever makes them, and when

FIRST = promise(f"{MON}T01:00", f"{MON}T17:00")
"""As far ahead as the policy allows."""

IN_A_ROW = {
    "again at its end": promise(f"{MON}T17:00", f"{TUE}T09:00"),
    "again an hour later": promise(f"{MON}T18:00", f"{TUE}T09:00"),
    "in its last minute": promise(f"{MON}T16:59", f"{TUE}T08:59"),
    "in its last second": promise(f"{MON}T16:59:59", f"{TUE}T08:59"),
    "in the second of its making": promise(f"{MON}T01:00", f"{MON}T16:59")
    | promise(f"{MON}T16:59", f"{TUE}T08:59"),
    "by different people in turn": promise(f"{MON}T15:00", f"{TUE}T06:00", "Lee")
    | promise(f"{MON}T23:00", f"{TUE}T14:00", "Ade"),
    "one over the other": promise(f"{MON}T09:00", f"{MON}T20:00")
    | promise(f"{MON}T10:00", f"{MON}T18:00", "Lee")
    | promise(f"{MON}T17:30", f"{TUE}T09:00"),
    "each kept by a reply": promise(f"{MON}T16:59", f"{TUE}T08:59")
    | facts(("agent_reply", f"{MON}T10:00"), ("agent_reply", f"{MON}T20:00")),
    "handed to and fro": promise(f"{MON}T16:59", f"{TUE}T08:59")
    | facts(
        ("assignee", f"{MON}T00:30", "Lee"),
        ("assignee", f"{MON}T12:00", "Kim"),
        ("assignee", f"{MON}T16:58", "Lee"),
    ),
    "given back and taken again": promise(f"{MON}T16:59", f"{TUE}T08:59")
    | facts(("assignee", f"{MON}T16:57", ""), ("assignee", f"{MON}T16:58", "kim")),
    "handed to a queue": promise(f"{MON}T16:59", f"{TUE}T08:59")
    | facts(("assignee", f"{MON}T16:58", "queue")),
    "from team to team": promise(f"{MON}T16:59", f"{TUE}T08:59")
    | facts(("team", f"{MON}T02:00", "A"), ("team", f"{MON}T16:58", "B")),
    "at a priority that goes up and down": promise(f"{MON}T16:59", f"{TUE}T08:59")
    | facts(("priority", f"{MON}T03:00", "1 - Critical"), ("priority", f"{MON}T16:58", "4 - Low")),
    "of an end": promise(f"{MON}T17:00", f"{TUE}T09:00", kind=END),
}


@pytest.mark.parametrize("more", IN_A_ROW.values(), ids=IN_A_ROW)
def test_e7_a_second_promise_in_a_row_holds_nothing_back(more: Facts) -> None:
    heard = first_told(TAKEN | FIRST | more, policy(), f"{TUE}T00:00")
    assert heard["manager"] <= f"{MON}T18:00", "when the first one is over"
    assert heard["executive"] == f"{TUE}T00:00", "as the ladder says"


@pytest.mark.parametrize(
    "progress",
    [
        pytest.param(facts(("assignee", f"{MON}T16:00", "Lee")), id="a person who had not had it"),
        pytest.param(facts(("assignee", f"{MON}T17:00", "Lee")), id="in the second of the promise"),
        pytest.param(
            facts(("status", f"{MON}T16:00", "Resolved"), ("status", f"{MON}T16:30", "Open")),
            id="an end",
        ),
    ],
)
def test_e7_after_progress_a_promise_holds_back_again(progress: Facts) -> None:
    second = promise(f"{MON}T17:00", f"{TUE}T09:00")
    known = TAKEN | FIRST | second | progress
    assert [each.in_a_row for each in made(known)] == [1, 1]
    held = evaluate(known, f"{TUE}T00:00")
    assert (held.alerts, {each.until for each in held.decisions}) == ((), {at(f"{TUE}T09:00")})


def test_e7_progress_in_the_second_of_the_first_promise_is_not_between_them() -> None:
    known = BORN | facts(("assignee", f"{MON}T01:00", "Kim")) | FIRST
    again = known | promise(f"{MON}T17:00", f"{TUE}T09:00")
    assert [each.in_a_row for each in made(again)] == [1, 2]


def test_e7_the_policy_says_how_many_in_a_row_hold_back() -> None:
    known = TAKEN
    for hour in range(1, 6):
        known |= promise(f"{MON}T{2 * hour:02}:00", f"{MON}T{2 * hour + 1:02}:00")
    for most in range(4):
        rules = policy(acknowledge=Acknowledge(in_a_row=most))
        held = [each.held_until > each.at for each in made(known, rules=rules)]
        assert held == [number < most for number in range(5)]


def test_e7_a_promise_put_off_holds_back_as_long_as_the_one_before_and_no_longer() -> None:
    known = (
        TAKEN | promise(f"{MON}T05:00", f"{MON}T12:00") | promise(f"{MON}T07:00", f"{MON}T14:00")
    )
    held = evaluate(known, f"{MON}T11:00")
    assert (held.alerts, {each.until for each in held.decisions}) == ((), {at(f"{MON}T12:00")})
    assert held.next_at == at(f"{MON}T12:00")
    assert evaluate(known, f"{MON}T12:00").alerts


def test_e7_a_promise_put_off_to_a_nearer_time_holds_back_until_then() -> None:
    known = (
        TAKEN | promise(f"{MON}T05:00", f"{MON}T15:00") | promise(f"{MON}T07:00", f"{MON}T09:00")
    )
    assert evaluate(known, f"{MON}T08:59").alerts == ()
    assert evaluate(known, f"{MON}T09:00").alerts


def test_e7_a_promise_that_holds_nothing_back_takes_the_case_up_when_it_is_broken() -> None:
    """The first is kept; by 21:00 the manager knows of it, so the executive hears."""
    known = TAKEN | FIRST | facts(("agent_reply", f"{MON}T02:00"))
    again = known | promise(f"{MON}T18:00", f"{MON}T21:00")
    assert first_told(known, policy(), f"{MON}T23:00").keys() == {"owner", "team-lead", "manager"}
    assert first_told(again, policy(), f"{MON}T23:00")["executive"] == f"{MON}T21:00"


def test_e7_what_came_due_while_a_promise_held_nothing_back_is_below_those_who_hear_of_it() -> None:
    """Nobody knew at 05:00; owner and team lead were told at 08:00, the manager hears at 10:00."""
    first = promise(f"{MON}T01:00", f"{MON}T02:00") | facts(("agent_reply", f"{MON}T01:30"))
    known = TAKEN | first | promise(f"{MON}T05:00", f"{MON}T10:00")
    heard = first_told(known, policy(), f"{MON}T10:00")
    assert heard == {
        "owner": f"{MON}T06:00",
        "team-lead": f"{MON}T08:00",
        "manager": f"{MON}T10:00",
    }


def test_e7_a_promise_made_when_the_one_before_is_over_does_not_keep_that_one() -> None:
    known = TAKEN | FIRST | promise(f"{MON}T17:00", f"{TUE}T09:00")
    assert [each.kept for each in made(known, TUE)] == [False, False]


def test_e7_promises_are_a_set_and_judged_alike_in_whatever_order_they_come() -> None:
    some = [*TAKEN, *FIRST, *IN_A_ROW["one over the other"]]
    for order in permutations(some[3:]):
        known = Facts()
        for fact in (*some[:3], *order):
            known |= [fact]
        assert made(known) == made(Facts.of(some))


@pytest.mark.parametrize("more", ["one over the other", "in its last minute", "handed to and fro"])
def test_e7_stepping_through_every_quarter_tells_the_same_as_jumping(more: str) -> None:
    known = TAKEN | FIRST | IN_A_ROW[more]
    case, stepped = Case("T-1", known), []
    for now in range(at(f"{MON}T00:00"), at(f"{TUE}T12:00"), 900):
        evaluated = plan(evolve(case, facts=_up_to(known, now)), policy(), now)
        if evaluated.alerts:
            stepped += sorted((alert.id, now) for alert in evaluated.alerts)
            case = after_telling(case, evaluated, now)
    jumped = replay(sorted(known, key=lambda fact: fact.at), policy(), at(f"{TUE}T12:00"))
    quarters = [(told.alert.id, -(-told.at // 900) * 900) for told in jumped.notified]
    assert sorted(quarters) == sorted(stepped)


def _up_to(known: Facts, now: int) -> Facts:
    return Facts.of(fact for fact in known if fact.at <= now)


# ------------------------------------------------------------------ a promise of an end


def of_end(*more: tuple[str, str] | tuple[str, str, str]) -> Promise:
    known = TAKEN | promise(f"{MON}T01:00", f"{MON}T09:00", kind=END) | facts(*more)
    (only,) = made(known)
    return only


def test_e7_a_reply_keeps_a_promise_of_an_update_and_none_of_an_end() -> None:
    reply = ("agent_reply", f"{MON}T02:00")
    (update,) = made(TAKEN | promise(f"{MON}T01:00", f"{MON}T09:00") | facts(reply))
    assert (update.kept, of_end(reply).kept) == (True, False)


def test_e7_the_end_keeps_either() -> None:
    end = ("status", f"{MON}T09:00", "Resolved")
    (update,) = made(TAKEN | promise(f"{MON}T01:00", f"{MON}T09:00") | facts(end))
    assert (update.kept, of_end(end).kept) == (True, True)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param([("status", f"{MON}T09:01", "Resolved")], id="an end that comes later"),
        pytest.param(
            [("status", f"{MON}T05:00", "Resolved"), ("status", f"{MON}T05:01", "Open")],
            id="an end of a minute",
        ),
        pytest.param(
            [("status", f"{MON}T05:00", "Resolved"), ("customer_reply", f"{MON}T06:00")],
            id="an end with which the customer is not content",
        ),
        pytest.param([("status", f"{MON}T05:00", "Waiting")], id="a pause"),
    ],
)
def test_e7_no_promise_of_an_end_is_kept_by(
    more: list[tuple[str, str] | tuple[str, str, str]],
) -> None:
    assert not of_end(*more).kept


def test_e7_a_promise_of_an_end_that_was_broken_goes_one_level_up() -> None:
    known = TAKEN | promise(f"{MON}T07:00", f"{MON}T09:00", kind=END)
    known |= facts(("agent_reply", f"{MON}T08:30"))
    assert first_told(known, policy(), f"{MON}T09:00")["team-lead"] == f"{MON}T09:00"


def test_e7_after_a_reopening_a_promise_of_an_end_holds_nothing_back_and_is_still_to_be_kept() -> (
    None
):
    back = [("status", f"{MON}T05:00", "Resolved"), ("status", f"{MON}T05:30", "Open")]
    promised = of_end(*back)
    assert (promised.held_until, promised.until) == (at(f"{MON}T05:30"), at(f"{MON}T09:00"))
    assert of_end(*back, ("status", f"{MON}T08:00", "Resolved")).kept


def test_e7_whoever_puts_off_a_promise_of_an_end_promises_an_end() -> None:
    known = TAKEN | promise(f"{MON}T01:00", f"{MON}T05:00", kind=END)
    known |= promise(f"{MON}T04:59", f"{MON}T09:00") | facts(("agent_reply", f"{MON}T06:00"))
    assert [(each.kind, each.kept) for each in made(known)] == [(END, True), (END, False)]


def test_e7_a_merge_keeps_no_promise_of_an_end_while_the_survivor_is_open() -> None:
    other = facts(("created", f"{MON}T00:00"), ("status", f"{MON}T00:00", "Open"), ticket="T-2")
    known = TAKEN | other | promise(f"{MON}T01:00", f"{MON}T09:00", kind=END)
    known |= facts(("merged_into", f"{MON}T02:00", "T-2"))
    (open_still,) = set(made(known))
    assert not open_still.kept
    (over,) = set(made(known | facts(("status", f"{MON}T08:00", "Resolved"), ticket="T-2")))
    assert over.kept


@pytest.mark.parametrize(
    "value",
    [("1772442000", "Kim", "end", "x"), ("soon", "Kim", "end"), ("1772442000",), "1772442000"],
)
def test_what_is_no_promise_is_none(value: tuple[str, ...] | str) -> None:
    assert made(TAKEN | [Fact("T-1", "acknowledged", at(f"{MON}T01:00"), value)]) == ()


def test_a_promise_of_before_and_one_of_an_unknown_kind_are_of_an_update() -> None:
    until = str(at(f"{MON}T09:00"))
    for value in ((until, "Kim"), (until, "Kim", "a song")):
        (only,) = made(TAKEN | [Fact("T-1", "acknowledged", at(f"{MON}T01:00"), value)])
        assert only.kind is PromiseKind.UPDATE


# ------------------------------------------------------------------ two years of courtesy


@cache
def shipped(year: int) -> Policy:
    text = (ROOT / "functions" / "policy.yaml").read_text()
    day = date(year, 3, 1)
    form = read_policy(text, "policy.yaml", day).form
    assert form is not None
    return policy_of(form, day)


def days_until_told(lines: Iterable[bytes], year: int, days: int) -> dict[str, float]:
    """Days from the creation until each audience first heard, within so many."""
    rules = shipped(year)
    known = Chronicler(rules).facts(parse(lines, rules.timezone))
    born = known[0].at
    end = iso(born + days * 86_400)
    heard = first_told([fact for fact in known if fact.at <= at(end)], rules, end)
    return {audience: (at(when) - born) / 86_400 for audience, when in heard.items()}


def courtesy(start: datetime, days: int) -> Iterator[bytes]:
    """Taken with a promise of two days, a reply the day after, taken again when the time is over."""
    yield line(start, "created", status="Open", priority="P3", assignee="Kim", team="Support")
    now = start + timedelta(minutes=20)
    while now < start + timedelta(days=days):
        yield line(now, "acknowledged", by="Kim", until=(now + timedelta(days=2)).isoformat())
        yield line(now + timedelta(hours=27), "reply", by="agent")
        now += timedelta(days=2)


def line(when: datetime, kind: str, **more: str) -> bytes:
    return json.dumps({"ticket": "C-1", "at": when.isoformat(), "type": kind, **more}).encode()


@pytest.mark.parametrize("month", [1, 3, 7, 11])
def test_courtesy_alone_keeps_nobody_from_hearing_of_it(month: int) -> None:
    start = datetime(2026, month, 9, 15, 12, tzinfo=UTC)
    heard = days_until_told(courtesy(start, 28), 2026, 28)
    assert heard["manager"] <= 5
    assert heard["executive"] <= 20


@pytest.mark.skipif(not LOOP.exists(), reason="no ../shared/cases/courtesy-loop.jsonl")
def test_the_courtesy_loop_from_the_field_is_heard_of() -> None:
    heard = days_until_told(lines_of(LOOP), 2022, 40)
    assert heard["manager"] <= 5
    assert heard["executive"] <= 20


def test_a_promise_each_day_by_two_in_turn_is_no_rest_either() -> None:
    names = ("Kim", "Lee")
    known = TAKEN | facts(("assignee", f"{MON}T00:10", "Lee"))
    hours = [f"2026-03-{day:02}T{hour:02}:00" for day in range(2, 6) for hour in (1, 9, 17)]
    for number, (this, following) in enumerate(pairwise(hours)):
        by = names[number % 2]
        known |= promise(this, following, by) | facts(("assignee", this, by), ("agent_reply", this))
    slow = policy(rule("all", resolution(24 * HOUR)))
    assert first_told(known, slow, "2026-03-06T00:00")["executive"] == "2026-03-03T16:00"
