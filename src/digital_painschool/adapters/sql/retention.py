"""Ended enrolments on their way out: exports, plans, the deletion itself, receipts."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from attrs import evolve
from sqlalchemy import (
    Integer,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from digital_painschool.adapters.sql.common import ADD_ACCESS, access_values, from_json, insert_into, may_exist, to_json
from digital_painschool.adapters.sql.enrolments import EnrolmentsPart, entries_of, unreadable_enrolment
from digital_painschool.adapters.sql.pool import Connection
from digital_painschool.adapters.sql.schema import (
    COLLECTED,
    ENDED,
    NOT_ENDED,
    digests,
    documents,
    enrolments,
    exports,
    notifications,
    plan_items,
    plans,
    progress,
    receipts,
    superseded_keys,
    timeline,
)
from digital_painschool.adapters.sql.statements import Row, any_of, readable_text, require_readable
from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.retention import EndedEnrolment, ExportReceipt, PurgePlan, PurgeReceipt, Skip, Skipped
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import AccessEntry, History
from digital_painschool.serialization.events import KIND_OF
from digital_painschool.serialization.stored import read_each, read_stored
from digital_painschool.serialization.values import content_from_data, from_data, to_data

_log = logging.getLogger(__name__)
_BATCH = 1000

_e = enrolments.c
_ENDED = select(_e.id, _e.version, _e.ended_at, _e.last_entry_at, _e.exported_version, _e.unit).where(
    ENDED, _e.unit == bindparam("unit")
)
_ENDED_AFTER = _ENDED.where(_e.id > bindparam("after")).order_by(_e.id).limit(bindparam("limit", type_=Integer))
_ENDED_AMONG = _ENDED.where(any_of(_e.id, "ids"))
_PERSONS = select(_e.id, _e.person_scheme, _e.person_value).where(_e.unit == bindparam("unit"), any_of(_e.id, "ids"))
_STATES = select(_e.id, _e.state_shape, _e.state, _e.unit).where(_e.unit == bindparam("unit"), any_of(_e.id, "ids"))
_others = notifications.alias("others")
_OF_THE_SAME_DIGEST = _others.c.digest_id == notifications.c.digest_id
_OF_AN_OPEN_ENROLMENT = exists(select(_e.id).where(_e.id == _others.c.enrolment_id, NOT_ENDED))
_ASKED = and_(any_of(notifications.c.enrolment_id, "ids"), notifications.c.unit == bindparam("unit"))
_KEYS = (
    select(notifications.c.batch_key)
    .distinct()
    .where(
        _ASKED,
        notifications.c.batch_key.is_not(None),
        ~exists(
            select(_others.c.id).where(
                _OF_THE_SAME_DIGEST, _others.c.batch_key == notifications.c.batch_key, _OF_AN_OPEN_ENROLMENT
            )
        ),
    )
)
_NOT_SHARED = (
    select(notifications.c.digest_id)
    .distinct()
    .where(_ASKED, ~exists(select(_others.c.id).where(_OF_THE_SAME_DIGEST, _OF_AN_OPEN_ENROLMENT)))
)
_SUPERSEDED_KEYS = select(superseded_keys.c.key).where(any_of(superseded_keys.c.digest_id, "ids"))
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

_KEEP_EXPORT = insert_into(exports, unless_there=True)
_EXPORTED = (
    update(enrolments)
    .where(
        _e.id == bindparam("enrolment_id"),
        _e.unit == bindparam("its_unit"),
        _e.exported_version < bindparam("exported", type_=Integer),
    )
    .values(exported_version=bindparam("exported", type_=Integer))
)

_PLAN = select(plans.c.data, plans.c.approved).where(plans.c.id == bindparam("plan_id"))
_PLAN_UNIT = select(plans.c.unit).where(plans.c.id == bindparam("plan_id"))
_PLAN_ITEMS = (
    select(
        plan_items.c.enrolment_id,
        plan_items.c.version,
        plan_items.c.ended_at,
        plan_items.c.last_entry_at,
        plan_items.c.exported,
        plan_items.c.unit,
    )
    .where(plan_items.c.plan_id == bindparam("plan_id"))
    .order_by(plan_items.c.place)
)
_new_plan = insert(plans).inline()
_KEEP_PLAN = _new_plan.on_conflict_do_update(
    index_elements=[plans.c.id],
    set_={name: _new_plan.excluded[name] for name in ("unit", "made_at", "approved", "data")},
)
_FORGET_ITEMS = delete(plan_items).where(plan_items.c.plan_id == bindparam("plan_id"))
_KEEP_ITEM = insert_into(plan_items)

_PROGRESS = (
    select(progress.c.enrolment_id, progress.c.skipped)
    .where(progress.c.plan_id == bindparam("plan_id"))
    .order_by(progress.c.enrolment_id)
)
_DEALT_WITH = select(progress.c.enrolment_id).where(
    progress.c.plan_id == bindparam("plan_id"), any_of(progress.c.enrolment_id, "ids")
)
_NOTE = insert_into(progress, unless_there=True)
_TO_PURGE = select(_e.id, _e.version, _e.unit).where(ENDED, any_of(_e.id, "ids")).order_by(_e.id).with_for_update()
_TO_PURGE_AGAIN = (
    select(_e.id).where(ENDED, any_of(_e.id, "ids"), _e.unit == bindparam("unit")).order_by(_e.id).with_for_update()
)

_THEIR_DIGESTS = select(notifications.c.digest_id).where(any_of(notifications.c.enrolment_id, "ids")).distinct()
_SHARED_DIGESTS = (
    select(digests.c.id)
    .join_from(
        enrolments,
        digests,
        and_(
            digests.c.unit == _e.unit,
            digests.c.recipient_value == _e.person_value,
            digests.c.recipient_scheme == _e.person_scheme,
            COLLECTED,
        ),
    )
    .where(any_of(_e.id, "ids"))
)
_LOCK_DIGESTS = select(digests.c.id).where(any_of(digests.c.id, "ids")).order_by(digests.c.id).with_for_update()
"""Locked first, as by everybody else: what a step adds to one meanwhile is seen by the statements that follow."""
_DELETE_NOTIFICATIONS = delete(notifications).where(any_of(notifications.c.enrolment_id, "ids"))
_left = notifications.alias("pending")
_LEFT = and_(_left.c.digest_id == digests.c.id, literal_column("pending.status = 'pending'"))
_told_on = digests.c.told_on
_END_BATCHES = (
    update(digests)
    .where(
        any_of(digests.c.id, "ids"),
        digests.c.batch_key.is_not(None),
        ~exists(select(_left.c.id).where(_LEFT, _left.c.batch_key.is_not(None))),
    )
    .values(
        # The recipient may have been told by the attempt.
        told_on=case((_told_on > digests.c.attempted_on, _told_on), else_=digests.c.attempted_on),
        batch_key=null(),
        attempted_on=null(),
        next_at=select(func.min(_left.c.due_at)).where(_LEFT).scalar_subquery(),
        token=null(),
        lease_until=null(),
        begun=literal_column("false"),
        lost=literal_column("0", Integer),
    )
)
_recipients = enrolments.alias("recipients")
_NEEDED = or_(
    exists(select(notifications.c.id).where(notifications.c.digest_id == digests.c.id)),
    and_(
        COLLECTED,
        exists(
            select(_recipients.c.id).where(
                _recipients.c.unit == digests.c.unit,
                _recipients.c.person_value == digests.c.recipient_value,
                _recipients.c.person_scheme == digests.c.recipient_scheme,
            )
        ),
    ),
)
_NEEDED_NO_MORE = select(digests.c.id).where(any_of(digests.c.id, "ids"), ~_NEEDED)
_DELETE_DIGESTS = (
    delete(superseded_keys).where(any_of(superseded_keys.c.digest_id, "ids")),
    delete(digests).where(any_of(digests.c.id, "ids")),
)
_DELETE_OTHERS = tuple(
    delete(table).where(any_of(column, "ids"))
    for table, column in (
        (documents, documents.c.enrolment_id),
        (timeline, timeline.c.enrolment_id),
        (enrolments, enrolments.c.id),
    )
)

_KEEP_RECEIPT = insert_into(receipts, unless_there=True)
_RECEIPT = select(receipts.c.data).where(receipts.c.plan_id == bindparam("plan_id"))
_RECEIPTS = (
    select(receipts.c.plan_id, receipts.c.data)
    .where(receipts.c.unit == bindparam("unit"))
    .order_by(receipts.c.purged_at, receipts.c.plan_id)
)


class RetentionPart(EnrolmentsPart):
    """The protocol `Retention` on SQL."""

    def ended(
        self, unit: HsaId, *, after: str = "", limit: int = 1000
    ) -> tuple[EndedEnrolment | UnreadableEnrolment, ...]:
        values = {"unit": str(unit), "after": after, "limit": limit}
        rows = self._database.read(lambda connection: connection.fetch_each(_ENDED_AFTER, values))
        return tuple(read_each(rows, _ended, unreadable_enrolment))

    def find_ended(
        self, unit: HsaId, enrolment_ids: Iterable[str]
    ) -> Mapping[str, EndedEnrolment | UnreadableEnrolment]:
        values = {"unit": str(unit), "ids": list(filter(may_exist, enrolment_ids))}
        rows = self._database.read(lambda connection: connection.fetch_each(_ENDED_AMONG, values))
        return {found.enrolment_id: found for found in read_each(rows, _ended, unreadable_enrolment)}

    def person_ids_of(self, unit: HsaId, enrolment_ids: Iterable[str]) -> Mapping[str, PersonId]:
        values = {"unit": str(unit), "ids": list(filter(may_exist, enrolment_ids))}
        rows = self._database.read(lambda connection: connection.fetch_each(_PERSONS, values))
        return dict(filter(None, read_each(rows, _person, lambda _: None)))

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[str]) -> tuple[str, ...]:
        values = {"unit": str(unit), "ids": list(filter(may_exist, enrolment_ids))}

        def work(connection: Connection) -> list[Row]:
            not_shared = {"ids": [row[0] for row in connection.fetch_all(_NOT_SHARED, values)]}
            return connection.fetch_all(_KEYS, values) + connection.fetch_all(_SUPERSEDED_KEYS, not_shared)

        return tuple(sorted({row[0] for row in self._database.read(work, several=True)}))

    def load_histories(
        self, unit: HsaId, enrolment_ids: Sequence[str], kinds: Iterable[type[Event]] | None = None
    ) -> tuple[History | UnreadableEnrolment, ...]:
        ids = list(filter(may_exist, enrolment_ids))
        timelines = _TIMELINES if kinds is None else _TIMELINES_OF_KINDS
        named = [KIND_OF[kind] for kind in kinds or () if kind in KIND_OF]

        def work(connection: Connection) -> dict[str, History | UnreadableEnrolment]:
            states = connection.fetch_each(_STATES, {"unit": str(unit), "ids": ids})
            rows = connection.fetch_each(timelines, {"ids": [row[0] for row in states], "kinds": named})
            entries = {enrolment_id: list(its) for enrolment_id, its in groupby(rows, key=itemgetter(0))}

            def history(row: Row) -> History:
                return _history(self._state(connection, row), entries.get(row[0], []))

            read = read_each(states, history, unreadable_enrolment)
            return {one.enrolment.id if isinstance(one, History) else one.enrolment_id: one for one in read}

        found = self._database.read(work, several=True)
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
            connection.execute(_KEEP_EXPORT, values)
            connection.execute_many(_EXPORTED, exported)

        self._database.write(work)

    def save_plan(self, plan: PurgePlan, access: AccessEntry) -> None:
        values = {
            "id": plan.id,
            "unit": str(plan.unit),
            "made_at": plan.made_at,
            "approved": plan.decision is not None,
            "data": to_json(to_data(evolve(plan, enrolments=()))),
        }

        def work(connection: Connection) -> None:
            connection.advisory_lock("plan")
            kept = _plan(connection, plan.id)
            if kept is None or kept.decision is None:
                connection.execute(_KEEP_PLAN, values)
                if kept is None or kept.enrolments != plan.enrolments:
                    connection.execute(_FORGET_ITEMS, {"plan_id": plan.id})
                    connection.execute_many(_KEEP_ITEM, _item_values(plan))
            connection.execute(ADD_ACCESS, access_values(access))

        self._database.write(work)

    def plan(self, plan_id: str) -> PurgePlan | None:
        if not may_exist(plan_id):
            return None
        return self._database.read(lambda connection: _plan(connection, plan_id), several=True)

    def purge(self, plan_id: str, purge: Sequence[EndedEnrolment], skip: Sequence[Skipped]) -> None:
        asked = [planned.enrolment_id for planned in purge] + [skipped.enrolment_id for skipped in skip]

        def work(connection: Connection) -> None:
            units = connection.fetch_all(_PLAN_UNIT, {"plan_id": plan_id})
            unit = units[0][0] if units else None
            dealt_with = {row[0] for row in connection.fetch_all(_DEALT_WITH, {"plan_id": plan_id, "ids": asked})}
            planned = {p.enrolment_id: p.version for p in purge if p.enrolment_id not in dealt_with}
            present = connection.fetch_each(_TO_PURGE, {"ids": sorted(planned)})
            ids = [id_ for id_, version, its in present if version == planned[id_] and its == (unit or its)]
            _delete(connection, ids)
            gone = {*ids}
            outcomes = {id_: None if id_ in gone else Skip.CHANGED.value for id_ in planned}
            outcomes |= {s.enrolment_id: s.why.value for s in reversed(skip) if s.enrolment_id not in planned}
            connection.execute_many(
                _NOTE,
                [
                    {"plan_id": plan_id, "enrolment_id": id_, "unit": unit, "skipped": why}
                    for id_, why in outcomes.items()
                    if id_ not in dealt_with
                ],
            )

        self._database.write(work)
        self._states.forget()

    def purge_progress(self, plan_id: str) -> Mapping[str, Skipped | None]:
        if not may_exist(plan_id):
            return {}
        rows = self._database.read(lambda connection: connection.fetch_all(_PROGRESS, {"plan_id": plan_id}))
        return {
            id_: None if why is None else Skipped(enrolment_id=id_, why=_SKIPS.get(why, Skip.UNREADABLE))
            for id_, why in rows
        }

    def save_receipt(self, receipt: PurgeReceipt) -> PurgeReceipt:
        kept = self._database.write(lambda connection: _keep_receipt(connection, receipt))
        self._database.scrub_free_pages()
        return kept

    def receipt(self, plan_id: str) -> PurgeReceipt | None:
        if not may_exist(plan_id):
            return None
        rows = self._database.read(lambda connection: connection.fetch_all(_RECEIPT, {"plan_id": plan_id}))
        return _receipt(plan_id, rows[0][0]) if rows else None

    def receipts(self, unit: HsaId) -> tuple[PurgeReceipt, ...]:
        rows = self._database.read(lambda connection: connection.fetch_each(_RECEIPTS, {"unit": str(unit)}))
        return tuple(filter(None, read_each(rows, lambda row: _receipt(*row), _unreadable_receipt)))

    def replay_purge(self, receipt: PurgeReceipt, enrolment_ids: Sequence[str]) -> int:
        self.save_receipt(receipt)
        named = sorted({*receipt.purged} & {*enrolment_ids})
        gone = 0
        for start in range(0, len(named), _BATCH):
            values = {"ids": named[start : start + _BATCH], "unit": str(receipt.unit)}

            def work(connection: Connection, values: Mapping[str, Any] = values) -> int:
                back = [row[0] for row in connection.fetch_all(_TO_PURGE_AGAIN, values)]
                _delete(connection, back)
                return len(back)

            gone += self._database.write(work)
        self._states.forget()
        self._database.scrub_free_pages()
        return gone


_SKIPS = {why.value: why for why in Skip}


def _person(row: Row) -> tuple[str, PersonId]:
    require_readable(row)
    return row[0], PersonId(row[1], row[2])


def _receipt(plan_id: str, data: str) -> PurgeReceipt:
    what = f"the receipt of plan {plan_id}"
    receipt = read_stored(what, lambda: from_data(from_json(data), PurgeReceipt))
    if receipt.plan_id != plan_id:
        raise StorageError(f"{what} cannot be read: another plan's stands there")
    return receipt


def _unreadable_receipt(row: Row) -> None:
    _log.error("the receipt of plan %s cannot be read; was it changed by hand?", readable_text(row[0]))


def _history(enrolment: Enrolment, rows: list[Row]) -> History:
    return History(
        enrolment=enrolment,
        timeline=entries_of([row[1:7] for row in rows]),
        documents={row[1]: content_from_data(from_json(row[7])) for row in rows if row[7] is not None},
    )


def _delete(connection: Connection, ids: list[str]) -> None:
    if not ids:
        return
    values = {"ids": ids}
    theirs = {
        row[0] for row in connection.fetch_all(_THEIR_DIGESTS, values) + connection.fetch_all(_SHARED_DIGESTS, values)
    }
    digest_ids = {"ids": sorted(theirs)}
    connection.fetch_all(_LOCK_DIGESTS, digest_ids)
    connection.execute(_DELETE_NOTIFICATIONS, values)
    for statement in _DELETE_OTHERS:
        connection.execute(statement, values)
    connection.execute(_END_BATCHES, digest_ids)
    needless = {"ids": [row[0] for row in connection.fetch_all(_NEEDED_NO_MORE, digest_ids)]}
    for statement in _DELETE_DIGESTS:
        connection.execute(statement, needless)


def _ended(row: Row) -> EndedEnrolment:
    require_readable(row)
    enrolment_id, version, ended_at, last_entry_at, exported, _ = row
    return EndedEnrolment(
        enrolment_id=enrolment_id,
        version=version,
        ended_at=ended_at,
        last_entry_at=last_entry_at,
        exported=exported,
    )


def _plan(connection: Connection, plan_id: str) -> PurgePlan | None:
    rows = connection.fetch_all(_PLAN, {"plan_id": plan_id})
    if not rows:
        return None
    plan = read_stored(f"plan {plan_id}", lambda: from_data(from_json(rows[0][0]), PurgePlan))
    items = read_each(connection.fetch_each(_PLAN_ITEMS, {"plan_id": plan_id}), _ended, unreadable_enrolment)
    unreadable = [item.enrolment_id for item in items if isinstance(item, UnreadableEnrolment)]
    return evolve(
        plan,
        enrolments=tuple(item for item in items if isinstance(item, EndedEnrolment)),
        unreadable=(*plan.unreadable, *unreadable),
    )


def _item_values(plan: PurgePlan) -> list[Mapping[str, Any]]:
    return [
        {
            "plan_id": plan.id,
            "place": place,
            "unit": str(plan.unit),
            "enrolment_id": item.enrolment_id,
            "version": item.version,
            "ended_at": item.ended_at,
            "last_entry_at": item.last_entry_at,
            "exported": item.exported,
        }
        for place, item in enumerate(plan.enrolments, start=1)
    ]


def _keep_receipt(connection: Connection, receipt: PurgeReceipt) -> PurgeReceipt:
    values = {
        "plan_id": receipt.plan_id,
        "unit": str(receipt.unit),
        "purged_at": receipt.purged_at,
        "data": to_json(to_data(receipt)),
    }
    connection.execute(_KEEP_RECEIPT, values)
    return _receipt(receipt.plan_id, connection.fetch_all(_RECEIPT, values)[0][0])
