"""The command line, `digital-painschool`; beside the library it needs the extra `cli`."""

import sys


def main() -> None:
    """Run the command that the process's arguments name, and exit: 0 fine, 1 refused or failed, 2 wrong use."""
    try:
        from digital_painschool.cli.app import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"click", "rich"}:
            raise
        sys.stderr.write("digital-painschool needs the extra: pip install 'digital_painschool[cli]'\n")
        sys.exit(2)
    app()
