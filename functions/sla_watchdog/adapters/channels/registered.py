"""Every channel is registered here, and nowhere else."""

from __future__ import annotations

from sla_watchdog.adapters.channels.channels import Channels
from sla_watchdog.adapters.channels.sns.channel import SnsChannel


def channels(sns: SnsChannel) -> Channels:
    """Another channel stands before SNS, which carries all that no other does."""
    return Channels((sns,))
