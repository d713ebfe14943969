"""The states of enrolments, read from SQL."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache, partial

from attrs import evolve
from sqlalchemy import Integer, bindparam, select

from digital_painschool.adapters.sql.array_params import OfIds
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.json_text import from_json
from digital_painschool.adapters.sql.rows import Damaged, Row, readable_text, require_readable
from digital_painschool.adapters.sql.schema import END_NOT_NOTED, enrolments, timeline
from digital_painschool.adapters.sql.state_cache import StateCache, require_own_state
from digital_painschool.domain.enrolment import Enrolment, Phase, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.fold import replay
from digital_painschool.domain.from_checked import from_checked
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.validation import is_storable
from digital_painschool.ports.storage import NO_INSTANT, Entry, unreadable
from digital_painschool.serialization.enrolments import ENROLMENT_SHAPE
from digital_painschool.serialization.events import KIND_OF, event_from_data
from digital_painschool.serialization.scalars import hsa_id_from_text
from digital_painschool.serialization.stored import read_each, read_stored

_CACHE_SIZE = 4096
"""How many stored events are cached without their times and authors."""
_SHORT = 200
"""The longest JSON text of a cached event: a longer one names people and ids, so that no two are alike."""

STATE = (enrolments.c.id, enrolments.c.state_shape, enrolments.c.state, enrolments.c.unit)
"""The columns that a state is read from."""

_LOAD_MANY = OfIds(select(*STATE), enrolments.c.id)
_OF_PERSON = (
    select(*STATE)
    .where(enrolments.c.person_value == bindparam("value"), enrolments.c.person_scheme == bindparam("scheme"))
    .order_by(enrolments.c.started_at, enrolments.c.id)
)

_ABOUT = select(enrolments.c.id, enrolments.c.therapist, enrolments.c.phase).where(
    enrolments.c.person_value == bindparam("value"), enrolments.c.person_scheme == bindparam("scheme")
)

_TIMELINE = (
    select(timeline.c.seq, timeline.c.kind, timeline.c.shape, timeline.c.at, timeline.c.by, timeline.c.data)
    .where(timeline.c.enrolment_id == bindparam("enrolment_id"))
    .order_by(timeline.c.seq)
)
_ACCESS_ENDED = (
    select(enrolments.c.id)
    .where(END_NOT_NOTED, enrolments.c.access_until <= bindparam("now"))
    .order_by(enrolments.c.access_until, enrolments.c.id)
    .limit(bindparam("limit", type_=Integer))
)


class SqlEnrolments:
    """The states of the protocol `Enrolments` in SQL."""

    def __init__(self, database: Database, states: StateCache) -> None:
        self._database = database
        self._states = states

    def load_many(self, enrolment_ids: Iterable[EnrolmentId]) -> Mapping[EnrolmentId, Enrolment | UnreadableEnrolment]:
        ids = list(filter(is_storable, enrolment_ids))

        def work(connection: Connection) -> list[Enrolment | UnreadableEnrolment]:
            rows = connection.fetch_each(*_LOAD_MANY.with_values(ids))
            return read_each(rows, partial(read_state, connection, self._states), unreadable_enrolment)

        return {one.id if isinstance(one, Enrolment) else one.enrolment_id: one for one in self._database.read(work)}

    def find_by_person(self, person: PersonId) -> tuple[Enrolment | UnreadableEnrolment, ...]:
        def work(connection: Connection) -> tuple[Enrolment | UnreadableEnrolment, ...]:
            values = {"scheme": person.scheme, "value": person.value}
            rows = connection.fetch_each(_OF_PERSON, values)
            found = tuple(read_each(rows, partial(read_state, connection, self._states), unreadable_enrolment))
            if not unreadable(found):
                return found
            about = {row[0]: row for row in connection.fetch_each(_ABOUT, values)}
            return tuple(
                _described(one, about.get(one.enrolment_id, ())) if isinstance(one, UnreadableEnrolment) else one
                for one in found
            )

        return self._database.read(work)

    def access_ended(self, now: datetime, limit: int) -> tuple[EnrolmentId, ...]:
        values = {"now": now, "limit": limit}
        rows = self._database.read(lambda connection: connection.fetch_each(_ACCESS_ENDED, values))
        return tuple(row[0] for row in rows if type(row) is not Damaged)


def read_state(connection: Connection, states: StateCache, row: Row) -> Enrolment:
    """Return the state in a row of `STATE`; one of an older shape is replayed from the timeline.

    Raises:
        StorageError: The state cannot be read, or is another enrolment's.
    """
    require_readable(row)
    enrolment_id, shape, text, _ = row
    if shape == ENROLMENT_SHAPE:
        return states.read(enrolment_id, text)
    rows = connection.fetch_all(_TIMELINE, {"enrolment_id": enrolment_id})
    return read_stored(f"enrolment {enrolment_id}", _replayed, enrolment_id, rows)


def read_entries(rows: Iterable[Row]) -> tuple[Entry, ...]:
    """Return the timeline entries of rows that begin with (seq, kind, shape, at, by, data)."""
    return tuple([_entry(*row[:6]) for row in rows])


def _entry(seq: int, kind: str, shape: int, at: datetime, by: str, data: str) -> Entry:
    alike = (_event_alike if len(data) <= _SHORT else _event_alike.__wrapped__)(kind, shape, data)
    event = from_checked(type(alike), {**alike.__dict__, "at": at, "by": by})
    return from_checked(Entry, {"seq": seq, "event": event})


@lru_cache(_CACHE_SIZE)
def _event_alike(kind: str, shape: int, data: str) -> Event:
    """Return an event of any time and author; cached, as many entries have the same few keys and numbers."""
    return event_from_data(kind, shape, NO_INSTANT, "", from_json(data))


def kind_names(kinds: Iterable[type[Event]]) -> list[str]:
    """Return the stored names of the kinds of events."""
    return [KIND_OF[kind] for kind in kinds if kind in KIND_OF]


def unreadable_enrolment(row: Row) -> UnreadableEnrolment:
    """Return the enrolment whose row (id, ..., unit) cannot be read, by its id and unit."""
    try:
        unit = hsa_id_from_text(row[-1])
    except Exception:  # noqa: BLE001 - the unit may be anything
        unit = None
    return UnreadableEnrolment(enrolment_id=EnrolmentId(readable_text(row[0])), unit=unit)


def _described(hidden: UnreadableEnrolment, row: Row) -> UnreadableEnrolment:
    """Return a placeholder with what its row (id, therapist, phase) says beside the state."""
    if not row or type(row) is Damaged:
        return hidden
    _, therapist, phase = row
    is_withdrawn = phase == Phase.WITHDRAWN.value
    try:
        return evolve(hidden, therapist=hsa_id_from_text(therapist), is_withdrawn=is_withdrawn)
    except Exception:  # noqa: BLE001 - the therapist may be anything
        return evolve(hidden, is_withdrawn=is_withdrawn)


def _replayed(enrolment_id: EnrolmentId, rows: list[Row]) -> Enrolment:
    return require_own_state(enrolment_id, replay(entry.event for entry in read_entries(rows)))
