"""Two tickets that may be one matter: which, why they look alike, which is nearer to its end and
why.
"""

from __future__ import annotations

from collections.abc import Iterator

from sla_watchdog.domain.clocks.seen_tickets import Nearer, SeenTicket, nearer
from sla_watchdog.domain.escalation.proposals import Proposal
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.tickets.lookalikes import QUOTED_BY_ANOTHER
from sla_watchdog.presentation.text.wording import id_of, name_of
from sla_watchdog.presentation.times import duration, instant

SAME = "Same matter"
NOT_SAME = "Not the same"

_WHY = {
    Nearer.IS_OVER: "it is resolved",
    Nearer.STATUS: "its status moved further",
    Nearer.OWNER: "it has an owner, the other has none",
    Nearer.PROGRESS: "it moved forward last",
    Nearer.TEAM: "a team has it, none the other",
    Nearer.AGE: "both stand alike, and it is older",
}


def names(proposal: Proposal) -> tuple[str, str]:
    """Of the younger and the older."""
    return id_of(proposal.younger.id), id_of(proposal.name_of_older)


def looks_alike(proposal: Proposal) -> str:
    younger, older = names(proposal)
    if proposal.what == QUOTED_BY_ANOTHER:
        return f"{younger} quotes the id of {older}, and comes from another customer"
    return f"{younger} and {older} come from the same customer and have the same {_what(proposal)}"


def _what(proposal: Proposal) -> str:
    return name_of(proposal.what) or "look"


def which_is_nearer(proposal: Proposal) -> str:
    """`T-1 is nearer to its end: its status moved further.`; '' where only one is known."""
    if proposal.older is None:
        return ""
    one, why = nearer(proposal.younger, proposal.older)
    return f"{id_of(one.id)} is nearer to its end: {_WHY[why]}."


def tickets(proposal: Proposal) -> Iterator[SeenTicket]:
    yield proposal.younger
    if proposal.older is not None:
        yield proposal.older


def details(ticket: SeenTicket, zone: str, now: int) -> Iterator[tuple[str, str]]:
    """A name and what is known; times in the zone."""
    yield "Subject", brief(ticket.subject, 250)
    yield "Status", name_of(ticket.status)
    yield "Owner", name_of(ticket.owner) or "nobody"
    yield "Team", name_of(ticket.team) or "none"
    yield "Opened", _since(ticket.created_at, zone, now)
    yield "Last progress", _progress(ticket, zone, now)


def _progress(ticket: SeenTicket, zone: str, now: int) -> str:
    if ticket.progress_at is None:
        return "none"
    return _since(ticket.progress_at, zone, now)


def _since(at: int, zone: str, now: int) -> str:
    return f"{instant(at, zone)}, {duration(max(0, now - at))} ago"


def answered(proposal: Proposal) -> str:
    """What was said last; '' where nobody said anything."""
    younger, older = names(proposal)
    if proposal.answer is None:
        return ""
    if proposal.answer:
        return f"Got it: {younger} and {older} are one matter."
    return f"Got it: {younger} and {older} are not the same matter."
