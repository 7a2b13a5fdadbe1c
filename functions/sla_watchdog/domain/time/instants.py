"""Instants (epoch seconds) of which some never come."""

from __future__ import annotations


def earliest(*instants: int | None) -> int | None:
    """The first of them; None stands for one that never comes."""
    coming = [at for at in instants if at is not None]
    return min(coming, default=None)
