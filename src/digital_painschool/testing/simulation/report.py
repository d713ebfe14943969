"""The report: what was simulated, what happened and what was found, as tables for a screen and as a file."""

import platform
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from attrs import fields

from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.simulation.figures import quantile
from digital_painschool.testing.simulation.forenoons import SIZE, forenoon_table, of_region
from digital_painschool.testing.simulation.outbox_figures import OutboxRun
from digital_painschool.testing.simulation.plots import activity, forenoons, outbox, waiting
from digital_painschool.testing.simulation.region import Region
from digital_painschool.testing.simulation.running import Outcome

Table = Mapping[str, str]
"""A table of the report: values by name."""

_MEBI = 2**20
_SHOWN = 20
"""The number of findings that are shown in full; the rest is counted."""
_QUANTILES = {"half of": 0.5, "95 % of": 0.95, "all": 1.0}


def command(region: Region, *, unit: int | None = None, outbox: int | None = None) -> str:
    """Return the command that simulates a region again, or one unit of it.

    The habits and the months of access are not among its options: to change them, call `simulate`.
    """
    options = {
        "patients": region.patients,
        "years": f"{region.years:g}",
        "seed": region.seed,
        "patients-per-therapist": region.patients_per_therapist,
        "therapists-per-unit": region.therapists_per_unit,
        "begins": region.begins,
        "until": region.until,
        "unit": unit,
        "outbox": outbox,
    }
    defaults = {field.name.replace("_", "-"): field.default for field in fields(Region)}
    always = {"patients", "years", "seed"}
    named = (
        f"--{name} {value}"
        for name, value in options.items()
        if value is not None and (name in always or value != defaults.get(name))
    )
    return " ".join(("digital-painschool simulate", *named))


def tables(outcome: Outcome) -> dict[str, Table]:
    """Return the tables of the report that have rows, by title."""
    figures, region = outcome.figures, outcome.region
    enrolments, entries = (sum(unit.stored[place] for unit in outcome.units) for place in (0, 1))
    over = sum(number for quarters, number in figures.lateness.items() if quarters >= 25 * 4)
    found: dict[str, Table] = {
        "What was simulated": {
            "patients": _number(sum(unit.patients for unit in outcome.units)),
            "units": _number(len(outcome.units)),
            "from": f"{region.begins}",
            "to": f"{region.end:%Y-%m-%d}",
            "seed": str(region.seed),
            "version": version("digital_painschool"),
            "Python": platform.python_version(),
            "digest": outcome.digest,
        },
        "Steps": dict(_steps(outcome)),
        "What became of the notifications": _counted(figures.fates),
        "The delivery runs": _counted(figures.runs),
        "What happened besides": _counted(figures.events),
        "How long it took": {
            **{
                f"{share} collected notifications came within": f"{(quarters + 1) / 4:g} h"
                for share, quarters in _quantiles(figures.lateness)
            },
            "later than 25 h, after a run that was missed": _number(over),
            **{f"{share} flags were seen to within": f"{days + 1} d" for share, days in _quantiles(figures.waited)},
        },
        f"{_number(SIZE)} patients at the national pace, planned": forenoon_table(of_region(outcome)),
        "What it cost": {
            "enrolments stored": _number(enrolments),
            "timeline entries stored": _number(entries),
            "time": f"{outcome.seconds:.0f} s on {outcome.workers} process{'es' if outcome.workers > 1 else ''}",
            "processor time": f"{sum(unit.seconds for unit in outcome.units):.0f} s",
            "steps a second": _number(round(figures.steps.total() / outcome.seconds)),
            "memory, at the most": f"{outcome.memory / _MEBI:.0f} MiB",
        },
    }
    return {title: table for title, table in found.items() if table}


def run_tables(run: OutboxRun | None) -> dict[str, Table]:
    """Return the tables of an outbox that was run, by title."""
    if run is None:
        return {}
    return {f"{_number(run.patients)} patients, run: {name}": table for name, table in run.tables.items()}


def _counted(counts: Mapping[str, int]) -> Table:
    return {name: _number(counts[name]) for name in sorted(counts) if counts[name]}


def _quantiles(counts: Counter[int]) -> Iterator[tuple[str, int]]:
    found = ((share, quantile(counts, part)) for share, part in _QUANTILES.items())
    return ((share, value) for share, value in found if value is not None)


def _steps(outcome: Outcome) -> Iterator[tuple[str, str]]:
    steps, refused = outcome.figures.steps, outcome.figures.refused
    for step in sorted(steps, key=lambda step: (-steps[step], step)):
        yield step, _number(steps[step]) + (f", {_number(refused[step])} refused as expected" if refused[step] else "")
    yield "in all", f"{_number(steps.total())}, {_number(refused.total())} refused as expected"


def _number(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def findings(outcome: Outcome) -> tuple[str, ...]:
    """Return the findings: the first ones in full, each with the command that repeats it, and the number of others."""
    found = outcome.findings
    lines = [f"{finding}\n    {command(outcome.region, unit=finding.unit or None)}" for finding in found[:_SHOWN]]
    by_law = {law: sum(finding.law is law for finding in found[_SHOWN:]) for law in Law}
    lines += [f"{number} more of law {law.value}" for law, number in by_law.items() if number]
    return tuple(lines)


def write(outcome: Outcome, folder: Path, run: OutboxRun | None = None) -> None:
    """Write the report into a folder: `report.md` and its plots in SVG. A missing folder is made.

    Args:
        outcome: What was simulated.
        folder: The folder.
        run: The outbox of a larger region, where it was run.

    Raises:
        OSError: It cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawings = {"Activity": activity(outcome), "Waiting": waiting(outcome), "Forenoons": forenoons(outcome)}
    if run is not None:
        drawings["Outbox"] = outbox(run)
    for name, drawing in drawings.items():
        (folder / f"{name.lower()}.svg").write_text(drawing, "utf-8")
    again = command(outcome.region, unit=outcome.only_unit, outbox=None if run is None else run.patients)
    found = findings(outcome)
    lines = ["# A region in a box", "", "```sh", again, "```", ""]
    lines += [f"## Findings: {len(outcome.findings)}", "", "```text", *found, "```"] if found else [NO_FINDINGS]
    for title, table in (tables(outcome) | run_tables(run)).items():
        lines += ["", f"## {title}", "", "| | |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in table.items())]
    lines += ["", "## Plots", *(f"\n![{name}]({name.lower()}.svg)" for name in drawings), ""]
    (folder / "report.md").write_text("\n".join(lines), "utf-8")


NO_FINDINGS = "No findings: every law held."
