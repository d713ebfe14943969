"""E-mail or SMS to staff in SQL, for a gateway that fetches the messages."""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, delete, literal_column, select, update

from digital_painschool.adapters.sql.array_params import any_of
from digital_painschool.adapters.sql.engine import open_database
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.keyed_rows import DELIVERY_TIMEOUT, delete_and_scrub, insert_once
from digital_painschool.adapters.sql.message_tables import WAITING, messages
from digital_painschool.adapters.sql.rows import Row, Values, require_readable
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import InvalidValue
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address
from digital_painschool.serialization.stored import read_each

_log = logging.getLogger(__name__)
_NAME = "the messages' database"

_SEND = insert_into(messages, ignore_existing=True, leave_out=("number", "fetched_at"))
_WAITING = (
    select(*(messages.c[name] for name in ("number", "key", "recipient", "template", "link", "language")))
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
    """A message for the gateway to send: the address is masked when shown, and the text is the template's."""

    key: str
    address: Address
    template: Template
    link: str
    language: Language = Language.SWEDISH


def _waiting_message(row: Row) -> WaitingMessage:
    require_readable(row)
    _, key, address, template, link, language = row
    return WaitingMessage(key, Address(address), Template(template), link, Language(language))


def _log_unreadable(row: Row) -> None:
    _log.error("message %d to staff cannot be read; was it changed by hand?", row[0])


class SqlMessenger:
    """The messaging port on a table in which the database keeps each key unique. Rule: M-22, M-23, D-13c.

    Args:
        channel: The channel that the messenger serves, `EMAIL` or `SMS`.
        url: As for `SqlStorage`; the same database or another one.
        schema: As for `SqlStorage`.
        migrate: True first brings the schema up to date, and creates a missing SQLite file.
        clock: Returns the present instant, for the columns `sent_at` and `fetched_at`.

    Raises:
        InvalidValue: The channel is another one.
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
            url, schema=schema, migrate=migrate, connections=4, statement_timeout=DELIVERY_TIMEOUT
        )
        self._clock = clock

    @property
    def channel(self) -> Channel:
        """The channel that the messenger serves."""
        return self._channel

    def send(
        self,
        recipient: Address,
        template: Template,
        link: str,
        *,
        key: str,
        unit: HsaId,  # noqa: ARG002 - the gateway has no texts of a unit's own
        language: Language = Language.SWEDISH,
    ) -> Delivered:
        at = self._clock()

        def row() -> Values:
            return {
                "key": key,
                "channel": self._channel.value,
                "recipient": recipient.value,
                "template": template.value,
                "link": link,
                "sent_at": at,
                "language": language.value,
            }

        return insert_once(self._database, _SEND, row, name=_NAME)

    def waiting(self, limit: int = 100) -> tuple[WaitingMessage, ...]:
        """Return the messages that the gateway has not reported as sent, oldest first.

        Nothing is claimed: let one sender run at a time, or two would both send what waits. An unreadable message is
        left out, and a log line names its number.

        Raises:
            StorageError: The database failed.
        """
        found: list[WaitingMessage] = []
        after = 0
        while rows := self._waiting(after, limit - len(found)):
            found += filter(None, read_each(rows, _waiting_message, _log_unreadable))
            after = rows[-1][0]  # unreadable messages do not count towards the limit
        return tuple(found)

    def _waiting(self, after: int, limit: int) -> list[Row]:
        values = {"its_channel": self._channel.value, "limit": limit, "after": after}
        return self._database.read(lambda connection: connection.fetch_each(_WAITING, values)) if limit > 0 else []

    def sent(self, key: str) -> None:
        """Note that the gateway has sent a message: its address is deleted, its key stays.

        Raises:
            StorageError: The database failed.
        """
        values = {"its_channel": self._channel.value, "its_key": key, "now": self._clock()}
        self._database.write(lambda connection: connection.execute(_SENT, values))

    def forget(self, keys: Iterable[str]) -> int:
        values = {"its_channel": self._channel.value, "keys": list(keys)}
        return delete_and_scrub(self._database, _FORGET, values, name=_NAME)

    def close(self) -> None:
        """Close the connections; closing again does nothing."""
        self._database.close()
