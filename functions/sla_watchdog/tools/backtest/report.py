"""report.html: one page that stands by itself, to be read on a screen or on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from sla_watchdog.presentation.html.shell import figures, heading, paragraph
from sla_watchdog.presentation.text.evidence import of_history
from sla_watchdog.presentation.text.wording import who
from sla_watchdog.presentation.times import count_of, open_time
from sla_watchdog.tools.backtest.charts import attainment_chart, load_chart, unit
from sla_watchdog.tools.backtest.comparison import changes, loads
from sla_watchdog.tools.backtest.page import Cell, page, table, wide_section
from sla_watchdog.tools.backtest.play import Played
from sla_watchdog.tools.backtest.result import Result
from sla_watchdog.tools.backtest.rows import utc
from sla_watchdog.tools.backtest.summary import SHOWN, TicketsByVerdict, noisiest, per_day, worst
from sla_watchdog.tools.loudness.loads import SHARE, Loudness, RecipientLoad
from sla_watchdog.tools.loudness.rule_names import rule_name
from sla_watchdog.tools.loudness.text import warnings

LOUDEST = 3
"""Recipients of each audience that are listed."""

ODD = {
    "before_creation": "before the ticket was created",
    "after_closing": "after it was closed",
}


Draw: TypeAlias = Callable[..., str]
"""Calls the chart given first with the rest, here or in another process."""


def drawn_here(chart: Draw, *of: object) -> str:
    return chart(*of)


def report(result: Result, draw: Draw = drawn_here) -> str:
    parts = [
        _top(result),
        _kept(result, draw),
        _told(result, draw),
        _noisy(result.played),
        _worst(result.played),
    ]
    if result.against:
        parts.insert(1, _changed(result, result.against))
    return page("".join(parts))


def _top(result: Result) -> str:
    history, played = result.history, result.played
    rows = played.attainment
    met, breached = sum(row.met for row in rows), sum(row.breached for row in rows)
    shown = {
        "tickets": f"{len(history.tickets):,}",
        "events": f"{history.events:,}",
        "targets kept": f"{100 * met / (met + breached):.1f} %"
        if met + breached
        else "none decided",
        "messages": f"{sum(audience.messages for audience in result.audiences):,}",
        "unresolved": f"{played.unresolved:,}",
    }
    span = (
        f"From {_short(utc(history.first))} until {_short(utc(played.until))}; all times are UTC."
    )
    odd = [f"{count:,} {ODD[name]}" for name, count in result.odd_events.items() if count]
    lines = f" Odd events, taken in all the same: {', '.join(odd)}." if odd else ""
    not_judged = map(paragraph, of_history(played.evidence, played.policy))
    return heading("Backtest") + paragraph(span + lines) + "".join(not_judged) + figures(shown)


def _kept(result: Result, draw: Draw) -> str:
    rows = result.played.attainment
    if not rows:
        return wide_section("Targets kept", "No policy has a target.")
    before = (
        {(row.policy, row.clock): row for row in result.against.attainment}
        if result.against
        else {}
    )
    head = [
        "policy",
        "clock",
        "met",
        "breached",
        "running",
        "paused",
        "kept",
        *(["before"] if before else []),
    ]
    lines: list[list[Cell]] = [
        [*_attained(row), *([_percent(before.get((row.policy, row.clock)))] if before else [])]
        for row in rows
    ]
    if any(row.not_judged for row in rows):
        head.append("not judged")
        for line, row in zip(lines, rows, strict=True):
            line.append(row.not_judged)
    text = (
        "Tickets by verdict. Kept is met of those decided; of several exchanges of a ticket "
        "the worst counts."
    )
    chart = draw(attainment_chart, rows, "Share of tickets by verdict, for each policy and clock")
    return wide_section("Targets kept", text, chart, table(head, lines))


def _attained(row: TicketsByVerdict) -> list[Cell]:
    return [row.policy, row.clock, row.met, row.breached, row.running, row.paused, _percent(row)]


def _percent(row: TicketsByVerdict | None) -> str:
    return "" if row is None or row.kept is None else f"{row.kept:.1f} %"


def _told(result: Result, draw: Draw) -> str:
    audiences = result.audiences
    if not audiences:
        return wide_section("Who would have been told", "Nobody: no level came due.")
    head = ["audience", "messages", "per week", "busiest day", "on it", "topics", "urgent copies"]
    lines: list[list[Cell]] = [
        [
            audience.audience,
            audience.messages,
            audience.per_week,
            audience.busiest_day,
            audience.on_busiest_day,
            audience.topics,
            audience.urgent_copies,
        ]
        for audience in audiences
    ]
    before = per_day(result.against.loudness) if result.against else {}
    per = unit(result.days)
    outline = " The dashed line is the policy compared with." if before else ""
    text = (
        f"Messages a {per}. Alerts of one case to one topic at one instant are one message, and so "
        f"is all that waits for one digest.{outline}"
    )
    chart = draw(
        load_chart,
        result.days,
        per_day(result.played.loudness),
        before,
        f"Messages a {per} to each audience",
    )
    told = wide_section("Who would have been told", text, chart, table(head, lines))
    return told + _loud(result.played.loudness)


def _loud(loudness: Loudness) -> str:
    head = ["recipient", "median", f"{SHARE} % of days", "busiest", "most by", "share"]
    lines = [_line(load, loudness) for load in _shown(loudness)]
    warned = "".join(f" {warning}" for warning in warnings(loudness))
    text = (
        f"Of all {len(loudness.days):,} days, those without a message counted as 0; of each "
        f"audience the loudest recipients.{warned}"
    )
    return wide_section("Messages a day", text, table(head, lines))


def _shown(loudness: Loudness) -> Iterator[RecipientLoad]:
    for audience in loudness.audiences:
        yield from audience.recipients[:LOUDEST]


def _line(load: RecipientLoad, loudness: Loudness) -> list[Cell]:
    cause = load.cause
    return [
        who(load.recipient),
        load.load.median,
        load.load.percentile,
        load.load.busiest.messages,
        "" if cause is None else rule_name(cause.cause, loudness.policy),
        "" if cause is None else f"{cause.percent} %",
    ]


def _short(at: str) -> str:
    """`2016-04-14 22:00`."""
    return at[:16].replace("T", " ")


def _noisy(played: Played) -> str:
    sources = noisiest(played.messages)
    if not sources:
        return ""
    total = sum(source.alerts for source in sources)
    lines: list[list[Cell]] = [
        [
            source.policy,
            source.clock,
            source.level,
            source.alerts,
            f"{100 * source.alerts / total:.1f} %",
            source.subjects,
        ]
        for source in sources[:SHOWN]
    ]
    text = "Alerts by the level that made them, repetitions included, each recipient counted."
    return wide_section(
        "The noisiest rules",
        text,
        table(["policy", "clock", "level", "alerts", "share", "tickets or cases"], lines),
    )


def _worst(played: Played) -> str:
    clocks = worst(played.over, played.messages)
    if not clocks:
        return ""
    lines: list[list[Cell]] = [
        [
            clock.ticket,
            clock.clock,
            clock.policy,
            _short(clock.due_at),
            _short(clock.stopped_at) or "not yet",
            open_time(clock.over_seconds),
            clock.alerts,
        ]
        for clock in clocks
    ]
    head = ["ticket", "clock", "policy", "due", "stopped", "over by", "alerts of its case"]
    text = (
        f"The {count_of(len(clocks), 'clock')} that ran the longest past their targets, in "
        "open time of the calendar."
    )
    return wide_section("The worst cases", text, table(head, lines))


def _changed(result: Result, other: Played) -> str:
    verdicts: list[list[Cell]] = [
        [change.clock, change.before, change.after, change.tickets]
        for change in changes(other.clocks, result.played.clocks)
    ]
    messages: list[list[Cell]] = [
        [load.audience, load.before, load.after, _signed(load.after - load.before)]
        for load in loads(other.loudness, result.played.loudness)
    ]
    parts: Sequence[str] = (
        table(["clock", "before", "after", "tickets"], verdicts)
        if verdicts
        else "<p>No verdict changes.</p>\n",
        table(["audience", "messages before", "after", "change"], messages),
    )
    text = (
        "Before is the policy compared with, after the one that is tested. Only verdicts that "
        "differ are listed."
    )
    return wide_section("What changes", text, *parts)


def _signed(number: int) -> str:
    return "0" if not number else f"{number:+,}".replace("-", "\N{MINUS SIGN}")
