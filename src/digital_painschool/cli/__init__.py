"""The command line, `digital-painschool`; it needs the extra `cli`."""

import os
import sys


def main() -> None:
    """Run the command of the process's arguments, and exit: 0 success, 1 refused or failed, 2 wrong use."""
    _open_standard_streams()
    try:
        _run()
    except KeyboardInterrupt:
        # This covers the imports too.
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
    # A database connection could get the descriptor of a closed stream, and receive what is written to stderr.
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
