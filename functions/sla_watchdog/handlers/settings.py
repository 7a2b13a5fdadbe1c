"""What the environment decides. The only module that reads it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from attrs import frozen

from sla_watchdog.errors import SlaWatchdogError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class BadSettings(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """The environment of the function is not as the template sets it; the text says which variable
    and why.
    """


@frozen
class Settings:
    """`clock` is `table` in the local stack alone: time is then read from the Watch table.

    `link_base` is what stands before the code in a link; '' where messages have none.
    """

    stack: str
    tickets_table: str
    watch_table: str
    audit_table: str
    topic_prefix: str
    segments_queue: str
    segments: int
    reports_bucket: str
    mode: str
    clock: str
    policy_path: Path
    link_base: str = ""


def settings() -> Settings:
    """The settings of this process; raises BadSettings where one is missing or dangerous."""
    clock = os.environ.get("CLOCK", "system")
    if clock == "table" and not _is_local(_endpoint()):
        raise BadSettings(
            "CLOCK=table is for the local stack: it is refused unless AWS_ENDPOINT_URL is loopback"
        )
    return Settings(
        stack=_needed("STACK_NAME"),
        tickets_table=_needed("TICKETS_TABLE"),
        watch_table=_needed("WATCH_TABLE"),
        audit_table=_needed("AUDIT_TABLE"),
        topic_prefix=_needed("TOPIC_PREFIX"),
        segments_queue=_needed("SEGMENTS_QUEUE_URL"),
        segments=int(os.environ.get("SWEEP_SEGMENTS", "4")),
        reports_bucket=_needed("REPORTS_BUCKET"),
        mode=os.environ.get("MODE", "observe"),
        clock=clock,
        policy_path=Path(os.environ.get("POLICY_PATH", "policy.json")),
        link_base=_link_base(),
    )


def _link_base() -> str:
    """The HTTP API's own address; of the local stack, whose API has no name in any DNS, a path of
    its endpoint.
    """
    base = os.environ.get("LINK_BASE", "")
    endpoint = _endpoint()
    if not base or not _is_local(endpoint):
        return base
    api = str(urlsplit(base).hostname).partition(".")[0]
    return f"{endpoint}/_aws/execute-api/{api}/$default"


def _endpoint() -> str:
    """Of all AWS services; '' for AWS itself."""
    return os.environ.get("AWS_ENDPOINT_URL", "")


def _is_local(endpoint: str) -> bool:
    return urlsplit(endpoint).hostname in LOOPBACK


def _needed(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise BadSettings(
            f"the environment variable {name} is not set; template.yaml sets it for every function"
        )
    return value
