"""The clocks of a case as they stand now: with what people were notified of before, and with the
promises that were broken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.assessment import Assessment
from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.clock_key import HOLDABLE
from sla_watchdog.domain.clocks.evidence import NotJudged
from sla_watchdog.domain.clocks.promises import Promise, extra_repetitions, raised_by, with_broken
from sla_watchdog.domain.escalation.broken_promises import unkept
from sla_watchdog.domain.escalation.by_evidence import ClocksByEvidence, by_evidence
from sla_watchdog.domain.escalation.case import Alert
from sla_watchdog.domain.escalation.evaluation_context import EvaluationContext
from sla_watchdog.domain.escalation.level_alerts import alerts
from sla_watchdog.domain.escalation.levels import Climb, climb, with_floor
from sla_watchdog.domain.escalation.returns import with_return
from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets


@frozen
class EvaluatedClocks:
    evaluation: EvaluationContext
    assessment: Assessment

    @cached_property
    def clocks(self) -> tuple[Clock, ...]:
        return tuple(with_broken(clock, self.broken_of(clock)) for clock in self._floored)

    @cached_property
    def live(self) -> tuple[Clock, ...]:
        """Those that may still run."""
        return tuple(clock for clock in self.clocks if clock.is_live(self.evaluation.now))

    @cached_property
    def climbs(self) -> Mapping[str, Climb]:
        """The live clocks that have a level due, by the clock's key."""
        climbs = {}
        for clock in self.live:
            climbed = self._climb(clock)
            if climbed is not None:
                climbs[clock.key] = climbed
        return climbs

    def _climb(self, clock: Clock) -> Climb | None:
        """With one more repetition for every promise that was broken at the top."""
        climbed = climb(self.evaluation, clock)
        if climbed is None or not climbed.at_top:
            return climbed
        broken = self.broken_of(clock)
        if not broken:
            return climbed
        extra = extra_repetitions(clock, broken)
        return evolve(climbed, repetition=climbed.repetition + extra)

    @cached_property
    def _floored(self) -> tuple[Clock, ...]:
        clocks = self._by_evidence.judged
        floored = [with_floor(self.evaluation, clock) for clock in clocks]
        return tuple(with_return(self.evaluation, clock, clocks) for clock in floored)

    @property
    def not_judged(self) -> tuple[NotJudged, ...]:
        """They are no part of anything else here."""
        return self._by_evidence.not_judged

    @cached_property
    def _by_evidence(self) -> ClocksByEvidence:
        return by_evidence(self.evaluation, self.assessment.clocks)

    # ------------------------------------------------------------------ promises

    def promise_holding(self, subject: str, clock: str) -> Promise | None:
        """The promise that holds an alert of this clock back; none holds a ceiling, a finding, good
        news, or that the customer came back.
        """
        if clock not in HOLDABLE or clock == Metric.AGAIN.value:
            return None
        for promise in self.assessment.promises.get(subject, ()):
            if promise.holds_back(self.evaluation.now):
                return promise
        return None

    def broken_of(self, clock: Clock) -> tuple[Promise, ...]:
        """The broken promises that take the clock up."""
        if not self._broken:
            return ()
        return self._broken.get(clock.key, ())

    @cached_property
    def _broken(self) -> Mapping[str, tuple[Promise, ...]]:
        """By clock: of each matter the one that leads."""
        broken: dict[str, tuple[Promise, ...]] = {}
        for made, clocks in self._promised.items():
            broken |= raised_by(made, clocks, self.evaluation.now, self.evaluation.policy)
        return broken

    @cached_property
    def _promised(self) -> Mapping[tuple[Promise, ...], list[Clock]]:
        """The clocks of the matters that something was promised about."""
        promised: dict[tuple[Promise, ...], list[Clock]] = {}
        if not self.assessment.promises:
            return promised
        for clock in self._floored:
            made = self.assessment.promises.get(clock.subject)
            if made:
                promised.setdefault(made, []).append(clock)
        return promised

    def unkept(self, due: Sequence[Alert]) -> Iterator[Clock]:
        """The promises that were broken, and of which nobody far enough up would hear by what is
        `due`.
        """
        for matter, made in self._matters_promised():
            clock = unkept(self.evaluation, matter, made, self.clocks, due)
            if clock is not None:
                yield clock

    def _matters_promised(self) -> Iterator[tuple[LinkedTickets, tuple[Promise, ...]]]:
        if not self.assessment.promises:
            return
        for matter in self.evaluation.matters:
            yield matter, self.assessment.promises.get(matter.id, ())

    # ------------------------------------------------------------------ if it is not kept

    def if_broken(self, clock: Clock) -> Clock:
        """The clock as it will stand if the promise that holds now is not kept."""
        key = clock.key
        for made, clocks in self._promised.items():
            until = self._holds_until(made)
            if until is None or all(other.key != key for other in clocks):
                continue
            raised = raised_by(made, clocks, until, self.evaluation.policy)
            return with_broken(clock, raised.get(key, ()))
        return clock

    def unkept_then(self) -> Iterator[Clock]:
        """As `unkept`, but of the promises that hold now, as if they were broken and nothing else
        happened.
        """
        for matter, made in self._matters_promised():
            open_promises = [each for each in made if each.climbs and not each.kept]
            until = self._holds_until(open_promises)
            if until is None:
                continue
            clock = self._unkept_at(until, matter, made)
            if clock is not None:
                yield clock

    def _holds_until(self, made: Sequence[Promise]) -> int | None:
        """Until when the last of them holds that does now."""
        for promise in reversed(made):
            if promise.holds(self.evaluation.now):
                return promise.until
        return None

    def _unkept_at(
        self, until: int, matter: LinkedTickets, made: Sequence[Promise]
    ) -> Clock | None:
        then = evolve(self.evaluation, now=until)
        running = [clock for clock in self._floored if clock.stopped_at is None]
        clocks = list(map(self.if_broken, running))
        due: list[Alert] = []
        for clock in clocks:
            climbed = climb(then, clock)
            if climbed is not None:
                due += alerts(then, climbed)
        return unkept(then, matter, made, clocks, due)
