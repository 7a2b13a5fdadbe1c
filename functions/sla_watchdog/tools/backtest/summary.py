"""What a backtest comes to, in numbers: how often targets were kept, and how many messages who
would have had.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

from attrs import asdict, frozen

from sla_watchdog.domain.clocks.clock import State
from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.tools.backtest.rows import BacktestMessage, ClockRow
from sla_watchdog.tools.loudness.loads import AudienceLoudness, Loudness

BY_WEIGHT = [
    State.BREACHED.value,
    State.PAUSED.value,
    State.RUNNING.value,
    State.MET.value,
    State.NOT_JUDGED.value,
]
"""Of several exchanges of a ticket the first of these counts: the worst, not the last (semantics
B3).
"""

SHOWN = 20
"""Lines of each table that may be long."""


@frozen
class TicketsByVerdict:
    """Tickets by verdict. `kept` is met of those decided, in percent; None while none is."""

    policy: str
    clock: str
    met: int
    breached: int
    running: int
    paused: int
    not_judged: int = 0

    @property
    def is_only_not_judged(self) -> bool:
        judged = self.met + self.breached + self.running + self.paused
        return self.not_judged > 0 and not judged

    @property
    def kept(self) -> float | None:
        decided = self.met + self.breached
        return round(100 * self.met / decided, 2) if decided else None


@frozen
class AudienceLoad:
    """Messages to one audience: several alerts of one case at one instant to one of its topics are
    one message, and so is what waits for one digest.
    """

    audience: str
    alerts: int
    messages: int
    topics: int
    per_week: float
    busiest_day: str
    on_busiest_day: int
    urgent_copies: int


@frozen
class Noise:
    """How many alerts one level of one clock of one rule made, for how many tickets or cases."""

    policy: str
    clock: str
    level: int
    alerts: int
    subjects: int


@frozen
class Worst:
    """A breached clock; `over_seconds` is by how much more than its target counted. Of `age`, wall
    time.
    """

    ticket: str
    case: str
    clock: str
    policy: str
    due_at: str
    stopped_at: str
    over_seconds: int
    alerts: int


def attainment(rows: Iterable[ClockRow]) -> list[TicketsByVerdict]:
    """For each policy and clock that has a deadline of its own; the age of cases is no target."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (policy, clock, _), verdict in _worst_verdicts(rows).items():
        counts[policy, clock][verdict] += 1
    return [
        TicketsByVerdict(
            policy,
            clock,
            met=verdicts[State.MET.value],
            breached=verdicts[State.BREACHED.value],
            running=verdicts[State.RUNNING.value],
            paused=verdicts[State.PAUSED.value],
            not_judged=verdicts[State.NOT_JUDGED.value],
        )
        for (policy, clock), verdicts in sorted(counts.items())
    ]


def _worst_verdicts(rows: Iterable[ClockRow]) -> dict[tuple[str, str, str], str]:
    """By policy, clock and ticket."""
    verdicts: dict[tuple[str, str, str], str] = {}
    for row in rows:
        if row.clock != Metric.AGE.value:
            key = row.policy, row.clock, row.ticket
            before = verdicts.get(key, row.verdict)
            verdicts[key] = min(before, row.verdict, key=BY_WEIGHT.index)
    return verdicts


def per_day(loudness: Loudness) -> dict[str, dict[str, int]]:
    """Messages by audience and day, without the copies for urgent topics."""
    names = loudness.days.names
    by_audience: dict[str, dict[str, int]] = {}
    for audience in sorted(loudness.audiences, key=attrgetter("audience")):
        by_day = sorted(audience.load.by_day.items())
        by_audience[audience.audience] = {names[day]: count for day, count in by_day}
    return by_audience


def audiences(messages: Iterable[BacktestMessage], loudness: Loudness) -> list[AudienceLoad]:
    """The one with the most messages first."""
    by_audience: dict[str, list[BacktestMessage]] = defaultdict(list)
    for message in messages:
        by_audience[message.audience].append(message)
    return [_audience(audience, by_audience[audience.audience]) for audience in loudness.audiences]


def _audience(audience: AudienceLoudness, messages: Sequence[BacktestMessage]) -> AudienceLoad:
    """`messages` are its own, with the copies."""
    load = audience.load
    urgent = sum(message.urgent for message in messages)
    return AudienceLoad(
        audience=audience.audience,
        alerts=len(messages) - urgent,
        messages=load.messages,
        topics=len({message.row.audience for message in messages}),
        per_week=round(7 * load.messages / len(load.days), 1),
        busiest_day=load.busiest.day,
        on_busiest_day=load.busiest.messages,
        urgent_copies=urgent,
    )


def noisiest(messages: Iterable[BacktestMessage]) -> list[Noise]:
    alerts: Counter[tuple[str, str, int]] = Counter()
    subjects: dict[tuple[str, str, int], set[str]] = defaultdict(set)
    for m in messages:
        if m.policy and not m.urgent:
            key = m.policy, m.row.clock, m.row.level
            alerts[key] += 1
            subjects[key].add(m.row.ticket)
    ranked = sorted(alerts, key=lambda key: (-alerts[key], key))
    return [Noise(*key, alerts[key], len(subjects[key])) for key in ranked]


def worst(over: Mapping[ClockRow, int], messages: Iterable[BacktestMessage]) -> list[Worst]:
    """The clocks that ran the longest past their target, at most `SHOWN`."""
    told = Counter(m.case for m in messages if not m.urgent)
    targets = ((seconds, row) for row, seconds in over.items() if row.clock != Metric.AGE.value)
    return [
        Worst(
            row.ticket,
            row.case,
            row.clock,
            row.policy,
            row.due_at,
            row.stopped_at,
            seconds,
            told[row.case],
        )
        for seconds, row in sorted(targets, key=lambda pair: (-pair[0], pair[1]))[:SHOWN]
    ]


def as_json(
    lines: Iterable[TicketsByVerdict | AudienceLoad | Noise | Worst],
) -> list[dict[str, object]]:
    """Each as an object, attainment with what follows from it."""
    return [
        asdict(line) | ({"kept": line.kept} if isinstance(line, TicketsByVerdict) else {})
        for line in lines
    ]
