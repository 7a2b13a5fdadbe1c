"""plan: what must be told to whom now, why, and when to look again. The one judgement that everything uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from sla_watchdog.domain.business_time import NoWorkingTime, TimeOutOfRange
from sla_watchdog.domain.case import OPERATIONS, Alert, Case, Outcome, Reached, Recipient, Severity
from sla_watchdog.domain.clocks import Clock, age_clock, clocks
from sla_watchdog.domain.facts import UNREADABLE, Facts
from sla_watchdog.domain.policy import Level, Policy
from sla_watchdog.domain.ticket import ENDED, Finding, Ticket, findings, ticket


@frozen
class Decision:
    """A level that came due and was not sent now: why not, and until when for one deferred."""

    alert: Alert
    outcome: Outcome
    reason: str
    until: int | None = None


@frozen
class Coming:
    """What happens next if nothing changes."""

    at: int
    recipient: Recipient
    clock: str
    level: int
    urgent: bool


@frozen
class Plan:
    """`next_at` is `now` while `alerts` wait to be claimed, else later than `now`, else None: nothing is to come."""

    alerts: tuple[Alert, ...]
    decisions: tuple[Decision, ...]
    coming: tuple[Coming, ...]
    next_at: int | None
    urgent: bool
    tickets: tuple[Ticket, ...]
    clocks: tuple[Clock, ...]
    findings: tuple[Finding, ...]

    @property
    def unresolved(self) -> bool:
        return any(each.unresolved for each in self.tickets)


@frozen
class _Scene:
    """What every step needs to know of the case."""

    case: Case
    policy: Policy
    now: int

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
        """Who `each: assignee` or `each: team` is; for the case, of its newest ticket. Shared names are nobody."""
        facts = self.case.facts
        names = [subject] if subject in facts.tickets() else list(facts.tickets())[-1:]
        value = str(facts.latest(names[0], name)) if names else ""
        return "" if value.casefold() in self.policy.shared else value

    def told(self, clock: Clock, recipient: Recipient) -> Reached | None:
        return self.case.told(clock.key, recipient)

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


@frozen
class _Climb:
    """How far up its ladder a clock is: the highest level due, and of the last one the latest repetition."""

    clock: Clock
    level: int
    repetition: int
    due_at: int

    @property
    def at_top(self) -> bool:
        return self.level == len(self.clock.levels) - 1


def _climb(scene: _Scene, clock: Clock) -> _Climb | None:
    due = [(i, at) for i, at in enumerate(clock.levels) if at is not None and at <= scene.now]
    if not due:
        return None
    level, at = max(due)
    repeat = clock.ladder.levels[level].repeat
    if level < len(clock.levels) - 1 or repeat is None:
        return _Climb(clock, level, 0, at)
    repetition = repeat.latest(scene.now - at)
    return _Climb(clock, level, repetition, at + repeat.offset(repetition))


def _alerts(scene: _Scene, climb: _Climb) -> Iterator[Alert]:
    """The level due goes to its own recipients and to those of every level it passes, unless they were told."""
    due: dict[Recipient, bool] = {}
    for index, level in enumerate(climb.clock.ladder.levels[: climb.level + 1]):
        repetition = climb.repetition if index == climb.level else 0
        for recipient in scene.recipients(level, climb.clock):
            told = scene.told(climb.clock, recipient)
            if told is None or (told.level, told.repetition) < (index, repetition):
                due[recipient] = due.get(recipient, False) or level.urgent
    for recipient, urgent in due.items():
        if not scene.on_its_way(recipient):
            yield _alert(climb, recipient, urgent, scene.now, _why(climb))
    yield from _in_place_of_unreachable(scene, climb, set(due))


def _why(climb: _Climb) -> str:
    return f"repetition {climb.repetition}: still unresolved" if climb.repetition else "due"


def _in_place_of_unreachable(scene: _Scene, climb: _Climb, already: set[Recipient]) -> Iterator[Alert]:
    """Where a level cannot reach somebody, the next level's recipients hear of it; beyond the top, operations."""
    levels = climb.clock.ladder.levels
    urgent = levels[climb.level].urgent
    for index in range(climb.level, len(levels)):
        people = [r for r in scene.recipients(levels[index], climb.clock) if not r.urgent]
        missed = [r.key for r in people if _missed(scene, climb, r)]
        if not missed or (index > climb.level and len(missed) < len(people)):
            return
        above = index + 1 < len(levels)
        stand_ins = scene.recipients(levels[index + 1], climb.clock) if above else iter([Recipient(OPERATIONS)])
        for recipient in stand_ins:
            told = scene.told(climb.clock, recipient)
            new = recipient not in already and (told is None or told.level < climb.level)
            wanted = new and (urgent or not recipient.urgent)
            if wanted and not scene.on_its_way(recipient):
                yield _alert(climb, recipient, urgent, scene.now, f"{missed[0]} cannot be reached")


def _missed(scene: _Scene, climb: _Climb, recipient: Recipient) -> bool:
    told = scene.told(climb.clock, recipient)
    return told is not None and told.outcome is Outcome.UNDELIVERABLE and told.level >= climb.level


def _alert(climb: _Climb, recipient: Recipient, urgent: bool, now: int, reason: str) -> Alert:
    clock = climb.clock
    calm = Severity.BREACH if clock.breached(now) else Severity.WARNING
    return Alert(
        subject=clock.subject,
        clock=clock.metric.value,
        cycle=clock.cycle,
        level=climb.level,
        repetition=climb.repetition,
        recipient=recipient,
        severity=Severity.CRITICAL if urgent else calm,
        due_at=climb.due_at,
        reason=reason,
    )


def _lead(climbs: Iterable[_Climb], scene: _Scene, recipient: Recipient) -> _Climb | None:
    """Whose repetitions the recipient gets: of the clocks at the top of their ladders, the highest, then oldest."""
    repeating = [c for c in climbs if c.at_top and scene.told(c.clock, recipient) is not None]
    return min(repeating, key=lambda c: (-c.level, c.clock.breach_at or 0, c.clock.key), default=None)


def _without_stray_repeats(alerts: list[Alert], climbs: list[_Climb], scene: _Scene) -> Iterator[Alert]:
    """Repetitions of one case to one recipient come together, at the pace of the leading clock (semantics E5)."""
    for recipient in dict.fromkeys(alert.recipient for alert in alerts):
        due = [alert for alert in alerts if alert.recipient == recipient]
        lead = _lead(climbs, scene, recipient)
        leading = lead is None or any(alert.clock_key == lead.clock.key for alert in due)
        yield from due if leading else (alert for alert in due if not _is_repeat(alert, scene))


def _is_repeat(alert: Alert, scene: _Scene) -> bool:
    told = scene.case.told(alert.clock_key, alert.recipient)
    return told is not None and told.level == alert.level and alert.repetition > 0


def _coming(scene: _Scene, clock: Clock, climb: _Climb | None) -> Iterator[Coming]:
    """Every level still ahead, and the next repetition once the last one is reached."""
    for index, (level, at) in enumerate(zip(clock.ladder.levels, clock.levels, strict=True)):
        if at is not None and at > scene.now:
            for name in level.tell:
                yield Coming(at, scene.recipient(name, clock), clock.metric.value, index, level.urgent)
    last, started = clock.ladder.levels[-1], clock.levels[-1]
    if climb is not None and climb.at_top and last.repeat is not None and started is not None and started <= scene.now:
        at = started + last.repeat.offset(climb.repetition + 1)
        for name in last.tell:
            yield Coming(at, scene.recipient(name, clock), clock.metric.value, climb.level, last.urgent)


def _finding_alerts(found: Iterable[Finding], scene: _Scene) -> Iterator[Alert]:
    """Findings are told to operations once; the same outbox carries them."""
    recipient = Recipient(OPERATIONS)
    for finding in found:
        clock = f"finding:{finding.kind}"
        told = scene.case.told(f"{finding.ticket}/{clock}/1", recipient)
        if told is None and not scene.on_its_way(recipient):
            yield Alert(finding.ticket, clock, 1, 0, 0, recipient, Severity.WARNING, scene.now, finding.reason)


def _judged(tickets: tuple[Ticket, ...], facts: Facts, policy: Policy) -> tuple[list[Clock], list[Finding]]:
    running: list[Clock] = []
    found: list[Finding] = []
    for each in tickets:
        found += findings(each.id, facts, policy) if each.gone_at is None else _deleted(each, facts)
        try:
            running += clocks(each, facts, policy)
        except (NoWorkingTime, TimeOutOfRange) as error:
            found.append(Finding(each.id, "calendar", str(error)))
    return running, found


def _deleted(each: Ticket, facts: Facts) -> Iterator[Finding]:
    """Of a deleted record only this is left to say; nothing, where it was resolved or never was a ticket."""
    if each.group not in ENDED and not facts.latest(each.id, f"{UNREADABLE}ticket_id"):
        yield Finding(each.id, "deleted", "the record was deleted while the ticket was unresolved")


def plan(case: Case, policy: Policy, now: int) -> Plan:
    """Judge the case at `now` (epoch seconds). Pure: reads no clock, does no I/O, and never fails on a fact."""
    scene = _Scene(case, policy, now)
    tickets = tuple(ticket(name, case.facts, policy) for name in case.facts.tickets())
    all_clocks, found = _judged(tickets, case.facts, policy)
    if tickets:
        all_clocks.append(age_clock(case.id, tickets, policy))
    live = [clock for clock in all_clocks if clock.stopped_at is None]
    climbs = [climb for clock in live if (climb := _climb(scene, clock)) is not None]
    due = list(_without_stray_repeats([a for climb in climbs for a in _alerts(scene, climb)], climbs, scene))
    due += _finding_alerts(found, scene)
    alerts, decisions = _split_by_hours(due, scene)
    by_clock = {climb.clock.key: climb for climb in climbs}
    coming = sorted((c for clock in live for c in _coming(scene, clock, by_clock.get(clock.key))), key=lambda c: c.at)
    next_at, urgent = _next(alerts, decisions, coming, now)
    return Plan(
        alerts=tuple(alerts),
        decisions=tuple(decisions),
        coming=tuple(coming),
        next_at=next_at,
        urgent=urgent,
        tickets=tickets,
        clocks=tuple(all_clocks),
        findings=tuple(found),
    )


def _split_by_hours(due: list[Alert], scene: _Scene) -> tuple[list[Alert], list[Decision]]:
    """What is not urgent waits for its recipient's hours, and is judged again then (semantics E6)."""
    now: list[Alert] = []
    later: list[Decision] = []
    for alert in due:
        opens = scene.now if alert.urgent else scene.opens_at(alert.recipient)
        if opens <= scene.now:
            now.append(alert)
        else:
            later.append(Decision(alert, Outcome.DEFERRED, f"outside the hours of {alert.recipient.audience}", opens))
    return now, later


def _next(alerts: list[Alert], decisions: list[Decision], coming: list[Coming], now: int) -> tuple[int | None, bool]:
    if alerts:
        return now, any(alert.urgent for alert in alerts)
    ahead = [(c.at, c.urgent) for c in coming if c.at > now]
    ahead += [(d.until, False) for d in decisions if d.until is not None]
    if not ahead:
        return None, False
    at = min(at for at, _ in ahead)
    return at, any(urgent for when, urgent in ahead if when == at)


def superseded(case: Case, alert: Alert, clock: Clock) -> Iterator[Alert]:
    """The levels that `alert` passes for its recipient, each as the alert it would have been."""
    told = case.told(alert.clock_key, alert.recipient)
    for index in range(told.level + 1 if told else 0, alert.level):
        at = clock.levels[index]
        level = clock.ladder.levels[index]
        tells = alert.recipient.audience in level.tell and (level.urgent or not alert.recipient.urgent)
        if tells and at is not None:
            yield Alert(
                alert.subject,
                alert.clock,
                alert.cycle,
                index,
                0,
                alert.recipient,
                alert.severity,
                at,
                f"passed: level {alert.level + 1} was due",
            )


def wake(judged: Plan, case: Case) -> tuple[int | None, bool]:
    """The one rule for `next_at`, and whether what is due then is urgent: the plan's, or the earliest lease's end."""
    leases = [(entry.until, entry.urgent) for entry in case.outbox.values()]
    instants = [*leases, *([(judged.next_at, judged.urgent)] if judged.next_at is not None else [])]
    if not instants:
        return None, False
    at = min(at for at, _ in instants)
    return at, any(urgent for when, urgent in instants if when == at)
