"""What the audit says of one alert."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.domain.escalation.case import Outcome


@frozen
class AuditItem:
    """How one alert ended, or what was answered to it, at `at` (epoch seconds).

    `extra` holds what is known beside it: topic, message id, text.
    """

    case: str
    at: int
    alert_id: str
    outcome: Outcome | Answer
    reason: str
    extra: Mapping[str, str] = field(factory=dict)
