"""The story that the product must end, as notices: a city, two years, polite replies, two tickets,
no owner.

Made by hand, field by field, so that a test of the words says all that they rest on.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from building import CEILINGS, DAY, HOUR, STANDARD, at
from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.elapsed import elapsed_breakdown
from sla_watchdog.domain.clocks.timeline import Timeline
from sla_watchdog.domain.escalation.case import Alert, Recipient, Severity
from sla_watchdog.domain.escalation.upcoming import UpcomingNotification
from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.spans import Span
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.presentation.text.reason import read_reason
from sla_watchdog.presentation.view.case_history import CaseHistory
from sla_watchdog.presentation.view.explained_clock import (
    Explained,
    ExplainedLevel,
    RecipientNotified,
)
from sla_watchdog.presentation.view.lateness import Cause
from sla_watchdog.presentation.view.notice import Item, Notice, PastNotification, TicketLine
from sla_watchdog.presentation.view.rulings import Ruling

ZONE = "America/New_York"


OPENED = at("2024-03-04T10:30:00-05:00")
OFFICE = Calendar.from_spec(
    {
        "timezone": ZONE,
        "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    }
)
SAID = Facts.of(
    [
        Fact("T-4711", "status", OPENED, "New"),
        Fact("T-4711", "status", at("2024-03-04T17:00:00-05:00"), "Awaiting customer"),
        Fact("T-4711", "status", at("2024-03-05T09:00:00-05:00"), "Open"),
    ]
)
PAGE = TicketLine(
    id="T-4711",
    subject="City page still online",
    status="Open",
    url="https://desk.example/tickets/4711",
    owner="",
    team="Community",
    created_at=OPENED,
)
AGAIN = TicketLine(
    id="T-9023",
    subject="Re: Re: page in our name, second request",
    status="New",
    url="https://desk.example/tickets/9023",
    owner="",
    team="Social Media",
    created_at=at("2025-06-11T16:40:00-04:00"),
)


def resolution(**changes: Any) -> Clock:
    """16 h of the office's time, started on a Monday, due on Wednesday; one pause of a night on the
    way.
    """
    evening, morning = at("2024-03-04T17:00:00-05:00"), at("2024-03-05T09:00:00-05:00")
    running = (Span(OPENED, evening, "open"), Span(morning, None, "open"))
    paused = (Span(evening, morning, "waiting"),)
    clock = Clock(
        subject="T-4711",
        metric=Metric.RESOLUTION,
        cycle=1,
        rule="city-and-government",
        target=16 * HOUR,
        calendar="office",
        ladder=STANDARD,
        started_at=OPENED,
        running=running,
        paused=paused,
        timeline=Timeline(running, paused, OFFICE),
        due_at=at("2024-03-06T10:30:00-05:00"),
        breach_at=at("2024-03-06T10:30:01-05:00"),
        stopped_at=None,
        levels=(
            at("2024-03-05T14:30:00-05:00"),
            at("2024-03-06T10:30:01-05:00"),
            at("2024-03-06T14:30:00-05:00"),
            at("2024-03-08T10:30:00-05:00"),
        ),
    )
    return evolve(clock, **changes)


def age(**changes: Any) -> Clock:
    clock = Clock(
        subject="T-4711",
        metric=Metric.AGE,
        cycle=1,
        rule="ceilings",
        target=14 * DAY,
        calendar="",
        ladder=CEILINGS,
        started_at=OPENED,
        running=(Span(OPENED, None, "open"),),
        due_at=OPENED + 14 * DAY,
        breach_at=OPENED + 14 * DAY,
        stopped_at=None,
        levels=(OPENED + 14 * DAY, OPENED + 30 * DAY),
    )
    return evolve(clock, **changes)


def item(
    clock: Clock,
    now: int,
    level: int = 1,
    to: Recipient | None = None,
    repetition: int = 0,
    **changes: Any,
) -> Item:
    """An alert of `clock` at `level` (from 0) as the judgement at `now` would make it."""
    breached = clock.breached(now)
    alert = Alert(
        subject=clock.subject,
        clock=clock.metric.value,
        cycle=clock.cycle,
        level=level,
        repetition=repetition,
        recipient=to or Recipient("team-lead"),
        severity=Severity.BREACH if breached else Severity.WARNING,
        due_at=clock.levels[level] or now,
        reason=read_reason(f"reminder {repetition}: still unresolved" if repetition else "due"),
        reminder=repetition,
    )
    reference = clock.breach_at if clock.breach_at is not None else clock.due_at
    late = now - reference if reference is not None else 0
    return Item(evolve(alert, **changes), clock, clock.state(now), late)


def finding(
    kind: str = "status", reason: str = "status 'Parked' is in no group of the policy file"
) -> Item:
    alert = Alert(
        "T-4711",
        f"finding:{kind}",
        1,
        0,
        0,
        Recipient("operations"),
        Severity.WARNING,
        OPENED,
        read_reason(reason),
    )
    return Item(alert, None, None, 0)


def why(clock: Clock, now: int) -> Explained:
    """As the judgement explains that clock, when nobody was told of it."""
    steps = (
        ExplainedLevel(
            number,
            level.trigger,
            when,
            level.urgent,
            tuple(RecipientNotified(Recipient(name), None) for name in level.tell),
        )
        for number, (level, when) in enumerate(
            zip(clock.ladder.levels, clock.levels, strict=True), 1
        )
    )
    return Explained(
        subject=clock.subject,
        metric=clock.metric,
        cycle=clock.cycle,
        rule=clock.rule,
        calendar=clock.calendar,
        target=clock.target,
        due_field="",
        pauses_in=("waiting",),
        state=clock.state(now),
        started_at=clock.started_at,
        due_at=clock.due_at,
        breach_at=clock.breach_at,
        cause=Cause.DEADLINE,
        stopped_at=clock.stopped_at,
        elapsed_breakdown=elapsed_breakdown(clock, OFFICE, SAID, now) if clock.timeline else None,
        events=(),
        steps=tuple(steps),
        unknown_until=None,
    )


MORNING, NOON = at("2024-03-05T09:00:00-05:00"), at("2024-03-05T12:00:00-05:00")
TWO_DAYS = CaseHistory("T-4711", False, ("Community",), 0, (), (NOON,), (MORNING,), OPENED)
TWO_YEARS = CaseHistory(
    "T-4711",
    False,
    ("Community", "Legal", "Community EMEA", "Social Media"),
    7,
    (at("2024-09-02T11:00:00-04:00"), at("2025-01-20T09:30:00-05:00")),
    tuple(OPENED + number * 40 * DAY for number in range(1, 16)),
    tuple(OPENED + number * 21 * DAY for number in range(1, 32)),
    at("2025-01-22T10:00:00-05:00"),
)


GOVERNMENT = Ruling(OPENED, "city-and-government", "office", ZONE, ())


def notice(*items: Item, **changes: Any) -> Notice:
    """What the recipient of `items` is told, while the first of the two tickets is all there is."""
    made = Notice(
        case="T-4711",
        recipient=items[0].alert.recipient,
        items=items,
        tickets=(PAGE,),
        customer="City of Larkhaven",
        opened_at=OPENED,
        notified=(),
        upcoming=None,
        zone=ZONE,
        ruling=GOVERNMENT,
        past=TWO_DAYS,
    )
    return evolve(made, **changes)


# ------------------------------------------------------------------ three chapters

WARNED_AT = at("2024-03-05T14:30:20-05:00")
BREACHED_AT = at("2024-03-06T16:40:01-05:00")
YEARS_LATER = at("2026-03-05T09:00:30-05:00")


def warned() -> Notice:
    """The day after: Kim owns it, and has three hours of the office's time left."""
    kim = Recipient("owner", "Kim")
    return notice(
        item(resolution(breach_at=None), WARNED_AT, level=0, to=kim),
        why=why(resolution(breach_at=None), WARNED_AT),
        tickets=(evolve(PAGE, owner="Kim"),),
        upcoming=UpcomingNotification(
            at("2024-03-06T10:30:01-05:00"), Recipient("team-lead"), "resolution", 1, urgent=True
        ),
    )


def breached() -> Notice:
    """Two days after: the limit has passed, and nobody owns it any more."""
    return notice(
        item(resolution(), BREACHED_AT),
        why=why(resolution(), BREACHED_AT),
        notified=(
            PastNotification(
                at("2024-03-05T14:30:20-05:00"), "owner:Kim", 0, "resolution", "T-4711"
            ),
            PastNotification(at("2024-03-06T10:31:00-05:00"), "owner", 1, "resolution", "T-4711"),
        ),
        upcoming=UpcomingNotification(
            at("2024-03-08T10:30:00-05:00"), Recipient("executive"), "resolution", 3, urgent=False
        ),
        link="https://alerts.example/k7q2m5xw4b6tj3zd",
    )


def two_years_on() -> Notice:
    """Two years after, with a second ticket of the same case: the weekly reminder to the top."""
    top = Recipient("executive", urgent=True)
    old = item(age(), YEARS_LATER, level=1, to=top, repetition=100, severity=Severity.CRITICAL)
    late = item(resolution(), YEARS_LATER, level=3, to=top, repetition=104)
    return notice(
        old,
        late,
        tickets=(PAGE, AGAIN),
        past=TWO_YEARS,
        why=why(age(), YEARS_LATER),
        notified=tuple(
            PastNotification(YEARS_LATER - week * 7 * DAY, key, level, "age", "T-4711")
            for week in range(9, 0, -1)
            for key, level in (("executive", 1), ("executive-urgent", 1))
        ),
        upcoming=UpcomingNotification(
            YEARS_LATER + 7 * DAY, Recipient("executive"), "age", 1, urgent=False
        ),
    )
