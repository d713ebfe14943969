"""The contract of the storage port: lists by unit, and notices of withdrawn starts that are to be forgotten."""

from datetime import datetime
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment, WithdrawalReason
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import Notify, ResolutionReason, Status
from digital_painschool.domain.retention import ExportReceipt, PurgePlan, PurgeReceipt
from digital_painschool.ports.storage import (
    Listed,
    RecordKey,
    Storage,
    find_cancellable,
    is_final,
    load_notifications,
    position_of,
    record_key,
)
from digital_painschool.rules.dead_letters import resolve
from digital_painschool.rules.retention import approve
from digital_painschool.rules.withdrawal import withdraw
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    HOUR,
    LEASE,
    MORNING,
    OTHER_PERSON,
    PERSONS,
    RUN,
    A,
    B,
    asking,
    begun,
    delivered,
    finish,
    result,
    saved,
    sending_all,
    step,
    undelivered,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.purges import LATER, receipt_of
from digital_painschool.testing.people import NURSE, OTHER_UNIT, PERSON, UNIT


def withdrawn_at(storage: Storage, e: Enrolment, at: datetime) -> Enrolment:
    """Withdraw a start, with what waits of it."""
    pending = find_cancellable(storage, e.id)
    cancelled = tuple(notification.id for notification in pending)
    return saved(storage, step(e, withdraw, WithdrawalReason.WRONG_PERSON, pending, at=at, cancelled=cancelled))


_EXPORT = ExportReceipt(
    id="b", unit=UNIT, exported_by=NURSE.hsa_id, exported_at=MORNING, enrolments=0, files=(), unreadable=(A,)
)
_PLAN = PurgePlan(id=PlanId("b"), unit=UNIT, made_by=NURSE.hsa_id, made_at=MORNING, ended_before=MORNING, enrolments=())
_RECEIPT = evolve(receipt_of(approve(_PLAN, "beslut 2037-4", by=NURSE, at=MORNING)), purged_at=MORNING)
_FIELDS = {
    ExportReceipt: ("id", "exported_at"),
    PurgePlan: ("id", "made_at"),
    PurgeReceipt: ("plan_id", "purged_at"),
}
"""The names of the id and of the instant of what is listed."""


def _changed(record: Any, **fields: Any) -> Any:
    return evolve(record, **fields)


def _key(record: Listed) -> RecordKey:
    """Return the key of a record that is listed."""
    return record_key(type(record), position_of(record)[1])


class ForgettingContract(StorageOpening):
    """Lists of exports, and notices of withdrawn starts, in every storage. Rule: D-07b, D-21a."""

    @pytest.mark.parametrize("first", [_EXPORT, _PLAN, _RECEIPT], ids=["exports", "plans", "receipts"])
    @proves(
        "Records.list_records",
        "Records.list_records: advances",
        "Records.load_record",
        "Records.save_record: final",
    )
    def test_what_is_listed_is_the_units_own_in_order(self, storage: Storage, first: Listed) -> None:
        """Otherwise nobody could tell which files were made, or what was purged, when, and by whom (M-21)."""
        kind, id_, at = type(first), *_FIELDS[type(first)]
        records = [first, _changed(first, **{id_: "c"}), _changed(first, **{id_: "a", at: MORNING + HOUR})]
        theirs = _changed(first, **{id_: "theirs", "unit": OTHER_UNIT})
        for one in (*reversed(records), theirs):
            assert one == storage.save_record(_key(one), one)
        for newest_first in (False, True):
            ordered = tuple(reversed(records) if newest_first else records)
            assert ordered == storage.list_records(kind, UNIT, newest_first=newest_first, limit=9)
            for number, shown in enumerate(ordered, start=1):
                place = position_of(shown)
                behind = storage.list_records(kind, UNIT, newest_first=newest_first, after=place, limit=1)
                assert ordered[number : number + 1] == behind
        assert (theirs,) == storage.list_records(kind, OTHER_UNIT, limit=9)
        if is_final(first):
            assert first == storage.save_record(_key(first), _changed(first, **{at: LATER}))
        assert first == storage.load_record(_key(first))

    @proves("Retention.unforgotten")
    def test_withdrawn_ones_are_found_whose_notices_were_sent(self, storage: Storage) -> None:
        """Otherwise the wrong person would read of a treatment that is not theirs until a purge (D-07b)."""
        first, second = asking(storage, "a", PERSON), asking(storage, "b", OTHER_PERSON)
        ended = asking(storage, "c", PERSONS[2])
        delivered(storage, RUN)
        unsent = asking(storage, "d", PERSONS[3])
        assert () == storage.unforgotten()
        for e in (first, second, unsent):
            withdrawn_at(storage, e, RUN + HOUR)
        saved(storage, finish(ended, at=RUN + HOUR))
        assert ((UNIT, A), (UNIT, B)) == storage.unforgotten()
        assert ((UNIT, A),) == storage.unforgotten(limit=1)
        assert ((UNIT, B),) == storage.unforgotten(after=A)

    @proves("Retention.unforgotten: superseded")
    def test_a_dead_letter_that_is_sent_again_is_not_forgotten_yet(self, storage: Storage) -> None:
        """Otherwise the wrong person would keep a notice whose answer was lost, once an operator has seen to it."""
        e = undelivered(storage, asking(storage), Status.FAILED, at=RUN)
        letter, why = load_notifications(storage, e.id)[0], ResolutionReason.CHANNEL_REPAIRED
        again = step(e, resolve, letter.notification.id, (letter,), Status.PENDING, why, at=RUN + HOUR)
        withdrawn_at(storage, saved(storage, again), RUN + HOUR)
        assert ((UNIT, e.id),) == storage.unforgotten()
        anew = asking(storage, "b")
        assert () == storage.unforgotten()
        saved(storage, finish(anew, at=RUN + HOUR))
        assert ((UNIT, e.id),) == storage.unforgotten()
        storage.forgotten(UNIT, e.id, storage.notification_keys(UNIT, [e.id]))
        assert () == storage.unforgotten()

    @proves(
        "Retention.forgotten",
        "Retention.forgotten: no more",
        "Retention.forgotten: others",
        "Retention.forgotten: idempotent",
    )
    def test_what_is_forgotten_is_asked_for_no_more(self, storage: Storage) -> None:
        """Otherwise an inbox would be asked at each pass for ever, or a notice of another one stay in it (D-07b)."""
        first, second = asking(storage, "a", PERSON), asking(storage, "b", OTHER_PERSON)
        sent = begun(storage, RUN)  # the first's batch is sent again under another key: its key is superseded
        storage.complete([result(claim, at=RUN) for claim, _ in sent])
        first = saved(storage, write(first, notify=Notify.COLLECTED, at=MORNING))
        decided = [(claim, sending_all(claim, now=RUN)) for claim in storage.claim(RUN, 10, LEASE)]
        joined = storage.begin(decided)
        storage.complete([result(claim, joined[claim.digest.id], at=RUN) for claim, _ in decided])
        for e in (first, second):
            withdrawn_at(storage, e, RUN + HOUR)
        of_first, of_second = storage.notification_keys(UNIT, [A]), storage.notification_keys(UNIT, [B])
        assert (2, 1) == (len(of_first), len(of_second))
        for unit, id_, keys in (
            (OTHER_UNIT, A, of_first),
            (UNIT, B, of_first),
            (UNIT, EnrolmentId("unknown"), of_first),
            (UNIT, A, of_second),
            (UNIT, A, ()),
        ):
            storage.forgotten(unit, id_, keys)
            assert (of_first, of_second) == tuple(storage.notification_keys(UNIT, [one]) for one in (A, B))
        for _ in range(2):
            storage.forgotten(UNIT, A, of_first)
            assert () == storage.notification_keys(UNIT, [A])
            assert ((UNIT, B),) == storage.unforgotten()
            assert [False, False] == [record.begun for record in load_notifications(storage, A)]
        assert [True] == [record.begun for record in load_notifications(storage, B)]
        assert of_second == storage.notification_keys(UNIT, [B])

    @proves("Retention.forgotten: others")
    def test_one_of_several_keys_is_forgotten_and_no_other(self, storage: Storage) -> None:
        """Otherwise the wrong person would keep a notice in the channel that was out of order (D-07b)."""
        e = asking(storage)
        for _ in range(3):  # a batch in doubt is sent again under another key, with what has come since
            claims = storage.claim(RUN, 10, LEASE)
            storage.begin([(claim, sending_all(claim, now=RUN)) for claim in claims])
            storage.complete([result(claim, at=RUN) for claim in claims])
            e = saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING))
        withdrawn_at(storage, e, RUN + HOUR)
        keys = storage.notification_keys(UNIT, [e.id])
        assert 3 == len(keys)
        for number, key in enumerate(keys, start=1):
            storage.forgotten(UNIT, e.id, [key])
            assert keys[number:] == storage.notification_keys(UNIT, [e.id])

    @proves("Retention.forgotten: no more")
    def test_a_report_of_what_is_forgotten_changes_nothing(self, storage: Storage) -> None:
        """Otherwise a late report would say of a withdrawn start that somebody was not told of it."""
        e = asking(storage)
        delivered(storage, RUN)
        withdrawn_at(storage, e, RUN + HOUR)
        keys = storage.notification_keys(UNIT, [e.id])
        storage.forgotten(UNIT, e.id, keys)
        assert [0] == [storage.reject(key, RUN + HOUR) for key in keys]
        assert [Status.DELIVERED] == [record.status for record in load_notifications(storage, e.id)]
