"""The contract of the storage port: every clause of its docstrings, one test each, through the port alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

import pytest
from attrs import evolve

from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import Notify
from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports.storage import (
    AccessEntry,
    Storage,
    find_ended,
    load_documents,
    load_enrolment,
    load_timeline,
    readable,
)
from digital_painschool.testing.contracts.atomicity import AtomicityContract
from digital_painschool.testing.contracts.attention import AttentionContract
from digital_painschool.testing.contracts.case_selections import CaseSelectionContract
from digital_painschool.testing.contracts.caseload import CaseloadContract
from digital_painschool.testing.contracts.changes import (
    MORNING,
    OTHER_PERSON,
    begin,
    converse,
    fill_in,
    saved,
)
from digital_painschool.testing.contracts.clauses import STORAGE, proves
from digital_painschool.testing.contracts.completed_calls import CompletedCallsContract
from digital_painschool.testing.contracts.concurrency import in_time
from digital_painschool.testing.contracts.damaged_records import DamagedRecordsContract
from digital_painschool.testing.contracts.deliveries import DeliveriesContract
from digital_painschool.testing.contracts.desk_calls import DeskCallsContract
from digital_painschool.testing.contracts.drafts import DraftsContract
from digital_painschool.testing.contracts.durability import DurabilityContract
from digital_painschool.testing.contracts.enrolment_list import EnrolmentListContract
from digital_painschool.testing.contracts.enrolments import EnrolmentsContract
from digital_painschool.testing.contracts.every_call import CALLS
from digital_painschool.testing.contracts.forgetting import ForgettingContract
from digital_painschool.testing.contracts.growth import GrowthContract
from digital_painschool.testing.contracts.operations import OperationsContract
from digital_painschool.testing.contracts.outbox import OutboxContract
from digital_painschool.testing.contracts.paces import PacesContract
from digital_painschool.testing.contracts.pages import PagesContract
from digital_painschool.testing.contracts.purges import IDS, all_over
from digital_painschool.testing.contracts.purging import PurgingContract
from digital_painschool.testing.contracts.racing_calls import RacingCallsContract
from digital_painschool.testing.contracts.registers import RegistersContract
from digital_painschool.testing.contracts.rejections import RejectionsContract
from digital_painschool.testing.contracts.retention import RetentionContract
from digital_painschool.testing.contracts.sharing import SharingContract
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.contracts.summaries import SummaryContract
from digital_painschool.testing.contracts.timelines import TimelinesContract
from digital_painschool.testing.contracts.withdrawals import WithdrawalContract
from digital_painschool.testing.people import PERSON, UNIT


def _ids(storage: Storage) -> Iterator[EnrolmentId]:
    """Yield the ids of all that has ended, each after a question to the storage of its own."""
    for id_ in IDS:
        yield from (one.enrolment_id for one in readable(find_ended(storage, UNIT, (id_,)).values()))


def _seqs(storage: Storage) -> Iterator[int]:
    for seq in count(1):
        if load_enrolment(storage, IDS[0]) is None or seq > len(load_timeline(storage, IDS[0])):
            return
        yield seq


def _logged_again(storage: Storage) -> Sequence[tuple[int, AccessEntry]]:
    storage.log(entry for _, entry in storage.access_entries(UNIT) if load_enrolment(storage, IDS[0]))
    return storage.access_entries(UNIT)


ASKING: Mapping[str, tuple[Callable[[Storage], Any], Callable[[Any, Storage], bool]]] = {
    "load_many": (lambda s: s.load_many(_ids(s)), lambda found, _: set(found) == set(IDS)),
    "timeline": (
        lambda s: load_timeline(s, IDS[0], (type(entry.event) for entry in load_timeline(s, IDS[0]))),
        lambda found, s: found == load_timeline(s, IDS[0]) != (),
    ),
    "documents": (lambda s: load_documents(s, IDS[0], _seqs(s)), lambda found, _: set(found) == {2, 3, 4}),
    "find_ended": (lambda s: find_ended(s, UNIT, _ids(s)), lambda found, _: set(found) == set(IDS)),
    "log": (
        _logged_again,
        lambda found, _: [e for _, e in found[: len(found) // 2]] == [e for _, e in found[len(found) // 2 :]] != [],
    ),
}
"""Calls with an argument that asks the storage while it is read, each with what must be true of the answer."""


def _is_refused(call: Callable[[Storage], object], storage: Storage) -> bool:
    try:
        call(storage)
    except StorageError:
        return True
    return False


class StorageContract(
    EnrolmentsContract,
    CompletedCallsContract,
    DamagedRecordsContract,
    DeskCallsContract,
    TimelinesContract,
    DraftsContract,
    CaseloadContract,
    CaseSelectionContract,
    AttentionContract,
    WithdrawalContract,
    ForgettingContract,
    OutboxContract,
    SummaryContract,
    DeliveriesContract,
    RejectionsContract,
    OperationsContract,
    RegistersContract,
    PagesContract,
    RetentionContract,
    PurgingContract,
    AtomicityContract,
    RacingCallsContract,
    SharingContract,
    DurabilityContract,
    GrowthContract,
    PacesContract,
    EnrolmentListContract,
):
    """Every clause of the storage port: say how yours is opened, and run pytest.

        class TestOurStorage(StorageContract):
            def open(self, place: Path) -> Storage:
                return OurStorage(place / "records")

    What `Contract` says of `open`, `place`, `durable` and `shared` holds here. With
    `durable`, processes are killed while they write; with `shared`, several write at once.
    """

    about: ClassVar[tuple[type, ...]] = STORAGE

    def spoil(self, place: Any) -> None:  # noqa: ARG002 - whoever overrides it is given the place
        """Make what is kept at a place unreadable, as a damaged disk would; override it, or that clause is skipped."""
        self.not_proved("that an unreadable storage is refused", "spoil")

    def take_away(self, place: Any) -> None:  # noqa: ARG002 - whoever overrides it is given the place
        """Remove what is kept at a place, as somebody at the machine could; override it, or that clause is skipped."""
        self.not_proved("that a storage whose files are gone acknowledges nothing", "take_away")

    def leave_to_later_version(self, place: Any) -> None:  # noqa: ARG002 - whoever overrides it is given the place
        """Mark what is kept at a place as a later version of the adapter does; override it, or it is not proved."""
        self.not_proved("that a storage of a later version is refused", "leave_to_later_version")

    @proves("Storage: refusing", "Storage.close")
    def test_a_closed_storage_refuses_every_call(self, storage: Storage) -> None:
        """Otherwise a host that goes on after closing would lose what it saves, or read nothing as nothing there."""
        self.close(storage)
        assert [] == [name for name, call in CALLS.items() if not _is_refused(call, storage)]

    @proves("Storage: refusing")
    def test_an_empty_storage_takes_every_call(self, storage: Storage) -> None:
        """Otherwise the first patient of a new unit would meet an error."""
        for call in CALLS.values():
            call(storage)

    @proves("Storage.close")
    def test_closing_again_does_nothing(self, storage: Storage) -> None:
        """Otherwise a `with` block around a school that was closed would fail at its end."""
        storage.close()
        storage.close()

    @proves("Storage: refusing", "Storage: silent")
    def test_an_unreadable_storage_is_refused(self, lasting_place: Any) -> None:
        """Otherwise a damaged disk would look like a unit without patients, or put a number into the log."""
        with self.opened(lasting_place) as storage:
            saved(storage, converse(saved(storage, begin()), "Hemligt", at=MORNING))
        self.spoil(lasting_place)
        with pytest.raises(StorageError) as failed, self.opened(lasting_place) as storage:
            load_enrolment(storage, EnrolmentId("enrolment-1"))
        assert_silent(failed.value, PERSON.value, "Hemligt")

    @proves("Storage: refusing")
    def test_a_storage_of_a_later_version_is_refused(self, lasting_place: Any) -> None:
        """Otherwise a server that was not updated would write what the updated ones cannot read."""
        with self.opened(lasting_place) as storage:
            before = saved(storage, begin())
        self.leave_to_later_version(lasting_place)
        with pytest.raises(StorageError), self.opened(lasting_place) as storage:
            storage.save(fill_in(before, at=MORNING))

    @proves("Storage: in place")
    def test_nothing_is_acknowledged_that_a_new_opening_does_not_read(self, lasting_place: Any) -> None:
        """Otherwise a school would go on saving for days into a file that is in no folder any more."""
        with self.opened(lasting_place) as storage:
            before = saved(storage, begin())
            self.take_away(lasting_place)
            for _ in range(3):
                with pytest.raises(StorageError):
                    storage.save(fill_in(before, at=MORNING))

    @proves("Storage: arguments")
    @pytest.mark.parametrize("method", ASKING)
    def test_an_argument_may_ask_the_storage_while_it_is_read(self, place: Any, method: str) -> None:
        """Otherwise a host that passes on what it reads, one by one, would wait for ever, or pass on a half."""
        storage = self.open(place)
        all_over(storage)
        ask, is_right = ASKING[method]
        answer = in_time(lambda: ask(storage), min(self.answers_within, 5.0))  # one that hangs cannot be closed either
        assert is_right(answer, storage)
        self.close(storage)

    @proves("Storage: silent")
    def test_no_error_says_who_or_what_it_was(self, storage: Storage) -> None:
        """Otherwise an identity number, or what a patient wrote, would end up in a log or an error collector."""
        before = saved(storage, begin("a"))
        saved(storage, converse(before, "Hemligt", notify=Notify.DIRECT, at=MORNING))
        stale = converse(before, "Hemligt", notify=Notify.DIRECT, at=MORNING)
        for change in (
            begin("b"),
            begin("a", OTHER_PERSON),
            stale,
            evolve(stale, cancelled=(NotificationId("unknown"),)),
        ):
            with pytest.raises(Conflict) as conflict:
                storage.save(change)
            assert_silent(conflict.value, PERSON.value, OTHER_PERSON.value, "Hemligt")

    @proves("Storage: refusing")
    def test_no_method_of_the_port_is_forgotten(self) -> None:
        """Otherwise a method that is added to the port would be left out of the tests of every call."""
        assert {name for name in dir(Storage) if not name.startswith("_")} == {*CALLS, "close"}
