"""The patients' inbox in SQL, for a portal that shows the notices itself."""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import bindparam, delete, select

from digital_painschool.adapters.sql.array_params import any_of
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.engine import open_database
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.keyed_rows import DELIVERY_TIMEOUT, delete_and_scrub, insert_once
from digital_painschool.adapters.sql.message_tables import notices
from digital_painschool.adapters.sql.rows import Row, Values, readable_text, require_readable
from digital_painschool.adapters.swedish_identity import RESERVE_NUMBERS
from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered, Notice, Reachability
from digital_painschool.serialization.stored import read_each

_log = logging.getLogger(__name__)
_NAME = "the inbox's database"

_DELIVER = insert_into(notices, ignore_existing=True)
_FORGET = delete(notices).where(any_of(notices.c.key, "keys"))
_OF_PERSON = (
    select(notices.c.key, notices.c.unit, notices.c.template, notices.c.link, notices.c.language)
    .where(notices.c.person_value == bindparam("value"), notices.c.person_scheme == bindparam("scheme"))
    .order_by(notices.c.delivered_at, notices.c.key)
)


def _log_unreadable(row: Row) -> None:
    _log.error("notice %s in the inbox cannot be read; was it changed by hand?", readable_text(row[0]))


class SqlInbox:
    """The inbox port on a table in which the database keeps each key unique. Rule: M-12, D-13c, D-13d.

    Args:
        url: As for `SqlStorage`; the same database or another one.
        schema: As for `SqlStorage`.
        migrate: True first brings the schema up to date, and creates a missing SQLite file.
        unreachable_schemes: The kinds of identity numbers whose persons cannot be reached.
        ways: How the inbox alerts a reachable person to a new notice.
        clock: Returns the present instant, for the column `delivered_at`.

    Raises:
        StorageError: The database cannot be reached, or its schema is not the one that this version works with.
    """

    def __init__(
        self,
        url: str,
        *,
        schema: str | None = None,
        migrate: bool = False,
        unreachable_schemes: Iterable[str] = RESERVE_NUMBERS,
        ways: Iterable[str] = ("email", "sms"),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = open_database(
            url, schema=schema, migrate=migrate, connections=4, statement_timeout=DELIVERY_TIMEOUT
        )
        self._unreachable_schemes = frozenset(unreachable_schemes)
        self._ways = frozenset(ways)
        self._clock = clock

    def reach(self, person: PersonId) -> Reachability:
        if person.scheme in self._unreachable_schemes:
            return Reachability(reachable=False)
        return Reachability(reachable=True, ways=self._ways)

    def deliver(self, notice: Notice) -> Delivered:
        if not self.reach(notice.person).reachable:
            raise DeliveryError("the inbox does not take this kind of identity number", permanent=True)
        at = self._clock()
        return insert_once(self._database, _DELIVER, partial(_row, notice, at), name=_NAME)

    def messages(self, person: PersonId) -> tuple[Notice, ...]:
        """Return what a person was sent, oldest first, for a portal to show.

        An unreadable notice is left out, and a log line names its key.

        Raises:
            StorageError: The database failed.
        """

        def rows(connection: Connection) -> list[Row]:
            return connection.fetch_each(_OF_PERSON, {"value": person.value, "scheme": person.scheme})

        def notice(row: Row) -> Notice:
            require_readable(row)
            key, unit, template, link, language = row
            return Notice(
                key=key,
                unit=HsaId(unit),
                person=person,
                template=Template(template),
                link=link,
                language=Language(language),
            )

        found = read_each(self._database.read(rows), notice, _log_unreadable)
        return tuple(one for one in found if one is not None)

    def forget(self, keys: Iterable[str]) -> int:
        return delete_and_scrub(self._database, _FORGET, {"keys": list(keys)}, name=_NAME)

    def close(self) -> None:
        """Close the connections; closing again does nothing."""
        self._database.close()


def _row(notice: Notice, at: datetime) -> Values:
    return {
        "key": notice.key,
        "unit": str(notice.unit),
        "person_scheme": notice.person.scheme,
        "person_value": notice.person.value,
        "template": notice.template.value,
        "link": notice.link,
        "delivered_at": at,
        "language": notice.language.value,
    }
