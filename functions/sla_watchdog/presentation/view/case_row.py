"""A case in one line, for people who look through many: how bad it is, who has it, who was
notified, what comes next.
"""

from __future__ import annotations

from enum import StrEnum
from operator import attrgetter

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.clock_key import FINDING, ClockKey
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.clocks.ownership import owner_of
from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.escalation.case import Case, Outcome
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.escalation.upcoming import UpcomingNotification
from sla_watchdog.domain.policy.model import TARGETS, Metric, Policy
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.presentation.times import duration
from sla_watchdog.presentation.view.lateness import cause, missed_deadline, seconds_late
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


WORST_FIRST = list(Trouble)


@frozen
class LatestNotification:
    """Who was notified last, and how that ended. `recipients` are keys, see `Recipient.key`."""

    at: int
    recipients: tuple[str, ...]
    outcome: Outcome


@frozen
class CaseRow:
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
    notified: LatestNotification | None
    promise: Promise | None
    upcoming: UpcomingNotification | None
    trouble: Trouble = Trouble.OPEN
    clock: Clock | None = None
    level: int = 0
    late: int = 0
    due_at: int | None = None
    """The deadline of that clock; of a breach the one that was missed, None where a change made it
    late at once.
    """

    @property
    def rank(self) -> tuple[int, int, int, str]:
        return WORST_FIRST.index(self.trouble), -self.level, -self.late, self.case


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
        if self.clock.due_at <= self.now + SOON:
            return Trouble.AT_RISK
        return Trouble.OPEN

    @property
    def level(self) -> int:
        """The highest that came due, counted from 1; 0 for none."""
        highest = 0
        for number, at in enumerate(self.clock.levels, 1):
            if at is not None and at <= self.now:
                highest = number
        return highest

    @property
    def late(self) -> int:
        if self.trouble is Trouble.PAUSED:
            return 0
        return seconds_late(self.clock, self.now) or 0

    @property
    def rank(self) -> tuple[int, bool, int, int]:
        """The age of a case says less than any clock of its own, until it is breached."""
        trouble = self.trouble
        only_age = self.clock.metric is Metric.AGE and trouble is not Trouble.BREACHED
        place = len(WORST_FIRST) if only_age else WORST_FIRST.index(trouble)
        return place, only_age, -self.level, -self.late


def row(case: Case, plan: Plan, policy: Policy, now: int) -> CaseRow:
    """The line of an unresolved case."""
    facts = case.facts
    newest = next(reversed(facts.tickets()), "")
    without_clock = CaseRow(
        case=case.id,
        subject=brief(str(facts.latest(newest, "subject")), 250),
        owner=brief(owner_of(newest, facts, policy), 100),
        team=brief(str(facts.latest(newest, "team")), 100),
        opened_at=min((ticket.created_at for ticket in plan.tickets), default=now),
        notified=_latest_notification(case),
        promise=_promise(plan, now),
        upcoming=next(iter(plan.upcoming), None),
    )
    worst = _worst(plan, now)
    if worst is None:
        return without_clock
    return evolve(
        without_clock,
        trouble=worst.trouble,
        clock=worst.clock,
        level=worst.level,
        late=worst.late,
        due_at=_deadline(worst.clock, case, plan),
    )


def _worst(plan: Plan, now: int) -> _Running | None:
    running = [_Running(clock, now) for clock in plan.clocks if clock.stopped_at is None]
    return min(running, key=attrgetter("rank"), default=None)


def _promise(plan: Plan, now: int) -> Promise | None:
    holding = [promise for promise in plan.promises if promise.holds(now)]
    return max(holding, key=attrgetter("at"), default=None)


def _deadline(clock: Clock, case: Case, plan: Plan) -> int | None:
    if plan.evaluation is None:
        return clock.due_at
    policy = plan.evaluation.policy
    return missed_deadline(clock, cause(clock, case, policy, plan.tickets), policy)


def trouble(plan: Plan, now: int) -> Trouble:
    """How bad an unresolved case is."""
    worst = _worst(plan, now)
    if worst is None:
        return Trouble.OPEN
    return worst.trouble


def standing_findings(plan: Plan, now: int) -> tuple[Finding, ...]:
    """Findings last as long as their cause; those of a case that is over, `ENDED_DAYS`."""
    if plan.unresolved:
        return plan.findings
    ended_at = max((_ended_at(ticket) for ticket in plan.tickets), default=now)
    if now - ended_at > ENDED_DAYS * DAY:
        return ()
    return plan.findings


def _ended_at(ticket: Ticket) -> int:
    if ticket.gone_at is not None:
        return ticket.gone_at
    return ticket.spans[-1].start


def _latest_notification(case: Case) -> LatestNotification | None:
    """Of several of one time, the one that reached somebody comes first."""
    notified: dict[tuple[int, Outcome], set[str]] = {}
    for (text, recipient), last in case.reached.items():
        if not ClockKey.of_text(text).clock.startswith(FINDING):
            notified.setdefault((last.at, last.outcome), set()).add(recipient)
    if not notified:
        return None
    at, outcome = max(notified, key=_recency)
    return LatestNotification(at, tuple(sorted(notified[at, outcome])), outcome)


def _recency(ending: tuple[int, Outcome]) -> tuple[int, int]:
    at, outcome = ending
    return at, -BEST_FIRST.index(outcome)


def phrase(row: CaseRow, now: int) -> str:
    """`resolution 6 h 10 m over`, `resolution paused`, `open for 731 d`, `no owner for 4 h`."""
    clock = row.clock
    if clock is None:
        return "no clock"
    if clock.metric not in TARGETS:
        return signal(clock, now)
    if row.trouble is Trouble.PAUSED:
        return f"{METRIC[clock.metric]} paused"
    left_or_over = "over" if row.late >= 0 else "left"
    return f"{METRIC[clock.metric]} {duration(abs(row.late))} {left_or_over}"
