"""Charts as inline SVG: bars whose lengths are shares of the width, so that their texts stay readable on a
phone.

A bar has parts; each part has a class of its own, drawn plain, hatched or hollow, so that colour alone
says nothing.
Figures are below in the table; a chart is for the eye and has its sentence for those who hear it.
"""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

ROW: Final = 34
COLUMN_HEIGHT: Final = 190
COLUMNS_LEAST: Final = 12


class Part(NamedTuple):
    """One part of a bar, in the smallest unit, and how it is drawn."""

    minor: int
    kind: str


class Bar(NamedTuple):
    """A bar: what it stands for, its parts from the axis outwards, and its figure in words."""

    label: str
    parts: tuple[Part, ...]
    figure: str


def rows(bars: Sequence[Bar], title: str) -> str:
    """Return bars that lie one below the other, each with its label and figure above it; negative ones to
    the left."""
    least, most = _reach(bars)
    span = most - least or 1
    zero = _share(-least, span)
    drawn = []
    for number, bar in enumerate(bars):
        top = number * ROW
        drawn.append(f'<text class="label" x="0" y="{top + 13}">{escape(bar.label)}</text>')
        drawn.append(
            f'<text class="figure" x="100%" y="{top + 13}" text-anchor="end">{escape(bar.figure)}</text>'
        )
        at = {True: zero, False: zero}
        for part in bar.parts:
            width = _share(abs(part.minor), span)
            start = at[part.minor < 0] - (width if part.minor < 0 else 0)
            at[part.minor < 0] += -width if part.minor < 0 else width
            drawn.append(
                f'<rect class="{part.kind}" x="{_percent(start)}" y="{top + 19}" '
                f'width="{_percent(width)}" height="9"/>'
            )
    if least < 0:
        drawn.append(
            f'<line class="axis" x1="{_percent(zero)}" x2="{_percent(zero)}" y1="0" y2="{len(bars) * ROW}"/>'
        )
    return _svg(len(bars) * ROW, title, drawn)


def columns(bars: Sequence[Bar], title: str) -> str:
    """Return bars that stand side by side, as months do; only as many labels as there is room for."""
    least, most = _reach(bars)
    span = most - least or 1
    step = 10_000 // max(COLUMNS_LEAST, len(bars))
    every = -(-len(bars) // 6)
    base = 18 + (COLUMN_HEIGHT - 40) * most // span
    drawn = []
    for number, bar in enumerate(bars):
        up = down = base
        for part in bar.parts:
            height = (COLUMN_HEIGHT - 40) * abs(part.minor) // span
            up -= height if part.minor >= 0 else 0
            top = up if part.minor >= 0 else down
            down += 0 if part.minor >= 0 else height
            drawn.append(
                f'<rect class="{part.kind}" x="{_percent(number * step + step // 10)}" y="{top}" '
                f'width="{_percent(step * 8 // 10)}" height="{height}">'
                f"<title>{escape(f'{bar.label}: {bar.figure}')}</title></rect>"
            )
        if number % every == 0:
            at = _percent(number * step + step // 10)
            drawn.append(f'<text class="label" x="{at}" y="{COLUMN_HEIGHT - 5}">{escape(bar.label)}</text>')
    drawn.append(f'<line class="axis" x1="0" x2="100%" y1="{base}" y2="{base}"/>')
    highest = max(bars, key=lambda bar: sum(part.minor for part in bar.parts))
    drawn.append(f'<text class="figure" x="0" y="11">{escape(f"{highest.label}: {highest.figure}")}</text>')
    return _svg(COLUMN_HEIGHT, title, drawn)


def _reach(bars: Sequence[Bar]) -> tuple[int, int]:
    """Return how far bars reach below and above zero."""
    below = min((sum(part.minor for part in bar.parts if part.minor < 0) for bar in bars), default=0)
    above = max((sum(part.minor for part in bar.parts if part.minor > 0) for bar in bars), default=0)
    return min(below, 0), max(above, 0)


def _share(minor: int, span: int) -> int:
    return 10_000 * minor // span


def _percent(share: int) -> str:
    """Return hundredths of a percent as SVG writes it."""
    return f"{share // 100}.{share % 100:02d}%"


def _svg(height: int, title: str, drawn: Sequence[str]) -> str:
    return (
        f'<svg role="img" aria-label="{escape(title, quote=True)}" width="100%" height="{height}">'
        f"{''.join(drawn)}</svg>"
    )
