"""Alerts in words: one structured message for e-mail, SMS and machines, within what SNS takes for
any input.
"""

from sla_watchdog.presentation.text.absence import render_absence
from sla_watchdog.presentation.text.alert import render
from sla_watchdog.presentation.text.digest import listed, render_digest
from sla_watchdog.presentation.text.envelope import Message, NoTopic, Refused, Sent
from sla_watchdog.presentation.text.notes import (
    Observed,
    observed_line,
    render_observed,
    render_test,
)

__all__ = [
    "Message",
    "NoTopic",
    "Observed",
    "Refused",
    "Sent",
    "listed",
    "observed_line",
    "render",
    "render_absence",
    "render_digest",
    "render_observed",
    "render_test",
]
