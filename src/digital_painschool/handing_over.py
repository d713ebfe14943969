"""One notification handed over: to the patient's inbox, or to staff at the address that the directory has then."""

import logging

from digital_painschool.errors import DeliveryFailed
from digital_painschool.notification import Channel, Claimed, Notification
from digital_painschool.people import HsaId, PersonId
from digital_painschool.policy import Policy
from digital_painschool.ports import Ports
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.rules.notifications import is_hopeless

_log = logging.getLogger(__name__)


class Unreachable(DeliveryFailed):
    """There is nobody at that address."""


def hand_over(claim: Claimed, policy: Policy, ports: Ports) -> Delivered:
    """Hand a notification over, whatever its adapter may raise. Rule: M-12, D-13d.

    Raises:
        Unreachable: The patient has no account in the inbox, or the staff directory no address.
        DeliveryFailed: It did not arrive, or it ends every worker that has it in hand.
    """
    if is_hopeless(claim.attempts, policy):
        raise DeliveryFailed("no worker that had it in hand was heard of again")
    notification = claim.notification
    try:
        if isinstance(notification.recipient, PersonId):
            return _to_patient(notification, notification.recipient, policy, ports)
        return _to_staff(notification, notification.recipient, policy, ports)
    except DeliveryFailed:
        raise
    except Exception as error:  # noqa: BLE001 - an adapter of any make must stop no other notification
        _log.error("handing over to %s raised %s", notification.channel.value, type(error).__name__)
        raise DeliveryFailed(type(error).__name__) from None


def _to_patient(notification: Notification, person: PersonId, policy: Policy, ports: Ports) -> Delivered:
    if not ports.inbox.reach(person).reachable:
        raise Unreachable("the person cannot be reached in the inbox", permanent=True)
    return ports.inbox.deliver(
        Notice(
            key=notification.id,
            unit=notification.unit,
            person=person,
            template=notification.template,
            link=policy.patient_link,
        )
    )


def _to_staff(notification: Notification, recipient: HsaId, policy: Policy, ports: Ports) -> Delivered:
    entry = ports.directory.find(recipient)
    address = None
    if entry is not None:
        address = entry.email if notification.channel is Channel.EMAIL else entry.sms
    if address is None:
        raise Unreachable("the staff directory has no address", permanent=True)
    for messenger in ports.messengers:
        if messenger.channel is notification.channel:
            return messenger.send(address, notification.template, policy.staff_link, key=notification.id)
    raise DeliveryFailed(f"no messenger for {notification.channel.value} is set up", permanent=True)
