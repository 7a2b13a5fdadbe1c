"""What a changed policy does to an open case at the instant it is deployed (semantics D2)."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.clock_key import ClockKey
from sla_watchdog.domain.clocks.evidence import NO_EVIDENCE, Evidence
from sla_watchdog.domain.escalation.case import OPERATIONS, Case, Recipient
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.policy.model import TARGETS, Policy


@frozen
class Moved:
    """A target of an open ticket that the edit changes; None for `due_at` of one that has no
    deadline, or is gone.

    `rule` and `was_rule` are the policies that judge the ticket after and before.
    """

    ticket: str
    metric: str
    was_rule: str
    rule: str
    was_due_at: int | None
    due_at: int | None
    overdue: bool
    """It is late under the new policy and was not under the old."""

    @property
    def earlier(self) -> bool:
        if self.due_at is None:
            return False
        return self.was_due_at is None or self.due_at < self.was_due_at


@frozen
class Effect:
    """How an edit affects one case: the targets that change, and who is notified at once because of
    it.
    """

    case: str
    moved: tuple[Moved, ...]
    notified: tuple[Recipient, ...]


def effect(
    case: Case,
    before: Policy,
    after: Policy,
    now: int,
    known: Case | None = None,
    evidence: Evidence = NO_EVIDENCE,
) -> Effect:
    """Judge the case under both policies; `known` is the case with the facts that only the new one
    reads, `evidence` what the records of the desk carry.
    """
    context = Context(evidence=evidence)
    old = plan(case, before, now, context=context)
    edited = evolve(known or case, breached=old.breached, edited_at=now)
    new = plan(edited, after, now, context=context)
    moved = tuple(_moved(old, new, now))
    notified = dict.fromkeys(_notified_at_once(old, new))
    return Effect(case.id, moved, tuple(notified))


def _notified_at_once(old: Plan, new: Plan) -> Iterator[Recipient]:
    """Whom only the new plan tells of something."""
    due_before = {alert.id for alert in old.alerts}
    for alert in new.alerts:
        if alert.id not in due_before and alert.recipient.audience != OPERATIONS:
            yield alert.recipient


def _moved(old: Plan, new: Plan, now: int) -> Iterator[Moved]:
    before, after = _targets(old), _targets(new)
    for key in sorted({*before, *after}):
        was = _as_judged(before.get(key), now)
        becomes = _as_judged(after.get(key), now)
        if was == becomes:
            continue
        clock_key = ClockKey.of_text(key)
        yield Moved(
            ticket=clock_key.subject,
            metric=clock_key.clock,
            was_rule=was.rule,
            rule=becomes.rule,
            was_due_at=was.due_at,
            due_at=becomes.due_at,
            overdue=becomes.state is State.BREACHED and was.state is not State.BREACHED,
        )


def _targets(evaluated: Plan) -> dict[str, Clock]:
    """The targets that may still run, of the tickets that are open."""
    running = {}
    for clock in evaluated.clocks:
        if clock.metric in TARGETS and clock.stopped_at is None:
            running[clock.key] = clock
    return running


@frozen
class _Judged:
    """A target under one of the two policies. Its values are empty where that policy has no such
    target.
    """

    rule: str = ""
    due_at: int | None = None
    state: State | None = None


def _as_judged(clock: Clock | None, now: int) -> _Judged:
    if clock is None:
        return _Judged()
    return _Judged(clock.rule, clock.due_at, clock.state(now))
