"""How far up audiences are: who hears of a case after whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise, product
from typing import TypeAlias

LadderAudiences: TypeAlias = Sequence[Sequence[str]]
"""Whom each level of one ladder tells, the lowest level first."""

Pairs: TypeAlias = frozenset[tuple[str, str]]
"""(who hears first, who hears next)."""


def ranks_of(
    audiences: Iterable[str], ladders: Iterable[LadderAudiences], ceilings: LadderAudiences
) -> Mapping[str, int]:
    """From 0, the nearest to a ticket. Whoever a ladder tells at a later level is above those of
    the levels before, and the audiences of the ceilings are above all of which no ladder says
    otherwise. Where two ladders contradict each other, neither counts.
    """
    agreed = _agreed((*ladders, ceilings))
    names = tuple(audiences)
    top = set(chain.from_iterable(ceilings))
    below = set(names).difference(_at_or_above(top, agreed))
    return _heights(names, agreed.union(product(below, top)))


def _agreed(ladders: Iterable[LadderAudiences]) -> Pairs:
    pairs = frozenset(chain.from_iterable(map(_pairs, ladders)))
    contradicted = frozenset((upper, lower) for lower, upper in pairs)
    return pairs - contradicted


def _pairs(ladder: LadderAudiences) -> Iterator[tuple[str, str]]:
    """Of the levels at which an audience is notified for the first time."""
    notified: set[str] = set()
    levels = []
    for level in ladder:
        new = [name for name in level if name not in notified]
        notified.update(new)
        if new:
            levels.append(new)
    for lower, upper in pairwise(levels):
        yield from product(lower, upper)


def _at_or_above(names: set[str], pairs: Pairs) -> set[str]:
    reached: set[str] = set()
    new = set(names)
    while new:
        reached |= new
        above = {upper for lower, upper in pairs if lower in new}
        new = above - reached
    return reached


def _heights(names: Sequence[str], pairs: Pairs) -> Mapping[str, int]:
    """The length of the longest way up to each; bounded, since several ladders may go round in a
    circle.
    """
    heights = dict.fromkeys(names, 0)
    ways = sorted(pairs)
    for _ in names:
        for lower, upper in ways:
            by_this_way = heights.get(lower, 0) + 1
            heights[upper] = max(heights.get(upper, 0), by_this_way)
    return heights
