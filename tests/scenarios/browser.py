"""A real browser: a session of the WebDriver protocol, which is a few HTTP calls."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from local_stack.server import HOST, free_port

DRIVER, BROWSER = (
    shutil.which("chromedriver"),
    shutil.which("chromium") or shutil.which("google-chrome"),
)

needs_browser = pytest.mark.skipif(
    not (DRIVER and BROWSER), reason="chromium and chromedriver are not installed"
)

FLAGS = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-sync"


@frozen
class Browser:
    """One session."""

    address: str

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            self.address + path, data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["value"]

    def open(self, url: str) -> None:
        self.call("/url", {"url": url})

    def element(self, selector: str) -> str:
        """The path of the first element that the selector finds."""
        found = self.call("/element", {"using": "css selector", "value": selector})
        return f"/element/{next(iter(found.values()))}"

    def click(self, selector: str) -> None:
        self.call(f"{self.element(selector)}/click", {})

    def write(self, selector: str, text: str) -> None:
        self.call(f"{self.element(selector)}/value", {"text": text})

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("/screenshot")))

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


@contextmanager
def browsing(folder: Path, *flags: str) -> Iterator[Browser]:
    """A session with a profile in `folder`, and with these flags besides the usual ones."""
    port = free_port()
    driver = subprocess.Popen(
        [str(DRIVER), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        start = Browser(f"http://{HOST}:{port}")
        until(lambda: answers(start))
        arguments = [
            *(f"--{flag}" for flag in (*FLAGS.split(), *flags)),
            f"--user-data-dir={folder}",
        ]
        options = {"binary": BROWSER, "args": arguments}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        session = start.call("/session", wanted)["sessionId"]
        yield Browser(f"{start.address}/session/{session}")
        urllib.request.urlopen(
            urllib.request.Request(f"{start.address}/session/{session}", method="DELETE"),
            timeout=30,
        )
    finally:
        driver.terminate()
        driver.wait(10)


def answers(start: Browser) -> bool:
    try:
        return bool(start.call("/status")["ready"])
    except OSError:
        return False
