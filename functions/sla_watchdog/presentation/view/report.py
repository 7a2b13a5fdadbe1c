"""What a report tells of the unresolved cases, and which reports are due for whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from attrs import frozen

from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.escalation.case import Case, Outcome, Recipient
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.presentation.view.case_row import LatestNotification, Trouble, phrase, row

HOUR_OF_DAY = 7
"""When the day of the reports begins."""


class Kind(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


def zone(policy: Policy) -> str:
    """Of the reports: that of the calendar of the last policy, which matches everything."""
    return policy.calendars[policy.rules[-1].calendar].timezone


def periods(now: int, in_zone: str) -> Mapping[Kind, str]:
    """What each report due at `now` is of: a date, the Monday of a week, a month. A day begins at
    7:00.
    """
    local = datetime.fromtimestamp(now, ZoneInfo(in_zone)).replace(tzinfo=None)
    day = (local - timedelta(hours=HOUR_OF_DAY)).date()
    monday = day - timedelta(day.weekday())
    return {Kind.DAILY: str(day), Kind.WEEKLY: str(monday), Kind.MONTHLY: f"{day:%Y-%m}"}


def audiences(policy: Policy) -> Mapping[Kind, tuple[Recipient, ...]]:
    """Those of the last two ceilings: the lower is told daily, both weekly, and the top the oldest
    cases monthly.
    """
    lower, top = policy.ceilings.levels[-2:][0], policy.ceilings.levels[-1]
    names = {
        Kind.DAILY: lower.tell,
        Kind.WEEKLY: (*lower.tell, *top.tell),
        Kind.MONTHLY: top.tell,
    }
    return {
        kind: tuple(map(Recipient, dict.fromkeys(notified))) for kind, notified in names.items()
    }


@frozen
class Line:
    """An unresolved case. `said` is how its worst clock stands, `late` as in Row; `notified` is who
    heard of it last.

    `broken` is the last promise made of it, where it was broken and nobody wrote to the customer
    since.
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


def line(case: Case, plan: Plan, shared: frozenset[str], now: int) -> Line:
    """Of an unresolved case. An assignee among the `shared` names is nobody."""
    found = row(case, plan, shared, now)
    was_notified = found.notified and found.notified.outcome in (Outcome.SENT, Outcome.IN_DIGEST)
    return Line(
        case=found.case,
        subject=found.subject,
        owner=found.owner,
        team=found.team,
        opened_at=found.opened_at,
        trouble=found.trouble,
        rank=found.rank,
        late=found.late,
        said=phrase(found, now),
        notified=found.notified if was_notified else None,
        broken=_broken(plan, now),
        taken=found.promise,
    )


def _broken(plan: Plan, now: int) -> Promise | None:
    last = max(plan.promises, key=lambda promise: promise.at, default=None)
    if last is None or not last.broken(now):
        return None
    written = any(at > last.until for ticket in plan.tickets for at in ticket.answered)
    return None if written else last


@frozen
class Report:
    """Every unresolved case at `now`. `unreadable` counts those that could not be judged."""

    now: int
    zone: str
    lines: tuple[Line, ...]
    unreadable: int = 0

    def count(self, trouble: Trouble) -> int:
        return sum(each.trouble is trouble for each in self.lines)

    @property
    def oldest(self) -> tuple[Line, ...]:
        return tuple(sorted(self.lines, key=lambda each: (each.opened_at, each.case)))

    @property
    def breached(self) -> tuple[Line, ...]:
        """The worst first."""
        return tuple(
            sorted(
                (e for e in self.lines if e.trouble is Trouble.BREACHED), key=lambda each: each.rank
            )
        )

    @property
    def at_risk(self) -> tuple[Line, ...]:
        """Due within a day; the soonest first."""
        return tuple(
            sorted(
                (e for e in self.lines if e.trouble is Trouble.AT_RISK),
                key=lambda e: (-e.late, e.case),
            )
        )

    @property
    def broken(self) -> tuple[Line, ...]:
        """The longest broken first."""
        found = [(each.broken.until, each.case, each) for each in self.lines if each.broken]
        return tuple(each for _, _, each in sorted(found, key=lambda entry: entry[:2]))
