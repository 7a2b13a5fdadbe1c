"""What a report tells of the unresolved cases, and which reports are due for whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from zoneinfo import ZoneInfo

from attrs import frozen

from sla_watchdog.domain.clocks.promises import Promise, PromiseKind
from sla_watchdog.domain.escalation.case import Case, Outcome, Recipient
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.presentation.view.case_row import LatestNotification, Trouble, phrase, row

HOUR_OF_DAY = 7
"""When the day of the reports begins."""


class ReportKind(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


def zone(policy: Policy) -> str:
    """Of the reports: that of the calendar of the last policy, which matches everything."""
    return policy.calendars[policy.rules[-1].calendar].timezone


def periods(now: int, in_zone: str) -> Mapping[ReportKind, str]:
    """What each report due at `now` is of: a date, the Monday of a week, a month. A day begins at
    7:00.
    """
    local = datetime.fromtimestamp(now, ZoneInfo(in_zone)).replace(tzinfo=None)
    day = (local - timedelta(hours=HOUR_OF_DAY)).date()
    monday = day - timedelta(day.weekday())
    return {
        ReportKind.DAILY: str(day),
        ReportKind.WEEKLY: str(monday),
        ReportKind.MONTHLY: f"{day:%Y-%m}",
    }


def audiences(policy: Policy) -> Mapping[ReportKind, tuple[Recipient, ...]]:
    """Those of the last two ceilings. The lower gets the daily report, both the weekly one, and the
    top the monthly one of the oldest cases.
    """
    levels = policy.ceilings.levels
    lower, top = levels[-2:][0], levels[-1]
    return {
        ReportKind.DAILY: _recipients(lower.tell),
        ReportKind.WEEKLY: _recipients((*lower.tell, *top.tell)),
        ReportKind.MONTHLY: _recipients(top.tell),
    }


def _recipients(audiences: Iterable[str]) -> tuple[Recipient, ...]:
    """Each once."""
    return tuple(Recipient(name) for name in dict.fromkeys(audiences))


@frozen
class ReportLine:
    """An unresolved case. `said` is how its worst clock stands in words, `late` is as in CaseRow;
    `notified` is who was notified of it last.

    `broken` is the last promise made of it, where it was broken and, if an update was promised,
    nobody wrote to the customer since.
    """

    case: str
    subject: str
    owner: str
    team: str
    opened_at: int
    trouble: Trouble
    rank: tuple[int, int, int, str]
    late: int
    said: str
    notified: LatestNotification | None
    broken: Promise | None
    taken: Promise | None = None
    """The promise that holds now."""


def line(case: Case, plan: Plan, policy: Policy, now: int) -> ReportLine:
    """Of an unresolved case."""
    of_case = row(case, plan, policy, now)
    return ReportLine(
        case=of_case.case,
        subject=of_case.subject,
        owner=of_case.owner,
        team=of_case.team,
        opened_at=of_case.opened_at,
        trouble=of_case.trouble,
        rank=of_case.rank,
        late=of_case.late,
        said=phrase(of_case, now),
        notified=_really_notified(of_case.notified),
        broken=_broken(plan, now),
        taken=of_case.promise,
    )


def _really_notified(latest: LatestNotification | None) -> LatestNotification | None:
    if latest is None or latest.outcome not in (Outcome.SENT, Outcome.IN_DIGEST):
        return None
    return latest


def _broken(plan: Plan, now: int) -> Promise | None:
    last = max(plan.promises, key=attrgetter("at"), default=None)
    if last is None or not last.broken(now):
        return None
    if last.kind is PromiseKind.END:
        return last
    for ticket in plan.tickets:
        if any(at > last.until for at in ticket.answered):
            return None
    return last


@frozen
class Report:
    """Every unresolved case at `now`. `unreadable` counts those that could not be judged."""

    now: int
    zone: str
    lines: tuple[ReportLine, ...]
    unreadable: int = 0

    def count(self, trouble: Trouble) -> int:
        return len(self._of(trouble))

    def _of(self, trouble: Trouble) -> list[ReportLine]:
        return [line for line in self.lines if line.trouble is trouble]

    @property
    def oldest(self) -> tuple[ReportLine, ...]:
        return tuple(sorted(self.lines, key=attrgetter("opened_at", "case")))

    @property
    def breached(self) -> tuple[ReportLine, ...]:
        """The worst first."""
        return tuple(sorted(self._of(Trouble.BREACHED), key=attrgetter("rank")))

    @property
    def at_risk(self) -> tuple[ReportLine, ...]:
        """Due within a day; the soonest first."""
        at_risk = self._of(Trouble.AT_RISK)
        return tuple(sorted(at_risk, key=lambda line: (-line.late, line.case)))

    @property
    def broken(self) -> tuple[ReportLine, ...]:
        """The longest broken first."""
        broken = [line for line in self.lines if line.broken is not None]
        return tuple(sorted(broken, key=attrgetter("broken.until", "case")))
