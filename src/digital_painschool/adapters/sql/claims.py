"""Who has which notifications in hand: the claims of workers, whole lanes at a time."""

from collections import Counter
from datetime import datetime, timedelta
from secrets import token_hex

from sqlalchemy import Integer, and_, bindparam, exists, func, literal_column, not_, or_, select, update

from digital_painschool.adapters.sql.connections import Link
from digital_painschool.adapters.sql.notification_rows import ROW, records
from digital_painschool.adapters.sql.parts import Part
from digital_painschool.adapters.sql.schema import PENDING, TOLD, notifications
from digital_painschool.adapters.sql.statements import Row, among
from digital_painschool.notification import Claimed

_n = notifications.c
_LANE = [column.name for column in ROW].index("lane")
_HELD = notifications.alias("held")
_DUE = and_(PENDING, _n.due_at <= bindparam("now"))
_HELD_BY_NOBODY = or_(_n.held_until.is_(None), _n.held_until <= bindparam("now"))
_DUE_LANES = (
    select(_n.lane)
    .where(
        _DUE,
        _HELD_BY_NOBODY,
        not_(
            exists(
                select(literal_column("1")).where(
                    literal_column("held.status = 'pending'"),
                    _HELD.c.lane == _n.lane,
                    _HELD.c.held_until > bindparam("now"),
                )
            )
        ),
    )
    .order_by(_n.due_at, _n.id)
    .limit(bindparam("limit", type_=Integer))
)
_DUE_IN_LANES = select(_n.id, _n.lane).where(_DUE, among(_n.lane, "lanes"))
_LOCK = (
    select(*ROW, _n.held_until)
    .where(_DUE, _HELD_BY_NOBODY, among(_n.lane, "lanes"))
    .order_by(_n.due_at, _n.id)
    .with_for_update(skip_locked=True)
)
_TOLD_AT = (
    select(_n.lane, func.max(_n.settled_at, type_=_n.settled_at.type))
    .where(TOLD, among(_n.lane, "lanes"))
    .group_by(_n.lane)
)
_HOLD = (
    update(notifications)
    .where(among(_n.id, "ids"))
    .values(
        token=bindparam("token", type_=_n.token.type),
        held_until=bindparam("held_until", type_=_n.held_until.type),
        attempts=_n.attempts + literal_column("1", Integer),
        slot=_n.id,
    )
)


class ClaimsPart(Part):
    """The method `claim` of the protocol `Outbox` on SQL.

    Whether a lease ran out is for it alone: nothing else is told the time.
    """

    def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[Claimed, ...]:
        token = token_hex(16)

        def work(link: Link) -> list[Row]:
            # One at a time, or each would find the same ones first, and go home when another has them.
            link.only_one("claim")
            lanes = sorted({row[0] for row in link.rows(_DUE_LANES, {"now": now, "limit": limit})})
            if not lanes:
                return []
            due = link.rows(_DUE_IN_LANES, {"now": now, "lanes": lanes})
            # What somebody else is changing is not waited for; as a lane goes whole, all of it is left for later.
            free = link.rows(_LOCK, {"now": now, "lanes": lanes})
            ids = {row[0] for row in free}
            torn = {lane for id_, lane in due if id_ not in ids}
            taken = _first_lanes([row for row in free if row[_LANE] not in torn], limit)
            if not taken:
                return []
            values = {"ids": [row[0] for row in taken], "token": token, "held_until": now + lease}
            link.count(_HOLD, values)
            return taken

        taken = self._database.write(work)
        # What is claimed nobody else adds to or settles: the rest can be read when others may claim again.
        return self._database.read(lambda link: _claimed(link, taken, token)) if taken else ()


def _claimed(link: Link, taken: list[Row], token: str) -> tuple[Claimed, ...]:
    lanes = sorted({row[_LANE] for row in taken})
    told: dict[str, datetime] = dict(link.rows(_TOLD_AT, {"lanes": lanes}))
    return tuple(
        Claimed(
            notification=record.notification,
            attempts=record.attempts,
            token=token,
            told_at=told.get(record.notification.lane),
            held_until=row[-1],
        )
        for record, row in zip(records(link, [row[:-1] for row in taken]), taken, strict=True)
    )


def _first_lanes(rows: list[Row], limit: int) -> list[Row]:
    sizes = Counter(row[_LANE] for row in rows)
    lanes: set[str] = set()
    size = 0
    for row in rows:
        lane = row[_LANE]
        if lane in lanes:
            continue
        if size >= limit:
            break
        lanes.add(lane)
        size += sizes[lane]
    return [row for row in rows if row[_LANE] in lanes]
