"""The inbox and the messengers in SQL, beyond their contracts."""

from contextlib import closing

import pytest
from attrs import evolve

from digital_painschool.adapters.sql import SqlInbox, SqlMessenger
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.errors import DeliveryError, InvalidValue
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.contracts.changes import OTHER_PERSON
from digital_painschool.testing.contracts.inbox import InboxContract
from digital_painschool.testing.people import PERSON
from tests.databases import execute


def test_a_portal_can_show_what_was_delivered(url: str) -> None:
    """Otherwise rows would be written that no patient ever sees."""
    with closing(SqlInbox(url)) as inbox:
        notice = evolve(InboxContract().notice("key-1"), person=PERSON)
        inbox.deliver(notice)
        inbox.deliver(evolve(notice, key="key-2", person=OTHER_PERSON))
        assert (notice,) == inbox.messages(PERSON)


def test_a_purge_can_delete_what_was_delivered(url: str) -> None:
    """Otherwise a purged patient's number would stay in the inbox's table."""
    with closing(SqlInbox(url)) as inbox:
        notice = evolve(InboxContract().notice("key-1"), person=PERSON)
        inbox.deliver(notice)
        assert 1 == inbox.forget(["key-1", "key-2"])
        assert () == inbox.messages(PERSON)
        assert 0 == inbox.forget(["key-1"])


def test_a_closed_inbox_can_neither_deliver_nor_forget(sqlite_url: str) -> None:
    """Otherwise what nobody got would count as delivered, and what is still there as purged."""
    inbox = SqlInbox(sqlite_url)
    inbox.close()
    with pytest.raises(DeliveryError) as caught:
        inbox.deliver(InboxContract().notice("key-1"))
    assert not caught.value.permanent
    with pytest.raises(DeliveryError, match="the inbox's database") as caught:
        inbox.forget(["key-1"])
    assert not caught.value.permanent


def test_a_gateway_gets_each_message_until_it_is_sent(url: str) -> None:
    """Otherwise an e-mail would be sent twice or never, or the address kept for ever."""
    with closing(SqlMessenger(Channel.EMAIL, url)) as messenger, closing(SqlMessenger(Channel.SMS, url)) as other:
        messenger.send(Address("a@b.example"), Template.PROGRAM_DONE, "https://b.example", key="key-1")
        [waiting] = messenger.waiting()
        assert ("key-1", Address("a@b.example"), Template.PROGRAM_DONE, "https://b.example") == waiting
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
                messenger.send(Address("a@b.example"), Template.PROGRAM_DONE, "https://b.example", key=key)
        email.sent("key-1")
        assert 2 == email.forget(["key-1", "key-2", "key-3"])
        assert [("sms", "key-1"), ("sms", "key-2")] == sorted(execute(url, "SELECT channel, key FROM staff_messages"))


def test_a_closed_messenger_cannot_forget(sqlite_url: str) -> None:
    """Otherwise a purge would go on and say that everything is gone."""
    messenger = SqlMessenger(Channel.SMS, sqlite_url)
    messenger.close()
    with pytest.raises(DeliveryError, match="the messages' database"):
        messenger.forget(["key-1"])


def test_a_closed_messenger_cannot_send(sqlite_url: str) -> None:
    """Otherwise a worker would count as sent what nobody got, or stop at a foreign error."""
    messenger = SqlMessenger(Channel.SMS, sqlite_url)
    messenger.close()
    with pytest.raises(DeliveryError):
        messenger.send(Address("+46700000000"), Template.PROGRAM_DONE, "https://b.example", key="key-1")
