"""Each sentence of a message follows from the facts as its reader sees them: one test a kind of
sentence, and one that plays random histories and reads every message of them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from attrs import define, evolve, field
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from building import (
    ALWAYS,
    DAY,
    HOUR,
    OFFICE,
    after_telling,
    at,
    facts,
    first_response,
    policy,
    resolution,
    rule,
)
from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.escalation.acknowledgement import Promising
from sla_watchdog.domain.escalation.case import (
    Alert,
    Case,
    LastNotified,
    Outcome,
    Severity,
)
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.escalation.silences import Silence
from sla_watchdog.domain.policy.model import (
    TARGETS,
    After,
    Age,
    Audience,
    Condition,
    Count,
    Ladder,
    Level,
    Metric,
    Open,
    Percent,
    Policy,
    Repeat,
    Target,
)
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.presentation.html.answer_page import page
from sla_watchdog.presentation.text import (
    Message,
    Observed,
    observed_line,
    render,
    render_digest,
    render_observed,
)
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.presentation.text.report import about
from sla_watchdog.presentation.times import duration
from sla_watchdog.presentation.view.case_row import row
from sla_watchdog.presentation.view.link_state import LinkState, LinkStatus
from sla_watchdog.presentation.view.notice import Notice, notice
from sla_watchdog.presentation.view.report import line
from sla_watchdog.tools.cli.status.table import _nobody

NINE = "2026-03-02T09:00"
"""A Monday."""
PAGE = ("subject", NINE, "City page")
OPEN = ("status", NINE, "Open")
KNOWN = facts(("created", NINE), OPEN, PAGE)


def notices(case: Case, desk: Policy, now: str, **context: Any) -> dict[str, Notice]:
    """What each recipient is told now, by its key."""
    evaluated = plan(case, desk, at(now), **context)
    keys = dict.fromkeys(alert.recipient.key for alert in evaluated.alerts)
    theirs = {
        key: [alert for alert in evaluated.alerts if alert.recipient.key == key] for key in keys
    }
    return {key: notice(case, evaluated, alerts, desk, at(now)) for key, alerts in theirs.items()}


def said(notified: Notice, now: str) -> str:
    return " ".join(render(notified, at(now)).email.split())


def notified_at(case: Case, desk: Policy, *moments: str) -> Case:
    """The case once everybody was told what was due at each of these moments."""
    for moment in moments:
        evaluated = plan(case, desk, at(moment))
        case = evolve(after_telling(case, evaluated, at(moment)), breached=evaluated.breached)
    return case


def promised(until: str, made: str = "2026-03-02T16:00", by: str = "Kim") -> Fact:
    return acknowledged("T-1", at(made), at(until), by)


# ------------------------------------------------------------------ the deadline that was missed


def within(hours: int, calendar: str = "always") -> Policy:
    return policy(rule("all", resolution(hours * HOUR), calendar=calendar))


def edited(before: Policy, at_moment: str, breach_seen: str) -> Case:
    """A case judged under `before`, to which another policy comes at that moment."""
    return evolve(notified_at(Case("T-1", KNOWN), before, breach_seen), edited_at=at(at_moment))


def test_after_an_edit_that_gives_more_time_the_deadline_that_was_missed_is_said() -> None:
    case = edited(within(8), "2026-03-02T18:00", "2026-03-02T17:01")
    notified = notices(case, within(20), "2026-03-02T21:02")["manager"]
    assert "It was due by Mon 2026-03-02 17:00 +00:00 (4 h 2 m over)." in said(
        notified, "2026-03-02T21:02"
    )
    data = render(notified, at("2026-03-02T21:02")).data
    assert (data["due_at"], data["breach_at"]) == (
        "2026-03-02T17:00:00+00:00",
        "2026-03-02T17:00:01+00:00",
    )
    evaluated = plan(case, within(20), at("2026-03-02T21:02"))
    assert row(case, evaluated, policy(), at("2026-03-02T21:02")).due_at == at("2026-03-02T17:00")


def test_the_missed_deadline_is_the_closing_and_not_the_next_opening() -> None:
    """Eight hours of an office that closes at 17:00 in Berlin, through the night in which clocks go
    forward.
    """
    known = facts(("created", "2026-03-27T08:00"), ("status", "2026-03-27T08:00", "Open"))
    before, after = within(8, "office"), within(20, "office")
    case = evolve(
        notified_at(Case("T-1", known), before, "2026-03-30T07:01"),
        edited_at=at("2026-03-30T08:00"),
    )
    notified = notices(case, after, "2026-03-30T11:01")["manager"]
    text = said(notified, "2026-03-30T11:01")
    assert (
        "due by Fri 2026-03-27 17:00 +01:00 (4 h 1 m over, since Mon 2026-03-30 09:00 +02:00)"
        in text
    )


def test_a_deadline_missed_before_the_limit_grew_shorter_is_not_said_to_have_been_earlier() -> None:
    case = edited(within(8), "2026-03-02T18:00", "2026-03-02T17:01")
    text = said(notices(case, within(2), "2026-03-02T21:02")["manager"], "2026-03-02T21:02")
    assert "It has been late since Mon 2026-03-02 17:00 +00:00 (4 h 2 m over)." in text


@pytest.mark.parametrize(
    ("priorities", "now", "sentence"),
    [
        pytest.param(
            [("4 - Low", NINE), ("1 - Critical", "2026-03-02T15:00")],
            "2026-03-02T19:01",
            "It has been late since Mon 2026-03-02 15:00 +00:00, when its limit changed (4 h 1 m over).",
            id="raised: late at once",
        ),
        pytest.param(
            [("1 - Critical", NINE), ("4 - Low", "2026-03-02T15:00")],
            "2026-03-02T19:01",
            "It was due by Mon 2026-03-02 10:00 +00:00 (9 h 1 m over).",
            id="lowered: what was missed stays",
        ),
    ],
)
def test_a_priority_that_changed_does_not_change_what_was_missed(
    priorities: list[tuple[str, str]], now: str, sentence: str
) -> None:
    urgent = Condition("priority", frozenset({"urgent"}))
    rules = policy(
        rule("urgent", resolution(HOUR), when=(urgent,)), rule("rest", resolution(80 * HOUR))
    )
    known = KNOWN | [Fact("T-1", "priority", at(moment), value) for value, moment in priorities]
    assert sentence in said(notices(Case("T-1", known), rules, now)["manager"], now)


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        pytest.param(
            "2026-03-09T12:00Z",
            "It was due by Mon 2026-03-02 12:00 +00:00 (1 h over).",
            id="put off since",
        ),
        pytest.param(
            "", "It was due by Mon 2026-03-02 12:00 +00:00 (1 h over).", id="emptied since"
        ),
    ],
)
def test_a_deadline_of_another_system_is_the_one_that_was_missed(to: str, sentence: str) -> None:
    known = KNOWN | facts(("due_at", NINE, "2026-03-02T12:00Z"), ("due_at", "2026-03-02T12:30", to))
    rules = policy(rule("all", resolution(0, due="due_at")))
    assert sentence in said(
        notices(Case("T-1", known), rules, "2026-03-02T13:00:01")["owner"], "2026-03-02T13:00:01"
    )


def test_nobody_is_asked_to_act_by_a_time_that_is_over() -> None:
    """Due when the office closed on Friday, late only when it opens again."""
    known = facts(("created", "2026-03-06T08:00"), ("status", "2026-03-06T08:00", "Open"))
    rules = policy(rule("all", first_response(8 * HOUR), calendar="office"))
    text = said(notices(Case("T-1", known), rules, "2026-03-07T10:00")["owner"], "2026-03-07T10:00")
    assert "Answer the customer now." in text


# ------------------------------------------------------------------ who has it

ACKNOWLEDGED = Case("T-1", KNOWN | [promised("2026-03-16T11:00", made="2026-03-16T08:30")])
TWO_WEEKS = "2026-03-16T09:00"
"""The first ceiling, which no promise holds back."""


def test_a_case_that_somebody_took_is_not_said_to_be_nobodys() -> None:
    notified = notices(ACKNOWLEDGED, policy(), TWO_WEEKS)["manager"]
    message = render(notified, at(TWO_WEEKS))
    text = said(notified, TWO_WEEKS)
    assert (
        "Kim took it and promised an update by Mon 2026-03-16 11:00 +00:00; the desk shows no assignee."
        in text
    )
    assert "obody" not in text.replace("If nobody acts", "")
    assert "Kim took it, no assignee" in message.sms
    assert "no owner" not in message.sms


def test_a_digest_names_who_took_it() -> None:
    notified = notices(ACKNOWLEDGED, policy(), TWO_WEEKS)["manager"]
    digest = render_digest(
        [notified, evolve(notified, case="T-9", promise=None)],
        notified.recipient,
        "d",
        at(TWO_WEEKS),
    )
    text = " ".join(digest.email.split())
    assert "Nobody owns 1 of them." in text
    assert "Kim took it, no assignee at the desk" in text


def test_a_report_names_who_took_it() -> None:
    evaluated = plan(ACKNOWLEDGED, policy(), at(TWO_WEEKS))
    found = line(ACKNOWLEDGED, evaluated, frozenset(), at(TWO_WEEKS))
    assert about(found, at(TWO_WEEKS)).startswith("Kim took it, no assignee at the desk. ")


def test_who_had_it_by_a_promise_that_was_kept_has_it_no_longer() -> None:
    kept = KNOWN | [
        promised("2026-03-02T17:00"),
        Fact("T-1", "agent_reply", at("2026-03-02T16:30"), "Kim"),
    ]
    text = said(
        notices(Case("T-1", kept), policy(), "2026-03-02T18:00")["team-lead"], "2026-03-02T18:00"
    )
    assert (
        "Kim had it until Mon 2026-03-02 17:00 +00:00; nobody owns it now: name one person who takes it."
        in text
    )


def test_a_broken_promise_is_in_every_form_of_a_digest() -> None:
    broken = Case("T-1", KNOWN | [promised("2026-03-02T18:00")])
    (notified,) = (
        each
        for key, each in notices(broken, policy(), "2026-03-02T18:01").items()
        if key == "team-lead"
    )
    digest = render_digest(
        [notified, evolve(notified, case="T-9", promise=None)],
        notified.recipient,
        "d",
        at("2026-03-02T18:01"),
    )
    text = " ".join(digest.email.split())
    assert "Nobody owns 2 of them. 1 promise broken." in text
    assert "owner nobody; Kim promised an update by Mon 2026-03-02 18:00 +00:00, broken" in text
    assert digest.sms.startswith("2 cases, 1 promise broken, first ")
    first = digest.data["alerts"][0]  # type: ignore[index]
    assert (first["promise"]["by"], first["promise_broken"]) == ("Kim", True)


def test_the_daily_digest_of_mode_observe_names_a_broken_promise() -> None:
    broken = Case("T-1", KNOWN | [promised("2026-03-02T18:00")])
    notified = notices(broken, policy(), "2026-03-02T18:01")["team-lead"]
    seen = Observed(
        "2026-03-02", [observed_line(notified), observed_line(evolve(notified, promise=None))], 2
    )
    assert render_observed(seen, at("2026-03-03T00:01")).email.count("Kim broke a promise") == 1


def test_the_page_behind_a_link_says_who_took_it() -> None:
    notified = notices(ACKNOWLEDGED, policy(), TWO_WEEKS)["manager"]
    may = Promising("T-1", ALWAYS, at(TWO_WEEKS), at(TWO_WEEKS) + DAY, (), notified.promise, 2)
    shown = page(LinkState(LinkStatus.OPEN, None, notified, may), at(TWO_WEEKS))
    assert "<dd>Kim took it, no assignee at the desk</dd>" in shown
    assert "nobody" not in shown.replace("if nobody acts", "")


def test_status_shows_who_took_it_and_no_assignee() -> None:
    evaluated = plan(ACKNOWLEDGED, policy(), at(TWO_WEEKS))
    found = row(ACKNOWLEDGED, evaluated, policy(), at(TWO_WEEKS))
    assert _nobody(found)[0] == "no assignee"
    assert _nobody(evolve(found, promise=None))[0] == "nobody"


# ------------------------------------------------------------------ how often

COUNTING = {
    Metric.REOPENED: Ladder("", (Level(Count(2), ("team-lead",)),)),
    Metric.REASSIGNED: Ladder("", (Level(Count(3), ("team-lead",)),)),
}


def test_reopenings_that_the_record_alone_counts_are_counted_in_every_line() -> None:
    known = KNOWN | facts(("reopened_count", "2026-03-02T10:00", "2"))
    notified = notices(Case("T-1", known), policy(signals=COUNTING), "2026-03-02T10:01")[
        "team-lead"
    ]
    message = render(notified, at("2026-03-02T10:01"))
    assert "reopened twice" in message.subject
    assert "This case was resolved and reopened twice, as the ticket itself counts." in said(
        notified, "2026-03-02T10:01"
    )
    assert "Reopened twice, as the ticket itself counts" in said(notified, "2026-03-02T10:01")
    assert "never" not in message.email
    assert message.data["so_far"]["reopened"] == 2  # type: ignore[index]


def test_every_reopening_is_counted_however_many_there_were() -> None:
    moments = [(f"2026-03-{3 + n // 24:02}T{n % 24:02}", n) for n in range(120)]
    states = [
        ("status", f"{hour}:{0 if n % 2 else 30:02}", "Open" if n % 2 else "Resolved")
        for hour, n in moments
    ]
    notified = notices(
        Case("T-1", KNOWN | facts(*states)), policy(signals=COUNTING), "2026-03-08T09:00"
    )["team-lead"]
    text = said(notified, "2026-03-08T09:00")
    assert {*re.findall(r"reopened (\d+) times", text, re.IGNORECASE)} == {"60"}
    last = re.search(r"reopened 60 times, last on (.*?)\.", text)
    assert last is None or last[1] == "Sat 2026-03-07 23:00 +00:00"


def test_handovers_that_the_record_alone_counts_are_counted_too() -> None:
    known = KNOWN | facts(("reassigned_count", "2026-03-02T10:00", "5"), ("team", NINE, "Pages"))
    notified = notices(Case("T-1", known), policy(signals=COUNTING), "2026-03-02T10:01")[
        "team-lead"
    ]
    text = said(notified, "2026-03-02T10:01")
    assert "This case changed hands 5 times, as the ticket itself counts." in text
    assert "Teams Pages; passed on 5 times" in text


# ------------------------------------------------------------------ how long nothing has moved

IDLE = {Metric.PROGRESS: Ladder("", (Level(Open(24 * HOUR), ("manager",)),))}


@pytest.mark.parametrize(
    "record", [("assignee", "Kim"), ("status", "Waiting")], ids=["owned", "waiting"]
)
def test_the_idle_time_of_a_backlog_starts_at_its_creation(record: tuple[str, str]) -> None:
    """First seen after 29 days, as a record that says who has it, and nothing of since when."""
    seen = "2026-03-31T09:00"
    states = {"status": "Open", "subject": "City page", **dict([record])}
    known = facts(("created", NINE), *((name, seen, value) for name, value in states.items()))
    notified = notices(Case("T-1", known), policy(signals=IDLE), "2026-03-31T09:00:30")["manager"]
    text = said(notified, "2026-03-31T09:00:30")
    assert "Progress none for 29 d, since Mon 2026-03-02 09:00 +00:00" in text
    assert "no progress for 29 d" in text


def test_what_moves_after_the_first_look_is_progress() -> None:
    seen = [("status", "2026-03-31T09:00", "Open"), ("assignee", "2026-03-31T09:00", "Kim")]
    known = facts(("created", NINE), *seen, ("assignee", "2026-03-31T12:00", "Lee"))
    notified = notices(Case("T-1", known), policy(signals=IDLE), "2026-03-31T12:30")["manager"]
    assert "Progress none for 30 m, since Tue 2026-03-31 12:00" in said(
        notified, "2026-03-31T12:30"
    )


def test_what_was_told_of_a_backlog_before_the_first_look_counted_stays_told() -> None:
    """The cycle of the clock stays what it was, so that an upgrade neither repeats nor loses a
    level.
    """
    known = facts(
        ("created", NINE),
        ("status", "2026-03-31T09:00", "Open"),
        ("assignee", "2026-03-31T09:00", "Kim"),
    )
    evaluated = plan(Case("T-1", known), policy(signals=IDLE), at("2026-03-31T10:00"))
    assert [clock.cycle for clock in evaluated.clocks if clock.metric is Metric.PROGRESS] == [2]


# ------------------------------------------------------------------ reminders

OFFICE_HOURS = {
    "owner": Audience("owner"),
    "team-lead": Audience("team-lead"),
    "manager": Audience("manager"),
    "executive": Audience("executive", hours="office"),
}
TOP = Ladder(
    "top",
    (
        Level(After(0), ("owner",)),
        Level(After(4 * HOUR), ("executive",), repeat=Repeat(DAY, False)),
    ),
)


def test_the_first_message_after_a_weekend_is_no_repetition() -> None:
    known = facts(("created", "2026-03-06T12:00"), ("status", "2026-03-06T12:00", "Open"))
    rules = policy(rule("all", resolution(8 * HOUR, ladder=TOP)), audiences=OFFICE_HOURS)
    monday = "2026-03-09T08:00"
    notified = notices(Case("T-1", known), rules, monday)["executive"]
    message = render(notified, at(monday))
    assert notified.lead.alert.repetition == 2, "two were due at the weekend"
    assert (worded(notified.lead.alert.reason), notified.lead.alert.reminder) == ("due", 0)
    assert "You are told for the first time" in said(notified, monday)
    assert "repetition 2" not in message.body()


def test_reminders_are_counted_by_what_the_audience_had() -> None:
    known = facts(("created", "2026-03-06T12:00"), ("status", "2026-03-06T12:00", "Open"))
    rules = policy(rule("all", resolution(8 * HOUR, ladder=TOP)), audiences=OFFICE_HOURS)
    case = notified_at(Case("T-1", known), rules, "2026-03-09T08:00")
    notified = notices(case, rules, "2026-03-10T08:00")["executive"]
    assert "This is reminder 1;" in said(notified, "2026-03-10T08:00")
    assert worded(notified.lead.alert.reason) == "reminder 1: still unresolved"


@pytest.mark.parametrize(
    ("outcome", "had"),
    [
        (Outcome.SENT, 2),
        (Outcome.IN_DIGEST, 2),
        (Outcome.UNDELIVERABLE, 1),
        (Outcome.SUPPRESSED, 1),
    ],
)
def test_what_reached_nobody_is_no_reminder(outcome: Outcome, had: int) -> None:
    rules = policy(rule("all", resolution(8 * HOUR, ladder=TOP)))
    case = notified_at(Case("T-1", KNOWN), rules, "2026-03-02T21:01")
    evaluated = plan(case, rules, at("2026-03-03T21:01"))
    case = after_telling(case, evaluated, at("2026-03-03T21:01"), outcome)
    alerts = plan(case, rules, at("2026-03-04T21:01")).alerts
    assert {alert.reminder for alert in alerts if alert.recipient.audience == "executive"} == {had}


def test_a_case_of_an_older_version_is_reminded_without_a_number() -> None:
    rules = policy(rule("all", resolution(8 * HOUR, ladder=TOP)))
    before = {
        ("T-1/resolution/1", "executive"): LastNotified(1, 7, at("2026-03-09T21:01"), Outcome.SENT)
    }
    notified = notices(Case("T-1", KNOWN, reached=before), rules, "2026-03-10T21:01")["executive"]
    assert "This is a reminder; they go on until the case is resolved." in said(
        notified, "2026-03-10T21:01"
    )
    first = {
        ("T-1/resolution/1", "executive"): LastNotified(1, 0, at("2026-03-02T21:01"), Outcome.SENT)
    }
    notified = notices(Case("T-1", KNOWN, reached=first), rules, "2026-03-03T21:01")["executive"]
    assert "This is reminder 1;" in said(notified, "2026-03-03T21:01")


# ------------------------------------------------------------------ how bad it is


def severities(case: Case, rules: Policy, now: str) -> dict[str, Severity]:
    return {alert.recipient.key: alert.severity for alert in plan(case, rules, at(now)).alerts}


def test_what_is_critical_to_one_reader_is_no_less_to_a_higher_one() -> None:
    found = severities(Case("T-1", KNOWN), policy(), "2026-03-02T21:01")
    assert {found[key] for key in ("team-lead", "team-lead-urgent", "manager")} == {
        Severity.CRITICAL
    }


def test_a_level_that_is_not_urgent_waits_for_its_readers_hours_however_bad_it_is() -> None:
    audiences = {**OFFICE_HOURS, "manager": Audience("manager", hours="office")}
    evaluated = plan(Case("T-1", KNOWN), policy(audiences=audiences), at("2026-03-02T21:01"))
    waiting = {d.alert.recipient.key: d.alert for d in evaluated.decisions}
    assert waiting["manager"].severity is Severity.CRITICAL
    assert not waiting["manager"].urgent
    assert not any(alert.recipient.audience == "manager" for alert in evaluated.alerts)


def test_a_ceiling_is_as_bad_to_the_top_as_the_deadline_was_to_those_below() -> None:
    case = notified_at(Case("T-1", KNOWN), policy(), "2026-03-02T17:01", "2026-03-15T09:00")
    found = severities(case, policy(), "2026-03-16T09:00")
    assert found["manager"] is Severity.CRITICAL
    calm = policy(rule("all", resolution(8 * HOUR, ladder=TOP)))
    case = notified_at(Case("T-1", KNOWN), calm, "2026-03-02T17:01", "2026-03-15T09:00")
    assert severities(case, calm, "2026-03-16T09:00")["manager"] is Severity.BREACH


def test_those_below_are_not_told_that_it_is_critical() -> None:
    """Of another clock than the one that is critical to those above them."""
    calm = Ladder("reply", (Level(After(0), ("owner",)),))
    urgent = Ladder("hot", (Level(After(0), ("manager",), urgent=True),))
    rules = policy(
        rule("all", first_response(2 * HOUR, ladder=calm), resolution(HOUR, ladder=urgent))
    )
    found = severities(Case("T-1", KNOWN), rules, "2026-03-02T12:00")
    assert (found["owner"], found["manager"]) == (Severity.BREACH, Severity.CRITICAL)


# ------------------------------------------------------------------ who is told next


def test_who_is_told_next_is_told_within_their_hours() -> None:
    audiences = {**OFFICE_HOURS, "manager": Audience("manager", hours="office")}
    friday = facts(("created", "2026-03-27T12:00"), ("status", "2026-03-27T12:00", "Open"))
    notified = notices(Case("T-1", friday), policy(audiences=audiences), "2026-03-27T20:01")[
        "team-lead"
    ]
    assert "manager is told on Mon 2026-03-30 07:00 +00:00" in said(notified, "2026-03-27T20:01"), (
        "9:00 in Berlin"
    )


def test_who_is_told_next_is_told_after_the_silence() -> None:
    silence = Silence(
        "s", at(NINE), at("2026-03-03T12:00"), "they move", "kim", audiences=frozenset({"manager"})
    )
    context = Context(silences=(silence,))
    notified = notices(Case("T-1", KNOWN), policy(), "2026-03-02T17:01", context=context)[
        "team-lead"
    ]
    assert notified.upcoming is not None
    upcoming = {
        (each.recipient.audience, each.clock): each.at for each in told_plan(context).upcoming
    }
    assert upcoming["manager", "resolution"] == at("2026-03-03T12:00")


def told_plan(context: Context) -> Plan:
    return plan(Case("T-1", KNOWN), policy(), at("2026-03-02T17:01"), context=context)


# ------------------------------------------------------------------ random histories

ORDER = ("owner", "team-lead", "manager", "executive")
WORDS = ("Open", "New", "Waiting", "Resolved")
STEPS = 30
"""Moments of one history at which somebody is told."""


def rules_within(hours: int, office: bool, hot: int) -> Policy:
    """`hot` is the level of the ladder that is urgent."""
    levels = (
        Level(Percent(50), ("owner",)),
        Level(After(0), ("owner", "team-lead")),
        Level(After(4 * HOUR), ("manager",)),
        Level(After(16 * HOUR), ("executive",), repeat=Repeat(DAY, doubling=True)),
    )
    ladder = Ladder(
        "standard", tuple(evolve(level, urgent=n == hot) for n, level in enumerate(levels))
    )
    targets = (
        resolution(hours * HOUR, ladder=ladder),
        first_response(2 * HOUR, ladder=Ladder("reply", levels[:2])),
    )
    audiences = (
        {**OFFICE_HOURS, "manager": Audience("manager", hours="office")} if office else OFFICE_HOURS
    )
    ceilings = Ladder(
        "c", (Level(Age(3 * DAY), ("manager",)), Level(Age(6 * DAY), ("executive",), repeat=DAILY))
    )
    signals = {**COUNTING, Metric.PROGRESS: Ladder("", (Level(Open(24 * HOUR), ("team-lead",)),))}
    calendars: dict[str, Calendar] = {"office": OFFICE, "always": ALWAYS}
    calendar = "office" if office else "always"
    judged_by = rule("all", *targets, calendar=calendar)
    return policy(
        judged_by, audiences=audiences, ceilings=ceilings, signals=signals, calendars=calendars
    )


DAILY = Repeat(DAY, doubling=False)
START = at("2026-03-26T09:00")
"""Three days before clocks go forward in Berlin."""

SPANS = st.integers(1, 9 * 24).map(lambda hours: START + hours * HOUR)
EVENTS = st.one_of(
    st.tuples(st.just("status"), SPANS, st.sampled_from(WORDS)),
    st.tuples(st.just("assignee"), SPANS, st.sampled_from(("Kim", "Lee", ""))),
    st.tuples(st.just("agent_reply"), SPANS, st.sampled_from(("Kim", "auto-reply"))),
    st.tuples(st.just("customer_reply"), SPANS, st.just("")),
    st.tuples(st.just("reopened_count"), SPANS, st.sampled_from(("1", "2", "5"))),
    st.tuples(st.just("promise"), SPANS, st.sampled_from(("Kim", "Lee"))),
)


def as_fact(event: tuple[str, int, str]) -> Fact:
    name, moment, value = event
    return (
        acknowledged("T-1", moment, moment + 5 * HOUR, value)
        if name == "promise"
        else Fact("T-1", name, *event[1:])
    )


@define
class Reading:
    """Plays one history and reads every message of it."""

    known: Facts
    edits: Sequence[tuple[int, Policy]]
    """Which policy is in force since when, the oldest first."""
    unreachable: str
    case: Case = field(factory=lambda: Case("T-1"))
    received: Counter[tuple[str, int, str]] = field(factory=Counter)
    critical: dict[str, set[str]] = field(factory=lambda: defaultdict(set))
    read: int = 0

    def play(self) -> None:
        now: int | None = START
        for _ in range(STEPS):
            if now is None:
                return
            now = self._moment(now)

    def _moment(self, now: int) -> int | None:
        """Tells what is due, and says when to look again."""
        desk = [rules for since, rules in self.edits if since <= now][-1]
        since = max(since for since, _ in self.edits if since <= now)
        self.case = evolve(self.case, facts=Facts.of(fact for fact in self.known if fact.at <= now))
        if since > START:
            self.case = evolve(self.case, edited_at=since)
        for _ in range(5):
            evaluated = plan(self.case, desk, now)
            self.case = evolve(self.case, breached=evaluated.breached)
            if not evaluated.alerts:
                break
            self._tell(evaluated, desk, now)
        times = [fact.at for fact in self.known if fact.at > now] + [
            at_ for at_, _ in self.edits if at_ > now
        ]
        times += (
            [evaluated.next_at] if evaluated.next_at is not None and evaluated.next_at > now else []
        )
        return min(times, default=None)

    def _tell(self, evaluated: Plan, desk: Policy, now: int) -> None:
        keys = dict.fromkeys(alert.recipient.key for alert in evaluated.alerts)
        for key in keys:
            alerts = [alert for alert in evaluated.alerts if alert.recipient.key == key]
            notified = notice(self.case, evaluated, alerts, desk, now)
            self._check(notified, render(notified, now), now)
            digest = render_digest([notified], notified.recipient, "d", now)
            assert ("promise broken" in " ".join(digest.email.split())) == (
                notified.broken(now) is not None
            )
        self._check_severities(evaluated.alerts)
        for alert in evaluated.alerts:
            lost = alert.recipient.audience == self.unreachable
            self.received[alert.clock_key, alert.level, alert.recipient.key] += not lost
            outcome = Outcome.UNDELIVERABLE if lost else Outcome.SENT
            reached = {(alert.clock_key, alert.recipient.key): LastNotified.by(alert, now, outcome)}
            self.case = evolve(self.case, reached={**self.case.reached, **reached})

    def _check(self, notified: Notice, message: Message, now: int) -> None:
        self.read += 1
        text = " ".join(message.email.split())
        self._check_deadline(text, now)
        self._check_owner(notified, text, message.sms, now)
        lead = notified.lead.alert
        for number in re.findall(r"This is reminder (\d+);", text):
            assert int(number) == self.received[lead.clock_key, lead.level, lead.recipient.key] > 0
        assert "repetition" not in text
        for counted in self._reopenings(text):
            assert counted == message.data["so_far"]["reopened"]  # type: ignore[index]
        for moment in re.findall(r"is told on (\w{3} [-\d]+ [:\d]+ [-+:\d]+)", text):
            assert instant_of(moment) >= now - 60

    def _reopenings(self, text: str) -> Iterator[int]:
        for said_ in re.findall(r"(?:R|r)eopened (never|once|twice|(?:\d+) times)", text):
            yield {"never": 0, "once": 1, "twice": 2}.get(said_) or int(
                said_.split()[0] if said_[0].isdigit() else 0
            )

    def _check_deadline(self, text: str, now: int) -> None:
        """Whoever subtracts gets what is said."""
        pattern = r"was due by (\w{3} [-\d]+ [:\d]+ [-+:\d]+) \((.*?) over(?:, since (\w{3} [-\d]+ [:\d]+ [-+:\d]+))?\)"
        for due, over, since in re.findall(pattern, text):
            assert instant_of(due) <= now
            counted = instant_of(since or due)
            assert over in {duration(now - counted + slack) for slack in (-60, 0, 60)}

    def _check_owner(self, notified: Notice, text: str, sms: str, now: int) -> None:
        if notified.lead.good_news or notified.lead.clock is None:
            return
        nobody = "Nobody owns it" in text
        assert not (nobody and notified.taken(now))
        assert not ("no owner" in sms.partition("resolution")[2] and notified.taken(now))
        assert not (
            nobody
            and any(line_.owner for line_ in notified.open_tickets)
            and not notified.tickets[1:]
        )

    def _check_severities(self, alerts: Sequence[Alert]) -> None:
        """Age and signals have no urgent level of their own here: another clock lends it while it
        runs.
        """
        targets = {metric.value for metric in TARGETS}
        for alert in alerts:
            if is_critical(alert) and alert.clock in targets:
                self.critical[alert.clock_key].add(alert.recipient.audience)
        for alert in alerts:
            notified = self.critical[alert.clock_key] | {
                a.recipient.audience for a in alerts if is_critical(a)
            }
            if (
                alert.clock.startswith(("withdrawn", "cleared", "finding"))
                or alert.recipient.audience not in ORDER
            ):
                continue
            below = {
                name
                for name in notified
                if ORDER.index(name) < ORDER.index(alert.recipient.audience)
            }
            assert not below or alert.severity is not Severity.BREACH


def is_critical(alert: Alert) -> bool:
    return alert.severity is Severity.CRITICAL


def instant_of(text: str) -> int:
    _, day, hour, offset = text.split()
    return int(datetime.fromisoformat(f"{day}T{hour}{offset}").timestamp())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    events=st.lists(EVENTS, max_size=10),
    office=st.booleans(),
    hot=st.integers(0, 4),
    limits=st.tuples(st.sampled_from((2, 8, 30)), st.sampled_from((2, 8, 30))),
    edit=SPANS,
    unreachable=st.sampled_from(("", "manager", "team-lead")),
)
def test_every_message_of_a_random_history_says_what_is_so(
    events: list[tuple[str, int, str]],
    office: bool,
    hot: int,
    limits: tuple[int, int],
    edit: int,
    unreachable: str,
) -> None:
    created = [
        Fact("T-1", "created", START),
        Fact("T-1", "status", START, "New"),
        Fact("T-1", "subject", START, "Page"),
    ]
    known = Facts.of([*created, *map(as_fact, events)])
    edits = [
        (START, rules_within(limits[0], office, hot)),
        (edit, rules_within(limits[1], office, hot)),
    ]
    Reading(known, edits, unreachable).play()


def test_the_histories_of_that_test_do_tell_people_things() -> None:
    facts_ = Facts.of([Fact("T-1", "created", START), Fact("T-1", "status", START, "New")])
    reading = Reading(facts_, [(START, rules_within(8, office=False, hot=1))], "")
    reading.play()
    assert reading.read > 15


def test_of_a_resolved_ticket_whose_customer_waits_the_message_says_so_and_what_ends_it() -> None:
    rules = policy(rule("all", Target(Metric.NEXT_RESPONSE, 2 * HOUR, ladder=TOP)))
    known = facts(
        ("created", "2026-03-02T09:00"),
        ("status", "2026-03-02T09:00", "Open"),
        ("agent_reply", "2026-03-02T09:30", "Kim"),
        ("status", "2026-03-02T10:00", "Resolved"),
        ("customer_reply", "2026-03-02T12:00"),
    )
    case = notified_at(
        Case("T-1", known), rules, "2026-03-02T14:01", "2026-03-02T18:01", "2026-03-03T18:02"
    )
    for now in ("2026-03-02T14:01", "2026-03-05T18:02", "2026-05-02T12:00"):
        then = Case("T-1", known) if now < "2026-03-03" else case
        for notified in notices(then, rules, now).values():
            text = said(notified, now)
            assert "It has been resolved since Mon 2026-03-02 10:00" in text
            assert "the customer wrote on Mon 2026-03-02 12:00" in text
            assert "A public reply to the customer, or reopening the ticket, ends this." in text
            assert "still unresolved" not in text
            assert "until the case is resolved" not in text
            assert "unresolved" not in worded(notified.lead.alert.reason)
