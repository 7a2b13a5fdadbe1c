"""Fixtures that several files of unit tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from unit.cli_desk import Operator, sit_down


@pytest.fixture
def operator(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Operator]:
    with mock_aws():
        yield sit_down(monkeypatch, capsys)
