"""The commands `programs list`, `programs check` and `plugins`."""

from pathlib import Path

import click

from digital_painschool import ConfigurationError, Program, Settings
from digital_painschool.bootstrap.composition import catalogue
from digital_painschool.bootstrap.plugins import installed
from digital_painschool.cli.options import FilePath, epilog, optional_school_options
from digital_painschool.cli.output import add_row, console, print_line, table
from digital_painschool.programs import load_program


@click.group()
def programs() -> None:
    """List or check programs."""


@programs.command(
    "list",
    epilog=epilog("""\
Examples:
  digital-painschool programs list
  digital-painschool programs list --settings painschool.toml"""),
)
@optional_school_options
def list_(*, settings: Settings | None) -> None:
    """Show the list "Moment" (M-07).

    The list has the programs of the plugins, and those that the settings add. No storage is opened.
    """
    found = catalogue(Settings.from_url("memory://") if settings is None else settings)
    shown = table("Key", "Version", "Title", "Modules", "Ordering", "For")
    everywhere = [("every unit", program) for program in found.programs]
    of_units = [(unit, program) for unit, terms in found.units.items() for program in terms.programs]
    for unit, program in (*everywhere, *of_units):
        title = f"{program.title} (example)" if program.example else program.title
        add_row(shown, program.key, program.version, title, str(len(program.modules)), program.ordering.value, unit)
    console().print(shown)


@programs.command(
    epilog=epilog("""\
Example:
  digital-painschool programs check smartskolan.toml""")
)
@click.argument("file", type=FilePath(path_type=Path))
def check(*, file: Path) -> None:
    """Check whether FILE is a usable program.

    FILE is a TOML file in UTF-8. Every problem is printed, one a line.
    """
    print_line(f"{file} is a usable program: {_described(load_program(file))}")


@click.command(
    epilog=epilog("""\
Examples:
  digital-painschool plugins
  digital-painschool plugins --settings painschool.toml

A plugin is a package with an entry point in the group digital_painschool.""")
)
@optional_school_options
def plugins(*, settings: Settings | None) -> None:
    """Show the installed and the chosen adapters.

    Each adapter is shown with its plugin, and with settings whether they choose it. Nothing is opened or connected.
    Exit code 1 when the settings choose an adapter that is not installed.
    """
    found = installed()
    chosen = [] if settings is None else _chosen(settings)
    shown = table("Kind", "Name", "Offered by", *([] if settings is None else ["Chosen"]))
    for one in found:
        is_every_program = one.kind == "program" and settings is not None and settings.offered is None
        mark = "yes" if is_every_program or (one.kind, one.factory.name) in chosen else ""
        add_row(shown, one.kind, one.factory.name, one.plugin, *([] if settings is None else [mark]))
    console().print(shown)
    if settings is not None and not settings.storage.name:
        raise ConfigurationError('the settings have no storage; write storage = "sqlite:///painschool.db"')
    there = {(one.kind, one.factory.name) for one in found}
    missing = [f"{kind} {name!r}" for kind, name in chosen if (kind, name) not in there]
    if missing:
        raise ConfigurationError(f"the settings choose adapters that are not installed: {', '.join(missing)}")


def _chosen(settings: Settings) -> list[tuple[str, str]]:
    return [
        ("storage", settings.storage.name),
        ("identity", settings.identity.name),
        ("inbox", settings.inbox.name),
        ("directory", settings.directory.name),
        *(("messenger", one.name) for one in settings.messengers),
        *(("observer", one.name) for one in settings.observers),
        *(("program", key) for key in settings.offered or ()),
    ]


def _described(program: Program) -> str:
    pages = sum(len(module.pages) for module in program.modules)
    order = ", ".join(map(str, program.reading_order)) or "none"
    return (
        f"{program.title!r}, key {program.key!r}, version {program.version!r}; {len(program.modules)} modules,"
        f" {pages} pages, {len(program.forms)} forms; reading order {order} ({program.ordering.value});"
        f" {program.access_months} months of access" + ("; marked as an example" if program.example else "")
    )
