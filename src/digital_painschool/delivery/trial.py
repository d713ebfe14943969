"""A trial of a messenger: one of the fixed texts, to a member of staff, at the address that the directory has."""

from digital_painschool.application.executor import Executor
from digital_painschool.delivery.dispatch import messenger_of, send_to_staff
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import DeliveryError, InvalidValue
from digital_painschool.ports.inbox import Delivered


def send_trial(executor: Executor, recipient: str, channel: Channel, *, unit: str, template: Template) -> None:
    """Send a text as a delivery would, under a key of its own; nothing is stored.

    Raises:
        DeliveryError: The directory has no address, no messenger serves the channel, or the messenger did not send.
        InvalidValue: An argument is of another type, or the channel is the patients' inbox.
    """
    if not isinstance(channel, Channel) or channel is Channel.INBOX:
        raise InvalidValue("channel is Channel.EMAIL or Channel.SMS: no trial goes to a patient")
    if not isinstance(template, Template):
        raise InvalidValue("template is a Template")
    if messenger_of(channel, executor.ports) is None:
        raise DeliveryError(f"no messenger for {channel.value} is set up")
    to, sender = HsaId(recipient), HsaId(unit)
    key = f"trial-{executor.new_id(executor.now())}"
    answer = send_to_staff(to, channel, template, sender, key=key, policy=executor.policy(sender), ports=executor.ports)
    if answer is Delivered.DUPLICATE:
        raise DeliveryError("the messenger takes a new key for one that it has sent before")
