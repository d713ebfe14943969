"""Let chaos loose on a PostgreSQL database, audit what it leaves, and print a report; fail when something is wrong."""

import argparse
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.servers import own_server
from digital_painschool.adapters.sql import SqlStorage, migrate
from digital_painschool.testing.people import OTHER_UNIT, UNIT
from proofs.chaos.running import run
from proofs.chaos.setting import Setting


def main() -> int:
    """Run what the arguments ask for; return 0 when nothing is wrong."""
    options = _options()
    logging.disable()  # what fails is journaled
    with tempfile.TemporaryDirectory(prefix="painschool-chaos-") as folder, _database(options.storage) as url:
        setting = Setting(
            url=url,
            folder=Path(folder),
            seconds=60 * options.minutes,
            seed=options.seed,
            web=options.web,
            delivering=options.delivering,
        )
        report = run(setting, lambda word: print(word, flush=True))
        print(report)
        if report.findings and options.keep:
            shutil.copytree(folder, options.keep)
            print(f"the journals are in {options.keep}")
    return 1 if report.findings else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proofs.chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1, help="how long the chaos lasts; the audit comes after it")
    parser.add_argument("--seed", type=int, default=7, help="what everything is drawn from")
    parser.add_argument("--web", type=int, default=5, help="how many processes take desk calls")
    parser.add_argument("--delivering", type=int, default=3, help="how many processes make passes")
    parser.add_argument("--storage", metavar="URL", help="an empty PostgreSQL database; left out, a server of its own")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to keep the journals of a run with findings")
    return parser.parse_args()


@contextmanager
def _database(there: str | None) -> Iterator[str]:
    if there is not None:
        yield _empty(there)
        return
    with own_server() as server:
        yield server.get_uri()


def _empty(url: str) -> str:
    migrate(url)
    storage = SqlStorage(url)
    kept = [unit for unit in (UNIT, OTHER_UNIT) if storage.access_entries(unit, limit=1)]
    storage.close()
    if kept:
        sys.exit("this database has been used already: chaos is for an empty one, and nothing of anybody's")
    return url


if __name__ == "__main__":
    sys.exit(main())
