"""The channels by which messages reach people: each has its folder, and its line here."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from sla_watchdog.adapters.channels.channels import Channels
from sla_watchdog.adapters.channels.sns.channel import SnsChannel

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


def channels(
    *,
    sns_reads: SNSClient,
    sns_writes: SNSClient,
    topic_prefix: str,
    clock: Callable[[], float] = monotonic,
) -> Channels:
    """Another channel stands before SNS, which carries all that no other does. `clock` keeps the
    pace of what is sent; `sns_writes` never repeats a request.
    """
    return Channels(
        (SnsChannel.of(sns_reads, sns_writes, topic_prefix, clock),),
    )
