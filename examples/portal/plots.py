"""A form's scores, and its answers in numbers, as plots in SVG."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import svg
from attrs import frozen
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from digital_painschool import Axis, FormAnswers, Submission

_WIDTH, _HEIGHT = 480, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 16, 30
_INK, _LINE, _GRID, _ALERT = "#1f2933", "#0b5cad", "#c9d1d9", "#b3261e"


@frozen
class Plot:
    """A plot with its title. The page's table has the same numbers in words."""

    title: str
    drawing: SafeString


def plots(answers: FormAnswers) -> Iterator[Plot]:
    """Yield a plot of the scores, and one of each question that is answered by a number."""
    series: list[tuple[str, Sequence[float | None], Axis | None]] = [("Poäng", answers.scores, answers.score_axis)]
    series += [(one.question.text, one.values, one.axis) for one in answers.questions]
    for title, values, axis in series:
        if axis is not None and any(value is not None for value in values):
            yield Plot(title, _draw(title, values, axis, answers.submissions))


def _draw(title: str, values: Sequence[float | None], axis: Axis, submissions: Sequence[Submission]) -> SafeString:
    spread = (axis.highest - axis.lowest) or 1
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(values) - 1, 1)

    def height(value: float) -> float:
        return round(_HEIGHT - _BOTTOM - (value - axis.lowest) / spread * (_HEIGHT - _TOP - _BOTTOM), 1)

    places = [
        (round(_LEFT + index * step, 1), height(value)) for index, value in enumerate(values) if value is not None
    ]
    elements: list[svg.Element] = [svg.Title(text=svg.escape(f"{title} Diagram; talen står i tabellen."))]
    for value in (axis.lowest, axis.highest):
        elements += [_level(height(value), _GRID), _words(_LEFT - 6, height(value) + 4, f"{value:g}", "end")]
    if axis.alert_from is not None:
        elements += [
            _level(height(axis.alert_from), _ALERT, stroke_dasharray=[4, 3]),
            _words(_LEFT - 6, height(axis.alert_from) + 4, f"{axis.alert_from:g}", "end", _ALERT),
        ]
    points = cast("list[svg.Point]", [coordinate for place in places for coordinate in place])  # flat, as SVG has them
    elements.append(svg.Polyline(points=points, fill="none", stroke=_LINE, stroke_width=2))
    elements += [svg.Circle(cx=x, cy=y, r=4, fill=_LINE) for x, y in places]
    ends = {0: ("start", _LEFT), len(submissions) - 1: ("end", _WIDTH - _RIGHT)}
    for index, (anchor, x) in ends.items():
        day = date_format(localtime(submissions[index].saved_at), "j b Y")
        elements.append(_words(x, _HEIGHT - 8, day, anchor))
    size = svg.ViewBoxSpec(0, 0, _WIDTH, _HEIGHT)
    drawing = svg.SVG(viewBox=size, class_=["plot"], extra={"role": "img"}, elements=elements)
    return mark_safe(drawing.as_str())  # noqa: S308 - every text in it is escaped


def _level(y: float, colour: str, **look: Any) -> svg.Element:
    return svg.Line(x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, stroke=colour, **look)


def _words(x: float, y: float, words: str, anchor: str, colour: str = _INK) -> svg.Element:
    return svg.Text(x=x, y=y, text=svg.escape(words), text_anchor=anchor, font_size=12, fill=colour)  # type: ignore[arg-type]
