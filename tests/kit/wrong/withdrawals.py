"""Adapters that are wrong in one way each: mistakes with starts that were withdrawn."""

from typing import Any

from attrs import evolve

from digital_painschool.domain.enrolment import CaseloadCounts, Phase
from digital_painschool.domain.retention import PurgePlan, PurgeReason
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import case_row, is_wanted, page_of
from tests.kit.wrong.mistake import Mistakes, Wrong, on


def _listing_them_as_ended(right: Wrong, storage: Any, query: Any) -> Any:
    if not query.ended:
        return right(query)
    states = [
        evolve(e, phase=Phase.ENDED) for e in storage._parts.enrolments._enrolments.values() if e.ended_at is not None
    ]
    wanted = [e for e in states if is_wanted(query, e, CaseloadCounts())]
    return page_of(query, (case_row(e, CaseloadCounts(), query.now, query.sort) for e in wanted))


def _hindered_by_them(right: Wrong, storage: Any, change: Any) -> None:
    theirs = storage._parts.enrolments.find_by_person(change.enrolment.person)
    if not change.before and any(e.phase is Phase.WITHDRAWN for e in theirs):
        raise Conflict("there was one")
    right(change)


STORAGE: Mistakes = {
    ("list_caseload", "Caseload.list_caseload: withdrawn"): {
        "withdrawn-ones-among-the-ended": _listing_them_as_ended,
    },
    ("save", "Enrolments.save: one open enrolment"): {
        "a-withdrawn-one-hinders-the-next": _hindered_by_them,
    },
    ("ended", "Retention.ended: withdrawn"): {
        "withdrawn-ones-wait-for-the-period": lambda right, _, *args, **options: tuple(
            evolve(e, reason=PurgeReason.PERIOD_OVER) for e in right(*args, **options)
        ),
    },
    ("save_record", "Retention.ended: withdrawn"): {
        "a-plan-forgets-its-reasons": on(
            PurgePlan,
            lambda right, _, key, plan, *args, **options: right(
                key,
                evolve(plan, enrolments=tuple(evolve(e, reason=PurgeReason.PERIOD_OVER) for e in plan.enrolments)),
                *args,
                **options,
            ),
        ),
    },
}
