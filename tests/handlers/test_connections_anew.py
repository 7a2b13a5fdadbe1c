"""A function is frozen between invocations, and what is between it and AWS forgets its connections
meanwhile.
"""

from __future__ import annotations

import contextlib
import http.server
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, fields
from botocore.exceptions import ConnectionClosedError, HTTPClientError

from building import policy
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.errors import Unavailable
from sla_watchdog.handlers import bootstrap
from sla_watchdog.handlers.bootstrap import Parts
from sla_watchdog.handlers.settings import Settings
from sla_watchdog.presentation.text import Message
from sla_watchdog.usecases.sweep.ports import Segment

IDLE = 0.3
"""Seconds after which the network forgets a connection."""

ANSWERS = {
    "sns": b"<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>",
    "sqs": b'{"MessageId": "m", "MD5OfMessageBody": "m"}',
    "dynamodb": b"{}",
}


class Forgetful(http.server.BaseHTTPRequestHandler):
    """Answers each request; on a connection that was idle, with a reset, as a load balancer or a
    NAT does.
    """

    protocol_version = "HTTP/1.1"
    last = 0.0

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        if self.last and time.monotonic() - self.last > IDLE:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        self._answer()
        self.last = time.monotonic()

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        service = self.headers["Authorization"].split("/")[3]
        body = ANSWERS[service]
        self.server.served.append(service)  # type: ignore[attr-defined] # of the subclass below
        self.send_response_only(200)
        self.send_header(
            "Content-Type", "text/xml" if service == "sns" else "application/x-amz-json-1.0"
        )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()


class Network(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.served: list[str] = []
        super().__init__(("127.0.0.1", 0), Forgetful)

    def handle_error(self, *_: object) -> None:
        """A reset is what this is about."""


@define
class Process:
    """One process of a function, and the network that it works through."""

    network: Network
    parts: Parts = field(factory=bootstrap.parts)


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Process]:
    network = Network()
    threading.Thread(target=network.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{network.server_port}"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    here = Settings(
        stack="sla",
        tickets_table="tickets",
        watch_table="watch",
        audit_table="audit",
        topic_prefix="arn:aws:sns:eu-central-1:123456789012:sla-",
        segments_queue=f"{endpoint}/123456789012/segments",
        segments=1,
        reports_bucket="reports",
        mode="live",
        clock="system",
        policy_path=tmp_path / "policy.json",
    )
    here.policy_path.write_bytes(b"")
    monkeypatch.setattr(bootstrap, "settings", lambda: here)
    monkeypatch.setattr(bootstrap, "load", lambda _: policy())
    bootstrap.parts.cache_clear()
    yield Process(network)
    bootstrap.parts.cache_clear()
    network.shutdown()
    network.server_close()


MESSAGE = Message("subject", "e-mail", "sms", {"version": 1, "ref": "R", "alerts": []})

WRITES: dict[str, Callable[[Parts], object]] = {
    "the lease of a tick": lambda parts: parts.watch.leases.take("me", 1, 151),
    "a message": lambda parts: parts.channels.publish(Recipient("owner"), MESSAGE),
    "a segment of a sweep": lambda parts: parts.queue.put(Segment("run", 0, 1)),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_the_first_write_of_an_invocation_does_not_fail_on_a_connection_of_the_one_before(
    process: Process, write: Callable[[Parts], object]
) -> None:
    write(bootstrap.parts().connected_anew())
    time.sleep(2 * IDLE)
    write(bootstrap.parts().connected_anew())
    assert len(process.network.served) == 2, "each arrived once: nothing was repeated"


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_without_that_it_does_fail(process: Process, write: Callable[[Parts], object]) -> None:
    """Else the test above would say nothing."""
    write(process.parts)
    time.sleep(2 * IDLE)
    with pytest.raises((ConnectionClosedError, HTTPClientError, Unavailable)):
        write(process.parts)


def test_within_an_invocation_a_connection_is_used_again(process: Process) -> None:
    here = bootstrap.parts().connected_anew()
    accepted: list[object] = []
    real = process.network.get_request

    def get_request() -> Any:
        accepted.append(1)
        return real()

    process.network.get_request = get_request  # type: ignore[method-assign]
    for _ in range(5):
        here.watch.leases.take("me", 1, 151)
    assert len(accepted) <= 1


def test_every_client_that_never_repeats_is_among_those_that_connect_anew(process: Process) -> None:
    held = [getattr(process.parts, each.name) for each in fields(Parts)]
    held.append(process.parts.watch.items)
    for channel in process.parts.channels.registered:
        held += [channel, *members_of(channel)]
    clients = [each for part in held for each in clients_in(part)]
    writing = {
        id(client)
        for client in clients
        if client.meta.config.retries.get("total_max_attempts") == 1
    }
    assert writing == {id(client) for client in process.parts.writers}


def clients_in(part: object) -> list[Any]:
    return [each for each in members_of(part) if hasattr(each, "meta") and hasattr(each, "close")]


def members_of(part: object) -> list[Any]:
    names = [*getattr(type(part), "__slots__", ()), *getattr(part, "__dict__", {})]
    return [getattr(part, name, None) for name in names]


@pytest.mark.parametrize("name", ["track", "watch", "sweep", "respond", "report"])
def test_each_handler_begins_with_it(name: str) -> None:
    handler = Path(bootstrap.__file__).parent / f"{name}.py"
    assert "here = parts().connected_anew()" in handler.read_text()
