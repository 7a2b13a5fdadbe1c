"""What stands below the first lines of an e-mail: who, what comes next, why, tickets, refs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.policy.model import TARGETS
from sla_watchdog.domain.text.display import brief, columns
from sla_watchdog.presentation.text.case_history import past_in_words
from sla_watchdog.presentation.text.finding import OF_THE_SET_UP
from sla_watchdog.presentation.text.layout import commas, padded, whole, wrapped
from sla_watchdog.presentation.text.promised import (
    DONE,
    NOT_DONE,
    OTHERWISE,
    WHAT,
    continues,
    holds_nothing,
)
from sla_watchdog.presentation.text.structured import MOST_NAMED, link
from sla_watchdog.presentation.text.why import why as reasons
from sla_watchdog.presentation.text.wording import (
    clock_name,
    heading,
    id_of,
    named,
    notification_line,
    owned,
    phrase,
    taker,
    teams,
    who,
    who_by_key,
)
from sla_watchdog.presentation.times import count_of, duration, instant
from sla_watchdog.presentation.view.notice import Item, Kind, Notice, TicketLine
from sla_watchdog.presentation.words import METRIC, signal

MOST_NOTIFIED, MOST_OTHERS, MOST_TICKETS, MOST_REFS = 8, 8, 10, 7
"""Lines that a person reads; the structured body has more."""

INDENT = "  "
TIME_COLUMNS = 27
"""An instant with its weekday and offset."""


def sections(notice: Notice, now: int) -> Iterator[list[str]]:
    """Each with its title; one that has nothing to say is empty."""
    titled = {
        "OWNER": owner(notice, now),
        "ALSO": others(notice, now),
        "ACKNOWLEDGED": acknowledged(notice, now),
        "SO FAR": so_far(notice, now),
        "TOLD BEFORE": notified(notice),
        "NEXT, IF NOBODY ACTS": upcoming(notice),
        "WHY": why(notice),
        "TICKETS" if notice.tickets[1:] else "TICKET": tickets(notice, now),
    }
    for title, section in titled.items():
        lines = list(section)
        yield [title, *lines] if lines else []
    yield list(foot(notice))


def owner(notice: Notice, now: int) -> Iterator[str]:
    lead = notice.lead
    if lead.kind not in (Kind.ALERT, Kind.WITHDRAWN):
        return
    yield from _indented(commas(owned(notice, lead, now), teams(notice, lead)))


# ------------------------------------------------------------------ other clocks


def others(notice: Notice, now: int) -> Iterator[str]:
    """The other clocks that this message tells of, without what its first lines name already."""
    items = [item for item in notice.items[1:] if not _is_in_situation(item, notice)]
    for item in items[:MOST_OTHERS]:
        alert = f"{heading(item)}: {phrase(item, now)} ({id_of(item.alert.subject)})"
        yield from _indented(alert)
    yield from _more(len(items) - MOST_OTHERS, "alert")
    if notice.lead.kind is Kind.ALERT:
        for clock in notice.also[:MOST_OTHERS]:
            yield from _indented(f"{_overdue(clock, now)} ({id_of(clock.subject)})")


def _is_in_situation(item: Item, notice: Notice) -> bool:
    return item.kind is Kind.FINDING and notice.lead.kind is Kind.FINDING


def _overdue(clock: Clock, now: int) -> str:
    if clock.metric not in TARGETS or clock.breach_at is None:
        return signal(clock, now)
    return f"{METRIC[clock.metric]} {duration(now - clock.breach_at + 1)} over"


# ------------------------------------------------------------------ who knows, and who will


def acknowledged(notice: Notice, now: int) -> Iterator[str]:
    """Who took it and what was promised."""
    promise = notice.promise
    if promise is None or notice.lead.kind not in (Kind.ALERT, Kind.WITHDRAWN):
        return
    if _is_of_before(promise, notice, now):
        return
    by = whole(taker(promise))
    at = whole(instant(promise.at, notice.zone))
    until = whole(instant(promise.until, notice.zone))
    yield from _indented(
        f"{by} took it on {at} and promised {WHAT[promise.kind]} {until}; {_outcome(promise, now)}."
    )
    if promise.holds(now) and holds_nothing(promise):
        yield from _indented(continues(promise.in_a_row))


def _is_of_before(promise: Promise, notice: Notice, now: int) -> bool:
    """Whether it was about what was resolved since."""
    if notice.past is None:
        return False
    return any(promise.until <= at <= now for at in notice.past.reopenings)


def _outcome(promise: Promise, now: int) -> str:
    if promise.kept:
        return DONE[promise.kind]
    if promise.broken(now):
        return f"{NOT_DONE[promise.kind]}, so the case escalates"
    return f"{OTHERWISE[promise.kind]}, the case escalates"


def so_far(notice: Notice, now: int) -> Iterator[str]:
    """The case's past, for somebody who hears of it for the first time."""
    if notice.lead.kind is not Kind.ALERT:
        return
    for label, text in past_in_words(notice, now):
        yield from _row(label, text)


def notified(notice: Notice) -> Iterator[str]:
    """Who was notified when; an audience and its urgent topic are one."""
    rows = _notified_together(notice)
    earlier = len(rows) - MOST_NOTIFIED
    if earlier > 0:
        yield f"{INDENT}{earlier} earlier, and then"
    for (at, name), lines in list(rows.items())[-MOST_NOTIFIED:]:
        text = f"{name}: {'; '.join(lines)}"
        yield from _row(instant(at, notice.zone), text, TIME_COLUMNS)


def _notified_together(notice: Notice) -> dict[tuple[int, str], list[str]]:
    """By instant and recipient: of what they were notified, each line once."""
    rows: dict[tuple[int, str], list[str]] = {}
    for past in notice.notified:
        lines = rows.setdefault((past.at, who_by_key(past.to)), [])
        line = whole(notification_line(notice, past))
        if line not in lines:
            lines.append(line)
    return rows


def upcoming(notice: Notice) -> Iterator[str]:
    upcoming = notice.upcoming
    if upcoming is None or notice.lead.kind is Kind.CLEARED:
        return
    level = f"level {upcoming.level + 1}"
    urgent = "urgent" if upcoming.urgent else ""
    what = commas(clock_name(upcoming.clock), level, urgent)
    text = f"{who(upcoming.recipient)} is told: {what}"
    yield from _row(instant(upcoming.at, notice.zone), text, TIME_COLUMNS)


def why(notice: Notice) -> Iterator[str]:
    if notice.why is None or notice.lead.clock is None:
        return
    for label, text in reasons(notice.why, notice.ruling, notice.lead.alert.level, notice.zone):
        yield from _row(label, text)


# ------------------------------------------------------------------ tickets


def tickets(notice: Notice, now: int) -> Iterator[str]:
    """Every open ticket by its id at least; those that are over are counted, unless all are."""
    if notice.lead.alert.clock in OF_THE_SET_UP:
        return
    lines = notice.open_tickets or notice.tickets
    nobody = "no assignee" if notice.taken(now) else "owner nobody"
    for line in lines[:MOST_TICKETS]:
        yield from _ticket(line, nobody)
    yield from _only_named(lines[MOST_TICKETS : MOST_TICKETS + MOST_NAMED])
    yield from _more(len(lines) - MOST_TICKETS - MOST_NAMED, "ticket")
    yield from _over(len(notice.tickets) - len(lines))


def _ticket(line: TicketLine, nobody: str) -> Iterator[str]:
    """Up to three lines; `nobody` is what is said of one without an owner."""
    status = brief(line.status, 30)
    owner = named("owner", line.owner) or nobody
    team = named("team", line.team)
    yield from _indented(commas(id_of(line.id), status, owner, team))
    yield from wrapped(brief(line.subject, 120), indent=2 * INDENT)
    address = link(line.url)
    if address:
        yield 2 * INDENT + address


def _only_named(lines: Sequence[TicketLine]) -> Iterator[str]:
    if lines:
        names = ", ".join(whole(id_of(line.id)) for line in lines)
        yield from _indented(f"and {names}")


def _over(count: int) -> Iterator[str]:
    if count > 0:
        verb = "is" if count == 1 else "are"
        yield f"{INDENT}and {count_of(count, 'ticket')} of this case that {verb} over"


# ------------------------------------------------------------------ foot and rows


def foot(notice: Notice) -> Iterator[str]:
    refs = tuple(dict.fromkeys(item.alert.ref for item in notice.items))
    shown = " ".join(refs[:MOST_REFS])
    if len(refs) > MOST_REFS:
        shown += f" and {len(refs) - MOST_REFS} more"
    yield from wrapped(f"Ref {shown}, to {who(notice.recipient)}.")
    yield from wrapped(f"Times are those of {notice.zone}, each with its offset from UTC.")


def _indented(text: str) -> list[str]:
    return wrapped(text, indent=INDENT)


def _more(count: int, what: str) -> Iterator[str]:
    if count > 0:
        more = count_of(count, f"more {what}")
        yield f"{INDENT}and {more}"


def _row(label: str, text: str, width: int = 10) -> Iterator[str]:
    """`label` in a column of its own, the text beside it, its further lines below itself."""
    beside = INDENT + " " * (width + 2)
    lines = wrapped(text, indent=beside)
    if lines:
        yield INDENT + padded(label, width) + "  " + lines[0][columns(beside) :]
        yield from lines[1:]
