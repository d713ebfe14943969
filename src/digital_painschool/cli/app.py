"""The top of the command line: its commands, and how it ends."""

import io
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from digital_painschool.cli.demo import demo
from digital_painschool.cli.discretion import masked
from digital_painschool.cli.export import export
from digital_painschool.cli.offers import plugins, programs
from digital_painschool.cli.options import epilog
from digital_painschool.cli.retention import retention
from digital_painschool.cli.service import deliver, migrate
from digital_painschool.cli.simulate import simulate
from digital_painschool.errors import InvalidProgram, PainschoolError

NAME = "digital-painschool"

_REFUSED = 1
_WRONG_USE = 2


class Commands(click.Group):
    """Commands that end with one line on stderr, and never with a traceback, when something is refused or fails."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = NAME,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002, FBT001, FBT002 - click's own signature
        **extra: Any,
    ) -> NoReturn:
        """Run a command and exit with its code."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # A screen that cannot show a letter must not stop a purge half way.
                stream.reconfigure(errors="replace")
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(_WRONG_USE)
        except click.UsageError as error:
            path = NAME if error.ctx is None else error.ctx.command_path
            _fail(f"{error.format_message().rstrip('.')}; see {path} --help", _WRONG_USE)
        except click.ClickException as error:
            _fail(error.format_message(), _REFUSED)
        except click.Abort:
            _fail("stopped", _REFUSED)
        except InvalidProgram as error:
            _fail(str(error), _REFUSED, lines=True)
        except PainschoolError as error:
            _fail(str(error), _REFUSED)
        except OSError as error:
            where = "" if error.filename is None else f"{error.filename}: "
            _fail(f"{where}{error.strerror or type(error).__name__}", _REFUSED)
        sys.exit(code if isinstance(code, int) else 0)


def _fail(text: str, code: int, *, lines: bool = False) -> NoReturn:
    click.echo(f"{NAME}: {masked(text if lines else ' '.join(text.split()))}", err=True)
    sys.exit(code)


@click.command(
    NAME,
    cls=Commands,
    commands=[demo, migrate, deliver, programs, plugins, export, retention, simulate],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=epilog(
        """\
Examples:
  digital-painschool demo
  digital-painschool migrate --storage sqlite:///painschool.db
  digital-painschool deliver --settings painschool.toml --watch 60"""
    ),
)
@click.version_option(package_name="digital_painschool", prog_name=NAME, message="%(prog)s %(version)s")
def app() -> None:
    """A guided internet treatment for long-term pain: its demo, its service and its retention.

    Which storage and which adapters: --settings FILE or --storage URL of each command, or the environment variable
    PAINSCHOOL_SETTINGS or PAINSCHOOL_STORAGE. An identity number is never an argument here, and is never shown.
    """
