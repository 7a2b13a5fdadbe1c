"""What the documents point at is there."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(chain(ROOT.glob("*.md"), (ROOT / "docs").rglob("*.md")))
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
NAMED = re.compile(r"`((?:functions|infra|tests|docs)/[\w./-]*)`")


def anchors(document: Path) -> set[str]:
    """Those written out, and those of its headings as the usual viewers make them."""
    text = document.read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    written = re.findall(r'<a id="([^"]+)"></a>', text)
    return {*written, *(re.sub(r"\s", "-", heading) for heading in plain)}


def missing(document: Path) -> list[str]:
    text = document.read_text()
    found = [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    for path, heading in LINK.findall(text):
        target = (document.parent / path) if path else document
        if not target.exists() or (heading and heading not in anchors(target)):
            found.append(f"{path}#{heading}" if heading else path)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_and_heading_that_a_document_names_exists(document: Path) -> None:
    assert missing(document) == []


def test_what_is_not_there_is_noticed(tmp_path: Path) -> None:
    document = tmp_path / "one.md"
    document.write_text(
        "# A walk\n[a](#a-walk) [b](#another) [c](two.md) `docs/none.md` `docs/costs.md` [d](one.md#b)\n"
    )
    assert missing(document) == ["docs/none.md", "#another", "two.md", "one.md#b"]


def test_the_alert_shown_to_recipients_is_one_that_the_product_writes() -> None:
    golden = (ROOT / "tests" / "unit" / "golden" / "breached.txt").read_text()
    assert f"\n```\n{golden}```\n" in (ROOT / "docs" / "answering.md").read_text()
