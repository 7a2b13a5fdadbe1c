"""An operator, for the commands; and the engines of AWS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from building import MON
from component.cli_desk import Operator, sit_down
from desk import Desk


def pytest_configure(config: pytest.Config) -> None:
    """Once per process, whichever of the folders comes first."""
    config.pluginmanager.import_plugin("engines")


@pytest.fixture
def desk() -> Iterator[Desk]:
    """An ordinary one, whose watchdog is at work since Monday, midnight."""
    with mock_aws():
        desk = Desk()
        desk.tick(f"{MON}T00:00")
        yield desk


@pytest.fixture
def operator(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Operator]:
    with mock_aws():
        yield sit_down(monkeypatch, capsys)
