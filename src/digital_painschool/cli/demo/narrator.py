"""The narrator of the demo: a heading for each scene, a line for each command, and the screens that people see."""

from collections.abc import Callable
from datetime import datetime
from typing import Self

from rich.box import ROUNDED
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from digital_painschool import InvalidIdentity, NotPermitted, PainSchoolError, RuleViolation, label
from digital_painschool.cli.output import WIDTH, console

_LINE, _SCREEN, _SCENE = 0.35, 0.8, 0.5
"""The pauses for reading, in seconds."""

_NAME = 8
_RULES = {NotPermitted: "M-06", InvalidIdentity: "D-07a"}
"""The rules of refusals that name none."""
_STYLES = Theme({"who": "bold cyan", "label": "bold", "rule": "dim", "refused": "yellow", "frame": "dim"})


class Narrator:
    """A narrator who prints the story at reading speed.

    Args:
        screen: The console to print on.
        pause: A function that waits for a number of seconds.
    """

    def __init__(self, screen: Console, pause: Callable[[float], object]) -> None:
        screen.push_theme(_STYLES)
        self._screen = screen
        self._pause = pause

    @classmethod
    def on_screen(cls, pause: Callable[[float], object]) -> Self:
        """Return a narrator on stdout, at most `WIDTH` wide; with pauses on a terminal only."""
        screen = console()
        screen.width = min(screen.width, WIDTH)
        return cls(screen, pause if screen.is_terminal else lambda _: None)

    def scene(self, at: datetime, title: str) -> None:
        """Begin a scene on a local day."""
        self._screen.print()
        day = f"{at:%A} {at.day} {at:%B} {at.year}"
        self._screen.rule(Text.assemble((day, "bold cyan"), "  ", (title, "bold")), align="left", style="frame")
        self._pause(_SCENE)

    def say(self, who: str, text: str, rules: str = "") -> None:
        """Print a line on what a person does; `text` is rich markup, `rules` the ids of the rules that apply."""
        self._line(who, Text.from_markup(text, emoji=False), rules)

    def refused(self, who: str, tried: str, error: PainSchoolError, **facts: str) -> None:
        """Print a refused command, and the reason of the refusal; a fact can be said in other words."""
        rule = error.rule if isinstance(error, RuleViolation) else _RULES.get(type(error), "")
        self._line(who, Text.assemble(tried, ": ", ("refused", "refused"), f". {label(error, 'en', **facts)}"), rule)

    def show(self, title: str, what: RenderableType) -> None:
        """Show a screen as a person sees it, in Swedish."""
        panel = Panel.fit(
            what, box=ROUNDED, title=Text(title, "label"), title_align="left", border_style="frame", padding=(0, 1)
        )
        self._screen.print(Padding(panel, (0, 0, 0, _NAME)))
        self._pause(_SCREEN)

    def plain(self, *lines: str) -> None:
        """Print lines without markup, to be copied."""
        for line in lines:
            self._screen.print(Text(line), soft_wrap=True)
        self._pause(_LINE)

    def _line(self, who: str, text: Text, rules: str) -> None:
        line = Table.grid(padding=(0, 2, 0, 0), expand=True)
        line.add_column(width=_NAME - 2, style="who")
        line.add_column(ratio=1)
        line.add_column(justify="right", style="rule", no_wrap=True)
        line.add_row(who, text, rules)
        self._screen.print(line)
        self._pause(_LINE)
