"""What holds for every test, wherever it is. Nothing here knows AWS: see engines.py."""

import gc

import pytest
from _pytest.nodeid import NodeId


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one `xdist_group` in one process: pytest-xdist 3.8 writes the group where pytest 9.2
    reads no id.
    """
    for item in items if config.getoption("loadgroup", False) else ():
        group = item.get_closest_marker("xdist_group")
        if group and "@" not in item.nodeid:
            item._id = NodeId.parse(f"{item.nodeid}@{group.args[0]}")


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: to look through it again and again is a tenth of the
    whole time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a test counted to prove something (`record_property("proof", …)`) is said at the end."""
    passed = terminalreporter.stats.get("passed", [])
    for said in [
        value for each in passed for name, value in each.user_properties if name == "proof"
    ]:
        terminalreporter.write_line(f"proof: {said}")
