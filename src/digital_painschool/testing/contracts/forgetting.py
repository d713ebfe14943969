"""The contract of the storage port: exports in a list, and notices of withdrawn starts that are to be forgotten."""

from datetime import datetime

from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment, WithdrawalReason
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify, ResolutionReason, Status
from digital_painschool.domain.retention import ExportReceipt
from digital_painschool.ports.storage import Storage, find_cancellable, list_exports, load_notifications, save_export
from digital_painschool.rules.dead_letters import resolve
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
from digital_painschool.testing.people import NURSE, OTHER_UNIT, PERSON, UNIT


def withdrawn_at(storage: Storage, e: Enrolment, at: datetime) -> Enrolment:
    """Withdraw a start, with what waits of it."""
    pending = find_cancellable(storage, e.id)
    cancelled = tuple(notification.id for notification in pending)
    return saved(storage, step(e, withdraw, WithdrawalReason.WRONG_PERSON, pending, at=at, cancelled=cancelled))


class ForgettingContract(StorageOpening):
    """Lists of exports, and notices of withdrawn starts, in every storage. Rule: D-07b, D-21a."""

    @proves("Records.list_records")
    def test_exports_are_the_units_own_in_order(self, storage: Storage) -> None:
        """Otherwise nobody could tell which files were made, when, and by whom (M-21)."""
        of_b = ExportReceipt(
            id="b", unit=UNIT, exported_by=NURSE.hsa_id, exported_at=MORNING, enrolments=0, files=(), unreadable=(A,)
        )
        receipts = [of_b, evolve(of_b, id="c", enrolments=3), evolve(of_b, id="a", exported_at=MORNING + HOUR)]
        for one in (*reversed(receipts), evolve(of_b, id="theirs", unit=OTHER_UNIT)):
            save_export(storage, one, {})
        for newest_first in (False, True):
            ordered = tuple(reversed(receipts) if newest_first else receipts)
            assert ordered == list_exports(storage, UNIT, newest_first=newest_first, limit=9)
            for number, shown in enumerate(ordered, start=1):
                place = shown.exported_at, shown.id
                behind = list_exports(storage, UNIT, newest_first=newest_first, after=place, limit=1)
                assert ordered[number : number + 1] == behind
        assert ["theirs"] == [receipt.id for receipt in list_exports(storage, OTHER_UNIT, limit=9)]

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
