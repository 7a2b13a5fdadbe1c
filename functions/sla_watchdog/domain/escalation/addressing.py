"""Who hears of a level: its audiences, as the recipients that they are for one ticket."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from attrs import evolve, field, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.ownership import owner_of
from sla_watchdog.domain.clocks.rules_in_force import candidates_at, rule_at
from sla_watchdog.domain.escalation.case import Case, Recipient
from sla_watchdog.domain.policy.model import Level, Policy, Rule
from sla_watchdog.domain.tickets.ticket import Ticket


@frozen
class Addressing:
    """At `now`, since the owner of a ticket and the rule that judges it may change."""

    case: Case
    policy: Policy
    now: int
    tickets: tuple[Ticket, ...]
    _stand_ins: dict[tuple[str, str], Recipient] = field(
        factory=dict, init=False, eq=False, repr=False
    )
    """By audience and ticket, as far as they were asked for."""

    def recipients(self, level: Level, clock: Clock) -> Iterator[Recipient]:
        """The recipients of the level, without repetitions. An urgent level also goes to the topics
        for urgent alerts.
        """
        people = dict(self.addressed(level, clock))
        for recipient in people:
            yield recipient
            if level.urgent:
                yield evolve(recipient, urgent=True)

    def addressed(self, level: Level, clock: Clock) -> Iterator[tuple[Recipient, bool]]:
        """Every recipient, with whether it hears in its own right. False where it stands in for an
        owner who is nobody.
        """
        for name in level.tell:
            recipient = self._named(name, clock)
            if self._is_nobody(recipient):
                yield self._in_place_of(recipient, clock), False
            else:
                yield recipient, True

    def _named(self, name: str, clock: Clock) -> Recipient:
        audience = self.policy.audiences.get(name)
        if audience is None or not audience.each:
            return Recipient(name)
        return Recipient(name, self._value(audience.each, clock.subject))

    def _is_nobody(self, recipient: Recipient) -> bool:
        """An owner where nobody owns it. A team that is not named is everybody who hears of any
        team.
        """
        audience = self.policy.audiences.get(recipient.audience)
        return audience is not None and audience.each == "assignee" and not recipient.of

    def _in_place_of(self, nobody: Recipient, clock: Clock) -> Recipient:
        key = nobody.audience, self._asked(clock.subject)
        if key not in self._stand_ins:
            self._stand_ins[key] = self._next_up(nobody, clock)
        return self._stand_ins[key]

    def _next_up(self, nobody: Recipient, clock: Clock) -> Recipient:
        """The nearest audience above that is somebody. Where there is none, the audience's own
        topic.
        """
        policy = self.policy
        rule = self._rule(self._asked(clock.subject))
        rank = policy.rank(nobody.audience)
        for name in policy.within_reach([rule]):
            if policy.rank(name) <= rank:
                continue
            recipient = self._named(name, clock)
            if not self._is_nobody(recipient):
                return recipient
        return nobody

    def _rule(self, name: str) -> Rule:
        """That judges the ticket of that name."""
        facts, policy = self.case.facts, self.policy
        for ticket in self.tickets:
            if ticket.id == name:
                return rule_at(ticket, facts, policy, self.now)
        return candidates_at(name, facts, policy, self.now)[0]

    def _value(self, name: str, subject: str) -> str:
        """Who `each: assignee` or `each: team` is; '' for an assignee who is nobody."""
        ticket = self._asked(subject)
        if name == "assignee":
            return owner_of(ticket, self.case.facts, self.policy)
        value = str(self.case.facts.latest(ticket, name))
        if value.casefold() in self.policy.shared:
            return ""
        return value

    def _asked(self, subject: str) -> str:
        """The ticket that says whose it is: where that one is over, the newest that is open."""
        if subject in self._open:
            return subject
        return next(reversed(self._open), subject)

    @cached_property
    def _open(self) -> dict[str, None]:
        """The tickets whose owners are asked for: those that are open, or else all."""
        unresolved = [ticket.id for ticket in self.tickets if ticket.unresolved]
        return dict.fromkeys(unresolved or self.case.facts.tickets())
