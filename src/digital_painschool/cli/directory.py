"""The command `directory`."""

import click

from digital_painschool import HsaId, Settings
from digital_painschool.application.colleagues import STAFF_LIMIT
from digital_painschool.bootstrap.composition import connected_directory
from digital_painschool.cli.options import HsaIdType, epilog, settings_option
from digital_painschool.cli.output import counted, print_line


@click.command(
    epilog=epilog("""\
Example:
  digital-painschool directory SE2321000131-P000000123456 \\
      --unit SE2321000131-E000000000001 --settings painschool.toml""")
)
@click.argument("hsa_id", type=HsaIdType())
@click.option("--unit", type=HsaIdType(), help="Also ask whether the person works at this unit, and who else does.")
@settings_option
def directory(*, settings: Settings, hsa_id: HsaId, unit: HsaId | None) -> None:
    """Check the staff directory by a question.

    The directory is asked about the person HSA_ID, to see whether its settings are right. The answers are yes, no and
    numbers: no address and no name is shown. Nothing but the directory is opened. Exit code 1 when the directory cannot
    answer.
    """
    with connected_directory(settings) as asked:
        entry = asked.find(hsa_id)
        answers = [f"has an entry:      {_yes(entry)}"]
        if entry is not None:
            answers += [f"e-mail address:    {_yes(entry.email)}", f"mobile number:     {_yes(entry.sms)}"]
        if unit is not None:
            is_there, staff = asked.works_at(unit, hsa_id), asked.staff_of(unit, STAFF_LIMIT + 1)
            more = " or more" if len(staff) > STAFF_LIMIT else ""
            names = sum(one.name is not None for one in staff)
            answers += [
                f"works at the unit: {'yes' if is_there else 'no'}",
                f"staff of the unit: {counted(len(staff), 'person')}{more}, {names} of them with a name",
            ]
    # Not line by line: a command that fails prints nothing else.
    print_line("\n".join(answers))


def _yes(found: object) -> str:
    return "no" if found is None else "yes"
