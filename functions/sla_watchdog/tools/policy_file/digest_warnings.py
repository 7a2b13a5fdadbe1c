"""What is worth a word about digests that can be read: what never comes at once, and what is never
within the hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime

from attrs import frozen

from sla_watchdog.domain.policy.model import After, AtOnce, Audience, Ladder, Level, Metric, Policy
from sla_watchdog.domain.time.seconds import DAY, WEEK
from sla_watchdog.tools.policy_file.nodes import Node, child, texts
from sla_watchdog.tools.policy_file.shapes import Reading

_AHEAD = 8 * WEEK
"""How far digests are compared with opening hours: holidays fall on some of them."""


def warn_of_digests(root: Node, policy: Policy, reading: Reading) -> None:
    audiences = child(root, "audiences")
    for audience in policy.audiences.values():
        if audience.digest is not None:
            written = child(audiences, audience.name)
            _warn_of_closed_digests(written, audience, policy, reading)
            _warn_of_words(written, audience, policy, reading)


def _warn_of_closed_digests(
    written: Node, audience: Audience, policy: Policy, reading: Reading
) -> None:
    if audience.hours is None or _is_ever_open(audience, policy, reading.today):
        return
    reading.warn(
        child(written, "digest"),
        f'this digest is never within the hours of "{audience.hours}"',
        "it waits for their next opening; write a time at which they are open",
    )


def _is_ever_open(audience: Audience, policy: Policy, today: date) -> bool:
    if audience.digest is None or audience.hours is None:
        return True
    calendar = policy.calendars[audience.hours]
    start = int(datetime(today.year, today.month, today.day, tzinfo=UTC).timestamp())
    return any(
        calendar.is_open(audience.digest.first_from(at, calendar.zone))
        for at in range(start, start + _AHEAD, DAY)
    )


def _warn_of_words(written: Node, audience: Audience, policy: Policy, reading: Reading) -> None:
    """Of words that the file itself writes; what comes at once by default may well be nothing."""
    at_once = child(written, "at_once")
    if at_once is written:
        return
    levels = _LevelsFor(policy, audience)
    for word in texts(at_once):
        if not _MATCHES[AtOnce(word.value)](levels):
            reading.warn(
                word,
                f'nothing that "{audience.name}" hears of is "{word.value}"',
                "leave it out, or add a level that tells them",
            )


@frozen
class _LevelsFor:
    """What an audience may be told of, by what makes it due."""

    policy: Policy
    audience: Audience

    def breaches(self) -> Iterator[Level]:
        for level in self._of(target.ladder for r in self.policy.rules for target in r.targets):
            if isinstance(level.trigger, After):
                yield level

    def urgent(self) -> Iterator[Level]:
        for level in self.any():
            if level.urgent:
                yield level

    def any(self) -> Iterator[Level]:
        yield from self._of(target.ladder for r in self.policy.rules for target in r.targets)
        yield from self.ceilings()
        yield from self._of(self.policy.signals.values())

    def ceilings(self) -> Iterator[Level]:
        return self._of([self.policy.ceilings])

    def again(self) -> Iterator[Level]:
        signals = self.policy.signals
        return self._of(ladder for metric, ladder in signals.items() if metric is Metric.AGAIN)

    def signals(self) -> Iterator[Level]:
        """A pause that lasts too long is one."""
        signals = self.policy.signals
        yield from self._of(
            ladder for metric, ladder in signals.items() if metric is not Metric.AGAIN
        )
        pauses = self.policy.pauses
        if pauses.longest is None and pauses.total is None:
            return
        if not pauses.tell or self.audience.name in pauses.tell:
            yield from self.any()

    def _of(self, ladders: Iterable[Ladder]) -> Iterator[Level]:
        for ladder in ladders:
            for level in ladder.levels:
                if self._hears_of(level):
                    yield level

    def _hears_of(self, level: Level) -> bool:
        """By its name, or in place of an owner where there is none."""
        if self.audience.name in level.tell:
            return True
        return any(self.policy.audiences[name].each == "assignee" for name in level.tell)


def _some(levels: Callable[[_LevelsFor], Iterator[Level]]) -> Callable[[_LevelsFor], bool]:
    return lambda of_audience: next(levels(of_audience), None) is not None


_MATCHES: Mapping[AtOnce, Callable[[_LevelsFor], bool]] = {
    AtOnce.BREACH: _some(_LevelsFor.breaches),
    AtOnce.URGENT: _some(_LevelsFor.urgent),
    AtOnce.BROKEN_PROMISE: _some(_LevelsFor.any),
    AtOnce.AGAIN: _some(_LevelsFor.again),
    AtOnce.CEILING: _some(_LevelsFor.ceilings),
    AtOnce.SIGNAL: _some(_LevelsFor.signals),
}
