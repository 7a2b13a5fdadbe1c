"""plan: what must be told to whom now, why, and when to look again. The one judgement that everything uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve, field, frozen

from sla_watchdog.domain.assessment import Assessment, assess
from sla_watchdog.domain.case import OPERATIONS, Alert, Case, Outcome, Recipient, Severity
from sla_watchdog.domain.clocks import Clock, Recorded
from sla_watchdog.domain.closing import cleared, withdrawn
from sla_watchdog.domain.findings import Finding
from sla_watchdog.domain.levels import Climb, Scene, alerts, climb, with_floor
from sla_watchdog.domain.links import Matter
from sla_watchdog.domain.policy import TARGETS, Metric, Policy
from sla_watchdog.domain.promises import Promise, extra_repetitions, with_broken
from sla_watchdog.domain.ticket import Ticket


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
    """`next_at` is `now` while `alerts` wait to be claimed, else later than `now`, else None: nothing is to come.

    `breached` is what the next write of the case must record. `unlinked` are names linked to it that neither are
    tickets of it nor known as such: the case must be joined with theirs.
    """

    alerts: tuple[Alert, ...]
    decisions: tuple[Decision, ...]
    coming: tuple[Coming, ...]
    next_at: int | None
    urgent: bool
    tickets: tuple[Ticket, ...]
    clocks: tuple[Clock, ...]
    findings: tuple[Finding, ...]
    matters: tuple[Matter, ...] = ()
    breached: Mapping[str, int] = field(factory=dict)
    unlinked: frozenset[str] = frozenset()
    promises: tuple[Promise, ...] = ()
    assessment: Assessment | None = field(default=None, eq=False, repr=False)

    @property
    def unresolved(self) -> bool:
        return any(each.unresolved for each in self.tickets)


def plan(case: Case, policy: Policy, now: int, whole: bool = False, assessment: Assessment | None = None) -> Plan:
    """Judge the case at `now` (epoch seconds); with `whole`, exchanges that are over are among its clocks.

    `assessment` may be that of the same facts, judged at another time. Pure: reads no clock, does no I/O, and never
    fails on a fact.
    """
    known = assessment or assess(case.facts, policy, Recorded(case.breached, case.edited_at), case.members, whole)
    scene = Scene(case, policy, now, known.tickets, known.matters)
    judged = _Judgement(scene, known)
    live = [clock for clock in judged.clocks if clock.stopped_at is None]
    climbs = {clock.key: found for clock in live if (found := judged.climb(clock)) is not None}
    due = list(_without_stray_repeats([a for each in climbs.values() for a in alerts(scene, each)], climbs, scene))
    due += [alert for clock in live for alert in withdrawn(scene, clock)]
    running = {clock.subject for clock in live if clock.metric in TARGETS}
    due += [*cleared(scene, running), *_finding_alerts(known.findings, scene)]
    to_send, decisions = _split(due, judged)
    coming = sorted((c for clock in live for c in _coming(judged, clock, climbs.get(clock.key))), key=lambda c: c.at)
    marks = [at for clock in live if (at := clock.breach_at) is not None and at > now]
    marks += [promise.until for made in known.promises.values() for promise in made if promise.until > now]
    next_at, urgent = _next(to_send, decisions, coming, marks, now)
    return Plan(
        alerts=tuple(to_send),
        decisions=tuple(decisions),
        coming=tuple(coming),
        next_at=next_at,
        urgent=urgent,
        tickets=known.tickets,
        clocks=judged.clocks,
        findings=known.findings,
        matters=known.matters,
        breached=_breached(case, judged.clocks, {each.id for each in known.tickets if each.absorbed}, now),
        unlinked=known.mentioned.difference(case.facts.tickets(), case.members) if known.mentioned else frozenset(),
        promises=tuple(promise for made in known.promises.values() for promise in made),
        assessment=known,
    )


@frozen
class _Judgement:
    """The clocks as they stand now: with what was told before, and with the promises that were broken."""

    scene: Scene
    known: Assessment
    clocks: tuple[Clock, ...] = field(init=False)

    @clocks.default
    def _as_of_now(self) -> tuple[Clock, ...]:
        return tuple(self._after_promises(with_floor(self.scene, clock)) for clock in self.known.clocks)

    def _made(self, clock: Clock) -> tuple[Promise, ...]:
        """The promises that concern a clock; nothing concerns a ceiling."""
        return () if clock.metric is Metric.AGE else self.known.promises.get(clock.subject, ())

    def _after_promises(self, clock: Clock) -> Clock:
        made = self._made(clock)
        return with_broken(clock, made, self.scene.now) if made else clock

    def climb(self, clock: Clock) -> Climb | None:
        found, made = climb(self.scene, clock), self._made(clock)
        if found is None or not found.at_top or not made:
            return found
        extra = extra_repetitions(clock, made, self.scene.now)
        return evolve(found, repetition=found.repetition + extra) if extra else found

    def held(self, subject: str, clock: str) -> Promise | None:
        """The promise that holds an alert of this clock back; nothing holds a ceiling, a finding or good news."""
        if clock not in _HOLDABLE:
            return None
        return next((p for p in self.known.promises.get(subject, ()) if p.holds(self.scene.now)), None)


_HOLDABLE = frozenset(metric.value for metric in Metric if metric is not Metric.AGE)


def _breached(case: Case, all_clocks: Iterable[Clock], survivors: set[str], now: int) -> Mapping[str, int]:
    """Breaches recorded so far and the new ones; of exchanges only the latest, or a long case would never end.

    Those of `survivors` of a merge may come from another ticket, and go with it when the merge is undone.
    """
    own = (c for c in all_clocks if c.metric in TARGETS and c.subject not in survivors)
    new = {c.record: c.breach_at for c in own if c.breach_at and c.breach_at <= now}
    kept = {name: at for name, at in case.breached.items() if name.rpartition("/")[2] in _LASTING}
    return {**kept, **new}


_LASTING = frozenset({Metric.FIRST_RESPONSE, Metric.FIRST_RESOLUTION, Metric.RESOLUTION})


def _lead(climbs: Iterable[Climb], scene: Scene, recipient: Recipient) -> Climb | None:
    """Whose repetitions the recipient gets: of the clocks at the top of their ladders, the highest, then oldest."""
    repeating = [c for c in climbs if c.at_top and _repeats_to(c, scene, recipient)]
    return min(repeating, key=lambda c: (-c.level, c.clock.breach_at or 0, c.clock.key), default=None)


def _repeats_to(each: Climb, scene: Scene, recipient: Recipient) -> bool:
    """Whether its top tells that recipient, and did."""
    top = each.clock.ladder.levels[-1]
    told = scene.told(each.clock, recipient) if top.repeat is not None else None
    return told is not None and told.level == each.level and recipient in scene.recipients(top, each.clock)


def _without_stray_repeats(due: list[Alert], climbs: Mapping[str, Climb], scene: Scene) -> Iterator[Alert]:
    """Repetitions of one case to one recipient come together, at the pace of the leading clock (semantics E5)."""
    for recipient in dict.fromkeys(alert.recipient for alert in due):
        theirs = [alert for alert in due if alert.recipient == recipient]
        if not any(alert.repetition for alert in theirs):
            yield from theirs
            continue
        lead = _lead(climbs.values(), scene, recipient)
        leading = lead is None or any(alert.clock_key == lead.clock.key for alert in theirs)
        yield from theirs if leading else (a for a in theirs if not _is_repeat(a, climbs[a.clock_key].clock, scene))


def _is_repeat(alert: Alert, clock: Clock, scene: Scene) -> bool:
    told = scene.told(clock, alert.recipient)
    return told is not None and told.level == alert.level and alert.repetition > 0


def _coming(judged: _Judgement, clock: Clock, found: Climb | None) -> Iterator[Coming]:
    """Every level still ahead, and the next repetition once the last one is reached; nothing before a promise ends."""
    scene, metric = judged.scene, clock.metric.value
    promise = judged.held(clock.subject, metric)
    earliest = promise.until if promise else 0
    for index, (level, at) in enumerate(zip(clock.ladder.levels, clock.levels, strict=True)):
        if at is not None and at > scene.now:
            for name in level.tell:
                yield Coming(max(at, earliest), scene.recipient(name, clock), metric, index, level.urgent)
    last, started = clock.ladder.levels[-1], clock.levels[-1]
    if found is not None and found.at_top and last.repeat is not None and started is not None:
        at = started + last.repeat.offset(last.repeat.latest(scene.now - started) + 1)
        for name in last.tell:
            yield Coming(max(at, earliest), scene.recipient(name, clock), metric, found.level, last.urgent)


def _finding_alerts(found: Iterable[Finding], scene: Scene) -> Iterator[Alert]:
    """Findings are told to operations once; the same outbox carries them."""
    recipient = Recipient(OPERATIONS)
    for finding in found:
        clock = f"finding:{finding.kind}"
        told = scene.case.told(f"{finding.ticket}/{clock}/{finding.time}", recipient)
        if told is None and not scene.on_its_way(recipient):
            yield Alert(
                finding.ticket, clock, finding.time, 0, 0, recipient, Severity.WARNING, scene.now, finding.reason
            )


def _split(due: list[Alert], judged: _Judgement) -> tuple[list[Alert], list[Decision]]:
    """What a promise holds waits for its end; what is not urgent, for its recipient's hours (semantics E6, E7)."""
    scene = judged.scene
    to_send: list[Alert] = []
    later: list[Decision] = []
    for alert in due:
        promise = judged.held(alert.subject, alert.clock)
        opens = scene.now if alert.urgent else scene.opens_at(alert.recipient)
        if promise is not None:
            reason = f"acknowledged by {promise.by or 'somebody'}, who promised an update"
            later.append(Decision(alert, Outcome.DEFERRED, reason, promise.until))
        elif opens <= scene.now:
            to_send.append(alert)
        else:
            later.append(Decision(alert, Outcome.DEFERRED, f"outside the hours of {alert.recipient.audience}", opens))
    return to_send, later


def _next(
    to_send: list[Alert], decisions: list[Decision], coming: list[Coming], marks: list[int], now: int
) -> tuple[int | None, bool]:
    if to_send:
        return now, any(alert.urgent for alert in to_send)
    ahead = [(c.at, c.urgent) for c in coming if c.at > now]
    ahead += [(d.until, False) for d in decisions if d.until is not None]
    ahead += [(at, False) for at in marks]
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
            yield evolve(alert, level=index, repetition=0, due_at=at, reason=f"passed: level {alert.level + 1} was due")


def wake(judged: Plan, case: Case) -> tuple[int | None, bool]:
    """The one rule for `next_at`, and whether what is due then is urgent: the plan's, or the earliest lease's end."""
    leases = [(entry.until, entry.urgent) for entry in case.outbox.values()]
    instants = [*leases, *([(judged.next_at, judged.urgent)] if judged.next_at is not None else [])]
    if not instants:
        return None, False
    at = min(at for at, _ in instants)
    return at, any(urgent for when, urgent in instants if when == at)
