"""What became of a case so far, in five lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sla_watchdog.presentation.text.layout import whole
from sla_watchdog.presentation.text.wording import id_of, listed, name_of
from sla_watchdog.presentation.times import day, duration, instant, times
from sla_watchdog.presentation.view.case_history import CaseHistory
from sla_watchdog.presentation.view.notice import Notice


def past_in_words(notice: Notice, now: int) -> Iterator[tuple[str, str]]:
    """Label and text: opened, teams, reopenings, replies, and how long nothing has moved."""
    past = notice.past
    if past is None:
        return
    zone = notice.zone
    by = "the desk" if past.by_agent else "the customer"
    opened = whole(instant(notice.opened_at, zone))
    since = whole(instant(past.idle_since, zone))
    idle = whole(duration(now - past.idle_since))
    yield "Opened", f"{opened} by {by}, as {whole(id_of(past.opened_as))}"
    yield "Teams", _teams(past.teams, past.handovers)
    yield "Reopened", _reopened(past, zone)
    yield "Replies", _replies(past, zone)
    yield "Progress", f"none for {idle}, since {since}"


def asked(requests: Sequence[int], ended: int, zone: str) -> str:
    """`asked 4 times since 7 March 2022; closed 3 times`; '' for a customer who asked once."""
    if len(requests) < 2:
        return ""
    since = whole(day(requests[0], zone))
    closed = f"closed {times(ended)}" if ended else "never closed"
    return f"asked {times(len(requests))} since {since}; {closed}"


def _teams(teams: Sequence[str], handovers: int) -> str:
    names = tuple(filter(None, map(name_of, teams)))
    text = listed(names) or "none"
    if not handovers:
        return text
    return f"{text}; passed on {times(handovers)}"


def _reopened(past: CaseHistory, zone: str) -> str:
    """When it was last is known only where each was seen."""
    if not past.reopened:
        return "never"
    if past.reopened > len(past.reopenings):
        return f"{times(past.reopened)}, as the ticket itself counts"
    return times(past.reopened) + _last(past.reopenings, zone)


def _last(instants: Sequence[int], zone: str) -> str:
    if not instants:
        return ""
    return f", last {whole(instant(instants[-1], zone))}"


def _replies(past: CaseHistory, zone: str) -> str:
    if not past.replies and not past.asked:
        return "none is known, of either side"
    desk = _messages(past.replies, "desk", zone)
    customer = _messages(past.asked, "customer", zone)
    return f"{desk}; {customer}"


def _messages(instants: Sequence[int], side: str, zone: str) -> str:
    count = f"{len(instants):,} by the {side}"
    return whole(count + _last(instants, zone))
