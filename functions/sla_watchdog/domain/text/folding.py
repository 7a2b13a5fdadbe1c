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
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("^{}\\[~]|€")
"""Characters that an SMS in GSM-7 can hold (3GPP TS 23.038); each extended one takes two septets."""


def ascii_folded(text: str) -> str:
    """Accents dropped, signs spelled out, each run of what has no ASCII form a single `?`; layout
    is kept.
    """
    return "".join(_folded(text, str.isascii))


def gsm_folded(text: str) -> str:
    """As `ascii_folded`, for the letters that GSM-7 does not have."""
    return "".join(_folded(text, lambda char: char in GSM or char in GSM_EXTENDED))


def _folded(text: str, allowed: Callable[[str], bool]) -> Iterator[str]:
    lost = False
    for char in text:
        plain = char if allowed(char) else _plain(char, allowed)
        if plain:
            yield plain
            lost = False
        elif not lost and unicodedata.category(char) not in _UNSEEN:
            yield "?"
            lost = True


def _plain(char: str, allowed: Callable[[str], bool]) -> str:
    spelled = unicodedata.normalize("NFKD", char).translate(_SPELLED)
    return "".join(
        each for each in spelled if each.isascii() and each.isprintable() and allowed(each)
    ).strip()


def septets(text: str) -> int:
    """What a text in GSM-7 takes of the 160 in one SMS."""
    return len(text) + sum(char in GSM_EXTENDED for char in text)
