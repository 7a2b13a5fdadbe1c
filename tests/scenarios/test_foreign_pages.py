"""Pages of others in a real browser, while the local stack runs: what they send is not heard."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode, urlsplit

import pytest

from local_stack.inbox import Inbox
from local_stack.ministack import LocalAws
from local_stack.server import HOST
from scenarios.browser import Browser, browsing, needs_browser

pytestmark = [pytest.mark.e2e]

OTHER_SITE, REBOUND = "evil.example", "rebound.example"

AUTHORITY = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "testing/20260101/eu-central-1/{service}/aws4_request",
    "X-Amz-Date": "20260101T000000Z",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "0" * 64,
}
"""In the query, where a page may put it without asking first; nobody checks the signature."""


def signed(service: str, **query: str) -> str:
    return urlencode(
        query | {name: value.format(service=service) for name, value in AUTHORITY.items()}
    )


def new_topic(name: str) -> str:
    return "/?" + signed("sns", Action="CreateTopic", Name=name, Version="2010-03-31")


def code() -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("taken.py", "def handler(event, context): return 'taken'\n")
    return base64.b64encode(packed.getvalue()).decode()


FUNCTION = {
    "FunctionName": "taken",
    "Runtime": "python3.13",
    "Role": "arn:aws:iam::000000000000:role/any",
    "Handler": "taken.handler",
    "Code": {"ZipFile": code()},
}
ASSUMED_BY_LAMBDA = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
NEW_FUNCTION = "/2015-03-31/functions?" + signed("lambda")


class _Page(BaseHTTPRequestHandler):
    """An empty page for any address."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>evil</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@pytest.fixture
def other_port() -> Iterator[int]:
    server = ThreadingHTTPServer((HOST, 0), _Page)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """One in which the names of others point at this machine."""
    with browsing(
        tmp_path, f"host-resolver-rules=MAP {OTHER_SITE} {HOST}, MAP {REBOUND} {HOST}"
    ) as session:
        yield session


def done_here(aws: LocalAws) -> tuple[list[str], list[str]]:
    """What a page of others has made: topics and functions."""
    topics = [
        each["TopicArn"].rpartition(":")[2] for each in aws.client("sns").list_topics()["Topics"]
    ]
    functions = [
        each["FunctionName"] for each in aws.client("lambda").list_functions()["Functions"]
    ]
    return [name for name in topics if name.startswith("taken")], functions


def try_everything(browser: Browser, base: str) -> None:
    """Each way in which a page sends something without having to ask first, and one where it asks."""
    browser.run(f"""
        const base = {json.dumps(base)};
        window.done = 0;
        const end = () => {{ window.done += 1; }};
        const send = (path, options) => fetch(base + path, options).then(end, end);
        const plain = {{method: 'POST', mode: 'no-cors', headers: {{'Content-Type': 'text/plain'}}}};
        send({json.dumps(new_topic("taken-by-post"))}, {{...plain, body: 'x'}});
        send({json.dumps(NEW_FUNCTION)}, {{...plain, body: {json.dumps(json.dumps(FUNCTION))}}});
        send({json.dumps(new_topic("taken-by-get"))}, {{mode: 'no-cors', referrerPolicy: 'no-referrer'}});
        send({json.dumps(new_topic("taken-by-asking"))}, {{method: 'POST', headers: {{'X-Amz-Target': 'any'}}}});
        const image = new Image();
        image.onload = image.onerror = end;
        image.src = base + {json.dumps(new_topic("taken-by-image"))};
        const frame = document.createElement('iframe');
        frame.name = 'frame';
        const form = document.createElement('form');
        form.method = 'POST';
        form.target = 'frame';
        form.enctype = 'text/plain';
        form.action = base + {json.dumps(new_topic("taken-by-form"))};
        document.body.append(frame, form);
        frame.onload = end;
        form.submit();
        const sandbox = document.createElement('iframe');
        sandbox.sandbox = 'allow-scripts';
        sandbox.srcdoc = '<script>fetch(' + JSON.stringify(base + {json.dumps(new_topic("taken-from-a-sandbox"))}) +
            ', {{method: "POST", mode: "no-cors"}}).finally(() => parent.postMessage(1, "*"))</' + 'script>';
        window.onmessage = end;
        document.body.append(sandbox);
        navigator.sendBeacon(base + {json.dumps(new_topic("taken-by-beacon"))}, 'x');
    """)
    browser.wait("window.done >= 7")


@needs_browser
@pytest.mark.parametrize(
    "page", ["another site", "another port of this machine", "a name that was rebound"]
)
def test_a_page_of_others_makes_nothing_here(page: str, browser: Browser, other_port: int) -> None:
    with LocalAws() as aws:
        aws.client("iam").create_role(
            RoleName="any", AssumeRolePolicyDocument=json.dumps(ASSUMED_BY_LAMBDA)
        )
        pages = {
            "another site": f"http://{OTHER_SITE}:{other_port}/",
            "another port of this machine": f"http://{HOST}:{other_port}/",
            "a name that was rebound": f"http://{REBOUND}:{aws.port}/",
        }
        browser.open(pages[page])
        target = pages[page].rstrip("/") if page == "a name that was rebound" else aws.endpoint
        try_everything(browser, target)
        assert done_here(aws) == ([], [])


@needs_browser
def test_a_page_of_others_puts_nothing_into_the_inbox_and_reads_nothing_of_it(
    browser: Browser, other_port: int, ministack: LocalAws
) -> None:
    arn = ministack.client("sns").create_topic(Name="foreign-pages-owner")["TopicArn"]
    with Inbox(ministack, "foreign-pages") as inbox:
        inbox.subscribe()
        forged = json.dumps(
            {"Type": "Notification", "MessageId": "1", "TopicArn": arn, "Message": "Forged"}
        )
        browser.open(f"http://{OTHER_SITE}:{other_port}/")
        address = json.dumps(inbox.url + inbox._secret)
        browser.run(
            f"fetch({address}, {{method: 'POST', mode: 'no-cors', body: {json.dumps(forged)}}})"
            ".finally(() => { window.done = 1; })"
        )
        browser.wait("window.done === 1")
        browser.open(f"http://{REBOUND}:{urlsplit(inbox.url).port}/")
        assert "inbox" not in browser.run("return document.body.innerText")
        assert inbox.deliveries() == ()
        browser.open(inbox.url)
        assert "SLA watchdog inbox" in browser.run("return document.body.innerText")


def request(aws: LocalAws, path: str, **headers: str) -> int:
    connection = HTTPConnection(HOST, aws.port, timeout=10)
    connection.request(
        "POST", path, b"x", {name.replace("_", "-"): value for name, value in headers.items()}
    )
    return connection.getresponse().status


def test_every_path_of_the_local_aws_is_behind_the_door(ministack: LocalAws) -> None:
    foreign = (
        {"Origin": "https://evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "evil.example"},
    )
    paths = (
        "/",
        "/_ministack/reset",
        "/_ministack/ready",
        "/_ministack/rds/iam-auth",
        "/_aws/execute-api/x/$default/y",
    )
    answered = {
        path: [request(ministack, path, **headers) for headers in foreign] for path in paths
    }
    assert answered == {path: [403, 403, 421] for path in paths}


def test_a_web_socket_of_another_page_is_refused(ministack: LocalAws) -> None:
    connection = HTTPConnection(HOST, ministack.port, timeout=10)
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": "https://evil.example"}
    connection.request("GET", "/_aws/execute-api/x/y/", headers=upgrade)
    assert connection.getresponse().status == 403
