"""Dispatch of one batch: to the patient's inbox, or to staff at their present address in the directory."""

import logging

from digital_painschool.delivery.log_lines import log_event
from digital_painschool.domain.digest import Digest
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import DeliveryError, PainSchoolError
from digital_painschool.ports import Ports
from digital_painschool.ports.inbox import Delivered, Notice

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
    except Unreachable:
        raise
    except DeliveryError as error:
        if not _names_recipient(error.why, digest, ports):
            raise
        failure = DeliveryError(
            "the adapter's text names the recipient", permanent=error.permanent, retry_after=error.retry_after
        )
    except Exception as error:  # noqa: BLE001 - an adapter of any make must stop no other notification
        log_event(_log, "adapter-raised", channel=digest.channel.value, error=type(error).__name__)
        failure = DeliveryError(type(error).__name__)
    raise failure


def _names_recipient(text: str, digest: Digest, ports: Ports) -> bool:
    """Return whether an adapter has broken its contract, and named the recipient of a digest in an error."""
    if isinstance(digest.recipient, PersonId):
        letters = "".join(filter(str.isalnum, text)).upper()
        return digest.recipient.value[2:] in letters
    try:
        entry = ports.directory.find(digest.recipient)
    except PainSchoolError:
        return True  # nobody can tell
    addresses = () if entry is None else (entry.email, entry.sms)
    return any(one is not None and one.value.casefold() in text.casefold() for one in addresses)


def _to_patient(digest: Digest, person: PersonId, key: str, policy: Policy, ports: Ports) -> Delivered:
    if not ports.inbox.reach(person).reachable:
        raise Unreachable("the person cannot be reached in the inbox", permanent=True)
    return ports.inbox.deliver(
        Notice(
            key=key,
            unit=digest.unit,
            person=person,
            template=digest.template,
            link=policy.patient_link,
            language=policy.language,
        )
    )


def send_to_staff(
    recipient: HsaId, channel: Channel, template: Template, unit: HsaId, *, key: str, policy: Policy, ports: Ports
) -> Delivered:
    """Send a text to a member of staff, at the address that the directory has now. Rule: M-22, M-23.

    Raises:
        Unreachable: The staff directory has no address.
        DeliveryError: The adapter could not send it.
    """
    entry = ports.directory.find(recipient)
    address = None
    if entry is not None:
        address = entry.email if channel is Channel.EMAIL else entry.sms
    if address is None:
        raise Unreachable("the staff directory has no address", permanent=True)
    for messenger in ports.messengers:
        if messenger.channel is channel:
            return messenger.send(address, template, policy.staff_link, key=key, unit=unit, language=policy.language)
    raise DeliveryError(f"no messenger for {channel.value} is set up", permanent=True)
