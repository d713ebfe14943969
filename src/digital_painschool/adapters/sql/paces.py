"""The slots of the channels in SQL: one row a channel, locked while slots are granted. Rule: D-13e."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.pace_table import paces
from digital_painschool.adapters.sql.rows import Row, require_readable
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace, LatestSlot, grant, unknown_slot
from digital_painschool.errors import StorageError
from digital_painschool.serialization.stored import read_stored

_log = logging.getLogger(__name__)
_p = paces.c
_LOCK = select(_p.latest_at, _p.in_round).where(_p.channel == bindparam("channel")).with_for_update()
_ADD = insert_into(paces, ignore_existing=True)
_SAVE = (
    update(paces)
    .where(_p.channel == bindparam("of"))
    .values(latest_at=bindparam("latest_at", type_=_p.latest_at.type), in_round=bindparam("in_round"))
)


class SqlPaces:
    """The protocol `Paces` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve_slots(
        self, channel: Channel, pace: ChannelPace, wanted: int, now: datetime, span: timedelta
    ) -> tuple[datetime, ...]:
        def work(connection: Connection) -> tuple[datetime, ...]:
            rows = connection.fetch_each(_LOCK, {"channel": channel.value})
            latest = _latest(rows[0], channel, pace, now) if rows else None
            slots, latest = grant(latest, pace, wanted, now, span)
            if slots and latest is not None:
                if rows:
                    connection.execute(_SAVE, _values("of", channel, latest))
                elif not connection.execute(_ADD, _values("channel", channel, latest)):
                    return work(connection)  # another worker has added the row since: lock it
            return slots

        return self._database.write(work)


def _values(key: str, channel: Channel, latest: LatestSlot) -> dict[str, object]:
    return {key: channel.value, "latest_at": latest.at, "in_round": latest.in_round}


def _latest(row: Row, channel: Channel, pace: ChannelPace, now: datetime) -> LatestSlot:
    try:
        return read_stored(f"the latest slot of {channel.value}", _slot, row)
    except StorageError as failure:
        _log.error("%s; a pause follows", failure)
    return unknown_slot(pace, now)


def _slot(row: Row) -> LatestSlot:
    require_readable(row)
    at, in_round = row
    return LatestSlot(at=at, in_round=in_round)
