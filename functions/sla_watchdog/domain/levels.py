"""Which levels of a clock are due, and to whom: one rule, the highest level due (semantics E3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import TypeAlias

from attrs import evolve, field, frozen

from sla_watchdog.domain.case import HEARD, OPERATIONS, Alert, Case, Outcome, Reached, Recipient, Severity
from sla_watchdog.domain.clocks import Clock
from sla_watchdog.domain.links import Matter
from sla_watchdog.domain.matching import rule_at
from sla_watchdog.domain.policy import TARGETS, Level, Metric, Policy
from sla_watchdog.domain.ticket import Ticket

CLEARED = "cleared"
"""The clock of an alert that says that a case, or one ticket of it, is over."""

WITHDRAWN = "withdrawn:"
"""What stands before the metric in the clock of an alert that takes a warning back."""

HOLDABLE = frozenset(metric.value for metric in Metric if metric is not Metric.AGE)
"""Clocks whose alerts a promise or a silence holds back: no ceiling, no finding, no good news."""

REOPENED = "it was reopened"
"""How the reason of an alert begins that a reopening made due; the ticket's own reopenings by persons follow."""

REMINDER = "reminder"
"""How the reason of an alert begins whose recipient was told of the same level before."""

UNHEARD = frozenset({Outcome.UNDELIVERABLE, Outcome.SUPPRESSED})
"""How levels end that reached nobody."""

NO_OWNER = "it has no owner"
"""Why the next audience up hears of a level that is an owner's."""

Cycles: TypeAlias = Mapping[int, Mapping[str, Reached]]
"""Cycle of a clock -> recipient -> what was reached."""


@frozen
class Scene:
    """What every step needs to know of the case. `back` is as in Surroundings."""

    case: Case
    policy: Policy
    now: int
    tickets: tuple[Ticket, ...] = ()
    matters: tuple[Matter, ...] = ()
    back: Mapping[str, int] = field(factory=dict)
    _aliases: Mapping[str, tuple[str, ...]] = field(init=False)
    _stand_ins: dict[tuple[str, str], Recipient] = field(factory=dict, init=False, eq=False, repr=False)
    """By audience and ticket, as far as they were asked for."""

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

    @cached_property
    def _reached(self) -> Mapping[str, Mapping[str, Cycles]]:
        by_clock: dict[str, dict[str, Reached]] = {}
        for (clock_key, recipient), reached in self.case.reached.items():
            by_clock.setdefault(clock_key, {})[recipient] = reached
        found: dict[str, dict[str, dict[int, dict[str, Reached]]]] = {}
        for clock_key, told in by_clock.items():
            subject, metric, cycle = clock_key.rsplit("/", 2)
            found.setdefault(subject, {}).setdefault(metric, {})[int(cycle)] = told
        return found

    def reached(self, subject: str) -> Mapping[str, Cycles]:
        """By metric, what was told of this subject."""
        return self._reached.get(subject, {})

    @cached_property
    def _by_id(self) -> Mapping[str, Ticket]:
        return {each.id: each for each in self.tickets}

    @cached_property
    def _still(self) -> dict[str, None]:
        """The tickets whose owners are asked for: those that are open, or else all."""
        return dict.fromkeys([each.id for each in self.tickets if each.unresolved] or self.case.facts.tickets())

    def reopened_at(self, subject: str) -> int | None:
        """When that ticket was last reopened by a person."""
        found = self._by_id.get(subject)
        return found.climbing[-1] if found and found.climbing else None

    # ------------------------------------------------------------------ who

    def recipients(self, level: Level, clock: Clock) -> Iterator[Recipient]:
        people = [recipient for recipient, _ in self.addressed(level, clock)]
        for recipient in dict.fromkeys(people):
            yield recipient
            if level.urgent:
                yield evolve(recipient, urgent=True)

    def addressed(self, level: Level, clock: Clock) -> Iterator[tuple[Recipient, bool]]:
        """Each with whether it hears in its own right, or in place of an owner where there is none."""
        for name in level.tell:
            recipient = self._named(name, clock)
            if self._is_nobody(recipient):
                yield self._in_place_of(recipient, clock), False
            else:
                yield recipient, True

    def _named(self, name: str, clock: Clock) -> Recipient:
        audience = self.policy.audiences.get(name)
        return Recipient(name, self.value(audience.each, clock.subject) if audience and audience.each else "")

    def _is_nobody(self, recipient: Recipient) -> bool:
        """An owner where nobody owns it. A team that is not named is everybody who hears of any team."""
        audience = self.policy.audiences.get(recipient.audience)
        return audience is not None and audience.each == "assignee" and not recipient.of

    def _in_place_of(self, nobody: Recipient, clock: Clock) -> Recipient:
        """The next audience up that is somebody; where there is none, the audience's own topic."""
        key = nobody.audience, self._asked(clock.subject)
        if key not in self._stand_ins:
            rule = rule_at(key[1], self.case.facts, self.policy, self.now)
            within_reach, rank = self.policy.within_reach([rule]), self.policy.rank(nobody.audience)
            above = (self._named(name, clock) for name in within_reach if self.policy.rank(name) > rank)
            self._stand_ins[key] = next((each for each in above if not self._is_nobody(each)), nobody)
        return self._stand_ins[key]

    def value(self, name: str, subject: str) -> str:
        """Who `each: assignee` or `each: team` is; where that ticket is over, of the newest that is open.

        Shared names are nobody.
        """
        value = str(self.case.facts.latest(self._asked(subject), name))
        return "" if value.casefold() in self.policy.shared else value

    def _asked(self, subject: str) -> str:
        """The ticket that says whose it is."""
        return subject if subject in self._still else next(reversed(self._still), subject)

    def on_its_way(self, recipient: Recipient) -> bool:
        entry = self.case.outbox.get(recipient.key)
        return entry is not None and entry.until > self.now

    def opens_at(self, recipient: Recipient, now: int | None = None) -> int:
        """When the recipient's hours are open again; `now` while they are."""
        at = self.now if now is None else now
        audience = self.policy.audiences.get(recipient.audience)
        if audience is None or audience.hours is None:
            return at
        calendar = self.policy.calendars[audience.hours]
        return at if calendar.is_open(at) else calendar.next_opening(at)

    # ------------------------------------------------------------------ what was told

    def told(self, clock: Clock, recipient: Recipient) -> Reached | None:
        """The highest level that the recipient was told of: under this clock, or under that of a ticket joined to it.

        What was withdrawn since counts as not told; so does what reached nobody, once somebody can be reached again.
        """
        found = self._tellings(clock, recipient)
        if self.back:
            found = [reached for reached in found if not self.hears_next_time(reached, recipient)]
        return max(found, key=lambda reached: (reached.level, reached.repetition), default=None)

    def received(self, climbed: Climb, recipient: Recipient) -> int | None:
        """How many messages of this level reached the recipient so far; None where that was not counted."""
        counts = [_count(told) for told in self._tellings(climbed.clock, recipient) if told.level == climbed.level]
        known = [count for count in counts if count is not None]
        return None if len(known) < len(counts) else max(known, default=0)

    def _tellings(self, clock: Clock, recipient: Recipient) -> list[Reached]:
        """What the recipient was told of it under each of its names, and not taken back since."""
        if not self.case.reached:
            return []
        metric, key = clock.metric.value, recipient.key
        own = self._told_as(clock.subject, metric, clock.cycle, key)
        # Who was told that a ticket is over was told nothing of what burns again.
        if own and clock.metric in TARGETS and own.at <= self._cleared_at(clock.subject, key):
            own = None
        found = [own] if own else []
        for name in self._aliases.get(f"{clock.subject}/{metric}", ()):
            cycles = sorted(self.reached(name).get(metric, ()), reverse=True)
            told = (self._told_as(name, metric, cycle, key) for cycle in cycles)
            found += islice(filter(None, told), 1)
        return found

    def _told_as(self, subject: str, metric: str, cycle: int, recipient: str) -> Reached | None:
        """What was told under one name and not taken back since."""
        known = self.case.reached.get((f"{subject}/{metric}/{cycle}", recipient))
        taken_back = self.case.reached.get((f"{subject}/{WITHDRAWN}{metric}/{cycle}", recipient)) if known else None
        return known if known and not (taken_back and taken_back.at >= known.at) else None

    def withdrawals(self, clock: Clock, recipient: Recipient) -> int:
        """How often a warning of this clock was withdrawn from the recipient."""
        key = f"{clock.subject}/{WITHDRAWN}{clock.metric.value}/{clock.cycle}", recipient.key
        last = self.case.reached.get(key)
        return last.repetition + 1 if last else 0

    def hears_next_time(self, reached: Reached, recipient: Recipient) -> bool:
        """Whether it reached nobody, and now somebody would be."""
        topics = (recipient.topic, recipient.everyone.topic)
        return reached.outcome in UNHEARD and any(self.back.get(topic, 0) > reached.at for topic in topics)

    @cached_property
    def anybody_missed(self) -> bool:
        """Whether any level could not be delivered."""
        return any(reached.outcome is Outcome.UNDELIVERABLE for reached in self.case.reached.values())

    def _cleared_at(self, subject: str, recipient: str) -> int:
        cycles = self.reached(subject).get(CLEARED, {}).values()
        return max((told[recipient].at for told in cycles if recipient in told), default=0)

    def level_told(self, clock: Clock) -> int:
        """How many levels of the metric anybody was told of, in this cycle and those before."""
        cycles = self.reached(clock.subject).get(clock.metric.value, {}).items()
        return max((r.level + 1 for cycle, told in cycles if cycle < clock.cycle for r in told.values()), default=0)


def told_at(case: Case, alert: Alert, now: int) -> int:
    """When the recipient is told: `now`, or just after what this answers where that was told by a clock ahead of ours.

    What is told last counts; were good news newer than the alert that follows it, the alert would come each minute.
    """
    news = _is_news(alert.clock)
    answered = (
        reached.at + (not news)
        for (clock, recipient), reached in case.reached.items()
        if recipient == alert.recipient.key and _is_news(clock.rsplit("/", 2)[1]) is not news
    )
    return max([now, *answered])


def _is_news(clock: str) -> bool:
    return clock == CLEARED or clock.startswith(WITHDRAWN)


def _count(told: Reached) -> int | None:
    """An older version counted nothing; then a level that was not repeated reached its recipient once, if at all."""
    if told.received is not None:
        return told.received
    return None if told.repetition else int(told.outcome in HEARD)


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
    at = scene.reopened_at(clock.subject)
    top = min(scene.level_told(clock), len(clock.levels) - 1)
    if at is None or not top:
        return clock
    levels = tuple(at if i <= top and (own is None or own > at) else own for i, own in enumerate(clock.levels))
    return evolve(clock, levels=levels)


def alerts(scene: Scene, climbed: Climb) -> Iterator[Alert]:
    """The level due goes to its own recipients and to those of every level it passes, unless they were told."""
    due: dict[Recipient, bool] = {}
    """Whether a level that is urgent is among those due for the recipient."""
    for index, level in enumerate(climbed.clock.ladder.levels[: climbed.level + 1]):
        repetition = climbed.repetition if index == climbed.level else 0
        for recipient in scene.recipients(level, climbed.clock):
            told = scene.told(climbed.clock, recipient)
            if told is None or (told.level, told.repetition) < (index, repetition):
                due[recipient] = due.get(recipient, False) or level.urgent
    for recipient, urgent in due.items():
        if not scene.on_its_way(recipient):
            reminder = scene.received(climbed, recipient)
            why = _why(scene, climbed, recipient, reminder)
            yield _alert(scene, climbed, recipient, urgent, why, reminder)
    yield from _in_place_of_unreachable(scene, climbed, set(due))


def _still(scene: Scene) -> str:
    """Nobody calls that unresolved what the desk shows as resolved: there the customer waits."""
    left = [each for each in scene.tickets if each.unresolved]
    only_waits = bool(left) and all(each.waits_since is not None for each in left)
    return "still unanswered" if only_waits else "still unresolved"


def _why(scene: Scene, climbed: Climb, recipient: Recipient, reminder: int | None) -> str:
    """`reminder` is how many messages of this level its recipient had before."""
    if climbed.repetition and reminder != 0:
        number = f"{REMINDER} {reminder}" if reminder else REMINDER
        return f"{number}: {_still(scene)}"
    clock = climbed.clock
    again = clock.metric is Metric.RESOLUTION and clock.cycle > 1 and len(set(clock.levels[: climbed.level + 1])) == 1
    if again:
        return f"{REOPENED} ({_times(clock.cycle - 1)})"
    return NO_OWNER if _hears_for_nobody(scene, climbed, recipient) else "due"


def _hears_for_nobody(scene: Scene, climbed: Climb, recipient: Recipient) -> bool:
    """Whether every level due tells it only in place of an owner where there is none."""
    levels, calm = climbed.clock.ladder.levels[: climbed.level + 1], evolve(recipient, urgent=False)
    rights = [right for level in levels for each, right in scene.addressed(level, climbed.clock) if each == calm]
    return bool(rights) and not any(rights)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _in_place_of_unreachable(scene: Scene, climbed: Climb, already: set[Recipient]) -> Iterator[Alert]:
    """Where a level cannot reach somebody, the next level's recipients hear of it; beyond the top, operations."""
    if not scene.anybody_missed:
        return
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
                reason = f"{missed[0]} cannot be reached"
                yield _alert(scene, climbed, recipient, urgent, reason, scene.received(climbed, recipient))


def _missed(scene: Scene, climbed: Climb, recipient: Recipient) -> bool:
    told = scene.told(climbed.clock, recipient)
    return told is not None and told.outcome is Outcome.UNDELIVERABLE and told.level >= climbed.level


def _alert(
    scene: Scene, climbed: Climb, recipient: Recipient, urgent: bool, reason: str, reminder: int | None
) -> Alert:
    clock, critical = climbed.clock, urgent or _above_urgent(climbed, recipient)
    calm = Severity.BREACH if clock.breached(scene.now) else Severity.WARNING
    return Alert(
        subject=clock.subject,
        clock=clock.metric.value,
        cycle=clock.cycle,
        level=climbed.level,
        repetition=climbed.repetition,
        recipient=recipient,
        severity=Severity.CRITICAL if critical else calm,
        due_at=climbed.due_at,
        reason=reason,
        reminder=reminder,
        waits=critical and not urgent,
        renewal=scene.withdrawals(clock, recipient),
    )


def _above_urgent(climbed: Climb, recipient: Recipient) -> bool:
    """Whether a level that was due before the recipient's own is urgent: what was critical stays so on its way up."""
    levels = climbed.clock.ladder.levels[: climbed.level + 1]
    own = [number for number, level in enumerate(levels) if recipient.audience in level.tell]
    return any(level.urgent for level in levels[: max(own, default=climbed.level) + 1])


def critical_to(climbed: Climb) -> frozenset[str]:
    """The audiences to whom a level that is due was critical."""
    due = climbed.clock.ladder.levels[: climbed.level + 1]
    return frozenset(name for level in due if level.urgent for name in level.tell)


def as_critical(alert: Alert, critical: frozenset[str], policy: Policy) -> Alert:
    """The alert of a breach to somebody above those to whom another clock of the same matter is `critical`."""
    above = any(alert.recipient.audience in policy.above(name) for name in critical)
    if not above or alert.severity is not Severity.BREACH:
        return alert
    return evolve(alert, severity=Severity.CRITICAL, waits=True)
