"""Which of the drafts share a digest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from attrs import define, field, frozen

from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.usecases.watch.drafts import Draft, Name, Reach
from sla_watchdog.usecases.watch.message_counts import MessageCounts
from sla_watchdog.usecases.watch.ports import Tokens
from sla_watchdog.usecases.watch.reading import in_parts

DIGEST_MEMBERS = 1000
"""Messages in one digest at most; more make another."""


@frozen
class Shared:
    """One topic's drafts: messages of their own, and the members of digests."""

    singles: list[Draft]
    digests: list[list[Draft]]

    def add(self, pile: list[Draft]) -> None:
        """As a digest; one alone is a message of its own."""
        if len(pile) == 1:
            self.singles.append(pile[0])
        elif pile:
            self.digests.append(pile)


def singles_and_digests(drafts: Sequence[Draft], capacity: int, live_since: int) -> Shared:
    """One topic's drafts, given the most pressing first, parted.

    What waited for a digest, or came due before mode live began, is never a message of its own. Of
    the rest, when there are more than `capacity`, only the urgent ones stay single, as many as fit;
    those beyond are a digest of their own. A digest of one is a message.
    """
    late = [draft for draft in drafts if _comes_late(draft, live_since)]
    fresh = [draft for draft in drafts if not _comes_late(draft, live_since)]
    single = _singles_of(fresh, capacity)
    rest = fresh[single:]
    urgent = [draft for draft in rest if draft.urgent]
    calm = [draft for draft in rest if not draft.urgent]
    shared = Shared(fresh[:single], [])
    shared.add(urgent)
    shared.add([*calm, *late])
    return shared


def _comes_late(draft: Draft, live_since: int) -> bool:
    return draft.in_digest or draft.before(live_since)


def _singles_of(fresh: Sequence[Draft], capacity: int) -> int:
    """How many of the first are messages of their own."""
    if len(fresh) <= capacity:
        return len(fresh)
    return sum(draft.urgent for draft in fresh[:capacity])


@define
class DigestPlan:
    """Assigns drafts to digests; it counts the single messages to each topic over the whole tick,
    beside those of the day before it.

    `live_since` is when mode live began: what came due before goes into a digest.
    """

    digest_after: int
    reach: Reach
    live: bool
    live_since: int
    tokens: Tokens
    counts: MessageCounts
    _singles: Counter[Recipient] = field(init=False, factory=Counter)

    def digest_of(self, drafts: Iterable[Draft]) -> dict[Name, str]:
        """The digest that carries each draft; '' for a message of its own."""
        by_topic: dict[Recipient, list[Draft]] = defaultdict(list)
        for draft in sorted(drafts, key=lambda draft: draft.rank):
            destination = self.reach.destination(draft.recipient)
            by_topic[destination].append(draft)
        digest_of: dict[Name, str] = {}
        for destination, theirs in by_topic.items():
            digest_of |= self._of_topic(destination, theirs)
        return digest_of

    def _of_topic(self, destination: Recipient, drafts: list[Draft]) -> dict[Name, str]:
        digest_of = {draft.name: "" for draft in drafts}
        if is_only_observed(destination, self.live):
            return digest_of
        before = self.counts.before(destination) + self._singles[destination]
        capacity = max(0, self.digest_after - before)
        shared = singles_and_digests(drafts, capacity, self.live_since)
        self._singles[destination] += sum(not draft.in_digest for draft in shared.singles)
        for pile in shared.digests:
            for members in in_parts(pile, DIGEST_MEMBERS):
                digest = self.tokens.token()
                digest_of |= {draft.name: digest for draft in members}
        return digest_of


def is_only_observed(recipient: Recipient, live: bool) -> bool:
    """Mode observe sends nothing, but findings still reach operations: they are about the set-up
    itself.
    """
    return not live and recipient.audience != OPERATIONS
