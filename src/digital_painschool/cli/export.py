"""The command `export`, before a purge. Rule: M-21, D-21a."""

from collections.abc import Sequence

import click

from digital_painschool import Actor, Format, Language, Settings
from digital_painschool.cli.options import (
    SCHOOL_AND_ACTOR,
    FilePath,
    actor_options,
    epilog,
    existing_school,
    settings_option,
    without_observers,
)
from digital_painschool.cli.output import counted, name_unreadable, print_line, progress


@click.command(
    epilog=epilog(f"""\
Example:
  digital-painschool export ./export-2037 {SCHOOL_AND_ACTOR}""")
)
@click.argument("folder", type=FilePath(file_okay=False))
@click.option(
    "--format",
    "formats",
    type=click.Choice([format_.value for format_ in Format]),
    multiple=True,
    help="A format to write; all formats when left out. Can be given more than once.",
)
@click.option(
    "--language",
    type=click.Choice([one.value for one in Language]),
    help="CSV files for a spreadsheet in this language; for a program when left out.",
)
@actor_options
@settings_option
def export(*, settings: Settings, actor: Actor, folder: str, formats: Sequence[str], language: str | None) -> None:
    """Export the unit's ended enrolments (M-21).

    All their records are written to FOLDER. The files contain personal data: keep them where patient records may be
    kept. The export is in the access log, with your HSA-id.
    """
    with existing_school(without_observers(settings)) as school, progress("exporting") as done:
        desk = school.administrator(actor)
        chosen = tuple(map(Format, formats)) or tuple(Format)
        receipt = desk.export(folder, formats=chosen, language=language, progress=done)
    if not receipt.enrolments and not receipt.unreadable:
        print_line("No ended enrolment at this unit; check --unit.", err=True)
    print_line(f"{counted(receipt.enrolments, 'ended enrolment')} exported to {folder}, with personal data in:")
    for file in receipt.files:
        print_line(f"  {file.name}  {counted(file.lines, 'line')}  sha256 {file.sha256}")
    if not receipt.is_complete:
        print_line("This export does not count before a purge, which deletes more; that needs --format json-lines.")
    name_unreadable(receipt.unreadable)
