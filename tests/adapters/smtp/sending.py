"""A message to a mail server of the tests, and its failure, which names nobody."""

import pytest
from rich.pretty import pretty_repr

from digital_painschool.adapters.smtp import SmtpMessenger
from digital_painschool.domain.notification import Template
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.people import UNIT
from tests.adapters.smtp.servers import PASSWORD

TO = Address("namn.efternamn@vgregion.example")
LINK = "https://www.vgregion.se/sob"


def send(to: SmtpMessenger, key: str = "key-1", address: Address = TO) -> Delivered:
    """Send a message."""
    return to.send(address, Template.PROGRAM_DONE, LINK, key=key, unit=UNIT)


def failure_of(to: SmtpMessenger, key: str = "key-1", address: Address = TO) -> DeliveryError:
    """Return the failure of a message, which names nobody and has nothing hanging on it."""
    with pytest.raises(DeliveryError) as caught:
        send(to, key, address)
    failure = caught.value
    assert None is failure.__cause__ is failure.__context__
    shown = f"{failure} {failure!r} {pretty_repr([failure, vars(to), to._server])}"
    frames = [entry.frame.f_locals for entry in caught.traceback if "digital_painschool" in str(entry.path)]
    assert frames
    for secret in (address.value, PASSWORD):
        assert secret not in shown
        assert not [values for values in frames if secret in repr(values)]
    return failure
