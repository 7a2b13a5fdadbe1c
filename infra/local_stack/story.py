"""What happened in a drive, as a team lead would want it told: from the cases, the audit and the
desk's events.

Values only; `demo` puts them on the screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.ownership import owner_of
from sla_watchdog.domain.escalation.alert_id import AlertId
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import OPERATIONS, Case, LastNotified, Outcome
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.escalation.upcoming import UpcomingNotification
from sla_watchdog.domain.policy.model import TARGETS, Metric, Percent, Policy
from sla_watchdog.presentation.text.wording import who, who_by_key
from sla_watchdog.presentation.times import duration
from sla_watchdog.presentation.words import METRIC, signal
from sla_watchdog.tools.imports.events import Event, EventKind

DAY = 86_400
REACHED_SOMEBODY = frozenset({Outcome.SENT, Outcome.IN_DIGEST})

METRICS = frozenset(metric.value for metric in Metric)
"""Findings and good news are no part of a case's climb: their clocks are none of these."""

Evaluated = tuple[Case, Plan]


# ------------------------------------------------------------------------------------ how many


@frozen
class Counts:
    """Cases as of `at`: all of them, and those unresolved for longer than so many days."""

    at: int
    cases: int
    open: int
    older: Mapping[int, int]


def counts(evaluated: Iterable[Evaluated], now: int, days: Sequence[int] = (3, 7, 30)) -> Counts:
    ages = [now - opened_at(plan) if plan.unresolved else None for _, plan in evaluated]
    still = [age for age in ages if age is not None]
    return Counts(
        now, len(ages), len(still), {day: sum(age > day * DAY for age in still) for day in days}
    )


def opened_at(plan: Plan) -> int:
    """The earliest creation among the case's tickets."""
    return min(ticket.created_at for ticket in plan.tickets)


# ------------------------------------------------------------------------------------ what is open


@frozen
class Open:
    """A case that is unresolved. `worst` is how late its worst clock is; `notified` and `upcoming`
    are empty for nobody.
    """

    case: str
    subject: str
    status: str
    owner: str
    opened_at: int
    worst: str
    notified: str
    coming_at: int | None
    upcoming: str
    rank: tuple[int, int]


def still_open(evaluated: Iterable[Evaluated], policy: Policy, now: int) -> list[Open]:
    """Unresolved cases, the one told highest up first, then the oldest."""
    rows = (_open(case, plan, policy, now) for case, plan in evaluated if plan.unresolved)
    return sorted(rows, key=lambda row: row.rank, reverse=True)


def _open(case: Case, plan: Plan, policy: Policy, now: int) -> Open:
    newest = plan.tickets[-1].id
    upcoming = next(iter(plan.upcoming), None)
    level, notified = _highest(case)
    opened = opened_at(plan)
    owner = owner_of(newest, case.facts, policy) or "nobody"
    team = str(case.facts.latest(newest, "team"))
    return Open(
        case=case.id,
        subject=str(case.facts.latest(newest, "subject")),
        status=str(case.facts.latest(newest, "status")),
        owner=owner + (f" ({team})" if team else ""),
        opened_at=opened,
        worst=_worst(plan, now),
        notified=notified,
        coming_at=upcoming.at if upcoming else None,
        upcoming=_next(upcoming) if upcoming else "",
        rank=(level, now - opened),
    )


def _next(upcoming: UpcomingNotification) -> str:
    clock = METRIC[Metric(upcoming.clock)]
    return f"{who(upcoming.recipient)}, {clock} level {upcoming.level + 1}"


def _highest(case: Case) -> tuple[int, str]:
    """The highest level that anybody was told, and who last was: `executive, level 4 (98
    reminders)`.
    """
    climbs = [
        (r.level, _reminders(r), r.at, to)
        for (clock, to), r in case.reached.items()
        if "/finding:" not in clock
    ]
    if not climbs:
        return -1, ""
    level, reminders, _, to = max(climbs)
    more = f" ({reminders} reminders)" if reminders > 1 else ""
    return level, f"{who_by_key(to)}, level {level + 1}{more}"


def _reminders(reached: LastNotified) -> int:
    """How many the recipient had; by its place in time where they were not counted."""
    return reached.repetition if reached.received is None else max(0, reached.received - 1)


def _worst(plan: Plan, now: int) -> str:
    """The target that was breached first, else the age limit, else the target that
    comes due next.
    """
    live = [clock for clock in plan.clocks if clock.stopped_at is None]
    late = sorted(
        (clock for clock in live if clock.breached(now)),
        key=lambda clock: (_is_age(clock), clock.breach_at),
    )
    ahead = sorted(
        (clock for clock in live if clock.due_at and not _is_age(clock)), key=attrgetter("due_at")
    )
    return next(
        (_late(clock, now) for clock in (*late, *ahead)),
        "paused" if len(live) > 1 else "within its age limit",
    )


def _is_age(clock: Clock) -> bool:
    return clock.metric is Metric.AGE


def _late(clock: Clock, at: int) -> str:
    """`resolution 6 h 10 m over`, `first response 20 m left`, `open for 14 d`."""
    if clock.metric not in TARGETS:
        return signal(clock, at)
    name = METRIC[clock.metric]
    if clock.breach_at is not None and clock.breach_at <= at:
        return f"{name} {duration(at - clock.breach_at)} over"
    return f"{name} {duration(clock.due_at - at)} left" if clock.due_at else f"{name} paused"


# --------------------------------------------------------------------------------- how it climbed


@frozen
class Step:
    """One moment of a case's story. `notified` is empty for what the desk did; `repeats` counts
    reminders left out.
    """

    at: int
    what: str
    notified: tuple[str, ...] = ()
    level: int = 0
    repetition: int = 0
    repeats: int = 0


def climb(audit: Iterable[AuditItem], plan: Plan) -> list[Step]:
    """Who was told what when, oldest first, with each run of reminders as one step."""
    reached = sorted(
        (item for item in audit if item.outcome in REACHED_SOMEBODY), key=attrgetter("at")
    )
    steps = (_step(at, list(items), plan) for at, items in groupby(reached, key=attrgetter("at")))
    return list(_without_reminders(step for step in steps if step is not None))


def _step(at: int, items: Sequence[AuditItem], plan: Plan) -> Step | None:
    ids = [AlertId.of_text(item.alert_id) for item in items]
    alerts = [alert for alert in ids if alert.clock.clock in METRICS]
    if not alerts:
        return None
    lead = max(alerts, key=attrgetter("level"))
    return Step(
        at=at,
        what=_what(lead.clock.subject, Metric(lead.clock.clock), lead.level, at, plan),
        notified=tuple(_told([alert.recipient for alert in alerts])),
        level=lead.level + 1,
        repetition=min(alert.repetition for alert in alerts),
    )


def _what(subject: str, metric: Metric, level: int, at: int, plan: Plan) -> str:
    """How late the clock was at `at`; a reopening gives it another cycle, but goes on with the same
    time.

    How much was left at a warning depends on pauses that came after it, so that is said in its
    own terms.
    """
    clock = next(
        (each for each in plan.clocks if (each.subject, each.metric) == (subject, metric)), None
    )
    if clock is None or clock.started_at > at:
        return METRIC[metric]
    early = clock.breach_at is None or at < clock.breach_at
    trigger = clock.ladder.levels[level].trigger if level < len(clock.ladder.levels) else None
    if early and isinstance(trigger, Percent):
        return f"{METRIC[metric]}: {trigger.percent} % of its time used"
    return _late(clock, at)


def _told(keys: Sequence[str]) -> Iterator[str]:
    """Each recipient once: `owner (Kim) + SMS` where the topic of urgent alerts was
    told as well.
    """
    urgent = {who_by_key(key) for key in keys if key.partition(":")[0].endswith("-urgent")}
    for name in dict.fromkeys(map(who_by_key, keys)):
        yield f"{name} + SMS" if name in urgent else name


def _without_reminders(steps: Iterable[Step]) -> Iterator[Step]:
    """The first and the last of each run of reminders; the last one counts those between."""
    for is_reminder, run in groupby(steps, key=lambda step: step.repetition > 0):
        members = list(run)
        if not is_reminder or len(members) < 3:
            yield from members
        else:
            yield members[0]
            yield evolve(members[-1], repeats=len(members) - 2)


def with_the_desk(steps: Sequence[Step], events: Sequence[Event]) -> list[Step]:
    """The same with what customer and desk did meanwhile: each further ticket and each end, and the
    desk's answers between two steps as one, the last one quoted.
    """
    told = sorted([*_asked_and_ended(events), *steps], key=attrgetter("at"))
    answers = [event for event in events if event.kind is EventKind.REPLY and event.by == "agent"]
    story: list[Step] = []
    since = 0
    for step in [*told, None]:
        until = step.at if step else 2**62
        between = [event for event in answers if since <= event.at < until]
        if between:
            story.append(Step(between[-1].at, _answered(between)))
        if step:
            story.append(step)
            since = step.at
    return story


def _asked_and_ended(events: Iterable[Event]) -> Iterator[Step]:
    """The tickets after the first, and what the desk called solved."""
    asked = 0
    for event in sorted(events, key=attrgetter("at")):
        if event.kind is EventKind.CREATED:
            asked += 1
            if asked > 1:
                yield Step(event.at, _asked_again(event))
        elif event.kind is EventKind.RESOLVED:
            yield Step(event.at, _quoted("the desk says that it is solved", event.text))


def _asked_again(event: Event) -> str:
    return _quoted(f"the customer asks again, as {event.ticket}", event.text)


def _answered(answers: Sequence[Event]) -> str:
    times = "the desk answered" + (f" {len(answers)} times" if len(answers) > 1 else "")
    return _quoted(times, answers[-1].text)


def _quoted(what: str, text: str) -> str:
    return f"{what}: “{text}”" if text else what


# -------------------------------------------------------------------------- which cases tell most


def most_telling(evaluated: Iterable[Evaluated], count: int) -> list[Evaluated]:
    """The cases that were told of the most, unresolved ones first."""

    def weight(each: Evaluated) -> tuple[bool, int, int]:
        case, plan = each
        notified = [reached for (_, to), reached in case.reached.items() if to != OPERATIONS]
        return plan.unresolved, sum(r.level + 1 + r.repetition for r in notified), -opened_at(plan)

    return sorted((each for each in evaluated if each[0].reached), key=weight, reverse=True)[:count]


def asked_most_often(evaluated: Iterable[Evaluated]) -> Evaluated | None:
    """The case whose customer had to open the most tickets that the desk closed; None where none
    had to come back.
    """

    def closed(each: Evaluated) -> int:
        _, plan = each
        return sum(not ticket.unresolved and not ticket.merged_into for ticket in plan.tickets)

    most = max(evaluated, key=closed, default=None)
    if most is None or closed(most) < 2:
        return None
    return most
