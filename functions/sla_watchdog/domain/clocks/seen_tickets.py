"""A ticket as it was seen when another was found to look like it, and which of two is nearer to its
end.

The two are of different cases, and one must be able to speak of the other though nothing else can
be read: what was seen is a fact of the younger ticket.
"""

from __future__ import annotations

from enum import Enum, auto

from attrs import frozen

from sla_watchdog.domain.clocks.ownership import is_named
from sla_watchdog.domain.clocks.progress import TicketProgress
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.tickets.facts import Fact, Facts, Value
from sla_watchdog.domain.tickets.merges import tickets_of
from sla_watchdog.domain.tickets.ticket import Ticket

SEEN = "lookalike_seen"
"""The field of the fact that says how the older ticket stood."""

LONGEST = 250
"""Characters of a text that are kept."""


@frozen
class SeenTicket:
    """`owner` is '' where no person has it; `furthest` is how far down the list of status groups it
    came since it was created or reopened; `progress_at` is when it last moved forward, None where
    it never did.
    """

    id: str
    subject: str
    status: str
    owner: str
    team: str
    url: str
    created_at: int
    furthest: int
    progress_at: int | None
    is_over: bool = False


class Nearer(Enum):
    """Why one of two tickets is nearer to its end."""

    IS_OVER = auto()
    STATUS = auto()
    OWNER = auto()
    PROGRESS = auto()
    TEAM = auto()
    AGE = auto()


def nearer(one: SeenTicket, other: SeenTicket) -> tuple[SeenTicket, Nearer]:
    """The first difference that there is; of two that stand alike the older."""
    for why, mine, its in _compared(one, other):
        if mine > its:
            return one, why
        if its > mine:
            return other, why
    older = min(one, other, key=_age)
    return older, Nearer.AGE


def _compared(one: SeenTicket, other: SeenTicket) -> list[tuple[Nearer, int, int]]:
    return [
        (Nearer.IS_OVER, one.is_over, other.is_over),
        (Nearer.STATUS, one.furthest, other.furthest),
        (Nearer.OWNER, bool(one.owner), bool(other.owner)),
        (Nearer.PROGRESS, one.progress_at or 0, other.progress_at or 0),
        (Nearer.TEAM, bool(one.team), bool(other.team)),
    ]


def _age(seen: SeenTicket) -> tuple[int, str]:
    return seen.created_at, seen.id


def seen(name: str, facts: Facts, policy: Policy) -> SeenTicket | None:
    """How the ticket stands by these facts of its case; None where they know nothing of it."""
    if name not in facts.tickets():
        return None
    for ticket in tickets_of(facts, policy):
        if ticket.id == name:
            return _seen(ticket, facts, policy)
    return None


def _seen(ticket: Ticket, facts: Facts, policy: Policy) -> SeenTicket:
    progress = TicketProgress(facts, policy)
    return SeenTicket(
        id=ticket.id,
        subject=_text(facts.latest(ticket.id, "subject")),
        status=_text(facts.latest(ticket.id, "status")),
        owner=_owner(ticket.id, facts, policy),
        team=_team(ticket.id, facts, policy),
        url=str(facts.latest(ticket.id, "url")),
        created_at=ticket.created_at,
        furthest=progress.furthest(ticket),
        progress_at=max(progress.of(ticket), default=None),
        is_over=not ticket.unresolved,
    )


def _owner(ticket: str, facts: Facts, policy: Policy) -> str:
    series = facts.of_field(ticket, "assignee")
    if not series or not is_named(series[-1], policy):
        return ""
    return _text(series[-1].value)


def _team(ticket: str, facts: Facts, policy: Policy) -> str:
    """Whole: it says who is notified."""
    team = str(facts.latest(ticket, "team"))
    return "" if team.casefold() in policy.shared else team


def _text(value: Value) -> str:
    text = value if isinstance(value, str) else ", ".join(value)
    return brief(text, LONGEST)


# ------------------------------------------------------------------ as a fact


def seen_fact(younger: str, at: int, older: SeenTicket) -> Fact:
    """The fact that the older one stood so when the younger was found to look like it."""
    progress = "" if older.progress_at is None else str(older.progress_at)
    value = (
        older.id,
        older.subject,
        older.status,
        older.owner,
        older.team,
        older.url,
        str(older.created_at),
        str(older.furthest),
        progress,
        "over" if older.is_over else "",
    )
    return Fact(younger, SEEN, at, value)


def seen_before(younger: str, older: str, facts: Facts) -> SeenTicket | None:
    """As it was seen last; None where nobody noted it."""
    for fact in reversed(facts.of_field(younger, SEEN)):
        read = _read(fact.value)
        if read is not None and read.id == older:
            return read
    return None


def _read(value: Value) -> SeenTicket | None:
    if not isinstance(value, tuple) or len(value) != 10:
        return None
    name, subject, status, owner, team, url, created_at, furthest, progress, over = value
    try:
        return SeenTicket(
            id=name,
            subject=subject,
            status=status,
            owner=owner,
            team=team,
            url=url,
            created_at=int(created_at),
            furthest=int(furthest),
            progress_at=int(progress) if progress else None,
            is_over=bool(over),
        )
    except ValueError:
        return None
