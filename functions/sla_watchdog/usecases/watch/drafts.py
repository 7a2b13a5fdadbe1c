"""What a tick has to say, before it is claimed: drafts, where they go, and which of them share a
digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from attrs import define, frozen

from sla_watchdog.domain.escalation.case import Alert, Recipient
from sla_watchdog.usecases.judging import Evaluated

Name = tuple[str, str]
"""(case, recipient key): what a draft, and the entry that it becomes, are known by."""


@define
class TickResult:
    """What a tick did. `oldest_pending_seconds` and `lag_seconds` are seconds since a level came
    due, unsent and sent.

    `problem` is the last reason why something could not be sent. `put_off` counts what failed by
    itself and was left for a later tick.
    """

    due: int = 0
    claimed: int = 0
    lost: int = 0
    sent: int = 0
    digested: int = 0
    observed: int = 0
    withdrawn: int = 0
    deferred: int = 0
    suppressed: int = 0
    undeliverable: int = 0
    retried: int = 0
    put_back: int = 0
    put_off: int = 0
    left_due: int = 0
    findings: int = 0
    oldest_pending_seconds: int = 0
    lag_seconds: int = 0
    problem: str = ""

    def waits_since(self, instant: int, now: int) -> None:
        """Something that came due at `instant` is not sent yet."""
        self.oldest_pending_seconds = max(self.oldest_pending_seconds, now - instant)


@frozen
class Draft:
    """One message to be: what is due for one case and one recipient."""

    evaluated: Evaluated
    alerts: tuple[Alert, ...]

    @property
    def recipient(self) -> Recipient:
        return self.alerts[0].recipient

    @property
    def name(self) -> Name:
        return self.evaluated.case.id, self.recipient.key

    @property
    def rank(self) -> tuple[bool, int]:
        """Urgent first, then what has been due the longest."""
        return not self.urgent, min(alert.due_at for alert in self.alerts)

    @property
    def since(self) -> int:
        """Since when it could have been told, epoch seconds: what was held back, or became known
        late, only since then; what was tried before, since it came due.
        """
        case, due = self.evaluated.case, self.rank[1]
        return (
            due
            if self.recipient.key in case.outbox or case.next_at is None
            else max(due, case.next_at)
        )

    def before(self, instant: int) -> bool:
        """Whether all of it came due before `instant`."""
        return all(alert.due_at < instant for alert in self.alerts)

    @property
    def urgent(self) -> bool:
        return any(alert.urgent for alert in self.alerts)


@frozen
class Reach:
    """Confirmed subscriptions by topic name, as last counted by a sweep; None before the first
    count.
    """

    topics: Mapping[str, int] | None

    def destination(self, recipient: Recipient) -> Recipient:
        """Whose topic takes the message: the recipient's own, or the audience's while nobody has
        confirmed that one.
        """
        own = not recipient.of or self.topics is None or self.topics.get(recipient.topic, 0) > 0
        return recipient if own else recipient.everyone

    def nobody(self, destination: Recipient) -> bool:
        """The topic is there and nobody confirmed to be in it."""
        return self.topics is not None and self.topics.get(destination.topic) == 0


MOST_ALERTS = 100
"""Of one message, and of all that is claimed of a case at a time: more would not fit into its item."""


def drafts_of(evaluated: Evaluated) -> list[Draft]:
    """One draft for each recipient of what is due: as many, and as much of each, as one claim
    takes.
    """
    by_recipient: dict[Recipient, list[Alert]] = {}
    for alert in evaluated.plan.alerts:
        by_recipient.setdefault(alert.recipient, []).append(alert)
    drafts: list[Draft] = []
    for draft in sorted(
        (Draft(evaluated, tuple(theirs)) for theirs in by_recipient.values()),
        key=lambda each: each.rank,
    ):
        capacity = MOST_ALERTS - sum(len(each.alerts) for each in drafts)
        if capacity > 0:
            drafts.append(Draft(evaluated, draft.alerts[:capacity]))
    return drafts


def exceeds_claim(evaluated: Evaluated) -> bool:
    """Whether more is due than one claim takes: the rest is claimed once that is settled."""
    return len(evaluated.plan.alerts) > MOST_ALERTS


def claim_order(evaluated: Evaluated) -> tuple[bool, float]:
    """When a case is claimed, as `rank` of its most pressing draft; last when nothing is due."""
    return min((draft.rank for draft in drafts_of(evaluated)), default=(True, inf))


def singles_and_digests(
    drafts: Sequence[Draft], capacity: int, live_since: int
) -> tuple[list[Draft], list[list[Draft]]]:
    """One topic's drafts, most urgent first, parted into messages of their own and the members of
    digests.

    What came due before mode live began is never a message of its own. Of the rest, when there
    are more than `capacity`, only the urgent ones stay single, as far as there is room for them;
    those beyond are a digest of their own. A digest of one would be silly.
    """
    old = [draft for draft in drafts if draft.before(live_since)]
    fresh = [draft for draft in drafts if not draft.before(live_since)]
    single = (
        len(fresh) if len(fresh) <= capacity else sum(draft.urgent for draft in fresh[:capacity])
    )
    urgent = [draft for draft in fresh[single:] if draft.urgent]
    calm = [draft for draft in fresh[single:] if not draft.urgent]
    piles = (urgent, [*calm, *old])
    alone = [pile[0] for pile in piles if len(pile) == 1]
    return [*fresh[:single], *alone], [pile for pile in piles if len(pile) > 1]


def messages_in_order(drafts: Sequence[Draft], digest_of: Mapping[Name, str]) -> list[list[Draft]]:
    """What makes one message each, in the order in which they are sent; a digest goes where its
    first member would.
    """
    messages: dict[object, list[Draft]] = {}
    for draft in sorted(drafts, key=lambda draft: draft.rank):
        messages.setdefault(digest_of[draft.name] or draft.name, []).append(draft)
    return list(messages.values())
