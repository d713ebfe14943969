"""Timelines and documents, read from SQL."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter

from sqlalchemy import and_, select

from digital_painschool.adapters.sql.array_params import OfIds, any_of
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.enrolments import kind_names, read_entries
from digital_painschool.adapters.sql.excerpts import excerpt_query, excerpt_values
from digital_painschool.adapters.sql.json_text import from_json
from digital_painschool.adapters.sql.rows import Row, require_all_readable
from digital_painschool.adapters.sql.schema import documents, timeline
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.validation import is_storable
from digital_painschool.ports.storage import WHOLE, Excerpt, Timeline
from digital_painschool.serialization.stored import read_each
from digital_painschool.serialization.values import content_from_data

_t, _d = timeline.c, documents.c


def _query(*, of_kinds: bool, whole: bool) -> OfIds:
    """Return the query for entries with the columns that `read_entries` reads; the enrolment's id comes last."""
    columns = [_t.seq, _t.kind, _t.shape, _t.at, _t.by, _t.data, *([_d.content] if whole else ()), _t.enrolment_id]
    query = select(*columns).order_by(_t.enrolment_id, _t.seq)
    if whole:
        its_document = and_(_d.enrolment_id == _t.enrolment_id, _d.seq == _t.seq)
        query = query.outerjoin_from(timeline, documents, its_document)
    return OfIds(query.where(any_of(_t.kind, "kinds")) if of_kinds else query, _t.enrolment_id)


_ENTRIES = {(of, whole): _query(of_kinds=of, whole=whole) for of in (False, True) for whole in (False, True)}
"""By whether entries of some kinds are wanted, and whether their documents are."""
_PAGES = {
    (of_kinds, newest_first): excerpt_query(
        _query(of_kinds=of_kinds, whole=False).single.order_by(None), _t.seq, _t.at, _t.by, newest_first=newest_first
    )
    for of_kinds in (False, True)
    for newest_first in (False, True)
}
"""By whether entries of some kinds are wanted, and whether the newest come first."""
_DOCUMENTS = OfIds(
    select(_d.seq, _d.content, _d.enrolment_id).where(any_of(_d.seq, "seqs")).order_by(_d.enrolment_id, _d.seq),
    _d.enrolment_id,
)


class SqlTimelines:
    """The timelines and documents of the protocol `Enrolments` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load_timelines(
        self,
        enrolment_ids: Iterable[EnrolmentId],
        kinds: Iterable[type[Event]] | None = None,
        documents: Iterable[int] | None = None,
        *,
        after: int = 0,
        limit: int | None = None,
        excerpt: Excerpt = WHOLE,
    ) -> Mapping[EnrolmentId, Timeline | UnreadableEnrolment]:
        ids = list(filter(is_storable, enrolment_ids))
        names = None if kinds is None else kind_names(kinds)
        seqs = None if documents is None else list(documents)
        is_page = after > 0 or limit is not None or excerpt != WHOLE
        whole = seqs is None and not is_page
        query = _ENTRIES[names is not None, whole]

        def work(connection: Connection) -> tuple[list[Row], list[Row]]:
            entries = [] if names == [] else connection.fetch_each(*query.with_values(ids, kinds=names))
            return entries, connection.fetch_each(*_DOCUMENTS.with_values(ids, seqs=seqs)) if seqs else []

        def pages(connection: Connection) -> tuple[list[Row], list[Row]]:
            entries, written = list[Row](), list[Row]()
            for id_ in dict.fromkeys(ids):
                values = {**excerpt_values(excerpt, after, limit), "id_": id_, "kinds": names}
                statement = _PAGES[names is not None, excerpt.newest_first]
                page = [] if names == [] else connection.fetch_each(statement, values)
                wanted = [row[0] for row in page if isinstance(row[0], int)] if seqs is None else seqs
                entries += page
                written += connection.fetch_each(*_DOCUMENTS.with_values([id_], seqs=wanted)) if wanted else []
            return entries, written

        entries, written = (_by_enrolment(rows) for rows in self._database.read(pages if is_page else work))
        found = [*dict.fromkeys([*entries, *written])]
        read = read_each(
            found,
            lambda enrolment_id: _timeline(entries.get(enrolment_id, []), written.get(enrolment_id, []), whole=whole),
            lambda enrolment_id: UnreadableEnrolment(enrolment_id=enrolment_id),
        )
        return dict(zip(found, read, strict=True))


def _by_enrolment(rows: list[Row]) -> Mapping[EnrolmentId, list[Row]]:
    if not rows or rows[0][-1] == rows[-1][-1]:  # sorted by enrolment: all are of one
        return {rows[0][-1]: rows} if rows else {}
    return {enrolment_id: list(group) for enrolment_id, group in groupby(rows, key=itemgetter(-1))}


def _timeline(entries: list[Row], written: list[Row], *, whole: bool) -> Timeline:
    require_all_readable(entries)
    require_all_readable(written)
    contents = [(row[0], row[-2]) for row in entries if row[-2] is not None] if whole else written
    return Timeline(
        entries=read_entries(entries),
        documents={row[0]: content_from_data(from_json(row[1])) for row in contents},
    )
