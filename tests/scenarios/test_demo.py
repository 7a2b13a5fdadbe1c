"""`make demo` as a person runs it: a file in, a story out, and nothing left running."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local_stack.server import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

EVENTS = [
    {
        "at": "2026-03-02T14:00:00Z",
        "type": "created",
        "priority": "P1",
        "channel": "phone",
        "subject": "Page",
    },
    {"at": "2026-03-02T14:00:00Z", "type": "assigned", "team": "Web", "assignee": "Kim"},
    {"at": "2026-03-02T15:00:00Z", "type": "reply", "by": "agent", "text": "We are on it. ^KM"},
    {"at": "2026-03-03T14:00:00Z", "type": "note"},
]


def demo(*arguments: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join(str(ROOT / name) for name in ("functions", "infra"))
    return subprocess.Popen(
        [sys.executable, "-m", "local_stack", "demo", *arguments],
        env=os.environ | {"PYTHONPATH": paths, "COLUMNS": "120"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def file(folder: Path, *lines: object) -> str:
    path = folder / "events.jsonl"
    path.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    )
    return str(path)


def still_there(printed: str) -> bool:
    """Whether the embedded AWS that a demo printed the address of still answers."""
    port = re.search(r"MiniStack at http://127\.0\.0\.1:(\d+)", printed)
    assert port
    lists = Path("/proc/net/tcp").read_text()
    return f"0100007F:{int(port[1]):04X} 00000000:0000 0A" in lists


def test_it_tells_who_was_told_what_and_leaves_nothing_running(tmp_path: Path) -> None:
    run = demo(file(tmp_path, *({"ticket": "T-1", **event} for event in EVENTS)))
    printed, _ = run.communicate(timeout=120)
    assert run.returncode == 0, printed
    said = " ".join(printed.split())
    for part in (
        "4 events of 1 ticket,",
        "sam deploy: ",
        "T-1 Page",
        "the desk answered: “We are on it. ^KM”",
        "resolution under 1 m over 2 owner (Kim) + SMS, team-lead (Web) + SMS",
        "Open cases on 2026-03-03 14:00 UTC",
        "0 of 1 case stayed within all limits",
        "make local",
    ):
        assert part in said, printed
    assert not still_there(printed)


def test_a_broken_file_is_named_before_anything_is_started(tmp_path: Path) -> None:
    run = demo(file(tmp_path, "{"))
    printed, _ = run.communicate(timeout=30)
    assert run.returncode == 1
    assert "line 1: not JSON" in printed
    assert "MiniStack" not in printed


def test_a_policy_with_errors_is_shown_before_anything_is_started(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("form: 1\npolicys: []\n")
    run = demo(file(tmp_path, *EVENTS), "--policy", str(policy))
    printed, _ = run.communicate(timeout=30)
    assert run.returncode == 1
    assert "policys" in printed
    assert "MiniStack" not in printed


def test_stopped_half_way_it_leaves_nothing_running() -> None:
    run = demo()
    printed = ""
    assert run.stdout
    for line in run.stdout:
        printed += line
        if "inbox: " in line:
            break
    time.sleep(1)
    assert still_there(printed)
    run.send_signal(signal.SIGINT)
    rest, _ = run.communicate(timeout=30)
    assert run.returncode == 130, printed + rest
    assert "Traceback" not in rest
    assert not still_there(printed)
