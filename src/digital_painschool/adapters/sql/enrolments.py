"""The enrolments with their timelines and documents, and how a step is saved."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Update, bindparam, select, update

from digital_painschool.adapters.sql.connections import Link
from digital_painschool.adapters.sql.outbox import OutboxPart
from digital_painschool.adapters.sql.parts import (
    ADD_ACCESS,
    access_values,
    from_json,
    insert_into,
    may_exist,
    to_json,
)
from digital_painschool.adapters.sql.schema import END_NOT_NOTED, documents, enrolments, timeline
from digital_painschool.adapters.sql.statements import Row, among
from digital_painschool.enrolment import Enrolment, Tally, replay
from digital_painschool.errors import Conflict
from digital_painschool.events import AccessEnded, Ended, Event, HandedOver, Maintained
from digital_painschool.people import PersonId
from digital_painschool.ports.storage import Change, Content, Entry
from digital_painschool.serialization import (
    ENROLMENT_SHAPE,
    KIND_OF,
    content_from_data,
    enrolment_from_data,
    enrolment_to_data,
    event_from_data,
    event_to_data,
    shape_of,
)

class States:
    """The states that were read or saved last, each with its JSON text: a row of the same text is the same value.

    It spares the next step the reading of what this process has just written; what anybody else wrote has another text.

    Args:
        limit: The most states that are remembered.
    """

    def __init__(self, limit: int = 1024) -> None:
        self._limit = limit
        self._known: dict[str, tuple[str, Enrolment]] = {}

    def read(self, enrolment_id: str, text: str) -> Enrolment:
        """Give the state that a row's text describes."""
        known = self._known.get(enrolment_id)
        if known is not None and known[0] == text:
            return known[1]
        enrolment = enrolment_from_data(from_json(text))
        self.keep(text, enrolment)
        return enrolment

    def keep(self, text: str, enrolment: Enrolment) -> None:
        """Remember a state and its text."""
        if len(self._known) >= self._limit:
            self._known = {}
        self._known[enrolment.id] = (text, enrolment)

    def forget(self) -> None:
        """Remember nothing any more."""
        self._known = {}


_STATE = select(enrolments.c.id, enrolments.c.state_shape, enrolments.c.state)
_LOAD = _STATE.where(enrolments.c.id == bindparam("enrolment_id"))
_LOAD_MANY = _STATE.where(among(enrolments.c.id, "ids"))
_OF_PERSON = _STATE.where(
    enrolments.c.person_value == bindparam("value"), enrolments.c.person_scheme == bindparam("scheme")
).order_by(enrolments.c.started_at, enrolments.c.id)

_SET_BY_OTHERS = ("exported_version",)
_START = insert_into(enrolments, leave_out=_SET_BY_OTHERS)
_NEVER_CHANGED = ("id", "unit", "person_scheme", "person_value", "program", "program_version", "started_at")
_MOVED = ("therapist", "phase", "access_until", "noted_end", "ended_at")
_MOVES = (HandedOver, Maintained, AccessEnded, Ended)
"""The events that change a column of `_MOVED`. These are in indexes, which SQLite writes anew for each column that an
UPDATE names, changed or not: leaving them out of the other steps saves more than half of the UPDATE."""


def _update(*left_out: str) -> Update:
    columns = {c.name: bindparam(c.name, type_=c.type) for c in enrolments.c if c.name not in left_out}
    mine = (enrolments.c.id == bindparam("enrolment_id"), enrolments.c.version == bindparam("before"))
    return update(enrolments).where(*mine).values(columns)


_MOVE = _update(*_NEVER_CHANGED, *_SET_BY_OTHERS)
_STEP = _update(*_NEVER_CHANGED, *_SET_BY_OTHERS, *_MOVED)
_ADD_ENTRY = insert_into(timeline)
_ADD_DOCUMENT = insert_into(documents)

_TIMELINE = (
    select(timeline.c.seq, timeline.c.kind, timeline.c.shape, timeline.c.at, timeline.c.by, timeline.c.data)
    .where(timeline.c.enrolment_id == bindparam("enrolment_id"))
    .order_by(timeline.c.seq)
)
_TIMELINE_OF_KINDS = _TIMELINE.where(among(timeline.c.kind, "kinds"))
_DOCUMENTS = (
    select(documents.c.seq, documents.c.content)
    .where(documents.c.enrolment_id == bindparam("enrolment_id"), among(documents.c.seq, "seqs"))
    .order_by(documents.c.seq)
)
_ACCESS_ENDED = (
    select(enrolments.c.id)
    .where(END_NOT_NOTED, enrolments.c.access_until <= bindparam("now"))
    .order_by(enrolments.c.access_until, enrolments.c.id)
    .limit(bindparam("limit", type_=Integer))
)


class EnrolmentsPart(OutboxPart):
    """The protocol `Enrolments` on SQL."""

    _states: States

    def load(self, enrolment_id: str) -> Enrolment | None:
        if not may_exist(enrolment_id):
            return None
        values = {"enrolment_id": enrolment_id}

        def work(link: Link) -> Enrolment | None:
            rows = link.rows(_LOAD, values)
            return self._state(link, rows[0]) if rows else None

        return self._database.read(work)

    def load_many(self, enrolment_ids: Iterable[str]) -> Mapping[str, Enrolment]:
        ids = [enrolment_id for enrolment_id in enrolment_ids if may_exist(enrolment_id)]

        def work(link: Link) -> dict[str, Enrolment]:
            return {row[0]: self._state(link, row) for row in link.rows(_LOAD_MANY, {"ids": ids})}

        found = self._database.read(work)
        return {enrolment_id: found[enrolment_id] for enrolment_id in ids if enrolment_id in found}

    def of_person(self, person: PersonId) -> tuple[Enrolment, ...]:
        values = {"scheme": person.scheme, "value": person.value}
        return self._database.read(lambda link: tuple(self._state(link, row) for row in link.rows(_OF_PERSON, values)))

    def save(self, change: Change) -> None:
        enrolment = change.enrolment
        values = _enrolment_values(enrolment, change.tally)
        values["enrolment_id"], values["before"] = enrolment.id, change.before
        step = _MOVE if any(isinstance(event, _MOVES) for event in change.events) else _STEP
        entries = _entry_values(change)
        written = [
            {"enrolment_id": enrolment.id, "seq": seq, "unit": values["unit"], "content": to_json(content)}
            for seq, content in change.documents.items()
        ]
        access = access_values(change.access)

        def work(link: Link) -> None:
            if change.before:
                if link.count(step, values) != 1:
                    raise Conflict("the enrolment was changed by somebody else; load it and decide again")
            else:
                link.count(_START, values)
            link.many(_ADD_ENTRY, entries)
            link.many(_ADD_DOCUMENT, written)
            if change.outcomes or change.dropped or change.notifications:
                self._change_notifications(link, change)
            link.count(ADD_ACCESS, access)

        self._database.write(work)
        self._states.keep(values["state"], enrolment)

    def timeline(self, enrolment_id: str, kinds: Iterable[type[Event]] | None = None) -> tuple[Entry, ...]:
        if not may_exist(enrolment_id):
            return ()
        values: dict[str, Any] = {"enrolment_id": enrolment_id}
        if kinds is None:
            return self._database.read(lambda link: entries_of(link.rows(_TIMELINE, values)))
        values["kinds"] = [KIND_OF[kind] for kind in kinds if kind in KIND_OF]
        return self._database.read(lambda link: entries_of(link.rows(_TIMELINE_OF_KINDS, values)))

    def documents(self, enrolment_id: str, seqs: Iterable[int]) -> Mapping[int, Content]:
        if not may_exist(enrolment_id):
            return {}
        values = {"enrolment_id": enrolment_id, "seqs": list(seqs)}
        rows = self._database.read(lambda link: link.rows(_DOCUMENTS, values))
        return {seq: content_from_data(from_json(content)) for seq, content in rows}

    def access_ended(self, now: datetime, limit: int) -> tuple[str, ...]:
        values = {"now": now, "limit": limit}
        return tuple(row[0] for row in self._database.read(lambda link: link.rows(_ACCESS_ENDED, values)))

    def _state(self, link: Link, row: Row) -> Enrolment:
        enrolment_id, shape, text = row
        if shape == ENROLMENT_SHAPE:
            return self._states.read(enrolment_id, text)
        return replay(entry.event for entry in entries_of(link.rows(_TIMELINE, {"enrolment_id": enrolment_id})))




def entries_of(rows: list[Row]) -> tuple[Entry, ...]:
    """Give the timeline entries of rows (seq, kind, shape, at, by, data)."""
    return tuple(
        Entry(seq=seq, event=event_from_data(kind, shape, at, by, from_json(data)))
        for seq, kind, shape, at, by, data in rows
    )


def _entry_values(change: Change) -> list[dict[str, Any]]:
    values = []
    for seq, event in enumerate(change.events, start=change.before + 1):
        kind = KIND_OF[type(event)]
        values.append(
            {
                "enrolment_id": change.enrolment.id,
                "seq": seq,
                "unit": str(change.enrolment.unit),
                "kind": kind,
                "shape": shape_of(kind),
                "at": event.at,
                "by": str(event.by),
                "data": to_json(event_to_data(event)),
            }
        )
    return values


def _enrolment_values(enrolment: Enrolment, tally: Tally) -> dict[str, Any]:
    person = enrolment.person
    return {
        "id": enrolment.id,
        "unit": str(enrolment.unit),
        "person_scheme": person.scheme,
        "person_value": person.value,
        "program": enrolment.program,
        "program_version": enrolment.program_version,
        "therapist": str(enrolment.therapist),
        "phase": enrolment.phase.value,
        "version": enrolment.version,
        "started_at": enrolment.started_at,
        "access_until": enrolment.access_until,
        "noted_end": enrolment.noted_end,
        "ended_at": enrolment.ended_at,
        "last_entry_at": enrolment.last_entry_at,
        "last_seen_at": enrolment.last_seen_at,
        "reviewed_at": enrolment.reviewed_at,
        "unread_forms": tally.unread_forms,
        "unread_messages": tally.unread_messages,
        "done": tally.done,
        "undelivered": tally.undelivered,
        "priority": tally.priority,
        "state_shape": ENROLMENT_SHAPE,
        "state": to_json(enrolment_to_data(enrolment)),
    }
