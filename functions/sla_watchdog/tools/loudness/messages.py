"""Messages, not alerts: what one recipient gets, once all that comes together is one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from attrs import define, field, frozen

from sla_watchdog.domain.time.seconds import MINUTE
from sla_watchdog.tools.loudness.alerts import Cause, CountedAlert
from sla_watchdog.tools.loudness.days import Days
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


def messages(alerts: Iterable[CountedAlert], pace: Pace, days: Days) -> list[Message]:
    """Of the alerts of one recipient, in order of time.

    Alerts of one case at one instant are one message, and so is everything that comes at the
    instant of a digest.
    """
    drafts = _drafts(alerts)
    digests = _Digests()
    singles = []
    for draft in drafts:
        if pace.is_digest(draft.at):
            digests.add(draft.at, draft)
        else:
            singles.append(draft)
    for draft in _Singles(pace, days, digests).of(singles):
        digests.alone.append(Message(draft.at, draft.cause))
    return sorted(digests.all())


def _drafts(alerts: Iterable[CountedAlert]) -> list[_Draft]:
    drafts = []
    for (at, case), together in groupby(sorted(alerts, key=_of_one_message), key=_of_one_message):
        of_case = list(together)
        leading = max(of_case, key=_lead)
        urgent = any(alert.urgent for alert in of_case)
        drafts.append(_Draft(at, case, leading.cause, urgent))
    return drafts


def _lead(alert: CountedAlert) -> tuple[bool, bool, int, Cause]:
    """What is new leads before what is repeated, and the highest level."""
    cause = alert.cause
    return alert.urgent, not cause.repeated, cause.level, cause


@define
class _Digests:
    """By instant; two digests of urgent and calm messages at one instant count as one."""

    members: dict[int, list[_Draft]] = field(factory=lambda: defaultdict(list))
    alone: list[Message] = field(factory=list)

    def add(self, at: int, draft: _Draft) -> None:
        self.members[at].append(draft)

    def all(self) -> Iterator[Message]:
        yield from self.alone
        for at, drafts in self.members.items():
            causes = Counter(draft.cause for draft in drafts)
            most = min(causes, key=lambda cause: (-causes[cause], cause))
            yield Message(at, most)


@frozen
class _Singles:
    """Counts the single messages of each day, and puts what is beyond into digests."""

    pace: Pace
    days: Days
    digests: _Digests

    def of(self, drafts: Sequence[_Draft]) -> Iterator[_Draft]:
        """Those that stay messages of their own."""
        sent: Counter[int] = Counter()
        for minute, in_one_tick in groupby(drafts, key=_tick):
            together = list(in_one_tick)
            day = self.days.of(minute * MINUTE)
            capacity = max(0, self.pace.digest_after - sent[day])
            single = _single(together, capacity)
            sent[day] += len(single)
            yield from single
            self._put_off(set(together).difference(single))

    def _put_off(self, drafts: Iterable[_Draft]) -> None:
        for draft in drafts:
            at = draft.at if draft.urgent else self.pace.next_digest(draft.at)
            self.digests.add(at // MINUTE * MINUTE, draft)


def _single(drafts: Sequence[_Draft], capacity: int) -> Sequence[_Draft]:
    """Of more than `capacity` only the urgent ones stay single, as many as fit."""
    if len(drafts) <= capacity:
        return drafts
    urgent = [draft for draft in drafts if draft.urgent]
    return urgent[:capacity]


def _tick(draft: _Draft) -> int:
    return draft.at // MINUTE
