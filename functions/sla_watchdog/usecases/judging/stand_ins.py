"""Names that stand in for a ticket: of a record without a readable id, and of findings."""

from __future__ import annotations

import re

NAMELESS = "?"
"""First character of the case of a record whose id cannot be read, and of the other stand-ins."""

_STAND_IN = re.compile(r"\?(?:[0-9a-f]{12}|replier|stream)")


def is_stand_in(name: str) -> bool:
    """Whether no record can be read by this name. A desk's own id may begin with `?` as well."""
    return _STAND_IN.fullmatch(name) is not None
