"""Bars for the page of a report, as SVG. What they show is said in words to who cannot see them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sla_watchdog.domain.clocks.attainment import Kept

INK, MET, BREACHED, GREY = "#1d1d1f", "#d4e4da", "#8f2d22", "#55606b"

WIDTH, HEIGHT, HEAD, FOOT = 480, 170, 20, 22
"""Of the chart of all weeks, in pixels; a phone makes it smaller. `HEAD` and `FOOT` are for numbers
and dates.
"""

SMALL_WIDTH, SMALL_HEIGHT, SMALL_STEP = 144, 24, 18


def weeks_chart(weeks: Sequence[Kept], names: Sequence[str]) -> str:
    """A bar a week: breached at the foot, met above it; the share kept on top, the date below."""
    highest = max(1, *(kept.decided for kept in weeks))
    step = WIDTH / len(weeks)
    parts: list[str] = []
    for place, (kept, name) in enumerate(zip(weeks, names, strict=True)):
        parts += _week(kept, name, place * step, step, highest)
    parts.append(f'<path d="M0 {HEIGHT - FOOT}.5H{WIDTH}" stroke="{INK}"/>')
    spoken = (f"{name}: {_spoken(kept)}" for kept, name in zip(weeks, names, strict=True))
    return _svg(WIDTH, HEIGHT, f"Targets kept by week. {'; '.join(spoken)}.", parts)


def _week(kept: Kept, name: str, left: float, step: float, highest: int) -> Iterator[str]:
    room, foot, middle = HEIGHT - HEAD - FOOT, HEIGHT - FOOT, left + step / 2
    breached, met = room * kept.breached / highest, room * kept.met / highest
    top = foot - breached - met
    yield from _bar(left + step * 0.14, top, step * 0.72, met, MET)
    yield from _bar(left + step * 0.14, foot - breached, step * 0.72, breached, BREACHED)
    yield _text(middle, top - 5, _percent(kept))
    yield _text(middle, HEIGHT - 6, name)


def small_chart(weeks: Sequence[Kept]) -> str:
    """A bar a week, its frame as high as 100 % kept; a dot where nothing was decided."""
    parts: list[str] = []
    for place, kept in enumerate(weeks):
        parts += _small_week(kept, place * SMALL_STEP + 2)
    shares = ", ".join(_share(kept) for kept in weeks)
    label = f"Percent kept, the oldest week first: {shares}."
    return _svg(SMALL_WIDTH, SMALL_HEIGHT, label, parts)


def _small_week(kept: Kept, left: int) -> Iterator[str]:
    if kept.percent is None:
        yield f'<circle cx="{left + 7}" cy="{SMALL_HEIGHT - 3}" r="1.5" fill="{INK}"/>'
        return
    height = (SMALL_HEIGHT - 2) * kept.percent / 100
    yield from _bar(left, 1, 14, SMALL_HEIGHT - 2, "none")
    yield from _bar(left, SMALL_HEIGHT - 1 - height, 14, height, GREY)


def _share(kept: Kept) -> str:
    return "none" if kept.percent is None else str(kept.percent)


def _percent(kept: Kept) -> str:
    if kept.percent is None:
        return "none"
    return f"{kept.percent} %"


def _spoken(kept: Kept) -> str:
    if kept.percent is None:
        return "nothing decided"
    return f"{kept.percent} % of {kept.decided:,}"


def _bar(left: float, top: float, width: float, height: float, fill: str) -> Iterator[str]:
    if height > 0:
        size = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
        yield f'<rect {size} fill="{fill}" stroke="{INK}" stroke-width=".5"/>'


def _text(middle: float, foot: float, text: str) -> str:
    place = f'x="{middle:.1f}" y="{foot:.1f}" text-anchor="middle"'
    return f'<text {place} font-size="14" fill="{INK}">{text}</text>'


def _svg(width: int, height: int, label: str, parts: Sequence[str]) -> str:
    size = f'viewBox="0 0 {width} {height}" width="{width}"'
    return f'<svg {size} role="img" aria-label="{label}">{"".join(parts)}</svg>'
