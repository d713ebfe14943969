"""The command `settings check`: whether the school that a settings file describes can be opened."""

from collections.abc import Iterator
from pathlib import Path

import click

from digital_painschool import ConfigurationError, PainSchoolError, Settings
from digital_painschool.adapters.options import secret
from digital_painschool.bootstrap.composition import catalogue, check_adapters
from digital_painschool.bootstrap.settings_toml import read_settings
from digital_painschool.cli.options import FilePath, epilog
from digital_painschool.cli.output import print_line


@click.group()
def settings() -> None:
    """Check a settings file."""


@settings.command(
    epilog=epilog("""\
Example:
  digital-painschool settings check painschool.toml""")
)
@click.argument("file", type=FilePath(exists=True, dir_okay=False, path_type=Path))
def check(*, file: Path) -> None:
    """Check a school before it is opened.

    Programs and adapters are made and closed again; every problem is printed, one a line. No database is opened or
    created, no port is opened, and nobody is called. `policy --check` says what the clinic has decided.
    """
    found = read_settings(file)
    problems = 0
    for what, is_made, problem in (*_programs(found), *_adapters(found), *_receipt_key(found)):
        problems += problem is not None
        print_line(f"{what}: {problem or ('usable' if is_made else 'not opened')}")
    if problems:
        raise ConfigurationError(f"{file}: {problems} {'problem' if problems == 1 else 'problems'}, named above")


_Line = tuple[str, bool, str | None]
"""What is checked, whether it was made, and its problem."""


def _programs(found: Settings) -> Iterator[_Line]:
    try:
        offered = catalogue(found)
    except PainSchoolError as error:
        yield "programs", False, str(error)
    else:
        yield from ((f"program {program.key}", True, None) for program in offered.programs)


def _adapters(found: Settings) -> Iterator[_Line]:
    return ((f"{one.kind} {one.name}".rstrip(), one.is_made, one.problem) for one in check_adapters(found))


def _receipt_key(found: Settings) -> Iterator[_Line]:
    if found.receipt_key is None:
        return
    try:
        secret(found.receipt_key)
    except PainSchoolError as error:
        yield "receipt_key", True, str(error)
    else:
        yield "receipt_key", True, None
