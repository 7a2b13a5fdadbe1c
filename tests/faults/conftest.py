"""These tests need an AWS: its engines are loaded."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Once per process, whichever of the folders comes first."""
    config.pluginmanager.import_plugin("engines")
