"""E-mail or SMS to staff as rows, for a gateway that fetches them."""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, delete, literal_column, select, update

from digital_painschool.adapters.sql.common import insert_into
from digital_painschool.adapters.sql.engine import PATIENCE_OF_DELIVERY, open_database
from digital_painschool.adapters.sql.schema import WAITING, messages
from digital_painschool.adapters.sql.statements import Row, any_of, require_readable
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.errors import DeliveryError, InvalidValue, PainSchoolError
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address
from digital_painschool.serialization.stored import read_each

_log = logging.getLogger(__name__)

_SEND = insert_into(messages, unless_there=True, leave_out=("number", "fetched_at"))
_WAITING = (
    select(messages.c.number, messages.c.key, messages.c.recipient, messages.c.template, messages.c.link)
    .where(WAITING, messages.c.channel == bindparam("its_channel"), messages.c.number > bindparam("after"))
    .order_by(messages.c.number)
    .limit(bindparam("limit", type_=Integer))
)
_SENT = (
    update(messages)
    .where(messages.c.channel == bindparam("its_channel"), messages.c.key == bindparam("its_key"), WAITING)
    .values(fetched_at=bindparam("now", type_=messages.c.fetched_at.type), recipient=literal_column("''"))
)
_FORGET = delete(messages).where(messages.c.channel == bindparam("its_channel"), any_of(messages.c.key, "keys"))


class WaitingMessage(NamedTuple):
    """What a gateway is to send: the key, to which address (masked when shown), which fixed text, with which link."""

    key: str
    address: Address
    template: Template
    link: str


def _waiting(row: Row) -> WaitingMessage:
    require_readable(row)
    _, key, address, template, link = row
    return WaitingMessage(key, Address(address), Template(template), link)


def _unreadable(row: Row) -> None:
    _log.error("message %d to staff cannot be read; was it changed by hand?", row[0])


class SqlMessenger:
    """The messaging port on rows of a table, each key once, held by the database itself. Rule: M-22, M-23, D-13c.

    Args:
        channel: Which channel it serves, `EMAIL` or `SMS`.
        url: As for `SqlStorage`; the same database or another one.
        schema: As for `SqlStorage`.
        migrate: True first brings the schema up to date, and makes a missing SQLite file.
        clock: Gives the present instant, for the columns that say when.

    Raises:
        InvalidValue: It is neither channel.
        StorageError: The database cannot be reached, or its schema is not the one that this version works with.
    """

    def __init__(
        self,
        channel: Channel,
        url: str,
        *,
        schema: str | None = None,
        migrate: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if channel not in (Channel.EMAIL, Channel.SMS):
            raise InvalidValue("a messenger serves Channel.EMAIL or Channel.SMS; the inbox has a port of its own")
        self._channel = channel
        self._database = open_database(
            url, schema=schema, migrate=migrate, connections=4, patience=PATIENCE_OF_DELIVERY
        )
        self._clock = clock

    @property
    def channel(self) -> Channel:
        """The channel that it serves."""
        return self._channel

    def send(self, recipient: Address, template: Template, link: str, *, key: str) -> Delivered:
        values = {
            "key": key,
            "channel": self._channel.value,
            "recipient": recipient.value,
            "template": template.value,
            "link": link,
            "sent_at": self._clock(),
        }
        try:
            new = self._database.write(lambda connection: connection.execute(_SEND, values))
        except PainSchoolError as error:
            raise DeliveryError(f"the messages' database: {error}") from None
        return Delivered.ACCEPTED if new else Delivered.DUPLICATE

    def waiting(self, limit: int = 100) -> tuple[WaitingMessage, ...]:
        """Return the messages that the gateway has not reported as sent, oldest first.

        What cannot be read is left out, and a log line names its number.

        Raises:
            StorageError: The database could not do it.
        """
        found: list[WaitingMessage] = []
        after = 0
        while rows := self._waiting(after, limit - len(found)):
            found += filter(None, read_each(rows, _waiting, _unreadable))
            after = rows[-1][0]  # what cannot be read takes nobody's place
        return tuple(found)

    def _waiting(self, after: int, limit: int) -> list[Row]:
        values = {"its_channel": self._channel.value, "limit": limit, "after": after}
        return self._database.read(lambda connection: connection.fetch_each(_WAITING, values)) if limit > 0 else []

    def sent(self, key: str) -> None:
        """Note that the gateway has sent a message: its address is deleted, its key stays known.

        Raises:
            StorageError: The database could not do it.
        """
        values = {"its_channel": self._channel.value, "its_key": key, "now": self._clock()}
        self._database.write(lambda connection: connection.execute(_SENT, values))

    def forget(self, keys: Iterable[str]) -> int:
        values = {"its_channel": self._channel.value, "keys": list(keys)}
        try:
            forgotten = self._database.write(lambda connection: connection.execute(_FORGET, values))
            self._database.scrub_free_pages()  # also when all is forgotten already: a reader may have been in the way
        except PainSchoolError as error:
            raise DeliveryError(f"the messages' database: {error}") from None
        return forgotten

    def close(self) -> None:
        """Let go of the connections; closing again does nothing."""
        self._database.close()
