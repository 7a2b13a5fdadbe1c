"""Messages, not alerts: what one recipient gets, once all that comes together is one.

Each case is judged by itself; how many messages there were to one recipient only shows where all
cases are put together. So `digest_after` is applied here, as `watch` applies it over a day
(semantics E11).
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from attrs import define, field

from sla_watchdog.domain.escalation.recent_messages import HOURS
from sla_watchdog.domain.time.seconds import HOUR, MINUTE
from sla_watchdog.tools.loudness.alerts import Cause, CountedAlert
from sla_watchdog.tools.loudness.pace import Pace

_of_one_message = attrgetter("at", "case")


class Message(NamedTuple):
    """`cause` is the rule of its leading alert; of a digest, the one that leads most of its
    cases.
    """

    at: int
    cause: Cause


class _Draft(NamedTuple):
    """What one recipient is to get of one case at one instant."""

    at: int
    case: str
    cause: Cause
    urgent: bool
    in_digest: bool


def messages(alerts: Iterable[CountedAlert], pace: Pace) -> list[Message]:
    """Of the alerts of one recipient, in order of time.

    Alerts of one case at one instant are one message, and so is all that waited for one digest.
    """
    sharing = _Sharing(pace)
    fresh = []
    for draft in _drafts(alerts):
        if draft.in_digest or draft.at == pace.together_at:
            sharing.digests[draft.at].append(draft)
        else:
            fresh.append(draft)
    for minute, in_one_tick in groupby(fresh, key=_tick):
        sharing.tick(minute * MINUTE, list(in_one_tick))
    return sorted(sharing.messages())


def _drafts(alerts: Iterable[CountedAlert]) -> Iterator[_Draft]:
    for (at, case), together in groupby(sorted(alerts, key=_of_one_message), key=_of_one_message):
        of_case = list(together)
        yield _Draft(
            at=at,
            case=case,
            cause=max(of_case, key=_lead).cause,
            urgent=any(alert.urgent for alert in of_case),
            in_digest=all(alert.in_digest for alert in of_case),
        )


def _lead(alert: CountedAlert) -> tuple[bool, bool, int, Cause]:
    """What is urgent leads, then what is new, then the highest level."""
    cause = alert.cause
    return alert.urgent, not cause.repeated, cause.level, cause


def _tick(draft: _Draft) -> int:
    return draft.at // MINUTE


@define
class _Sharing:
    """Parts drafts into messages of their own and digests, tick by tick."""

    pace: Pace
    digests: dict[int, list[_Draft]] = field(factory=lambda: defaultdict(list))
    """By instant; digests of what is urgent and of what is not at one instant count as one."""
    singles: list[_Draft] = field(factory=list)
    _hours: deque[int] = field(factory=deque)
    """In which hour each single message of the last day was sent."""

    def tick(self, now: int, drafts: Sequence[_Draft]) -> None:
        sent = self._sent_within_a_day(now)
        if sent >= self.pace.singles and self.pace.waits:
            self._put_off([draft for draft in drafts if not draft.urgent])
            drafts = [draft for draft in drafts if draft.urgent]
        capacity = max(0, self.pace.singles - sent)
        single = _single(drafts, capacity)
        self.singles += single
        self._hours += [now // HOUR] * len(single)
        together = [draft for draft in drafts if draft not in single]
        if together:
            self.digests[now] += together

    def _sent_within_a_day(self, now: int) -> int:
        while self._hours and self._hours[0] <= now // HOUR - HOURS:
            self._hours.popleft()
        return len(self._hours)

    def _put_off(self, drafts: Iterable[_Draft]) -> None:
        for draft in drafts:
            self.digests[self.pace.in_one(draft.at)].append(draft)

    def messages(self) -> Iterator[Message]:
        for draft in self.singles:
            yield Message(draft.at, draft.cause)
        for at, drafts in self.digests.items():
            yield Message(at, _cause_of(drafts))


def _single(drafts: Sequence[_Draft], capacity: int) -> Sequence[_Draft]:
    """Of more than `capacity` only the urgent ones stay single, as many as fit."""
    if len(drafts) <= capacity:
        return drafts
    urgent = [draft for draft in drafts if draft.urgent]
    return urgent[:capacity]


def _cause_of(drafts: Iterable[_Draft]) -> Cause:
    causes = Counter(draft.cause for draft in drafts)
    return min(causes, key=lambda cause: (-causes[cause], cause))
