"""Bars for the page of a report, as SVG. What they show is said in words to who cannot see them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sla_watchdog.domain.clocks.attainment import Kept

INK, MET, BREACHED = "#1d1d1f", "#d4e4da", "#8f2d22"

WIDTH, HEIGHT, HEAD, FOOT = 480, 170, 20, 22
"""Of the chart of all weeks, in pixels; a phone makes it smaller. `HEAD` and `FOOT` are for numbers
and dates.
"""

SMALL_WIDTH, SMALL_HEIGHT, SMALL_STEP = 144, 24, 18


def weeks_chart(weeks: Sequence[Kept], names: Sequence[str]) -> str:
    """A bar a week: breached at the foot, met above it; the share kept on top, the date below."""
    highest = max(1, *(kept.decided for kept in weeks))
    step, room = WIDTH / len(weeks), HEIGHT - HEAD - FOOT
    parts: list[str] = []
    for place, (kept, name) in enumerate(zip(weeks, names, strict=True)):
        left, middle = place * step + step * 0.14, (place + 0.5) * step
        breached, met = room * kept.breached / highest, room * kept.met / highest
        foot = HEIGHT - FOOT
        parts += _bar(left, foot - breached - met, step * 0.72, met, MET)
        parts += _bar(left, foot - breached, step * 0.72, breached, BREACHED)
        parts.append(_text(middle, foot - breached - met - 5, _percent(kept)))
        parts.append(_text(middle, HEIGHT - 6, name))
    parts.append(f'<path d="M0 {HEIGHT - FOOT}.5H{WIDTH}" stroke="{INK}"/>')
    notified = "; ".join(
        f"{name}: {_spoken(kept)}" for kept, name in zip(weeks, names, strict=True)
    )
    return _svg(WIDTH, HEIGHT, f"Targets kept by week. {notified}.", parts)


def small_chart(weeks: Sequence[Kept]) -> str:
    """The share kept as a bar a week, in a frame as high as all; a dot where nothing was decided."""
    parts: list[str] = []
    for place, kept in enumerate(weeks):
        left = place * SMALL_STEP + 2
        if kept.percent is None:
            parts.append(f'<circle cx="{left + 7}" cy="{SMALL_HEIGHT - 3}" r="1.5" fill="{INK}"/>')
            continue
        height = (SMALL_HEIGHT - 2) * kept.percent / 100
        parts += _bar(left, 1, 14, SMALL_HEIGHT - 2, "none")
        parts += _bar(left, SMALL_HEIGHT - 1 - height, 14, height, "#55606b")
    notified = ", ".join("none" if kept.percent is None else f"{kept.percent}" for kept in weeks)
    return _svg(
        SMALL_WIDTH, SMALL_HEIGHT, f"Percent kept, the oldest week first: {notified}.", parts
    )


def _percent(kept: Kept) -> str:
    return "none" if kept.percent is None else f"{kept.percent} %"


def _spoken(kept: Kept) -> str:
    return "nothing decided" if kept.percent is None else f"{kept.percent} % of {kept.decided:,}"


def _bar(left: float, top: float, width: float, height: float, fill: str) -> Iterator[str]:
    if height > 0:
        size = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
        yield f'<rect {size} fill="{fill}" stroke="{INK}" stroke-width=".5"/>'


def _text(middle: float, foot: float, text: str) -> str:
    return f'<text x="{middle:.1f}" y="{foot:.1f}" text-anchor="middle" font-size="14" fill="{INK}">{text}</text>'


def _svg(width: int, height: int, label: str, parts: Sequence[str]) -> str:
    inside = "".join(parts)
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{label}">{inside}</svg>'
