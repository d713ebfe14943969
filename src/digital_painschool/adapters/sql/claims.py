"""Who has which notifications in hand: the claims of workers, whole lanes at a time."""

from collections import deque
from datetime import datetime, timedelta
from functools import partial
from operator import itemgetter
from secrets import token_hex

from sqlalchemy import Integer, and_, bindparam, exists, func, literal_column, not_, or_, select, update

from digital_painschool.adapters.sql.connections import Link
from digital_painschool.adapters.sql.notification_rows import ROW, records
from digital_painschool.adapters.sql.parts import Part
from digital_painschool.adapters.sql.schema import PENDING, notifications
from digital_painschool.adapters.sql.statements import Damaged, Row, among
from digital_painschool.notification import Claimed

_n = notifications.c
_ID, _LANE, _DUE_AT = map([column.name for column in ROW].index, ("id", "lane", "due_at"))
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
_OF_LANES = and_(_DUE, among(_n.lane, "lanes"))
_SIZES = select(_n.lane, func.count(_n.id, type_=Integer)).where(_OF_LANES).group_by(_n.lane)
_LOCK = (
    select(*ROW, _n.held_until)
    .where(_OF_LANES, _HELD_BY_NOBODY)
    .order_by(_n.due_at, _n.id)
    .with_for_update(skip_locked=True)
)
_DUE_IN_LANES = select(_n.id, _n.lane).where(_OF_LANES)
_GONE = notifications.alias("gone")
_TOLD_AT = select(
    _n.lane,
    select(func.max(_GONE.c.settled_at, type_=_n.settled_at.type))
    .where(literal_column("gone.status = 'delivered' AND gone.collected"), _GONE.c.lane == _n.lane)
    .scalar_subquery(),
).where(among(_n.id, "ids"))
"""When lanes were last told, each named by one notification: the end of an index, however long the history is."""
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


_UNTRIED = (
    update(notifications)
    .where(among(_n.id, "ids"), _n.token == bindparam("its_token", type_=_n.token.type))
    .values(attempts=_n.attempts - literal_column("1", Integer))
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

        # When nothing of what was taken can be read, what comes after it must not wait for the next pass.
        while taken := self._database.write(work):
            # What is claimed nobody else adds to or settles: the rest can be read when others may claim again.
            claimed, left = self._database.read(partial(_read, taken, token))
            if left:
                values = {"ids": left, "its_token": token}
                self._database.write(lambda link, values=values: link.count(_UNTRIED, values))  # type: ignore[misc]
            if claimed:
                return tuple(claimed)
        return ()


def _read(taken: list[Row], token: str, link: Link) -> tuple[list[Claimed], list[str]]:
    """Read what was taken; a lane in which one cannot be read is left until its lease is over: return its ids too."""
    one_of_each = {row[_LANE]: row[_ID] for row in taken}
    told = {row[0]: row[1] for row in link.each(_TOLD_AT, {"ids": [*one_of_each.values()]}) if type(row) is not Damaged}
    found = records(link, taken)
    torn = {row[_LANE] for record, row in zip(found, taken, strict=True) if record is None}
    claimed = [
        Claimed(
            notification=record.notification,
            attempts=record.attempts,
            token=token,
            told_at=told.get(record.notification.lane),
            held_until=row[-1],
        )
        for record, row in zip(found, taken, strict=True)
        if record is not None and row[_LANE] not in torn
    ]
    return claimed, [row[_ID] for row in taken if row[_LANE] in torn]


def _first_lanes(link: Link, now: datetime, limit: int) -> list[Row]:
    """Lock whole lanes, those first that have been due for longest, until there are enough; give what is in them."""
    taken: list[Row] = []
    seen: set[str] = set()
    asked = limit
    while True:
        due = link.each(_DUE_LANES, {"now": now, "limit": asked})
        new = dict.fromkeys(row[0] for row in due if type(row) is not Damaged and row[0] not in seen)
        seen.update(new)
        taken += _of_lanes(link, now, deque(new), limit - len(taken))
        if len(taken) >= limit or len(due) < asked:
            break
        asked *= 2  # what cannot be locked or read takes nobody's place
    damaged = [row for row in taken if type(row) is Damaged]
    return sorted((row for row in taken if type(row) is not Damaged), key=itemgetter(_DUE_AT, _ID)) + damaged


def _of_lanes(link: Link, now: datetime, left: deque[str], limit: int) -> list[Row]:
    sizes: dict[str, int] = dict(link.rows(_SIZES, {"now": now, "lanes": [*left]})) if left else {}
    taken: list[Row] = []
    while left and len(taken) < limit:
        lanes: list[str] = []
        enough = len(taken)
        while left and enough < limit:
            lanes.append(left.popleft())
            enough += sizes.get(lanes[-1], 0)
        taken += _whole(link, now, lanes)
    return taken


def _whole(link: Link, now: datetime, lanes: list[str]) -> list[Row]:
    """Lock lanes, and give what is in them.

    What somebody else is changing is not waited for; as a lane goes whole, all of it is left for later.
    """
    values = {"now": now, "lanes": lanes}
    free = [row for row in link.each(_LOCK, values) if isinstance(row[_ID], str)]
    ids = {row[_ID] for row in free}
    # Asked afterwards: what is due and was not locked then is another's, or has just been added.
    torn = {lane for id_, lane in link.each(_DUE_IN_LANES, values) if id_ not in ids}
    return [row for row in free if row[_LANE] not in torn]
