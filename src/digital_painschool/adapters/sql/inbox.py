"""The patients' inbox as rows, for a portal that shows them itself."""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, select

from digital_painschool.adapters.sql.common import insert_into
from digital_painschool.adapters.sql.engine import PATIENCE_OF_DELIVERY, open_database
from digital_painschool.adapters.sql.schema import notices
from digital_painschool.adapters.sql.statements import Row, any_of, readable_text, require_readable
from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import DeliveryError, PainSchoolError
from digital_painschool.ports.inbox import Delivered, Notice, Reachability
from digital_painschool.serialization.stored import read_each

_log = logging.getLogger(__name__)

RESERVE_NUMBERS = ("nationellt-reservnummer", "vgr-reservnummer")

_DELIVER = insert_into(notices, unless_there=True)
_PERSON = (notices.c.person_value == bindparam("value"), notices.c.person_scheme == bindparam("scheme"))
_FORGET = delete(notices).where(any_of(notices.c.key, "keys"))
_OF_PERSON = (
    select(notices.c.key, notices.c.unit, notices.c.template, notices.c.link)
    .where(*_PERSON)
    .order_by(notices.c.delivered_at, notices.c.key)
)


def _unreadable(row: Row) -> None:
    _log.error("notice %s in the inbox cannot be read; was it changed by hand?", readable_text(row[0]))


class SqlInbox:
    """The inbox port on rows of a table, each key once, held by the database itself. Rule: M-12, D-13c, D-13d.

    Args:
        url: As for `SqlStorage`; the same database or another one.
        schema: As for `SqlStorage`.
        migrate: True first brings the schema up to date, and makes a missing SQLite file.
        unreachable_schemes: The kinds of identity numbers that cannot be reached.
        ways: How those who are reachable are told that something came.
        clock: Gives the present instant, for the column that says when.

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
            url, schema=schema, migrate=migrate, connections=4, patience=PATIENCE_OF_DELIVERY
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
        values = {
            "key": notice.key,
            "unit": str(notice.unit),
            "person_scheme": notice.person.scheme,
            "person_value": notice.person.value,
            "template": notice.template.value,
            "link": notice.link,
            "delivered_at": self._clock(),
        }
        try:
            new = self._database.write(lambda connection: connection.execute(_DELIVER, values))
        except PainSchoolError as error:
            raise DeliveryError(f"the inbox's database: {error}") from None
        return Delivered.ACCEPTED if new else Delivered.DUPLICATE

    def messages(self, person: PersonId) -> tuple[Notice, ...]:
        """Return what a person was sent, oldest first, for a portal to show.

        What cannot be read is left out, and a log line names its key.

        Raises:
            StorageError: The database could not do it.
        """
        values = {"value": person.value, "scheme": person.scheme}

        def notice(row: Row) -> Notice:
            require_readable(row)
            key, unit, template, link = row
            return Notice(key=key, unit=HsaId(unit), person=person, template=Template(template), link=link)

        rows = self._database.read(lambda connection: connection.fetch_each(_OF_PERSON, values))
        return tuple(one for one in read_each(rows, notice, _unreadable) if one is not None)

    def forget(self, keys: Iterable[str]) -> int:
        values = {"keys": list(keys)}
        try:
            forgotten = self._database.write(lambda connection: connection.execute(_FORGET, values))
            self._database.scrub_free_pages()  # also when all is forgotten already: a reader may have been in the way
        except PainSchoolError as error:
            raise DeliveryError(f"the inbox's database: {error}") from None
        return forgotten

    def close(self) -> None:
        """Let go of the connections; closing again does nothing."""
        self._database.close()
