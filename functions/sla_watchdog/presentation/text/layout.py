"""Plain text for a mail client that shows 72 columns of one font, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sla_watchdog.domain.text.display import columns, graphemes

WIDTH = 72

_GLUE = "\u00a0"


def whole(text: str) -> str:
    """The text as one word to `wrapped`: a time or a duration is not torn apart."""
    return text.replace(" ", _GLUE)


def wrapped(text: str, width: int = WIDTH, indent: str = "") -> list[str]:
    """Lines of at most `width` columns, broken at blanks; a longer word is parted between
    graphemes.
    """
    lines: list[str] = []
    line = ""
    for word in _words(text, width - columns(indent)):
        if not line:
            line = word
        elif columns(f"{indent}{line} {word}") <= width:
            line = f"{line} {word}"
        else:
            lines.append(line)
            line = word
    if line:
        lines.append(line)
    return [(indent + line).replace(_GLUE, " ") for line in lines]


def _words(text: str, width: int) -> Iterator[str]:
    for word in filter(None, text.split(" ")):
        if columns(word) <= width:
            yield word
        else:
            yield from _parted(word, width)


def _parted(word: str, width: int) -> Iterator[str]:
    part = ""
    for cluster in graphemes(word):
        if part and columns(part + cluster) > width:
            yield part
            part = ""
        part += cluster
    yield part


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def padded(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def commas(*parts: str) -> str:
    """Those that say something, with a comma between."""
    return ", ".join(filter(None, parts))


def sentences(*parts: str) -> str:
    """Those that say something, with a blank between."""
    return " ".join(filter(None, parts))


def paragraphs(blocks: Iterable[Iterable[str]]) -> str:
    """The blocks that say something, a blank line between them."""
    texts = ("\n".join(lines) for lines in blocks)
    return "\n\n".join(filter(None, texts)) + "\n"
