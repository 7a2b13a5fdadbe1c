"""How loud it will be: messages a day to each recipient and audience, and which rule makes most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from statistics import median

from attrs import field, frozen

from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.tools.loudness.alerts import AlertsByRecipient, Cause, CountedAlert
from sla_watchdog.tools.loudness.days import Days
from sla_watchdog.tools.loudness.messages import Message, messages
from sla_watchdog.tools.loudness.pace import Pace

TOO_MANY = 20
"""Messages a day, at the 95th percentile: whoever gets more begins to filter them away."""

SHARE = 95
"""The percentile of the days that is called usual at worst."""


@frozen
class Busiest:
    """The day with the most messages; of several the first."""

    day: str
    messages: int


@frozen
class DailyLoad:
    """Messages of each of the days, those without any as 0, to one recipient or to several
    together.
    """

    days: Days
    by_day: Mapping[int, int]
    """By the number of the day; days without messages may be left out."""

    @property
    def messages(self) -> int:
        return sum(self.by_day.values())

    @cached_property
    def median(self) -> float:
        return median(self._counts)

    @cached_property
    def percentile(self) -> int:
        """By nearest rank: so many, or fewer, on 95 % of the days."""
        rank = -(-len(self.days) * SHARE // 100)
        return self._counts[rank - 1]

    @cached_property
    def busiest(self) -> Busiest:
        number = min(range(len(self.days)), key=lambda day: (-self.by_day.get(day, 0), day))
        return Busiest(self.days.names[number], self.by_day.get(number, 0))

    @property
    def too_loud(self) -> bool:
        return self.percentile > TOO_MANY

    @cached_property
    def _counts(self) -> Sequence[int]:
        """Of every day, the quietest first."""
        loud = sorted(count for count in self.by_day.values() if count)
        return [0] * (len(self.days) - len(loud)) + loud


def daily(sent: Iterable[Message], days: Days) -> DailyLoad:
    return DailyLoad(days, Counter(days.of(message.at) for message in sent))


@frozen
class CauseShare:
    """The rule that made the most of some messages: how many of them, and how many there were."""

    cause: Cause
    messages: int
    of: int

    @property
    def percent(self) -> int:
        return round(100 * self.messages / self.of)


def loudest_cause(sent: Sequence[Message]) -> CauseShare | None:
    causes = Counter(message.cause for message in sent)
    if not causes:
        return None
    most = min(causes, key=lambda cause: (-causes[cause], cause))
    return CauseShare(most, causes[most], len(sent))


@frozen
class RecipientLoad:
    """What one recipient gets. `alerts` is what it is made of."""

    recipient: Recipient
    load: DailyLoad
    cause: CauseShare | None
    sent: Sequence[Message] = field(repr=False)
    alerts: Sequence[CountedAlert] = field(repr=False)


@frozen
class AudienceLoudness:
    """What an audience gets together, and each of its recipients; the loudest first."""

    audience: str
    load: DailyLoad
    cause: CauseShare | None
    recipients: Sequence[RecipientLoad]

    @property
    def loudest(self) -> RecipientLoad:
        return self.recipients[0]

    @property
    def too_loud(self) -> Sequence[RecipientLoad]:
        return [recipient for recipient in self.recipients if recipient.load.too_loud]


@frozen
class Loudness:
    """Who gets how much over the days, under a policy. The audience that gets the most comes
    first.
    """

    policy: Policy
    days: Days
    audiences: Sequence[AudienceLoudness]


def loudness(
    alerts: AlertsByRecipient, policy: Policy, days: Days, together_at: int | None = None
) -> Loudness:
    """`together_at` is an instant at which all that one recipient gets is one message."""
    by_audience: dict[str, list[RecipientLoad]] = defaultdict(list)
    for recipient in sorted(alerts):
        pace = Pace(policy, recipient, together_at)
        load = _of_recipient(alerts[recipient], pace, days)
        by_audience[recipient.audience].append(load)
    audiences = [_of_audience(name, loads, days) for name, loads in by_audience.items()]
    audiences.sort(key=lambda audience: (-audience.load.messages, audience.audience))
    return Loudness(policy, days, audiences)


def _of_recipient(alerts: Sequence[CountedAlert], pace: Pace, days: Days) -> RecipientLoad:
    sent = messages(alerts, pace)
    return RecipientLoad(pace.recipient, daily(sent, days), loudest_cause(sent), sent, alerts)


def _of_audience(name: str, loads: Sequence[RecipientLoad], days: Days) -> AudienceLoudness:
    sent = [message for load in loads for message in load.sent]
    ranked = sorted(loads, key=_loudest_first)
    return AudienceLoudness(name, daily(sent, days), loudest_cause(sent), ranked)


def _loudest_first(one: RecipientLoad) -> tuple[int, int, Recipient]:
    return -one.load.percentile, -one.load.messages, one.recipient
