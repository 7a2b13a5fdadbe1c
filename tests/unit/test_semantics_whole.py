"""Every paragraph of the semantics that is in this release has a test that is named after it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

LATER = {"a16"}
"""Business days as a unit are outside this release."""
PARAGRAPHS = {"a": 16, "b": 9, "c": 6, "d": 11, "e": 10}
TESTS = "".join(path.read_text() for path in Path(__file__).parent.glob("test_semantics_*.py"))


@pytest.mark.parametrize(
    "paragraph", [f"{part}{n}" for part, count in PARAGRAPHS.items() for n in range(1, count + 1)]
)
def test_a_test_is_named_after(paragraph: str) -> None:
    assert bool(re.search(rf"^def test_{paragraph}_\w+", TESTS, re.MULTILINE)) is (
        paragraph not in LATER
    )
