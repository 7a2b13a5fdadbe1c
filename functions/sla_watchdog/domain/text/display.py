"""Any Unicode text, made fit to be shown on one line, measured, and cut where readers expect it.

What people typed may hold anything: control characters, direction overrides, lone surrogates, a
hundred accents on one letter. Nothing here ever fails on it.

`wcwidth` knows where one character ends for a reader and how wide it is. It is loaded with the
first text that needs it, since its tables take longer to load than a cold start should.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import takewhile

LONGEST_READ = 2_000
"""Code points of one value that are looked at; no field is ever shown that long."""

MOST_MARKS = 8
"""Combining marks kept on one letter; no living script needs more."""

LONGEST_CLUSTER = 16
"""Code points that are never parted; the longest emoji in use has ten."""

ELLIPSIS = "…"

_UNKNOWN = "\ufffd"
"""Stands for what cannot be shown."""

_JOINERS = frozenset("\u200c\u200d")
_NUMBER_SIGNS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
_VISIBLE_FORMATS = _JOINERS | _NUMBER_SIGNS
"""Format characters without which a text would be read wrongly; the others are dropped."""

_MARKS = frozenset({"Mn", "Me", "Mc"})
_VIRAMA = 9
"""The combining class of the signs that bind one Indic consonant to the next."""


def tidy(text: str) -> str:
    """One line in NFC: no controls, no line breaks, no invisible or direction-changing characters,
    no surrogates.
    """
    text = text[:LONGEST_READ]
    if text.isascii() and text.isprintable():
        return _single_spaced(text)
    visible = "".join(map(_visible, text))
    legible = "".join(_fewer_marks(visible))
    return unicodedata.normalize("NFC", _single_spaced(legible))


def _single_spaced(text: str) -> str:
    return " ".join(text.split())


def _visible(char: str) -> str:
    """The character, or what stands in its place: a blank, nothing, or the sign for what cannot be
    shown.
    """
    category = unicodedata.category(char)
    if category == "Cc":
        return " "
    if category == "Cf":
        return char if char in _VISIBLE_FORMATS else ""
    if category == "Cs" or _is_no_character(ord(char)):
        return _UNKNOWN
    return char


def _is_no_character(code: int) -> bool:
    """Code points that Unicode keeps free of characters for good."""
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _fewer_marks(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        if unicodedata.category(char) in _MARKS:
            marks += 1
        else:
            marks = 0
        if marks <= MOST_MARKS:
            yield char


def graphemes(text: str) -> Iterator[str]:
    """What readers take for characters, after Unicode's UAX 29; an endless one is parted."""
    if _is_simple(text):
        yield from text
        return
    for cluster in _clusters(text):
        for start in range(0, len(cluster), LONGEST_CLUSTER):
            yield cluster[start : start + LONGEST_CLUSTER]


def _clusters(text: str) -> Iterator[str]:
    """As wcwidth parts them; in doubt two are kept together."""
    from wcwidth import iter_graphemes

    kept = ""
    for cluster in iter_graphemes(text):
        if kept and not _binds(kept, cluster):
            yield kept
            kept = ""
        kept += cluster
    yield kept


def _binds(before: str, after: str) -> bool:
    """Whether a sign after the last letter binds the next letter to it, whatever that last is."""
    if unicodedata.category(after[0]) != "Lo":
        return False
    signs = takewhile(_is_mark, reversed(before))
    return any(unicodedata.combining(sign) == _VIRAMA for sign in signs)


def _is_mark(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) in _MARKS


def _is_simple(text: str) -> bool:
    """Whether each code point is one character in one column: below the first combining mark."""
    return text.isascii() or max(text) < "\u0300"


Measure = Callable[[str], int]


def units(text: str) -> int:
    """UTF-16 code units: what a service in Java may count as characters; never fewer than code
    points.
    """
    if text.isascii():
        return len(text)
    return len(text) + sum(char > "\uffff" for char in text)


def columns(text: str) -> int:
    """Columns of a fixed-width font: East Asian characters and emoji take two, marks none.

    Measured grapheme by grapheme: `wcswidth` of a whole line of flags takes seconds.
    """
    if _is_simple(text):
        return len(text)
    return sum(map(_width, graphemes(text)))


@lru_cache(maxsize=4_096)
def _width(cluster: str) -> int:
    from wcwidth import wcswidth

    return max(0, wcswidth(cluster))  # -1 stands for controls


def room(text: str) -> int:
    """Columns, but never fewer than characters: bounds the bytes as well as the width of what is
    shown.
    """
    return max(columns(text), units(text))


def cut(text: str, limit: int, measure: Measure = room, mark: str = ELLIPSIS) -> str:
    """The text, or as many of its graphemes as fit before `mark` within `limit` of `measure`."""
    if measure(text) <= limit:
        return text
    if limit < measure(mark):
        return ""
    return _beginning(text, limit - measure(mark), measure).rstrip() + mark


def _beginning(text: str, limit: int, measure: Measure) -> str:
    """As many whole graphemes as fit."""
    left = limit
    kept: list[str] = []
    for cluster in graphemes(text):
        left -= measure(cluster)
        if left < 0:
            break
        kept.append(cluster)
    return "".join(kept)


def brief(text: str, limit: int) -> str:
    """One tidy line that takes at most `limit` of `room`."""
    return cut(tidy(text), limit)
