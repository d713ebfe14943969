"""The contract of the storage port: drafts of forms, and the changes that discard them."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.domain.draft import Draft, draft_tag
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.validation import Answer
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Storage, find_call, load_draft
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.calls import call_in
from digital_painschool.testing.contracts.changes import (
    MORNING,
    OTHER_PERSON,
    A,
    B,
    access_entry,
    begin,
    draft_of,
    fill_in,
    keep_draft,
    saved,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.purges import LATER, assert_gone, kept_plan, over
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.example import DAILY, PAIN, SLEEP
from digital_painschool.testing.people import NURSE, UNIT
from digital_painschool.testing.snapshot import StorageSnapshot

FIRST, SECOND = draft_of({"smarta": 3}), draft_of({"smarta": 4}, at=MORNING + timedelta(microseconds=1))
PAGES: Mapping[str, Draft | None] = {
    "none": None,
    "the first": FIRST,
    "another of that instant": draft_of({"smarta": 9}),
    "an empty one": draft_of({}),
}
"""What a page may show, and what may be stored."""
LOGGED = access_entry(NURSE, MORNING)


def seen(storage: Storage) -> dict[str, object]:
    """Return all that a storage holds but the drafts and the access log."""
    found = StorageSnapshot.of(storage, (A, B), MORNING).contents
    return {what: value for what, value in found.items() if not what.endswith(" drafts")}


class DraftsContract(StorageOpening):
    """Drafts of forms, in every storage."""

    @proves("Drafts.save_draft", "Records.load_record")
    def test_a_draft_comes_back_as_it_was(self, place: Any) -> None:
        """Otherwise the patient would go on with other answers than those that were written."""
        everything = draft_of(
            {
                "hemma": "ring",
                "timmar": 7.0,
                "steg": 7,
                "var": ("rygg", "axel"),
                "fritext": " Å'\"\n🙂 ",
                "dag": "2026-1",
            },
            form=DAILY,
            at=MORNING + timedelta(microseconds=123456),
        )
        empty = draft_of({})
        with self.kept(place) as reopened:
            with reopened() as storage:
                e = saved(storage, begin("a"))
                for draft in (everything, empty):
                    keep_draft(storage, e, draft)
            with reopened() as storage:
                found = [load_draft(storage, A, form) for form in (DAILY, PAIN)]
        assert [everything, empty] == found
        types = [{key: type(value) for key, value in draft.answers.items()} for draft in found if draft]
        assert {"hemma": str, "timmar": float, "steg": int, "var": tuple, "fritext": str, "dag": str} == types[0]

    @proves("Drafts.save_draft", "Records.load_record")
    def test_the_last_draft_of_a_form_in_an_enrolment_counts(self, storage: Storage) -> None:
        """Otherwise a patient would get an older draft, or another enrolment's, or another form's."""
        one = saved(storage, begin("a"))
        other = saved(storage, begin("b", program=SLEEP))
        for draft in (FIRST, SECOND):
            keep_draft(storage, one, draft)
        assert (SECOND, None) == (load_draft(storage, A, PAIN), load_draft(storage, B, PAIN))
        keep_draft(storage, other, FIRST)
        keep_draft(storage, one, daily := draft_of({}, form=DAILY))
        assert (SECOND, daily, FIRST) == (
            load_draft(storage, A, PAIN),
            load_draft(storage, A, DAILY),
            load_draft(storage, B, PAIN),
        )

    @proves("Records.load_record")
    def test_a_draft_that_was_not_saved_is_none(self, storage: Storage) -> None:
        """Otherwise a form without a draft could not be opened."""
        keep_draft(storage, saved(storage, begin("a")), FIRST)
        assert [None] * 4 == [
            *(load_draft(storage, A, form) for form in (DAILY, "", "\x00")),
            load_draft(storage, EnrolmentId("unknown"), PAIN),
        ]

    @proves("Drafts.save_draft: optimistic")
    def test_a_draft_of_another_state_is_refused(self, storage: Storage) -> None:
        """Otherwise a draft would be saved in maintenance, or after the end."""
        before = saved(storage, begin("a"))
        keep_draft(storage, before, FIRST)
        after = saved(storage, fill_in(before, at=MORNING))
        expected = storage.access_entries(UNIT)
        for state in (before, evolve(after, version=after.version + 1), begin("b", OTHER_PERSON).enrolment):
            with pytest.raises(Conflict):
                keep_draft(storage, state, SECOND)
        assert (FIRST, None) == (load_draft(storage, A, PAIN), load_draft(storage, B, PAIN))
        assert expected == storage.access_entries(UNIT)

    @proves("Drafts.save_draft: apart")
    def test_a_draft_changes_nothing_that_staff_see(self, storage: Storage) -> None:
        """Otherwise a form that is not finished would raise a flag, or count as the patient's last entry (D-14a)."""
        before = saved(storage, begin("a"))
        expected = seen(storage)
        keep_draft(storage, before, draft_of(at=LATER))
        assert expected == seen(storage)
        storage.save_draft(before, PAIN, None, LOGGED)
        assert expected == seen(storage)
        saved(storage, fill_in(before, at=MORNING))

    @proves("Drafts.save_draft", "Drafts.save_draft: discarded")
    def test_a_draft_is_logged_when_it_comes_and_goes(self, storage: Storage) -> None:
        """Otherwise the patient's data would be written and deleted, and the log know nothing of it (M-06)."""
        e = saved(storage, begin("a"))
        keep_draft(storage, e, FIRST)
        for _ in range(2):
            storage.save_draft(e, PAIN, None, LOGGED)
        actions = [entry.action for _, entry in storage.access_entries(UNIT)]
        assert ["step", "save-draft", "step", "step"] == actions

    @proves("Drafts.save_draft: discarded")
    def test_a_discarded_draft_is_gone_and_no_other(self, storage: Storage) -> None:
        """Otherwise what a patient threw away would come back, or another form's draft go with it."""
        e = saved(storage, begin("a"))
        for draft in (FIRST, daily := draft_of({}, form=DAILY)):
            keep_draft(storage, e, draft)
        for _ in range(2):
            storage.save_draft(e, PAIN, None, LOGGED)
            assert (None, daily) == (load_draft(storage, A, PAIN), load_draft(storage, A, DAILY))
        storage.save_draft(evolve(e, id=EnrolmentId("unknown")), PAIN, None, LOGGED)
        storage.save_draft(evolve(e, version=e.version + 1), PAIN, None, LOGGED)
        keep_draft(storage, e, SECOND)
        assert SECOND == load_draft(storage, A, PAIN)

    @pytest.mark.parametrize("shown", PAGES)
    @pytest.mark.parametrize("stored", PAGES)
    @pytest.mark.parametrize("left", [SECOND, None], ids=["save", "discard"])
    @proves("Drafts.save_draft: replaces")
    def test_a_page_replaces_the_draft_that_it_showed_and_no_other(
        self, storage: Storage, shown: str, stored: str, left: Draft | None
    ) -> None:
        """Otherwise an old tab, or a request that comes late, would overwrite in silence what was written since."""
        e = saved(storage, begin("a"))
        for draft in (PAGES[stored], daily := draft_of({}, form=DAILY)):
            if draft is not None:
                keep_draft(storage, e, draft)
        before, logged = load_draft(storage, A, PAIN), storage.access_entries(UNIT)
        write = partial(storage.save_draft, e, PAIN, left, LOGGED, replaces=draft_tag(PAGES[shown]))
        if stored == shown:
            write()
            assert (left, len(logged) + 1) == (load_draft(storage, A, PAIN), len(storage.access_entries(UNIT)))
        else:
            with pytest.raises(Conflict) as conflict:
                write()
            assert_silent(conflict.value, e.person.value, "smarta")
            assert (before, logged) == (load_draft(storage, A, PAIN), storage.access_entries(UNIT))
        assert daily == load_draft(storage, A, DAILY)

    @proves("Drafts.save_draft: replaces", "Records.load_record")
    def test_a_draft_has_the_tag_that_it_was_saved_with(self, storage: Storage) -> None:
        """Otherwise a page could never save again what it has just saved."""
        e = saved(storage, begin("a"))
        answers: dict[str, Answer] = {
            "hemma": "ring",
            "timmar": 7.0,
            "steg": 7,
            "var": ("rygg", "axel"),
            "fritext": "Å\n🙂",
            "tal": 0.1,
        }
        tag = draft_tag(None)
        for number in range(3):
            draft = draft_of({**answers, "steg": number}, form=DAILY, at=MORNING - timedelta(hours=number))
            keep_draft(storage, e, draft, replaces=tag)
            tag = draft_tag(draft)
            assert tag == draft_tag(load_draft(storage, A, DAILY))
        storage.save_draft(e, DAILY, None, LOGGED, replaces=tag)
        keep_draft(storage, e, draft_of(answers, form=DAILY), replaces=draft_tag(None))

    @proves("Drafts.save_draft: replaces", "Change.discarded_drafts")
    def test_a_draft_that_a_change_discarded_is_none_that_a_page_shows(self, storage: Storage) -> None:
        """Otherwise a tab from before the form was sent would bring the draft back."""
        e = saved(storage, begin("a"))
        keep_draft(storage, e, FIRST)
        e = saved(storage, evolve(fill_in(e, at=MORNING), discarded_drafts=frozenset({PAIN})))
        for left in (SECOND, None):
            with pytest.raises(Conflict):
                storage.save_draft(e, PAIN, left, LOGGED, replaces=draft_tag(FIRST))
        assert None is load_draft(storage, A, PAIN)
        keep_draft(storage, e, SECOND, replaces=draft_tag(None))
        assert SECOND == load_draft(storage, A, PAIN)

    @pytest.mark.parametrize("left", [SECOND, None], ids=["save", "discard"])
    @proves("Records: with the step", "Drafts.save_draft: optimistic", "Drafts.save_draft: replaces")
    def test_a_draft_is_saved_or_discarded_once_under_a_key(self, storage: Storage, left: Draft | None) -> None:
        """Otherwise a request that a proxy repeats would have a second effect, hours after a newer draft (D-24a)."""
        e = saved(storage, begin("a"))
        keep_draft(storage, e, FIRST)
        call = call_in(e, "k")
        write = partial(storage.save_draft, e, PAIN, left, LOGGED)
        for refused in (
            partial(write, replaces=draft_tag(SECOND), completed=call),
            partial(storage.save_draft, evolve(e, version=9), PAIN, SECOND, LOGGED, completed=call),
        ):
            with pytest.raises(Conflict):
                refused()
            assert None is find_call(storage, call.key), "what was refused leaves its key free"
        write(replaces=draft_tag(FIRST), completed=call)
        assert (left, call) == (load_draft(storage, A, PAIN), find_call(storage, call.key))
        keep_draft(storage, e, newer := draft_of({"smarta": 5}))
        logged = storage.access_entries(UNIT)
        for again in (call, evolve(call, fingerprint="another")):
            with pytest.raises(Conflict) as conflict:
                write(completed=again)
            assert_silent(conflict.value, call.key.caller, e.person.value)
        assert (newer, logged) == (load_draft(storage, A, PAIN), storage.access_entries(UNIT))
        assert call == find_call(storage, call.key)

    @proves("Change.discarded_drafts")
    def test_a_change_discards_the_drafts_that_it_names(self, storage: Storage) -> None:
        """Otherwise a form that was sent would be shown as a draft, or a draft be lost with another form's."""
        e = saved(storage, begin("a"))
        keep_draft(storage, saved(storage, begin("b", program=SLEEP)), FIRST)
        for draft in (FIRST, daily := draft_of({}, form=DAILY)):
            keep_draft(storage, e, draft)
        e = saved(storage, fill_in(e, at=MORNING))
        assert FIRST == load_draft(storage, A, PAIN), "a change that names no draft discards none"
        for form, left in ((PAIN, (None, daily)), (DAILY, (None, None)), (DAILY, (None, None))):
            e = saved(storage, evolve(fill_in(e, at=MORNING), discarded_drafts=frozenset({form})))
            assert (*left, FIRST) == (
                load_draft(storage, A, PAIN),
                load_draft(storage, A, DAILY),
                load_draft(storage, B, PAIN),
            )
        for draft in (SECOND, daily):
            keep_draft(storage, e, draft)
        e = saved(storage, evolve(fill_in(e, at=MORNING), discarded_drafts=frozenset({PAIN, DAILY})))
        assert (None, None, FIRST) == (
            load_draft(storage, A, PAIN),
            load_draft(storage, A, DAILY),
            load_draft(storage, B, PAIN),
        )
        assert e == storage.load_many((A,))[A]

    @proves("Change.discarded_drafts", "Enrolments.save: optimistic")
    def test_a_change_that_is_refused_discards_nothing(self, storage: Storage) -> None:
        """Otherwise the draft would be gone of a form that was not saved."""
        before = saved(storage, begin("a"))
        after = saved(storage, fill_in(before, at=MORNING))
        keep_draft(storage, after, FIRST)
        with pytest.raises(Conflict):
            storage.save(evolve(fill_in(before, at=MORNING), discarded_drafts=frozenset({PAIN})))
        assert FIRST == load_draft(storage, A, PAIN)

    @proves("Retention.purge: nothing left")
    def test_no_draft_is_left_of_what_is_purged(self, storage: Storage) -> None:
        """Otherwise what a patient never sent would outlive everything that was sent (law 7)."""
        e = over(storage, "a")
        for form in (PAIN, DAILY) * 2:  # also one that replaced another
            keep_draft(storage, e, draft_of({}, form=form))
        storage.purge(PlanId("plan-1"), kept_plan(storage).enrolments, ())
        assert_gone(storage, e)
        assert e == over(storage, "a")
        assert None is load_draft(storage, A, PAIN)
