"""The frame of every page, and what stands in several: HTML that stands by itself, with nothing
loaded from elsewhere.

Texts are escaped here. What is called `html` or `body` is HTML already.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

PRIVATE = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
"""Headers of a page that is nobody's but the reader's."""


def document(title: str, style: str, body: str, head: str = "") -> str:
    """A whole page; `body` stands in its `main`, `head` is further HTML for its head."""
    return whole_document(title, style, f"<body>\n<main>\n{body}</main>\n</body>", head)


def whole_document(title: str, style: str, body: str, head: str = "") -> str:
    """A page that brings its own `body` element."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}<title>{escape(title)}</title>
<style>{style}</style>
</head>
{body}
</html>
"""


def source(text: str) -> str:
    """How a content security policy names one style or script: by its hash."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def headers(style: str, *more: str) -> Mapping[str, str]:
    """Of an answer that holds a page with `style`; `more` are further directives of its policy."""
    directives = ("default-src 'none'", f"style-src {source(style)}", *more)
    closed = ("frame-ancestors 'none'", "base-uri 'none'")
    return {**PRIVATE, "Content-Security-Policy": "; ".join((*directives, *closed))}


def heading(text: str, level: int = 1) -> str:
    return f"<h{level}>{escape(text)}</h{level}>\n"


def paragraph(text: str, *, small: bool = False) -> str:
    if small:
        return f"<p><small>{escape(text)}</small></p>\n"
    return f"<p>{escape(text)}</p>\n"


def section(title: str, explained: str, body: str) -> str:
    return f"<section>\n{heading(title, 2)}{paragraph(explained)}{body}</section>\n"


def definitions(rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Names with what they stand for, a line for each text."""
    return f"<dl>\n{''.join(_definitions(rows))}</dl>\n"


def _definitions(rows: Iterable[tuple[str, Sequence[str]]]) -> Iterator[str]:
    for name, texts in rows:
        lines = "<br>".join(map(escape, texts))
        yield f"<div><dt>{escape(name)}</dt><dd>{lines}</dd></div>\n"


def figures(shown: Mapping[str, str]) -> str:
    """Numbers, each with what it counts."""
    return definitions((name, (number,)) for name, number in shown.items())
