"""A profile, a purge's paper or a document that was written as data comes back as the same value."""

from typing import Any

import pytest

from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import (
    EndedEnrolment,
    ExportedFile,
    ExportReceipt,
    Held,
    PurgeDecision,
    PurgePlan,
    PurgeReceipt,
    Skip,
    Skipped,
)
from digital_painschool.serialization.values import content_from_data, from_data, to_data
from tests.serialization.strategies import AT, NURSE, UNIT, through_json


@pytest.mark.parametrize(
    "value",
    [
        Profile(email=frozenset({FlagKind.PROGRAM_DONE, FlagKind.ENDING})),
        PurgePlan(
            id=PlanId("plan-1"),
            unit=UNIT,
            made_by=NURSE,
            made_at=AT,
            ended_before=AT,
            enrolments=(
                EndedEnrolment(enrolment_id=EnrolmentId("a"), version=3, ended_at=AT, last_entry_at=AT, exported=3),
            ),
            decision=PurgeDecision(reference="beslut 2037-4", by=NURSE, at=AT),
        ),
        PurgeReceipt(
            plan_id=PlanId("plan-1"),
            unit=UNIT,
            decision=PurgeDecision(reference="beslut 2037-4", by=NURSE, at=AT),
            purged_by=NURSE,
            purged_at=AT,
            purged=(EnrolmentId("a"), EnrolmentId("b")),
            skipped=(Skipped(enrolment_id=EnrolmentId("c"), why=Skip.CHANGED),),
        ),
        ExportReceipt(
            id="export-1",
            unit=UNIT,
            exported_by=NURSE,
            exported_at=AT,
            enrolments=2,
            files=(ExportedFile(name="formular.csv", lines=4, sha256="ab" * 32, holds=(Held.ANSWERS, Held.TEXTS)),),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_other_value_comes_back_as_it_was(value: Any) -> None:
    """Otherwise a purge would rest on another plan than the one that was approved."""
    assert value == from_data(through_json(to_data(value)), type(value))


def test_the_receipt_of_an_older_export_is_read_and_says_that_it_holds_nothing_known() -> None:
    """Otherwise receipts from before an update would be lost, or count for what they may not hold."""
    data = {"id": "e", "unit": UNIT, "exported_by": NURSE, "exported_at": AT.isoformat(), "enrolments": 1}
    old = from_data({**data, "files": [{"name": "enrolments.jsonl", "lines": 1, "sha256": ""}]}, ExportReceipt)
    assert (frozenset(), False) == (old.holds, old.is_complete)


@pytest.mark.parametrize(
    "content", ["", "Hej", {"smarta": 3, "timmar": 1.5, "var": ("axel", "rygg"), "datum": "2026-01-02"}]
)
def test_a_document_comes_back_as_it_was(content: Any) -> None:
    """Otherwise an answer would change its kind: 3.0 for 3, or a list that no form check knows."""
    assert content == content_from_data(through_json(content))
