"""The contract of the storage port: calls under one idempotency key, and tabs with one draft, at the same time."""

from functools import partial
from typing import Any

import pytest

from digital_painschool.domain.draft import draft_tag
from digital_painschool.ports.storage import Storage, find_call, load_draft
from digital_painschool.testing.contracts.calls import under_key
from digital_painschool.testing.contracts.changes import (
    MORNING,
    PERSONS,
    access_entry,
    begin,
    draft_of,
    keep_draft,
    saved,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import refusal_or
from digital_painschool.testing.contracts.racing import (
    RACERS,
    RACES,
    RacingContract,
    Wait,
    save_each,
    together,
    winner_of,
)
from digital_painschool.testing.example import PAIN, program
from digital_painschool.testing.people import NURSE


class RacingCallsContract(RacingContract):
    """A storage that several callers with one key, or several tabs of one patient, use at the same time."""

    @together
    @proves("Change.completed", "Storage: threads", "Storage: processes")
    def test_of_many_calls_under_one_key_exactly_one_wins(self, place: object, how: str) -> None:
        """Otherwise a double click that meets two web workers would have two effects (D-24a)."""
        changes = [
            [
                under_key(begin(f"{race}-{number}", person, program=program(key=f"p-{number}")), f"key {race}")
                for race, person in enumerate(PERSONS)
            ]
            for number in range(RACERS[how])
        ]
        with self.kept(place) as reopened:
            results = self.race(reopened, how, [partial(save_each, mine) for mine in changes])
            with reopened() as storage:
                for answers, tried in zip(zip(*results, strict=True), zip(*changes, strict=True), strict=True):
                    winner = tried[winner_of(answers)]
                    assert winner.completed is not None
                    assert winner.completed == find_call(storage, winner.completed.key)
                    assert {winner.enrolment.id} == set(storage.load_many([one.enrolment.id for one in tried]))

    @pytest.mark.parametrize("shown", [None, draft_of()], ids=["none", "a draft"])
    @together
    @proves("Drafts.save_draft: replaces", "Storage: threads", "Storage: processes")
    def test_of_many_tabs_that_show_one_draft_exactly_one_wins(self, place: object, how: str, shown: Any) -> None:
        """Otherwise what a patient wrote in one of two tabs would be gone in silence (D-14a)."""
        # Where there is a draft, the first tab would discard it; where there is none, nothing would be discarded.
        drafts = [None if shown and not n else draft_of({"smarta": 100 + n}) for n in range(RACERS[how])]
        entry, tag = access_entry(NURSE, MORNING), draft_tag(shown)

        def write(number: int, storage: Storage, wait: Wait) -> list[Any]:
            calls = [partial(storage.save_draft, e, PAIN, drafts[number], entry, replaces=tag) for e in before]
            return [refusal_or(call) for call in calls if (wait(), True)]

        with self.kept(place) as reopened:
            with reopened() as storage:
                before = [saved(storage, begin(f"e{n}", person, program=p)) for n, (person, p) in enumerate(RACES)]
                for enrolment in before if shown else ():
                    keep_draft(storage, enrolment, shown)
            results = self.race(reopened, how, [partial(write, number) for number in range(RACERS[how])])
            with reopened() as storage:
                for enrolment, answers in zip(before, zip(*results, strict=True), strict=True):
                    assert drafts[winner_of(answers)] == load_draft(storage, enrolment.id, PAIN)
