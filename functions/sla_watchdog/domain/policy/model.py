"""The policy in force: everything an operator decided, checked and ready to be asked.

In a function these values come from the compiled policy alone
(`sla_watchdog.domain.policy.compiled`), which was checked when it was built, so a bad one cannot
exist here. Each class says its fields once: the compiled form follows from their types and marks
(`sla_watchdog.domain.policy.codec`), and what a policy file leaves out has the default that stands
here. Durations are whole seconds; "open time" is time inside the rule's calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from functools import cached_property
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from attrs import field, frozen

from sla_watchdog.domain.policy.calendar_codec import CALENDAR
from sla_watchdog.domain.policy.digest_time import DigestTime
from sla_watchdog.domain.policy.marks import (
    JsonPlace,
    by_name,
    called,
    defines,
    not_empty,
    one_of,
)
from sla_watchdog.domain.policy.ranks import ranks_of
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.domain.time.duration import Duration

CalendarName: TypeAlias = Annotated[str, one_of("calendars")]
AudienceName: TypeAlias = Annotated[str, one_of("audiences")]


class Metric(StrEnum):
    """What a clock measures. The first five are targets of a ticket; the others belong to the case.

    `age` is wall time and never paused. From `progress` on they are signals: open time, or a
    count of events. `pause` is raised where a pause lasted longer than the policy allows,
    `promise` where a promise was not kept and no level that is due goes above those who were
    notified before.
    """

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    UPDATE = "update"
    FIRST_RESOLUTION = "first_resolution"
    RESOLUTION = "resolution"
    AGE = "age"
    PAUSE = "pause"
    PROMISE = "promise"
    PROGRESS = "progress"
    TOUCHES = "touches"
    UNOWNED = "unowned"
    REOPENED = "reopened"
    REASSIGNED = "reassigned"
    BOUNCED = "bounced"
    AGAIN = "again"
    ANSWERERS = "answerers"


TARGETS = (
    Metric.FIRST_RESPONSE,
    Metric.NEXT_RESPONSE,
    Metric.UPDATE,
    Metric.FIRST_RESOLUTION,
    Metric.RESOLUTION,
)
REPORTED = {Metric.REOPENED: "reopened_count", Metric.REASSIGNED: "reassigned_count"}
"""The field in which a record itself counts the events of a signal."""


class Carried(StrEnum):
    """What the records of a desk carry, or never do."""

    REPLY = "reply"
    """When a person of the desk replied."""
    OWNER = "owner"
    TEAM = "team"


NEEDS: Mapping[Metric, Carried] = {
    Metric.FIRST_RESPONSE: Carried.REPLY,
    Metric.NEXT_RESPONSE: Carried.REPLY,
    Metric.UPDATE: Carried.REPLY,
    Metric.TOUCHES: Carried.REPLY,
    Metric.UNOWNED: Carried.OWNER,
    Metric.BOUNCED: Carried.TEAM,
}
"""What records must carry for the clock to mean anything (semantics B10)."""


@frozen
class Percent:
    """Due at the earliest instant with elapsed >= `percent` of the target; `percent` is 1..99."""

    percent: Annotated[int, JsonPlace.WHOLE]


@frozen
class Before:
    """Due at the latest instant with `seconds` of open time left; at the start when there never
    were as many.
    """

    seconds: Annotated[int, JsonPlace.WHOLE]

    @property
    def length(self) -> Duration:
        return Duration.of_open_time(self.seconds)


@frozen
class After:
    """Due `seconds` of open time after the deadline, never before the breach; 0 is the breach
    itself.
    """

    seconds: Annotated[int, JsonPlace.WHOLE]

    @property
    def length(self) -> Duration:
        return Duration.of_open_time(self.seconds)


@frozen
class Age:
    """Due when the case is `seconds` old by the wall clock (ceilings only)."""

    seconds: Annotated[int, JsonPlace.WHOLE]

    @property
    def length(self) -> Duration:
        return Duration.by_the_wall(self.seconds)


@frozen
class Open:
    """Due after `seconds` of open time (signals only)."""

    seconds: Annotated[int, JsonPlace.WHOLE]

    @property
    def length(self) -> Duration:
        return Duration.of_open_time(self.seconds)


@frozen
class Count:
    """Due at the `times`-th event (signals only); at least 1."""

    times: Annotated[int, JsonPlace.WHOLE]


Trigger = Percent | Before | After | Age | Open | Count

SIGNALS: Mapping[Metric, type[Open | Count]] = {
    Metric.PROGRESS: Open,
    Metric.TOUCHES: Count,
    Metric.UNOWNED: Open,
    Metric.REOPENED: Count,
    Metric.REASSIGNED: Count,
    Metric.BOUNCED: Count,
    Metric.AGAIN: Count,
    Metric.ANSWERERS: Count,
}
"""When levels of a signal are due: after so much open time, or at the n-th event."""

BEGIN_ANEW = frozenset(
    {
        Metric.NEXT_RESPONSE,
        Metric.UPDATE,
        Metric.PAUSE,
        Metric.PROMISE,
        Metric.PROGRESS,
        Metric.TOUCHES,
        Metric.UNOWNED,
        Metric.ANSWERERS,
    }
)
"""Clocks that begin again and again: the notifications of one cycle do not matter once there are
some of a later one.
"""

COUNTED = frozenset(metric for metric, due in SIGNALS.items() if due is Count)

LONGEST_GAP = 7 * 86400
"""No repetition waits longer than a week (semantics E5)."""


@frozen
class Repeat:
    """How the last level comes again for ever, in wall-clock seconds; `doubling` gaps grow up to a
    week.

    `every` is at least a minute and at most a week.
    """

    every: int
    doubling: bool

    @property
    def length(self) -> Duration:
        """Of the first gap."""
        return Duration.by_the_wall(self.every)

    @property
    def _growing(self) -> int:
        """How many gaps are shorter than a week; the n-th, counted from 0, is `every` doubled n
        times.
        """
        return ((LONGEST_GAP - 1) // self.every).bit_length()

    def offset(self, repetition: int) -> int:
        """Seconds from the level's own instant to its n-th repetition (0 is the level itself)."""
        if not self.doubling:
            return self.every * repetition
        growing = min(repetition, self._growing)
        return self.every * ((1 << growing) - 1) + LONGEST_GAP * (repetition - growing)

    def latest(self, seconds: int) -> int:
        """The highest repetition whose offset is at most `seconds` (>= 0)."""
        if not self.doubling:
            return seconds // self.every
        weekly = seconds - self.offset(self._growing)
        if weekly >= 0:
            return self._growing + weekly // LONGEST_GAP
        return (seconds // self.every + 1).bit_length() - 1


@frozen
class Level:
    trigger: Trigger
    tell: tuple[AudienceName, ...]
    urgent: bool = False
    repeat: Repeat | None = None


@frozen
class Ladder:
    """Levels in the order they come due; the last one always repeats."""

    name: Annotated[str, JsonPlace.KEY]
    levels: Annotated[tuple[Level, ...], not_empty, JsonPlace.WHOLE]


@frozen
class Target:
    """`within` seconds of open time, not counting time in a status group of `pauses_in`.

    With `due`, the ticket field of that name holds the deadline: another system set it, and no
    pause moves it; `within` is 0 then.
    """

    metric: Metric
    within: int
    ladder: Annotated[Ladder, by_name("ladders")]
    pauses_in: frozenset[str] = frozenset()
    stops_at: str = "resolved"
    due: str | None = None

    @property
    def length(self) -> Duration:
        return Duration.of_open_time(self.within)


@frozen
class Pauses:
    """Seconds of open time that one pause, and all pauses of a clock together, may last; None for
    no limit.

    `tell` are the audiences told when a limit is used up; where it is empty, those of the first
    level of the clock's own ladder.
    """

    longest: int | None = None
    total: int | None = None
    tell: tuple[AudienceName, ...] = ()


@frozen
class Matters:
    """Seconds of wall time since the last activity of a matter in which a ticket still continues
    it: one that looks like one of its tickets, and one that is linked to it.
    """

    quiet: int = 60 * 86400
    linked: int = 365 * 86400


@frozen
class Acknowledge:
    """The promise of an acknowledgement reaches at most `longest` seconds of open time ahead;
    `snoozes` per case. Of promises with no progress between them the first `in_a_row` hold alerts
    back.
    """

    longest: int = 16 * 3600
    snoozes: int = 2
    in_a_row: Annotated[int, JsonPlace.SPARSE] = 1

    @property
    def reach(self) -> Duration:
        return Duration.of_open_time(self.longest)


class Truth(Enum):
    """Whether a condition holds; UNKNOWN when the ticket's value cannot be read."""

    YES = 1
    NO = 2
    UNKNOWN = 3


@frozen
class Condition:
    """One key of `when:`.

    `any_of` holds when the ticket's value (text, trimmed and case-folded; for a list, a member)
    is one of them; `missing` when the ticket has none; `at_least` when it is a number >= that.
    `negate` turns the answer round.
    """

    field: str
    any_of: frozenset[str] = frozenset()
    missing: bool = False
    at_least: float | None = None
    negate: bool = False


@frozen
class Rule:
    """One entry of `policies:`; the first whose conditions all hold judges the ticket."""

    name: str
    when: tuple[Condition, ...]
    calendar: CalendarName
    targets: tuple[Target, ...]


class AtOnce(StrEnum):
    """What does not wait for a digest.

    `breach` is the first message to a recipient that a target of a ticket was breached.
    """

    BREACH = "breach"
    URGENT = "urgent"
    BROKEN_PROMISE = "broken-promise"
    AGAIN = "again"
    CEILING = "ceiling"
    SIGNAL = "signal"


AT_ONCE = frozenset({AtOnce.BREACH, AtOnce.URGENT, AtOnce.BROKEN_PROMISE, AtOnce.AGAIN})
"""What comes at once where a policy does not say it."""


@frozen
class Audience:
    """Named recipients. `each` is `assignee` or `team` when every value has a topic of its own.

    With a `digest`, all but what is `at_once` waits for it.
    """

    name: Annotated[str, JsonPlace.KEY]
    each: str | None = None
    hours: CalendarName | None = None
    digest: Annotated[DigestTime | None, JsonPlace.SPARSE] = None
    at_once: Annotated[frozenset[AtOnce], JsonPlace.SPARSE] = AT_ONCE


TICKET_ID = "{ticket_id}"
"""Stands for the ticket's id in a template of a key."""


@frozen
class Source:
    """Where a ticket stands in the Tickets table, in the operator's own shape.

    `key` maps the table's key attributes to templates: `{"ticket_id": "{ticket_id}"}` or `{"pk":
    "TICKET#{ticket_id}", "sk": "META"}`. `only` keeps records whose attribute is one of the
    values (several entity types in one table). `fields` maps our field names to paths
    (`requester.org.tier`).
    """

    key: Mapping[str, str] = field(factory=lambda: {"ticket_id": TICKET_ID})
    only: Mapping[str, frozenset[str]] = field(factory=dict)
    fields: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class Policy:
    source: Source = field(factory=Source)
    timezone: str | None = None
    statuses: Mapping[str, str]
    """Status as the desk writes it (trimmed, case-folded) -> group: open, waiting, resolved,
    closed, or its own.
    """
    groups: tuple[str, ...]
    """The groups in the order of the policy file: a ticket moves forward down this list."""
    priorities: Mapping[str, str] = field(factory=dict)
    """Priority as the desk writes it (trimmed, case-folded) -> name."""
    severity: tuple[str, ...] = ()
    """Priority names, the most severe first."""
    bots: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    judge_always: Annotated[frozenset[Carried], JsonPlace.SPARSE] = frozenset()
    """What is taken as missing from a ticket though no record of the desk ever carried it."""
    roster: Annotated[frozenset[str], JsonPlace.SPARSE] = frozenset()
    """Who may own a ticket (trimmed, case-folded); empty where the policy does not say."""
    calendars: Annotated[Mapping[str, Annotated[Calendar, CALENDAR]], defines]
    audiences: Annotated[Mapping[str, Audience], defines]
    ladders: Annotated[Mapping[str, Ladder], defines] = field(factory=dict)
    """By name, those too that no target climbs."""
    rules: Annotated[tuple[Rule, ...], not_empty]
    ceilings: Annotated[Ladder, called("ceilings")]
    signals: Mapping[Metric, Annotated[Ladder, called("signals")]] = field(factory=dict)
    """One ladder for each kind of signal; its levels have `Open` or `Count` triggers, the lowest
    first.
    """
    pauses: Pauses = field(factory=Pauses)
    matters: Annotated[Matters, JsonPlace.SPARSE] = Matters()
    thanks: Annotated[int | None, JsonPlace.SPARSE] = None
    """Seconds of wall time after an end in which the customer's first message says thanks; None
    where none does.
    """
    acknowledge: Acknowledge = field(factory=Acknowledge)
    digest_after: int = 10
    """So many messages to one audience in one tick are a digest; after so many in a day, what is
    not urgent waits to come in one.
    """
    holidays_until: str
    """The last date (ISO) up to which holidays are expanded; later deadlines are a finding
    (semantics A7).
    """
    tzdata: str = ""
    """IANA version of the zone data that the build had: other data, another hash."""
    hash: Annotated[str, JsonPlace.BESIDE] = ""
    """Of the compiled form: two policies with one hash judge alike. '' before it is compiled."""

    @cached_property
    def asked(self) -> frozenset[str]:
        """Names of ticket fields that a condition reads."""
        return frozenset(condition.field for rule in self.rules for condition in rule.when)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Names of ticket fields that a condition, a deadline or a signal reads; a record is asked
        for them too.
        """
        deadlines = {target.due for rule in self.rules for target in rule.targets if target.due}
        return frozenset(
            {*self.asked, *deadlines, *(REPORTED[m] for m in self.signals if m in REPORTED)}
        )

    def above(self, audience: str) -> frozenset[str]:
        """The audiences that are further up."""
        return self._above.get(audience, frozenset())

    @cached_property
    def _above(self) -> Mapping[str, frozenset[str]]:
        names = self.audiences
        return {
            name: frozenset(each for each in names if self.rank(each) > self.rank(name))
            for name in names
        }

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """How far up each audience is, by the ladders and the ceilings; who is further up has the
        higher number.
        """
        ladders = [target.ladder for rule in self.rules for target in rule.targets]
        notified = [
            [level.tell for level in ladder.levels] for ladder in (*ladders, *self.signals.values())
        ]
        return ranks_of(self.audiences, notified, [level.tell for level in self.ceilings.levels])

    def rank(self, audience: str) -> int:
        """-1 for one that no level tells, as `operations`."""
        return self.ranks.get(audience, -1)

    def within_reach(self, rules: Iterable[Rule]) -> tuple[str, ...]:
        """Whom the ladders of these rules, the signals and the ceilings tell, the nearest to the
        ticket first.
        """
        ladders = [target.ladder for rule in rules for target in rule.targets]
        ladders += [*self.signals.values(), self.ceilings]
        named = dict.fromkeys(
            name for ladder in ladders for level in ladder.levels for name in level.tell
        )
        return tuple(sorted(named, key=self.rank))

    def zone_of(self, audience: Audience) -> ZoneInfo:
        """That of its hours, else that of the policy, else that of the last rule, as in reports."""
        if audience.hours is not None:
            return self.calendars[audience.hours].zone
        if self.timezone is not None:
            return ZoneInfo(self.timezone)
        return self.calendars[self.rules[-1].calendar].zone

    @cached_property
    def holidays_end(self) -> int:
        """The instant from which on no holidays are known."""
        end = date.fromisoformat(self.holidays_until)
        return (
            int(datetime(end.year + 1, 1, 1, tzinfo=UTC).timestamp()) if end.month == 12 else 2**62
        )

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Of which it has a target or a signal, in the order in which they are shown."""
        targets = {target.metric for rule in self.rules for target in rule.targets}
        return tuple(metric for metric in Metric if metric in targets or metric in self.signals)

    @cached_property
    def deadlines(self) -> bool:
        """Whether any target takes its deadline from a field."""
        return any(target.due for rule in self.rules for target in rule.targets)
