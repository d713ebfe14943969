"""What operators ask of the outbox in SQL: dead letters, figures and workers."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.digest_rows import readable_records
from digital_painschool.adapters.sql.digests import ANY_KIND, ONE
from digital_painschool.adapters.sql.excerpts import PAGE_LIMIT
from digital_painschool.adapters.sql.message_tables import delivery_workers
from digital_painschool.adapters.sql.notifications import DEAD_LETTER, ID_INDEX, RECORDS, SETTLED_INDEX
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.adapters.sql.schema import GIVEN_UP, PENDING, digests, enrolments
from digital_painschool.adapters.sql.schema import notifications as table
from digital_painschool.domain.notification import Channel, NotificationRecord
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage import CLOCKS_DIFFER, OutboxFigures

_n, _d, _w = table.c, digests.c, delivery_workers.c
_REMEMBERED = timedelta(days=1)

_OPEN = exists(select(literal_column("1")).where(enrolments.c.id == _n.enrolment_id, enrolments.c.ended_at.is_(None)))
_POSITION = tuple_(_n.settled_at, _n.id)
_AFTER = tuple_(bindparam("settled_at", type_=_n.settled_at.type), bindparam("id", type_=_n.id.type))
_NEWEST = (
    RECORDS.where(DEAD_LETTER, _OPEN, _POSITION < _AFTER).order_by(_n.settled_at.desc(), _n.id.desc()).limit(PAGE_LIMIT)
)
_NEWEST_OF_UNIT = _NEWEST.where(_n.unit == bindparam("unit", type_=_n.unit.type))
_LAST = (datetime(9000, 1, 1, tzinfo=UTC), "")

_OLDEST = (
    select(_d.next_at)
    .where(
        ANY_KIND,
        _d.oldest_due_at <= bindparam("now", type_=_d.next_at.type),  # never after `next_at`; the index has it first
        _d.next_at <= bindparam("now", type_=_d.next_at.type),
        # Not EXISTS: PostgreSQL would join with all that waits.
        select(literal_column("1")).where(_n.digest_id == _d.id, PENDING).limit(ONE).scalar_subquery().is_not(None),
    )
    .order_by(_d.next_at)
    .limit(ONE)
)
_COUNT = select(_d.channel, func.count()).join_from(table, digests, _n.digest_id == _d.id).group_by(_d.channel)
_WAITING = _COUNT.where(PENDING)
_FAILED = _COUNT.where(GIVEN_UP, _n.settled_at >= bindparam("since", type_=_n.settled_at.type))
_DEAD = select(func.count()).select_from(table).where(DEAD_LETTER, _OPEN)
_SEEN = _w.seen_at <= bindparam("latest", type_=_w.seen_at.type)
_ALIVE = select(func.count()).where(_w.until > bindparam("now", type_=_w.until.type), _SEEN)
_LAST_SEEN = select(func.max(_w.seen_at)).where(_SEEN)

_inserted = insert(delivery_workers).inline().values({c.name: bindparam(c.name, type_=c.type) for c in _w})
_RECORD = _inserted.on_conflict_do_update(
    index_elements=[_w.id], set_={"seen_at": _inserted.excluded.seen_at, "until": _inserted.excluded.until}
)
_FORGET_WORKERS = delete(delivery_workers).where(_w.seen_at < bindparam("before", type_=_w.seen_at.type))

_CHANNELS = {channel.value: channel for channel in Channel}


class SqlOperations:
    """The protocol `Operations` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def dead_letters(
        self, unit: HsaId | None = None, *, after: tuple[datetime, str] | None = None, limit: int = 1000
    ) -> tuple[NotificationRecord, ...]:
        # When no row of a page can be read, the next page is read too.
        while rows := self._page(unit, after, limit):
            found = tuple(readable_records(rows))
            after = (rows[-1][SETTLED_INDEX], rows[-1][ID_INDEX])
            if found or not isinstance(after[0], datetime) or not isinstance(after[1], str):
                return found
        return ()

    def outbox_figures(self, now: datetime, since: datetime) -> OutboxFigures:
        def work(connection: Connection) -> OutboxFigures:
            oldest, latest = connection.fetch_all(_OLDEST, {"now": now}), now + CLOCKS_DIFFER
            return OutboxFigures(
                oldest_due_at=oldest[0][0] if oldest else None,
                waiting=_by_channel(connection.fetch_all(_WAITING, {})),
                failed=_by_channel(connection.fetch_all(_FAILED, {"since": since})),
                dead_letters=connection.fetch_all(_DEAD, {})[0][0],
                workers=connection.fetch_all(_ALIVE, {"now": now, "latest": latest})[0][0],
                last_seen_at=connection.fetch_all(_LAST_SEEN, {"latest": latest})[0][0],
            )

        return self._database.read(work, snapshot=True)

    def record_worker(self, worker: str, at: datetime, until: datetime) -> None:
        def work(connection: Connection) -> None:
            connection.execute(_RECORD, {"id": worker, "seen_at": at, "until": until})
            connection.execute(_FORGET_WORKERS, {"before": at - _REMEMBERED})

        self._database.write(work)

    def _page(self, unit: HsaId | None, after: tuple[datetime, str] | None, limit: int) -> list[Row]:
        settled_at, id_ = after or _LAST
        statement, values = _NEWEST, dict[str, Any](limit=limit, settled_at=settled_at, id=id_)
        if unit is not None:
            statement, values["unit"] = _NEWEST_OF_UNIT, str(unit)
        return self._database.read(lambda connection: connection.fetch_each(statement, values))


def _by_channel(rows: list[Row]) -> dict[Channel, int]:
    return {_CHANNELS[name]: count for name, count in rows if name in _CHANNELS}
