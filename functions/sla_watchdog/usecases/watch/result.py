"""What a tick did, in numbers."""

from __future__ import annotations

from attrs import define


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
