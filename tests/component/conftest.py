"""An operator, for the commands; and the engines of AWS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from component.cli_desk import Operator, sit_down


def pytest_configure(config: pytest.Config) -> None:
    """Once per process, whichever of the folders comes first."""
    config.pluginmanager.import_plugin("engines")


@pytest.fixture
def operator(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Operator]:
    with mock_aws():
        yield sit_down(monkeypatch, capsys)
