"""What is wrong with a policy file: where, what, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from attrs import frozen

from sla_watchdog.errors import SlaWatchdogError


@frozen(order=True)
class Place:
    """Line and column count from 1, as editors do; `width` characters are meant; 0: the whole
    file.
    """

    line: int
    column: int
    width: int = 1


@frozen
class Problem:
    """`path` names the field (`policies[0].targets.resolution`); a warning does not refuse the
    file.
    """

    place: Place
    path: str
    message: str
    hint: str = ""
    warning: bool = False


@frozen
class PolicyErrors(SlaWatchdogError):  # noqa: N818 - always all of them
    """A policy file that cannot be used. All its problems, in the order of their lines."""

    file: str
    text: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "\n".join(
            f"{self.file}:{p.place.line}:{p.place.column}: {p.message}" for p in self.problems
        )


@frozen
class Wrong(ValueError):  # noqa: N818 - not raised beyond this package; its name is what is wrong
    """One value that does not say what it should; whoever reads it knows the place."""

    message: str
    hint: str = ""


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that was probably meant, whatever its case; `cutoff` is how like it must be,
    up to 1.
    """
    by_fold = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), by_fold, n=1, cutoff=cutoff)
    return by_fold[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint: the nearest of the known words, or all of them."""
    known = tuple(known)
    guess = nearest(word, known)
    if guess is not None:
        return f'did you mean "{guess}"?'
    return f"known: {listed(known)}" if known else ""


def listed(words: Iterable[str]) -> str:
    """`a, b, c`, cut after a dozen."""
    words = tuple(words)
    return ", ".join(words[:12]) + (", …" if len(words) > 12 else "")
