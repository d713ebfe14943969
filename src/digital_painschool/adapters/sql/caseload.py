"""The caseload in SQL, from columns that each step updates."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from attrs import evolve
from sqlalchemy import BigInteger, and_, bindparam, case, cast, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.case_order import (
    ENDS_SOON,
    FLAG_RANK,
    IS_ENDING,
    IS_SILENT,
    PAGES,
    QUIET,
    QUIET_SINCE,
    Filter,
    of_unit,
)
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.rows import Damaged, Row, readable_text, require_readable
from digital_painschool.adapters.sql.schema import NOT_ENDED, enrolments
from digital_painschool.domain.attention import NO_LIMITS, AttentionLimits
from digital_painschool.domain.enrolment import CaseloadCounts, Phase
from digital_painschool.domain.from_checked import from_checked
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId, stored_person
from digital_painschool.domain.validation import is_storable
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import NO_INSTANT, CaseQuery, CaseRow, CaseTotals, UnreadableCase
from digital_painschool.serialization.scalars import hsa_id_from_text
from digital_painschool.serialization.stored import read_each

_e = enrolments.c
_MANY = 10**9
"""A count of this or more is damaged, and counts as none."""


def _number(condition: ColumnElement[Any]) -> ColumnElement[Any]:
    return _sum(case((condition, 1), else_=0))


def _total(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return _sum(case((column.between(0, _MANY), column), else_=0))


def _sum(numbers: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.coalesce(func.sum(numbers), 0), BigInteger)


_TOTALS_OF_UNIT = of_unit(
    select(
        func.count(),
        _number(FLAG_RANK < QUIET),
        _number(_e.priority),
        _total(_e.unread_forms),
        _total(_e.unread_messages),
        _total(_e.undelivered),
        _number(_e.done),
        _number(IS_ENDING),
        _number(_e.handed_over),
        _number(IS_SILENT),
        _number(ENDS_SOON),
    ).where(NOT_ENDED),
    own=False,
)
_TOTALS_OF_THERAPIST = _TOTALS_OF_UNIT.where(_e.therapist == bindparam("therapist"))
_OPEN_UNITS = select(_e.unit).where(NOT_ENDED, _e.unit > bindparam("after")).distinct()
_UNNOTED = of_unit(
    select(_e.id).where(
        NOT_ENDED,
        or_(
            and_(IS_SILENT, _e.noted_silence.is_distinct_from(QUIET_SINCE)),
            and_(ENDS_SOON, _e.noted_ending.is_distinct_from(_e.access_until)),
        ),
    ),
    own=False,
).order_by(_e.id)
_PHASES = {phase.value: phase for phase in Phase}


class SqlCaseload:
    """The protocol `Caseload` in SQL.

    Rank and instant are computed for the rows of the unit, or of the therapist. An index on them would have to change
    with every step.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow | UnreadableCase, ...]:
        if query.program is not None and not is_storable(query.program):
            return ()
        statement = PAGES[query.sort, query.ended, query.therapist is not None, _filter(query)]
        rows = self._database.read(lambda connection: connection.fetch_each(statement, _values(query)))
        found = tuple(read_each(rows, _case, _unreadable_case))
        hidden = len(rows) - len(found)
        if hidden and len(rows) == query.limit:  # otherwise the page would look like the last one
            return self.list_caseload(evolve(query, limit=query.limit + hidden))[: query.limit]
        return found

    def open_units(self) -> tuple[HsaId, ...]:
        rows = self._database.read(lambda connection: connection.fetch_each(_OPEN_UNITS, {"after": ""}))
        units = set()
        for (unit,) in rows:
            with suppress(Exception):  # the unit may be anything
                units.add(hsa_id_from_text(unit))
        return tuple(sorted(units))

    def unnoted_attention(self, unit: HsaId, now: datetime, limits: AttentionLimits) -> tuple[EnrolmentId, ...]:
        values = {"unit": str(unit), **_limit_values(limits, now)}
        rows = self._database.read(lambda connection: connection.fetch_each(_UNNOTED, values))
        return tuple(row[0] for row in rows if type(row) is not Damaged)

    def count_caseload(
        self, unit: HsaId, therapist: HsaId | None, now: datetime, limits: AttentionLimits = NO_LIMITS
    ) -> CaseTotals:
        statement = _TOTALS_OF_UNIT if therapist is None else _TOTALS_OF_THERAPIST
        values = {"unit": str(unit), "therapist": str(therapist), **_limit_values(limits, now)}
        [row] = self._database.read(lambda connection: connection.fetch_all(statement, values))
        patients, flagged, priority, forms, messages, undelivered, done, ending, handed_over, silent, ends_soon = row
        return CaseTotals(
            patients=patients,
            flagged=flagged,
            priority=priority,
            unread_forms=forms,
            unread_messages=messages,
            undelivered=undelivered,
            done=done,
            ending=ending,
            handed_over=handed_over,
            silent=silent,
            ends_soon=ends_soon,
        )


def _limit_values(limits: AttentionLimits, now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "seen_before": limits.seen_before,
        "ends_before": limits.ends_before,
        "open_ended": limits.open_ended,
    }


def _filter(query: CaseQuery) -> Filter:
    if query.silent is not None or query.ends_soon is not None:
        return Filter.ATTENTION
    conditions = (
        *(query.after, query.flagged, query.phase, query.program),
        *(query.reviewed_from, query.reviewed_before, query.changed_from, query.changed_before),
    )
    return Filter.NONE if conditions.count(None) == len(conditions) else Filter.STORED


def _values(query: CaseQuery) -> dict[str, Any]:
    rank, instant, enrolment_id = query.after or (-1, NO_INSTANT, "")
    return {
        "unit": str(query.unit),
        "therapist": str(query.therapist),
        **_limit_values(query.limits, query.now),
        "rank": rank,
        "instant": instant,
        "id": enrolment_id,
        "limit": query.limit,
        "lowest": QUIET if query.flagged is False else 0,
        "highest": QUIET - 1 if query.flagged else QUIET,
        "phase": query.phase and query.phase.value,
        "program": query.program,
        "reviewed_from": query.reviewed_from,
        "reviewed_before": query.reviewed_before,
        "changed_from": query.changed_from,
        "changed_before": query.changed_before,
        "silent": query.silent,
        "ends_soon": query.ends_soon,
    }


def _unreadable_case(row: Row) -> UnreadableCase:
    enrolment_id = EnrolmentId(readable_text(row[2]))
    if not isinstance(row[1], datetime):
        raise StorageError("the position of a row cannot be read; was it changed by hand?")
    return UnreadableCase(enrolment_id=enrolment_id, key=(row[0], row[1], enrolment_id))


def _case(row: Row) -> CaseRow:
    require_readable(row)
    rank, instant, enrolment_id, scheme, value, therapist, program, version, phase = row[:9]
    started_at, access_until, reviewed_at, last_seen_at, reactivated_at = row[9:14]
    forms, messages, done, undelivered, handed_over, priority, waiting_since = row[14:]
    counts = {
        "unread_forms": forms,
        "unread_messages": messages,
        "done": done,
        "undelivered": undelivered,
        "handed_over": handed_over,
        "priority": priority,
        "waiting_since": waiting_since,
    }
    fields = {
        "enrolment_id": enrolment_id,
        "person": stored_person(scheme, value),
        "therapist": hsa_id_from_text(therapist),
        "program": program,
        "program_version": version,
        "phase": _PHASES[phase],
        "started_at": started_at,
        "access_until": access_until,
        "reviewed_at": reviewed_at,
        "last_seen_at": last_seen_at,
        "reactivated_at": reactivated_at,
        "counts": from_checked(CaseloadCounts, counts),
        "key": (rank, instant, enrolment_id),
    }
    return from_checked(CaseRow, fields)
