"""The good news: who was told that it burns is told that it is over, or that the deadline moved away (semantics E9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from sla_watchdog.domain.escalation.case import HEARD, Alert, Reached, Recipient, Severity
from sla_watchdog.domain.clocks.targets import Clock, State
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.escalation.levels import CLEARED, WITHDRAWN, Scene
from sla_watchdog.domain.tickets.links import Matter
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.escalation.broken_promises import CLOCKS

CHANGING = frozenset({"priority", "customer_tier", "team", "category", "tags", "due_at"})
"""Fields whose change commonly moves a deadline, for the reason in words."""

OF_TICKETS = frozenset(metric.value for metric in (*TARGETS, Metric.PAUSE))


def cleared(scene: Scene, running: set[str]) -> Iterator[Alert]:
    """One message for the whole matter once it is over; while it is not, for a ticket of it that is.

    `running` are the tickets with a target that may still run: one that stops only at closed goes on after resolved.
    """
    if not scene.case.reached:
        return
    for matter in scene.matters:
        ended = matter.ended_at
        names = {each.id for each in matter.tickets}
        if ended is not None and not names & running:
            yield from _to_those_told(scene, matter.id, names, CLOCKS, ended, _cycle(matter), _how(_last(matter)))
            continue
        for each in matter.tickets:
            if each.ended_at is not None and each.id not in running:
                cycle = 1 + len(each.reopenings)
                yield from _to_those_told(scene, each.id, {each.id}, OF_TICKETS, each.ended_at, cycle, _how(each))


def _cycle(matter: Matter) -> int:
    return 1 + sum(len(each.reopenings) for each in matter.tickets)


def _last(matter: Matter) -> Ticket:
    """The ticket whose end was the end of the matter."""
    return max(matter.tickets, key=lambda each: (not each.merged_into, each.ended_at or 0, each.id))


def _how(ticket: Ticket) -> str:
    if ticket.merged_into:
        return f"merged into {ticket.merged_into}"
    return "its record was deleted" if ticket.gone_at is not None else ticket.group


def _to_those_told(
    scene: Scene, subject: str, names: set[str], clocks: frozenset[str], ended: int, cycle: int, reason: str
) -> Iterator[Alert]:
    whole = {key: at for key, at in _latest(_each(scene, subject, {CLEARED})).items() if at >= ended}
    hot = set()
    for name in names:
        told = _latest((key, r) for key, r in _each(scene, name, clocks) if r.outcome in HEARD)
        over = _latest(_each(scene, name, {CLEARED}))
        hot |= {key for key, at in told.items() if at > max(over.get(key, 0), whole.get(key, 0))}
    for key in sorted(hot):
        recipient = Recipient.of_key(key, scene.policy.audiences)
        if not scene.on_its_way(recipient):
            again = _next_time(scene, f"{subject}/{CLEARED}/{cycle}", key)
            yield Alert(subject, CLEARED, cycle, 0, again, recipient, Severity.WARNING, ended, reason)


def _each(scene: Scene, name: str, clocks: Collection[str]) -> Iterator[tuple[str, Reached]]:
    """What each recipient was told of some clocks of a ticket or matter, cycle by cycle."""
    for clock, cycles in scene.reached(name).items():
        if clock in clocks:
            for told in cycles.values():
                yield from told.items()


def _latest(told: Iterable[tuple[str, Reached]]) -> dict[str, int]:
    """When each recipient was last told."""
    found: dict[str, int] = {}
    for key, reached in told:
        found[key] = max(reached.at, found.get(key, 0))
    return found


def withdrawn(scene: Scene, clock: Clock) -> Iterator[Alert]:
    """A warning whose level is not due any more, because an edit or a late fact moved the deadline away."""
    if not scene.case.reached or clock.metric not in TARGETS or clock.breached(scene.now):
        return
    for key, reached in _told_of(scene, clock).items():
        if reached.outcome not in HEARD or reached.level >= len(clock.levels):
            continue
        at = clock.levels[reached.level]
        recipient = Recipient.of_key(key, scene.policy.audiences)
        if (at is not None and at <= scene.now) or scene.told(clock, recipient) != reached:
            continue
        if not scene.on_its_way(recipient):
            yield _withdrawal(scene, clock, recipient, reached.level)


def _told_of(scene: Scene, clock: Clock) -> Mapping[str, Reached]:
    """By recipient, under this very clock."""
    return scene.reached(clock.subject).get(clock.metric.value, {}).get(clock.cycle, {})


def _withdrawal(scene: Scene, clock: Clock, recipient: Recipient, level: int) -> Alert:
    name = WITHDRAWN + clock.metric.value
    again = _next_time(scene, f"{clock.subject}/{name}/{clock.cycle}", recipient.key)
    reason = _moved(scene, clock)
    return Alert(clock.subject, name, clock.cycle, level, again, recipient, Severity.WARNING, scene.now, reason)


def _next_time(scene: Scene, clock_key: str, recipient: str) -> int:
    """Good news that turned out wrong may be told again, under another id."""
    before = scene.case.reached.get((clock_key, recipient))
    return before.repetition + 1 if before else 0


def _moved(scene: Scene, clock: Clock) -> str:
    if clock.state(scene.now) is State.PAUSED:
        return "it is paused"
    told = max((reached.at for reached in _told_of(scene, clock).values()), default=0)
    if scene.case.edited_at is not None and scene.case.edited_at >= told:
        return "the policy was changed"
    return _changed(scene.case.facts, clock.subject, told) or "its history was put right"


def _changed(facts: Facts, ticket: str, since: int) -> str:
    for name in sorted(facts.fields(ticket)):
        changes = facts.changes(ticket, name)[1:]
        if name in CHANGING and changes and changes[-1].at >= since:
            return f"its {name.replace('_', ' ')} was changed"
    return ""
