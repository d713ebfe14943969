"""Ended enrolments in SQL: which there are, and in which version."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Integer, bindparam, case, literal_column, select

from digital_painschool.adapters.sql.array_params import any_of
from digital_painschool.adapters.sql.column_types import Text
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.enrolments import unreadable_enrolment
from digital_painschool.adapters.sql.rows import Row, require_readable
from digital_painschool.adapters.sql.schema import ENDED, WITHDRAWN, enrolments
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import EndedEnrolment, PurgeReason
from digital_painschool.domain.validation import is_storable
from digital_painschool.serialization.stored import read_each

_e = enrolments.c
_REASON = case(
    (WITHDRAWN, literal_column(f"'{PurgeReason.WITHDRAWN.value}'", Text)),
    else_=literal_column(f"'{PurgeReason.PERIOD_OVER.value}'", Text),
)
_ENDED = select(_e.id, _e.version, _e.ended_at, _e.last_entry_at, _e.exported_version, _REASON, _e.unit).where(
    ENDED, _e.unit == bindparam("unit")
)
_ENDED_AFTER = _ENDED.where(_e.id > bindparam("after")).order_by(_e.id).limit(bindparam("limit", type_=Integer))
_ENDED_AMONG = _ENDED_AFTER.where(any_of(_e.id, "ids"))


class SqlEndedEnrolments:
    """The lookups of the protocol `Retention` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ended(
        self, unit: HsaId, *, among: Iterable[EnrolmentId] | None = None, after: str = "", limit: int = 1000
    ) -> tuple[EndedEnrolment | UnreadableEnrolment, ...]:
        values: dict[str, Any] = {"unit": str(unit), "after": after, "limit": limit}
        statement = _ENDED_AFTER
        if among is not None:
            statement = _ENDED_AMONG
            values["ids"] = list(filter(is_storable, among))
        rows = self._database.read(lambda connection: connection.fetch_each(statement, values))
        return tuple(read_each(rows, read_ended, unreadable_enrolment))


def read_ended(row: Row) -> EndedEnrolment:
    """Return the ended enrolment of a row (id, version, ended_at, last_entry_at, exported version, reason, unit).

    Raises:
        StorageError: The row cannot be read.
    """
    require_readable(row)
    enrolment_id, version, ended_at, last_entry_at, exported, reason, _ = row
    return EndedEnrolment(
        enrolment_id=enrolment_id,
        version=version,
        ended_at=ended_at,
        last_entry_at=last_entry_at,
        exported=exported,
        reason=PurgeReason(reason),
    )
