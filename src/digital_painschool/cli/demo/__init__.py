"""The command `demo`: one year of the treatment, and the purge ten years later."""

import time
from pathlib import Path

import click

from digital_painschool.cli.demo.files import prepare
from digital_painschool.cli.demo.narrator import Narrator
from digital_painschool.cli.demo.school import DemoSchool
from digital_painschool.cli.demo.year import play
from digital_painschool.cli.options import FilePath, epilog


def _no_pause(_: float) -> None:
    pass


@click.command(
    epilog=epilog("""\
Examples:
  digital-painschool demo
  digital-painschool demo --fast
  digital-painschool demo --file look.db

Without a terminal there are no pauses. All identity numbers are Skatteverket's test numbers.""")
)
@click.option("--fast", is_flag=True, help="The same without pauses.")
@click.option(
    "--file",
    type=FilePath(dir_okay=False, path_type=Path),
    default="painschool-demo.db",
    show_default=True,
    help="The SQLite file; the file of an earlier demo is replaced, any other file never.",
)
def demo(*, fast: bool, file: Path) -> None:
    """Play one year of the treatment.

    Patients, therapists and administrators use the library on an SQLite file, shown in scenes, in about half a minute;
    only the clock is moved.
    """
    files = prepare(file)
    narrator = Narrator.on_screen(time.sleep if not fast else _no_pause)
    with DemoSchool(files) as demo:
        play(demo, narrator)
