"""Plots in SVG: the activity of each day, how long things waited, forenoons at a pace. Needs `svg.py`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import svg

from digital_painschool.testing.simulation.figures import quantile
from digital_painschool.testing.simulation.forenoons import FORENOON, SIZE, carried, of_region
from digital_painschool.testing.simulation.outbox_figures import OutboxRun
from digital_painschool.testing.simulation.running import Outcome

_WIDTH, _HEIGHT = 800, 560
_LEFT, _RIGHT = 64, 780
_BLUE, _ORANGE, _GREEN, _GREY, _INK = "#0072B2", "#D55E00", "#009E73", "#B8B8B8", "#222222"
"""Colours that colour-blind people can distinguish (Okabe and Ito)."""
_UPPER, _LOWER = (84, 270), (344, 500)
"""The top and the bottom of the two panels."""
_WEEK = 7
_LAST_LABEL = 0.97
"""Behind this share of an axis a month would be cut off."""
_Pair = tuple[float, float]
_Tick = tuple[float, str]
_Entry = tuple[str, str, bool]
"""An entry of a legend: the words, the colour, and whether the line is dashed."""
_WAITING: Mapping[float, _Entry] = MappingProxyType(
    {
        1.0: ("the longest", _ORANGE, True),
        0.9: ("90 % at most", _GREEN, False),
        0.5: ("half at most", _BLUE, False),
    }
)
"""The lines of the patients who wait, by their share."""


class _Panel:
    """A panel with axes of its own: its place, its title, its greatest x and y, and its legend; the least are 0."""

    def __init__(self, place: _Pair, title: str, size: _Pair, ticks: Iterable[_Tick], legend: Iterable[_Entry]) -> None:
        self.top, self.bottom = place
        self.across, self.up = (max(value, 1.0) for value in size)
        self.parts: list[svg.Element] = [_text(_LEFT, self.top - 12, title, font_weight="bold")]
        self.parts += _legend(self.top - 16, legend)
        step = _round_step(self.up)
        for n in range(int(self.up / step) + 1):
            y = self.y(n * step)
            words = f"{n * step:,.0f}".replace(",", " ")
            self.parts += _line(_LEFT, y, _RIGHT, y, "#E4E4E4"), _text(_LEFT - 6, y + 4, words, text_anchor="end")
        for value, words in ticks:
            x = self.x(value)
            self.parts.append(_line(x, self.bottom, x, self.bottom + 5, _INK))
            self.parts.append(_text(x, self.bottom + 18, words, text_anchor="middle"))
        self.parts.append(_line(_LEFT, self.bottom, _RIGHT, self.bottom, _INK))

    def x(self, value: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * value / self.across, 1)

    def y(self, value: float) -> float:
        return round(self.bottom - (self.bottom - self.top) * value / self.up, 1)

    def band(self, low: float, high: float) -> None:
        """Draw a band between two values of x."""
        x = self.x(low)
        width, height = max(2.0, self.x(high) - x), self.bottom - self.top
        self.parts.append(svg.Rect(x=x, y=self.top, width=width, height=height, fill=_GREY, fill_opacity=0.55))

    def line(self, points: Sequence[_Pair], colour: str, *, dashed: bool = False, faint: bool = False) -> None:
        """Draw a line through points."""
        places: Any = [place for x, y in points for place in (self.x(x), self.y(y))]
        look: dict[str, Any] = {"stroke_width": 0.7, "stroke_opacity": 0.3} if faint else {"stroke_width": 2}
        dash: Any = [6, 4] if dashed else None
        self.parts.append(svg.Polyline(points=places, fill="none", stroke=colour, stroke_dasharray=dash, **look))

    def bar(self, low: float, high: float, value: float, colour: str) -> None:
        """Draw a bar from one x to another."""
        x, y = self.x(low), self.y(value)
        width = max(0.5, self.x(high) - x - 0.5)
        self.parts.append(svg.Rect(x=x, y=y, width=width, height=round(self.bottom - y, 1), fill=colour))


def activity(outcome: Outcome) -> str:
    """Draw the steps and the notices of each day; days with faults are shaded."""
    region, by_day = outcome.region, outcome.figures.by_day
    days = max(1, (region.end - region.start).days)
    panels, months = [], _months(region.begins, days)
    for place, names, title in (
        (_UPPER, ("patients", "staff"), "Steps a day (mean of a week; faint: each day)"),
        (_LOWER, ("collected", "direct"), "Notices that came to patients a day (mean of a week; faint: each day)"),
    ):
        rows = [[float(by_day[name, n]) for n in range(days)] for name in names]
        legend = ((names[0], _BLUE, False), (names[1], _ORANGE, True))
        panel = _Panel(place, title, (days, max(map(max, rows)) * 1.05), months, legend)
        for low, high in _faults(outcome, days):
            panel.band(low, high)
        for row, (_, colour, dashed) in zip(rows, legend, strict=True):
            panel.line([(n + 0.5, value) for n, value in enumerate(row)], colour, faint=True)
            panel.line([(n + 0.5, value) for n, value in enumerate(_mean(row))], colour, dashed=dashed)
        panels.append(panel)
    note = "Shaded: no delivery worker that day, or the inbox down for more than six hours."
    return _drawing(outcome, "What went on in the region", panels, note)


def forenoons(outcome: Outcome, size: int = SIZE) -> str:
    """Draw what each forenoon of a larger region has to send at the national pace, and when it is done."""
    found, most = of_region(outcome, size), carried()
    days, months = len(found), _months(outcome.region.begins, len(found))
    words = f"{size:,}".replace(",", " ")
    entries = (("due", _BLUE, False), ("a forenoon carries", _ORANGE, True))
    high = max(most, *(one.due for one in found)) * 1.1
    above = _Panel(_UPPER, f"Collected notices on each forenoon of {words} patients", (days, high), months, entries)
    minutes = [one.took / timedelta(minutes=1) for one in found]
    ends = FORENOON / timedelta(minutes=1)
    entries = (("done", _BLUE, False), ("the forenoon ends", _ORANGE, True))
    below = _Panel(_LOWER, "Minutes from 09:00 to the last notice", (days, ends * 1.1), months, entries)
    for panel, row, limit in ((above, [float(one.due) for one in found], most), (below, minutes, ends)):
        for day, value in enumerate(row):
            panel.bar(day, day + 1, value, _BLUE)
        panel.line([(0, limit), (days, limit)], _ORANGE, dashed=True)
    note = "Planned: the days of the simulated region, times the patients of the larger region."
    return _drawing(outcome, "A region at the national pace", [above, below], note)


def outbox(run: OutboxRun) -> str:
    """Draw what each forenoon of an outbox that was run had to send, who waited after it, and when it was done."""
    days, begins = len(run.forenoons), 0
    ticks: list[_Tick] = []
    for phase in run.phases:
        ticks.append((begins + len(phase.days) / 2, phase.name))
        begins += len(phase.days)
    high = max(carried(), *(one.due for one in run.forenoons)) * 1.1
    entries = (("due", _BLUE, False), ("wait for another one", _ORANGE, False), ("a forenoon carries", _INK, True))
    above = _Panel(_UPPER, "Collected notices on each forenoon", (days, high), ticks, entries)
    ends = FORENOON / timedelta(minutes=1)
    done = (("done", _BLUE, False), ("the forenoon ends", _INK, True))
    below = _Panel(_LOWER, "Minutes from 09:00 to the last notice", (days, ends * 1.1), ticks, done)
    for day, one in enumerate(run.forenoons):
        above.bar(day, day + 1, one.due, _BLUE)
        above.bar(day, day + 1, one.left, _ORANGE)
        below.bar(day, day + 1, one.last / timedelta(minutes=1), _BLUE)
    for panel, limit in ((above, carried()), (below, ends)):
        panel.line([(0, limit), (days, limit)], _INK, dashed=True)
    words = f"{run.patients:,}".replace(",", " ")
    under = f"{words} patients, {days} days, one worker on SQLite, with a moved clock"
    return _sheet(under, "The outbox at the national pace, run", [above, below], "Each phase has days that are alike.")


def _faults(outcome: Outcome, days: int) -> Iterable[_Pair]:
    region = outcome.region
    yield from ((n, n + 1) for n in range(days) if region.away(region.begins + timedelta(days=n)))
    for outage in region.outages:
        low, high = ((at - region.start) / timedelta(days=1) for at in outage)
        if high - low > 0.25 and low < days:
            yield low, min(high, days)


def waiting(outcome: Outcome) -> str:
    """Draw how long collected notifications waited after their messages, and patients with flags."""
    figures = outcome.figures
    late: Counter[int] = Counter()
    for quarters, number in figures.lateness.items():
        late[min(quarters // 4, 48)] += number
    hours = [(hour, f"{hour} h" if hour < 48 else "48+ h") for hour in range(0, 49, 6)]
    title = "Collected notifications: how many came after how long"
    legend = (("within 25 hours", _BLUE, False), ("after a missed run", _ORANGE, False))
    above = _Panel(_UPPER, title, (49, max(late.values(), default=0) * 1.15), hours, legend)
    for hour, number in sorted(late.items()):
        above.bar(hour, hour + 1, number, _BLUE if hour < 25 else _ORANGE)

    days = max(1, (outcome.region.end - outcome.region.start).days)
    ages = [
        Counter({age: number for (of, age), number in figures.waiting.items() if of == week})
        for week in range(days // _WEEK)
    ]
    highest = max((quantile(counts, 1) or 0 for counts in ages), default=0) * 1.15
    months = _months(outcome.region.begins, days)
    below = _Panel(_LOWER, "Days unread by the therapist, by week", (days, highest), months, _WAITING.values())
    for share, (_, colour, dashed) in _WAITING.items():
        row = [(week * _WEEK + 2, float(quantile(counts, share) or 0)) for week, counts in enumerate(ages)]
        below.line(row, colour, dashed=dashed)
    note = "Below: of the patients with something unread, each week; forms and messages alike."
    return _drawing(outcome, "How long things waited", [above, below], note)


def _mean(row: list[float]) -> list[float]:
    return [sum(part) / len(part) for n in range(len(row)) if (part := row[max(0, n - 3) : n + 4])]


def _months(begins: date, days: int) -> list[_Tick]:
    apart = 3 if days > 270 else 1
    labelled = ((n, begins + timedelta(days=n)) for n in range(int(days * _LAST_LABEL) + 1))
    return [(float(n), f"{day:%Y-%m}") for n, day in labelled if day.day == 1 and day.month % apart == 1 % apart]


def _round_step(up: float) -> float:
    step = 1.0
    while up / step > 6:
        step *= 2.5 if str(step).startswith("2") else 2
    return step


def _text(x: float, y: float, words: str, **look: Any) -> svg.Text:
    return svg.Text(x=x, y=y, text=words, fill=_INK, **{"font_size": 12, **look})


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, **look: Any) -> svg.Line:
    return svg.Line(x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, **{"stroke_width": 1, **look})


def _legend(y: float, entries: Iterable[_Entry]) -> Iterable[svg.Element]:
    right = float(_RIGHT)
    for words, colour, dashed in reversed(list(entries)):
        right -= 6.6 * len(words)
        yield _text(right, y + 4, words)
        right -= 34
        yield _line(right, y, right + 28, y, colour, stroke_width=3, stroke_dasharray=[6, 4] if dashed else None)
        right -= 14


def _drawing(outcome: Outcome, title: str, panels: Iterable[_Panel], note: str) -> str:
    patients = sum(unit.patients for unit in outcome.units)
    under = f"{patients} patients, {len(outcome.units)} units, from {outcome.region.begins}, seed {outcome.region.seed}"
    return _sheet(under, title, panels, note)


def _sheet(under: str, title: str, panels: Iterable[_Panel], note: str) -> str:
    drawing = svg.SVG(
        width=_WIDTH,
        height=_HEIGHT,
        viewBox=svg.ViewBoxSpec(0, 0, _WIDTH, _HEIGHT),
        style="font-family: DejaVu Sans, Arial, sans-serif",
        elements=[
            svg.Rect(width=_WIDTH, height=_HEIGHT, fill="white"),
            _text(_LEFT, 28, title, font_weight="bold", font_size=17),
            _text(_LEFT, 46, under),
            *(part for panel in panels for part in panel.parts),
            _text(_LEFT, 548, note),
        ],
    )
    return str(drawing)
