"""Who has which notifications in hand: the claims of workers, whole lanes at a time."""

from datetime import datetime, timedelta
from operator import itemgetter
from secrets import token_hex

from sqlalchemy import Integer, and_, bindparam, exists, func, literal_column, not_, or_, select, update

from digital_painschool.adapters.sql.connections import Link
from digital_painschool.adapters.sql.notification_rows import ROW, records
from digital_painschool.adapters.sql.parts import Part
from digital_painschool.adapters.sql.schema import PENDING, TOLD, notifications
from digital_painschool.adapters.sql.statements import Row, among
from digital_painschool.notification import Claimed

_n = notifications.c
_ID, _LANE, _DUE_AT = map([column.name for column in ROW].index, ("id", "lane", "due_at"))
_PORTIONS = 4
"""A lane has one notification for each day whose run was missed: looking at all lanes at once would lock too many."""
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
            taken = _first_lanes(link, now, limit)
            if taken:
                link.count(_HOLD, {"ids": [row[_ID] for row in taken], "token": token, "held_until": now + lease})
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


def _first_lanes(link: Link, now: datetime, limit: int) -> list[Row]:
    """Lock whole lanes, those first that have been due for longest, until there are enough; give what is in them."""
    lanes = [*dict.fromkeys(lane for (lane,) in link.rows(_DUE_LANES, {"now": now, "limit": limit}))]
    taken: list[Row] = []
    size = limit // _PORTIONS + 1
    for start in range(0, len(lanes), size):
        for rows in _free_lanes(link, now, lanes[start : start + size]):
            if len(taken) < limit:
                taken += rows
        if len(taken) >= limit:
            break
    return sorted(taken, key=itemgetter(_DUE_AT, _ID))


def _free_lanes(link: Link, now: datetime, lanes: list[str]) -> list[list[Row]]:
    """Lock lanes, and give them in their order.

    What somebody else is changing is not waited for; as a lane goes whole, all of it is left for later.
    """
    values = {"now": now, "lanes": lanes}
    due = link.rows(_DUE_IN_LANES, values)
    free: dict[str, list[Row]] = {lane: [] for lane in lanes}
    for row in link.rows(_LOCK, values):
        free[row[_LANE]].append(row)
    ids = {row[_ID] for rows in free.values() for row in rows}
    torn = {lane for id_, lane in due if id_ not in ids}
    return [rows for lane, rows in free.items() if lane not in torn]
