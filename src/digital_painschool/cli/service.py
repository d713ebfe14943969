"""Running the service: `migrate` and `deliver`."""

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Event
from types import FrameType

import attrs
import click

from digital_painschool import (
    AdapterConfig,
    ConfigurationError,
    Conflict,
    OutcomeUnknown,
    PainSchool,
    Settings,
    StorageError,
    open_school,
)
from digital_painschool.bootstrap.school import system_clock
from digital_painschool.cli.options import Number, epilog, existing_school, school_options
from digital_painschool.cli.output import console, print_line
from digital_painschool.delivery.worker import DeliveryReport

_EVERY = 60.0


@click.command(
    epilog=epilog("""\
Examples:
  digital-painschool migrate --storage sqlite:///painschool.db
  PAINSCHOOL_STORAGE=postgresql://db/painschool digital-painschool migrate
  digital-painschool migrate --storage postgresql://db/region --schema smartskola
  digital-painschool migrate --storage postgresql:// --sql > migrate.sql   for a database administrator""")
)
@click.option("--sql", is_flag=True, help="Print the SQL instead, for somebody else to run; nothing is opened.")
@click.option("--since", metavar="REVISION", help="Beside --sql: what the database has now (nothing when left out).")
@school_options
def migrate(*, settings: Settings, sql: bool, since: str | None) -> None:
    """Bring the storage's schema up to date.

    Running it again changes nothing. Take a backup first: there is no way back to an older version.
    """
    if sql:
        click.echo(_sql(settings.storage, since), nl=False)
        return
    if since is not None:
        raise click.UsageError("--since goes with --sql; without it the database itself says what it has")
    open_school(settings, migrate=True).close()
    print_line("The storage is up to date.")


def _sql(storage: AdapterConfig, since: str | None) -> str:
    try:
        from digital_painschool.adapters.sql import migration_sql
    except ImportError:
        raise ConfigurationError("SQL needs the extra: pip install 'digital_painschool[sql]'") from None
    # The adapter's name says which database it is: the URL may be a secret that is not here.
    schema = storage.options.get("schema")
    return migration_sql(storage.name, schema=None if schema is None else str(schema), since=since)


@click.command(
    epilog=epilog("""\
Examples:
  digital-painschool deliver --settings painschool.toml              from cron, every minute
  digital-painschool deliver --settings painschool.toml --watch      until it is stopped
  digital-painschool deliver --settings painschool.toml --watch 15   a pass every 15 seconds

Ctrl-C or SIGTERM stops the watch after the pass at hand, with exit code 0; or 1 when that pass had failed.""")
)
@click.option(
    "--watch",
    type=Number(min=0, min_open=True, max=86_400),
    is_flag=False,
    flag_value=_EVERY,
    metavar="[SECONDS]",
    help="Go on, with so many seconds between passes (60 when left out), until it is stopped.",
)
@school_options
def deliver(*, settings: Settings, watch: float | None) -> None:
    """Hand over the notifications that are due.

    They go to patients' inboxes, and to staff by e-mail or SMS. Direct ones go at once; collected ones in the forenoon,
    one a patient and day (M-12, M-13, D-13a). Any number of these may run at the same time: nothing is sent twice. A
    patient who cannot be reached becomes a flag for the therapist (D-13d).

    Give the settings that the school runs under: with --storage alone every unit has the default policy (forenoon,
    waits, links), and nothing can go to staff.
    """
    _refuse_memory(settings)
    with existing_school(settings) as school:
        gc.freeze()  # a run makes many objects: the collector shall not look through all that was there before, too
        if watch is None:
            print_line(_told(school.delivery().run()))
        elif not _watch(school, watch):
            click.get_current_context().exit(1)


def _refuse_memory(settings: Settings) -> None:
    if settings.storage.name == "memory":
        return
    for kind, chosen in (("inbox", settings.inbox), *(("messenger", one) for one in settings.messengers)):
        if chosen.name == "memory":
            raise ConfigurationError(
                f"the {kind} is in memory, so that what is handed over would be lost with this process; name another"
                " in the settings"
            )


def _watch(school: PainSchool, seconds: float) -> bool:
    """Make pass after pass until a signal comes; tells whether the last one went well."""
    well = True
    screen = console(stderr=True)
    with _stop_signals() as stop:
        while not stop.is_set():
            try:
                done = school.delivery().run()
            except (Conflict, OutcomeUnknown, StorageError) as error:
                well = False
                print_line(f"{_time()}  failed, will be tried again: {error}", err=True)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next pass may go well
                well = False
                print_line(f"{_time()}  failed, will be tried again ({type(error).__name__})", err=True)
            else:
                well = True
                if done != DeliveryReport():
                    print_line(f"{_time()}  {_told(done)}")
            waiting = (
                screen.status(f"next pass in {seconds:g} s; Ctrl-C stops") if screen.is_terminal else nullcontext()
            )
            with waiting:
                stop.wait(seconds)
    return well


@contextmanager
def _stop_signals() -> Iterator[Event]:
    """Yield an event that SIGINT or SIGTERM sets; a second signal does what it would have done anyway."""
    stop = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        restore()

    for number in before:
        signal.signal(number, ask_to_stop)
    try:
        yield stop
    finally:
        restore()


def _told(done: DeliveryReport) -> str:
    figures = [f"{count} {name.replace('_', ' ')}" for name, count in attrs.asdict(done).items() if count]
    return ", ".join(figures) or "nothing was due"


def _time() -> str:
    return system_clock().isoformat(timespec="seconds")
