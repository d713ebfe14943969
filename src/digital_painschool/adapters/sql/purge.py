"""The purge in SQL: notification keys, deletion, progress, and what is stored of a purge."""

from collections.abc import Iterable, Sequence

from sqlalchemy import and_, bindparam, exists, select

from digital_painschool.adapters.sql.access_log import ACCESS_BATCH, access_values
from digital_painschool.adapters.sql.array_params import any_of
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.deletion import delete_enrolments
from digital_painschool.adapters.sql.desk_calls import add_desk_call
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.retention_tables import plans, progress
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.adapters.sql.schema import (
    ENDED,
    NOT_ENDED,
    enrolments,
    notifications,
    superseded_keys,
)
from digital_painschool.adapters.sql.state_cache import StateCache
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import EndedEnrolment, Skip, Skipped
from digital_painschool.domain.validation import is_storable
from digital_painschool.ports.storage import AccessEntry, DeskCall, PurgeProgress

_e = enrolments.c
_others, _open = notifications.alias("others"), enrolments.alias("open")
_OF_SAME_DIGEST = _others.c.digest_id == notifications.c.digest_id
_OF_OPEN_ENROLMENT = exists(select(_open.c.id).where(_open.c.id == _others.c.enrolment_id, NOT_ENDED))
SHARED = exists(select(_others.c.id).where(_OF_SAME_DIGEST, _OF_OPEN_ENROLMENT))
"""Whether an open enrolment has notifications in the digest of a notification."""
_OF_ENROLMENTS = and_(any_of(notifications.c.enrolment_id, "ids"), notifications.c.unit == bindparam("unit"))
_KEYS = (
    select(notifications.c.batch_key)
    .distinct()
    .where(
        _OF_ENROLMENTS,
        notifications.c.batch_key.is_not(None),
        ~exists(
            select(_others.c.id).where(
                _OF_SAME_DIGEST, _others.c.batch_key == notifications.c.batch_key, _OF_OPEN_ENROLMENT
            )
        ),
    )
)
_UNSHARED_DIGESTS = select(notifications.c.digest_id).distinct().where(_OF_ENROLMENTS, ~SHARED)
_SUPERSEDED_KEYS = select(superseded_keys.c.key).where(any_of(superseded_keys.c.digest_id, "ids"))

_PLAN_UNIT = select(plans.c.unit).where(plans.c.id == bindparam("plan_id"))
_PROGRESS = (
    select(progress.c.enrolment_id, progress.c.skipped)
    .where(progress.c.plan_id == bindparam("plan_id"))
    .order_by(progress.c.enrolment_id)
)
_PROCESSED = select(progress.c.enrolment_id, progress.c.skipped).where(
    progress.c.plan_id == bindparam("plan_id"), any_of(progress.c.enrolment_id, "ids")
)
_ADD_PROGRESS = insert_into(progress, ignore_existing=True)
_LOCK_PLANNED = select(_e.id, _e.version, _e.unit).where(ENDED, any_of(_e.id, "ids")).order_by(_e.id).with_for_update()


class SqlPurge:
    """The purge of the protocol `Retention` in SQL."""

    def __init__(self, database: Database, states: StateCache) -> None:
        self._database = database
        self._states = states

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[EnrolmentId]) -> tuple[str, ...]:
        values = {"unit": str(unit), "ids": list(filter(is_storable, enrolment_ids))}

        def work(connection: Connection) -> list[Row]:
            unshared = {"ids": [row[0] for row in connection.fetch_all(_UNSHARED_DIGESTS, values)]}
            return connection.fetch_all(_KEYS, values) + connection.fetch_all(_SUPERSEDED_KEYS, unshared)

        return tuple(sorted({row[0] for row in self._database.read(work, snapshot=True)}))

    def purge(
        self,
        plan_id: PlanId,
        purge: Sequence[EndedEnrolment],
        skip: Sequence[Skipped],
        *,
        access: Iterable[AccessEntry] = (),
        completed: DeskCall | None = None,
    ) -> None:
        entries = tuple(access)
        ids = [planned.enrolment_id for planned in purge] + [skipped.enrolment_id for skipped in skip]

        def work(connection: Connection) -> None:
            units = connection.fetch_all(_PLAN_UNIT, {"plan_id": plan_id})
            unit = units[0][0] if units else None
            processed: dict[str, str | None] = dict(connection.fetch_all(_PROCESSED, {"plan_id": plan_id, "ids": ids}))
            # One that was purged is there again when a backup was restored.
            planned = {p.enrolment_id: p.version for p in purge if processed.get(p.enrolment_id) is None}
            present = connection.fetch_each(_LOCK_PLANNED, {"ids": sorted(planned)})
            unchanged = [id_ for id_, version, its in present if version == planned[id_] and its == (unit or its)]
            delete_enrolments(connection, unchanged)
            deleted = {*unchanged}
            logged = [access_values(entry) for entry in entries if entry.enrolment_id in deleted]
            ACCESS_BATCH.run(connection, logged, single_statement=self._database.prefers_single_round_trip)
            outcomes = {id_: None if id_ in deleted else Skip.CHANGED.value for id_ in planned}
            outcomes |= {s.enrolment_id: s.why.value for s in reversed(skip) if s.enrolment_id not in planned}
            connection.execute_many(
                _ADD_PROGRESS,
                [
                    {"plan_id": plan_id, "enrolment_id": id_, "unit": unit, "skipped": why}
                    for id_, why in outcomes.items()
                    if id_ not in processed
                ],
            )
            add_desk_call(connection, completed)

        self._database.write(work)
        self._states.clear()


def read_progress(connection: Connection, plan_id: str) -> PurgeProgress | None:
    """Return the progress of a purge, or None before its first batch."""
    rows = connection.fetch_all(_PROGRESS, {"plan_id": plan_id})
    return PurgeProgress(outcomes={id_: _skipped(id_, why) for id_, why in rows}) if rows else None


def _skipped(enrolment_id: EnrolmentId, why: str | None) -> Skipped | None:
    return None if why is None else Skipped(enrolment_id=enrolment_id, why=_SKIPS.get(why, Skip.UNREADABLE))


_SKIPS = {why.value: why for why in Skip}
