"""Who hears that somebody no longer gets anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import evolve, frozen

from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.escalation.subscribers import VACANCY, Missing, Roster
from sla_watchdog.domain.policy.model import Ladder, Policy
from sla_watchdog.domain.time.seconds import DAY, HOUR

REMINDER = 7 * DAY - HOUR
DAILY = DAY - HOUR
"""Seconds between two notifications of one matter. A sweep looks once an hour, so a day is 23 hours
or more.
"""


@frozen
class Absence:
    """One message to one recipient: who is missing, and whether operations have nobody at all."""

    to: Recipient
    missing: tuple[Missing, ...]
    vacant: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """What the roster keeps its notifications under."""
        keys = [missing.seat.key for missing in self.missing]
        if self.vacant:
            keys.append(VACANCY)
        return tuple(keys)


@frozen
class _Matter:
    """Somebody who is missing, or None for operations who have nobody; whom to notify of it, and
    how many seconds apart.
    """

    missing: Missing | None
    recipients: tuple[Recipient, ...]
    pace: int

    @property
    def key(self) -> str:
        if self.missing is None:
            return VACANCY
        return self.missing.seat.key


def due_absences(
    roster: Roster, reachable: Mapping[str, int], policy: Policy, now: int, live: bool
) -> tuple[Absence, ...]:
    """Who must be notified now, and of what. `reachable` are confirmed subscriptions by recipient,
    without the deaf.

    The remaining members, the next audience up and operations hear of each who is missing; in
    mode observe operations alone. In place of operations without anybody stands whoever is
    highest and can be reached.
    """
    due: dict[Recipient, list[Missing | None]] = {}
    for matter in _matters(roster, _Audiences(policy, reachable), now, live):
        notified = roster.notified.get(matter.key, {})
        for recipient in matter.recipients:
            last = notified.get(recipient.name)
            if last is None or now - last >= matter.pace:
                due.setdefault(recipient, []).append(matter.missing)
    return tuple(_absence(recipient, missing) for recipient, missing in due.items())


def _matters(roster: Roster, audiences: _Audiences, now: int, live: bool) -> Iterator[_Matter]:
    for missing in roster.missing(audiences.policy, now):
        somebody_is_left = audiences.has_somebody(missing.whose.audience)
        pace = REMINDER if somebody_is_left else DAILY
        recipients = dict.fromkeys(audiences.concerned(missing, live))
        yield _Matter(missing, tuple(recipients), pace)
    if not audiences.has_somebody(OPERATIONS):
        yield _Matter(None, tuple(audiences.operations()), DAILY)


def _absence(to: Recipient, matters: Sequence[Missing | None]) -> Absence:
    missing = tuple(matter for matter in matters if matter is not None)
    return Absence(to, missing, vacant=None in matters)


def after_notifying(roster: Roster, absences: Iterable[Absence], now: int) -> Roster:
    """The roster once these were sent."""
    notified = {key: dict(times) for key, times in roster.notified.items()}
    for absence in absences:
        for key in absence.keys:
            notified.setdefault(key, {})[absence.to.name] = now
    return evolve(roster, notified=notified).with_notified(now)


@frozen
class _Audiences:
    policy: Policy
    reachable: Mapping[str, int]

    def has_somebody(self, audience: str) -> bool:
        return self._reaches(Recipient(audience))

    def _reaches(self, recipient: Recipient) -> bool:
        return self.reachable.get(recipient.name, 0) > 0

    def _whoever(self, audience: str) -> Recipient | None:
        """The audience; where nobody is in its topic, those who are there for urgent alerts
        alone.
        """
        for recipient in (Recipient(audience), Recipient(audience, urgent=True)):
            if self._reaches(recipient):
                return recipient
        return None

    def concerned(self, missing: Missing, live: bool) -> Iterator[Recipient]:
        audience = missing.whose.audience
        if live and audience != OPERATIONS:
            yield from self._members(missing.whose)
            yield from self._next_up(audience)
        yield from self.operations()

    def _members(self, whose: Recipient) -> Iterator[Recipient]:
        """Who is left; those who are there for urgent alerts alone only where nobody else is."""
        everyone = Recipient(whose.audience)
        if self._reaches(everyone):
            yield everyone
        own = evolve(whose, urgent=False) if whose.of else whose
        if own == everyone or not self._reaches(own):
            return
        if not own.urgent or not self._reaches(everyone):
            yield own

    def _next_up(self, audience: str) -> Iterator[Recipient]:
        """The nearest audience above that has somebody; nobody above the top."""
        passed = {audience}
        higher = above(self.policy, audience)
        while higher is not None and higher not in passed:
            somebody = self._whoever(higher)
            if somebody is not None:
                yield somebody
                return
            passed.add(higher)
            higher = above(self.policy, higher)

    def operations(self) -> Iterator[Recipient]:
        """Operations, or who stands in for them."""
        for name in (OPERATIONS, *from_the_top(self.policy)):
            somebody = self._whoever(name)
            if somebody is not None:
                yield somebody
                return


def _ladders(policy: Policy) -> Iterator[Ladder]:
    for rule in policy.rules:
        yield from (target.ladder for target in rule.targets)
    yield policy.ceilings
    yield from policy.signals.values()


def above(policy: Policy, audience: str) -> str | None:
    """The audience that a ladder tells next after this one; None for the top."""
    for ladder in _ladders(policy):
        higher = _next_in(ladder, audience)
        if higher is not None:
            return higher
    return None


def _next_in(ladder: Ladder, audience: str) -> str | None:
    """The first that is told above the lowest level of the audience, and not at that level."""
    own: tuple[str, ...] | None = None
    for level in ladder.levels:
        if own is None:
            own = level.tell if audience in level.tell else None
            continue
        for name in level.tell:
            if name not in own:
                return name
    return None


def from_the_top(policy: Policy) -> tuple[str, ...]:
    """Every audience, that of the highest ceiling first."""
    names: list[str] = []
    for level in reversed(policy.ceilings.levels):
        names += level.tell
    names += reversed(list(policy.audiences))
    return tuple(dict.fromkeys(names))
