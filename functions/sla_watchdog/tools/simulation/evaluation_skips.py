"""Which evaluations a replay may skip. A new fact need not be judged at once where it cannot make
anything due before the replay looks at its case again.

With and without skips the same recipients are notified at the same instants. Only a finding, which
has no time of its own, may come one look later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from attrs import field, frozen

from sla_watchdog.domain.clocks.promises import ACKNOWLEDGED
from sla_watchdog.domain.clocks.rules_in_force import candidates_at
from sla_watchdog.domain.policy.model import (
    Before,
    Count,
    Level,
    Metric,
    Open,
    Percent,
    Policy,
    Rule,
    Target,
)
from sla_watchdog.domain.tickets.facts import UNREADABLE, Fact, Facts, Value
from sla_watchdog.domain.tickets.lookalikes import ANSWERED, SAME_MATTER
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket
from sla_watchdog.domain.tickets.ticket_fields import LINKS
from sla_watchdog.domain.time.calendar_errors import NoWorkingTime
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.domain.time.years import TimeOutOfRange

PUTTING_OFF = frozenset({"status", "resolved", "closed"})
"""On a ticket whose clocks all run, or that is over, these can only put off what is to come."""

TYING = frozenset({SAME_MATTER, ANSWERED, *LINKS})
"""Fields whose facts tie a ticket to others, or take it apart from them."""

BEGINNING = PUTTING_OFF | {"created", "agent_reply", "customer_reply"}
"""On a ticket so young that its rule has no level for it yet, these change nothing."""

MOVING = BEGINNING | {"reopened", "gone", "priority", ACKNOWLEDGED, *TYING}
"""Fields whose facts can move a time, whatever the policy."""

YEARS = 3650 * DAY
"""Where a rule has no targets at all."""

OWNING = frozenset({"team", "assignee"})
"""Fields that a signal counts; without signals they only say who is notified."""


@frozen
class EvaluationSkips:
    policy: Policy
    _rules: dict[tuple[Value, ...], tuple[Rule, ...]] = field(factory=dict, init=False)
    spares: bool = field(init=False)
    """False where signals count all kinds of things, limits begin with a pause, or deadlines come
    from elsewhere.
    """
    ceiling: int = field(init=False)
    """The age of a case before which no ceiling is due."""
    moving: frozenset[str] = field(init=False)
    addressing: frozenset[str] = field(init=False)
    """Fields that say who is notified."""
    pausing: frozenset[str] = field(init=False)
    halting: frozenset[str] = field(init=False)
    """Groups in which some clock stands still; "" is a status in none, which is a finding."""
    waits: Mapping[str, int] = field(init=False)
    """Rule -> seconds of open time from a clock's start before which none of its levels is due."""

    @spares.default
    def _spares(self) -> bool:
        limits = self.policy.pauses
        if self.policy.signals or limits.longest is not None or limits.total is not None:
            return False
        return not any(target.due for target in self._targets())

    @ceiling.default
    def _ceiling(self) -> int:
        return min(_wait(level, None) for level in self.policy.ceilings.levels)

    @moving.default
    def _moving(self) -> frozenset[str]:
        moving = MOVING | self.policy.fields
        if self.policy.signals:
            return moving | OWNING
        return moving

    @addressing.default
    def _addressing(self) -> frozenset[str]:
        fields = {audience.each for audience in self.policy.audiences.values()}
        return frozenset(filter(None, fields))

    @pausing.default
    def _pausing(self) -> frozenset[str]:
        return frozenset(group for target in self._targets() for group in target.pauses_in)

    @halting.default
    def _halting(self) -> frozenset[str]:
        return ENDED | self.pausing | {""}

    @waits.default
    def _waits(self) -> Mapping[str, int]:
        return {rule.name: _shortest_wait(rule) for rule in self.policy.rules}

    def _targets(self) -> list[Target]:
        return [target for rule in self.policy.rules for target in rule.targets]

    def patience(self, facts: Sequence[Fact], at: int) -> int | None:
        """Until when nothing can be due for a ticket of which these are the first facts, while no
        field of a condition changes. None where that cannot be said.
        """
        stated = {fact.field: fact.value for fact in facts}
        if not self.spares or "created" not in stated:
            return None
        if not all(map(self._understood, facts)):
            return None
        asked = tuple(stated.get(name, "") for name in self.policy.asked)
        soonest = at + self.ceiling
        try:
            for rule in self._candidates(asked, facts, at):
                calendar = self.policy.calendars[rule.calendar]
                soonest = min(soonest, calendar.add(at, self.waits[rule.name]))
        except (NoWorkingTime, TimeOutOfRange):
            return None
        return soonest - 1

    def _candidates(
        self, values: tuple[Value, ...], facts: Sequence[Fact], at: int
    ) -> tuple[Rule, ...]:
        """Tickets of which the same is known have the same rules."""
        if values not in self._rules:
            self._rules[values] = candidates_at(facts[0].ticket, Facts.of(facts), self.policy, at)
        return self._rules[values]

    @cached_property
    def exchanges(self) -> bool:
        """Whether a judgement leaves out what is over unless it is asked for the whole."""
        return any(
            target.metric in (Metric.NEXT_RESPONSE, Metric.UPDATE) for target in self._targets()
        )

    def calm(self, tickets: tuple[Ticket, ...]) -> bool:
        """Whether a case that was just judged is one ticket whose clocks do not pause."""
        return self.spares and len(tickets) == 1 and tickets[0].group not in self.pausing

    def moves(self, facts: Iterable[Fact]) -> bool:
        """Whether the facts can change what is due when."""
        return any(map(self._moves, facts))

    def _moves(self, fact: Fact) -> bool:
        return fact.field in self.moving or fact.field.startswith(UNREADABLE)

    def readdresses(self, facts: Iterable[Fact]) -> bool:
        """Whether the facts can change who is notified."""
        return any(fact.field in self.addressing for fact in facts)

    def only_puts_off(self, facts: Sequence[Fact], young: bool, ended: bool) -> bool:
        """Of facts that matter, for a calm case of which nobody was notified. It is `young` within
        `patience`.

        Leaving resolved or closed is a reopening: it brings levels nearer.
        """
        harmless = BEGINNING if young else PUTTING_OFF
        ended = ended or self.ends(facts)
        return all(self._harmless(fact, harmless, ended) for fact in facts)

    def keeps(self, facts: Iterable[Fact]) -> bool:
        """Of facts that matter, for an unresolved case that is calm: whether they move nothing at
        all.

        Its status changed, but into a group in which every clock runs on.
        """
        return all(map(self._runs_on, facts))

    def _runs_on(self, fact: Fact) -> bool:
        if fact.field == "status":
            return _group_of(fact, self.policy) not in self.halting
        return fact.field not in self.addressing and not self._moves(fact)

    def _understood(self, fact: Fact) -> bool:
        """Whether it makes no finding, and links nothing."""
        if fact.field == "priority":
            priorities = self.policy.priorities
            return not priorities or str(fact.value).casefold() in priorities
        if fact.field == "status":
            return _group_of(fact, self.policy) != ""
        return fact.field not in TYING and not fact.field.startswith(UNREADABLE)

    def _harmless(self, fact: Fact, harmless: frozenset[str], ended: bool) -> bool:
        if fact.field == "status":
            group = _group_of(fact, self.policy)
            return group in ENDED if ended else group != ""
        if fact.field == "customer_reply" and ended:
            return False
        return fact.field in harmless or not self._moves(fact)

    def ends(self, facts: Iterable[Fact]) -> bool:
        """Whether they resolve or close a ticket."""
        return any(fact.field in ENDED or _group_of(fact, self.policy) in ENDED for fact in facts)


def _group_of(fact: Fact, policy: Policy) -> str:
    """'' for a fact that is no status, and for a status in no group."""
    if fact.field != "status":
        return ""
    return policy.statuses.get(str(fact.value).casefold(), "")


def _shortest_wait(rule: Rule) -> int:
    waits = []
    for target in rule.targets:
        waits += [_wait(level, target) for level in target.ladder.levels]
    return min(waits, default=YEARS)


def _wait(level: Level, target: Target | None) -> int:
    """Seconds from a clock's start before which its level is never due."""
    within = target.within if target else 0
    match level.trigger:
        case Percent(percent):
            return percent * within // 100
        case Before(seconds):
            return max(0, within - seconds)
        case Count() | Open():
            return 0
        case trigger:
            return within or trigger.seconds
