"""Notices of withdrawn enrolments in SQL: which ones an inbox still has, and that it has forgotten them."""

from collections.abc import Iterable

from sqlalchemy import and_, bindparam, delete, exists, null, or_, select, update

from digital_painschool.adapters.sql.array_params import any_of
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.digests import LOCK_DIGESTS, ONE
from digital_painschool.adapters.sql.excerpts import PAGE_LIMIT
from digital_painschool.adapters.sql.purge import SHARED
from digital_painschool.adapters.sql.schema import WITHDRAWN, enrolments, notifications, superseded_keys
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId
from digital_painschool.serialization.scalars import hsa_id_from_text

_n = notifications.c
_SUPERSEDED = (
    # Not EXISTS: PostgreSQL would hash all keys of all digests.
    select(superseded_keys.c.key).where(superseded_keys.c.digest_id == _n.digest_id).limit(ONE).scalar_subquery()
)
_SENT = exists(
    select(_n.id).where(
        _n.enrolment_id == enrolments.c.id,
        or_(_n.batch_key.is_not(None), and_(_SUPERSEDED.is_not(None), ~SHARED)),
    )
)
_UNFORGOTTEN = (
    select(enrolments.c.unit, enrolments.c.id)
    .where(WITHDRAWN, enrolments.c.id > bindparam("after", type_=enrolments.c.id.type), _SENT)
    .order_by(enrolments.c.id)
    .limit(PAGE_LIMIT)
)
_OF_ENROLMENT = (
    _n.enrolment_id == bindparam("enrolment_id", type_=_n.enrolment_id.type),
    _n.unit == bindparam("its_unit", type_=_n.unit.type),
)
_DIGESTS = select(_n.digest_id).distinct().where(*_OF_ENROLMENT)
_FORGET_SUPERSEDED = delete(superseded_keys).where(
    any_of(superseded_keys.c.digest_id, "ids"), any_of(superseded_keys.c.key, "keys")
)
_FORGET = update(notifications).where(*_OF_ENROLMENT, any_of(_n.batch_key, "keys")).values(batch_key=null())


class SqlForgetting:
    """The forgotten notices of the protocol `Retention` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unforgotten(self, *, after: str = "", limit: int = 1000) -> tuple[tuple[HsaId, EnrolmentId], ...]:
        values = {"after": after, "limit": limit}
        rows = self._database.read(lambda connection: connection.fetch_all(_UNFORGOTTEN, values))
        return tuple((hsa_id_from_text(unit), EnrolmentId(id_)) for unit, id_ in rows)

    def forgotten(self, unit: HsaId, enrolment_id: EnrolmentId, keys: Iterable[str]) -> None:
        of_enrolment, done = {"enrolment_id": enrolment_id, "its_unit": str(unit)}, [*keys]

        def work(connection: Connection) -> None:
            # Digests are locked first, as by every other write.
            ids = {"ids": sorted(row[0] for row in connection.fetch_all(_DIGESTS, of_enrolment))}
            connection.fetch_all(LOCK_DIGESTS, ids)
            connection.execute(_FORGET_SUPERSEDED, {**ids, "keys": done})
            connection.execute(_FORGET, {**of_enrolment, "keys": done})

        self._database.write(work)
