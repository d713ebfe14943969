"""The group of all commands, and the exit codes of their errors."""

import io
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn, TextIO

import click

from digital_painschool.cli.dead_letters import dead_letters
from digital_painschool.cli.demo import demo
from digital_painschool.cli.directory import directory
from digital_painschool.cli.export import export
from digital_painschool.cli.log_format import Messages
from digital_painschool.cli.messengers import messengers
from digital_painschool.cli.options import epilog
from digital_painschool.cli.output import print_line
from digital_painschool.cli.plugins import plugins, programs
from digital_painschool.cli.policy import policy
from digital_painschool.cli.retention import retention
from digital_painschool.cli.service import deliver, migrate
from digital_painschool.cli.settings import settings
from digital_painschool.cli.simulate import simulate
from digital_painschool.cli.status import status
from digital_painschool.errors import InvalidProgram, PainSchoolError

NAME = "digital-painschool"

_REFUSED = 1
_WRONG_USE = 2


class Commands(click.Group):
    """A group of commands whose errors are one line on stderr and an exit code, never a traceback."""

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
                # A screen that cannot show a character must not interrupt a purge.
                stream.reconfigure(errors="replace")
        if logging.lastResort is not None:  # the handler of a log that nobody has configured; it writes to stderr
            logging.lastResort.setFormatter(Messages())
        if sys.stdout is None:
            # Standard output is closed. A purge must not run when nobody gets its receipt.
            code = _refused("standard output is closed; send it to a file or to /dev/null")
        else:
            code = _code_of(partial(super().main, args, prog_name, complete_var, standalone_mode=False, **extra))
        if not _is_flushed(sys.stdout) and not code:
            code = _refused("the output could not be written completely")
        _is_flushed(sys.stderr)  # otherwise a full disk behind it would replace the exit code by the interpreter's own
        sys.exit(code)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the named command, with an error for exits that click would leave silent."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.Abort from None
        except (BrokenPipeError, SystemExit):
            # On a broken pipe rich raises SystemExit.
            raise click.ClickException("the reader of the output has closed the pipe") from None


def _code_of(run: Callable[[], object]) -> int:
    """Run a command and return its exit code; print an error as one line on stderr."""
    try:
        code = run()
    except click.exceptions.NoArgsIsHelpError as error:
        with suppress(OSError):
            error.show()
        return _WRONG_USE
    except click.UsageError as error:
        path = NAME if error.ctx is None else error.ctx.command_path
        return _refused(f"{error.format_message().rstrip('.')}; see {path} --help", _WRONG_USE)
    except click.ClickException as error:
        return _refused(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return _refused("stopped")
    except InvalidProgram as error:
        return _refused(str(error), lines=True)
    except PainSchoolError as error:
        return _refused(str(error))
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        return _refused(f"{where}{error.strerror or type(error).__name__}")
    except Exception as error:  # noqa: BLE001 - its text and its traceback may contain personal data
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return _refused(f"an unexpected {type(error).__name__} in {frame.filename}, line {frame.lineno}; report it")
    return code if isinstance(code, int) else 0


def _refused(text: str, code: int = _REFUSED, *, lines: bool = False) -> int:
    # With stderr closed too, only the exit code remains.
    with suppress(OSError):
        print_line(f"{NAME}: {text if lines else ' '.join(text.split())}", err=True)
    return code


def _is_flushed(stream: TextIO | None) -> bool:
    """Flush a stream, and return whether that succeeded; otherwise the interpreter would report the error again."""
    if stream is None:
        return True
    try:
        stream.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return False
    return True


@click.command(
    NAME,
    cls=Commands,
    commands=[
        *(demo, migrate, deliver, status, dead_letters, messengers, programs, plugins, directory, policy),
        *(settings, export, retention, simulate),
    ],
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
    """Run a guided internet treatment for long-term pain: its demo, its service and its retention.

    Each command takes the school from --settings FILE, or from the environment variable PAINSCHOOL_SETTINGS. One that
    sends nothing and decides nothing takes --storage URL, or PAINSCHOOL_STORAGE, too. An identity number is never an
    argument, and is never shown.
    """
