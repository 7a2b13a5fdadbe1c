"""Any Unicode text, made fit to be shown on one line, measured, and cut where readers expect it.

What people typed may hold anything: control characters, direction overrides, lone surrogates, a
hundred accents on one letter. Nothing here ever fails on it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from itertools import takewhile

LONGEST_READ = 2_000
"""Code points of one value that are looked at; no field is ever shown that long."""

MOST_MARKS = 8
"""Combining marks kept on one letter; no living script needs more."""

LONGEST_CLUSTER = 16
"""Code points that are never parted; the longest emoji in use has ten."""

ELLIPSIS = "…"

_JOINER, _NON_JOINER = "\u200d", "\u200c"
_UNKNOWN = "\ufffd"
_NUMBER_SIGNS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
_PREPENDED = _NUMBER_SIGNS | frozenset(
    "\u0d4e\U000111c2\U000111c3\U0001193f\U00011941\U00011a3a\U00011a84\U00011a85\U00011a86\U00011a87\U00011a88"
    "\U00011a89\U00011d46\U00011f02"
)
"""Signs that belong to the character after them."""

_VISIBLE_FORMATS = _NUMBER_SIGNS | {_JOINER, _NON_JOINER}
_MARKS = frozenset({"Mn", "Me", "Mc"})
_VIRAMA = 9
"""The combining class of the signs that bind one Indic consonant to the next."""


def tidy(text: str) -> str:
    """One line in NFC: no controls, no line breaks, no invisible or direction-changing characters,
    no surrogates.
    """
    text = text[:LONGEST_READ]
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    shown = "".join(map(_shown, text))
    return unicodedata.normalize("NFC", " ".join("".join(_fewer_marks(shown)).split()))


def _shown(char: str) -> str:
    """The character, or what stands in its place: a blank, nothing, or the sign for what cannot be
    shown.
    """
    category = unicodedata.category(char)
    if category == "Cc":
        return " "
    if category == "Cf":
        return char if char in _VISIBLE_FORMATS else ""
    if category == "Cs" or ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF:
        return _UNKNOWN
    return char


def _fewer_marks(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in _MARKS else 0
        if marks <= MOST_MARKS:
            yield char


def graphemes(text: str) -> Iterator[str]:
    """What readers take for characters, after Unicode's UAX 29; in doubt two are kept together."""
    if text.isascii():
        yield from text
        return
    cluster = ""
    for char in text:
        if cluster and not _belongs(char, cluster):
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster


def _belongs(char: str, cluster: str) -> bool:
    last = cluster[-1]
    if len(cluster) >= LONGEST_CLUSTER:
        return False
    if _extends(char) or last in _PREPENDED:
        return True
    if _is_regional(char):
        return _is_regional(last) and sum(map(_is_regional, cluster)) == 1
    if last == _JOINER and _is_pictograph(char):
        return True
    return _binds(cluster, char) or _same_syllable(last, char)


def _extends(char: str) -> bool:
    if unicodedata.category(char) in _MARKS or char in (_JOINER, _NON_JOINER):
        return True
    return 0x1F3FB <= ord(char) <= 0x1F3FF or char in "\uff9e\uff9f\u0e33\u0eb3"


def _is_regional(char: str) -> bool:
    """Half of a flag."""
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _is_pictograph(char: str) -> bool:
    return unicodedata.category(char) == "So" or 0x1F000 <= ord(char) <= 0x1FAFF


def _binds(cluster: str, char: str) -> bool:
    """Whether a sign after the last letter binds the next letter to it."""
    signs = takewhile(_extends, reversed(cluster))
    return unicodedata.category(char) == "Lo" and any(
        unicodedata.combining(sign) == _VIRAMA for sign in signs
    )


def _same_syllable(last: str, char: str) -> bool:
    """Hangul written in letters: a leading consonant, vowels, final consonants."""
    before, after = _jamo(last), _jamo(char)
    return (before == "L" and after in ("L", "V", "S")) or (
        before in ("V", "T", "S") and after in ("V", "T")
    )


def _jamo(char: str) -> str:
    code = ord(char)
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    return "S" if 0xAC00 <= code <= 0xD7A3 else ""


Measure = Callable[[str], int]


def units(text: str) -> int:
    """UTF-16 code units: what a service in Java may count as characters; never fewer than code
    points.
    """
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def columns(text: str) -> int:
    """Columns of a fixed-width font, at most: East Asian characters and emoji take two, marks none."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def room(text: str) -> int:
    """Columns, but never fewer than characters: bounds the bytes as well as the width of what is
    shown.
    """
    return max(columns(text), units(text))


def cut(text: str, limit: int, measure: Measure = room, mark: str = ELLIPSIS) -> str:
    """The text, or as many of its graphemes as fit before `mark` within `limit` of `measure`."""
    if measure(text) <= limit:
        return text
    left = limit - measure(mark)
    kept: list[str] = []
    for cluster in graphemes(text):
        left -= measure(cluster)
        if left < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + mark if limit >= measure(mark) else ""


def brief(text: str, limit: int) -> str:
    return cut(tidy(text), limit)
