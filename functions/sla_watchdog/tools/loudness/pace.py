"""How much one recipient gets at once, as the policy sets it."""

from __future__ import annotations

from attrs import frozen

from sla_watchdog.domain.escalation.case import OPERATIONS, Recipient
from sla_watchdog.domain.escalation.digest_instants import next_in_one
from sla_watchdog.domain.policy.model import Policy


@frozen
class Pace:
    """`together_at` is an instant at which everything is one message: what was due before mode
    live.
    """

    policy: Policy
    recipient: Recipient
    together_at: int | None = None

    @property
    def singles(self) -> int:
        """So many single messages in a day; after them the rest that is not urgent waits."""
        return self.policy.digest_after

    @property
    def waits(self) -> bool:
        return self.recipient.audience != OPERATIONS

    def in_one(self, at: int) -> int:
        """When what waits from then on comes."""
        return next_in_one(self.policy, self.recipient, at, at)
