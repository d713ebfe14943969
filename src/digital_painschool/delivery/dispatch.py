"""Dispatch of one batch: to the patient's inbox, or to staff at their present address in the directory."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from digital_painschool.delivery.failures import NAMES_SOMEBODY, letters_and_digits, may_name_somebody
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.domain.digest import Digest
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import DeliveryError
from digital_painschool.ports import Ports
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.ports.messaging import Messenger

_log = logging.getLogger(__name__)


class Unreachable(DeliveryError):
    """The recipient has no account or address."""


def send(digest: Digest, key: str, policy: Policy, ports: Ports) -> Delivered:
    """Send a digest under an idempotency key, and return whether it was a duplicate. Rule: M-12, D-13d.

    Raises:
        Unreachable: The patient has no account in the inbox, or the staff directory has no address.
        DeliveryError: The adapter could not send it.
    """
    try:
        if isinstance(digest.recipient, PersonId):
            return _to_patient(digest, digest.recipient, key, policy, ports)
        return send_to_staff(
            digest.recipient, digest.channel, digest.template, digest.unit, key=key, policy=policy, ports=ports
        )
    except DeliveryError:
        raise
    except Exception as error:  # noqa: BLE001 - an adapter of any make must stop no other notification
        log_event(_log, "adapter-raised", channel=digest.channel.value, error=type(error).__name__)
        failure = DeliveryError(type(error).__name__)
    raise failure


@contextmanager
def _naming_nobody(names_somebody: Callable[[str], bool]) -> Iterator[None]:
    """Remove the text of an adapter that has broken its contract, and may have named somebody in an error."""
    try:
        yield
    except DeliveryError as error:
        if not names_somebody(error.why):
            raise
        failure = DeliveryError(NAMES_SOMEBODY, permanent=error.permanent, retry_after=error.retry_after)
    else:
        return
    raise failure


def _to_patient(digest: Digest, person: PersonId, key: str, policy: Policy, ports: Ports) -> Delivered:
    notice = Notice(
        key=key,
        unit=digest.unit,
        person=person,
        template=digest.template,
        link=policy.patient_link,
        language=policy.language,
    )
    with _naming_nobody(lambda text: person.value[2:] in letters_and_digits(text)):
        if not ports.inbox.reach(person).reachable:
            raise Unreachable("the person cannot be reached in the inbox", permanent=True)
        return ports.inbox.deliver(notice)


def send_to_staff(
    recipient: HsaId, channel: Channel, template: Template, unit: HsaId, *, key: str, policy: Policy, ports: Ports
) -> Delivered:
    """Send a text to a member of staff, at the address that the directory has now. Rule: M-22, M-23.

    Raises:
        Unreachable: The staff directory has no address.
        DeliveryError: The adapter could not send it.
    """
    with _naming_nobody(may_name_somebody):
        found = ports.directory.find(recipient)
    entry = found or StaffEntry()
    address = entry.email if channel is Channel.EMAIL else entry.sms
    if address is None:
        # Whoever is not in the directory may be there tomorrow: it can be half loaded, or left out of the settings.
        raise Unreachable("the staff directory has no address", permanent=found is not None)
    theirs = [one for one in (entry.email, entry.sms) if one is not None]

    def names_them(text: str) -> bool:
        said = letters_and_digits(text)
        return may_name_somebody(text) or any(letters_and_digits(one.value) in said for one in theirs)

    messenger = messenger_of(channel, ports)
    if messenger is None:
        # Not permanent: a messenger that is left out of the settings for one run must give up nobody's notifications.
        raise DeliveryError(f"no messenger for {channel.value} is set up; correct the settings")
    with _naming_nobody(names_them):
        return messenger.send(address, template, policy.staff_link, key=key, unit=unit, language=policy.language)


def messenger_of(channel: Channel, ports: Ports) -> Messenger | None:
    """Return the messenger of a channel, or None."""
    return next((one for one in ports.messengers if one.channel is channel), None)
