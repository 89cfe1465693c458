"""The small drawing on each card: promised, told and expected on one scale, and now.

Everything is a number between 0 and `WIDTH`, drawn as SVG attributes: the pages allow no
inline style.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.windows import Expectation, Window

WIDTH = 200
_ROW = 14
_HEIGHT = 8
_MARGIN = timedelta(minutes=20)
_LEAST_SPAN = timedelta(hours=3)
_NARROWEST = 3.0


@dataclass(frozen=True, slots=True)
class Strip:
    """One window, drawn. `kind` is promised, told, expected or unknown: the style sheet's."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """The strips from top to bottom, and where now is (None: off the scale)."""

    strips: tuple[Strip, ...]
    now_x: float | None
    height: float


def draw(
    rows: list[tuple[str, Expectation | None]],
    *,
    fallback: Expectation | None,
    now: datetime,
    scale: Window | None = None,
) -> Drawing | None:
    """Return the drawing of `rows` (kind, window), or None where there is nothing to draw.

    An unknown time is a strip over the whole scale; what is off has none.
    :param fallback: gives the scale where no row has a window.
    :param scale: what the drawing must span, so that several share one scale.
    """
    windows = [said for _, said in rows if isinstance(said, Window)]
    if not windows and isinstance(fallback, Window):
        windows = [fallback]
    if not windows:
        return None
    if scale is not None:
        windows.append(scale)
    start = min(window.start for window in windows) - _MARGIN
    end = max(window.end for window in windows) + _MARGIN
    if end - start < _LEAST_SPAN:
        middle = start + (end - start) / 2
        start, end = middle - _LEAST_SPAN / 2, middle + _LEAST_SPAN / 2
    span = (end - start).total_seconds()

    def place(moment: datetime) -> float:
        return round((moment - start).total_seconds() / span * WIDTH, 1)

    strips = []
    for number, (kind, said) in enumerate(rows):
        y = number * _ROW + (_ROW - _HEIGHT) / 2
        if isinstance(said, Window):
            x = place(said.start)
            width = max(place(said.end) - x, _NARROWEST)
            strips.append(Strip(kind, x, y, width, _HEIGHT))
        elif said == "unknown":
            strips.append(Strip("unknown", 0, y, WIDTH, _HEIGHT))
    now_x = place(now) if start <= now <= end else None
    return Drawing(tuple(strips), now_x, float(_ROW * len(rows)))
