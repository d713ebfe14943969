"""The caseload in SQL, from columns that each step updates."""

from typing import Any

from attrs import evolve
from sqlalchemy import Integer, bindparam, case, or_, select, tuple_

from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.rows import Row, readable_text, require_readable
from digital_painschool.adapters.sql.schema import NOT_ENDED, enrolments
from digital_painschool.domain.enrolment import CaseloadCounts, Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import PersonId
from digital_painschool.ports.storage import CaseQuery, CaseRow, UnreadableCase
from digital_painschool.serialization.scalars import hsa_id_from_text
from digital_painschool.serialization.stored import read_each

_e = enrolments.c
_RANK = case(
    (_e.priority, 0),
    (
        or_(
            _e.unread_forms > 0,
            _e.unread_messages > 0,
            _e.done,
            _e.undelivered > 0,
            _e.access_until <= bindparam("now"),
        ),
        1,
    ),
    else_=2,
)
_OF_UNIT = (
    select(
        _RANK.label("rank"),
        _e.id,
        _e.person_scheme,
        _e.person_value,
        _e.therapist,
        _e.program,
        _e.program_version,
        _e.phase,
        _e.started_at,
        _e.access_until,
        _e.reviewed_at,
        _e.last_seen_at,
        _e.unread_forms,
        _e.unread_messages,
        _e.done,
        _e.undelivered,
        _e.priority,
    )
    .where(
        NOT_ENDED,
        _e.unit == bindparam("unit"),
        tuple_(_RANK, _e.id) > tuple_(bindparam("rank", type_=Integer), bindparam("id", type_=_e.id.type)),
    )
    .order_by(_RANK, _e.id)
    .limit(bindparam("limit", type_=Integer))
)
_OF_THERAPIST = _OF_UNIT.where(_e.therapist == bindparam("therapist"))
_PHASES = {phase.value: phase for phase in Phase}


class SqlCaseload:
    """The protocol `Caseload` in SQL.

    The rank is computed for the therapist's own rows. An index on it would have to change with every step.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow | UnreadableCase, ...]:
        rank, after = (-1, "") if query.after is None else query.after
        values: dict[str, Any] = {
            "unit": str(query.unit),
            "now": query.now,
            "rank": rank,
            "id": after,
            "limit": query.limit,
        }
        statement = _OF_UNIT
        if query.therapist is not None:
            statement = _OF_THERAPIST
            values["therapist"] = str(query.therapist)
        rows = self._database.read(lambda connection: connection.fetch_each(statement, values))
        found = tuple(read_each(rows, _case, _unreadable_case))
        hidden = len(rows) - len(found)
        if hidden and len(rows) == query.limit:  # otherwise the page would look like the last one
            return self.list_caseload(evolve(query, limit=query.limit + hidden))[: query.limit]
        return found


def _unreadable_case(row: Row) -> UnreadableCase:
    enrolment_id = EnrolmentId(readable_text(row[1]))
    return UnreadableCase(enrolment_id=enrolment_id, key=(row[0], enrolment_id))


def _case(row: Row) -> CaseRow:
    require_readable(row)
    return CaseRow(
        enrolment_id=row[1],
        person=PersonId(row[2], row[3]),
        therapist=hsa_id_from_text(row[4]),
        program=row[5],
        program_version=row[6],
        phase=_PHASES[row[7]],
        started_at=row[8],
        access_until=row[9],
        reviewed_at=row[10],
        last_seen_at=row[11],
        counts=CaseloadCounts(
            unread_forms=row[12], unread_messages=row[13], done=row[14], undelivered=row[15], priority=row[16]
        ),
        key=(row[0], row[1]),
    )
