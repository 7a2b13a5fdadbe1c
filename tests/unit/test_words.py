"""Everything that can be shown has its words: what is new fails here until it has them."""

from typing import Any, get_args

import attrs
import pytest
from attrs import evolve

from building import HOUR, at
from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.clock_key import CLEARED, WITHDRAWN
from sla_watchdog.domain.clocks.data_problems import DataProblem
from sla_watchdog.domain.clocks.elapsed import ElapsedBreakdown, Pace, Pause, PauseEnding
from sla_watchdog.domain.clocks.elapsed_rows import Row
from sla_watchdog.domain.escalation.absences import Absence
from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.domain.escalation.case import Alert, Recipient, Severity
from sla_watchdog.domain.escalation.not_promised import PromiseRefusal
from sla_watchdog.domain.escalation.reasons import LevelDue, Reason
from sla_watchdog.domain.escalation.subscribers import (
    LONG_PENDING,
    Missing,
    Seat,
    Subscriber,
    SubscriptionState,
)
from sla_watchdog.domain.policy.model import (
    TARGETS,
    After,
    Age,
    Before,
    Count,
    Ladder,
    Level,
    Metric,
    Open,
    Percent,
    Trigger,
)
from sla_watchdog.domain.tickets.spans import Span
from sla_watchdog.domain.time.calendar_periods import Period
from sla_watchdog.domain.time.duration import Duration, DurationUnit
from sla_watchdog.presentation.html.answer_page import page
from sla_watchdog.presentation.text import observed_line, render, render_absence, render_digest
from sla_watchdog.presentation.text.not_promised import not_promised
from sla_watchdog.presentation.text.reason import read_reason
from sla_watchdog.presentation.text.reason import worded as reason_in_words
from sla_watchdog.presentation.text.signals import SIGNAL_WORDS
from sla_watchdog.presentation.text.why import breach, counted, pause, trigger, why
from sla_watchdog.presentation.text.wording import clock_name, heading, phrase, short_heading
from sla_watchdog.presentation.times import spoken
from sla_watchdog.presentation.view.explained_clock import Explained
from sla_watchdog.presentation.view.lateness import Cause
from sla_watchdog.presentation.view.link_state import LinkState, LinkStatus
from sla_watchdog.presentation.view.notice import Item, Kind, Notice, TicketLine
from sla_watchdog.presentation.words import METRIC, SEVERITY, signal

NINE = at("2026-03-02T09:00")
NOW = NINE + 8 * HOUR
MANAGER = Recipient("manager")
REASON = "nobody above can be told"


def clock_of(metric: Metric, state: State = State.BREACHED) -> Clock:
    ladder = Ladder("", (Level(After(0), ("manager",)),))
    due_at = None if state is State.PAUSED else NINE + 4 * HOUR
    breach_at = NINE + 4 * HOUR + 1 if state is State.BREACHED else None
    running = (Span(NINE, NINE + HOUR if state is State.PAUSED else None, "open"),)
    return Clock(
        subject="T-1",
        metric=metric,
        cycle=1,
        rule="all",
        target=4 * HOUR,
        calendar="always",
        ladder=ladder,
        started_at=NINE,
        running=running,
        due_at=due_at,
        breach_at=breach_at,
        stopped_at=None,
        levels=(NOW,),
    )


def explained(metric: Metric, cause: Cause = Cause.DEADLINE) -> Explained:
    return Explained(
        subject="T-1",
        metric=metric,
        cycle=1,
        rule="all",
        calendar="always",
        target=4 * HOUR,
        due_field="",
        pauses_in=(),
        state=State.BREACHED,
        started_at=NINE,
        due_at=NINE + 4 * HOUR,
        breach_at=NINE + 4 * HOUR + 1,
        cause=cause,
        stopped_at=None,
        elapsed_breakdown=None,
        events=(NINE + HOUR,),
        steps=(),
        unknown_until=None,
        count=1,
    )


def notice_of(
    metric: Metric,
    state: State = State.BREACHED,
    severity: Severity = Severity.BREACH,
    kind: Kind = Kind.ALERT,
) -> Notice:
    """Of one case with one ticket, which is told of for the first time."""
    name = {
        Kind.ALERT: metric.value,
        Kind.WITHDRAWN: f"{WITHDRAWN}{metric.value}",
        Kind.CLEARED: CLEARED,
        Kind.FINDING: "finding:status",
    }[kind]
    clock = clock_of(metric, state) if kind in (Kind.ALERT, Kind.WITHDRAWN) else None
    alert = Alert("T-1", name, 1, 0, 0, MANAGER, severity, NOW, read_reason(REASON))
    item = Item(alert, clock, state if clock else None, 4 * HOUR)
    ticket = TicketLine("T-1", "City page", "Open", "", "Kim", "Web", NINE)
    return Notice(
        "T-1", MANAGER, (item,), (ticket,), "ACME", NINE, (), None, "UTC", why=explained(metric)
    )


def worded(text: str) -> str:
    """The text, if it is one: no part of it is empty, or a name that only programs use."""
    assert text.strip()
    assert "None" not in text
    assert "{" not in text
    assert "_" not in text
    return " ".join(text.split())


# ------------------------------------------------------------------ clocks


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_has_a_name_of_its_own(metric: Metric) -> None:
    assert worded(METRIC[metric])
    assert list(METRIC.values()).count(METRIC[metric]) == 1
    assert clock_name(metric.value) == METRIC[metric]


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.BREACHED])
@pytest.mark.parametrize("metric", Metric)
def test_every_clock_in_every_state_is_said_in_every_message(metric: Metric, state: State) -> None:
    notice = notice_of(metric, state)
    message = render(notice, NOW)
    digest = render_digest([notice, evolve(notice, case="T-2")], MANAGER, "d", NOW)
    text = worded(message.email)
    assert worded(phrase(notice.lead, NOW)) in message.subject
    assert "What to do:" in text
    assert worded(message.sms)
    assert worded(digest.email)
    assert worded(digest.sms)
    assert worded(observed_line(notice)["what"])


@pytest.mark.parametrize("metric", [metric for metric in Metric if metric not in TARGETS])
def test_every_clock_without_a_target_tells_what_it_saw(metric: Metric) -> None:
    assert worded(signal(clock_of(metric), NOW, count=3))


def test_every_clock_without_a_target_has_a_row_of_words_and_no_other_has() -> None:
    assert set(SIGNAL_WORDS) == set(Metric) - set(TARGETS)


@pytest.mark.parametrize("metric", Metric)
def test_every_clock_is_explained(metric: Metric) -> None:
    rows = dict(why(explained(metric), None, 0, "UTC"))
    assert METRIC[metric] in rows.get("Signal", "") + rows.get("Clock", "")


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_has_a_name(severity: Severity) -> None:
    item = notice_of(Metric.RESOLUTION, severity=severity).lead
    assert heading(item) == f"{worded(SEVERITY[severity])}, level 1"
    assert short_heading(item) == f"{SEVERITY[severity]} L1"


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_message_has_words(kind: Kind) -> None:
    notice = notice_of(Metric.RESOLUTION, kind=kind)
    assert notice.lead.kind is kind
    message = render(notice, NOW)
    assert message.subject.startswith(f"[{worded(heading(notice.lead))}] ")
    assert worded(message.email)


# ------------------------------------------------------------------ what explains a clock


@pytest.mark.parametrize(
    "of_level",
    [Percent(80), Before(HOUR), After(0), After(HOUR), Age(HOUR), Open(HOUR), Count(2)],
    ids=str,
)
def test_every_trigger_is_said(of_level: Trigger) -> None:
    assert worded(trigger(of_level))


def test_the_list_of_triggers_is_whole() -> None:
    assert set(Trigger.__args__) == {Percent, Before, After, Age, Open, Count}


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_of_a_breach_is_said(cause: Cause) -> None:
    text = worded(breach(explained(Metric.RESOLUTION, cause), "UTC"))
    assert ("," in text) is (cause is not Cause.DEADLINE)


@pytest.mark.parametrize("ending", PauseEnding)
def test_every_ending_of_a_pause_is_said(ending: PauseEnding) -> None:
    span = Pause(NINE, NINE + HOUR, Pace.PAUSED, HOUR, "Pending", ending, "Open")
    text = worded(pause(span, "UTC"))
    assert (";" in text) is (ending is not PauseEnding.NOT_YET)


@pytest.mark.parametrize("unit", Period)
def test_every_unit_of_what_counted_is_said(unit: Period) -> None:
    days = [NINE + day * 24 * HOUR for day in range(9)]
    rows = tuple(Row(day, day + HOUR, HOUR, ahead=False) for day in days)
    breakdown = ElapsedBreakdown("UTC", unit, NOW, rows, (), (), 9 * HOUR, 0, 9 * HOUR, 0)
    assert f"in 9 {unit.value}s" in worded(counted(breakdown, "UTC"))


@pytest.mark.parametrize("unit", DurationUnit)
def test_every_unit_of_a_duration_is_said(unit: DurationUnit) -> None:
    assert worded(spoken(Duration(4 * HOUR, unit))) == "4 h"


# ------------------------------------------------------------------ why somebody is told


def values_of(kind: type[Any]) -> Any:
    """One value of a reason, whatever it holds."""
    samples = {
        "str": "Kim",
        "int": 2,
        "int | None": 2,
        "bool": True,
        "Value": "soon",
        "Value | None": "soon",
    }
    metrics = {"Metric": Metric.RESOLUTION, "Metric | None": Metric.RESOLUTION}
    fields = attrs.fields(kind)
    return kind(**{field.name: {**samples, **metrics}[field.type] for field in fields})


def told_because(reason: Reason, kind: Kind) -> Notice:
    notice = notice_of(Metric.RESOLUTION, kind=kind)
    alert = evolve(notice.lead.alert, reason=reason)
    return evolve(notice, items=(evolve(notice.lead, alert=alert),))


PROBLEMS = get_args(DataProblem)
REASONS = [kind for kind in get_args(Reason) if kind not in PROBLEMS]
UNSAID = (LevelDue,)
"""Of a level that was reached the message says no more than that."""


@pytest.mark.parametrize("kind", PROBLEMS)
def test_every_problem_of_the_data_is_told_with_what_to_do(kind: type[Any]) -> None:
    problem = values_of(kind)
    message = render(told_because(problem, Kind.FINDING), NOW)
    text = " ".join(message.email.split())
    assert reason_in_words(problem) in text
    assert "What to do: " in text
    assert message.sms.startswith("Finding ")


@pytest.mark.parametrize("kind", REASONS)
def test_every_reason_is_said_to_whom_it_is_told(kind: type[Any]) -> None:
    reason = values_of(kind)
    text = worded(render(told_because(reason, Kind.ALERT), NOW).email)
    assert ("You are told because" in text) is (kind not in UNSAID)
    of_the_end = worded(render(told_because(reason, Kind.CLEARED), NOW).email)
    assert f": {reason_in_words(reason)}." in of_the_end


# ------------------------------------------------------------------ people and links


@pytest.mark.parametrize("state", SubscriptionState)
def test_every_subscription_that_needs_somebody_says_why(state: SubscriptionState) -> None:
    since = NOW - LONG_PENDING
    if not Subscriber(state, since).needs_attention(NOW):
        return
    missing = Missing(Seat("manager", "email", "kim@example.org"), MANAGER, state, since)
    message = render_absence(Absence(MANAGER, (missing,), vacant=False), NOW)
    assert "it " in worded(message.email)


@pytest.mark.parametrize("state", LinkStatus)
def test_every_state_of_a_link_has_a_page(state: LinkStatus) -> None:
    assert "<title>" in page(LinkState(state, notice=notice_of(Metric.RESOLUTION)), NOW)


@pytest.mark.parametrize("refusal", PromiseRefusal)
def test_every_refusal_of_a_promise_is_said(refusal: PromiseRefusal) -> None:
    assert worded(not_promised(refusal))


@pytest.mark.parametrize("answer", Answer)
def test_every_answer_has_a_page(answer: Answer) -> None:
    notice = notice_of(Metric.RESOLUTION)
    assert "<title>" in page(LinkState(LinkStatus.OPEN, notice=notice, counted=answer), NOW)
