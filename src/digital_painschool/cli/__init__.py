"""The command line, `digital-painschool`; beside the library it needs the extra `cli`."""

import os
import sys


def main() -> None:
    """Run the command that the process's arguments name, and exit: 0 fine, 1 refused or failed, 2 wrong use."""
    _open_standard_streams()
    try:
        _run()
    except KeyboardInterrupt:
        # Also while the imports are under way.
        sys.stderr.write("digital-painschool: stopped\n")
        sys.exit(1)


def _run() -> None:
    try:
        from digital_painschool.cli.app import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"click", "rich"}:
            raise
        sys.stderr.write("digital-painschool needs the extra: pip install 'digital_painschool[cli]'\n")
        sys.exit(2)
    app()


def _open_standard_streams() -> None:
    # A database's connection could get the number of a closed one, and be written into as if it were stderr.
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
