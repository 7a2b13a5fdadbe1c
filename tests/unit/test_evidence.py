"""What no record of a desk ever carried is neither kept nor broken (semantics B10)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from attrs import evolve, frozen

from building import (
    DAILY,
    DAY,
    HOUR,
    MON,
    after_telling,
    at,
    evaluate,
    facts,
    first_response,
    iso,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.clocks.clock import State
from sla_watchdog.domain.clocks.evidence import ENOUGH, NO_EVIDENCE, Evidence
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.escalation.policy_edit import effect
from sla_watchdog.domain.policy.model import (
    After,
    Carried,
    Count,
    Ladder,
    Level,
    Metric,
    Open,
    Percent,
    Policy,
    Target,
)
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.presentation.text.evidence import cannot_be_judged, how_to_insist, of_history
from sla_watchdog.tools.backtest.play import History, Played, play
from sla_watchdog.tools.imports.events import Event, in_order
from sla_watchdog.tools.simulation.evidence import evidence_of
from sla_watchdog.tools.simulation.history import by_ticket

REPLY = Ladder(
    "reply",
    (
        Level(Percent(75), ("owner",)),
        Level(After(0), ("team-lead",)),
        Level(After(4 * HOUR), ("manager",), repeat=DAILY),
    ),
)
NO_OWNER = Ladder(
    "signals",
    (Level(Open(4 * HOUR), ("team-lead",)), Level(Open(8 * HOUR), ("manager",), repeat=DAILY)),
)
SENT_BACK = Ladder("signals", (Level(Count(1), ("team-lead",)),))
DESK = policy(
    rule(
        "all",
        first_response(HOUR, REPLY),
        Target(Metric.NEXT_RESPONSE, HOUR, REPLY),
        Target(Metric.UPDATE, HOUR, REPLY),
        resolution(20 * DAY),
    ),
    signals={Metric.UNOWNED: NO_OWNER, Metric.BOUNCED: SENT_BACK},
)
NO_REPLIES = Evidence(25, frozenset({Carried.REPLY}))
SEEN_AT = f"{MON}T12:00"
SEEN_LATER = evolve(NO_REPLIES, seen={Carried.REPLY: at(SEEN_AT)})
NO_OWNERS = Evidence(25, frozenset({Carried.OWNER}))
BORN = (
    ("created", f"{MON}T08:00"),
    ("status", f"{MON}T08:00", "New"),
    ("assignee", f"{MON}T08:00", "Kim"),
)


def judged(known: Facts, now: str, evidence: Evidence, under: Policy = DESK, **state: Any) -> Plan:
    return plan(Case("T-1", known, **state), under, at(now), context=Context(evidence=evidence))


def clocks_told(evaluated: Plan) -> set[str]:
    return {alert.clock for alert in evaluated.alerts}


# ---------------------------------------------------------------- one case


def test_nobody_is_told_of_it_and_it_is_shown_as_not_judged() -> None:
    evaluated = judged(facts(*BORN), f"{MON}T20:00", NO_REPLIES)
    assert not evaluated.alerts
    assert [unjudged.clock.metric for unjudged in evaluated.not_judged] == [Metric.FIRST_RESPONSE]
    assert Metric.FIRST_RESPONSE not in {clock.metric for clock in evaluated.clocks}
    assert not evaluated.breached
    assert {ahead.clock.metric for ahead in evaluated.ahead} == {Metric.RESOLUTION, Metric.AGE}


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(NO_EVIDENCE, id="a new stack, and one without the item"),
        pytest.param(Evidence(25), id="nothing is missed"),
        pytest.param(NO_OWNERS, id="something else is missed"),
        pytest.param(
            Evidence(25, seen={Carried.REPLY: at(f"{MON}T19:00")}), id="seen, never missed"
        ),
    ],
)
def test_else_it_is_judged_as_ever(evidence: Evidence) -> None:
    known = facts(*BORN)
    assert (
        judged(known, f"{MON}T20:00", evidence).alerts
        == evaluate(known, f"{MON}T20:00", DESK).alerts
    )


def test_a_policy_can_insist() -> None:
    insisting = evolve(DESK, judge_always=frozenset({Carried.REPLY}))
    known = facts(*BORN)
    alerts = judged(known, f"{MON}T20:00", NO_REPLIES, insisting).alerts
    assert alerts == evaluate(known, f"{MON}T20:00", DESK).alerts
    assert not cannot_be_judged(NO_REPLIES, insisting)
    owners = evolve(DESK, judge_always=frozenset({Carried.OWNER}))
    assert not judged(known, f"{MON}T20:00", NO_REPLIES, owners).alerts


def test_without_owners_nobody_is_told_that_there_is_none() -> None:
    known = facts(*BORN[:2])
    assert "unowned" in clocks_told(judged(known, f"{MON}T20:00", NO_REPLIES))
    assert "unowned" not in clocks_told(judged(known, f"{MON}T20:00", NO_OWNERS))


def test_what_was_told_before_is_not_taken_back() -> None:
    """Nothing is heard of the clock any more, not even that it was wrong; the end is told."""
    case = Case("T-1", facts(*BORN))
    told = after_telling(case, plan(case, DESK, at(f"{MON}T10:00")), at(f"{MON}T10:00"))
    assert told.reached
    evaluated = judged(told.facts, f"{MON}T20:00", NO_REPLIES, reached=told.reached)
    assert not evaluated.alerts
    ended = told.facts | facts(("status", f"{MON}T21:00", "Resolved"))
    over = judged(ended, f"{MON}T21:30", NO_REPLIES, reached=told.reached)
    assert clocks_told(over) == {"cleared"}


def test_a_breach_on_record_stays_on_record() -> None:
    recorded = {
        "T-1/first_response": at(f"{MON}T09:00:01"),
        "T-1/next_response/1": at(f"{MON}T10:30"),
    }
    known = facts(*BORN, ("customer_reply", f"{MON}T09:00"))
    assert judged(known, f"{MON}T20:00", NO_REPLIES, breached=recorded).breached == recorded


# ---------------------------------------------------------------- seen for the first time


def test_what_was_late_before_is_late_from_then_on_and_told_once_by_one_level() -> None:
    known = facts(*BORN)
    before = judged(known, f"{MON}T11:59:59", SEEN_LATER)
    assert (before.alerts, before.next_at) == ((), at(SEEN_AT))
    then = judged(known, SEEN_AT, SEEN_LATER)
    assert {(alert.recipient.key, alert.level, alert.due_at) for alert in then.alerts} == {
        ("owner", 1, at(SEEN_AT)),
        ("team-lead", 1, at(SEEN_AT)),
    }
    assert then.breached == {"T-1/first_response": at(SEEN_AT)}
    later = judged(known, f"{MON}T16:00", SEEN_LATER, breached=then.breached)
    assert ("manager", 2) in {(alert.recipient.key, alert.level) for alert in later.alerts}


def test_a_clock_that_was_in_time_then_is_late_at_its_own_instant() -> None:
    late = f"{MON}T11:30"
    known = facts(("created", late), ("status", late, "New"), ("assignee", late, "Kim"))
    evaluated = judged(known, f"{MON}T12:45", SEEN_LATER)
    assert {(alert.level, alert.due_at) for alert in evaluated.alerts} == {
        (1, at(f"{MON}T12:30:01"))
    }


def test_what_ended_before_stays_without_a_verdict_and_what_is_on_record_keeps_it() -> None:
    known = facts(*BORN, ("status", f"{MON}T11:00", "Resolved"))
    evaluated = judged(known, f"{MON}T20:00", SEEN_LATER)
    assert [unjudged.clock.metric for unjudged in evaluated.not_judged] == [Metric.FIRST_RESPONSE]
    recorded = {"T-1/first_response": at(f"{MON}T09:00:01")}
    kept = judged(known, f"{MON}T20:00", SEEN_LATER, breached=recorded)
    assert not kept.not_judged
    (clock,) = [clock for clock in kept.clocks if clock.metric is Metric.FIRST_RESPONSE]
    assert clock.state(at(f"{MON}T20:00")) is State.BREACHED


def test_the_first_reply_ever_judges_no_clock_that_it_ended() -> None:
    known = facts(*BORN, ("agent_reply", SEEN_AT, "Kim"))
    evaluated = judged(known, f"{MON}T12:30", SEEN_LATER)
    assert Metric.FIRST_RESPONSE in {unjudged.clock.metric for unjudged in evaluated.not_judged}
    assert Metric.UPDATE in {clock.metric for clock in evaluated.clocks}


def test_an_owner_that_nobody_could_see_missing_is_missed_from_then_on() -> None:
    seen = evolve(NO_OWNERS, seen={Carried.OWNER: at(f"{MON}T19:00")})
    known = facts(*BORN[:2], ("agent_reply", f"{MON}T08:00"))
    assert "unowned" not in clocks_told(judged(known, f"{MON}T18:59", seen))
    told = judged(known, f"{MON}T19:00", seen)
    unowned = [alert for alert in told.alerts if alert.clock == "unowned"]
    assert {(alert.recipient.key, alert.level) for alert in unowned} == {
        ("team-lead", 1),
        ("manager", 1),
    }


def test_reminders_of_a_missing_owner_that_were_sent_before_do_not_count() -> None:
    """They were about what nobody could know: the new ones are not numbered after them."""
    desk = policy(rule("all", resolution(90 * DAY)), signals={Metric.UNOWNED: NO_OWNER})
    case = Case("T-1", facts(*BORN[:2]))
    for day in range(2, 9):
        now = at(f"2026-03-0{day}T20:00")
        case = after_telling(case, plan(case, desk, now), now)
    seen_at = "2026-03-10T12:00"
    seen = evolve(NO_OWNERS, seen={Carried.OWNER: at(seen_at)})
    told = judged(case.facts, seen_at, seen, desk, reached=case.reached)
    assert clocks_told(told) == {"unowned"}
    case = after_telling(case, told, at(seen_at))
    reminded = judged(case.facts, "2026-03-11T12:00", seen, desk, reached=case.reached)
    assert clocks_told(reminded) == {"unowned"}


def test_whoever_insists_later_has_it_judged_as_by_any_other_edit() -> None:
    insisting = evolve(DESK, judge_always=frozenset({Carried.REPLY}))
    case = Case("T-1", facts(*BORN))
    changed = effect(case, DESK, insisting, at(f"{MON}T20:00"), evidence=NO_REPLIES)
    assert {recipient.key for recipient in changed.notified} == {"owner", "team-lead"}
    assert [moved.overdue for moved in changed.moved] == [True]


@pytest.mark.parametrize("now", [f"{MON}T08:30", f"{MON}T11:59", SEEN_AT, f"{MON}T12:01"])
def test_no_evidence_makes_a_judgement_fail_or_depend_on_the_order_of_facts(now: str) -> None:
    known = facts(*BORN, ("customer_reply", f"{MON}T09:00"), ("agent_reply", f"{MON}T10:00", "Lee"))
    backwards = Facts.of(reversed(list(known)))
    for missed in (frozenset(), frozenset(Carried)):
        evidence = Evidence(20, missed, {Carried.REPLY: at(SEEN_AT), Carried.TEAM: 1})
        one, other = judged(known, now, evidence), judged(backwards, now, evidence)
        assert (one.alerts, one.next_at, one.not_judged) == (
            other.alerts,
            other.next_at,
            other.not_judged,
        )


def test_every_minute_tells_what_jumping_from_look_to_look_tells() -> None:
    known = facts(*BORN, ("customer_reply", f"{MON}T09:00"))
    evidence = evolve(SEEN_LATER, missed=frozenset(Carried))
    case, jumped, stepped = Case("T-1", known), [], []
    end = at(f"{MON}T20:00")
    now: int | None = at(f"{MON}T08:00")
    while now is not None and now <= end:
        told = judged(known, iso(now), evidence, reached=case.reached, breached=case.breached)
        jumped += [(alert.id, now) for alert in told.alerts]
        case = evolve(after_telling(case, told, now), breached=told.breached)
        again = judged(known, iso(now), evidence, reached=case.reached, breached=case.breached)
        now = again.next_at
    case = Case("T-1", known)
    for second in range(at(f"{MON}T08:00"), end + 1):
        if second % 60 > 1:
            continue
        told = judged(known, iso(second), evidence, reached=case.reached, breached=case.breached)
        stepped += [(alert.id, second) for alert in told.alerts]
        case = evolve(after_telling(case, told, second), breached=told.breached)
    assert jumped == stepped
    assert jumped


# ---------------------------------------------------------------- a history


def said(kind: str, when: int, ticket: str, **more: Any) -> dict[str, Any]:
    return {"ticket": ticket, "at": iso(when), "type": kind, **more}


@frozen
class SyntheticDesk:
    """Tickets that came an hour apart and ended after a day; then one that is open for two days."""

    ended: int = 25
    reply: tuple[tuple[int, dict[str, Any]], ...] = ()
    """(number of the ticket, what the event says)"""
    owned: tuple[int, ...] = ()

    def events(self) -> Iterator[dict[str, Any]]:
        first = at(f"{MON}T00:00")
        for number in range(self.ended):
            name, born = f"T-{number}", first + number * HOUR
            yield said("created", born, name, status="New")
            if number in self.owned:
                yield said("assigned", born, name, assignee="queue")
            for _, more in filter(lambda reply: reply[0] == number, self.reply):
                yield said("reply", born + 2 * HOUR, name, **more)
            yield said("resolved", born + DAY, name)
        last = first + (self.ended + 30) * HOUR
        yield said("created", last, "LAST", status="New")
        for _, more in filter(lambda reply: reply[0] == -1, self.reply):
            yield said("reply", last + DAY, "LAST", **more)

    @property
    def history(self) -> History:
        return History.of(list(in_order(list(self._lines()), "UTC")))

    def _lines(self) -> Iterator[bytes]:
        for event in self.events():
            yield json.dumps(event).encode()

    def played(self, under: Policy = DESK) -> Played:
        history = self.history
        return play(history, under, history.last + 2 * DAY)


BY_AGENT = {"by": "agent", "agent": "Kim"}
WITHOUT_NAME = {"by": "agent"}
BY_BOT = {"by": "bot"}
BY_NAMED_BOT = {"by": "agent", "agent": "auto-reply"}


def verdicts(played: Played, clock: str) -> set[str]:
    return {row.verdict for row in played.clocks if row.clock == clock}


@pytest.mark.parametrize(
    ("desk", "judged_replies"),
    [
        pytest.param(SyntheticDesk(), False, id="no replies, ever"),
        pytest.param(SyntheticDesk(ended=ENOUGH), False, id="20 tickets ended"),
        pytest.param(SyntheticDesk(ended=ENOUGH - 1), True, id="19 tickets ended"),
        pytest.param(SyntheticDesk(reply=((3, BY_AGENT),)), True, id="one reply of 25"),
        pytest.param(
            SyntheticDesk(reply=((3, WITHOUT_NAME),)), True, id="one by nobody knows whom"
        ),
        pytest.param(SyntheticDesk(reply=((3, BY_BOT),)), False, id="replies of bots alone"),
        pytest.param(SyntheticDesk(reply=((3, BY_NAMED_BOT),)), False, id="of a bot with a name"),
        pytest.param(SyntheticDesk(reply=((3, {"by": "customer"}),)), False, id="of customers"),
    ],
)
def test_a_history_without_replies_has_no_verdict_on_them(
    desk: SyntheticDesk, judged_replies: bool
) -> None:
    played = desk.played()
    told = {message.row.clock for message in played.messages}
    assert ("first_response" in told) is judged_replies
    assert (State.NOT_JUDGED.value in verdicts(played, "first_response")) is not judged_replies
    assert State.NOT_JUDGED.value not in verdicts(played, "resolution")
    assert bool(list(of_history(played.evidence, DESK))) or judged_replies


def test_a_history_with_replies_since_yesterday_is_judged_since_yesterday() -> None:
    played = SyntheticDesk(reply=((-1, BY_AGENT),)).played()
    seen_at = played.evidence.seen[Carried.REPLY]
    rows = {row.ticket: row for row in played.clocks if row.clock == "first_response"}
    assert {row.verdict for row in rows.values()} == {"not judged"}
    assert verdicts(played, "update") == {"breached"}
    told = {
        (m.row.clock, m.row.ticket)
        for m in played.messages
        if m.row.clock in ("first_response", "update")
    }
    assert told == {("update", "LAST")}
    assert seen_at > played.until - 3 * DAY
    (line,) = [line for line in of_history(played.evidence, DESK) if "are judged from" in line]
    assert line.startswith("first_response, next_response, update are judged from 2026-03-0")


def test_owners_are_looked_for_alike_and_a_queue_is_one() -> None:
    def of_owners(desk: SyntheticDesk) -> bool:
        return any(message.row.clock == "unowned" for message in desk.played().messages)

    assert not of_owners(SyntheticDesk())
    assert of_owners(SyntheticDesk(owned=(0,)))
    assert of_owners(SyntheticDesk(ended=ENOUGH - 1))


def test_the_evidence_is_the_same_whatever_the_order_of_tickets_and_lines() -> None:
    desk = SyntheticDesk(reply=((-1, BY_AGENT),), owned=(7,))
    events = in_order(list(desk._lines()), "UTC")
    forwards = evidence_of(by_ticket(events), DESK, events[-1].at)
    backwards: dict[str, Sequence[Event]] = dict(reversed(by_ticket(events).items()))
    assert evidence_of(backwards, DESK, events[-1].at) == forwards
    assert forwards.missed == {Carried.REPLY, Carried.TEAM}
    assert forwards.ended == 25


def test_what_comes_after_the_end_of_the_play_is_not_known_in_it() -> None:
    history = SyntheticDesk(reply=((-1, BY_AGENT),)).history
    assert Carried.REPLY not in evidence_of(history.tickets, DESK, history.last - 1).seen
    early = evidence_of(history.tickets, DESK, at(f"{MON}T23:00"))
    assert early.missed == frozenset()


# ---------------------------------------------------------------- in words


def test_it_is_said_in_one_sentence_for_each_thing_that_is_missing_and_what_to_do() -> None:
    assert cannot_be_judged(evolve(NO_REPLIES, ended=1204), DESK) == (
        "first_response, next_response, update cannot be judged from these records: none of "
        "1,204 tickets that ended carries a reply of the desk."
    )
    nothing = Evidence(25, frozenset(Carried))
    assert cannot_be_judged(nothing, DESK).count("cannot be judged") == 3
    assert how_to_insist(nothing, DESK).endswith("insist with `judge_always: [reply, owner, team]`")


def test_a_policy_that_asks_for_none_of_it_is_told_nothing() -> None:
    assert not cannot_be_judged(Evidence(25, frozenset(Carried)), policy())
