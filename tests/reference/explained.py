"""Differences that stand, each with the point of the semantics that allows it. Nothing else may
differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reference.comparing import Difference


def unexplained(differ: Iterable[Difference]) -> Iterator[Difference]:
    return (difference for difference in differ if not nothing_ran(difference))


def nothing_ran(difference: Difference) -> bool:
    """A row that only one has, of a clock that ended without ever having run: born closed, or an
    answer after the end. C4 says that such a thing is recorded, not as what; it decides nothing.
    """
    row = difference.model or difference.engine
    only_one = difference.model is None or difference.engine is None
    nothing = ("met", "0", "0")
    return (
        only_one
        and row is not None
        and (row["verdict"], row["business_seconds"], row["paused_seconds"]) == nothing
    )
