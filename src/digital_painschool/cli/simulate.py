"""The command `simulate`: a simulated region whose runs are checked against the laws of the library."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from digital_painschool.cli.options import Day, FilePath, Number, WholeNumber, epilog
from digital_painschool.cli.output import add_row, console, counted, print_line, progress

if TYPE_CHECKING:
    from digital_painschool.testing.simulation import Outcome, Region
    from digital_painschool.testing.simulation.outbox_figures import OutboxRun

_MOST_WORKERS = 64
_DAY = Day()


@click.command(
    epilog=epilog("""\
Examples:
  digital-painschool simulate --patients 40 --years 1.2
  digital-painschool simulate --patients 10000 --years 2 --seed 7 --workers 2 --report region
  digital-painschool simulate --patients 10000 --years 2 --seed 7 --unit 12 --until 2026-10-25
  digital-painschool simulate --patients 40 --years 1 --storage sqlite:///region-{unit}.db
  digital-painschool simulate --patients 40 --years 1 --compare
  digital-painschool simulate --patients 2000 --years 1.2 --outbox 200000 --report region

Exit code 1 also when a law did not hold. Needs: pip install 'digital_painschool[testing]'""")
)
@click.option("--patients", type=WholeNumber(1, 60_000), default=1000, show_default=True, help="How many patients.")
@click.option("--years", type=Number(0, 20, min_open=True), default=1.0, show_default=True, help="How many years.")
@click.option("--seed", type=WholeNumber(), default=7, show_default=True, help="The seed of the random numbers.")
@click.option(
    "--patients-per-therapist",
    type=WholeNumber(1),
    default=40,
    show_default=True,
    help="Patients of each.",
)
@click.option("--therapists-per-unit", type=WholeNumber(1), default=8, show_default=True, help="Therapists of each.")
@click.option("--begins", type=_DAY, default="2026-01-07", show_default=True, metavar="DATE", help="The first day.")
@click.option("--until", type=_DAY, metavar="DATE", help="The last day; earlier days stay the same.")
@click.option("--unit", type=WholeNumber(1), metavar="NUMBER", help="Simulate one unit only.")
@click.option("--workers", type=WholeNumber(1, _MOST_WORKERS), default=1, show_default=True, help="How many processes.")
@click.option(
    "--storage",
    metavar="URL",
    default="memory://",
    show_default=True,
    help="The storage. Each unit has its own, empty at first: {unit} in the URL becomes the unit's number.",
)
@click.option("--compare", is_flag=True, help="Run it in memory and on SQLite, and compare the stored data (law 8).")
@click.option(
    "--report",
    type=FilePath(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write report.md and its plots.",
)
@click.option(
    "--outbox",
    type=WholeNumber(1),
    metavar="PATIENTS",
    help="Then run the outbox of so many patients at the national pace, on SQLite.",
)
def simulate(
    *,
    patients: int,
    years: float,
    seed: int,
    patients_per_therapist: int,
    therapists_per_unit: int,
    begins: datetime,
    until: datetime | None,
    unit: int | None,
    workers: int,
    storage: str,
    compare: bool,
    report: Path | None,
    outbox: int | None,
) -> None:
    """Simulate a region over years.

    Everything follows from the seed, on any number of processes. Patients drop out and come back, therapists go on
    leave, the inbox is down, workers crash. The laws of the library are checked against a reference model. A finding is
    shown with the command that reproduces it. All identity numbers are test numbers.
    """
    try:
        from digital_painschool.testing.simulation import Region
        from digital_painschool.testing.simulation.report import command
    except ModuleNotFoundError as missing:
        raise click.ClickException(str(missing)) from None
    try:
        region = Region(
            patients=patients,
            years=years,
            seed=seed,
            patients_per_therapist=patients_per_therapist,
            therapists_per_unit=therapists_per_unit,
            begins=begins.date(),
            until=until and until.date(),
        )
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from None
    if unit is not None and unit > region.units:
        raise click.UsageError(f"--unit {unit}: there are {counted(region.units, 'unit')}")
    if report is not None:
        # Fail before a long run, and not after it, when the folder cannot be made.
        report.mkdir(parents=True, exist_ok=True)
    outcome = _run(region, unit, workers, storage)
    found = [*_shown(outcome)]
    if compare:
        other = _run(region, unit, workers, "sqlite://")
        found += _compared(outcome, other)
    run = None if outbox is None else _outbox(outcome, outbox, found)
    print_line(f"Again with: {command(region, unit=unit, outbox=outbox)}")
    for line in found:
        print_line(line)
    if report is not None:
        from digital_painschool.testing.simulation.report import write

        write(outcome, report, run)
        print_line(f"The report is in {report}.")
    if found:
        click.get_current_context().exit(1)
    print_line("No findings: every law held.")


def _run(region: "Region", unit: int | None, workers: int, storage: str) -> "Outcome":
    from concurrent.futures.process import BrokenProcessPool

    from digital_painschool.testing.simulation import simulate
    from digital_painschool.testing.simulation.storages import ports_factory_of

    units = tuple(range(1, region.units + 1)) if unit is None else (unit,)
    with progress("patients simulated", region.patients if unit is None else None) as report:
        try:
            factory = partial(ports_factory_of, storage)
            return simulate(region, workers=workers, units=units, ports_factory=factory, progress=report)
        except BrokenProcessPool:
            raise click.ClickException(
                "a process of the simulation crashed, perhaps out of memory; try fewer --workers"
            ) from None


def _shown(outcome: "Outcome") -> tuple[str, ...]:
    from digital_painschool.testing.simulation.report import findings, tables

    _print_tables(tables(outcome))
    return findings(outcome)


def _outbox(outcome: "Outcome", patients: int, found: list[str]) -> "OutboxRun | None":
    from digital_painschool.testing.reference.laws import LawViolation
    from digital_painschool.testing.simulation.outbox import run_outbox_of
    from digital_painschool.testing.simulation.report import run_tables

    try:
        with progress("forenoons run") as report:
            run = run_outbox_of(outcome, patients, lambda forenoons: report(len(forenoons)))
    except LawViolation as broken:
        found.append(f"the outbox of {patients} patients: {broken}")
        return None
    _print_tables(run_tables(run))
    return run


def _print_tables(tables: Mapping[str, Mapping[str, str]]) -> None:
    screen = console()
    for title, table in tables.items():
        shown = Table(show_header=False, box=None)
        for row in table.items():
            add_row(shown, *row)
        screen.print(Text(title, "bold"), shown, "")


def _compared(outcome: "Outcome", other: "Outcome") -> list[str]:
    return [
        f"law 8, unit {one.number}: memory and SQLite have stored different data ({one.digest[:12]}, {two.digest[:12]})"
        for one, two in zip(outcome.units, other.units, strict=True)
        if one.digest != two.digest
    ]
