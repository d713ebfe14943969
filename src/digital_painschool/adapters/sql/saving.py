"""How a step is saved: state, timeline, documents, notifications and access entry, together or not at all."""

from functools import partial

from sqlalchemy import Boolean, Update, bindparam, or_, update
from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.access_log import ADD_ACCESS
from digital_painschool.adapters.sql.completed_calls import ADD_CALL, call_values
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.drafts import discard_drafts
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.notifications import change_notifications
from digital_painschool.adapters.sql.schema import documents, enrolments, timeline
from digital_painschool.adapters.sql.single_statement import single_statement
from digital_painschool.adapters.sql.state_cache import StateCache
from digital_painschool.adapters.sql.step_rows import StepRows
from digital_painschool.domain.events import (
    AccessEnded,
    AccessEndsSoon,
    Ended,
    Event,
    HandedOver,
    Maintained,
    NotificationDropped,
    PatientSilent,
    Reactivated,
    Withdrawn,
)
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Change

_CHANGED = "the enrolment was changed by somebody else; load it and decide again"

_SET_BY_OTHERS = ("exported_version", "has_drafts")
_START = insert_into(enrolments, leave_out=_SET_BY_OTHERS)
_NEVER_CHANGED = ("id", "unit", "person_scheme", "person_value", "program", "program_version", "started_at")
_SELDOM_CHANGED = (
    *("therapist", "phase", "access_until", "noted_end", "ended_at"),  # in indexes
    *("noted_silence", "noted_ending", "reactivated_at"),
)
_CHANGE_THOSE = frozenset(
    {HandedOver, Maintained, Reactivated, AccessEnded, PatientSilent, AccessEndsSoon, Ended, Withdrawn}
)
"""The events that change a column of `_SELDOM_CHANGED`. SQLite writes an index anew for each column that an UPDATE
names, changed or not: leaving these columns out of the other steps saves more than half of the UPDATE."""


def _changes_those(event: Event) -> bool:
    return type(event) in _CHANGE_THOSE or (isinstance(event, NotificationDropped) and event.takes_back is not None)


def _update(*left_out: str) -> Update:
    columns = {c.name: bindparam(c.name, type_=c.type) for c in enrolments.c if c.name not in left_out}
    expected = (enrolments.c.id == bindparam("enrolment_id"), enrolments.c.version == bindparam("before"))
    no_draft_stays = or_(bindparam("keeps_drafts", type_=Boolean), ~enrolments.c.has_drafts)
    return update(enrolments).where(*expected, no_draft_stays).values(columns)


_STEP = _update(*_NEVER_CHANGED, *_SET_BY_OTHERS, *_SELDOM_CHANGED)
_RARE_STEP = _update(*_NEVER_CHANGED, *_SET_BY_OTHERS)
_ADD_ENTRY = insert_into(timeline)
_ADD_DOCUMENT = insert_into(documents)

_SINGLE: dict[ClauseElement, ClauseElement] = {first: single_statement(first) for first in (_START, _STEP, _RARE_STEP)}
_SINGLE_NOTIFYING: dict[ClauseElement, ClauseElement] = {
    first: single_statement(first, notifying=True) for first in (_STEP, _RARE_STEP)
}


class StepSaver:
    """The method `save` of the protocol `Enrolments` in SQL.

    A step is one autocommitted statement where the driver prefers a single round trip and the step fits in one.
    Otherwise it is a transaction.
    """

    def __init__(self, database: Database, states: StateCache) -> None:
        self._database = database
        self._states = states

    def save(self, change: Change) -> None:
        step = StepRows(change)
        autocommit = self._database.prefers_single_round_trip and _fits_single_statement(change)
        if autocommit:
            try:
                self._write(step, autocommit=True)
            except Conflict:
                autocommit = False  # the transaction finds out which part of the statement was in conflict
        if not autocommit:
            self._write(step, autocommit=False)
        self._states.put(step.enrolment["state"], change.enrolment)

    def _write(self, step: StepRows, *, autocommit: bool) -> None:
        single_round_trip = self._database.prefers_single_round_trip
        notifying = autocommit and step.change.notifications != ()

        def work(connection: Connection) -> None:
            write = partial(_write_single_statement, notifying=notifying) if single_round_trip else _write_each_table
            if not write(connection, step):
                # The version is another one, or there are drafts that the step discards.
                discards = bool(step.change.discarded_drafts) and not autocommit
                if not (discards and write(connection, step.keeping_drafts())):
                    raise Conflict(_CHANGED)
                discard_drafts(connection, step.change.enrolment.id, step.change.discarded_drafts)
            if not autocommit:
                change_notifications(connection, step.change)
                if step.change.completed is not None:
                    connection.execute(ADD_CALL, call_values(step.change.completed))

        self._database.write(work, autocommit=autocommit)


def _fits_single_statement(change: Change) -> bool:
    if change.cancelled or change.noted or change.resolved or change.completed:
        return False
    return not change.notifications or (
        len(change.notifications) == 1 and _first_statement(change) in _SINGLE_NOTIFYING
    )


def _first_statement(change: Change) -> ClauseElement:
    """Return the statement that writes the row of the enrolment."""
    if not change.before:
        return _START
    return _RARE_STEP if any(map(_changes_those, change.events)) else _STEP


def _write_single_statement(connection: Connection, step: StepRows, *, notifying: bool) -> bool:
    statements = _SINGLE_NOTIFYING if notifying else _SINGLE
    values = step.single_values(notifying=notifying)
    return bool(connection.fetch_all(statements[_first_statement(step.change)], values))


def _write_each_table(connection: Connection, step: StepRows) -> bool:
    if connection.execute(_first_statement(step.change), step.enrolment) != 1:
        return False
    connection.execute_many(_ADD_ENTRY, step.entries)
    connection.execute_many(_ADD_DOCUMENT, step.documents)
    connection.execute(ADD_ACCESS, step.access)
    return True
