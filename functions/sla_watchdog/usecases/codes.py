"""The codes of links: random, and short enough to be typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Of the codes: 32 signs, 5 bits each, none that is read as another."""

CODE_LENGTH = 16
"""80 random bits."""


def code_of(choice: Callable[[Sequence[str]], str]) -> str:
    """A code of signs that `choice` takes, each by chance."""
    return "".join(choice(ALPHABET) for _ in range(CODE_LENGTH))


def is_code(text: str) -> bool:
    return len(text) == CODE_LENGTH and not set(text).difference(ALPHABET)
