"""Every rule that code, tests and documents cite stands in docs/semantics.md, and every rule has a
test that cites it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from checkout import ROOT

SEMANTICS = ROOT / "docs" / "semantics.md"
RULE = re.compile(r'^<a id="(?P<anchor>[^"]+)"></a>\*\*(?P<name>[A-E]\d+) ', re.MULTILINE)
CITED = re.compile(r"[Ss]emantics\s+(?P<names>[A-E]\d+(?:(?:,\s*|\s+and\s+)[A-E]\d+)*)")
"""`semantics C3`, `semantics D1, D2 and E5`; a line may break after the first word."""

SOURCES = ("functions", "infra", "tests", "docs")
OUTSIDE = frozenset({"A16"})
"""Rules that say what is outside this release."""


def rules() -> list[tuple[str, str]]:
    return [(found["anchor"], found["name"]) for found in RULE.finditer(SEMANTICS.read_text())]


def cited(text: str) -> Iterator[str]:
    for citation in CITED.finditer(text):
        yield from re.findall(r"[A-E]\d+", citation["names"])


def sources() -> list[Path]:
    folders = [(ROOT / name).rglob("*") for name in SOURCES]
    texts = {".py", ".md", ".yaml", ".toml", ".sh"}
    found = [path for path in chain(*folders, ROOT.glob("*.*")) if path.suffix in texts]
    return sorted(path for path in found if path != Path(__file__) and ".cache" not in path.parts)


def test_each_rule_has_an_anchor_of_its_own_name() -> None:
    assert [anchor for anchor, _ in rules()] == [name.lower() for _, name in rules()]
    assert len(rules()) == len(set(rules())) > 40


def test_every_citation_leads_to_a_rule() -> None:
    known = {name for _, name in rules()}
    strange = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources()
        for name in cited(path.read_text(errors="replace"))
        if name not in known
    }
    assert strange == set()


def test_no_file_cites_a_specification_that_is_not_in_the_repository() -> None:
    strange = [
        str(path.relative_to(ROOT))
        for path in sources()
        if re.search(r"DESIGN(\.md)?\b|\bDESIGN §", path.read_text(errors="replace"))
    ]
    assert strange == []


@pytest.mark.parametrize("name", sorted(name for _, name in rules()))
def test_a_test_shows_the_rule(name: str) -> None:
    """By a name like test_a10_… or by naming the rule where it is shown."""
    if name in OUTSIDE:
        return
    shown = re.compile(rf"\b{name}\b|_{name.lower()}_")
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    assert any(shown.search(path.read_text()) for path in tests)


def test_a_citation_is_read_over_a_line_break_and_in_lists() -> None:
    assert list(cited("(semantics\n    C3), semantics D1, D2 and E5")) == ["C3", "D1", "D2", "E5"]
