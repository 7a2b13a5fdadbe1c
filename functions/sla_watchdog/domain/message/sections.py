"""What stands below the first lines of an e-mail: who, what comes next, why, the tickets, the refs."""

from __future__ import annotations

from collections.abc import Iterator

from sla_watchdog.domain.clocks import Clock, State
from sla_watchdog.domain.message.layout import padded, wrapped
from sla_watchdog.domain.message.structured import link
from sla_watchdog.domain.message.text import brief, columns
from sla_watchdog.domain.message.wording import (
    METRIC,
    count_of,
    duration,
    heading,
    id_of,
    instant,
    lines_about,
    listed,
    name_of,
    open_time,
    owners,
    pauses,
    phrase,
    who,
    who_by_key,
)
from sla_watchdog.domain.notice import Item, Notice, TicketLine
from sla_watchdog.domain.policy import Metric

MOST_TOLD, MOST_OTHERS, MOST_TICKETS, MOST_REFS = 8, 8, 10, 7
"""Lines that a person reads; the structured body has more."""

INDENT = "  "
TIME_COLUMNS = 27
"""An instant with its weekday and offset."""


def sections(notice: Notice, now: int) -> Iterator[list[str]]:
    """Each with its title; one that has nothing to say is empty."""
    titled = {
        "OWNER": owner(notice),
        "ALSO": others(notice, now),
        "TOLD BEFORE": told(notice),
        "NEXT, IF NOBODY ACTS": upcoming(notice),
        "WHY": why(notice, now),
        "TICKETS" if notice.tickets[1:] else "TICKET": tickets(notice.tickets),
    }
    for title, found in titled.items():
        lines = list(found)
        yield [title, *lines] if lines else []
    yield list(foot(notice))


def owner(notice: Notice) -> Iterator[str]:
    lead = notice.lead
    if lead.clock is None:
        return
    teams = dict.fromkeys(team for line in lines_about(notice, lead) if (team := name_of(line.team)))
    said = (listed(owners(notice, lead)) or "nobody", f"team {listed(tuple(teams))}" if teams else "")
    yield from wrapped(", ".join(filter(None, said)), indent=INDENT)


def others(notice: Notice, now: int) -> Iterator[str]:
    """The other clocks that this message tells of; findings are among what is wrong when one leads."""
    rest = [item for item in notice.items[1:] if item.clock or notice.lead.clock]
    for item in rest[:MOST_OTHERS]:
        said = f"{heading(item)}: {phrase(item, now)} ({id_of(item.alert.subject)})"
        yield from wrapped(said, indent=INDENT)
    yield from _more(len(rest) - MOST_OTHERS, "alert")
    for clock in notice.also[:MOST_OTHERS]:
        yield from wrapped(f"{_overdue(clock, now)} ({id_of(clock.subject)})", indent=INDENT)


def _overdue(clock: Clock, now: int) -> str:
    if clock.metric is Metric.AGE or clock.breach_at is None:
        return f"open for {duration(now - clock.started_at)}"
    return f"{METRIC[clock.metric]} {duration(now - clock.breach_at + 1)} over"


def told(notice: Notice) -> Iterator[str]:
    """Who was told when; an audience and its urgent topic are one."""
    seen = list(dict.fromkeys((at, who_by_key(key), level) for at, key, level in notice.told))
    if len(seen) > MOST_TOLD:
        yield f"{INDENT}{len(seen) - MOST_TOLD} earlier, and then"
    for at, name, level in seen[-MOST_TOLD:]:
        yield from _row(instant(at, notice.zone), f"{name}, level {level + 1}", TIME_COLUMNS)


def upcoming(notice: Notice) -> Iterator[str]:
    coming = notice.coming
    if coming is None:
        return
    clock = name_of(coming.clock.replace("_", " "))
    said = f"{who(coming.recipient)} is told: {clock}, level {coming.level + 1}{', urgent' if coming.urgent else ''}"
    yield from _row(instant(coming.at, notice.zone), said, TIME_COLUMNS)


def why(notice: Notice, now: int) -> Iterator[str]:
    item, clock, level = notice.lead, notice.lead.clock, notice.lead.alert.level
    if clock is None:
        return
    about = "the case" if clock.metric is Metric.AGE else id_of(clock.subject)
    yield from _row("Clock", f"{METRIC[clock.metric]} of {about}, level {level + 1} of {len(clock.levels)}")
    rows = _of_age(clock, level, notice.zone) if clock.metric is Metric.AGE else _of_target(item, clock, notice, now)
    for label, text in rows:
        yield from _row(label, text)


def _of_age(clock: Clock, level: int, zone: str) -> Iterator[tuple[str, str]]:
    at = clock.levels[level] if level < len(clock.levels) else clock.due_at
    if at is not None:
        yield "Limit", f"{duration(at - clock.started_at)}, passed {instant(at, zone)}"
    yield "Started", instant(clock.started_at, zone)


def _of_target(item: Item, clock: Clock, notice: Notice, now: int) -> Iterator[tuple[str, str]]:
    yield "Limit", f"{open_time(clock.target)} of open time, calendar {name_of(clock.calendar)}"
    yield "Rule", brief(clock.rule, 60)
    yield "Started", instant(clock.started_at, notice.zone)
    count, total = pauses(clock, now)
    if count:
        yield "Paused", f"{'once' if count == 1 else f'{count} times'}, for {duration(total)} (by the wall clock)"
    due = "" if clock.due_at is None else instant(clock.due_at, notice.zone)
    if due:
        yield "Due", due
    if clock.breach_at is not None and item.state is State.BREACHED:
        breach = instant(clock.breach_at, notice.zone)
        if breach != due:
            yield "Breached", breach


def tickets(lines: tuple[TicketLine, ...]) -> Iterator[str]:
    for line in lines[:MOST_TICKETS]:
        facts = (brief(line.status, 30), f"owner {name_of(line.owner) or 'nobody'}", _named("team", line.team))
        yield from wrapped(", ".join(filter(None, (id_of(line.id), *facts))), indent=INDENT)
        yield from wrapped(brief(line.subject, 120), indent=2 * INDENT)
        if address := link(line.url):
            yield 2 * INDENT + address
    yield from _more(len(lines) - MOST_TICKETS, "ticket")


def _named(what: str, name: str) -> str:
    return f"{what} {said}" if (said := name_of(name)) else ""


def foot(notice: Notice) -> Iterator[str]:
    refs = tuple(dict.fromkeys(item.alert.ref for item in notice.items))
    more = f" and {len(refs) - MOST_REFS} more" if len(refs) > MOST_REFS else ""
    yield from wrapped(f"Ref {' '.join(refs[:MOST_REFS])}{more}, to {who(notice.recipient)}.")
    yield from wrapped(f"Times are those of {notice.zone}, each with its offset from UTC.")


def _more(count: int, what: str) -> Iterator[str]:
    if count > 0:
        yield f"{INDENT}and {count_of(count, f'more {what}', f'more {what}s')}"


def _row(label: str, text: str, width: int = 10) -> Iterator[str]:
    """`label` in a column of its own, the text beside it, its further lines below itself."""
    beside = INDENT + " " * (width + 2)
    lines = wrapped(text, indent=beside)
    if lines:
        yield INDENT + padded(label, width) + "  " + lines[0][columns(beside) :]
        yield from lines[1:]
