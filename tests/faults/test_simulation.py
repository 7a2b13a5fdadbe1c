"""A handful of the simulated weeks; `make soak` has a thousand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
SEEDS = ("0", "2")


def test_in_weeks_of_accidents_every_promise_holds(
    record_property: Callable[[str, object], None],
) -> None:
    """In a process of its own, since only one hash seed makes a seed's story the same again."""
    environment = {**os.environ, "PYTHONPATH": "tests:infra", "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", "faults", "seeds", *SEEDS]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    record_property("proof", ran.stdout.strip())
    counts = re.search(r"(\d+) calls, (\d+) messages", ran.stdout)
    assert counts is not None
    assert (int(counts[1]) > 1000, int(counts[2]) > 30) == (True, True), (
        "the weeks have become quiet"
    )
