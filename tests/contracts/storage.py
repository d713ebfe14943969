"""The contract of the storage port: every clause of its docstrings, one test each, through the port alone."""

from collections.abc import Callable, Mapping

import pytest

from digital_painschool.errors import StorageFailed
from digital_painschool.notification import Profile
from digital_painschool.ports.storage import CaseQuery, Storage
from digital_painschool.purging import PurgePlan
from digital_painschool.rules.retention import approve
from tests.contracts.caseload import CaseloadContract
from tests.contracts.enrolments import EnrolmentsContract
from tests.contracts.histories import LEASE, MORNING, NURSE, PERSON, PROGRAM, UNIT, access_entry, begin
from tests.contracts.outbox import OutboxContract
from tests.contracts.registers import RegistersContract
from tests.contracts.retention import RetentionContract, exported, receipt_of

_PLAN = PurgePlan(id="plan-1", unit=UNIT, made_by=NURSE.hsa_id, made_at=MORNING, ended_before=MORNING, enrolments=())
_LOGGED = access_entry(NURSE, MORNING)
_RECEIPT = receipt_of(approve(_PLAN, "beslut 2037-4", by=NURSE, at=MORNING))

CALLS: Mapping[str, Callable[[Storage], object]] = {
    "load": lambda s: s.load("a"),
    "load_many": lambda s: s.load_many(("a",)),
    "of_person": lambda s: s.of_person(PERSON),
    "save": lambda s: s.save(begin()),
    "timeline": lambda s: s.timeline("a"),
    "documents": lambda s: s.documents("a", (1,)),
    "access_ended": lambda s: s.access_ended(MORNING, 1),
    "cases": lambda s: s.cases(CaseQuery(unit=UNIT, therapist=None, now=MORNING)),
    "claim": lambda s: s.claim(MORNING, 1, LEASE),
    "settle": lambda s: s.settle(()),
    "notifications": lambda s: s.notifications("a"),
    "droppable": lambda s: s.droppable("a"),
    "profile": lambda s: s.profile(UNIT, NURSE.hsa_id),
    "keep_profile": lambda s: s.keep_profile(UNIT, NURSE.hsa_id, Profile(), _LOGGED),
    "log": lambda s: s.log((_LOGGED,)),
    "access_entries": lambda s: s.access_entries(UNIT),
    "keep_program": lambda s: s.keep_program(UNIT, PROGRAM),
    "program": lambda s: s.program(UNIT, "smartskola", "1"),
    "ended": lambda s: s.ended(UNIT),
    "ended_among": lambda s: s.ended_among(UNIT, ("a",)),
    "notification_ids": lambda s: s.notification_ids(UNIT, ("a",)),
    "histories": lambda s: s.histories(UNIT, ("a",)),
    "keep_export": lambda s: exported(s, {"a": 1}),
    "keep_plan": lambda s: s.keep_plan(_PLAN, _LOGGED),
    "plan": lambda s: s.plan("plan-1"),
    "purge": lambda s: s.purge("plan-1", (), ()),
    "purge_progress": lambda s: s.purge_progress("plan-1"),
    "keep_receipt": lambda s: s.keep_receipt(_RECEIPT),
    "receipt": lambda s: s.receipt("plan-1"),
    "receipts": lambda s: s.receipts(UNIT),
    "purge_again": lambda s: s.purge_again(_RECEIPT, ()),
}
"""One call of every method of the port but `close`."""


class StorageContract(EnrolmentsContract, CaseloadContract, OutboxContract, RegistersContract, RetentionContract):
    """Subclass it, and give a `storage` fixture: a storage that is new and empty, and that the fixture closes."""

    @pytest.mark.parametrize("name", CALLS)
    def test_a_closed_storage_refuses_every_call(self, storage: Storage, name: str) -> None:
        """Otherwise a host that goes on after closing would lose what it saves, or read nothing as nothing there."""
        storage.close()
        with pytest.raises(StorageFailed):
            CALLS[name](storage)

    @pytest.mark.parametrize("name", CALLS)
    def test_an_empty_storage_takes_every_call(self, storage: Storage, name: str) -> None:
        """Otherwise the first patient of a new unit would meet an error."""
        CALLS[name](storage)

    def test_closing_again_does_nothing(self, storage: Storage) -> None:
        """Otherwise a `with` block around a school that was closed would fail at its end."""
        storage.close()
        storage.close()

    def test_no_method_of_the_port_is_forgotten(self) -> None:
        """Otherwise a method that is added to the port would be left out of the two tests above."""
        assert {name for name in dir(Storage) if not name.startswith("_")} == {*CALLS, "close"}
