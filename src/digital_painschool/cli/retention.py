"""The commands `retention plan`, `approve`, `purge`, `receipts` and `replay`.

Rule: M-20, D-21a, D-21b.
"""

import sys
from datetime import datetime
from pathlib import Path

import click
from attrs import NOTHING, fields

from digital_painschool import Actor, InvalidValue, RuleViolation, Settings, StorageError
from digital_painschool.cli.options import (
    SCHOOL_AND_ACTOR,
    FilePath,
    actor_options,
    epilog,
    existing_school,
    settings_option,
    without_observers,
)
from digital_painschool.cli.output import (
    add_row,
    console,
    counted,
    name_unreadable,
    plain,
    print_json,
    print_line,
    progress,
    table,
)
from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.retention import EndedEnrolment, PurgePlan, PurgeReceipt, Skipped
from digital_painschool.rules.retention import decision_reference
from digital_painschool.serialization.scalars import instant_to_text
from digital_painschool.serialization.text_files import decoded, json_value, read_text
from digital_painschool.serialization.values import from_data, to_data

_ROWS = 50
_LONGEST = 500_000_000
"""The most bytes of a file of receipts: one receipt of a million withdrawn enrolments, with ids of 100 characters."""


@click.group(
    epilog=epilog(f"""\
The order (D-21a):
  digital-painschool retention plan {SCHOOL_AND_ACTOR}
  digital-painschool export ./export ...
  digital-painschool retention approve PLAN --decision "RS 2037-0042" ...
  digital-painschool retention purge PLAN ... > receipt.json

Each command acts as the unit's data administrator, whom the host has authorised, and is logged in the access log.""")
)
def retention() -> None:
    """Purge (gallra) ended enrolments.

    A purge is a procedure: plan, export, approve, purge, receipt (M-20, M-21, D-21a, D-21b).
    """


@retention.command(
    epilog=epilog(f"""\
Example:
  digital-painschool retention plan {SCHOOL_AND_ACTOR}""")
)
@click.option("--all", "everything", is_flag=True, help=f"Show every enrolment, not only the first {_ROWS}.")
@actor_options
@settings_option
def plan(*, settings: Settings, actor: Actor, everything: bool) -> None:
    """Preview a purge.

    The plan is saved, and nothing is purged. The plan has the ended enrolments whose last entry is older than the
    unit's retention period (D-21b). The last line is the plan's id.
    """
    with existing_school(without_observers(settings)) as school:
        made = school.administrator(actor).plan_purge()
    zone = settings.policy_of(actor.unit).zone

    def day(at: datetime) -> str:
        return at.astimezone(zone).date().isoformat()

    shown = table("Enrolment", "Ended", "Last entry", "Exported")
    for planned in made.enrolments if everything else made.enrolments[:_ROWS]:
        add_row(shown, planned.enrolment_id, day(planned.ended_at), day(planned.last_entry_at), _export_state(planned))
    if made.enrolments:
        console().print(shown)
    if len(made.enrolments) > _ROWS and not everything:
        print_line(f"... and {len(made.enrolments) - _ROWS} more; --all shows them")
    withdrawn = sum(planned.is_withdrawn for planned in made.enrolments)
    ended = counted(len(made.enrolments) - withdrawn, "ended enrolment")
    print_line(f"{ended} with the last entry before {day(made.ended_before)}.")
    if withdrawn:
        print_line(f"{counted(withdrawn, 'start')} by mistake, withdrawn.")
    name_unreadable(made.unreadable)
    print_line(f"Plan {made.id}")


@retention.command(
    epilog=epilog(f"""\
Example:
  digital-painschool retention approve PLAN --decision "RS 2037-0042" {SCHOOL_AND_ACTOR}""")
)
@click.argument("plan_id", metavar="PLAN")
@click.option("--decision", required=True, help="The reference of the decision (gallringsbeslut).")
@actor_options
@settings_option
def approve(*, settings: Settings, actor: Actor, plan_id: PlanId, decision: str) -> None:
    """Approve a plan.

    The approval names the decision (gallringsbeslut) that the purge rests on. The first approval is final.
    """
    with existing_school(without_observers(settings)) as school:
        desk = school.administrator(actor)
        try:
            approved = desk.approve(plan_id, decision=decision)
        except InvalidValue as error:
            raise click.UsageError(str(error)) from None
    if approved.decision is None or approved.decision.reference != decision_reference(decision):
        raise click.ClickException(f"the plan was approved already, on {_reference(approved)}; it stands")
    print_line(f"{counted(len(approved.enrolments), 'enrolment')} approved for purging, on {_reference(approved)}.")


@retention.command(
    epilog=epilog(f"""\
Example:
  digital-painschool retention purge PLAN {SCHOOL_AND_ACTOR} > receipt.json""")
)
@click.argument("plan_id", metavar="PLAN")
@click.option("--yes", is_flag=True, help="Do not ask.")
@actor_options
@settings_option
def purge(*, settings: Settings, actor: Actor, plan_id: PlanId, yes: bool) -> None:
    """Execute an approved plan, for good.

    The receipt is printed as JSON. Every enrolment is checked again first. One that has changed, or was not exported
    where the policy requires it, is skipped and named in the receipt. An interrupted purge can be resumed; a completed
    one prints its receipt again. The receipt contains no personal data: keep it apart from the backups. Exit code 1
    when an enrolment was left.
    """
    with existing_school(without_observers(settings)) as school:
        desk = school.administrator(actor)
        planned = desk.plan(plan_id)
        earlier = [one for one in desk.receipts() if one.plan_id == planned.id]
        if planned.decision is not None:
            _confirm(
                f"Purge {counted(len(planned.enrolments), 'enrolment')} for good, on {_reference(planned)}?", yes=yes
            )
        with progress("purging", total=len(planned.enrolments)) as done:
            receipt = desk.purge(planned, progress=done)
    print_json(to_data(receipt))
    if earlier:
        print_line(f"carried out at {instant_to_text(receipt.purged_at)}; make a new plan to purge more", err=True)
    left = "".join(f"; left: {skipped.enrolment_id} ({skipped.why.value})" for skipped in receipt.skipped)
    print_line(f"{len(receipt.purged)} purged, {len(receipt.skipped)} left{left}", err=True)
    if receipt.skipped:
        click.get_current_context().exit(1)


@retention.command(
    epilog=epilog(f"""\
Example:
  digital-painschool retention receipts {SCHOOL_AND_ACTOR} > receipts.json""")
)
@actor_options
@settings_option
def receipts(*, settings: Settings, actor: Actor) -> None:
    """Print the unit's purge receipts.

    They are printed as JSON, oldest first; `replay` reads them. Exit code 1 when there is none: nothing was purged at
    the unit, or the unit is mistyped.
    """
    with existing_school(without_observers(settings)) as school:
        found = school.administrator(actor).receipts()
    if not found:
        raise click.ClickException("there is no receipt of this unit; check --unit")
    print_json([to_data(receipt) for receipt in found])


@retention.command(
    epilog=epilog(f"""\
Example:
  digital-painschool retention replay receipts.json {SCHOOL_AND_ACTOR}""")
)
@click.argument("file", type=FilePath(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@actor_options
@settings_option
def replay(*, settings: Settings, actor: Actor, file: Path, yes: bool) -> None:
    """Purge again after a backup was restored.

    The enrolments of the receipts in FILE are deleted again where the backup has restored them (D-21a). FILE contains
    one receipt, as `purge` prints it, or a list, as `receipts` does; `-` reads stdin. Each receipt is checked first
    against its stored plan and its digest. Without proof, each enrolment passes the checks of a purge again. Skipped
    enrolments are named. A refused receipt stops none of the others. Exit code 1 when a receipt was refused or an
    enrolment is left.
    """
    found = _receipts(file)
    count = sum(len(receipt.purged) for receipt in found)
    _confirm(
        f"Purge again what {counted(len(found), 'receipt')} names, {counted(count, 'enrolment')} at most?", yes=yes
    )
    with existing_school(without_observers(settings)) as school, progress("purging again", total=len(found)) as done:
        desk = school.administrator(actor)
        restored = 0
        skips: list[Skipped] = []
        refused: list[str] = []
        for number, receipt in enumerate(found, start=1):
            try:
                restored += desk.replay(receipt, left=skips.append)
            except (RuleViolation, InvalidValue) as error:
                refused.append(f"receipt {number} of the file is refused: {error}")
            done(number)
    for skipped in skips:
        print_line(f"left: {skipped.enrolment_id} ({skipped.why.value})", err=True)
    if len(refused) < len(found):
        came_back = counted(restored + len(skips), "enrolment")
        print_line(f"{came_back} had come back; {restored} purged again, {len(skips)} left.")
    problems = [*refused, *([f"{len(skips)} left: export them and replay again"] if skips else [])]
    if problems:
        raise click.ClickException("; ".join(problems))


def _export_state(planned: EndedEnrolment) -> str:
    if planned.is_withdrawn:
        return "not needed: withdrawn"
    if not planned.exported:
        return "no"
    return "yes" if planned.exported == planned.version else "before its last change"


def _reference(planned: PurgePlan) -> str:
    return "no decision" if planned.decision is None else f"decision {planned.decision.reference!r}"


def is_terminal() -> bool:
    """Return whether stdin is a terminal, so that a question can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not is_terminal():
        raise click.UsageError("there is no terminal to ask on; add --yes")
    if not click.confirm(plain(question), err=True):
        raise click.ClickException("nothing was purged")


def _receipts(file: Path) -> list[PurgeReceipt]:
    try:
        data = json_value(_standard_input() if file == Path("-") else read_text(file, _LONGEST))
    except InvalidValue as error:
        raise StorageError(f"the file contains no receipts: {error}") from None
    if data == []:
        raise StorageError("the file has no receipt")
    return [_receipt(file, number, one) for number, one in enumerate(data if isinstance(data, list) else [data], 1)]


def _receipt(file: Path, number: int, data: object) -> PurgeReceipt:
    needed = [one.name for one in fields(PurgeReceipt) if one.default is NOTHING]
    missing = [] if not isinstance(data, dict) else [key for key in needed if key not in data]
    if missing:
        raise StorageError(f"{file}: receipt {number} has no {', '.join(missing)}")
    try:
        return from_data(data, PurgeReceipt)
    except StorageError as error:
        problem = str(error)
    raise StorageError(f"{file}: receipt {number}: {problem}")


def _standard_input() -> str:
    return "" if sys.stdin is None else decoded(sys.stdin.buffer.read(_LONGEST + 1), _LONGEST)
