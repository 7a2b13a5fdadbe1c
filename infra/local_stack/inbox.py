"""The inbox: subscribes to every topic of a local stack and keeps what each recipient would get.

    with Inbox(aws, "sla") as inbox:
        inbox.subscribe()
        …
        inbox.deliveries()      # also at inbox.url, as a page

Topics deliver over HTTP, as they would to any web hook. Only topics of this stack are heard, at an
address that nobody else knows; pages are served to loopback alone.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from attrs import frozen

from local_stack.door import refusal
from local_stack.inbox_page import POLICY, page
from local_stack.ministack import LocalAws
from local_stack.server import HOST

LONGEST_BODY = 2 * 1024 * 1024
"""Bytes of one request; SNS sends no more than 256 KiB of message."""

PATIENCE_SECONDS = 20.0


class NotSubscribed(Exception):  # noqa: N818 - its name is what is wrong
    """A topic did not confirm the inbox's subscription in time."""


@frozen
class Delivery:
    """One message to one topic, in the order of arrival.

    `topic` is its name after the stack's prefix, `at` the time that the message itself tells
    (that of its arrival if none), `sender` the topic's display name. `facts` is the structured
    body; empty for a message of somebody else.
    """

    number: int
    topic: str
    at: int
    sender: str
    subject: str
    email: str
    sms: str
    facts: Mapping[str, Any]

    @property
    def urgent(self) -> bool:
        """Topics beside the audiences', for those who want only what is urgent: by SMS, mostly."""
        return self.topic.endswith("-urgent")

    @property
    def audience(self) -> str:
        return self.topic.removesuffix("-urgent")


@frozen
class Topic:
    """A topic of the stack: its name after the stack's prefix, and the one that its mails show."""

    name: str
    sender: str


def delivery(number: int, topic: Topic, notification: Mapping[str, Any], now: int) -> Delivery:
    """What SNS handed over, read. A message without our structured body is its own text."""
    message = str(notification.get("Message", ""))
    facts = _object(message)
    subject = facts.get("subject") or notification.get("Subject") or "(no subject)"
    return Delivery(
        number=number,
        topic=topic.name,
        sender=topic.sender,
        at=_seconds(facts.get("sent_at"), now),
        subject=str(subject),
        email=str(facts.get("email", message)),
        sms=str(facts.get("sms", "")),
        facts=facts,
    )


def _object(text: str) -> dict[str, Any]:
    """The structured body, or nothing where the message is no such thing."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and "email" in value else {}


def _seconds(value: object, otherwise: int) -> int:
    try:
        return int(datetime.fromisoformat(str(value)).astimezone(UTC).timestamp())
    except (ValueError, OverflowError):
        return otherwise


class _Box:
    """Deliveries in the order of arrival, each message of a topic once; safe to share."""

    def __init__(self) -> None:
        self._kept: list[Delivery] = []
        self._ids: set[tuple[str, str]] = set()
        self._changed = Condition()

    def take(self, topic: Topic, notification: Mapping[str, Any]) -> None:
        message_id = topic.name, str(notification.get("MessageId"))
        with self._changed:
            if message_id not in self._ids:
                self._ids.add(message_id)
                number = len(self._kept) + 1
                self._kept.append(delivery(number, topic, notification, int(time.time())))
                self._changed.notify_all()

    def all(self) -> tuple[Delivery, ...]:
        with self._changed:
            return tuple(self._kept)

    def wait_for(self, count: int, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self._kept) >= count, seconds)


class Inbox:
    """A small web server on loopback; `port` None takes a free one."""

    def __init__(self, aws: LocalAws, stack: str, *, port: int | None = None) -> None:
        self._sns = aws.client("sns")
        self._prefix = f"arn:aws:sns:{aws.region}:{aws.account}:{stack}-"
        self._box = _Box()
        self._secret = secrets.token_urlsafe(16)
        self._confirmed: set[str] = set()
        self._asked: dict[str, Topic] = {}
        self._server = _Server((HOST, port or 0), self)
        self._thread = Thread(target=self._server.serve_forever, name="inbox", daemon=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def subscribe(self) -> int:
        """Subscribes to each topic of the stack not heard yet; returns how many that were.

        Waits until they are confirmed. Raises NotSubscribed when one is not.
        """
        new = sorted(set(self._topics()) - set(self._asked))
        self._asked |= {arn: self._topic(arn) for arn in new}
        for arn in new:
            self._sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=f"{self.url}{self._secret}")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while missing := set(self._asked) - self._confirmed:
            if time.monotonic() > deadline:
                raise NotSubscribed(f"not confirmed: {', '.join(sorted(missing))}")
            time.sleep(0.01)
        return len(new)

    def deliveries(self) -> tuple[Delivery, ...]:
        return self._box.all()

    def wait_for(self, count: int, seconds: float = PATIENCE_SECONDS) -> bool:
        """Waits until so many messages have arrived in all; False when they did not."""
        return self._box.wait_for(count, seconds)

    def _topics(self) -> Iterator[str]:
        for each in self._sns.get_paginator("list_topics").paginate():
            for topic in each["Topics"]:
                if topic["TopicArn"].startswith(self._prefix):
                    yield topic["TopicArn"]

    def _topic(self, arn: str) -> Topic:
        attributes = self._sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        return Topic(arn.removeprefix(self._prefix), attributes.get("DisplayName") or "AWS")

    def receive(self, path: str, body: bytes) -> HTTPStatus:
        """One request of SNS: a subscription to confirm, or a message."""
        if not secrets.compare_digest(path.strip("/").encode(), self._secret.encode()):
            return HTTPStatus.NOT_FOUND
        notified = json.loads(body)
        arn = str(notified.get("TopicArn")) if isinstance(notified, dict) else ""
        if arn not in self._asked:
            return HTTPStatus.FORBIDDEN
        if notified.get("Type") == "SubscriptionConfirmation":
            self._sns.confirm_subscription(TopicArn=arn, Token=str(notified["Token"]))
            self._confirmed.add(arn)
        elif notified.get("Type") == "Notification":
            self._box.take(self._asked[arn], notified)
        return HTTPStatus.OK


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512  # a tick may send hundreds at once, and each is a connection

    def __init__(self, address: tuple[str, int], inbox: Inbox) -> None:
        super().__init__(address, _Handler)
        self.inbox = inbox


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def parse_request(self) -> bool:
        """Refuses the pages of others, whatever they ask for."""
        if not super().parse_request():
            return False
        status = refusal(self.headers.items())
        if status is not None:
            self.close_connection = True
            self._answer(status)
        return status is None

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= LONGEST_BODY:
            return self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            status = self.server.inbox.receive(self.path, self.rfile.read(length))
        except (ValueError, KeyError, RecursionError):
            status = HTTPStatus.BAD_REQUEST
        return self._answer(status)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path != "/":
            return self._answer(HTTPStatus.NOT_FOUND)
        asked = {name: values[-1] for name, values in parse_qs(address.query).items()}
        return self._answer(HTTPStatus.OK, page(self.server.inbox.deliveries(), asked))

    def _answer(self, status: HTTPStatus, html: str | None = None) -> None:
        body = (html if html is not None else f"{status.value} {status.phrase}\n").encode(
            errors="replace"
        )
        kind = "text/html" if html is not None else "text/plain"
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
        """The page is the log."""
