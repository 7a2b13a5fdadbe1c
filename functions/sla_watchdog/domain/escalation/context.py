"""What a judgement takes from outside the case."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from sla_watchdog.domain.clocks.evidence import NO_EVIDENCE, Evidence
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.recent_messages import RecentMessages
from sla_watchdog.domain.escalation.silences import Silence


@frozen
class Context:
    """`deletions_held_since`: no deletion since then is believed; `deletions_accepted_until`: until
    then all are. `reachable_since` holds, by the recipient's name, since when (epoch seconds)
    somebody listens to it who gets its messages. `recent` counts what was sent lately. `evidence`
    is what the records were seen to carry.
    """

    silences: tuple[Silence, ...] = ()
    reachable_since: Mapping[str, int] = field(factory=dict)
    deletions_held_since: int | None = None
    deletions_accepted_until: int = 0
    recent: RecentMessages = field(factory=RecentMessages)
    evidence: Evidence = NO_EVIDENCE

    def messages_to(self, recipient: Recipient, now: int) -> int:
        """How many messages of their own went within a day to where its messages go: its own
        address, or that of its audience while nobody listens to that.
        """
        is_alone = bool(recipient.of) and recipient.name in self.reachable_since
        destination = recipient if is_alone else recipient.everyone
        return self.recent.count(destination.name, now)
