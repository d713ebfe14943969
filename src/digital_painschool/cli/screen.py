"""What is shown: tables on stdout, and how far it is on stderr, for someone who watches."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

WIDTH = 100
"""How wide lines are where no terminal says how much room there is."""


def console(*, stderr: bool = False) -> Console:
    """Give the console: as wide as the terminal, or `WIDTH` without one; nothing is coloured by guessing."""
    found = Console(stderr=stderr, highlight=False, emoji=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, emoji=False, width=WIDTH)


def table(*headings: str) -> Table:
    """Give an empty table; a title gives way before an id does, and what is too long is folded, never cut."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading != "Title")
    return made


def name_unreadable(ids: Sequence[str]) -> None:
    """Name on stderr the enrolments that cannot be read."""
    if ids:
        click.echo(f"Left out, as they cannot be read and have to be repaired: {', '.join(ids)}", err=True)


def counted(number: int, word: str) -> str:
    """Give a number and its word, in the plural unless it is one."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar while something is done, on a terminal alone; gives what is to be told how many are done."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
