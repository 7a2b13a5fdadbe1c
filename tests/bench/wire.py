"""A wire with a meter between one function and the local AWS: counts each call, and times each
Publish.
"""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from attrs import frozen

from local_stack.server import HOST

IDLE = 1.0
"""Seconds without a call after which the connection to AWS is made anew: its server may have closed
it.
"""

HOP = frozenset(
    {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}
)


@frozen
class Publish:
    """One request to SNS, when it came (seconds on the monotonic clock) and whether SNS took it."""

    at: float
    topic: str
    body: dict[str, Any]
    taken: bool

    @property
    def ids(self) -> list[str]:
        return [alert["id"] for alert in self.body["alerts"]]

    @property
    def urgent(self) -> bool:
        return any(alert["severity"] == "critical" for alert in self.body["alerts"])


class Wire:
    """Forwards every request to `endpoint` as it is. `calls` counts "dynamodb Query" and the like."""

    def __init__(self, endpoint: str) -> None:
        self.upstream = str(urlsplit(endpoint).netloc)
        self.calls: Counter[str] = Counter()
        self.published: list[Publish] = []
        self._lock = Lock()
        self._server = _Server((HOST, 0), self)

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, name="wire", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def count(self, at: float, target: str, body: bytes, status: int) -> None:
        """`target` is the header by which the JSON services name an operation; SNS names it in its
        form.
        """
        form = (
            {} if target else {name: values[0] for name, values in parse_qs(body.decode()).items()}
        )
        service = target.partition("_")[0].lower() if target else "sns"
        operation = target.rpartition(".")[2] or form.get("Action", "?")
        with self._lock:
            self.calls[f"{service} {operation}"] += 1
            if operation == "Publish":
                notified = json.loads(json.loads(form["Message"])["default"])
                self.published.append(
                    Publish(at, form["TopicArn"].rpartition(":")[2], notified, status < 300)
                )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], wire: Wire) -> None:
        super().__init__(address, _Handler)
        self.wire = wire


class _Handler(BaseHTTPRequestHandler):
    """A connection of the function, kept open, and one of its own to AWS."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.aws = http.client.HTTPConnection(self.server.wire.upstream, timeout=120)
        self.last = time.monotonic()

    def finish(self) -> None:
        self.aws.close()
        super().finish()

    def do_POST(self) -> None:
        at, wire = time.monotonic(), self.server.wire
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if at - self.last > IDLE:
            self.aws.close()
        self.aws.request("POST", self.path, body, dict(self.headers.items()))
        answer = self.aws.getresponse()
        said = answer.read()
        self.last = time.monotonic()
        wire.count(at, self.headers.get("X-Amz-Target", ""), body, answer.status)
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
        """The counts are the log."""
