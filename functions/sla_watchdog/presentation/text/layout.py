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
        if line and columns(indent + line + " " + word) > width:
            lines.append(indent + line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [each.replace(_GLUE, " ") for each in ([*lines, indent + line] if line else lines)]


def _words(text: str, width: int) -> Iterator[str]:
    for word in filter(None, text.split(" ")):
        part = ""
        for cluster in graphemes(word) if columns(word) > width else (word,):
            if part and columns(part + cluster) > width:
                yield part
                part = ""
            part += cluster
        yield part


def padded(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def paragraphs(blocks: Iterable[Iterable[str]]) -> str:
    """The blocks that say something, a blank line between them."""
    return "\n\n".join(block for block in ("\n".join(lines) for lines in blocks) if block) + "\n"
