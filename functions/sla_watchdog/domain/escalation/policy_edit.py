"""What a changed policy does to an open case at the instant it is deployed (semantics D2)."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.escalation.case import OPERATIONS, Case, Recipient
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
    """Of one case: the targets that change, and who is told at once because of it."""

    case: str
    moved: tuple[Moved, ...]
    notified: tuple[Recipient, ...]


def effect(
    case: Case, before: Policy, after: Policy, now: int, known: Case | None = None
) -> Effect:
    """Judge the case under both policies; `known` is the case with the facts that only the new one
    reads.
    """
    old = plan(case, before, now)
    edited = evolve(known or case, breached=old.breached, edited_at=now)
    new = plan(edited, after, now)
    notified = dict.fromkeys(_notified_at_once(old, new))
    return Effect(case.id, tuple(_moved(old, new, now)), tuple(notified))


def _notified_at_once(old: Plan, new: Plan) -> Iterator[Recipient]:
    """Whom only the new plan tells of something."""
    due_before = {alert.id for alert in old.alerts}
    for alert in new.alerts:
        if alert.id not in due_before and alert.recipient.audience != OPERATIONS:
            yield alert.recipient


def _moved(old: Plan, new: Plan, now: int) -> Iterator[Moved]:
    before, after = _targets(old), _targets(new)
    for key in sorted({*before, *after}):
        was, becomes = before.get(key), after.get(key)
        clock = becomes or was
        same = _rule(was) == _rule(becomes) and _answer(was, now) == _answer(becomes, now)
        if clock is not None and not same:
            yield Moved(
                ticket=clock.subject,
                metric=clock.metric.value,
                was_rule=_rule(was),
                rule=_rule(becomes),
                was_due_at=was.due_at if was else None,
                due_at=becomes.due_at if becomes else None,
                overdue=_late(becomes, now) and not _late(was, now),
            )


def _targets(evaluated: Plan) -> dict[str, Clock]:
    """The targets that may still run, of the tickets that are open."""
    return {
        clock.key: clock
        for clock in evaluated.clocks
        if clock.metric in TARGETS and clock.stopped_at is None
    }


def _answer(clock: Clock | None, now: int) -> tuple[int | None, State] | None:
    return None if clock is None else (clock.due_at, clock.state(now))


def _rule(clock: Clock | None) -> str:
    return clock.rule if clock else ""


def _late(clock: Clock | None, now: int) -> bool:
    return clock is not None and clock.breached(now)
