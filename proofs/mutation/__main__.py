"""Break each rule in every small way, in a copy of the tree, and tell which mutants no test has noticed.

Fails when one survives that `survivors.toml` does not explain, or, after a whole run, when one of the list was killed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from platform import python_version

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from proofs.mutation import session
from proofs.mutation.mutant import Mutant, is_sensible
from proofs.mutation.session import Fate
from proofs.mutation.survivors import explained

_ROOT = Path(__file__).parents[2]
_CONFIGURATION = Path("proofs/mutation/cosmic-ray.toml")
_SESSION = "session.sqlite"


def main() -> int:
    """Run what the arguments ask for; give 0 when every survivor is explained."""
    options = _options()
    os.nice(10)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        places = [_copy(Path(folder) / str(number)) for number in range(options.workers)]
        for place in places:
            _prove_clean(place)
        _judge(places, _share_out(places, options))
        found = [result for place in places for result in session.results(place / _SESSION)]
    print(_table(found))
    print(f"\nPython {python_version()}, {options.workers} at a time, {(time.monotonic() - began) / 60:.0f} minutes.")
    alive = {mutant for mutant, fate in found if fate is Fate.SURVIVED}
    strangers = alive.difference(explained())
    gone = () if options.sample else {m for m in explained() if options.only in m.module}.difference(alive)
    for title, mutants in (("Survived, and not in the list:", strangers), ("In the list, and not survived:", gone)):
        if mutants:
            print(f"\n{title}", *(f"    {list(mutant)!r}," for mutant in sorted(mutants)), sep="\n")
    return 1 if strangers or gone else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proofs.mutation", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=1, help="how many are judged at a time, each in a copy")
    parser.add_argument("--only", default="", metavar="TEXT", help="only modules whose path has this in it")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only so many, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _copy(place: Path) -> Path:
    # cosmic-ray changes the files themselves: never those that somebody works on.
    for name in ("src", "tests", "proofs", "benchmarks"):
        shutil.copytree(_ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy2(_ROOT / name, place)
    return place


def _prove_clean(place: Path) -> None:
    where = _run(place, "python", "-c", "import digital_painschool; print(digital_painschool.__file__)").stdout
    if not Path(where.strip()).is_relative_to(place.resolve()):
        raise RuntimeError(f"the tests would judge {where.strip()} and not the copy")
    # Also leaves the bytecode of what is never mutated, which makes each judgement four times as fast.
    command = tomllib.loads((place / _CONFIGURATION).read_text("utf-8"))["cosmic-ray"]["test-command"]
    _run(place, *command.split())


def _share_out(places: Sequence[Path], options: argparse.Namespace) -> int:
    _run(places[0], "cosmic-ray", "init", str(_CONFIGURATION), _SESSION)
    everything = session.jobs(places[0] / _SESSION)
    sources = {job.module: (places[0] / job.module).read_text("utf-8") for job in everything}
    chosen = [
        job.key
        for job in everything
        if options.only in job.module and is_sensible(job.operator, job.position, sources[job.module])
    ]
    if options.sample:
        chosen = sorted(chosen, key=lambda key: sha256(f"{options.seed} {key}".encode()).digest())[: options.sample]
    for place in places[1:]:
        shutil.copy2(places[0] / _SESSION, place)
    for number, place in enumerate(places):
        session.leave_out(place / _SESSION, frozenset(chosen[number :: len(places)]))
    return len(chosen)


def _judge(places: Sequence[Path], total: int) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with _at_work(places) as workers, Progress(*columns) as progress:
        task = progress.add_task("mutants", total=total)
        while any(worker.poll() is None for worker in workers):
            time.sleep(1)
            progress.update(task, completed=session.done(place / _SESSION for place in places))
        progress.update(task, completed=session.done(place / _SESSION for place in places))
    if session.done(place / _SESSION for place in places) != total:
        raise RuntimeError("cosmic-ray stopped before it was through")


@contextmanager
def _at_work(places: Sequence[Path]) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = ("cosmic-ray", "exec", str(_CONFIGURATION), _SESSION)
    workers = [subprocess.Popen(command, cwd=place, env=_environment(place)) for place in places]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait()


def _run(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=place, env=_environment(place), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done


def _environment(place: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', '')}"
    # No plugin is needed, and each costs time in every judgement.
    return {**inherited, "PATH": path, "PYTHONPATH": str(place / "src"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _table(found: Iterable[tuple[Mutant, Fate]]) -> str:
    counts: dict[str, Counter[Fate]] = {}
    for mutant, fate in found:
        counts.setdefault(mutant.module, Counter())[fate] += 1
    rows = [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]
    head = ("module", "mutants", *(fate.value for fate in Fate), "survivors in %")
    lines = [head, ("---", *["--:"] * (len(head) - 1))]
    for module, fates in rows:
        total = fates.total()
        share = f"{100 * fates[Fate.SURVIVED] / total:.1f}"
        lines.append((module, str(total), *(str(fates[fate]) for fate in Fate), share))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
