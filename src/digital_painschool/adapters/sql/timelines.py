"""Timelines and documents, read from SQL."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter

from sqlalchemy import and_, select

from digital_painschool.adapters.sql.array_params import any_of
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.enrolments import kind_names, read_entries
from digital_painschool.adapters.sql.json_text import from_json
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.adapters.sql.schema import documents, timeline
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.validation import is_storable
from digital_painschool.ports.storage import Timeline
from digital_painschool.serialization.stored import read_each
from digital_painschool.serialization.values import content_from_data

_t, _d = timeline.c, documents.c
_ENTRIES = (
    select(_t.enrolment_id, _t.seq, _t.kind, _t.shape, _t.at, _t.by, _t.data)
    .where(any_of(_t.enrolment_id, "ids"))
    .order_by(_t.enrolment_id, _t.seq)
)
_WHOLE_ENTRIES = _ENTRIES.add_columns(_d.content).outerjoin_from(
    timeline, documents, and_(_d.enrolment_id == _t.enrolment_id, _d.seq == _t.seq)
)
_OF_KINDS = any_of(_t.kind, "kinds")
_STATEMENTS = {
    (of_kinds, whole): entries.where(_OF_KINDS) if of_kinds else entries
    for whole, entries in ((False, _ENTRIES), (True, _WHOLE_ENTRIES))
    for of_kinds in (False, True)
}
"""By whether entries of some kinds are wanted, and whether their documents are."""
_DOCUMENTS = (
    select(_d.enrolment_id, _d.seq, _d.content)
    .where(any_of(_d.enrolment_id, "ids"), any_of(_d.seq, "seqs"))
    .order_by(_d.enrolment_id, _d.seq)
)
_WIDTH = 7
"""The number of columns of an entry; the document follows."""


class SqlTimelines:
    """The timelines and documents of the protocol `Enrolments` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load_timelines(
        self,
        enrolment_ids: Iterable[str],
        kinds: Iterable[type[Event]] | None = None,
        documents: Iterable[int] | None = None,
    ) -> Mapping[str, Timeline | UnreadableEnrolment]:
        ids = list(filter(is_storable, enrolment_ids))
        names = None if kinds is None else kind_names(kinds)
        seqs = [] if documents is None else list(documents)
        statement = _STATEMENTS[names is not None, documents is None]

        def work(connection: Connection) -> tuple[list[Row], list[Row]]:
            entries = [] if names == [] else connection.fetch_each(statement, {"ids": ids, "kinds": names})
            return entries, connection.fetch_each(_DOCUMENTS, {"ids": ids, "seqs": seqs}) if seqs else []

        entries, written = map(_by_enrolment, self._database.read(work))
        found = [*dict.fromkeys([*entries, *written])]
        read = read_each(
            found,
            lambda enrolment_id: _timeline(entries.get(enrolment_id, []), written.get(enrolment_id, [])),
            lambda enrolment_id: UnreadableEnrolment(enrolment_id=enrolment_id),
        )
        return dict(zip(found, read, strict=True))


def _by_enrolment(rows: list[Row]) -> dict[str, list[Row]]:
    return {enrolment_id: list(group) for enrolment_id, group in groupby(rows, key=itemgetter(0))}


def _timeline(entries: list[Row], written: list[Row]) -> Timeline:
    contents = [(row[1], row[_WIDTH]) for row in entries if row[_WIDTH:]] + [(row[1], row[2]) for row in written]
    return Timeline(
        entries=read_entries([row[1:_WIDTH] for row in entries]),
        documents={seq: content_from_data(from_json(text)) for seq, text in contents if text is not None},
    )
