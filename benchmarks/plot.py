"""A picture of the table: for each comparison, how far it is from what is wanted, on a scale that doubles."""

from collections.abc import Iterable
from math import log2

import svg

from benchmarks.table import Row

_LEFT, _WIDTH, _LINE, _TOP = 520, 420, 20, 46
_REACH = 4
"""So many doublings to each side."""
_INK = {"met": "#1f7a4d", "missed": "#b3541e", "": "#6b7280"}


def picture(rows: Iterable[Row]) -> str:
    """Draw every comparison that has a wanted ratio: to the right is better than wanted."""
    drawn = [row for row in rows if row.wanted is not None]
    height = _TOP + _LINE * len(drawn) + 12
    middle = _LEFT + _WIDTH // 2
    elements: list[svg.Element] = [
        svg.Style(text="text { font: 12px sans-serif; fill: #1f2937 }"),
        svg.Text(
            x=16, y=18, text="how many times as good as wanted; the bar's end is the median, the line the quartiles"
        ),
        svg.Line(x1=middle, x2=middle, y1=_TOP - 10, y2=height - 8, stroke="#1f2937"),
        *_scale(middle, height),
    ]
    for number, row in enumerate(drawn):
        elements += _bar(row, _TOP + _LINE * number, middle)
    return str(
        svg.SVG(
            width=_LEFT + _WIDTH + 70,
            height=height,
            viewBox=svg.ViewBoxSpec(0, 0, _LEFT + _WIDTH + 70, height),
            elements=elements,
        )
    )


def _scale(middle: int, height: int) -> Iterable[svg.Element]:
    for doublings in range(-_REACH, _REACH + 1):
        x = _place(2.0**doublings, middle)
        yield svg.Line(x1=x, x2=x, y1=_TOP - 10, y2=height - 8, stroke="#e5e7eb")
        text = f"{2**doublings} x" if doublings >= 0 else f"1/{2**-doublings}"
        yield svg.Text(x=x, y=_TOP - 14, text=text, text_anchor="middle")


def _bar(row: Row, y: int, middle: int) -> Iterable[svg.Element]:
    assert row.wanted is not None
    low, end, high = (
        _place(row.wanted / ratio if row.at_most else ratio / row.wanted, middle)
        for ratio in (row.ratio.low, row.ratio.middle, row.ratio.high)
    )
    ink = _INK[row.verdict]
    yield svg.Text(
        x=_LEFT - 16, y=y + 13, text=f"{row.aim}  {_plain(row.what)} / {_plain(row.beside)}"[:92], text_anchor="end"
    )
    yield svg.Rect(x=min(middle, end), y=y + 3, width=max(abs(end - middle), 1), height=12, fill=ink)
    yield svg.Line(x1=low, x2=high, y1=y + 9, y2=y + 9, stroke="#1f2937")


def _plain(text: str) -> str:
    return text.replace("`", "")


def _place(times: float, middle: int) -> float:
    doublings = max(-_REACH, min(_REACH, log2(times)))
    return round(middle + doublings * _WIDTH / 2 / _REACH, 1)
