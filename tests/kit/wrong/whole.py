"""Adapters that are wrong in one way each: mistakes in what the storage promises of every method."""

from datetime import timedelta, timezone
from typing import Any

from attrs import evolve

from digital_painschool.errors import Conflict
from tests.kit.wrong.mistake import Mistakes, Wrong

ELSEWHERE = timezone(timedelta(hours=1))


def _taking_ids_in_any_case(right: Wrong, storage: Any, change: Any) -> None:
    mine = change.enrolment
    with storage._open() as parts:
        if any(e.id != mine.id and e.id.lower() == mine.id.lower() for e in parts.enrolments._enrolments.values()):
            raise Conflict("there is one of that id")
    right(change)


def _giving_out_its_own(right: Wrong, storage: Any, *args: Any, **options: Any) -> Any:
    found = right(*args, **options)
    with storage._open() as parts:
        stored = parts.enrolments._documents
        return {
            id_: evolve(one, documents={seq: stored[id_][seq] for seq in one.documents}) for id_, one in found.items()
        }


def _naming_the_person(right: Wrong, _: Any, change: Any) -> None:
    try:
        right(change)
    except Conflict as conflict:
        raise Conflict(f"{change.enrolment.person.value} was changed by somebody else") from conflict


STORAGE: Mistakes = {
    ("load_many", "Storage: exact"): {
        "local-times": lambda right, _, ids: {
            id_: evolve(e, started_at=e.started_at.astimezone(ELSEWHERE)) for id_, e in right(ids).items()
        },
    },
    ("list_caseload", "Caseload.list_caseload: keyset"): {
        "a-page-is-cut-first": lambda right, _, query: tuple(
            row for row in right(evolve(query, therapist=None)) if query.therapist in (None, row.therapist)
        ),
    },
    ("access_entries", "AccessLog.access_entries"): {
        "a-portion-of-the-log-is-cut-first": lambda right, _, unit, person=None, **options: tuple(
            (number, entry) for number, entry in right(unit, **options) if person in (None, entry.person)
        ),
    },
    ("ended", "Retention.ended"): {
        "ended-ones-are-cut-first": lambda right, self, unit, after="", limit=1000: tuple(
            one
            for id_ in sorted(id_ for id_ in self._parts.enrolments._enrolments if id_ > after)[:limit]
            for one in right(unit)
            if one.enrolment_id == id_
        ),
    },
    ("save", "Enrolments.load_many"): {"ids-in-any-case": _taking_ids_in_any_case},
    ("load_timelines", "Storage: values"): {"documents-are-its-own": _giving_out_its_own},
    ("save", "Storage: silent"): {"a-refusal-names-the-person": _naming_the_person},
    ("close", "Storage: refusing"): {"closing-does-nothing": lambda right, _: None},
}
