"""Measure, print the table, and write it to a file when one is named."""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import delivery_run, desk_call, importing, pages, pure_step, remote_call, retention
from benchmarks.plot import picture
from benchmarks.table import Row, machine, markdown

_AIMS: dict[str, Callable[..., Iterable[Row]]] = {
    "p1": pure_step.measure,
    "p2": desk_call.measure,
    "p3": remote_call.measure,
    "p4": pages.measure,
    "p5": delivery_run.measure,
    "p6": retention.purging,
    "p7": importing.measure,
    "p8": retention.exporting,
}
_NOTHING_PROVED = "Measured with --quick, to see that it runs: these figures say nothing."


def main() -> None:
    """Run the measurements that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios, measured side by side.")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    parser.add_argument("--only", type=_aims, default=tuple(_AIMS), metavar=",".join(_AIMS), help="only these aims")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table to this file as well")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw a picture of the table into this file")
    chosen = parser.parse_args()
    rows = [row for aim in chosen.only for row in _AIMS[aim](quick=chosen.quick)]
    text = "\n\n".join((machine() + ".", *([_NOTHING_PROVED] if chosen.quick else []), markdown(rows)))
    print(text)
    if chosen.markdown is not None:
        chosen.markdown.write_text(text + "\n", "utf-8")
    if chosen.svg is not None:
        chosen.svg.write_text(picture(rows) + "\n", "utf-8")


def _aims(text: str) -> tuple[str, ...]:
    names = tuple(text.lower().split(","))
    if strangers := [name for name in names if name not in _AIMS]:
        raise argparse.ArgumentTypeError(f"no aim {', '.join(strangers)}; there are {', '.join(_AIMS)}")
    return names


if __name__ == "__main__":
    main()
