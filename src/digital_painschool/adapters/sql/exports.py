"""Exports in SQL: whole histories are read, and the exported version of each enrolment is noted."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Integer, and_, bindparam, select, update

from digital_painschool.adapters.sql.array_params import any_of
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.enrolments import (
    STATE,
    kind_names,
    read_entries,
    read_state,
    unreadable_enrolment,
)
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.adapters.sql.schema import documents, enrolments, exports, timeline
from digital_painschool.adapters.sql.state_cache import StateCache
from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import ExportReceipt
from digital_painschool.domain.validation import is_storable
from digital_painschool.ports.storage import History
from digital_painschool.serialization.stored import read_each
from digital_painschool.serialization.values import content_from_data, to_data

_e = enrolments.c
_STATES = select(*STATE).where(_e.unit == bindparam("unit"), any_of(_e.id, "ids"))
_TIMELINES = (
    select(
        timeline.c.enrolment_id,
        timeline.c.seq,
        timeline.c.kind,
        timeline.c.shape,
        timeline.c.at,
        timeline.c.by,
        timeline.c.data,
        documents.c.content,
    )
    .outerjoin_from(
        timeline,
        documents,
        and_(documents.c.enrolment_id == timeline.c.enrolment_id, documents.c.seq == timeline.c.seq),
    )
    .where(any_of(timeline.c.enrolment_id, "ids"))
    .order_by(timeline.c.enrolment_id, timeline.c.seq)
)
_TIMELINES_OF_KINDS = _TIMELINES.where(any_of(timeline.c.kind, "kinds"))

_ADD_EXPORT = insert_into(exports, ignore_existing=True)
_NOTE_EXPORTED = (
    update(enrolments)
    .where(
        _e.id == bindparam("enrolment_id"),
        _e.unit == bindparam("its_unit"),
        _e.exported_version < bindparam("exported", type_=Integer),
    )
    .values(exported_version=bindparam("exported", type_=Integer))
)


class SqlExports:
    """The exports of the protocol `Retention` in SQL."""

    def __init__(self, database: Database, states: StateCache) -> None:
        self._database = database
        self._states = states

    def load_histories(
        self, unit: HsaId, enrolment_ids: Sequence[str], kinds: Iterable[type[Event]] | None = None
    ) -> tuple[History | UnreadableEnrolment, ...]:
        ids = list(filter(is_storable, enrolment_ids))
        timelines = _TIMELINES if kinds is None else _TIMELINES_OF_KINDS
        names = kind_names(kinds or ())

        def work(connection: Connection) -> dict[str, History | UnreadableEnrolment]:
            states = connection.fetch_each(_STATES, {"unit": str(unit), "ids": ids})
            rows = connection.fetch_each(timelines, {"ids": [row[0] for row in states], "kinds": names})
            entries = {enrolment_id: list(group) for enrolment_id, group in groupby(rows, key=itemgetter(0))}

            def history(row: Row) -> History:
                return _history(read_state(connection, self._states, row), entries.get(row[0], []))

            read = read_each(states, history, unreadable_enrolment)
            return {one.enrolment.id if isinstance(one, History) else one.enrolment_id: one for one in read}

        found = self._database.read(work, snapshot=True)
        return tuple(found[enrolment_id] for enrolment_id in ids if enrolment_id in found)

    def save_export(self, receipt: ExportReceipt, versions: Mapping[str, int]) -> None:
        unit = str(receipt.unit)
        values = {
            "id": receipt.id,
            "unit": unit,
            "exported_at": receipt.exported_at,
            "data": to_json(to_data(receipt)),
        }
        exported = [
            {"enrolment_id": enrolment_id, "its_unit": unit, "exported": version}
            for enrolment_id, version in sorted(versions.items())
        ]

        def work(connection: Connection) -> None:
            connection.execute(_ADD_EXPORT, values)
            connection.execute_many(_NOTE_EXPORTED, exported)

        self._database.write(work)


def _history(enrolment: Enrolment, rows: list[Row]) -> History:
    return History(
        enrolment=enrolment,
        timeline=read_entries([row[1:7] for row in rows]),
        documents={row[1]: content_from_data(from_json(row[7])) for row in rows if row[7] is not None},
    )
