"""A case in one line, for people who look through many: how bad it is, who has it, who was told,
what comes next.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.escalation.case import Case, Outcome
from sla_watchdog.domain.escalation.plan import Plan, UpcomingNotification
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.text.times import duration
from sla_watchdog.presentation.view.lateness import cause, missed_deadline
from sla_watchdog.presentation.words import METRIC, signal

SOON = 24 * 3600
"""Seconds of wall time in which a deadline counts as at risk."""

ENDED_DAYS = 30
"""Days for which findings of a case that is over are shown."""

BEST_FIRST = list(Outcome)


class Trouble(StrEnum):
    """The worst first."""

    BREACHED = "breached"
    AT_RISK = "at risk"
    OPEN = "open"
    PAUSED = "paused"


@frozen
class LatestNotification:
    """Who was told last, and how that ended. `recipients` are keys, as `Recipient.key` writes them."""

    at: int
    recipients: tuple[str, ...]
    outcome: Outcome


@frozen
class Row:
    """`clock` is the worst that runs on it, None for a case without any; `level` counts from 1, 0
    is none yet.

    `late` is in seconds of wall time since the breach, negative before it and 0 while the clock
    is paused. `promise` is the newest that holds.
    """

    case: str
    subject: str
    owner: str
    team: str
    opened_at: int
    trouble: Trouble
    clock: Clock | None
    level: int
    late: int
    notified: LatestNotification | None
    promise: Promise | None
    upcoming: UpcomingNotification | None
    due_at: int | None = None
    """The deadline of that clock; of a breach the one that was missed, None where a change made it
    late at once.
    """

    @property
    def rank(self) -> tuple[int, int, int, str]:
        return list(Trouble).index(self.trouble), -self.level, -self.late, self.case


@frozen
class _Running:
    """A clock that still runs or could, at `now`."""

    clock: Clock
    now: int

    @property
    def trouble(self) -> Trouble:
        state = self.clock.state(self.now)
        if state is State.BREACHED:
            return Trouble.BREACHED
        if state is State.PAUSED or self.clock.due_at is None:
            return Trouble.PAUSED
        return Trouble.AT_RISK if self.clock.due_at <= self.now + SOON else Trouble.OPEN

    @property
    def level(self) -> int:
        return max(
            (n for n, at in enumerate(self.clock.levels, 1) if at is not None and at <= self.now),
            default=0,
        )

    @property
    def late(self) -> int:
        reference = self.clock.due_at if self.clock.breach_at is None else self.clock.breach_at - 1
        return (
            self.now - reference
            if reference is not None and self.trouble is not Trouble.PAUSED
            else 0
        )

    @property
    def rank(self) -> tuple[int, bool, int, int]:
        """Of two that are open the case's age says less than a clock of its own."""
        only_age = self.clock.metric is Metric.AGE and self.trouble is not Trouble.BREACHED
        return (
            list(Trouble).index(self.trouble) if not only_age else len(Trouble),
            only_age,
            -self.level,
            -self.late,
        )


def row(case: Case, plan: Plan, shared: frozenset[str], now: int) -> Row:
    """The line of an unresolved case. An assignee among the `shared` names is nobody."""
    worst = _worst(plan, now)
    newest = next(iter(case.facts.tickets()[-1:]), "")
    said = {name: str(case.facts.latest(newest, name)) for name in ("subject", "assignee", "team")}
    return Row(
        case=case.id,
        subject=brief(said["subject"], 250),
        owner="" if said["assignee"].casefold() in shared else brief(said["assignee"], 100),
        team=brief(said["team"], 100),
        opened_at=min((each.created_at for each in plan.tickets), default=now),
        trouble=trouble(plan, now),
        clock=worst.clock if worst else None,
        level=worst.level if worst else 0,
        late=worst.late if worst else 0,
        notified=_told(case),
        promise=max(
            (each for each in plan.promises if each.holds(now)),
            key=lambda each: each.at,
            default=None,
        ),
        upcoming=next(iter(plan.upcoming), None),
        due_at=_deadline(worst.clock, case, plan) if worst else None,
    )


def _deadline(clock: Clock, case: Case, plan: Plan) -> int | None:
    if plan.evaluation is None:
        return clock.due_at
    policy = plan.evaluation.policy
    return missed_deadline(clock, cause(clock, case, policy), policy)


def trouble(plan: Plan, now: int) -> Trouble:
    """How bad an unresolved case is."""
    worst = _worst(plan, now)
    return worst.trouble if worst else Trouble.OPEN


def standing_findings(plan: Plan, now: int) -> tuple[Finding, ...]:
    """Findings last as long as their cause; those of a case that is over, `ENDED_DAYS`."""
    ends = (t.gone_at if t.gone_at is not None else t.spans[-1].start for t in plan.tickets)
    still = plan.unresolved or now - max(ends, default=now) <= ENDED_DAYS * 86_400
    return plan.findings if still else ()


def _worst(plan: Plan, now: int) -> _Running | None:
    running = (_Running(clock, now) for clock in plan.clocks if clock.stopped_at is None)
    return min(running, key=lambda each: each.rank, default=None)


def _told(case: Case) -> LatestNotification | None:
    """Of what was told at one time, what reached somebody comes first."""
    levels = [
        (to, reached) for (clock, to), reached in case.reached.items() if "/finding:" not in clock
    ]
    if not levels:
        return None
    at, rank = max((reached.at, -BEST_FIRST.index(reached.outcome)) for _, reached in levels)
    outcome = BEST_FIRST[-rank]
    return LatestNotification(
        at, tuple(sorted({to for to, r in levels if (r.at, r.outcome) == (at, outcome)})), outcome
    )


def phrase(row: Row, now: int) -> str:
    """`resolution 6 h 10 m over`, `resolution paused`, `open for 731 d`, `no owner for 4 h`."""
    clock = row.clock
    if clock is None:
        return "no clock"
    if clock.metric not in TARGETS:
        return signal(clock, now)
    if row.trouble is Trouble.PAUSED:
        return f"{METRIC[clock.metric]} paused"
    return f"{METRIC[clock.metric]} {duration(abs(row.late))} {'over' if row.late >= 0 else 'left'}"
