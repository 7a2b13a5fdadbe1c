"""What became of a case so far, in five lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sla_watchdog.domain.text.times import duration, instant, times
from sla_watchdog.presentation.text.layout import whole
from sla_watchdog.presentation.text.wording import id_of, listed, name_of
from sla_watchdog.presentation.view.case_history import CaseHistory
from sla_watchdog.presentation.view.notice import Notice


def past_in_words(notice: Notice, now: int) -> Iterator[tuple[str, str]]:
    """Label and text: opened, teams, reopenings, replies, and how long nothing has moved."""
    past = notice.past
    if past is None:
        return
    when = whole(instant(notice.opened_at, notice.zone))
    by = "the desk" if past.by_agent else "the customer"
    yield "Opened", f"{when} by {by}, as {whole(id_of(past.opened_as))}"
    yield "Teams", _teams(past.teams, past.handovers)
    yield "Reopened", _reopened(past, notice.zone)
    yield "Replies", _replies(past, notice.zone)
    since = whole(instant(past.idle_since, notice.zone))
    yield "Progress", f"none for {whole(duration(now - past.idle_since))}, since {since}"


def _teams(teams: Sequence[str], handovers: int) -> str:
    names = tuple(named for team in teams if (named := name_of(team)))
    return (listed(names) or "none") + (f"; passed on {times(handovers)}" if handovers else "")


def _reopened(past: CaseHistory, zone: str) -> str:
    """When it was last is known only where each was seen."""
    if not past.reopened:
        return "never"
    if past.reopened > len(past.reopenings):
        return f"{times(past.reopened)}, as the ticket itself counts"
    return times(past.reopened) + _last(past.reopenings, zone)


def _last(instants: Sequence[int], zone: str) -> str:
    return f", last {whole(instant(instants[-1], zone))}" if instants else ""


def _replies(past: CaseHistory, zone: str) -> str:
    if not (past.replies or past.asked):
        return "none is known, of either side"
    sides = ((past.replies, "desk"), (past.asked, "customer"))
    return "; ".join(
        whole(f"{len(said):,} by the {side}{_last(said, zone)}") for said, side in sides
    )
