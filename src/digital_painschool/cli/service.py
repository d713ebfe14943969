"""The commands of the service: `migrate` and `deliver`."""

import gc
import logging
from contextlib import nullcontext
from datetime import UTC, timedelta, tzinfo
from threading import Event
from zoneinfo import ZoneInfo

import click

from digital_painschool import (
    AdapterConfig,
    ConfigurationError,
    Conflict,
    OutcomeUnknown,
    Settings,
    StorageError,
    open_school,
)
from digital_painschool.adapters.extras import asking_for
from digital_painschool.bootstrap.school import system_clock
from digital_painschool.cli.log_format import log_as
from digital_painschool.cli.options import (
    Number,
    epilog,
    existing_school,
    school_options,
    settings_option,
    storage_alone,
)
from digital_painschool.cli.output import console, counted, print_line
from digital_painschool.cli.stopping import notify_service_manager, stop_signals
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.delivery.worker import Delivery
from digital_painschool.domain.pace import ForenoonPlan

_log = logging.getLogger(__name__)
_EVERY = 60.0


@click.command(
    epilog=epilog("""\
Examples:
  digital-painschool migrate --storage sqlite:///painschool.db
  PAINSCHOOL_STORAGE=postgresql://db/painschool digital-painschool migrate
  digital-painschool migrate --storage postgresql://db/region --schema smartskola
  digital-painschool migrate --storage postgresql:// --sql > migrate.sql   for a database administrator""")
)
@click.option("--sql", is_flag=True, help="Print the SQL for a database administrator instead; nothing is opened.")
@click.option("--since", metavar="REVISION", help="With --sql: the present revision of the database (default: none).")
@school_options
def migrate(*, settings: Settings, sql: bool, since: str | None) -> None:
    """Bring the storage's schema up to date.

    An inbox and messengers in SQL are brought up to date too, wherever their rows are. A second run changes nothing.
    Take a backup first: a migration cannot be undone.
    """
    if sql:
        click.echo(_sql(settings.storage, since), nl=False)
        return
    if since is not None:
        raise click.UsageError("--since goes with --sql; without it the database itself has the revision")
    open_school(storage_alone(settings, migrating=True), migrate=True).close()
    print_line("The storage is up to date.")


def _sql(storage: AdapterConfig, since: str | None) -> str:
    with asking_for("sql", "SQL needs"):
        from digital_painschool.adapters.sql import migration_sql
    # The adapter's name is the kind of database: the URL may be a secret that is not set here.
    schema = storage.options.get("schema")
    return migration_sql(storage.name, schema=None if schema is None else str(schema), since=since)


@click.command(
    epilog=epilog("""\
Examples:
  digital-painschool deliver --settings painschool.toml              from cron, every minute
  digital-painschool deliver --settings painschool.toml --watch      until it is stopped
  digital-painschool deliver --settings painschool.toml --watch 15   a run every 15 seconds

Ctrl-C or SIGTERM ends the run after the notice at hand, with exit code 0; or 1 when the last run of a watch has failed.
The other notices of the run are given back: the next run of any worker sends them.""")
)
@click.option(
    "--watch",
    type=Number(min=0, min_open=True, max=86_400),
    is_flag=False,
    flag_value=_EVERY,
    metavar="[SECONDS]",
    help="Repeat, with so many seconds between runs (60 when left out), until it is stopped.",
)
@click.option(
    "--log",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The log on stderr: warnings as text, or every event of a run as a line of JSON.",
)
@settings_option
def deliver(*, settings: Settings, watch: float | None, log: str) -> None:
    """Send the notifications that are due.

    They go to patients' inboxes, and to staff by e-mail or SMS. Direct notifications are sent immediately; collected
    ones in the forenoon, one a patient, unit and day (M-12, M-13, D-13a). Any number of workers may run at the same
    time: no two send the same one, and one that a worker was killed with goes again under its key. An unreachable
    patient raises a flag for the therapist (D-13d).

    The settings name the inbox, the messengers and the policies: there is no --storage here, which would send a notice
    to an inbox that nobody reads.
    """
    _refuse_memory(settings)
    with log_as(log), existing_school(settings) as school, stop_signals() as stop:
        # A run makes many objects, few of them in cycles: the collector passes over what existed before, and comes less
        # often.
        gc.freeze()
        gc.set_threshold(100_000)
        worker = school.delivery(every=None if watch is None else timedelta(seconds=watch), stop=stop)
        if watch is None:
            print_line(_summary(_run(worker, settings.policy.zone)))
        elif not _watch(worker, watch, stop, settings.policy.zone, log):
            click.get_current_context().exit(1)


def _refuse_memory(settings: Settings) -> None:
    if settings.storage.name == "memory":
        return
    for kind, chosen in (("inbox", settings.inbox), *(("messenger", one) for one in settings.messengers)):
        if chosen.name == "memory":
            raise ConfigurationError(
                f"the {kind} is in memory, so that whatever is sent would be lost with this process; name another"
                " in the settings"
            )
    if settings.messengers and settings.directory.name == "memory":
        raise ConfigurationError(
            "there are messengers, but no staff directory, so that nobody has an address and every notification to"
            " staff would be given up; write [directory] in the settings"
        )


def _watch(worker: Delivery, seconds: float, stop: Event, zone: ZoneInfo, log: str) -> bool:
    """Run the delivery repeatedly until a signal arrives; return whether the last run succeeded."""
    succeeded = True
    screen = console(stderr=True)
    notify_service_manager("READY=1")
    while not stop.is_set():
        try:
            report = _run(worker, zone)
        except Exception as error:  # noqa: BLE001 - whatever the error, the next run may succeed
            succeeded = False
            _print_failure(error, log)
        else:
            succeeded = True
            if report != DeliveryReport():
                print_line(f"{_time()}  {_summary(report)}")
        waiting = screen.status(f"next run in {seconds:g} s; Ctrl-C stops") if screen.is_terminal else nullcontext()
        with waiting:
            stop.wait(seconds)
    notify_service_manager("STOPPING=1")
    return succeeded


def _print_failure(error: Exception, log: str) -> None:
    is_ours = isinstance(error, (Conflict, OutcomeUnknown, StorageError))
    why = str(error) if is_ours else type(error).__name__
    if log == "json":
        log_event(_log, "run-failed", error=why)
    else:
        print_line(f"{_time()}  failed, will be tried again{f': {why}' if is_ours else f' ({why})'}", err=True)


def _summary(report: DeliveryReport) -> str:
    figures = [f"{count} {name.replace('_', ' ')}" for name, count in report.counts.items() if count]
    return ", ".join(figures) or "nothing was due"


def _run(delivery: Delivery, zone: ZoneInfo) -> DeliveryReport:
    """Run the delivery; print its plans of the channels that have a pace, in the zone of the common policy."""

    def announce(plans: tuple[ForenoonPlan, ...]) -> None:
        for plan in plans:
            late = f"; {plan.too_late} too late for this forenoon" if plan.too_late else ""
            due, done_by = counted(plan.notices, "notice"), plan.done_by.astimezone(zone)
            print_line(f"{_time(zone)}  {plan.channel.value}: {due} due, done by {done_by:%H:%M}{late}")

    return delivery.run(announce=announce)


def _time(zone: tzinfo = UTC) -> str:
    return system_clock().astimezone(zone).isoformat(timespec="seconds")
