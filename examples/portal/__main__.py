"""Start the portal on an SQLite file with people in it: `python -m examples.portal`."""

import argparse
import os
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path


def main() -> None:
    """Make the file where there is none, and serve until Ctrl+C."""
    parser = argparse.ArgumentParser(prog="python -m examples.portal", description="An example portal in Django.")
    parser.add_argument(
        "--folder", type=Path, default=Path("portal-data"), help="where the files lie; made when missing"
    )
    parser.add_argument("--port", type=int, default=8000, help="0 chooses a free one")
    chosen = parser.parse_args()
    os.environ["PORTAL_FOLDER"] = str(chosen.folder)

    from .server import served  # after the folder is known: importing it makes the Django application

    fill(chosen.folder)
    with ExitStack() as stack:
        try:
            address = stack.enter_context(served(chosen.port))
        except (OSError, OverflowError):
            parser.exit(1, f"port {chosen.port} cannot be served; choose another --port\n")
        print(
            f"The portal is open at {address} (Ctrl+C closes it). Its files lie in {chosen.folder.absolute()}.",
            flush=True,
        )
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


def fill(folder: Path) -> None:
    """Put people into a new folder; leave one that has a database as it is."""
    from digital_painschool import open_school

    from .sample import Clock, live
    from .school import school_settings

    if (folder / "painschool.db").exists():
        return
    clock = Clock(datetime.now(UTC))
    with open_school(school_settings(folder), clock=clock) as new:
        live(new, clock)


if __name__ == "__main__":
    main()
