"""The storage's contract: one damaged record can be replaced where it is not final, and hides no other."""

from typing import Any

import pytest

from digital_painschool.domain.draft import Draft, draft_tag
from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import ExportReceipt
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import (
    CompletedCall,
    RecordKey,
    find_desk_call,
    find_ended,
    key_of_call,
    load_draft,
    load_profile,
    position_of,
    readable,
    record_key,
    save_profile,
)
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.calls import under_key
from digital_painschool.testing.contracts.changes import MORNING, A, begin, finish, keep_draft, saved
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.drafts import FIRST, SECOND
from digital_painschool.testing.contracts.purges import LOGGED, exported
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import NURSE, UNIT

CHOSEN = Profile(email=frozenset({FlagKind.PROGRAM_DONE}))


class DamagedRecordsContract(StorageOpening):
    """One record that cannot be read, and all others."""

    def damage_record(self, place: Any, key: RecordKey) -> None:  # noqa: ARG002 - whoever overrides it is given both
        """Cut the last byte off what is kept under a key; override it.

        The storage is closed then. The key is that of a `Profile`, a `Draft`, an `ExportReceipt` or a `CompletedCall`.
        """
        self.not_proved("that one damaged record can be replaced and hides no other", "damage_record")

    @proves("Records.load_record", "Records.save_record", "Storage: damaged")
    def test_a_damaged_profile_is_refused_and_can_be_chosen_anew(self, lasting_place: Any) -> None:
        """Otherwise somebody would get no notification until an operator deletes the row, or those of a guess."""
        with self.opened(lasting_place) as storage:
            save_profile(storage, UNIT, NURSE.hsa_id, Profile(), LOGGED)
        self.damage_record(lasting_place, record_key(Profile, UNIT, NURSE.hsa_id))
        with self.opened(lasting_place) as storage:
            with pytest.raises(StorageError) as failed:
                load_profile(storage, UNIT, NURSE.hsa_id)
            assert_silent(failed.value, NURSE.hsa_id)
            save_profile(storage, UNIT, NURSE.hsa_id, CHOSEN, LOGGED)
            assert CHOSEN == load_profile(storage, UNIT, NURSE.hsa_id)

    @pytest.mark.parametrize("left", [SECOND, None], ids=["replaced", "discarded"])
    @proves("Records.load_record", "Drafts.save_draft", "Storage: damaged")
    def test_a_damaged_draft_is_refused_and_can_be_replaced(self, lasting_place: Any, left: Draft | None) -> None:
        """Otherwise a patient could neither go on with a form nor begin it anew."""
        with self.opened(lasting_place) as storage:
            e = saved(storage, begin("a"))
            keep_draft(storage, e, FIRST)
        self.damage_record(lasting_place, record_key(Draft, A, PAIN))
        with self.opened(lasting_place) as storage:
            with pytest.raises(StorageError):
                load_draft(storage, A, PAIN)
            with pytest.raises(StorageError):
                storage.save_draft(e, PAIN, left, LOGGED, replaces=draft_tag(FIRST))
            storage.save_draft(e, PAIN, left, LOGGED)
            assert left == load_draft(storage, A, PAIN)

    @pytest.mark.parametrize("newest_first", [True, False])
    @proves("Records.list_records", "Storage: damaged")
    def test_a_damaged_receipt_hides_no_other(
        self, lasting_place: Any, caplog: pytest.LogCaptureFixture, *, newest_first: bool
    ) -> None:
        """Otherwise one bad row would end a unit's list of exports, or stand for a page without any."""
        ids = ["export-1", "export-2", "export-3"][:: -1 if newest_first else 1]
        with self.opened(lasting_place) as storage:
            for id_ in ids:
                exported(storage, {}, id_)
        self.damage_record(lasting_place, record_key(ExportReceipt, ids[0]))
        with self.opened(lasting_place) as storage:
            for limit in (1, 2, 9):
                found = storage.list_records(ExportReceipt, UNIT, newest_first=newest_first, limit=limit)
                assert ids[1:][:limit] == [position_of(one)[1] for one in found]
            assert ids[0] in caplog.text

    @proves("Retention.purge: spent", "Storage: damaged")
    def test_a_damaged_call_of_a_start_leaves_its_key_spent(self, lasting_place: Any) -> None:
        """Otherwise a start that a host repeats would begin a treatment for the wrong person, once purged (D-07b)."""
        start = under_key(begin("a"), "k")
        assert start.completed is not None
        with self.opened(lasting_place) as storage:
            saved(storage, finish(saved(storage, start), at=MORNING))
        self.damage_record(lasting_place, key_of_call(CompletedCall, start.completed.key))
        with self.opened(lasting_place) as storage:
            storage.purge(PlanId("plan-1"), tuple(readable(find_ended(storage, UNIT, (A,)).values())), ())
            assert start.completed.spent() == find_desk_call(storage, start.completed.key)
