"""Text for readers that know few letters: ASCII alone, and the alphabet of an SMS (GSM-7)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

_UNSEEN = frozenset({"Mn", "Me", "Mc", "Cf"})
"""Categories that leave no gap when they go."""

_SPELLED = str.maketrans(
    {
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ß": "ss",
        "ẞ": "SS",
        "þ": "th",
        "Þ": "Th",
        **dict(zip("đĐðÐłŁħĦı", "dDdDlLhHi", strict=True)),
        "…": "...",
        "€": "EUR",
        "£": "GBP",
        "×": "x",
        "°": "deg",
        "©": "(c)",
        "®": "(R)",
        **dict.fromkeys("⁄∕", "/"),
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("–—―−‐‑‒", "-"),
        **dict.fromkeys("•·", "*"),
    }
)

GSM = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("^{}\\[~]|€")
"""What an SMS in GSM-7 can hold (3GPP TS 23.038); each extended character takes two septets."""


Allowed = Callable[[str], bool]
"""Whether the reader knows this letter."""


def ascii_folded(text: str) -> str:
    """Accents dropped, signs spelled out, each run of what has no ASCII form a single `?`; layout
    is kept.
    """
    return "".join(_folded(text, str.isascii))


def gsm_folded(text: str) -> str:
    """As `ascii_folded`, for the letters that GSM-7 does not have."""
    return "".join(_folded(text, _is_gsm))


def _is_gsm(char: str) -> bool:
    return char in GSM or char in GSM_EXTENDED


def _folded(text: str, is_allowed: Allowed) -> Iterator[str]:
    in_lost_run = False
    for char in text:
        plain = _plain(char, is_allowed)
        if plain:
            yield plain
            in_lost_run = False
        elif not in_lost_run and unicodedata.category(char) not in _UNSEEN:
            yield "?"
            in_lost_run = True


def _plain(char: str, is_allowed: Allowed) -> str:
    """The letter, or how it is spelled in letters that are allowed; '' where it cannot be."""
    if is_allowed(char):
        return char
    spelled = unicodedata.normalize("NFKD", char).translate(_SPELLED)
    return "".join(part for part in spelled if _is_printable(part) and is_allowed(part)).strip()


def _is_printable(char: str) -> bool:
    return char.isascii() and char.isprintable()


def septets(text: str) -> int:
    """What a text in GSM-7 takes of the 160 in one SMS."""
    return len(text) + sum(char in GSM_EXTENDED for char in text)
