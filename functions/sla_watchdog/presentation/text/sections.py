"""What stands below the first lines of an e-mail: who, what comes next, why, the tickets, the refs."""

from __future__ import annotations

from collections.abc import Iterator

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.policy.model import TARGETS
from sla_watchdog.domain.text.display import brief, columns
from sla_watchdog.domain.text.times import count_of, duration, instant
from sla_watchdog.presentation.text.case_history import past_in_words
from sla_watchdog.presentation.text.finding import OF_THE_SET_UP
from sla_watchdog.presentation.text.layout import padded, whole, wrapped
from sla_watchdog.presentation.text.structured import MOST_NAMED, link
from sla_watchdog.presentation.text.why import why as reasons
from sla_watchdog.presentation.text.wording import (
    clock_name,
    heading,
    id_of,
    lines_about,
    listed,
    name_of,
    notification_line,
    owned,
    phrase,
    who,
    who_by_key,
)
from sla_watchdog.presentation.view.notice import Kind, Notice
from sla_watchdog.presentation.words import METRIC, signal

MOST_TOLD, MOST_OTHERS, MOST_TICKETS, MOST_REFS = 8, 8, 10, 7
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
    for title, found in titled.items():
        lines = list(found)
        yield [title, *lines] if lines else []
    yield list(foot(notice))


def owner(notice: Notice, now: int) -> Iterator[str]:
    lead = notice.lead
    if lead.kind not in (Kind.ALERT, Kind.WITHDRAWN):
        return
    teams = dict.fromkeys(
        team for line in lines_about(notice, lead) if (team := name_of(line.team))
    )
    said = (owned(notice, lead, now), f"team {listed(tuple(teams))}" if teams else "")
    yield from wrapped(", ".join(filter(None, said)), indent=INDENT)


def others(notice: Notice, now: int) -> Iterator[str]:
    """The other clocks that this message tells of; findings are among what is wrong when one leads."""
    rest = [
        item
        for item in notice.items[1:]
        if item.kind is not Kind.FINDING or notice.lead.kind is not Kind.FINDING
    ]
    for item in rest[:MOST_OTHERS]:
        said = f"{heading(item)}: {phrase(item, now)} ({id_of(item.alert.subject)})"
        yield from wrapped(said, indent=INDENT)
    yield from _more(len(rest) - MOST_OTHERS, "alert")
    for clock in notice.also[:MOST_OTHERS] if notice.lead.kind is Kind.ALERT else ():
        yield from wrapped(f"{_overdue(clock, now)} ({id_of(clock.subject)})", indent=INDENT)


def _overdue(clock: Clock, now: int) -> str:
    if clock.metric not in TARGETS or clock.breach_at is None:
        return signal(clock, now)
    return f"{METRIC[clock.metric]} {duration(now - clock.breach_at + 1)} over"


def acknowledged(notice: Notice, now: int) -> Iterator[str]:
    """Who took it and what was promised."""
    made = notice.promise
    if made is None or notice.lead.kind not in (Kind.ALERT, Kind.WITHDRAWN):
        return
    if notice.past and any(made.until <= at <= now for at in notice.past.reopenings):
        return  # it was about what was resolved since
    by, at, until = (
        whole(said)
        for said in (name_of(made.by) or "Somebody", *_times(notice, made.at, made.until))
    )
    then = "without one, the case escalates"
    if made.kept or made.broken(now):
        then = "it came" if made.kept else "it did not come, so the case escalates"
    yield from wrapped(
        f"{by} took it on {at} and promised an update by {until}; {then}.", indent=INDENT
    )


def _times(notice: Notice, *instants: int) -> Iterator[str]:
    return (instant(at, notice.zone) for at in instants)


def so_far(notice: Notice, now: int) -> Iterator[str]:
    """The case's past, for somebody who hears of it for the first time."""
    if notice.lead.kind is Kind.ALERT:
        for label, said in past_in_words(notice, now):
            yield from _row(label, said)


def notified(notice: Notice) -> Iterator[str]:
    """Who was told when; an audience and its urgent topic are one."""
    seen: dict[tuple[int, str], dict[str, None]] = {}
    for each in notice.notified:
        seen.setdefault((each.at, who_by_key(each.to)), {})[
            whole(notification_line(notice, each))
        ] = None
    if len(seen) > MOST_TOLD:
        yield f"{INDENT}{len(seen) - MOST_TOLD} earlier, and then"
    for (at, name), said in list(seen.items())[-MOST_TOLD:]:
        yield from _row(instant(at, notice.zone), f"{name}: {'; '.join(said)}", TIME_COLUMNS)


def upcoming(notice: Notice) -> Iterator[str]:
    upcoming = notice.upcoming
    if upcoming is None or notice.lead.kind is Kind.CLEARED:
        return
    urgent = ", urgent" if upcoming.urgent else ""
    said = f"{who(upcoming.recipient)} is told: {clock_name(upcoming.clock)}, level {upcoming.level + 1}{urgent}"
    yield from _row(instant(upcoming.at, notice.zone), said, TIME_COLUMNS)


def why(notice: Notice) -> Iterator[str]:
    if notice.why is None or notice.lead.clock is None:
        return
    for label, text in reasons(notice.why, notice.ruling, notice.lead.alert.level, notice.zone):
        yield from _row(label, text)


def tickets(notice: Notice, now: int) -> Iterator[str]:
    """Every open ticket by its id at least; those that are over are counted, unless all are."""
    if notice.lead.alert.clock in OF_THE_SET_UP:
        return
    lines = notice.open_tickets or notice.tickets
    nobody = "no assignee" if notice.taken(now) else "owner nobody"
    for line in lines[:MOST_TICKETS]:
        facts = (
            brief(line.status, 30),
            _named("owner", line.owner) or nobody,
            _named("team", line.team),
        )
        yield from wrapped(", ".join(filter(None, (id_of(line.id), *facts))), indent=INDENT)
        yield from wrapped(brief(line.subject, 120), indent=2 * INDENT)
        if address := link(line.url):
            yield 2 * INDENT + address
    rest = lines[MOST_TICKETS : MOST_TICKETS + MOST_NAMED]
    if rest:
        yield from wrapped(
            f"and {', '.join(whole(id_of(line.id)) for line in rest)}", indent=INDENT
        )
    yield from _more(len(lines) - MOST_TICKETS - MOST_NAMED, "ticket")
    if ended := len(notice.tickets) - len(lines):
        yield f"{INDENT}and {count_of(ended, 'ticket')} of this case that {'is' if ended == 1 else 'are'} over"


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
