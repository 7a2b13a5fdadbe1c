"""What a backtest does in other processes comes back as if it had been done in this one."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from sla_watchdog.tools.backtest.workers import beside
from sla_watchdog.tools.cli import main

EXAMPLE = Path(__file__).parents[2] / "docs" / "example-events.jsonl"


@pytest.mark.parametrize(
    ("processes", "own"), [(1, True), (2, False)], ids=["in this process", "in another"]
)
def test_a_task_is_done_beside_and_its_result_comes_back(processes: int, own: bool) -> None:
    with beside(lambda: {"process": str(os.getpid())}, processes) as done:
        assert (done()["process"] == str(os.getpid())) is own


def test_a_task_that_fails_beside_fails_where_it_is_asked_for() -> None:
    def fail() -> dict[str, str]:
        raise OSError("no room")

    with beside(fail, 2) as done, pytest.raises(OSError, match="no room"):
        done()


def test_the_collector_of_cycles_rests_only_while_the_backtest_runs(tmp_path: Path) -> None:
    assert gc.isenabled()
    assert main(["backtest", str(EXAMPLE), "--out", str(tmp_path / "out")]) == 0
    assert gc.isenabled()
