"""What the records of a desk were ever seen to carry, and which clocks cannot be judged without it
(semantics B10).

Where no record ever carried a reply, a ticket without one says nothing: its clock is neither kept
nor broken.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, field, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.level_instants import Instants, LevelInstants
from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.policy.model import NEEDS, TARGETS, Carried, Metric, Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.ticket_of_facts import is_by_bot

ENOUGH = 20
"""Tickets that ended, none of which carried it: fewer prove nothing."""


@frozen
class Evidence:
    """`missed` is what none of enough tickets carried when that was looked for; `seen` is when
    (epoch seconds) something was first seen. `ended` is how many tickets that ended were seen.

    What was missed and is seen later is judged from then on; what was never missed, always.
    """

    ended: int = 0
    missed: frozenset[Carried] = frozenset()
    seen: Mapping[Carried, int] = field(factory=dict)

    def needed(self, metric: Metric, policy: Policy) -> Carried | None:
        """What a clock of that metric was ever in want of; None where it is judged always."""
        needed = NEEDS.get(metric)
        if needed not in self.missed or needed in policy.judge_always:
            return None
        return needed

    def gaps(self, policy: Policy) -> tuple[Gap, ...]:
        """What a policy asks for, and could not be judged once or cannot still."""
        metrics: dict[Carried, list[Metric]] = {}
        for metric in policy.metrics:
            needed = self.needed(metric, policy)
            if needed is not None:
                metrics.setdefault(needed, []).append(metric)
        return tuple(
            Gap(needs, tuple(clocks), self.seen.get(needs)) for needs, clocks in metrics.items()
        )

    def standing_gaps(self, policy: Policy) -> tuple[Gap, ...]:
        """Those that last, as far as is known."""
        return tuple(gap for gap in self.gaps(policy) if gap.until is None)


@frozen
class Gap:
    """Metrics of a policy that cannot be judged, since no record carries what they need; `until` it
    was first seen, None where it never was.
    """

    needs: Carried
    metrics: tuple[Metric, ...]
    until: int | None


NO_EVIDENCE = Evidence()
"""With it every clock is judged."""


@frozen
class NotJudged:
    """A clock that cannot be judged, for want of what it `needs`: for ever, or until what it needs
    was first seen.
    """

    clock: Clock
    needs: Carried
    until: int | None

    @property
    def may_come(self) -> bool:
        """Whether it still runs when it can be judged."""
        return self.until is not None and self.clock.stopped_at is None


def judged(
    clock: Clock, evidence: Evidence, policy: Policy, recorded: Mapping[str, int], now: int
) -> Clock | NotJudged:
    """The clock as far as records can say anything about it. Those `recorded` are the breaches
    known, by `Clock.record`.
    """
    needed = evidence.needed(clock.metric, policy)
    if needed is None:
        return clock
    since = evidence.seen.get(needed)
    if since is None or now < since:
        return NotJudged(clock, needed, since)
    if recorded.get(clock.record, since) < since:
        return clock
    if clock.stopped_at is not None and clock.stopped_at <= since:
        return NotJudged(clock, needed, since)
    return _judged_from(since, clock)


def _judged_from(since: int, clock: Clock) -> Clock:
    """As an edit of the policy that brings the clock (semantics D2): what was late before is late
    since then, and nothing was due before.
    """
    breach_at, levels = clock.breach_at, clock.levels
    if clock.timeline is not None and breach_at is not None and breach_at < since:
        breach_at = clock.timeline.lives_from(since)
        if clock.metric in TARGETS:
            levels = _levels(clock, clock.timeline, breach_at)
    levels = tuple(not_before(since, at) for at in levels)
    clock = evolve(clock, breach_at=breach_at, levels=levels)
    if clock.metric is Metric.UNOWNED:
        # that nobody owned it was never seen before: of what was said of it nothing counts
        return evolve(clock, due_at=levels[0], cycle=clock.cycle + 1)
    return clock


def _levels(clock: Clock, timeline: Timeline, breach_at: int | None) -> Instants:
    is_set_elsewhere = bool(clock.due_field)
    instants = LevelInstants(timeline, clock.target, clock.due_at, breach_at, is_set_elsewhere)
    return instants.of(clock.ladder)


def not_before(since: int, at: int | None) -> int | None:
    return None if at is None else max(at, since)


# ------------------------------------------------------------------ what a ticket says


def first_carried(ticket: str, facts: Facts, policy: Policy) -> Mapping[Carried, int]:
    """What the ticket's records carry, or ever did, and since when. An owner that is a queue is
    one here: the field is there. A bot's reply is none.
    """
    first: dict[Carried, int] = {}
    for name, field_name in _FIELDS.items():
        for fact in facts.of_field(ticket, field_name):
            if not _is_empty(fact, policy):
                first[name] = fact.at
                break
    return first


_FIELDS = {Carried.REPLY: "agent_reply", Carried.OWNER: "assignee", Carried.TEAM: "team"}


def _is_empty(fact: Fact, policy: Policy) -> bool:
    """A reply by nobody knows whom is one."""
    if fact.field == _FIELDS[Carried.REPLY]:
        return is_by_bot(fact, policy)
    return not fact.value
