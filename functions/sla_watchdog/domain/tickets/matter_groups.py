"""The tickets of a case put into groups, each a matter (semantics D6).

Tickets are taken in order of their creation. A tie to an earlier ticket counts if the matter of
that one was still active within what the policy allows for such a tie; what happened later changes
nothing of it. So the groups follow from the facts alone, in whatever order these were learned.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from operator import attrgetter

from attrs import define, field, frozen

from sla_watchdog.domain.policy.model import Matters
from sla_watchdog.domain.tickets.activity import was_active
from sla_watchdog.domain.tickets.crowds import is_of_crowd
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.lookalikes import denied_pairs
from sla_watchdog.domain.tickets.ticket import Ticket, by_age
from sla_watchdog.domain.tickets.ties import TieKind, ties
from sla_watchdog.domain.time.seconds import DAY

Group = list[Ticket]

_began_at = attrgetter("born_at")


@frozen
class _TieTo:
    """A tie to an earlier ticket."""

    ticket: Ticket
    kind: TieKind


@define
class MatterGroups:
    """`late` are tickets that came too late for what they are linked to, with the id of that."""

    in_time: list[Ticket]
    facts: Facts
    allowed: Mapping[TieKind, int]
    denied: frozenset[frozenset[str]]
    groups: dict[str, Group]
    """By the id of each ticket the group that it is in."""
    late: dict[str, str] = field(factory=dict)

    @classmethod
    def of(cls, tickets: tuple[Ticket, ...], facts: Facts, allowance: Matters) -> MatterGroups:
        in_time = sorted(tickets, key=lambda ticket: (ticket.born_at, ticket.id))
        alone = {ticket.id: [ticket] for ticket in tickets}
        groups = cls(in_time, facts, _allowed(allowance), denied_pairs(facts), alone)
        groups._fill()
        return groups

    @property
    def in_order(self) -> list[tuple[Ticket, ...]]:
        """The oldest first; each group too."""
        distinct = {id(group): group for group in self.groups.values()}
        matters = [tuple(sorted(group, key=by_age)) for group in distinct.values()]
        return sorted(matters, key=lambda group: by_age(group[0]))

    def followed_by(self, group: tuple[Ticket, ...]) -> str:
        """The ticket of another matter that this one was a late follow-up of; '' for none."""
        for ticket in group:
            earlier = self.late.get(ticket.id, "")
            if earlier and self.groups[earlier] is not self.groups[ticket.id]:
                return earlier
        return ""

    def _fill(self) -> None:
        earlier = _earlier_ties(self.in_time, self.facts)
        for ticket in self.in_time:
            for tie in earlier[ticket.id]:
                if tie.kind is TieKind.MERGED:
                    self._join(ticket, self.groups[tie.ticket.id])
        for ticket in self.in_time:
            if earlier[ticket.id]:
                self._continue(ticket, earlier[ticket.id])

    def _continue(self, ticket: Ticket, earlier: list[_TieTo]) -> None:
        """Joins it with the matters that it continues, the oldest first."""
        continued = []
        for tie in earlier:
            group = self.groups[tie.ticket.id]
            if group is self.groups[ticket.id]:
                continue
            if self._counts(tie, ticket, group):
                continued.append(group)
            elif tie.kind is TieKind.LINKED:
                self.late.setdefault(ticket.id, tie.ticket.id)
        for group in sorted(continued, key=lambda group: min(map(by_age, group))):
            if not self._is_denied(self.groups[ticket.id], group):
                self._join(ticket, group)

    def _counts(self, tie: _TieTo, ticket: Ticket, group: Group) -> bool:
        if tie.kind is TieKind.MERGED:
            return True
        at = ticket.born_at
        since = at - self.allowed[tie.kind]
        if not any(was_active(member, since, at) for member in reversed(group)):
            return False
        if tie.kind is not TieKind.SAME_SUBJECT:
            return True
        return not is_of_crowd(ticket, self._within_a_day_before(ticket), self.facts)

    def _within_a_day_before(self, ticket: Ticket) -> list[Ticket]:
        first = bisect_right(self.in_time, ticket.born_at - DAY, key=_began_at)
        last = bisect_right(self.in_time, ticket.born_at, key=_began_at)
        return self.in_time[first:last]

    def _is_denied(self, one: Group, other: Group) -> bool:
        if not self.denied:
            return False
        names, others = {ticket.id for ticket in one}, {ticket.id for ticket in other}
        return any(pair & names and pair & others for pair in self.denied)

    def _join(self, ticket: Ticket, group: Group) -> None:
        own = self.groups[ticket.id]
        if own is group:
            return
        group += own
        for member in own:
            self.groups[member.id] = group


def _allowed(allowance: Matters) -> Mapping[TieKind, int]:
    """For how long after its last activity a tie of that kind continues a matter."""
    return {
        TieKind.LINKED: allowance.linked,
        TieKind.SAME_SUBJECT: allowance.quiet,
        TieKind.QUOTED: allowance.quiet,
    }


def _earlier_ties(in_time: list[Ticket], facts: Facts) -> Mapping[str, list[_TieTo]]:
    """For each ticket its ties to those that began before it, whichever of the two names the
    other, or both the same third thing.
    """
    place = {ticket.id: number for number, ticket in enumerate(in_time)}
    earlier: dict[str, list[_TieTo]] = {ticket.id: [] for ticket in in_time}
    naming: dict[str, list[Ticket]] = {}
    for ticket in in_time:
        for tie in dict.fromkeys(ties(ticket.id, facts)):
            if tie.name not in place:
                others = naming.setdefault(tie.name, [])
                earlier[ticket.id] += [_TieTo(other, tie.kind) for other in others]
                others.append(ticket)
                continue
            other = in_time[place[tie.name]]
            older, younger = sorted((ticket, other), key=lambda each: place[each.id])
            if older is not younger:
                earlier[younger.id].append(_TieTo(older, tie.kind))
    return earlier
