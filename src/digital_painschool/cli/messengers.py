"""The command `messengers try`: one message to a member of staff, so that an operator sees that messages arrive."""

import click

from digital_painschool import Channel, HsaId, Settings
from digital_painschool.cli.options import HsaIdType, epilog, existing_school, settings_option, without_observers
from digital_painschool.cli.output import print_line
from digital_painschool.domain.notification import Template


@click.group()
def messengers() -> None:
    """Send trial messages to staff."""


@messengers.command(
    name="try",
    epilog=epilog("""\
Examples:
  digital-painschool messengers try --settings painschool.toml --channel email \\
      --hsa-id SE2321000131-P000000123456 --unit SE2321000131-E000000000001"""),
)
@click.option(
    "--channel",
    type=click.Choice([Channel.EMAIL.value, Channel.SMS.value]),
    required=True,
    help="The channel whose messenger is tried.",
)
@click.option("--hsa-id", type=HsaIdType(), required=True, help="Whom the message is for, such as yourself.")
@click.option("--unit", type=HsaIdType(), required=True, help="The unit whose link, language and texts it has.")
@click.option(
    "--template",
    type=click.Choice([one.value for one in Template]),
    default=Template.PROGRAM_DONE.value,
    show_default=True,
    help="Which of the fixed texts is sent.",
)
@settings_option
def try_messenger(*, settings: Settings, channel: str, hsa_id: HsaId, unit: HsaId, template: str) -> None:
    """Send a message to a member of staff.

    The message looks as if a patient had caused it: send it to yourself. It goes to the address that the staff
    directory has, and has one of the fixed texts. Nothing is stored.
    """
    with existing_school(without_observers(settings)) as school:
        school.try_messenger(hsa_id, Channel(channel), unit=unit, template=Template(template))
    print_line("The messenger has accepted the message.")
