"""The inbox page in a real browser: it shows what arrives by itself, and nothing that arrives takes part in it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from local_stack.inbox import Inbox
from local_stack.ministack import LocalAws
from local_stack.server import HOST, free_port

DRIVER, BROWSER = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not (DRIVER and BROWSER), reason="chromium and chromedriver are not installed"),
]

HOSTILE = "</pre><img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
FLAGS = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-sync"


@frozen
class Browser:
    """A session of the WebDriver protocol, which is a few HTTP calls."""

    address: str

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["value"]

    def open(self, url: str) -> None:
        self.call("/url", {"url": url})

    def run(self, script: str) -> Any:
        return self.call("/execute/sync", {"script": script, "args": []})

    def wait(self, script: str) -> Any:
        """Until the script answers with something true."""
        return until(lambda: self.run(f"return {script}"))


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    port = free_port()
    driver = subprocess.Popen([str(DRIVER), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        start = Browser(f"http://{HOST}:{port}")
        until(lambda: answers(start))
        arguments = [*(f"--{flag}" for flag in FLAGS.split()), f"--user-data-dir={tmp_path}"]
        options = {"binary": BROWSER, "args": arguments}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        session = start.call("/session", wanted)["sessionId"]
        yield Browser(f"{start.address}/session/{session}")
        urllib.request.urlopen(
            urllib.request.Request(f"{start.address}/session/{session}", method="DELETE"), timeout=30
        )
    finally:
        driver.terminate()
        driver.wait(10)


def answers(start: Browser) -> bool:
    try:
        return bool(start.call("/status")["ready"])
    except OSError:
        return False


def test_what_arrives_appears_by_itself_as_text_and_leaves_open_what_was_open(
    browser: Browser, ministack: LocalAws
) -> None:
    sns = ministack.client("sns")
    topic = sns.create_topic(Name="browser-test-owner", Attributes={"DisplayName": HOSTILE[:100]})["TopicArn"]

    def publish(subject: str, text: str) -> None:
        body = json.dumps({"subject": subject, "email": text, "sms": text, "severity": "breach"})
        sns.publish(TopicArn=topic, Message=json.dumps({"default": body}), MessageStructure="json")

    with Inbox(ministack, "browser-test") as inbox:
        inbox.subscribe()
        browser.open(inbox.url)
        assert "Nothing has been sent yet." in browser.run("return document.body.innerText")
        publish("First", "Hello")
        assert browser.wait("document.querySelector('h2')?.innerText") == "First"
        browser.run("document.querySelector('details').open = true")
        publish(HOSTILE, HOSTILE)
        browser.wait("document.querySelectorAll('article').length === 2")
        assert browser.run("return document.querySelector('h2').innerText") == HOSTILE
        assert browser.run("return document.querySelector('pre').textContent") == HOSTILE
        assert browser.run("return document.querySelectorAll('img, main script').length") == 0
        assert browser.run("return document.title") == "Inbox (2)"
        assert browser.run("return [...document.querySelectorAll('details')].map(d => d.open)") == [False, True]
    browser.wait("document.querySelector('#state').innerText === 'The local stack has stopped.'")
