"""A reference model of the clocks, written from the semantics alone by somebody who had not read
the engine.

It is naive, slow and obvious on purpose: open time is a list of intervals on the UTC line, made
by walking local dates; what a ticket was is a list of changes; a clock is arithmetic on
intervals. Nothing of the engine is imported. The letters in brackets (A11, C5, D1, …) are the
points of the semantics that a line follows.

Intervals are half-open pairs of epoch seconds, a list of them is sorted and disjoint. An event
is a line of an event file, its `at` in epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

Interval = tuple[int, int]
Event = Mapping[str, object]

DAY = 86_400
FOREVER = 1 << 40
"""Later than anything that is judged."""
AHEAD = 200
"""Days after the end of the play in which a deadline is still looked for."""

END_GROUPS = ("resolved", "closed")
SHORTEST_END = 1800
"""An end that did not last so many seconds was none (D5, E9)."""

ENDS = {"resolved": END_GROUPS, "closed": ("closed",)}
"""What ends a ticket for a target that `stops_at` one of these."""

METRICS = ("first_response", "next_response", "update", "first_resolution", "resolution")


# ------------------------------------------------------------------ a policy, in a form of our own


@dataclass(frozen=True)
class Calendar:
    """Segments such as ("22:00", "06:00") by weekday (0 is Monday), holidays and exceptions by ISO
    date.
    """

    zone: str
    hours: tuple[tuple[tuple[str, str], ...], ...]
    holidays: tuple[str, ...] = ()
    exceptions: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()


@dataclass(frozen=True)
class Level:
    """`kind` is percent, before, breach or after; `amount` the percentage or the seconds."""

    kind: str
    amount: int
    tell: str


@dataclass(frozen=True)
class Target:
    within: int
    pauses_in: tuple[str, ...] = ()
    stops_at: str = "resolved"
    ladder: tuple[Level, ...] = ()


@dataclass(frozen=True)
class Rule:
    """`when` holds if each attribute named there has one of the values."""

    name: str
    calendar: str
    targets: Mapping[str, Target]
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """`groups` says to which group a status belongs, `priorities` what the desk's words are called
    here.
    """

    calendars: Mapping[str, Calendar]
    rules: tuple[Rule, ...]
    groups: Mapping[str, str]
    priorities: Mapping[str, str]
    longest_pause: int | None = None
    total_pause: int | None = None
    bots: tuple[str, ...] = ()
    ceilings: tuple[int, ...] = (400 * DAY,)


# ------------------------------------------------------------------ what the model says


@dataclass(frozen=True)
class Clock:
    metric: str
    cycle: int
    rule: str
    started_at: int
    due_at: int | None
    breach_at: int | None
    stopped_at: int | None
    verdict: str
    business_seconds: int
    paused_seconds: int
    off: tuple[Interval, ...] = ()
    """Ends that were too short to end it: it stood still, and nobody was told."""
    levels: tuple[int | None, ...] = ()
    """When each level of the ladder comes due by time, as far as it is known; None: not while this
    state lasts.
    """


# ------------------------------------------------------------------ intervals


def union(intervals: Iterable[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def common(some: Iterable[Interval], others: Sequence[Interval]) -> list[Interval]:
    return union(
        (max(a, c), min(b, d)) for a, b in some for c, d in others if max(a, c) < min(b, d)
    )


def without(some: Iterable[Interval], others: Iterable[Interval]) -> list[Interval]:
    left = union(some)
    for start, end in union(others):
        left = [
            part
            for a, b in left
            for part in ((a, min(b, start)), (max(a, end), b))
            if part[0] < part[1]
        ]
    return left


def length(intervals: Iterable[Interval]) -> int:
    return sum(end - start for start, end in intervals)


def until(intervals: Iterable[Interval], moment: int) -> list[Interval]:
    return [(start, min(end, moment)) for start, end in intervals if start < moment]


def since(intervals: Iterable[Interval], moment: int) -> list[Interval]:
    return [(max(start, moment), end) for start, end in intervals if end > moment]


def earliest(intervals: Iterable[Interval], seconds: int) -> int | None:
    """The earliest instant before which so many seconds have passed (A10: closing time, not the
    next opening).
    """
    for start, end in intervals:
        if end - start >= seconds:
            return start + seconds
        seconds -= end - start
    return None


def latest(intervals: Iterable[Interval], seconds: int) -> int | None:
    """The latest instant before which no more than so many seconds have passed (E2: the next
    opening).
    """
    for start, end in intervals:
        if end - start > seconds:
            return start + seconds
        seconds -= end - start
    return None


# ------------------------------------------------------------------ open time


@cache
def open_time(calendar: Calendar, first: date, last: date) -> tuple[Interval, ...]:
    """A1 to A7: each local date's segments, each edge turned into an instant."""
    found: list[Interval] = []
    day = first
    while day <= last:
        for opens, closes in segments(calendar, day):
            start = instant(calendar, day, opens)
            end = instant(calendar, day, closes)
            if minutes(closes) < minutes(
                opens
            ):  # a night shift belongs to the date on which it starts (A2)
                end = instant(calendar, day + timedelta(days=1), closes)
            found.append((start, end))
        day += timedelta(days=1)
    return tuple(union(found))


def segments(calendar: Calendar, day: date) -> tuple[tuple[str, str], ...]:
    exceptions = dict(calendar.exceptions)
    if day.isoformat() in exceptions:
        return exceptions[day.isoformat()]  # wins over a holiday (A7)
    if day.isoformat() in calendar.holidays:
        return ()
    return calendar.hours[day.weekday()]


def instant(calendar: Calendar, day: date, clock: str) -> int:
    """A3 and A4 are what `zoneinfo` does with fold=0; 24:00 is the next date's midnight."""
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return int(
        datetime.combine(day, time.fromisoformat(clock), ZoneInfo(calendar.zone)).timestamp()
    )


def minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def opened(calendar: Calendar, start: int, end: int) -> list[Interval]:
    """The open time in [start, end)."""
    zone = ZoneInfo(calendar.zone)
    first = datetime.fromtimestamp(start, zone).date() - timedelta(days=3)
    last = datetime.fromtimestamp(end, zone).date() + timedelta(days=3)
    rounded = first.replace(day=1)  # so that few lists are made
    return since(
        until(open_time(calendar, rounded, last.replace(day=28) + timedelta(days=10)), end), start
    )


# ------------------------------------------------------------------ what a ticket was


def in_order(events: Iterable[Event]) -> list[Event]:
    """By (at, seq, type, content); what is said twice is said once."""
    found: list[Event] = []
    for event in sorted(
        events,
        key=lambda each: (
            each["at"],
            each.get("seq", 0),
            each["type"],
            sorted(map(str, each.items())),
        ),
    ):
        if event not in found:
            found.append(event)
    return found


def changes(
    events: Iterable[Event], name: str, said: Mapping[str, str] | None = None
) -> list[tuple[int, str]]:
    """(at, value) of an attribute; `said` is what a type of event says by itself."""
    found: list[tuple[int, str]] = []
    for event in events:
        value = event.get(name, (said or {}).get(str(event["type"])))
        if value is not None and (not found or found[-1][1] != value):
            found.append((int(str(event["at"])), str(value)))
    return found


def value_at(timeline: Sequence[tuple[int, str]], moment: int) -> str:
    """The last value said at or before that moment; nothing before the first."""
    return next((value for at, value in reversed(timeline) if at <= moment), "")


class Ticket:
    """What one ticket's events say, as timelines."""

    def __init__(self, events: Iterable[Event], policy: Policy, now: int) -> None:
        self.now = now
        self.events = in_order(event for event in events if int(str(event["at"])) <= now)
        born = next(event for event in self.events if event["type"] == "created")
        self.created_at = int(str(born["at"]))
        self.by_agent = born.get("by") == "agent"
        words = {"resolved": "Resolved", "closed": "Closed", "reopened": "Open"}
        self.groups = [
            (at, policy.groups.get(status, "unknown"))
            for at, status in changes(self.events, "status", words)
        ] or [(self.created_at, "unknown")]
        self.statuses = changes(self.events, "status", words)
        self.attributes = {
            name: changes(self.events, name) for name in ("priority", "customer_tier", "channel")
        }
        self.customer = self._replies("customer", policy)
        self.answers = self._replies("agent", policy)
        said = [event for event in self.events if event.get("by") in ("agent", "customer")]
        self.messages = [int(str(event["at"])) for event in said if event["type"] == "reply"]
        """Automatic ones too."""

    def _replies(self, by: str, policy: Policy) -> list[int]:
        """B2: only a person answers; a bot's message is nobody's."""
        return [
            int(str(event["at"]))
            for event in self.events
            if event["type"] == "reply"
            and event["by"] == by
            and event.get("agent") not in policy.bots
        ]

    def ended(self, stops_at: str) -> list[Interval]:
        """When it was resolved or closed; the last of them may be open."""
        return union((start, end) for group, start, end in self.spans() if group in ENDS[stops_at])

    def reopenings(self, stops_at: str) -> list[int]:
        """From resolved or closed to neither; from one to the other is no reopening."""
        return [
            end
            for _, end in self.ended(stops_at)
            if end < FOREVER and value_at(self.groups, end) not in END_GROUPS
        ]

    def short_ends(self) -> list[Interval]:
        return [(start, end) for start, end in self.ended("resolved") if not lasted(start, end)]

    def climbing(self, stops_at: str) -> list[int]:
        """D5: after an end that lasted, and where the record tells of messages, after one of a
        person.
        """
        stood_still = {end for start, end in self.ended(stops_at) if lasted(start, end)}
        found = []
        for start, end in self.ended("resolved"):
            if end not in stood_still or not lasted(start, end):
                continue
            knows = any(at <= end for at in self.messages)
            wrote = any(start <= at <= end for at in self.customer)
            answered = any(start < at <= end for at in self.answers)
            if wrote or answered or not knows:
                found.append(end)
        return found

    def never_open(self, stops_at: str) -> bool:
        return all(group in ENDS[stops_at] for group, _, _ in self.spans())

    def spans(self) -> list[tuple[str, int, int]]:
        """(group, since, until) in order, one for each change of the status."""
        ends = [at for at, _ in self.groups[1:]] + [FOREVER]
        return [(group, at, end) for (at, group), end in zip(self.groups, ends, strict=True)]

    def pauses(self, groups: Sequence[str]) -> list[Interval]:
        """C1 and C5: from entering one of these groups until leaving it or until the customer
        writes, whatever the status says: another status of the same group is no new pause,
        another group is. What touches is one pause.
        """
        found: list[Interval] = []
        for name in groups:
            in_it = union((start, end) for group, start, end in self.spans() if group == name)
            found += [
                (start, next((at for at in self.customer if start < at < end), end))
                for start, end in in_it
            ]
        return union(found)

    def rule(self, policy: Policy, moment: int) -> Rule:
        """D4: the first that matches what the ticket is at that moment."""
        for rule in policy.rules:
            if all(self._is(name, policy, moment) in values for name, values in rule.when.items()):
                return rule
        raise AssertionError("the last rule matches everything")

    def _is(self, name: str, policy: Policy, moment: int) -> str:
        value = value_at(self.attributes[name], moment)
        return policy.priorities.get(value, value) if name == "priority" else value


def lasted(start: int, end: int) -> bool:
    return end - start >= SHORTEST_END


# ------------------------------------------------------------------ one clock under one rule


class Run:
    """The whole of a clock as one rule sees it (C6, D1, D2: the whole history under one list of
    pauses).
    """

    def __init__(
        self,
        ticket: Ticket,
        policy: Policy,
        rule: Rule,
        target: Target,
        start: int,
        off: Sequence[Interval],
    ) -> None:
        self.target, self.start = target, start
        self.limited = (policy.longest_pause, policy.total_pause) != (None, None)
        self.open = opened(
            policy.calendars[rule.calendar], min(start, ticket.created_at), ticket.now + AHEAD * DAY
        )
        pauses = common(ticket.pauses(target.pauses_in), [(ticket.created_at, FOREVER)])
        self.pauses = self._limited(without(pauses, off), policy)
        self.off = list(off)
        self.counting = without(without(since(self.open, start), self.off), self.pauses)
        """Where each second counts towards the target."""

    def _limited(self, pauses: Sequence[Interval], policy: Policy) -> list[Interval]:
        """C5: one pause lasts `longest` open seconds at most, and all of a clock `total` together.
        A clock is a target on a ticket, so that pauses before an exchange count for the total:
        that cannot lose a breach.
        """
        kept, left = [], policy.total_pause
        for start, end in pauses:
            single = self._at_most(policy.longest_pause, start, end)
            together = self._at_most(left, start, single)
            if left is not None:
                left -= length(common([(start, together)], self.open))
            kept.append((start, together))
        return since(union(kept), self.start)

    def _at_most(self, seconds: int | None, start: int, end: int) -> int:
        """The end of a pause that may last so much open time."""
        open_in_it = common([(start, end)], self.open)
        if seconds is None or length(open_in_it) <= seconds:
            return end
        return earliest(open_in_it, seconds) or start if seconds else start

    def elapsed(self, moment: int) -> int:
        return length(until(self.counting, moment))

    def paused(self, moment: int) -> int:
        return length(common(until(self.pauses, moment), self.open)) if self.pauses else 0

    def is_paused(self, moment: int) -> bool:
        return any(start <= moment < end for start, end in self.pauses)

    def due_at(self) -> int | None:
        return earliest(self.counting, self.target.within)

    def breach_at(self) -> int | None:
        """A11: one second of open time after the deadline."""
        return earliest(self.counting, self.target.within + 1)


@dataclass(frozen=True)
class Course:
    """What happened to one clock, whatever the rule: from `start` to `stop`, `ends` naming what
    does not count.
    """

    metric: str
    cycle: int
    start: int
    stop: int | None
    rests: bool
    """Whether it stands still while the ticket is resolved, and goes on when it is reopened (D5).
    """
    rest: tuple[Interval, ...] = ()
    """When it stood still besides: what came before was another exchange."""
    off: tuple[Interval, ...] = ()
    """When it stood still and was the same exchange: an end that was none (D5)."""


def courses(ticket: Ticket) -> list[Course]:
    return [
        *first_response(ticket),
        *next_responses(ticket),
        *updates(ticket),
        Course("first_resolution", 1, ticket.created_at, None, rests=True),
        Course("resolution", 1, ticket.created_at, None, rests=True),
    ]


def first_response(ticket: Ticket) -> list[Course]:
    """B2: from creation to the first answer. Where an agent opened it, from the customer's first
    message.

    An end stops it too, and it is not armed again (D5): the next response starts at the
    reopening. What was born closed is recorded with no time at all (C4).
    """
    if not ticket.by_agent:
        start: int | None = ticket.created_at
    else:
        start = next(iter(ticket.customer), None)
    if start is None:
        return []
    ends = [at for at, _ in ticket.ended("resolved") if at >= start]
    stops = sorted([at for at in ticket.answers if at > start] + ends)
    return [Course("first_response", 1, start, stops[0] if stops else None, rests=False)]


def next_responses(ticket: Ticket) -> list[Course]:
    """B3 and D5: from the oldest unanswered message, or from the reopening, to the answer or the
    end.

    What nobody answered is not forgotten at the end: the next exchange, from the reopening or
    from the customer's next word, counts from that same message, without the time in which the
    ticket was over and the customer silent.
    """
    ended = [(start, end) for start, end in ticket.ended("resolved") if lasted(start, end)]
    short = ticket.short_ends()
    happened = [(at, "message") for at in ticket.customer] + [
        (at, "answer") for at in ticket.answers
    ]
    happened += [(start, "end") for start, _ in ended]
    happened += [(end, "reopening") for start, end in [*ended, *short] if end < FOREVER]
    found: list[Course] = []
    start: int | None = None  # of the exchange
    message: int | None = None  # the oldest that nobody answered
    over_at: int | None = None  # since when an unanswered message rests
    rest: list[Interval] = []
    still = [(a, min([at for at in ticket.customer if a <= at < b] + [b])) for a, b in short]

    def stopped(at: int | None) -> None:
        if start is not None:
            silent = [(a, b) for a, b in still if b > start and (at is None or a < at)]
            course = Course("next_response", len(found) + 1, start, at, False, tuple(rest))
            found.append(replace(course, off=tuple(silent)))

    for at, what in sorted(happened):
        if what in ("message", "reopening") and start is None:
            start = at if message is None else message
            rest += [] if over_at is None else [(over_at, at)]
        if what == "message" and message is None:
            message = at
        if what == "answer":
            stopped(at)
            start, message, over_at, rest = None, None, None, []
        if what == "end" and start is not None:
            stopped(at)
            start, over_at = None, None if message is None else at
    stopped(None)
    return found


def updates(ticket: Ticket) -> list[Course]:
    """B4: from each answer to the next, while it is open; one given after the end counts from the
    reopening (D5).
    """
    found: list[Course] = []
    for start, stop in zip(ticket.answers, [*ticket.answers[1:], None], strict=False):
        life = [(start, ticket.now + 1 if stop is None else stop)]
        if without(life, ticket.ended("resolved")):
            found.append(Course("update", len(found) + 1, start, stop, rests=True))
    return found


# ------------------------------------------------------------------ judging

Deployments = Sequence[tuple[int, Policy]]
"""(since, policy) in order; the first since ever."""


def judged(events: Iterable[Event], deployments: Deployments, now: int) -> list[Clock]:
    """All clocks of one ticket as they stand at `now`."""
    ticket = Ticket(events, deployments[-1][1], now)
    found = [judge(ticket, deployments, course) for course in courses(ticket)]
    return [*(clock for clock in found if clock is not None), age(ticket, deployments[-1][1])]


def rules_in_force(ticket: Ticket, deployments: Deployments) -> list[tuple[int, int, Policy, Rule]]:
    """(since, until, policy, rule) from the creation on: what judges the ticket at each moment."""
    moments = {ticket.created_at, *(since for since, _ in deployments)}
    moments |= {at for timeline in ticket.attributes.values() for at, _ in timeline}
    starts = sorted(moment for moment in moments if ticket.created_at <= moment <= ticket.now)
    found: list[tuple[int, int, Policy, Rule]] = []
    for start, end in zip(starts, [*starts[1:], FOREVER], strict=True):
        policy = [policy for since, policy in deployments if since <= start][-1]
        rule = ticket.rule(policy, start)
        if found and found[-1][2:] == (policy, rule):
            found[-1] = (found[-1][0], end, policy, rule)
        else:
            found.append((start, end, policy, rule))
    return found


InForce = tuple[int, int, Policy, Rule]


def judge(ticket: Ticket, deployments: Deployments, course: Course) -> Clock | None:
    """The clock of that course, or nothing where no rule in force asks for it."""
    over = rules_in_force(ticket, deployments)
    stop, settled_at = stop_of(ticket, course, over)
    breach = first_breach(ticket, course, over, settled_at)
    policy, rule = in_force(over, settled_at)
    if course.metric not in rule.targets:
        if breach is None:
            return None
        _, policy, rule = breach  # what was broken stays broken (D1, D2)
    target = rule.targets[course.metric]
    if course.metric != "next_response" and ticket.never_open(target.stops_at):
        return None  # born closed (C4)
    return said(ticket, policy, rule, course, stop, breach[0] if breach else None)


def in_force(over: Sequence[InForce], moment: int) -> tuple[Policy, Rule]:
    return next((policy, rule) for start, end, policy, rule in over if start <= moment < end)


def stop_of(ticket: Ticket, course: Course, over: Sequence[InForce]) -> tuple[int | None, int]:
    """When the clock stopped, if it did, and the moment as of which it is judged: results stay
    (D2).
    """
    if course.metric == "first_resolution":
        for start, _, settled_at in ends_of(ticket, course, over):
            return start, settled_at
    elif course.stop is not None:
        return course.stop, course.stop
    elif course.rests:
        for start, end, settled_at in ends_of(ticket, course, over):
            if start <= ticket.now < end:
                return max(start, course.start), max(settled_at, course.start)
    return None, ticket.now


def ends_of(ticket: Ticket, course: Course, over: Sequence[InForce]) -> list[tuple[int, int, int]]:
    """(start, end, since when it is one) of each time that the ticket was over by the rule then in
    force.
    """
    found: list[tuple[int, int, int]] = []
    for moment in sorted({*(at for at, _ in ticket.groups), *(start for start, *_ in over)}):
        _, rule = in_force(over, max(moment, ticket.created_at))
        target = rule.targets.get(course.metric)
        stops_at = "resolved" if target is None else target.stops_at
        spans = ticket.ended(stops_at)
        span = next(((start, end) for start, end in spans if start <= moment < end), None)
        if span is not None and not (found and moment < found[-1][1]):
            found.append((*span, moment))
    return found


def first_breach(
    ticket: Ticket, course: Course, over: Sequence[InForce], settled_at: int
) -> tuple[int, Policy, Rule] | None:
    for start, end, policy, rule in over:
        if course.metric in rule.targets and start <= settled_at:
            broken = breach_in(ticket, policy, rule, course, start, min(end, settled_at + 1))
            if broken is not None:
                return broken, policy, rule
    return None


def run_of(
    ticket: Ticket, policy: Policy, rule: Rule, course: Course, stop: int | None = None
) -> Run:
    """With a `stop`, as though it had gone on from there: its deadline is still one."""
    target = rule.targets[course.metric]
    off = ticket.ended(target.stops_at) if course.rests else [*course.rest, *course.off]
    if stop is not None:
        off = until(off, stop)
    return Run(ticket, policy, rule, target, course.start, off)


def breach_in(
    ticket: Ticket, policy: Policy, rule: Rule, course: Course, start: int, end: int
) -> int | None:
    """The first moment of [start, end) at which this rule, then in force, saw more than its target
    (A11, D1).
    """
    run = run_of(ticket, policy, rule, course)
    broken = run.breach_at()
    if broken is None:
        return None
    moment = max(
        broken, start, *(end for _, end in course.rest)
    )  # an exchange that goes on was not there before
    if course.stop is not None:
        end = min(end, course.stop + 1)
    for resolved, reopened in run.off:  # closed results stay; a breach shows when it is open again
        if resolved < moment < reopened or (resolved == moment and moment > broken):
            moment = reopened
    return moment if moment < end else None


def said(
    ticket: Ticket,
    policy: Policy,
    rule: Rule,
    course: Course,
    stop: int | None,
    breach_at: int | None,
) -> Clock:
    run = run_of(ticket, policy, rule, course, stop)
    judged_at = ticket.now if stop is None else stop
    verdict = "running"
    if breach_at is not None:
        verdict = "breached"
    elif stop is not None:
        verdict = "met"
    elif run.is_paused(judged_at):
        verdict = "paused"
    if stop is not None:  # the pause ends with what stops the clock (C4)
        run.pauses = until(run.pauses, stop)
        run.counting = without(without(since(run.open, run.start), run.off), run.pauses)
    return Clock(
        metric=course.metric,
        cycle=course.cycle,
        rule=rule.name,
        started_at=course.start,
        due_at=run.due_at(),
        breach_at=breach_at,
        stopped_at=stop,
        verdict=verdict,
        business_seconds=run.elapsed(judged_at),
        paused_seconds=run.paused(judged_at),
        off=course.off,
        levels=levels_of(run, course, breach_at),
    )


def levels_of(run: Run, course: Course, breach_at: int | None) -> tuple[int | None, ...]:
    """An exchange that goes on with an old message is told from then on, and if it was overdue,
    spaced from then.
    """
    resumed = max([end for _, end in course.rest], default=course.start)
    if breach_at is not None:
        breach_at = max(breach_at, resumed)
    moments = [level_at(run, level, breach_at) for level in run.target.ladder]
    return tuple(moment if moment is None else max(moment, resumed) for moment in moments)


def level_at(run: Run, level: Level, breach_at: int | None) -> int | None:
    """E1, E2, E3, A11, D1."""
    within = run.target.within
    if level.kind == "percent":
        return earliest(run.counting, -(-within * level.amount // 100))
    if level.kind == "before":
        return before(run, within - level.amount)
    if level.kind == "breach":
        return breach_at if breach_at is not None else run.breach_at()
    return after(run, level.amount, breach_at)


def before(run: Run, seconds: int) -> int | None:
    """E2: the latest instant at which so much is left; at the start where it never was more. Not
    while paused (E1).
    """
    if seconds <= 0:
        still = union([*run.off, *run.pauses])
        return next((end for start, end in still if start <= run.start < end), run.start)
    left = earliest(run.counting, seconds)
    if not run.limited and any(start == left for start, _ in run.pauses):
        return left  # the last moment before a pause that nobody knows the end of
    return latest(run.counting, seconds)


def after(run: Run, seconds: int, breach_at: int | None) -> int | None:
    """A11 and E3: so much open time past the deadline, no pause holds it (C3); or past the change."""
    counted_from = breach_at
    if breach_at is None or breach_at == run.breach_at():
        breach_at, counted_from = run.breach_at(), run.due_at()
    if breach_at is None or counted_from is None:
        return None
    moment = earliest(since(run.open, counted_from), seconds)
    return None if moment is None else max(moment, breach_at)


def age(ticket: Ticket, policy: Policy) -> Clock:
    """B6: by the wall clock, from the creation; nothing pauses it."""
    written = [
        (course.start, FOREVER if course.stop is None else course.stop)
        for course in next_responses(ticket)
    ]
    over = without(
        ticket.ended("resolved"), written
    )  # it goes on while a message after the end is unanswered
    stop = next((start for start, end in over if start <= ticket.now < end), None)
    judged_at = ticket.now if stop is None else stop
    due_at = ticket.created_at + policy.ceilings[0]
    verdict = "running" if stop is None else "met"
    if judged_at >= due_at:
        verdict = "breached"
    return Clock(
        metric="age",
        cycle=1,
        rule="ceilings",
        started_at=ticket.created_at,
        due_at=due_at,
        breach_at=due_at if judged_at >= due_at else None,
        stopped_at=stop,
        verdict=verdict,
        business_seconds=judged_at - ticket.created_at,
        paused_seconds=0,
        levels=tuple(ticket.created_at + ceiling for ceiling in policy.ceilings),
    )


# ------------------------------------------------------------------ who is told


@dataclass(frozen=True, order=True)
class Alert:
    """A level told for the first time; `level` counts from 1."""

    at: int
    clock: str
    level: int
    audience: str


def alerts(events: Iterable[Event], policy: Policy, now: int) -> list[Alert]:
    """Every level when it is told first, under one policy and one rule that never changed; no
    reminders.
    """
    ticket = Ticket(events, policy, now)
    rule = ticket.rule(policy, now)
    ladders = [
        climbed(ticket, rule, clock)
        for clock in judged(events, [(0, policy)], now)
        if clock.metric != "age"
    ]
    return sorted(told(ladders, now))


ANSWERED = ("first_response", "next_response")
"""What an answer or an end stops for good; the others go on when the ticket is reopened (D5)."""

WEEK = 7 * DAY
"""The top repeats so often in the histories that are drawn (E5)."""


def over_by(rule: Rule) -> str:
    """What ends the whole ticket under that rule, and so is followed by a new cycle when it is
    reopened.
    """
    return (
        "closed"
        if any(target.stops_at == "closed" for target in rule.targets.values())
        else "resolved"
    )


def told_at(moment: int, ended: Sequence[Interval]) -> int:
    """While it is over nobody is told (E9); what comes due then is told when it is reopened."""
    return next((reopened for over, reopened in ended if over <= moment < reopened), moment)


@dataclass(frozen=True)
class Climbed:
    """What one clock has due when. `steps` are (since, level, whether it begins a cycle in which
    everybody is told again), `over` is when nobody is told, `last` the last second of its life.
    """

    metric: str
    ladder: Sequence[Level]
    steps: Sequence[tuple[int, int, bool]]
    over: Sequence[Interval]
    last: int
    breach_at: int | None

    def live(self, moment: int) -> bool:
        if moment > self.last:
            return False
        return not any(start <= moment < end for start, end in self.over)

    def level(self, moment: int) -> int:
        return max([level for at, level, _ in self.steps if at <= moment], default=0)

    def cycle(self, moment: int) -> int:
        return sum(anew for at, _, anew in self.steps if at <= moment)

    def at_top_since(self) -> int | None:
        top = [at for at, level, _ in self.steps if level == len(self.ladder)]
        return min(top, default=None)

    def repetition(self, moment: int) -> int:
        since = self.at_top_since()
        return 0 if since is None or moment < since else (moment - since) // WEEK

    def breached(self, moment: int) -> bool:
        return self.breach_at is not None and self.breach_at <= moment


def climbed(ticket: Ticket, rule: Rule, clock: Clock) -> Climbed:
    """E3 and D5: the highest level that is due at each moment."""
    target = rule.targets[clock.metric]
    over = clock.off if clock.metric in ANSWERED else ticket.ended(target.stops_at)
    last = ticket.now if clock.stopped_at is None else clock.stopped_at - 1
    due = [(told_at(at, over), level) for level, at in enumerate(clock.levels, 1) if at is not None]
    due = [(at, level) for at, level in due if at <= last]
    again = begun_anew(ticket, rule, clock, over, last)
    climbs = ticket.climbing(target.stops_at) if clock.metric == "resolution" else []
    steps: list[tuple[int, int, bool]] = []
    level = 0
    for moment in sorted({at for at, _ in due} | set(again)):
        level = max([level, *(due_level for at, due_level in due if at <= moment)])
        if moment in again and moment in climbs:
            floor = max(level_before(due, steps, moment), climbs.index(moment))
            level = max(level, min(floor + 1, len(target.ladder)))
        steps.append((moment, level, moment in again))
    return Climbed(clock.metric, target.ladder, steps, over, last, clock.breach_at)


def level_before(
    due: Sequence[tuple[int, int]], steps: Sequence[tuple[int, int, bool]], moment: int
) -> int:
    reached = [level for at, level, _ in steps if at < moment]
    return max([*reached, *(level for at, level in due if at < moment)], default=0)


def begun_anew(
    ticket: Ticket, rule: Rule, clock: Clock, over: Sequence[Interval], last: int
) -> list[int]:
    """Reopenings after which whoever was told is told again: they heard that it was over (E9)."""
    if clock.metric in ANSWERED:
        return []
    target = rule.targets[clock.metric]
    ends = ticket.ended(target.stops_at if clock.metric == "resolution" else over_by(rule))
    begin_a_cycle = ticket.reopenings(target.stops_at) if clock.metric == "resolution" else []
    moments = []
    for start, end in ends:
        heard = end - start > SHORTEST_END  # not in the very second: what is then known comes first
        if heard or (end in begin_a_cycle and lasted(start, end)):
            moments.append(told_at(end, over))
    return [moment for moment in moments if clock.started_at < moment <= last]


# ------------------------------------------------------------------ the budget (E12)

GAPS = (900, 3600, 4 * 3600)


@dataclass
class Recipient:
    """Somebody who hears of one level of every ladder. `run` is (first, last, count, whether a
    breach was among them) of the messages that follow each other.
    """

    level: int
    run: tuple[int, int, int, bool] | None = None
    told: dict[tuple[int, int], int] = field(default_factory=dict)
    """(number of the ladder, cycle) -> the repetition told."""
    heard: dict[str, int] = field(default_factory=dict)
    """metric -> when last."""

    def pending(self, ladders: Sequence[Climbed], moment: int) -> list[int]:
        return [
            number
            for number, ladder in enumerate(ladders)
            if ladder.live(moment) and self._is_due(number, ladder, moment)
        ]

    def _is_due(self, number: int, ladder: Climbed, moment: int) -> bool:
        if ladder.level(moment) < self.level:
            return False
        told = self.told.get((number, ladder.cycle(moment)))
        if told is None:
            return True
        return self.level == len(ladder.ladder) and told < ladder.repetition(moment)

    def free_at(self, ladders: Sequence[Climbed], pending: Sequence[int], moment: int) -> int:
        """When what is pending may be sent; what is news takes the rest along."""
        if self.run is None or moment >= self.run[1] + DAY:
            return moment
        first, last, count, breach = self.run
        for ladder in (ladders[number] for number in pending):
            is_worse = ladder.breached(moment) and not breach
            if is_worse or self.heard.get(ladder.metric, -1) < first:
                return moment
        return last + GAPS[min(count, 3) - 1]

    def hear(
        self, ladders: Sequence[Climbed], pending: Sequence[int], moment: int
    ) -> Iterable[Alert]:
        some_breached = any(ladders[number].breached(moment) for number in pending)
        first, count, breach = moment, 0, False
        if self.run is not None and moment < self.run[1] + DAY:
            first, _, count, breach = self.run
        self.run = (first, moment, count + 1, breach or some_breached)
        for number in pending:
            ladder = ladders[number]
            place = number, ladder.cycle(moment)
            if place not in self.told:
                yield Alert(moment, ladder.metric, ladder.level(moment), f"level-{self.level}")
            self.told[place] = ladder.repetition(moment)
            self.heard[ladder.metric] = moment


def told(ladders: Sequence[Climbed], now: int) -> list[Alert]:
    moments = {at for ladder in ladders for at, *_ in ladder.steps}
    for ladder in ladders:
        since = ladder.at_top_since()
        if since is not None:
            moments |= set(range(since, now + 1, WEEK))
        moments |= {end for _, end in ladder.over}
    recipients = [Recipient(n + 1) for n in range(max([len(x.ladder) for x in ladders], default=0))]
    found: list[Alert] = []
    while moments:
        moment = min(moments)
        moments.remove(moment)
        if moment > now:
            break
        for recipient in recipients:
            pending = recipient.pending(ladders, moment)
            if not pending:
                continue
            free_at = recipient.free_at(ladders, pending, moment)
            if free_at <= moment:
                found += recipient.hear(ladders, pending, moment)
            else:
                moments.add(free_at)
    return found
