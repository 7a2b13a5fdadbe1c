"""plan: what must be told to whom now, why, and when to look again. The one judgement that everything uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from attrs import evolve, field, frozen

from sla_watchdog.domain.assessment import Assessment, assess
from sla_watchdog.domain.business_time import NoWorkingTime, TimeOutOfRange
from sla_watchdog.domain.case import OPERATIONS, Alert, Case, Outcome, Recipient, Severity
from sla_watchdog.domain.clocks import Clock, Recorded
from sla_watchdog.domain.closing import cleared, withdrawn
from sla_watchdog.domain.deletions import was_meant, without_deletions
from sla_watchdog.domain.findings import DELETED, Finding
from sla_watchdog.domain.levels import HOLDABLE, Climb, Scene, alerts, as_critical, climb, critical_to, with_floor
from sla_watchdog.domain.links import Matter
from sla_watchdog.domain.matching import rules_over_time
from sla_watchdog.domain.policy import TARGETS, Level, Metric, Policy
from sla_watchdog.domain.promises import Promise, extra_repetitions, raised_by, with_broken
from sla_watchdog.domain.silences import Silence, silenced
from sla_watchdog.domain.surroundings import Surroundings
from sla_watchdog.domain.ticket import Ticket
from sla_watchdog.domain.unkept import unkept


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


MOST_HOLDS = 10
"""Silences and closed hours in a row that are looked through, for when somebody will be told."""


class Ahead(NamedTuple):
    """A level still to come, or the next repetition of the last one."""

    at: int
    clock: Clock
    number: int
    """Of the level, from 0."""

    @property
    def level(self) -> Level:
        return self.clock.ladder.levels[self.number]


@frozen
class Plan:
    """`next_at` is `now` while `alerts` wait to be claimed, else later than `now`, else None: nothing is to come.

    `breached` is what the next write of the case must record. `unlinked` are names linked to it that neither are
    tickets of it nor known as such: the case must be joined with theirs.
    """

    alerts: tuple[Alert, ...]
    decisions: tuple[Decision, ...]
    ahead: tuple[Ahead, ...]
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
    scene: Scene | None = field(default=None, eq=False, repr=False)
    silences: tuple[Silence, ...] = field(default=(), eq=False, repr=False)

    @cached_property
    def coming(self) -> tuple[Coming, ...]:
        """What waits for somebody's hours, a promise or a silence, and what is ahead, with who will be told, in order
        of time.

        Of the levels of one clock that reach somebody at one time, the highest, which is the one that will be told; an
        audience and its urgent topic are one.
        """
        scene, silences = self.scene, self.silences
        if scene is None:
            return ()
        late = [(each.until, each.alert) for each in self.decisions if each.until is not None]
        late += [(each.at, alert) for each in self.ahead for alert in _told_then(each, scene)]
        found = [
            Coming(_held_until(at, alert, scene, silences), evolve(alert.recipient, urgent=False), *_level_of(alert))
            for at, alert in late
        ]
        highest = sorted(found, key=lambda each: each.level)
        told = {(each.at, each.recipient.key, each.clock): each for each in highest}
        return tuple(sorted(told.values(), key=_when))

    @property
    def unresolved(self) -> bool:
        return any(each.unresolved for each in self.tickets)


def plan(
    case: Case,
    policy: Policy,
    now: int,
    whole: bool = False,
    assessment: Assessment | None = None,
    around: Surroundings = Surroundings(),  # noqa: B008 - frozen
) -> Plan:
    """Judge the case at `now` (epoch seconds); with `whole`, exchanges that are over are among its clocks.

    `assessment` may be that of the same facts, judged at another time. Pure: reads no clock, does no I/O, and never
    fails on a fact.
    """
    case = evolve(case, facts=without_deletions(case.facts, around.deletions_held_since))
    known = assessment or assess(case.facts, policy, Recorded(case.breached, case.edited_at), case.members, whole)
    scene = Scene(case, policy, now, known.tickets, known.matters, around.back)
    judged = _Judgement(scene, known)
    live = [clock for clock in judged.clocks if clock.stopped_at is None]
    climbs = {clock.key: found for clock in live if (found := judged.climb(clock)) is not None}
    burning = list(_without_stray_repeats([a for each in climbs.values() for a in alerts(scene, each)], climbs, scene))
    clocks = (*judged.clocks, *judged.unkept(burning))
    burning += [alert for clock in clocks[len(judged.clocks) :] for alert in _of_promise(scene, clock)]
    due = list(_not_falling_on_the_way_up(burning, climbs, scene))
    due += [alert for clock in live for alert in withdrawn(scene, clock)]
    running = {clock.subject for clock in live if clock.metric in TARGETS}
    findings = tuple(_not_meant(known.findings, case, around))
    due += [*cleared(scene, running), *_finding_alerts(findings, scene)]
    to_send, decisions = _split(due, judged, around)
    coming = [each for clock in live for each in _ahead(judged, clock, climbs.get(clock.key))]
    coming += [Ahead(clock.levels[0] or now, clock, 0) for clock in judged.unkept_then()]
    ahead = sorted(coming, key=_when)
    marks = [at for clock in live for at in (clock.breach_at, *clock.levels) if at is not None and at > now]
    marks += [promise.until for made in known.promises.values() for promise in made if promise.until > now]
    next_at, urgent = _next(to_send, decisions, ahead, marks, now)
    return Plan(
        alerts=tuple(to_send),
        decisions=tuple(decisions),
        ahead=tuple(ahead),
        next_at=next_at,
        urgent=urgent,
        tickets=known.tickets,
        clocks=clocks,
        findings=findings,
        matters=known.matters,
        breached=_breached(scene, judged.clocks, {each.id for each in known.tickets if each.absorbed}),
        unlinked=known.mentioned.difference(case.facts.tickets(), case.members) if known.mentioned else frozenset(),
        promises=tuple(promise for made in known.promises.values() for promise in made),
        assessment=known,
        scene=scene,
        silences=around.silences,
    )


_when = attrgetter("at")


@frozen
class _Judgement:
    """The clocks as they stand now: with what was told before, and with the promises that were broken."""

    scene: Scene
    known: Assessment
    _floored: tuple[Clock, ...] = field(init=False)
    _promised: Mapping[tuple[Promise, ...], list[Clock]] = field(init=False)
    _broken: Mapping[str, tuple[Promise, ...]] = field(init=False)
    """The broken promises that take a clock up, by its key."""
    clocks: tuple[Clock, ...] = field(init=False)

    @_floored.default
    def _with_floor(self) -> tuple[Clock, ...]:
        return tuple(with_floor(self.scene, clock) for clock in self.known.clocks)

    @_promised.default
    def _by_matter(self) -> Mapping[tuple[Promise, ...], list[Clock]]:
        """The clocks of the matters that something was promised about."""
        found: dict[tuple[Promise, ...], list[Clock]] = {}
        for clock in self._floored if self.known.promises else ():
            if made := self.known.promises.get(clock.subject):
                found.setdefault(made, []).append(clock)
        return found

    @_broken.default
    def _by_clock(self) -> Mapping[str, tuple[Promise, ...]]:
        """Of each matter the one clock that leads."""
        policy, now = self.scene.policy, self.scene.now
        found = (raised_by(made, clocks, now, policy) for made, clocks in self._promised.items())
        return {key: broken for each in found for key, broken in each.items()}

    @clocks.default
    def _as_of_now(self) -> tuple[Clock, ...]:
        return tuple(with_broken(each, self._broken.get(each.key, ())) for each in self._floored)

    def foreseen(self, clock: Clock) -> Clock:
        """The clock as it will stand if the promise that holds now is not kept."""
        for made, clocks in self._promised.items():
            ends = [promise.until for promise in made if promise.holds(self.scene.now)]
            if ends and any(each.key == clock.key for each in clocks):
                raised = raised_by(made, clocks, ends[-1], self.scene.policy)
                return with_broken(clock, raised.get(clock.key, ()))
        return clock

    def unkept(self, due: Sequence[Alert]) -> Iterator[Clock]:
        """The promises that were broken, and of which nobody far enough up would hear by what is due."""
        for matter in self.scene.matters if self.known.promises else ():
            found = unkept(self.scene, matter, self.known.promises.get(matter.id, ()), self.clocks, due)
            if found is not None:
                yield found

    def unkept_then(self) -> Iterator[Clock]:
        """The same of those that hold now, if they are not kept and nothing else happens."""
        for matter in self.scene.matters if self.known.promises else ():
            made = self.known.promises.get(matter.id, ())
            ends = [promise.until for promise in made if promise.holds(self.scene.now) and not promise.kept]
            found = self._unkept_at(ends[-1], matter, made) if ends else None
            if found is not None:
                yield found

    def _unkept_at(self, until: int, matter: Matter, made: Sequence[Promise]) -> Clock | None:
        scene = evolve(self.scene, now=until)
        clocks = [self.foreseen(clock) for clock in self._floored if clock.stopped_at is None]
        climbs = [found for found in (climb(scene, clock) for clock in clocks) if found is not None]
        due = [alert for each in climbs for alert in alerts(scene, each)]
        return unkept(scene, matter, made, clocks, due)

    def climb(self, clock: Clock) -> Climb | None:
        found, broken = climb(self.scene, clock), self._broken.get(clock.key, ())
        if found is None or not found.at_top or not broken:
            return found
        extra = extra_repetitions(clock, broken)
        return evolve(found, repetition=found.repetition + extra) if extra else found

    def held(self, subject: str, clock: str) -> Promise | None:
        """The promise that holds an alert of this clock back; nothing holds a ceiling, a finding or good news."""
        if clock not in HOLDABLE:
            return None
        return next((p for p in self.known.promises.get(subject, ()) if p.holds(self.scene.now)), None)


def _of_promise(scene: Scene, clock: Clock) -> Iterator[Alert]:
    found = climb(scene, clock)
    return iter(()) if found is None else alerts(scene, found)


def _breached(scene: Scene, all_clocks: Iterable[Clock], survivors: set[str]) -> Mapping[str, int]:
    """Breaches recorded so far and the new ones; of exchanges only the latest, or a long case would never end.

    Those of `survivors` of a merge may come from another ticket, and go with it when the merge is undone.
    """
    own = (c for c in all_clocks if c.metric in TARGETS and c.subject not in survivors)
    new = {c.record: c.breach_at for c in own if c.breach_at and c.breach_at <= scene.now}
    return {**{name: at for name, at in scene.case.breached.items() if _stays(name, at, scene)}, **new}


def _stays(name: str, at: int, scene: Scene) -> bool:
    """A breach recorded of an exchange stays, too, while the policy has no target for it: an edit erases no breach
    (semantics D2), and the next one may bring the target back. One of before the ticket's creation never was.
    """
    before, _, last = name.rpartition("/")
    if last in _LASTING:
        return True
    subject, _, metric = before.rpartition("/")
    ticket = next((each for each in scene.tickets if each.id == subject), None)
    if ticket is None or at < ticket.created_at:
        return False
    rule = rules_over_time(ticket, scene.case.facts, scene.policy)[-1][1]
    return metric not in {target.metric.value for target in rule.targets}


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
    by_recipient: dict[Recipient, list[Alert]] = {}
    for alert in due:
        by_recipient.setdefault(alert.recipient, []).append(alert)
    for recipient, theirs in by_recipient.items():
        if not any(alert.repetition for alert in theirs):
            yield from theirs
            continue
        lead = _lead(climbs.values(), scene, recipient)
        leading = lead is None or any(alert.clock_key == lead.clock.key for alert in theirs)
        yield from theirs if leading else (a for a in theirs if not _is_repeat(a, climbs[a.clock_key].clock, scene))


def _not_falling_on_the_way_up(due: Iterable[Alert], climbs: Mapping[str, Climb], scene: Scene) -> Iterator[Alert]:
    """What is critical to somebody about one matter is no less to those above, of whichever clock they are told."""
    matter_of = {each.id: matter.id for matter in scene.matters for each in matter.tickets}
    critical: dict[str, frozenset[str]] = {}
    for each in climbs.values():
        name = matter_of.get(each.clock.subject, each.clock.subject)
        critical[name] = critical.get(name, frozenset()) | critical_to(each)
    for alert in due:
        name = matter_of.get(alert.subject, alert.subject)
        yield as_critical(alert, critical.get(name, frozenset()), scene.policy)


def _is_repeat(alert: Alert, clock: Clock, scene: Scene) -> bool:
    told = scene.told(clock, alert.recipient)
    return told is not None and told.level == alert.level and alert.repetition > 0


def _ahead(judged: _Judgement, clock: Clock, found: Climb | None) -> Iterator[Ahead]:
    """Every level still ahead, and the next repetition once the last one is reached; nothing before a promise ends."""
    now = judged.scene.now
    promise = judged.held(clock.subject, clock.metric.value)
    earliest = promise.until if promise else 0
    for number, at in enumerate(judged.foreseen(clock).levels if promise else clock.levels):
        if at is not None and at > now:
            yield Ahead(max(at, earliest), clock, number)
    repeat, started = clock.ladder.levels[-1].repeat, clock.levels[-1]
    if found is not None and found.at_top and repeat is not None and started is not None:
        at = started + repeat.offset(repeat.latest(now - started) + 1)
        yield Ahead(max(at, earliest), clock, found.level)


def _told_then(each: Ahead, scene: Scene) -> Iterator[Alert]:
    """The alerts of that level as far as they can be known: not yet how bad it will be, unless it waits for nobody."""
    level, clock = each.level, each.clock
    severity = Severity.CRITICAL if level.urgent else Severity.BREACH
    for to, _ in scene.addressed(level, clock):
        yield Alert(clock.subject, clock.metric.value, clock.cycle, each.number, 0, to, severity, each.at, "")


def _level_of(alert: Alert) -> tuple[str, int, bool]:
    return alert.clock, alert.level, alert.urgent


def _held_until(at: int, alert: Alert, scene: Scene, silences: tuple[Silence, ...]) -> int:
    """When the alert of a level that comes due at `at` is really sent, after silences and its recipient's hours."""
    for _ in range(MOST_HOLDS):
        held = silenced(alert, evolve(scene, now=at), silences) if silences else None
        free = held.until if held else at
        try:
            opens = free if alert.urgent else scene.opens_at(alert.recipient, free)
        except (NoWorkingTime, TimeOutOfRange):
            return free
        if opens == at:
            break
        at = opens
    return at


def _not_meant(found: Iterable[Finding], case: Case, around: Surroundings) -> Iterator[Finding]:
    """Nobody has to find out who deleted a record that somebody said was meant to be."""
    until = around.deletions_accepted_until
    for finding in found:
        if finding.kind != DELETED or not was_meant(finding.ticket, case.facts, until):
            yield finding


def _finding_alerts(found: Iterable[Finding], scene: Scene) -> Iterator[Alert]:
    """Findings are told to operations once; the same outbox carries them."""
    recipient = Recipient(OPERATIONS)
    for finding in found:
        clock = f"finding:{finding.kind}"
        told = scene.case.told(f"{finding.ticket}/{clock}/{finding.time}", recipient)
        unheard = told is None or scene.hears_next_time(told, recipient)
        if unheard and not scene.on_its_way(recipient):
            yield Alert(
                finding.ticket, clock, finding.time, 0, 0, recipient, Severity.WARNING, scene.now, finding.reason
            )


def _split(due: list[Alert], judged: _Judgement, around: Surroundings) -> tuple[list[Alert], list[Decision]]:
    """What a silence or a promise holds waits for its end; what is not urgent, for its recipient's hours (semantics
    E6, E7).
    """
    scene = judged.scene
    to_send: list[Alert] = []
    later: list[Decision] = []
    for alert in due:
        silence = silenced(alert, scene, around.silences)
        promise = judged.held(alert.subject, alert.clock)
        opens = scene.now if alert.urgent else scene.opens_at(alert.recipient)
        if silence is not None:
            reason = f"silenced by {silence.by or 'somebody'}: {silence.reason}"
            later.append(Decision(alert, Outcome.DEFERRED, reason, silence.until))
        elif promise is not None:
            reason = f"acknowledged by {promise.by or 'somebody'}, who promised an update"
            later.append(Decision(alert, Outcome.DEFERRED, reason, promise.until))
        elif opens <= scene.now:
            to_send.append(alert)
        else:
            later.append(Decision(alert, Outcome.DEFERRED, f"outside the hours of {alert.recipient.audience}", opens))
    return to_send, later


def _next(
    to_send: list[Alert], decisions: list[Decision], ahead: list[Ahead], marks: list[int], now: int
) -> tuple[int | None, bool]:
    if to_send:
        return now, any(alert.urgent for alert in to_send)
    instants = [(each.at, each.level.urgent) for each in ahead if each.at > now]
    instants += [(d.until, False) for d in decisions if d.until is not None]
    instants += [(at, False) for at in marks]
    if not instants:
        return None, False
    at = min(at for at, _ in instants)
    return at, any(urgent for when, urgent in instants if when == at)


def superseded(case: Case, alert: Alert, clock: Clock, scene: Scene | None = None) -> Iterator[Alert]:
    """The levels that `alert` passes for its recipient, each as the alert it would have been.

    With the `scene` that was judged also those that are another's, in whose place it hears.
    """
    told = case.told(alert.clock_key, alert.recipient)
    for index in range(told.level + 1 if told else 0, alert.level):
        at = clock.levels[index]
        level = clock.ladder.levels[index]
        named = alert.recipient.audience in level.tell and (level.urgent or not alert.recipient.urgent)
        tells = named or (scene is not None and alert.recipient in scene.recipients(level, clock))
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
