"""Which levels of a clock are due, and to whom: one rule, the highest level due (semantics E3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve, field, frozen

from sla_watchdog.domain.case import OPERATIONS, Alert, Case, Outcome, Reached, Recipient, Severity
from sla_watchdog.domain.clocks import Clock
from sla_watchdog.domain.links import Matter
from sla_watchdog.domain.policy import TARGETS, Level, Metric, Policy
from sla_watchdog.domain.ticket import Ticket

CLEARED = "cleared"
"""The clock of an alert that says that a case, or one ticket of it, is over."""

WITHDRAWN = "withdrawn:"
"""What stands before the metric in the clock of an alert that takes a warning back."""


@frozen
class Scene:
    """What every step needs to know of the case."""

    case: Case
    policy: Policy
    now: int
    tickets: tuple[Ticket, ...] = ()
    matters: tuple[Matter, ...] = ()
    _aliases: Mapping[str, tuple[str, ...]] = field(init=False)
    _reached: Mapping[tuple[str, str, str], tuple[tuple[int, Reached], ...]] = field(init=False)
    """(subject, metric, recipient) -> (cycle, what was reached)."""

    @_aliases.default
    def _other_names(self) -> Mapping[str, tuple[str, ...]]:
        """Subjects under which the same was told before: tickets merged into one, and those of one matter."""
        if len(self.tickets) < 2:
            return {}
        merged = {each.id: tuple(other.id for other in each.absorbed) for each in self.tickets if each.absorbed}
        joined = {m.id: tuple(each.id for each in m.tickets if each.id != m.id) for m in self.matters}
        return {
            f"{name}/{metric.value}": others
            for names, metrics in ((merged, TARGETS), (joined, set(Metric).difference(TARGETS)))
            for name, others in names.items()
            if others
            for metric in metrics
        }

    @_reached.default
    def _by_subject(self) -> Mapping[tuple[str, str, str], tuple[tuple[int, Reached], ...]]:
        found: dict[tuple[str, str, str], tuple[tuple[int, Reached], ...]] = {}
        for (clock_key, recipient), reached in self.case.reached.items():
            subject, metric, cycle = clock_key.rsplit("/", 2)
            key = subject, metric, recipient
            found[key] = (*found.get(key, ()), (int(cycle), reached))
        return found

    # ------------------------------------------------------------------ who

    def recipients(self, level: Level, clock: Clock) -> Iterator[Recipient]:
        for name in level.tell:
            yield self.recipient(name, clock)
            if level.urgent:
                yield self.recipient(name, clock, urgent=True)

    def recipient(self, name: str, clock: Clock, urgent: bool = False) -> Recipient:
        audience = self.policy.audiences.get(name)
        of = self.value(audience.each, clock.subject) if audience and audience.each else ""
        return Recipient(name, of, urgent)

    def value(self, name: str, subject: str) -> str:
        """Who `each: assignee` or `each: team` is; where that ticket is over, of the newest that is open.

        Shared names are nobody.
        """
        facts = self.case.facts
        still = [each.id for each in self.tickets if each.unresolved] or list(facts.tickets())
        asked = subject if subject in still else still[-1] if still else subject
        value = str(facts.latest(asked, name))
        return "" if value.casefold() in self.policy.shared else value

    def on_its_way(self, recipient: Recipient) -> bool:
        entry = self.case.outbox.get(recipient.key)
        return entry is not None and entry.until > self.now

    def opens_at(self, recipient: Recipient) -> int:
        """When the recipient's hours are open again; `now` while they are."""
        audience = self.policy.audiences.get(recipient.audience)
        if audience is None or audience.hours is None:
            return self.now
        calendar = self.policy.calendars[audience.hours]
        return self.now if calendar.is_open(self.now) else calendar.next_opening(self.now)

    # ------------------------------------------------------------------ what was told

    def told(self, clock: Clock, recipient: Recipient) -> Reached | None:
        """The highest level that the recipient was told of: under this clock, or under that of a ticket joined to it.

        What was withdrawn since counts as not told.
        """
        if not self.case.reached:
            return None
        found = [reached for _, reached in self._told_as(clock.subject, clock, recipient, clock.cycle)]
        for name in self._aliases.get(f"{clock.subject}/{clock.metric.value}", ()):
            found += [reached for _, reached in self._told_as(name, clock, recipient, None)[-1:]]
        return max(found, key=lambda reached: (reached.level, reached.repetition), default=None)

    def _told_as(
        self, subject: str, clock: Clock, recipient: Recipient, cycle: int | None
    ) -> list[tuple[int, Reached]]:
        known = self._reached.get((subject, clock.metric.value, recipient.key))
        if known is None:
            return []
        pairs = sorted(known, key=lambda pair: pair[0]) if len(known) > 1 else known
        taken_back = dict(self._reached.get((subject, WITHDRAWN + clock.metric.value, recipient.key), ()))
        # Who was told that a ticket is over was told nothing of what burns again.
        over = self._cleared_at(subject, recipient) if clock.metric in TARGETS and subject == clock.subject else 0
        return [
            (number, reached)
            for number, reached in pairs
            if cycle in (None, number)
            and reached.at > over
            and not (number in taken_back and taken_back[number].at >= reached.at)
        ]

    def _cleared_at(self, subject: str, recipient: Recipient) -> int:
        return max((r.at for _, r in self._reached.get((subject, CLEARED, recipient.key), ())), default=0)

    def level_told(self, clock: Clock) -> int:
        """How many levels of the metric anybody was told of, in this cycle and those before."""
        keys = [key for key in self._reached if key[:2] == (clock.subject, clock.metric.value)]
        levels = [r.level + 1 for key in keys for number, r in self._reached[key] if number < clock.cycle]
        return max(levels, default=0)


@frozen
class Climb:
    """How far up its ladder a clock is: the highest level due, and of the last one the latest repetition."""

    clock: Clock
    level: int
    repetition: int
    due_at: int

    @property
    def at_top(self) -> bool:
        return self.level == len(self.clock.levels) - 1


def climb(scene: Scene, clock: Clock) -> Climb | None:
    due = [(i, at) for i, at in enumerate(clock.levels) if at is not None and at <= scene.now]
    if not due:
        return None
    level, at = max(due)
    repeat = clock.ladder.levels[level].repeat
    if level < len(clock.levels) - 1 or repeat is None:
        return Climb(clock, level, 0, at)
    repetition = repeat.latest(scene.now - at)
    return Climb(clock, level, repetition, at + repeat.offset(repetition))


def with_floor(scene: Scene, clock: Clock) -> Clock:
    """After a reopening also what was told under another policy counts as reached (semantics D2, D5)."""
    if clock.cycle == 1 or clock.metric is not Metric.RESOLUTION:
        return clock
    reopened = [each.climbing for each in scene.tickets if each.id == clock.subject]
    at = reopened[0][-1] if reopened and reopened[0] else None
    top = min(scene.level_told(clock), len(clock.levels) - 1)
    if at is None or not top:
        return clock
    levels = tuple(at if i <= top and (own is None or own > at) else own for i, own in enumerate(clock.levels))
    return evolve(clock, levels=levels)


def alerts(scene: Scene, climbed: Climb) -> Iterator[Alert]:
    """The level due goes to its own recipients and to those of every level it passes, unless they were told."""
    due: dict[Recipient, bool] = {}
    for index, level in enumerate(climbed.clock.ladder.levels[: climbed.level + 1]):
        repetition = climbed.repetition if index == climbed.level else 0
        for recipient in scene.recipients(level, climbed.clock):
            told = scene.told(climbed.clock, recipient)
            if told is None or (told.level, told.repetition) < (index, repetition):
                due[recipient] = due.get(recipient, False) or level.urgent
    for recipient, urgent in due.items():
        if not scene.on_its_way(recipient):
            yield _alert(climbed, recipient, urgent, scene.now, _why(climbed))
    yield from _in_place_of_unreachable(scene, climbed, set(due))


def _why(climbed: Climb) -> str:
    if climbed.repetition:
        return f"repetition {climbed.repetition}: still unresolved"
    clock = climbed.clock
    again = clock.metric is Metric.RESOLUTION and clock.cycle > 1 and len(set(clock.levels[: climbed.level + 1])) == 1
    return f"it was reopened ({_times(clock.cycle - 1)})" if again else "due"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _in_place_of_unreachable(scene: Scene, climbed: Climb, already: set[Recipient]) -> Iterator[Alert]:
    """Where a level cannot reach somebody, the next level's recipients hear of it; beyond the top, operations."""
    levels = climbed.clock.ladder.levels
    urgent = levels[climbed.level].urgent
    for index in range(climbed.level, len(levels)):
        people = [r for r in scene.recipients(levels[index], climbed.clock) if not r.urgent]
        missed = [r.key for r in people if _missed(scene, climbed, r)]
        if not missed or (index > climbed.level and len(missed) < len(people)):
            return
        above = index + 1 < len(levels)
        stand_ins = scene.recipients(levels[index + 1], climbed.clock) if above else iter([Recipient(OPERATIONS)])
        for recipient in stand_ins:
            told = scene.told(climbed.clock, recipient)
            new = recipient not in already and (told is None or told.level < climbed.level)
            wanted = new and (urgent or not recipient.urgent)
            if wanted and not scene.on_its_way(recipient):
                yield _alert(climbed, recipient, urgent, scene.now, f"{missed[0]} cannot be reached")


def _missed(scene: Scene, climbed: Climb, recipient: Recipient) -> bool:
    told = scene.told(climbed.clock, recipient)
    return told is not None and told.outcome is Outcome.UNDELIVERABLE and told.level >= climbed.level


def _alert(climbed: Climb, recipient: Recipient, urgent: bool, now: int, reason: str) -> Alert:
    clock = climbed.clock
    calm = Severity.BREACH if clock.breached(now) else Severity.WARNING
    return Alert(
        subject=clock.subject,
        clock=clock.metric.value,
        cycle=clock.cycle,
        level=climbed.level,
        repetition=climbed.repetition,
        recipient=recipient,
        severity=Severity.CRITICAL if urgent else calm,
        due_at=climbed.due_at,
        reason=reason,
    )
