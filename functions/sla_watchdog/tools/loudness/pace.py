"""The pace of an audience, as the policy sets it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from attrs import frozen

from sla_watchdog.domain.policy.digest_time import DigestTime
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.time.seconds import HOUR


@frozen
class Pace:
    """How much a recipient gets at once. `digest` and its `zone` are None where the audience has
    none.

    After `digest_after` single messages in a day the rest that is not urgent waits to come in one.
    `together_at` is an instant at which everything is one message: what was due before mode live.
    """

    digest_after: int
    digest: DigestTime | None = None
    zone: ZoneInfo | None = None
    together_at: int | None = None

    @classmethod
    def of(cls, policy: Policy, audience: str, together_at: int | None = None) -> Pace:
        its = policy.audiences.get(audience)
        if its is None or its.digest is None:
            return cls(policy.digest_after, together_at=together_at)
        return cls(policy.digest_after, its.digest, policy.zone_of(its), together_at)

    def is_digest(self, at: int) -> bool:
        """Whether whatever comes at that instant is one message."""
        if at == self.together_at:
            return True
        return self.digest is not None and self.next_digest(at) == at

    def next_digest(self, at: int) -> int:
        """When what waits from then on comes: with the audience's digest, else on the hour."""
        if self.digest is None or self.zone is None:
            return -(-at // HOUR) * HOUR
        return self.digest.first_from(at, self.zone)
