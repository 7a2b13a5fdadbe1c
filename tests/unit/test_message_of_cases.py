"""The words of each kind of alert, made by the judgement itself: clocks, signals, good news,
several tickets.
"""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from building import DAILY, DAY, HOUR, at, facts, first_response, policy, resolution, rule
from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.escalation.case import Case, LastNotified, Outcome
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import (
    TARGETS,
    Condition,
    Count,
    Ladder,
    Level,
    Metric,
    Open,
    Pauses,
    Policy,
    Target,
    Trigger,
)
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.presentation.text import Message, observed_line, render, render_digest
from sla_watchdog.presentation.text.reason import read_reason
from sla_watchdog.presentation.view.notice import Notice, notice
from sla_watchdog.presentation.words import METRIC
from unit.test_message import check

NINE = "2026-03-02T09:00"
PAGE = ("subject", NINE, "City page still online")
KIM = ("assignee", NINE, "Kim")


def notified(
    known: Facts, now: str, rules: Policy, clock: str, to: str = "", **state: Any
) -> Notice:
    """The notice of the alerts of that clock; `to` chooses among the recipients."""
    case = Case("T-1", facts=known, **state)
    evaluated = plan(case, rules, at(now))
    due = [
        alert
        for alert in evaluated.alerts
        if alert.clock == clock and alert.recipient.key.startswith(to)
    ]
    first = [alert for alert in due if alert.recipient == due[0].recipient]
    return notice(case, evaluated, first, rules, at(now))


def mail(known: Facts, now: str, rules: Policy, clock: str, to: str = "", **state: Any) -> Message:
    message = render(notified(known, now, rules, clock, to, **state), at(now))
    check(message)
    return message


def said(message: Message) -> str:
    return " ".join(message.email.split())


def why(message: Message) -> str:
    return message.email.partition("\nWHY\n")[2].partition("\n\n")[0]


def targets(metric: Metric, hours: int) -> Policy:
    first, breach = resolution(1).ladder.levels[:2]
    ladder = Ladder("reply", (first, Level(breach.trigger, ("owner",), repeat=DAILY)))
    return policy(rule("all", Target(metric, hours * HOUR, ladder)))


def signal(metric: Metric, trigger: Trigger) -> Policy:
    ladder = Ladder(metric.value, (Level(trigger, ("manager",), repeat=DAILY),))
    return policy(rule("all", resolution(900 * HOUR)), signals={metric: ladder})


# ------------------------------------------------------------------ targets


@pytest.mark.parametrize(
    ("metric", "events", "subject", "first", "do"),
    [
        pytest.param(
            Metric.NEXT_RESPONSE,
            [("customer_reply", "2026-03-02T10:00")],
            "next response 2 h over",
            "The customer has been waiting for an answer since Mon 2026-03-02 10:00 +00:00. The answer was due by "
            "Mon 2026-03-02 14:00 +00:00 (2 h over).",
            "Answer the customer now.",
            id="next response",
        ),
        pytest.param(
            Metric.UPDATE,
            [("agent_reply", "2026-03-02T10:00", "Kim")],
            "update 2 h over",
            "The customer has not heard from us since Mon 2026-03-02 10:00 +00:00. An update was due by",
            "Tell the customer now how it stands.",
            id="update",
        ),
        pytest.param(
            Metric.FIRST_RESOLUTION,
            [],
            "first resolution 3 h over",
            "This case has not been resolved once. The first resolution was due by Mon 2026-03-02 13:00 +00:00",
            "Resolve it, or tell the customer by when it will be.",
            id="first resolution",
        ),
    ],
)
def test_each_target_says_what_is_missing_since_when(
    metric: Metric, events: list[Any], subject: str, first: str, do: str
) -> None:
    known = facts(("created", NINE), PAGE, KIM, *events)
    message = mail(known, "2026-03-02T16:00:01", targets(metric, 4), metric.value)
    assert message.subject == f"[Breach, level 2] City page still online: {subject} (T-1)"
    assert first in said(message)
    assert do in said(message)
    assert f"Clock {METRIC[metric]} of T-1, level 2 of 2" in " ".join(why(message).split())


def test_every_metric_has_a_name() -> None:
    assert set(METRIC) == set(Metric)


# ------------------------------------------------------------------ signals


@pytest.mark.parametrize(
    ("metric", "trigger", "events", "subject", "first"),
    [
        pytest.param(
            Metric.PROGRESS,
            Open(24 * HOUR),
            [("agent_reply", "2026-03-02T12:00", "Kim")],
            "no progress for 1 d",
            "Nobody has moved this case on since Mon 2026-03-02 09:00 +00:00 (1 d). Replies alone do not count.",
            id="no progress",
        ),
        pytest.param(
            Metric.TOUCHES,
            Count(2),
            [("agent_reply", f"2026-03-02T1{n}:00", "Kim") for n in range(3)],
            "3 replies, no progress",
            "3 replies have gone out since anybody moved this case on, last on Mon 2026-03-02 12:00 +00:00.",
            id="replies",
        ),
        pytest.param(
            Metric.UNOWNED,
            Open(4 * HOUR),
            [("assignee", "2026-03-02T10:00", "queue")],
            "no owner for 23 h",
            "Nobody with a name has owned this case since Mon 2026-03-02 10:00 +00:00 (23 h).",
            id="unowned",
        ),
        pytest.param(
            Metric.REOPENED,
            Count(1),
            [("status", "2026-03-02T10:00", "Resolved"), ("status", "2026-03-02T11:00", "Open")],
            "reopened once",
            "This case was resolved and reopened once, last on Mon 2026-03-02 11:00 +00:00.",
            id="reopened",
        ),
        pytest.param(
            Metric.REASSIGNED,
            Count(2),
            [
                ("team", "2026-03-02T10:00", "A"),
                ("team", "2026-03-02T11:00", "B"),
                ("team", "2026-03-02T12:00", "C"),
            ],
            "reassigned twice",
            "This case changed hands twice, last on Mon 2026-03-02 12:00 +00:00.",
            id="reassigned",
        ),
        pytest.param(
            Metric.BOUNCED,
            Count(1),
            [
                ("team", "2026-03-02T10:00", "A"),
                ("team", "2026-03-02T11:00", "B"),
                ("team", "2026-03-02T12:00", "A"),
            ],
            "sent back once",
            "This case was sent back once to a team that had had it, last on Mon 2026-03-02 12:00 +00:00.",
            id="sent back",
        ),
    ],
)
def test_each_signal_says_what_happened_and_how_often(
    metric: Metric, trigger: Trigger, events: list[Any], subject: str, first: str
) -> None:
    known = facts(("created", NINE), ("status", NINE, "Open"), PAGE, KIM, *events)
    message = mail(known, "2026-03-03T09:00:00", signal(metric, trigger), metric.value)
    assert message.subject.partition("online: ")[2] == f"{subject} (T-1)"
    assert first in said(message)
    assert "Signal" in why(message)
    assert " left" not in message.subject + message.sms


def test_a_case_without_an_owner_says_so_once() -> None:
    known = facts(("created", NINE), PAGE)
    message = mail(known, "2026-03-02T13:00", signal(Metric.UNOWNED, Open(4 * HOUR)), "unowned")
    assert message.sms.startswith("Breach L1 T-1 no owner for 4 h: City page")
    assert "name one person who takes it." in said(message)


def test_a_pause_that_lasted_too_long_says_that_the_clock_runs_on() -> None:
    known = facts(("created", NINE), PAGE, KIM, ("status", "2026-03-02T10:00", "Waiting"))
    rules = policy(rule("all", resolution(20 * HOUR)), pauses=Pauses(longest=4 * HOUR))
    message = mail(known, "2026-03-02T14:00", rules, "pause")
    assert message.subject == "[Breach, level 1] City page still online: paused for too long (T-1)"
    assert (
        "This case was paused for longer than is allowed (4 h of open time). Its clock runs on."
        in said(message)
    )
    assert "Ask the customer again, or go on without the answer." in said(message)


# ------------------------------------------------------------------ good news

TOLD = {("T-1/resolution/1", "manager"): LastNotified(2, 0, at("2026-03-02T21:00"), Outcome.SENT)}


def test_a_case_that_is_over_says_so_and_who_was_told_before() -> None:
    known = facts(("created", NINE), PAGE, ("status", "2026-03-03T10:00", "Resolved"))
    message = mail(known, "2026-03-03T10:01", policy(), "cleared", reached=TOLD)
    assert message.subject == "[Cleared] City page still online: resolved (T-1)"
    assert message.sms.startswith("Cleared T-1 resolved: City page")
    assert "This case has been over since Tue 2026-03-03 10:00 +00:00: resolved." in said(message)
    assert "What to do: nothing any more." in said(message)
    assert (
        "TOLD BEFORE\n  Mon 2026-03-02 21:00 +00:00  manager: resolution, level 3\n"
        in message.email
    )
    assert message.data["kind"] == "cleared"
    assert "reminder" not in message.email
    assert "OWNER" not in message.email
    assert "WHY" not in message.email


def two(*more: tuple[str, str, str]) -> Facts:
    other = facts(
        ("created", "2026-03-02T10:00"),
        ("subject", NINE, "Re: page"),
        ("follow_up_of", NINE, "T-1"),
        ticket="T-2",
    )
    return (
        facts(("created", NINE), PAGE)
        | other
        | [Fact("T-2", name, at(when), value) for name, when, value in more]
    )


def test_a_ticket_that_is_over_while_its_case_goes_on_names_what_goes_on() -> None:
    known = two(("merged_into", "2026-03-02T20:00", "T-1"))
    reached = {
        ("T-2/resolution/1", "manager"): LastNotified(2, 0, at("2026-03-02T19:00"), Outcome.SENT)
    }
    message = mail(known, "2026-03-02T20:01", policy(), "cleared", reached=reached)
    assert message.subject == "[Cleared] Re: page: merged into T-1 (T-2)"
    assert (
        "Ticket T-2 has been over since Mon 2026-03-02 20:00 +00:00: merged into T-1. The case goes on with T-1."
        in said(message)
    )
    assert "What to do: nothing any more, for this ticket." in said(message)


URGENT = (Condition("priority", frozenset({"urgent"})),)
TWO_RULES = policy(
    rule("urgent", resolution(8 * HOUR), when=URGENT), rule("rest", resolution(80 * HOUR))
)
CALMED = [("priority", NINE, "1 - Critical"), ("priority", "2026-03-02T16:00", "4 - Low")]
WARNED = {("T-1/resolution/1", "owner"): LastNotified(0, 0, at("2026-03-02T15:00"), Outcome.SENT)}


def test_a_warning_that_is_withdrawn_says_why_and_the_new_deadline() -> None:
    known = facts(("created", NINE), PAGE, *CALMED)
    message = mail(known, "2026-03-02T16:00", TWO_RULES, "withdrawn:resolution", reached=WARNED)
    due = "Thu 2026-03-05 17:00 +00:00"
    assert message.subject == f"[Withdrawn] City page still online: resolution now due {due} (T-1)"
    assert (
        f"The warning about resolution is withdrawn: its priority was changed. It is now due by {due}."
        in said(message)
    )
    assert "What to do: nothing for now." in said(message)
    assert "not urgent (priority is 4 - Low)" in " ".join(why(message).split())
    assert message.data["kind"] == "withdrawn"
    assert message.data["due_at"] == "2026-03-05T17:00:00+00:00"


def test_a_warning_that_a_pause_withdraws_promises_no_deadline() -> None:
    known = facts(("created", NINE), PAGE, ("status", "2026-03-02T14:00", "Waiting"))
    message = mail(known, "2026-03-02T16:00", policy(), "withdrawn:resolution", reached=WARNED)
    assert message.subject == "[Withdrawn] City page still online: resolution paused (T-1)"
    assert "withdrawn: it is paused. No limit passes until its clock runs again." in said(message)


def test_good_news_comes_last_and_asks_for_nothing_in_a_digest() -> None:
    known = facts(("created", NINE), PAGE, ("status", "2026-03-03T10:00", "Resolved"))
    over = notified(known, "2026-03-03T10:01", policy(), "cleared", reached=TOLD)
    late = notified(
        facts(("created", NINE), PAGE), "2026-03-03T10:01", policy(), "resolution", to="manager"
    )
    now = at("2026-03-03T10:01")
    message = render_digest([over, evolve(late, case="T-9")], over.recipient, "d", now)
    check(message)
    assert message.subject.startswith("[Critical L4, 2 cases]")
    assert (
        "1 case waits for manager. Nobody owns 1 of them. 1 case needs nothing from you any more."
        in said(message)
    )
    assert message.email.index("Critical L4") < message.email.index("Cleared")
    alone = render_digest([over], over.recipient, "d", now)
    assert "What to do: nothing." in said(alone)


def test_mode_observe_says_in_a_line_that_a_case_is_over() -> None:
    known = facts(("created", NINE), PAGE, ("status", "2026-03-03T10:00", "Resolved"))
    line = observed_line(notified(known, "2026-03-03T10:01", policy(), "cleared", reached=TOLD))
    assert (line["how"], line["what"]) == ("Cleared", "resolved")


# ------------------------------------------------------------------ cases of several tickets


def test_every_open_ticket_is_named_and_those_that_are_over_are_counted() -> None:
    message = mail(
        two(("status", "2026-03-02T11:00", "Closed")), "2026-03-02T18:00", policy(), "resolution"
    )
    assert "Case T-1, 2 tickets, 1 of them open\n" in message.email
    named = message.email.partition("TICKETS\n")[2]
    assert "T-2" not in named
    assert "and 1 ticket of this case that is over" in named
    assert message.data["open_tickets"] == ["T-1"]


def test_a_clock_of_one_ticket_of_several_names_that_ticket() -> None:
    message = mail(two(), "2026-03-02T18:30", policy(), "resolution", reached=_told_of("T-1"))
    assert message.subject == "[Critical, level 2] Re: page: resolution 30 m over (T-2)"
    assert "Ticket T-2 is not resolved. It was due by Mon 2026-03-02 18:00 +00:00" in said(message)
    assert "Case T-1, 2 tickets\n" in message.email


def _told_of(ticket: str) -> dict[tuple[str, str], LastNotified]:
    keys = ("owner", "owner-urgent", "team-lead", "team-lead-urgent")
    return {
        (f"{ticket}/resolution/1", key): LastNotified(1, 0, at("2026-03-02T17:00"), Outcome.SENT)
        for key in keys
    }


def test_who_could_not_be_reached_is_named_as_people_know_them() -> None:
    lost = {
        ("T-1/resolution/1", "owner"): LastNotified(
            1, 0, at("2026-03-02T17:01"), Outcome.UNDELIVERABLE
        )
    }
    found = notified(
        facts(("created", NINE), PAGE), "2026-03-02T17:02", policy(), "resolution", reached=lost
    )
    alert = evolve(found.lead.alert, reason=read_reason("owner:Kim cannot be reached"))
    message = render(
        evolve(found, items=(evolve(found.lead, alert=alert),)), at("2026-03-02T17:02")
    )
    assert "You are told because owner (Kim) cannot be reached." in said(message)


def test_a_matter_that_began_as_a_late_follow_up_names_the_earlier_one_and_its_own_age() -> None:
    old = facts(("created", NINE), PAGE, ("status", "2026-03-02T10:00", "Closed"))
    known = old | facts(
        ("created", "2027-05-04T09:00"),
        ("subject", "2027-05-04T09:00", "It is back"),
        ("follow_up_of", "2027-05-04T09:00", "T-1"),
        ticket="T-2",
    )
    before = {
        ("T-1/resolution/1", "owner"): LastNotified(0, 0, at("2026-03-02T09:30"), Outcome.SENT)
    }
    message = mail(known, "2027-05-04T18:00", policy(), "resolution", reached=before)
    assert message.subject == "[Critical, level 2] It is back: resolution 1 h over (T-2)"
    assert (
        "Case T-2\nOpened Tue 2027-05-04 09:00 +00:00, 9 h ago\nFollows an earlier case that was closed: T-1\n"
        in message.email
    )
    assert "TOLD BEFORE" not in message.email
    assert (message.data["case"], message.data["matter"], message.data["earlier"]) == (
        "T-1",
        "T-2",
        "T-1",
    )


# ------------------------------------------------------------------ acknowledged, unknown


def promised(by: str = "Lee") -> Facts:
    return facts(("created", NINE), PAGE) | [
        acknowledged("T-1", at("2026-03-02T10:00"), at("2026-03-02T12:00"), by)
    ]


def test_a_broken_promise_is_named_with_who_gave_it() -> None:
    rules = policy(rule("all", first_response(HOUR), resolution(80 * HOUR)))
    state = {
        ("T-1/first_response/1", name): LastNotified(0, 0, at("2026-03-02T09:45"), Outcome.SENT)
        for name in ("owner",)
    }
    message = mail(
        promised(), "2026-03-02T12:00", rules, "first_response", to="owner", reached=state
    )
    took = "Lee took it on Mon 2026-03-02 10:00 +00:00 and promised an update by Mon 2026-03-02 12:00 +00:00"
    assert f"{took}; it did not come, so the case escalates." in said(message)
    assert message.data["promise"] == {
        "by": "Lee",
        "at": "2026-03-02T10:00:00+00:00",
        "until": "2026-03-02T12:00:00+00:00",
        "for": "update",
        "in_a_row": 1,
    }


def test_a_broken_promise_stands_in_the_first_lines_and_in_the_sms_until_the_reader_was_told() -> (
    None
):
    """Also where the level that comes was due already, and only waited for the promise."""
    rules = policy(rule("all", resolution(2 * HOUR)))
    state = {
        ("T-1/resolution/1", "owner"): LastNotified(0, 0, at("2026-03-02T10:30"), Outcome.SENT)
    }
    known = promised() | [Fact("T-1", "assignee", at(NINE), "Kim")]
    message = mail(known, "2026-03-02T12:00", rules, "resolution", to="team-lead", reached=state)
    first = said(message).partition("OWNER")[0]
    assert "Lee had promised an update by Mon 2026-03-02 12:00 +00:00; it did not come." in first
    assert "What to do: Ask Lee, who had taken it. Talk to Kim, who owns it." in first
    assert ", Lee broke a promise" in message.sms
    notification = state | {
        ("T-1/resolution/1", "manager"): LastNotified(1, 0, at("2026-03-02T12:01"), Outcome.SENT)
    }
    later = mail(known, "2026-03-02T15:00", rules, "resolution", to="manager", reached=notification)
    assert "had promised" not in said(later).partition("OWNER")[0]


def test_a_reopening_stands_in_the_first_lines_and_ends_what_was_promised_before() -> None:
    known = promised() | facts(
        ("status", "2026-03-02T13:00", "Resolved"),
        ("status", "2026-03-02T14:00", "Open"),
        ("status", NINE, "Open"),
    )
    message = mail(
        known,
        "2026-03-02T20:00",
        policy(rule("all", resolution(2 * HOUR))),
        "resolution",
        to="team-lead",
    )
    first = said(message).partition("OWNER")[0]
    assert "It had been resolved, and was reopened on Mon 2026-03-02 14:00 +00:00." in first
    assert "promised" not in said(message)
    assert ", reopened" in message.sms


def test_a_finding_about_the_set_up_names_no_ticket() -> None:
    known = Facts.of([Fact("?replier", "created", at(NINE)), Fact("?replier", "closed", at(NINE))])
    known |= [Fact("?replier", "unreadable:replier", at(NINE), "records do not say who replied")]
    message = mail(known, NINE, policy(), "finding:replier")
    assert message.subject == "[Finding] records do not say who replied"
    assert "About the set-up, not about one ticket" in said(message)
    assert "?replier" not in message.email
    assert "TICKET" not in message.email


def test_a_ceiling_that_passes_a_promise_says_that_somebody_took_it() -> None:
    known = facts(("created", NINE), PAGE) | [
        acknowledged("T-1", at("2026-03-16T08:00"), at("2026-03-16T12:00"), "Lee")
    ]
    message = mail(known, "2026-03-16T09:00", policy(), "age")
    assert (
        "promised an update by Mon 2026-03-16 12:00 +00:00; without one, the case escalates."
        in said(message)
    )


def test_time_that_is_not_known_is_said_to_count_as_running() -> None:
    known = facts(("created", NINE), ("status", "2026-03-02T14:00", "Open"), PAGE)
    message = mail(known, "2026-03-02T17:30", policy(), "resolution")
    unknown = "Unknown what happened before Mon 2026-03-02 14:00 +00:00, when it was first seen; that time counts as running"
    assert unknown in " ".join(why(message).split())


# ------------------------------------------------------------------ why


def test_why_stays_short_for_a_long_case() -> None:
    to = (("10", "Waiting"), ("12", "Open"))
    spans = [
        ("status", f"2026-03-{day:02}T{hour}:00", status)
        for day in range(2, 28)
        for hour, status in to
    ]
    known = facts(("created", NINE), PAGE, KIM, ("priority", NINE, "4 - Low"), *spans)
    rules = policy(
        *(rule(f"rule-{n}", resolution(HOUR), when=URGENT) for n in range(6)),
        rule("rest", resolution(60 * HOUR), calendar="office"),
    )
    message = mail(known, "2026-03-27T16:00", rules, "resolution", to="manager")
    assert len(why(message).splitlines()) <= 12
    assert "nor 4 more" in " ".join(why(message).split())
    assert "14 times, 20 h of open time did not count" in " ".join(why(message).split())


def test_a_change_of_the_clocks_is_named_where_it_takes_hours() -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    berlin = Calendar.from_spec(
        {"timezone": "Europe/Berlin", "hours": {day: [["00:00", "24:00"]] for day in days}}
    )
    rules = policy(
        rule("all", resolution(48 * HOUR), calendar="berlin"), calendars={"berlin": berlin}
    )
    known = facts(("created", "2026-03-28T09:00"), PAGE)
    message = mail(known, "2026-03-30T10:00", rules, "resolution", to="team-lead")
    assert (
        "Clock time Sun 2026-03-29 from +01:00 to +02:00: 23 h open that day, not 24 h"
        in " ".join(why(message).split())
    )


def test_mode_observe_says_a_signal_in_a_line() -> None:
    known = facts(("created", NINE), ("status", NINE, "Open"), PAGE, KIM)
    found = notified(
        known, "2026-03-03T09:00:00", signal(Metric.PROGRESS, Open(24 * HOUR)), "progress"
    )
    assert observed_line(found)["what"] == "no progress for 1 d"


def test_the_words_of_every_clock_fit_the_lines_of_the_e_mail() -> None:
    for metric in TARGETS:
        known = facts(
            ("created", NINE),
            PAGE,
            ("customer_reply", "2026-03-02T10:00"),
            ("agent_reply", "2026-03-02T09:30", "Kim"),
        )
        case, rules = Case("T-1", facts=known), targets(metric, 4)
        evaluated = plan(case, rules, at(NINE) + 3 * DAY)
        for alert in evaluated.alerts:
            message = render(
                notice(case, evaluated, [alert], rules, at(NINE) + 3 * DAY), at(NINE) + 3 * DAY
            )
            assert max(map(len, message.email.splitlines())) <= 72
