"""The charts of the report as SVG to be put into the page. They say the same in black and white: by
hatching and words.

The same numbers give the same text: no date, no random ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

from attrs import frozen

from sla_watchdog.tools.backtest.summary import TicketsByVerdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 7.6
"""Inches: what a printed page has between its margins."""

INK, FAINT = "#1d1d1f", "#8a8a8f"
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "hatch.linewidth": 0.6,
}


@frozen
class Look:
    """How one verdict is drawn."""

    name: str
    colour: str
    hatch: str = ""


LOOKS = (
    Look("met", "#d4e4da"),
    Look("breached", "#8f2d22"),
    Look("running", "#f2f2f2", "////"),
    Look("paused", "#f2f2f2", "...."),
)


def attainment_chart(rows: Sequence[TicketsByVerdict], title: str) -> str:
    """One bar for each policy and clock, split by verdict."""
    figure, (axes,) = _panels(1, 0.9 + 0.42 * len(rows))
    left = [0.0] * len(rows)
    for look in LOOKS:
        shares = [100 * getattr(row, look.name) / max(1, _all(row)) for row in rows]
        axes.barh(
            range(len(rows)),
            shares,
            left=left,
            color=look.colour,
            hatch=look.hatch,
            **_EDGE,
            label=look.name,
        )
        left = [start + share for start, share in zip(left, shares, strict=True)]
    for place, row in enumerate(rows):
        axes.text(101, place, _kept(row), va="center", color=INK)
    names = [f"{row.policy}, {row.clock.replace('_', ' ')}" for row in rows]
    quarters = range(0, 101, 25)
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xticks(quarters, [f"{share} %" for share in quarters])
    axes.tick_params(length=0)
    figure.legend(loc="outside upper left", ncols=len(LOOKS), frameon=False, borderaxespad=0.2)
    return _svg(figure, title)


_EDGE: dict[str, Any] = {"edgecolor": INK, "linewidth": 0.5, "height": 0.62}


def _all(row: TicketsByVerdict) -> int:
    return row.met + row.breached + row.running + row.paused


def _kept(row: TicketsByVerdict) -> str:
    if row.is_only_not_judged:
        return "not judged"
    if row.kept is None:
        return ""
    return f"{row.kept:.1f} % of {row.met + row.breached:,}"


def load_chart(
    days: Sequence[str],
    load: Mapping[str, Mapping[str, int]],
    before: Mapping[str, Mapping[str, int]],
    title: str,
) -> str:
    """Messages to each audience by day, or by week where the days are many; `before` as an outline
    beside them.
    """
    names = sorted(
        {*load, *before},
        key=lambda name: -sum({**before.get(name, {}), **load.get(name, {})}.values()),
    )
    bins = _bins(days)
    figure, panels = _panels(len(names), 0.5 + 0.85 * len(names))
    for name, axes in zip(names, panels, strict=True):
        now, then = _binned(load.get(name, {}), bins), _binned(before.get(name, {}), bins)
        places = range(len(bins))
        axes.bar(places, now, width=0.8, color="#55606b", linewidth=0)
        if before:
            axes.step(places, then, where="mid", **_OUTLINE)
        _scale(axes, max([*now, *then]), len(bins))
        axes.set_title(name, loc="left", fontsize=9, fontweight="bold", pad=3)
    _dates(panels[-1], bins)
    return _svg(figure, title)


_OUTLINE: dict[str, Any] = {"color": INK, "linewidth": 0.9, "linestyle": (0, (3, 1.5))}


def unit(days: Sequence[str]) -> str:
    return "day" if len(days) <= MOST_BARS else "week"


MOST_BARS = 92


def _bins(days: Sequence[str]) -> list[Sequence[str]]:
    step = 1 if unit(days) == "day" else 7
    return [days[start : start + step] for start in range(0, len(days), step)]


def _binned(counts: Mapping[str, int], bins: Iterable[Sequence[str]]) -> list[int]:
    return [sum(counts.get(day, 0) for day in days) for days in bins]


def _scale(axes: Axes, top: int, count: int) -> None:
    highest = max(top, 1)
    axes.set_ylim(0, highest * 1.1)
    axes.set_yticks([0, highest], ["0", f"{top:,}"])
    axes.set_xlim(-0.7, count - 0.3)
    axes.tick_params(length=0)
    axes.set_xticks([])


def _dates(axes: Axes, bins: Sequence[Sequence[str]]) -> None:
    """About eight dates along the foot."""
    every = max(1, -(-len(bins) // 8))
    places = range(0, len(bins), every)
    axes.set_xticks(places, [_short(bins[place][0]) for place in places])


def _short(day: str) -> str:
    on = date.fromisoformat(day)
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year % 100:02}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


# ------------------------------------------------------------------ drawing


def _panels(count: int, height: float) -> tuple[Figure, list[Axes]]:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        panels = [figure.add_subplot(count, 1, place + 1) for place in range(count)]
    for axes in panels:
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(FAINT)
        axes.patch.set_visible(False)
    figure.patch.set_visible(False)
    return figure, panels


def _svg(figure: Figure, title: str) -> str:
    """Without the prolog, which has no place inside a page; `title` is read out instead of the
    drawing.
    """
    import matplotlib as mpl

    text = StringIO()
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": title}):
        figure.savefig(
            text,
            format="svg",
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    _, start, body = text.getvalue().partition("<svg")
    drawing = re.sub(r"<metadata>.*?</metadata>", "", start + body, flags=re.DOTALL)
    return drawing.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)
