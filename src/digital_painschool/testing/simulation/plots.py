"""Two plots in SVG: what went on day by day, and how long things waited. Needs `svg.py`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

import svg

from digital_painschool.testing.simulation.figures import quantile
from digital_painschool.testing.simulation.running import Outcome

_WIDTH, _HEIGHT = 800, 560
_LEFT, _RIGHT = 64, 780
_BLUE, _ORANGE, _GREEN, _GREY, _INK = "#0072B2", "#D55E00", "#009E73", "#B8B8B8", "#222222"
"""Colours that those tell apart who do not see all of them (Okabe and Ito)."""
_WEEK = 7
_ROOM_FOR_A_LABEL = 0.97
"""Behind this part of an axis a month would be cut off."""
_Points = Sequence[tuple[float, float]]


class _Panel:
    """A part of a plot with axes of its own, from `top` to `bottom`; x runs from 0 to `across`, y from 0 to `up`."""

    def __init__(self, top: int, bottom: int, across: float, up: float, title: str) -> None:
        self.top, self.bottom, self.across, self.up = top, bottom, max(across, 1.0), max(up, 1.0)
        self.parts: list[svg.Element] = [_text(_LEFT, top - 12, title, weight="bold")]

    def x(self, value: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * value / self.across, 1)

    def y(self, value: float) -> float:
        return round(self.bottom - (self.bottom - self.top) * value / self.up, 1)

    def frame(self, ticks: Iterable[tuple[float, str]]) -> None:
        """Draw the axes, with lines at round values of y and the given ticks of x."""
        step = _round_step(self.up)
        for n in range(int(self.up / step) + 1):
            y = self.y(n * step)
            self.parts.append(svg.Line(x1=_LEFT, x2=_RIGHT, y1=y, y2=y, stroke="#E4E4E4", stroke_width=1))
            self.parts.append(_text(_LEFT - 6, y + 4, f"{n * step:,.0f}".replace(",", " "), anchor="end"))
        for value, words in ticks:
            x = self.x(value)
            self.parts.append(svg.Line(x1=x, x2=x, y1=self.bottom, y2=self.bottom + 5, stroke=_INK, stroke_width=1))
            self.parts.append(_text(x, self.bottom + 18, words, anchor="middle"))
        self.parts.append(svg.Line(x1=_LEFT, x2=_RIGHT, y1=self.bottom, y2=self.bottom, stroke=_INK, stroke_width=1))

    def band(self, low: float, high: float) -> None:
        """Shade the time between two values of x."""
        x = self.x(low)
        width = max(2.0, self.x(high) - x)
        height = self.bottom - self.top
        self.parts.append(svg.Rect(x=x, y=self.top, width=width, height=height, fill=_GREY, fill_opacity=0.55))

    def line(self, points: _Points, colour: str, *, dashed: bool = False, faint: bool = False) -> None:
        """Draw a line through points."""
        where: list[float] = [place for x, y in points for place in (self.x(x), self.y(y))]
        self.parts.append(
            svg.Polyline(
                points=where,  # type: ignore[arg-type]
                fill="none",
                stroke=colour,
                stroke_width=0.7 if faint else 2,
                stroke_opacity=0.3 if faint else 1,
                stroke_dasharray=[6, 4] if dashed else None,
            )
        )

    def bar(self, low: float, high: float, value: float, colour: str) -> None:
        """Draw a bar from one x to another."""
        y = self.y(value)
        width = max(0.5, self.x(high) - self.x(low) - 0.5)
        self.parts.append(svg.Rect(x=self.x(low), y=y, width=width, height=round(self.bottom - y, 1), fill=colour))


def activity(outcome: Outcome) -> str:
    """Draw what went on day by day: steps above, notifications to patients below; disturbed days are shaded."""
    region, by_day = outcome.region, outcome.figures.by_day
    days = max(1, (region.end - region.start).days)
    rows = {
        what: [float(by_day[what, n]) for n in range(days)] for what in ("patients", "staff", "collected", "direct")
    }
    means = {what: _mean(row) for what, row in rows.items()}
    ticks = _months(region.begins, days)
    panels = []
    for top, bottom, pair, title in (
        (84, 270, ("patients", "staff"), "Steps a day (mean of a week; faint: each day)"),
        (344, 500, ("collected", "direct"), "Notices that came to patients a day (mean of a week; faint: each day)"),
    ):
        panel = _Panel(top, bottom, days, max(max(rows[what]) for what in pair) * 1.05, title)
        for n in range(days):
            if region.away(region.begins + timedelta(days=n)):
                panel.band(n, n + 1)
        for began, until in region.outages:
            low, high = ((at - region.start).total_seconds() / 86_400 for at in (began, until))
            if high - low > 0.25 and low < days:
                panel.band(low, min(high, days))
        panel.frame(ticks)
        for what, colour, dashed in zip(pair, (_BLUE, _ORANGE), (False, True), strict=True):
            daily = [(n + 0.5, value) for n, value in enumerate(rows[what])]
            panel.line(daily, colour, faint=True)
            panel.line([(n + 0.5, value) for n, value in enumerate(means[what])], colour, dashed=dashed)
        panel.parts += _legend(top - 16, ((pair[0], _BLUE, False), (pair[1], _ORANGE, True)))
        panels.append(panel)
    note = _text(_LEFT, 548, "Shaded: no delivery worker that day, or the inbox down for more than six hours.")
    return _drawing(outcome, "What went on in the region", panels, note)


def waiting(outcome: Outcome) -> str:
    """Draw how long things waited: collected notifications after their message, and patients with flags."""
    figures = outcome.figures
    late: Counter[int] = Counter()
    for quarters, number in figures.lateness.items():
        late[min(quarters // 4, 48)] += number
    above = _Panel(
        84,
        270,
        49,
        max(late.values(), default=0) * 1.15,
        "Collected notifications: how many came after how long",
    )
    above.frame([(hour, f"{hour} h" if hour < 48 else "48+ h") for hour in (0, 6, 12, 18, 24, 30, 36, 42, 48)])
    for hour, number in sorted(late.items()):
        above.bar(hour, hour + 1, number, _BLUE if hour < 25 else _ORANGE)
    above.parts += _legend(68, (("within 25 hours", _BLUE, False), ("after a missed run", _ORANGE, False)))

    days = max(1, (outcome.region.end - outcome.region.start).days)
    rows: dict[float, list[tuple[float, float]]] = {0.5: [], 0.9: [], 1.0: []}
    for week in range(days // _WEEK):
        ages = Counter({days: number for (of, days), number in figures.waiting.items() if of == week})
        for share, row in rows.items():
            row.append((week * _WEEK + 2, float(quantile(ages, share) or 0)))
    highest = max((value for _, value in rows[1.0]), default=0)
    below = _Panel(344, 500, days, highest * 1.15, "Days unread by the therapist, by week")
    below.frame(_months(outcome.region.begins, days))
    colours = ((1.0, _ORANGE, True), (0.9, _GREEN, False), (0.5, _BLUE, False))
    for share, colour, dashed in colours:
        below.line(rows[share], colour, dashed=dashed)
    names = {1.0: "the longest", 0.9: "90 % at most", 0.5: "half at most"}
    below.parts += _legend(328, [(names[share], colour, dashed) for share, colour, dashed in colours])
    note = _text(_LEFT, 548, "Below: of the patients with something unread, each week; forms and messages alike.")
    return _drawing(outcome, "How long things waited", [above, below], note)


def _mean(row: list[float]) -> list[float]:
    return [sum(part) / len(part) for n in range(len(row)) if (part := row[max(0, n - 3) : n + 4])]


def _months(begins: date, days: int) -> list[tuple[float, str]]:
    apart = 3 if days > 270 else 1
    found = []
    for n in range(days):
        day = begins + timedelta(days=n)
        if day.day == 1 and day.month % apart == 1 % apart and n < days * _ROOM_FOR_A_LABEL:
            found.append((float(n), f"{day:%Y-%m}"))
    return found


def _round_step(up: float) -> float:
    step = 1.0
    while up / step > 6:
        step *= 2.5 if str(step).startswith("2") else 2
    return step


def _text(x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal", size: int = 12) -> svg.Text:
    return svg.Text(x=x, y=y, text=words, text_anchor=anchor, font_weight=weight, font_size=size, fill=_INK)  # type: ignore[arg-type]


def _legend(y: int, entries: Iterable[tuple[str, str, bool]]) -> list[svg.Element]:
    drawn: list[svg.Element] = []
    right = float(_RIGHT)
    for words, colour, dashed in reversed(list(entries)):
        right -= 6.6 * len(words)
        drawn.append(_text(right, y + 4, words))
        right -= 34
        dash: list[Decimal | float | int] | None = [6, 4] if dashed else None
        drawn.append(
            svg.Line(x1=right, x2=right + 28, y1=y, y2=y, stroke=colour, stroke_width=3, stroke_dasharray=dash)
        )
        right -= 14
    return drawn


def _drawing(outcome: Outcome, title: str, panels: Iterable[_Panel], note: svg.Text) -> str:
    patients = sum(unit.patients for unit in outcome.units)
    under = f"{patients} patients, {len(outcome.units)} units, from {outcome.region.begins}, seed {outcome.region.seed}"
    drawing = svg.SVG(
        width=_WIDTH,
        height=_HEIGHT,
        viewBox=svg.ViewBoxSpec(0, 0, _WIDTH, _HEIGHT),
        style="font-family: DejaVu Sans, Arial, sans-serif",
        elements=[
            svg.Rect(width=_WIDTH, height=_HEIGHT, fill="white"),
            _text(_LEFT, 28, title, weight="bold", size=17),
            _text(_LEFT, 46, under),
            *(part for panel in panels for part in panel.parts),
            note,
        ],
    )
    return str(drawing)
