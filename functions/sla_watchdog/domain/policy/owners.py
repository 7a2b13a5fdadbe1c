"""Who may own a ticket: a person, and no word that stands for nobody (semantics B9).

Desks without an owner rarely leave the field empty: they write a queue, a dash, `NULL`, or letters
of which nobody knows any more whose they were.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sla_watchdog.domain.policy.model import Policy

WORDS_FOR_NOBODY = frozenset(
    {
        "-1",
        r"\n",
        "blank",
        "empty",
        "false",
        "n.a.",
        "n/a",
        "na",
        "nan",
        "nil",
        "no one",
        "no owner",
        "nobody",
        "none",
        "noone",
        "not assigned",
        "null",
        "pool",
        "tba",
        "tbd",
        "unassigned",
        "undefined",
        "unknown",
    }
)
"""Folded, and without brackets around them. What has no letter and no digit but 0 (`-`, `?`, `00`)
is none, either.
"""

MOST_INITIALS = 3

_BRACKETS = "()[]{}<>\"'"
_BETWEEN_INITIALS = re.compile(r"[.\s]+")


def owner_named(assignee: str, policy: Policy) -> str:
    """The assignee, if that is a person; else ''.

    With a roster whoever stands on it, without one whoever has a name: initials are none, and nor
    are words for nobody.
    """
    if not assignee:
        return ""
    name = folded(assignee)
    if name in policy.shared:
        return ""
    if policy.roster:
        return assignee if name in policy.roster else ""
    return "" if stands_for_nobody(assignee) or is_initials(assignee) else assignee


def folded(name: str) -> str:
    """As names are compared: trimmed, single spaces, case-folded."""
    return " ".join(name.split()).casefold()


@lru_cache(maxsize=4096)
def stands_for_nobody(text: str) -> bool:
    word = folded(text).strip(_BRACKETS).strip()
    if word in WORDS_FOR_NOBODY:
        return True
    return not any(map(str.isalnum, word.replace("0", "")))


@lru_cache(maxsize=4096)
def is_initials(text: str) -> bool:
    """`TM`, `T.M.`, `t m`: up to three letters, all capitals, or each by itself between dots or
    spaces.

    `Kim`, `Jo` and `lee` are names. So is what is written in letters that have no capitals.
    """
    parts = list(filter(None, _BETWEEN_INITIALS.split(text)))
    letters = "".join(parts)
    if not 1 <= len(letters) <= MOST_INITIALS:
        return False
    if not all(map(_has_capital, letters)):
        return False
    return letters.isupper() or all(len(part) == 1 for part in parts)


def _has_capital(letter: str) -> bool:
    return letter.isalpha() and letter.lower() != letter.upper()
