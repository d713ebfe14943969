"""The inbox and the messengers in SQL, beyond their contracts."""

from contextlib import closing

import pytest

from digital_painschool.adapters.sql import SqlInbox, SqlMessenger
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.errors import DeliveryError, InvalidValue
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.contracts.inbox import InboxContract
from digital_painschool.testing.contracts.messenger import MessengerContract
from digital_painschool.testing.people import UNIT
from tests.databases import execute


def test_a_gateway_gets_each_message_until_it_is_sent(url: str) -> None:
    """Otherwise an e-mail would be sent twice or never, or the address kept for ever."""
    with closing(SqlMessenger(Channel.EMAIL, url)) as messenger, closing(SqlMessenger(Channel.SMS, url)) as other:
        to, link, spoken = Address("a@b.example"), "https://b.example", Language.ENGLISH
        messenger.send(to, Template.PROGRAM_DONE, link, key="key-1", unit=UNIT, language=spoken)
        [waiting] = messenger.waiting()
        assert ("key-1", to, Template.PROGRAM_DONE, link, spoken) == waiting
        assert () == other.waiting()
        messenger.sent("key-1")
        assert () == messenger.waiting()
        assert [("",)] == execute(url, "SELECT recipient FROM staff_messages")


def test_no_messenger_serves_the_patients_inbox(sqlite_url: str) -> None:
    """Otherwise notices to patients could go by the port for staff."""
    with pytest.raises(InvalidValue, match=r"Channel\.EMAIL or Channel\.SMS"):
        SqlMessenger(Channel.INBOX, sqlite_url)


def test_a_messenger_forgets_in_its_own_channel_alone(url: str) -> None:
    """Otherwise a purge would leave a recipient's row, or count the other channel's with its own (D-21a)."""
    with closing(SqlMessenger(Channel.EMAIL, url)) as email, closing(SqlMessenger(Channel.SMS, url)) as sms:
        for messenger in (email, sms):
            for key in ("key-1", "key-2"):
                messenger.send(Address("a@b.example"), Template.PROGRAM_DONE, "https://b.example", key=key, unit=UNIT)
        email.sent("key-1")
        assert 2 == email.forget(["key-1", "key-2", "key-3"])
        assert [("sms", "key-1"), ("sms", "key-2")] == sorted(execute(url, "SELECT channel, key FROM staff_messages"))


@pytest.mark.parametrize("contract", [InboxContract(), MessengerContract()], ids=["inbox", "messenger"])
def test_what_is_closed_neither_sends_nor_forgets(sqlite_url: str, contract: InboxContract | MessengerContract) -> None:
    """Otherwise what nobody got would count as delivered, and what is still there as purged."""
    inbox = isinstance(contract, InboxContract)
    adapter = SqlInbox(sqlite_url) if inbox else SqlMessenger(Channel.EMAIL, sqlite_url)
    adapter.close()
    for call in (lambda: contract.send(adapter, "key-1"), lambda: adapter.forget(["key-1"])):
        with pytest.raises(DeliveryError, match=r"the (inbox's|messages') database") as caught:
            call()
        assert not caught.value.permanent
