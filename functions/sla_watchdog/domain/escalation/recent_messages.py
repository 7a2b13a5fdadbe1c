"""How many messages of their own each destination got lately."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from sla_watchdog.domain.time.seconds import HOUR

HOURS = 24
"""How far back is counted: this hour of the UTC clock and those before it."""

MOST = 1000
"""Destinations of which the count is kept; beyond them those with the fewest messages are left out,
so that nothing is held for them.
"""


@frozen
class RecentMessages:
    """`by_hour` holds, by the destination's name, messages by the hour (since the epoch) in which
    they were sent.
    """

    by_hour: Mapping[str, Mapping[int, int]] = field(factory=dict)

    def count(self, destination: str, now: int) -> int:
        """Within the last day."""
        return sum(_of_the_day(self.by_hour.get(destination, {}), now).values())

    def with_sent(self, messages: Mapping[str, int], now: int) -> RecentMessages:
        """With `messages` by destination, sent now; less what is older than a day."""
        hour = now // HOUR
        by_hour = {}
        for name in {*self.by_hour, *messages}:
            counts = _of_the_day(self.by_hour.get(name, {}), now)
            sent = messages.get(name, 0)
            if sent:
                counts[hour] = counts.get(hour, 0) + sent
            if counts:
                by_hour[name] = counts
        return RecentMessages(_bounded(by_hour))


def _of_the_day(counts: Mapping[int, int], now: int) -> dict[int, int]:
    hour = now // HOUR
    return {at: count for at, count in counts.items() if hour - HOURS < at <= hour}


def _bounded(by_hour: Mapping[str, Mapping[int, int]]) -> Mapping[str, Mapping[int, int]]:
    if len(by_hour) <= MOST:
        return by_hour
    most = sorted(by_hour, key=lambda name: (-sum(by_hour[name].values()), name))
    return {name: by_hour[name] for name in most[:MOST]}
