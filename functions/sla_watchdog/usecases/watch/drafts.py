"""What a tick has to say: drafts before they are claimed, claims after, and where they go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from attrs import frozen

from sla_watchdog.domain.escalation.case import Alert, Entry, Recipient
from sla_watchdog.usecases.judging import Evaluated

Name = tuple[str, str]
"""(case, recipient key): what a draft, and the entry that it becomes, are known by."""

MOST_ALERTS = 100
"""Of one message, and of all that is claimed of a case at a time: more would not fit its item."""


@frozen
class Draft:
    """One message to be: what is due for one case and one recipient."""

    evaluated: Evaluated
    alerts: tuple[Alert, ...]

    @property
    def case_id(self) -> str:
        return self.evaluated.case.id

    @property
    def recipient(self) -> Recipient:
        return self.alerts[0].recipient

    @property
    def name(self) -> Name:
        return self.case_id, self.recipient.key

    @property
    def due_at(self) -> int:
        """When the first of it came due, epoch seconds."""
        return min(alert.due_at for alert in self.alerts)

    @property
    def rank(self) -> tuple[bool, int]:
        """Urgent first, then what has been due the longest."""
        return not self.urgent, self.due_at

    @property
    def since(self) -> int:
        """Since when it could have been sent, epoch seconds: what was held back, or became known
        late, only since then; what was tried before, since it came due.
        """
        case = self.evaluated.case
        was_tried = self.recipient.key in case.outbox
        if was_tried or case.next_at is None:
            return self.due_at
        return max(self.due_at, case.next_at)

    @property
    def urgent(self) -> bool:
        return any(alert.urgent for alert in self.alerts)

    @property
    def in_digest(self) -> bool:
        """Whether all of it waited for a digest of its audience."""
        return all(alert.id in self.evaluated.plan.in_digest for alert in self.alerts)

    def before(self, instant: int) -> bool:
        """Whether all of it came due before `instant`."""
        return all(alert.due_at < instant for alert in self.alerts)


@frozen
class DraftedCase:
    """A case with the drafts of all that is due for it, the most pressing first."""

    evaluated: Evaluated
    drafts: tuple[Draft, ...]

    @property
    def case_id(self) -> str:
        return self.evaluated.case.id

    @property
    def claim_order(self) -> tuple[bool, float]:
        """As `rank` of its most pressing draft; last when nothing is due."""
        if not self.drafts:
            return True, inf
        return self.drafts[0].rank

    @property
    def exceeds_claim(self) -> bool:
        """Whether more is due than one claim takes: the rest is claimed once that is settled."""
        return len(self.evaluated.plan.alerts) > MOST_ALERTS


@frozen
class Claim:
    """A draft that this tick has claimed, and the entry of the outbox that holds it."""

    draft: Draft
    entry: Entry

    @property
    def evaluated(self) -> Evaluated:
        return self.draft.evaluated

    @property
    def case_id(self) -> str:
        return self.draft.case_id

    @property
    def recipient(self) -> Recipient:
        return self.draft.recipient

    @property
    def name(self) -> Name:
        return self.draft.name


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
        if not recipient.of or self.topics is None:
            return recipient
        if self.topics.get(recipient.name, 0) > 0:
            return recipient
        return recipient.everyone

    def nobody(self, destination: Recipient) -> bool:
        """The topic is there and nobody confirmed to be in it."""
        if self.topics is None:
            return False
        return self.topics.get(destination.name) == 0


def drafted(evaluated: Evaluated) -> DraftedCase:
    """One draft for each recipient of what is due: as many, and as much of each, as one claim
    takes.
    """
    capacity = MOST_ALERTS
    kept: list[Draft] = []
    for draft in sorted(_whole_drafts(evaluated), key=lambda draft: draft.rank):
        alerts = draft.alerts[:capacity]
        if alerts:
            kept.append(Draft(evaluated, alerts))
        capacity -= len(alerts)
    return DraftedCase(evaluated, tuple(kept))


def _whole_drafts(evaluated: Evaluated) -> list[Draft]:
    by_recipient: dict[Recipient, list[Alert]] = {}
    for alert in evaluated.plan.alerts:
        by_recipient.setdefault(alert.recipient, []).append(alert)
    return [Draft(evaluated, tuple(alerts)) for alerts in by_recipient.values()]


def messages_in_order(claims: Sequence[Claim]) -> list[list[Claim]]:
    """What makes one message each, in the order in which they are sent; a digest goes where its
    first member would.
    """
    messages: dict[object, list[Claim]] = {}
    for claim in sorted(claims, key=lambda claim: claim.draft.rank):
        message = claim.entry.digest or claim.name
        messages.setdefault(message, []).append(claim)
    return list(messages.values())
