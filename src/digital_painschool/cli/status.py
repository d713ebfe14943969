"""The command `status`: how deliveries go, for a person, a monitor and a health check. Rule: D-13d."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import click

from digital_painschool import Channel, DeliveryStatus, Settings
from digital_painschool.cli.options import Number, WholeNumber, epilog, existing_school, school_options, storage_alone
from digital_painschool.cli.output import add_row, console, counted, print_json, table
from digital_painschool.serialization.scalars import optional_instant_to_text

_MINUTES = Number(min=0, max=1_000_000)


@click.command(
    epilog=epilog("""\
Examples:
  digital-painschool status --settings painschool.toml
  digital-painschool status --settings painschool.toml --json
  digital-painschool status --settings painschool.toml --max-due 15 --max-silence 5     a health check

With a limit that is exceeded, the status is printed, one line on stderr says what is wrong, and the exit code is 1.""")
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--max-due", type=_MINUTES, metavar="MINUTES", help="Fail when a digest has been due for longer.")
@click.option("--max-silence", type=_MINUTES, metavar="MINUTES", help="Fail when no worker was seen for longer.")
@click.option("--max-dead-letters", type=WholeNumber(min=0), metavar="COUNT", help="Fail when there are more.")
@school_options
def status(
    *,
    settings: Settings,
    as_json: bool,
    max_due: float | None,
    max_silence: float | None,
    max_dead_letters: int | None,
) -> None:
    """Show how deliveries go.

    The figures are those of all units together, without persons: the oldest digest that is due, what waits and what was
    given up in the last 24 hours by channel, the dead letters, the workers that are alive, and what the channels can
    still take today. Times are UTC.
    """
    with existing_school(storage_alone(settings)) as school:
        found = school.delivery().status()
    if as_json:
        print_json(_data(found))
    else:
        shown = table("Figure", "Value")
        for name, value in _data(found).items():
            add_row(shown, name.replace("_", " "), _text(value))
        console().print(shown)
    problems = [*_problems(found, _minutes(max_due), _minutes(max_silence), max_dead_letters)]
    if problems:
        raise click.ClickException("; ".join(problems))


def _data(found: DeliveryStatus) -> dict[str, object]:
    return {
        "at": optional_instant_to_text(found.at),
        "oldest_due_at": optional_instant_to_text(found.oldest_due_at),
        "oldest_due_seconds": _seconds(found.oldest_due_for),
        "waiting": _counts(found.waiting),
        "failed_last_day": _counts(found.failed),
        "dead_letters": found.dead_letters,
        "workers": found.workers,
        "last_seen_at": optional_instant_to_text(found.last_seen_at),
        "capacity_left_today": None if found.capacity_left is None else _counts(found.capacity_left),
    }


def _counts(counts: Mapping[Channel, int]) -> dict[str, int]:
    """Return the counts of all channels: a monitor that finds no figure cannot tell nothing from a fault."""
    return {channel.value: counts.get(channel, 0) for channel in Channel}


def _seconds(time: timedelta | None) -> int | None:
    return None if time is None else int(time.total_seconds())


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    return "-" if value is None else str(value)


def _minutes(minutes: float | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)


def _problems(
    found: DeliveryStatus, due: timedelta | None, silence: timedelta | None, dead_letters: int | None
) -> Iterator[str]:
    if due is not None and found.oldest_due_for is not None and found.oldest_due_for > due:
        yield f"a digest has been due for {_in_minutes(found.oldest_due_for)}"
    if silence is not None and (found.silent_for is None or found.silent_for > silence) and not found.workers:
        yield "no worker was seen in the last day" if found.silent_for is None else _silent(found.silent_for)
    if dead_letters is not None and found.dead_letters > dead_letters:
        listed = "--max-dead-letters; `dead-letters list` shows them"
        yield f"{counted(found.dead_letters, 'dead letter')}, more than the {dead_letters} of {listed}"


def _silent(time: timedelta) -> str:
    return f"no worker was seen for {_in_minutes(time)}"


def _in_minutes(time: timedelta) -> str:
    return f"{time.total_seconds() / 60:.1f} minutes"
