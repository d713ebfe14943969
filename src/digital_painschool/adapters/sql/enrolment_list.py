"""The list of a unit's enrolments in SQL, each with its counts and the version that was exported."""

from collections.abc import Iterable
from functools import partial
from itertools import product
from typing import Any

from sqlalchemy import Integer, Select, bindparam, select

from digital_painschool.adapters.sql.array_params import any_of
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.enrolments import read_state, unreadable_enrolment
from digital_painschool.adapters.sql.rows import Row, require_readable
from digital_painschool.adapters.sql.schema import ENDED, NOT_ENDED, enrolments
from digital_painschool.adapters.sql.state_cache import StateCache
from digital_painschool.domain.enrolment import CaseloadCounts, UnreadableEnrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.validation import is_storable
from digital_painschool.ports.storage import StoredEnrolment
from digital_painschool.serialization.stored import read_each

_e = enrolments.c
_COUNTS = ("unread_forms", "unread_messages", "done", "undelivered", "handed_over", "priority", "waiting_since")


def _statement(*, ended: bool, of_unit: bool, among: bool) -> Select[Any]:
    columns = (_e.id, _e.state_shape, _e.state, *(_e[name] for name in _COUNTS), _e.exported_version, _e.unit)
    found = select(*columns).where(ENDED if ended else NOT_ENDED, _e.id > bindparam("after"))
    if of_unit:
        found = found.where(_e.unit == bindparam("unit"))
    if among:
        found = found.where(any_of(_e.id, "ids"))
    return found.order_by(_e.id).limit(bindparam("limit", type_=Integer))


_LISTS = {
    (ended, of_unit, among): _statement(ended=ended, of_unit=of_unit, among=among)
    for ended, of_unit, among in product((False, True), repeat=3)
}
"""The statement for open or ended enrolments, of one unit or of all, among some ids or all."""


class SqlEnrolmentList:
    """The method `list_enrolments` of the protocol `Enrolments` in SQL."""

    def __init__(self, database: Database, states: StateCache) -> None:
        self._database = database
        self._states = states

    def list_enrolments(
        self,
        unit: HsaId | None,
        *,
        ended: bool,
        among: Iterable[EnrolmentId] | None = None,
        after: str = "",
        limit: int = 1000,
    ) -> tuple[StoredEnrolment | UnreadableEnrolment, ...]:
        ids = None if among is None else list(filter(is_storable, among))
        statement = _LISTS[ended, unit is not None, ids is not None]
        values = {"unit": str(unit), "ids": ids, "after": after, "limit": limit}

        def work(connection: Connection) -> tuple[StoredEnrolment | UnreadableEnrolment, ...]:
            rows = connection.fetch_each(statement, values)
            return tuple(read_each(rows, partial(_stored, connection, self._states), unreadable_enrolment))

        return self._database.read(work)


def _stored(connection: Connection, states: StateCache, row: Row) -> StoredEnrolment:
    require_readable(row)
    id_, shape, state, *counts, exported, unit = row
    return StoredEnrolment(
        enrolment=read_state(connection, states, (id_, shape, state, unit)),
        counts=CaseloadCounts(**dict(zip(_COUNTS, counts, strict=True))),
        exported=exported,
    )
