"""Who can be reached: counted by each sweep, which also finds whoever should be reached and is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import frozen

from sla_watchdog.adapters.dynamodb.watch import WatchTable
from sla_watchdog.adapters.sns import Listed, Phones, Topics
from sla_watchdog.domain.escalation.absences import due_absences
from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.escalation.subscribers import DEAF, Roster, Seat, State, observed
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.errors import Unavailable
from sla_watchdog.usecases.sweep.invariants import SweepResult, unreachable

SMS = "sms"


@frozen
class Listeners:
    """Nothing here writes an address into a log: `swept.noticed` is logged."""

    policy: Policy
    watch: WatchTable
    topics: Topics
    topic_prefix: str
    live: bool

    def count(self, now: int, swept: SweepResult) -> None:
        """Every audience's topics, and those of single people and teams that are known; wakes a
        tick where somebody is to be notified of who is missing.
        """
        before = self.watch.topics() or {}
        listed, unlisted = self.topics.listed(self.topic_prefix, sorted(self._names(before)))
        for name, problem in unlisted.items():
            swept.violated(f"topic {name}", problem)
        roster = self._take_down(listed, unlisted, now, swept)
        counts = {
            name: sum(_hears(each, roster) for each in theirs) for name, theirs in listed.items()
        }
        topics = {**{name: before[name] for name in unlisted if name in before}, **counts}
        self.watch.set_topics(topics, now)
        for name in unreachable(self.policy, topics):
            swept.violated(f"audience {name}", "nobody has confirmed a subscription")
        if due_absences(roster, topics, self.policy, now, self.live):
            self.watch.wake_for_recipients(now)

    def _names(self, before: Iterable[str]) -> set[str]:
        audiences = [*self.policy.audiences, OPERATIONS]
        recipients = [
            Recipient(name, urgent=urgent) for name in audiences for urgent in (False, True)
        ]
        remembered = (seat.topic for seat in self.watch.roster().subscribers)
        return {*(recipient.topic for recipient in recipients), *before, *remembered}

    def _take_down(
        self,
        listed: Mapping[str, list[Listed]],
        unlisted: Iterable[str],
        now: int,
        swept: SweepResult,
    ) -> Roster:
        seen = {each.seat: _state(each) for theirs in listed.values() for each in theirs}
        phones = self._phones(seen, swept)
        roster = self.watch.change_roster(
            lambda before: observed(before, with_phones(seen, phones, before), unlisted, now)
        )
        for each in roster.missing(self.policy, now):
            swept.misses(each.seat.topic, each.state.replace("_", " "))
        return roster

    def _phones(self, seen: Mapping[Seat, State], swept: SweepResult) -> Mapping[str, State] | None:
        """None where SNS does not say: nobody is missed for that, nor well again."""
        try:
            return Phones(self.topics.client).states(numbers_in(seen))
        except Unavailable as problem:
            swept.violated(SMS, str(problem))
            return None


def numbers_in(seen: Mapping[Seat, State]) -> set[str]:
    """Phone numbers that SNS lists as confirmed."""
    return {
        seat.endpoint
        for seat, state in seen.items()
        if seat.protocol == SMS and state is State.CONFIRMED
    }


def _state(listed: Listed) -> State:
    return State.CONFIRMED if listed.confirmed else State.PENDING


def with_phones(
    seen: Mapping[Seat, State], phones: Mapping[str, State] | None, before: Roster
) -> dict[Seat, State]:
    """What SNS lists as confirmed, with what it says of the numbers; as before where it says
    nothing of them.
    """
    found = dict(seen)
    for seat, state in seen.items():
        if seat.protocol != SMS or state is not State.CONFIRMED:
            continue
        known = before.subscribers.get(seat)
        if phones is not None:
            found[seat] = phones[seat.endpoint]
        elif known is not None and known.state in DEAF:
            found[seat] = known.state
    return found


def _hears(listed: Listed, roster: Roster) -> bool:
    known = roster.subscribers.get(listed.seat)
    return listed.confirmed and not (known is not None and known.state in DEAF)
