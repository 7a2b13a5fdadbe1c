"""What a judgement takes from outside the case."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from sla_watchdog.domain.clocks.evidence import NO_EVIDENCE, Evidence
from sla_watchdog.domain.escalation.silences import Silence


@frozen
class Context:
    """`deletions_held_since`: no deletion since then is believed; `deletions_accepted_until`: until
    then all are. `reachable_since` holds, by the recipient's name, since when (epoch seconds)
    somebody listens to it who gets its messages. `evidence` is what the records were seen to carry.
    """

    silences: tuple[Silence, ...] = ()
    reachable_since: Mapping[str, int] = field(factory=dict)
    deletions_held_since: int | None = None
    deletions_accepted_until: int = 0
    evidence: Evidence = NO_EVIDENCE
