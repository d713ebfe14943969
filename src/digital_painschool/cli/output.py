"""Output: texts and tables on stdout, progress on stderr."""

import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from digital_painschool.cli.redaction import masked

WIDTH = 100
"""The width of lines without a terminal."""


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""The categories of characters that control a terminal: control characters, changes of direction, surrogates."""


def plain(text: str) -> str:
    """Return the text without identity numbers, and with the characters that control a terminal escaped.

    Line feeds stay.
    """
    return "".join(
        sign if sign == "\n" or unicodedata.category(sign) not in _HIDDEN else ascii(sign)[1:-1]
        for sign in masked(text)
    )


def print_line(text: str, *, err: bool = False) -> None:
    """Print a text on stdout, or on stderr."""
    click.echo(plain(text), err=err)


def print_json(data: object) -> None:
    """Print on stdout, as JSON, what the library has stored: ids, codes, times, counts.

    A program reads it, so nothing is masked or escaped: a changed id would be another one.
    """
    click.echo(json.dumps(data, indent=2))


def console(*, stderr: bool = False) -> Console:
    """Return the console: as wide as the terminal, or `WIDTH` without one, and without automatic colours."""
    make = partial(Console, stderr=stderr, highlight=False, emoji=False, markup=False)
    found = make()
    return found if found.is_terminal else make(width=WIDTH)


def table(*headings: str) -> Table:
    """Return an empty table; a title wraps before an id does, and a long text is folded, never cut."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading != "Title")
    return made


def name_unreadable(ids: Sequence[str]) -> None:
    """Name on stderr the enrolments that cannot be read."""
    if ids:
        print_line(f"Left out, because they cannot be read and need repair: {', '.join(ids)}", err=True)


def add_row(to: Table, *cells: str) -> None:
    """Add a row to a table, each text literally: without markup and control characters."""
    to.add_row(*(Text(plain(cell)) for cell in cells))


def counted(number: int, word: str) -> str:
    """Return a number and its noun, in the plural unless the number is 1."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar, on a terminal only; yield a callback that takes the number completed."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
