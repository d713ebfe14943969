"""The report: what was simulated, what happened and what was found, as rows for a screen and as a file."""

import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from attrs import fields, frozen

from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.simulation.figures import quantile
from digital_painschool.testing.simulation.plots import activity, waiting
from digital_painschool.testing.simulation.region import Region
from digital_painschool.testing.simulation.running import Outcome

_MEBI = 2**20
_SHOWN = 20
"""So many findings are shown in full; of the rest only how many there are."""


@frozen
class Part:
    """One table of the report: its title, and its rows of a name and a value."""

    title: str
    rows: tuple[tuple[str, str], ...]


def command(region: Region, *, unit: int | None = None) -> str:
    """Return the command that simulates a region again, or one unit of it.

    The habits are not among its options: who changes them calls `simulate`.
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
    }
    defaults = {field.name.replace("_", "-"): field.default for field in fields(Region)}
    told = (
        f"--{name} {value}"
        for name, value in options.items()
        if value is not None and (name in ("patients", "years", "seed") or value != defaults.get(name))
    )
    return " ".join(("digital-painschool simulate", *told))


def parts(outcome: Outcome) -> tuple[Part, ...]:
    """Return the tables of the report."""
    figures = outcome.figures
    return (
        Part("What was simulated", tuple(_what(outcome))),
        Part("Steps", tuple(_steps(outcome))),
        Part("What became of the notifications", _counted(figures.fates)),
        Part("The delivery runs", _counted(figures.runs)),
        Part("What happened besides", _counted(figures.events)),
        Part("How long it took", tuple(_lateness(outcome))),
        Part("What it cost", tuple(_cost(outcome))),
    )


def _counted(counts: dict[str, int]) -> tuple[tuple[str, str], ...]:
    return tuple((name, _number(counts[name])) for name in sorted(counts) if counts[name])


def _what(outcome: Outcome) -> Iterator[tuple[str, str]]:
    region = outcome.region
    yield "patients", _number(sum(unit.patients for unit in outcome.units))
    yield "units", _number(len(outcome.units))
    yield "from", f"{region.begins}"
    yield "to", f"{region.end:%Y-%m-%d}"
    yield "seed", str(region.seed)
    yield "version", version("digital_painschool")
    yield "Python", platform.python_version()
    yield "digest", outcome.digest


def _steps(outcome: Outcome) -> Iterator[tuple[str, str]]:
    steps, refused = outcome.figures.steps, outcome.figures.refused
    for kind in sorted(steps, key=lambda kind: (-steps[kind], kind)):
        no = f", {_number(refused[kind])} refused as they must be" if refused[kind] else ""
        yield kind, _number(steps[kind]) + no
    yield "in all", f"{_number(steps.total())}, {_number(refused.total())} refused as they must be"


def _lateness(outcome: Outcome) -> Iterator[tuple[str, str]]:
    late, waited = outcome.figures.lateness, outcome.figures.waited
    for share, name in ((0.5, "half of"), (0.95, "95 % of"), (1.0, "all")):
        quarters = quantile(late, share)
        if quarters is not None:
            yield f"{name} collected notifications came within", f"{(quarters + 1) / 4:g} h"
    over = sum(number for quarters, number in late.items() if quarters >= 25 * 4)
    yield "later than 25 h, after a run that was missed", _number(over)
    for share, name in ((0.5, "half of"), (0.95, "95 % of"), (1.0, "all")):
        days = quantile(waited, share)
        if days is not None:
            yield f"{name} flags were seen to within", f"{days + 1} d"


def _cost(outcome: Outcome) -> Iterator[tuple[str, str]]:
    enrolments, entries = (sum(unit.stored[place] for unit in outcome.units) for place in (0, 1))
    steps, processor = outcome.figures.steps.total(), sum(unit.seconds for unit in outcome.units)
    yield "enrolments kept", _number(enrolments)
    yield "timeline entries kept", _number(entries)
    yield "time", f"{outcome.seconds:.0f} s on {outcome.workers} process{'es' if outcome.workers > 1 else ''}"
    yield "processor time", f"{processor:.0f} s"
    yield "steps a second", _number(round(steps / outcome.seconds))
    yield "memory, at the most", f"{outcome.memory / _MEBI:.0f} MiB"


def _number(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def findings(outcome: Outcome) -> tuple[str, ...]:
    """Return the findings: the first ones in full, each with how to see it again, and how many more there are."""
    found = outcome.findings
    lines = [f"{finding}\n    {command(outcome.region, unit=finding.unit or None)}" for finding in found[:_SHOWN]]
    by_law = {law: sum(finding.law is law for finding in found[_SHOWN:]) for law in Law}
    lines += [f"{number} more of law {law.value}" for law, number in by_law.items() if number]
    return tuple(lines)


def write(outcome: Outcome, folder: Path) -> None:
    """Write the report into a folder, which is made when it is not there: `report.md` and two plots in SVG.

    Raises:
        OSError: It cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "activity.svg").write_text(activity(outcome), "utf-8")
    (folder / "waiting.svg").write_text(waiting(outcome), "utf-8")
    again = command(outcome.region, unit=outcome.only_unit)
    lines = ["# A region in a box", "", "```sh", again, "```", "", *_findings_part(outcome)]
    for part in parts(outcome):
        lines += [f"## {part.title}", "", "| | |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in part.rows), ""]
    lines += ["## Plots", "", "![Activity](activity.svg)", "", "![Waiting](waiting.svg)", ""]
    (folder / "report.md").write_text("\n".join(lines), "utf-8")


def _findings_part(outcome: Outcome) -> list[str]:
    found = findings(outcome)
    if not found:
        return ["No findings: every law held.", ""]
    return [f"## Findings: {len(outcome.findings)}", "", "```text", *found, "```", ""]
