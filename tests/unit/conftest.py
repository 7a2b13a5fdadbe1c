"""Nothing here knows AWS, neither when it is loaded nor while it runs.

That it loads without is in build/test_of_the_tests.py.
"""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def without_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """To import one of these raises, though another test of this process may have loaded it."""
    for name in ("moto", "boto3", "botocore"):
        monkeypatch.setitem(sys.modules, name, None)  # type: ignore[arg-type]
