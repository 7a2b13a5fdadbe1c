"""Which silences hold what of a case, for `status`, `explain` and `plan`."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, frozen

from sla_watchdog.domain.case import Case
from sla_watchdog.domain.escalation import Coming, Plan
from sla_watchdog.domain.levels import HOLDABLE
from sla_watchdog.domain.message.text import brief
from sla_watchdog.domain.message.wording import id_of, instant, listed
from sla_watchdog.domain.policy import Metric, Policy
from sla_watchdog.domain.silences import Silence


@frozen
class Held:
    """A silence in force and the unresolved tickets of a case that match it; `whole` if all of them do."""

    silence: Silence
    tickets: tuple[str, ...]
    whole: bool

    @property
    def entirely(self) -> bool:
        """Whether nobody at all is told of the case."""
        return self.whole and not self.silence.audiences

    def holds(self, coming: Coming) -> bool:
        """Whether what is coming surely waits for its end; of a part of the case that is not known here."""
        audiences = self.silence.audiences
        return self.whole and coming.clock in HOLDABLE and (not audiences or coming.recipient.audience in audiences)


def held_by(case: Case, plan: Plan, policy: Policy, silences: Iterable[Silence], now: int) -> tuple[Held, ...]:
    """The silences in force that the case, or some of its tickets, match; the one that ends last first."""
    unresolved = [each.id for each in plan.tickets if each.unresolved]
    found = []
    for silence in silences:
        if silence.in_force(now):
            matching = tuple(name for name in unresolved if silence.matches(name, case.id, case.facts, policy, now))
            found += [Held(silence, matching, len(matching) == len(unresolved))] if matching else []
    return tuple(sorted(found, key=lambda each: -each.silence.until))


def coming(plan: Plan, held: Iterable[Held]) -> tuple[Coming, ...]:
    """What is coming, nothing of it before the silence that holds it ends."""
    ends = tuple(held)
    ahead = sorted((_at_its_end(each, ends) for each in plan.coming), key=lambda each: each.level)
    told = {(each.at, each.recipient.key, each.clock): each for each in ahead}
    return tuple(sorted(told.values(), key=lambda each: each.at))


def due_now(plan: Plan, now: int) -> tuple[Coming, ...]:
    """Levels that are due and not yet on their way, the highest first; the next tick sends them. An audience and its
    urgent topic are one, as in what is coming.
    """
    due = [each for each in plan.alerts if each.clock in HOLDABLE or each.clock == Metric.AGE]
    found: dict[tuple[str, str], Coming] = {}
    for each in sorted(due, key=lambda each: -each.level):
        recipient = evolve(each.recipient, urgent=False)
        one = Coming(now, recipient, each.clock, each.level, each.urgent)
        found.setdefault((recipient.key, each.clock), one)
    return tuple(found.values())


def _at_its_end(each: Coming, held: Iterable[Held]) -> Coming:
    return evolve(each, at=max([each.at, *(one.silence.until for one in held if one.holds(each))]))


def until(silence: Silence, zone: str) -> str:
    """`until Mon 2026-03-02 17:00 +01:00 by kim (moving their mail)`; and to whom alone, where it names audiences."""
    whom = f", alerts to {listed(tuple(sorted(silence.audiences)))} alone" if silence.audiences else ""
    by, why = brief(silence.by, 40) or "somebody", brief(silence.reason, 200)
    return f"until {instant(silence.until, zone)} by {by} ({why}){whom}"


def names(case: str, held: Held) -> str:
    """The case; where only a part of it is silenced, the tickets."""
    return id_of(case) if held.whole else ", ".join(map(id_of, held.tickets))
