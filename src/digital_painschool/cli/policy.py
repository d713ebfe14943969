"""The command `policy`: what a clinic decides, as a settings file to fill in, and what a settings file has decided."""

from collections.abc import Iterator
from pathlib import Path

import click

from digital_painschool.bootstrap.composition import catalogue
from digital_painschool.bootstrap.settings_toml import read_settings
from digital_painschool.cli.options import FilePath, epilog
from digital_painschool.cli.output import print_line
from digital_painschool.decisions import Line, example_settings, statement
from digital_painschool.domain.policy_sets import GUIDED_YEAR, POLICY_SETS
from digital_painschool.labels.lookup import Language

_WORDS = {
    Language.ENGLISH: {
        "every": "Every unit",
        "unit": "Unit {unit}",
        "unit alone": "what differs from every unit",
        "program": "Program {title}, version {version}",
        "chosen": "Decided:",
        "default": "As the defaults have it:",
        "nothing": "Nothing is decided otherwise.",
        "example": "Made-up example content: not for patients.",
    },
    Language.SWEDISH: {
        "every": "Alla enheter",
        "unit": "Enhet {unit}",
        "unit alone": "det som skiljer sig från alla enheter",
        "program": "Moment {title}, version {version}",
        "chosen": "Bestämt:",
        "default": "Enligt grundinställningen:",
        "nothing": "Inget är bestämt på annat sätt.",
        "example": "Påhittat exempelinnehåll: inte för patienter.",
    },
}


@click.command(
    epilog=epilog("""\
Examples:
  digital-painschool policy --example > painschool.toml
  digital-painschool policy --example --set weekly-feedback --language en
  digital-painschool policy --check painschool.toml""")
)
@click.option("--example", is_flag=True, help="Print a settings file with every decision explained.")
@click.option(
    "--set",
    "chosen",
    type=click.Choice(list(POLICY_SETS)),
    default=GUIDED_YEAR,
    show_default=True,
    help="The policy set that the example has.",
)
@click.option(
    "--check",
    "file",
    type=FilePath(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Check a settings file, and say in plain words what it has decided.",
)
@click.option(
    "--language",
    type=click.Choice([one.value for one in Language]),
    default=Language.SWEDISH.value,
    show_default=True,
    help="The language of the texts.",
)
def policy(*, example: bool, chosen: str, file: Path | None, language: str) -> None:
    """Show what a clinic decides, or has decided.

    The page "What the clinic decides" of the documentation has the same decisions, with what follows from each.
    """
    if example == (file is not None):
        raise click.UsageError("choose one of --example and --check FILE")
    spoken = Language(language)
    if file is None:
        print_line(example_settings(chosen, spoken).rstrip("\n"))
        return
    for line in _decided(file, spoken):
        print_line(line)


def _decided(file: Path, language: Language) -> Iterator[str]:
    words = _WORDS[language]
    settings = read_settings(file)
    terms = catalogue(settings)
    yield words["every"]
    yield from _policy(statement(settings.policy, language), language, whole=True)
    for unit, own in settings.units.items():
        if own.policy is not None:
            yield f"{words['unit'].format(unit=unit)}: {words['unit alone']}"
            yield from _policy(statement(own.policy, language, beside=settings.policy), language, whole=False)
    everywhere = [program.ordered(settings.policy.ordering) for program in terms.programs]
    for program in dict.fromkeys((*everywhere, *(program for unit in terms.units for program in terms.offered(unit)))):
        yield words["program"].format(title=program.title, version=program.version)
        if program.example:
            yield f"  {words['example']}"
        yield from _policy(statement(program, language), language, whole=True)


def _policy(lines: tuple[Line, ...], language: Language, *, whole: bool) -> Iterator[str]:
    words = _WORDS[language]
    chosen = [line for line in lines if line.chosen]
    if not chosen:
        yield f"  {words['nothing']}"
    for heading, listed in (("chosen", chosen), ("default", [line for line in lines if whole and not line.chosen])):
        if listed:
            yield f"  {words[heading]}"
            yield from (f"    {line.title}: {line.sentence} ({', '.join(line.rules)})" for line in listed)
    yield ""
