"""What targets, signals, limits and examples of a policy file mean once they are read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from building import DAY, HOUR, at
from sla_watchdog.domain.policy.model import (
    Acknowledge,
    Count,
    Level,
    Matters,
    Metric,
    Open,
    Pauses,
    Repeat,
)
from sla_watchdog.tools.imports.events import EventKind
from sla_watchdog.tools.policy_file import PolicyForm, read_policy

FULL = (Path(__file__).parent / "policy_files" / "full.yaml").read_text()


def form_of(text: str = FULL) -> PolicyForm:
    return read_policy(text, "policy.yaml", date(2026, 3, 1)).form


def test_each_clock_may_have_a_target() -> None:
    targets = {target.metric: target for target in form_of().policy.rules[1].targets}
    assert {metric: target.within for metric, target in targets.items()} == {
        Metric.FIRST_RESPONSE: HOUR,
        Metric.NEXT_RESPONSE: 4 * HOUR,
        Metric.UPDATE: 8 * HOUR,
        Metric.FIRST_RESOLUTION: 12 * HOUR,
        Metric.RESOLUTION: 16 * HOUR,
    }
    assert targets[Metric.FIRST_RESPONSE].pauses_in == {"waiting"}
    assert targets[Metric.UPDATE].pauses_in == set()
    assert {target.due for target in targets.values()} == {None}


def test_a_deadline_set_elsewhere_has_no_length_of_its_own() -> None:
    targets = form_of().policy.rules[0].targets
    assert [(t.due, t.within, t.stops_at) for t in targets] == [
        ("due_at", 0, "resolved"),
        ("promised", 0, "closed"),
    ]


def test_signals_of_one_kind_are_one_ladder_the_lowest_first_however_they_are_written() -> None:
    signals = form_of().policy.signals
    assert {metric: ladder.levels for metric, ladder in signals.items()} == {
        Metric.REOPENED: (
            Level(Count(2), ("owner",)),
            Level(Count(4), ("manager",), urgent=True, repeat=Repeat(DAY, doubling=False)),
        ),
        Metric.REASSIGNED: (Level(Count(5), ("manager",)),),
        Metric.BOUNCED: (Level(Count(1), ("manager",)),),
        Metric.TOUCHES: (Level(Count(6), ("manager",)),),
        Metric.PROGRESS: (
            Level(Open(24 * HOUR), ("manager",), repeat=Repeat(2 * DAY, doubling=True)),
        ),
        Metric.UNOWNED: (Level(Open(5400), ("manager",)),),
    }


def test_limits_are_what_the_file_says() -> None:
    policy = form_of().policy
    assert policy.pauses == Pauses(40 * HOUR, 120 * HOUR, ("manager",))
    assert policy.matters == Matters(14 * DAY, 180 * DAY)
    assert policy.acknowledge == Acknowledge(24 * HOUR, 3)


def test_a_message_after_the_end_is_thanks_only_where_the_file_says_so() -> None:
    written = FULL.replace("matters: {", "cases: {thanks: 1h30m}\nmatters: {")
    assert written != FULL
    assert (form_of().policy.thanks, form_of(written).policy.thanks) == (None, 5400)


def test_what_is_left_out_has_its_default() -> None:
    start, end = FULL.index("signals:"), FULL.index("examples:")
    policy = form_of(FULL[:start] + FULL[end:]).policy
    assert policy.signals == {}
    assert policy.pauses == Pauses(None, None, ())
    assert policy.matters == Matters(60 * DAY, 365 * DAY)
    assert policy.acknowledge == Acknowledge(16 * HOUR, 2)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("{quiet: 1w}", Matters(7 * DAY, 365 * DAY)),
        ("{linked: 30d}", Matters(30 * DAY, 30 * DAY)),
        ("{quiet: 400d}", Matters(400 * DAY, 400 * DAY)),
    ],
    ids=["quiet", "linked for less than quiet", "quiet for more than linked"],
)
def test_of_a_matter_one_time_alone_will_do(written: str, wanted: Matters) -> None:
    text = FULL.replace("{quiet: 2w, linked: 180d}", written)
    assert form_of(text).policy.matters == wanted


@pytest.mark.parametrize(
    ("gap", "wanted"),
    [("2w", Matters(14 * DAY, 14 * DAY)), ("90d", Matters(60 * DAY, 90 * DAY))],
)
def test_the_gap_of_before_is_how_long_a_link_reaches_and_the_new_name_is_said(
    gap: str, wanted: Matters
) -> None:
    text = FULL.replace("matters: {quiet: 2w, linked: 180d}", f"cases: {{gap: {gap}, thanks: 1h}}")
    checked = read_policy(text, "policy.yaml", date(2026, 3, 1))
    assert (checked.form.policy.matters, checked.form.policy.thanks) == (wanted, HOUR)
    (warning,) = checked.warnings
    assert (warning.path, warning.message) == (
        "cases.gap",
        "`gap` is called `matters: {linked: …}` now",
    )
    assert "write `matters: {linked: " in warning.hint


@pytest.mark.parametrize(("gap", "days"), [("14d", "14d"), ("2w", "14d"), ("8h", "1d")])
def test_the_new_name_that_is_said_can_be_written(gap: str, days: str) -> None:
    matters = "matters: {quiet: 2w, linked: 180d}"
    checked = read_policy(FULL.replace(matters, f"cases: {{gap: {gap}}}"), "p", date(2026, 3, 1))
    advised = f"matters: {{linked: {days}}}"
    assert advised in checked.warnings[0].hint
    assert form_of(FULL.replace(matters, advised))


@pytest.mark.parametrize(
    ("written", "pauses"),
    [("{longest: 40h}", Pauses(40 * HOUR, None)), ("{total: 8h}", Pauses(None, 8 * HOUR))],
    ids=["one pause", "all together"],
)
def test_one_limit_alone_will_do(written: str, pauses: Pauses) -> None:
    text = FULL.replace("{longest: 40h, total: 120h, tell: [manager]}", written)
    assert form_of(text).policy.pauses == pauses


# ------------------------------------------------------------------ examples


def test_events_of_an_example_are_those_of_an_event_file() -> None:
    created, reply, assigned = form_of().examples[0].events
    assert (created.ticket, created.kind, created.at) == (
        "T-1",
        EventKind.CREATED,
        at("2026-03-27T15:00+01:00"),
    )
    assert created.attributes == {"status": "New", "priority": "High", "tags": ["web", "takedown"]}
    assert (reply.kind, reply.by, reply.at) == (
        EventKind.REPLY,
        "agent",
        at("2026-03-27T15:30+01:00"),
    )
    assert assigned.attributes == {"assignee": None}


def test_what_an_example_expects_knows_its_line() -> None:
    example = form_of().examples[0]
    assert (example.name, example.until) == ("a weekend is not open", at("2026-03-27T16:30+01:00"))
    assert [
        (d.ticket, d.metric, d.moment.at if d.moment else None, d.node.place.line)
        for d in example.due
    ] == [
        ("T-1", Metric.FIRST_RESPONSE, None, 66),
        ("T-1", Metric.RESOLUTION, at("2026-03-31T15:00+02:00"), 66),
    ]
    assert example.alerts is not None
    (notified,) = example.alerts
    assert (
        notified.at.at,
        notified.clock,
        notified.level,
        notified.tell,
        notified.ticket,
        notified.node.place.line,
    ) == (
        at("2026-03-27T16:30+01:00"),
        "unowned",
        1,
        ("manager",),
        None,
        68,
    )


def test_an_example_without_an_end_ends_with_its_last_event() -> None:
    example = form_of().examples[1]
    assert example.until == at("2026-03-02T10:00+01:00")
    assert [(due.ticket, due.metric) for due in example.due] == [
        ("T-1", Metric.RESOLUTION),
        ("T-2", Metric.FIRST_RESPONSE),
    ]
    assert example.alerts == ()


def test_alerts_that_are_left_out_are_not_checked() -> None:
    assert form_of(FULL.replace("}}, alerts: []}", "}}}")).examples[1].alerts is None
