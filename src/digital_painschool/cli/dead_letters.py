"""The commands `dead-letters list`, `send-again` and `drop`. Rule: D-13d."""

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from digital_painschool import (
    Actor,
    Channel,
    Conflict,
    DeadLetter,
    HsaId,
    NotFound,
    OperatorDesk,
    PainSchool,
    RuleViolation,
    Settings,
    Status,
)
from digital_painschool.cli.options import (
    SCHOOL_AND_ACTOR,
    Command,
    HsaIdType,
    WholeNumber,
    epilog,
    existing_school,
    operator_options,
    school_options,
    settings_option,
    storage_alone,
    without_observers,
)
from digital_painschool.cli.output import counted, print_json, print_line
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import RESOLUTIONS
from digital_painschool.serialization.scalars import instant_to_text

_PAGE = 500


@click.group(
    "dead-letters",
    epilog=epilog(f"""\
Examples:
  digital-painschool dead-letters list --settings painschool.toml
  digital-painschool dead-letters send-again ENROLMENT NOTIFICATION --reason channel-repaired {SCHOOL_AND_ACTOR}
  digital-painschool dead-letters send-again --all --channel sms --reason channel-repaired ...
  digital-painschool dead-letters drop ENROLMENT NOTIFICATION --reason informed-otherwise ...

`send-again` and `drop` act as the unit's operator, whom the host has authorised, and are logged in the access log."""),
)
def dead_letters() -> None:
    """Resolve what was given up.

    A dead letter is a notification that was given up: the therapist has a flag, and the patient or the therapist was
    not notified (D-13d). No command shows a person.
    """


@dead_letters.command(
    "list",
    epilog=epilog("""\
Example:
  digital-painschool dead-letters list --settings painschool.toml"""),
)
@click.option("--unit", type=HsaIdType(), help="Only those of this unit.")
@click.option("--limit", type=WholeNumber(min=1, max=100_000), default=50, show_default=True, help="The most lines.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list; times are UTC.")
@school_options
def list_(*, settings: Settings, unit: HsaId | None, limit: int, as_json: bool) -> None:
    """List dead letters, the newest first.

    The list has those of all units, or of one: when each was given up, its channel and text, why, after how many
    attempts, and the unit; below, the two ids that the other commands take. `unknown` stands for the reason of one that
    an earlier version gave up. Times are those of the unit's zone.
    """
    with existing_school(storage_alone(settings)) as school:
        found = _listed(school, unit, limit + 1)
    if as_json:
        print_json([_data(letter) for letter in found[:limit]])
        return
    for letter in found[:limit]:
        at = letter.given_up_at.astimezone(settings.policy_of(letter.unit).zone)
        reason = "unknown" if letter.reason is None else letter.reason.value
        attempts = counted(letter.attempts, "attempt")
        facts = (f"{at:%Y-%m-%d %H:%M}", letter.channel.value, letter.template.value, reason, attempts, letter.unit)
        print_line("  ".join(facts))
        print_line(f"    {letter.enrolment_id} {letter.notification_id}")
    print_line(f"{counted(len(found[:limit]), 'dead letter')}." if found else "There are no dead letters.")
    if len(found) > limit:
        print_line("... and more; --limit shows them")


def _data(letter: DeadLetter) -> dict[str, object]:
    return {
        "notification_id": letter.notification_id,
        "enrolment_id": letter.enrolment_id,
        "unit": letter.unit,
        "channel": letter.channel.value,
        "template": letter.template.value,
        "given_up_at": instant_to_text(letter.given_up_at),
        "attempts": letter.attempts,
        "reason": None if letter.reason is None else letter.reason.value,
    }


def _chosen(status: Status) -> Callable[[Command], Command]:
    """Return the decorator that adds the arguments and options which choose dead letters, and the reason."""
    reasons = sorted(reason.value for reason in RESOLUTIONS[status])

    def add(command: Command) -> Command:
        for option in (
            click.option("--reason", type=click.Choice(reasons), required=True, help="Noted on the timeline."),
            click.option(
                "--channel", type=click.Choice([one.value for one in Channel]), help="With --all: only these."
            ),
            click.option("--all", "everything", is_flag=True, help="Every dead letter of the unit."),
            click.argument("notification_id", metavar="[NOTIFICATION]", required=False),
            click.argument("enrolment_id", metavar="[ENROLMENT]", required=False),
        ):
            command = option(command)
        return command

    return add


@dead_letters.command(
    "send-again",
    epilog=epilog(f"""\
Example:
  digital-painschool dead-letters send-again --all --reason channel-repaired {SCHOOL_AND_ACTOR}"""),
)
@_chosen(Status.PENDING)
@operator_options
@settings_option
def send_again(*, settings: Settings, actor: Actor, reason: str, **chosen: Any) -> None:
    """Send dead letters again.

    One, by its two ids in the list, or all of the unit. The next run of a worker tries each, with all attempts anew: a
    collected notification in a forenoon, at most one a patient, unit and day; an obsolete one is dropped (M-13, D-13a,
    D-13b). The flag stays until the therapist handles it.
    """
    with existing_school(without_observers(settings)) as school:
        desk = school.operator(actor)
        count = _resolve(desk, partial(desk.send_again, reason=reason), **chosen)
    print_line(f"{counted(count, 'notification')} sent again with the next run.")


@dead_letters.command(
    epilog=epilog(f"""\
Example:
  digital-painschool dead-letters drop ENROLMENT NOTIFICATION --reason informed-otherwise {SCHOOL_AND_ACTOR}""")
)
@_chosen(Status.DROPPED)
@operator_options
@settings_option
def drop(*, settings: Settings, actor: Actor, reason: str, **chosen: Any) -> None:
    """Drop dead letters.

    One, by its two ids in the list, or all of the unit. A dropped notification is not sent any more, and leaves the
    list. The flag stays until the therapist handles it.
    """
    with existing_school(without_observers(settings)) as school:
        desk = school.operator(actor)
        count = _resolve(desk, partial(desk.drop, reason=reason), **chosen)
    print_line(f"{counted(count, 'notification')} dropped.")


def _resolve(
    desk: OperatorDesk,
    call: Callable[[EnrolmentId, NotificationId], None],
    *,
    enrolment_id: str | None,
    notification_id: str | None,
    everything: bool,
    channel: str | None,
) -> int:
    """Resolve the chosen dead letters, and return how many were."""
    if everything:
        if enrolment_id is not None:
            raise click.UsageError("--all and the ids of one notification exclude each other")
        wanted = [one for one in _of_unit(desk) if channel in {None, one.channel.value}]
        return sum(_is_resolved(call, one) for one in wanted)
    if channel is not None:
        raise click.UsageError("--channel goes with --all")
    if enrolment_id is None or notification_id is None:
        raise click.UsageError("name the enrolment and the notification, as the list shows them, or --all")
    call(EnrolmentId(enrolment_id), NotificationId(notification_id))
    return 1


def _is_resolved(call: Callable[[EnrolmentId, NotificationId], None], letter: DeadLetter) -> bool:
    try:
        call(letter.enrolment_id, letter.notification_id)
    except (Conflict, NotFound, RuleViolation) as error:  # somebody else was first, or the enrolment has ended
        print_line(f"left: {letter.notification_id} ({error})", err=True)
        return False
    return True


def _of_unit(desk: OperatorDesk) -> list[DeadLetter]:
    """Return all dead letters of the operator's unit; read whole before the first one is resolved."""
    page = desk.dead_letters(limit=_PAGE)
    found = [*page.rows]
    while page.next is not None:
        page = desk.dead_letters(page.next, limit=_PAGE)
        found += page.rows
    return found


def _listed(school: PainSchool, unit: HsaId | None, limit: int) -> list[DeadLetter]:
    delivery, found = school.delivery(), list[DeadLetter]()
    while page := delivery.dead_letters(unit, after=found[-1] if found else None, limit=min(_PAGE, limit - len(found))):
        found += page
        if len(found) >= limit:
            break
    return found
