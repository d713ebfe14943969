"""Adapters that are wrong in one way each: mistakes in what the storage promises of every method."""

from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any

from attrs import evolve

from digital_painschool.errors import Conflict
from tests.kit.wrong.mistake import Mistake, Wrong

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


STORAGE: Sequence[Mistake] = (
    Mistake(
        "local-times",
        "Storage: exact",
        "load_many",
        lambda right, _, ids: {
            id_: evolve(e, started_at=e.started_at.astimezone(ELSEWHERE)) for id_, e in right(ids).items()
        },
    ),
    Mistake(
        "a-page-is-cut-first",
        "Caseload.list_caseload: keyset",
        "list_caseload",
        lambda right, _, query: tuple(
            row for row in right(evolve(query, therapist=None)) if query.therapist in (None, row.therapist)
        ),
    ),
    Mistake(
        "a-portion-of-the-log-is-cut-first",
        "AccessLog.access_entries",
        "access_entries",
        lambda right, _, unit, person=None, **options: tuple(
            (number, entry) for number, entry in right(unit, **options) if person in (None, entry.person)
        ),
    ),
    Mistake(
        "ended-ones-are-cut-first",
        "Retention.ended",
        "ended",
        lambda right, self, unit, after="", limit=1000: tuple(
            one
            for id_ in sorted(id_ for id_ in self._parts.enrolments._enrolments if id_ > after)[:limit]
            for one in right(unit)
            if one.enrolment_id == id_
        ),
    ),
    Mistake("ids-in-any-case", "Enrolments.load_many", "save", _taking_ids_in_any_case),
    Mistake("documents-are-its-own", "Storage: values", "load_timelines", _giving_out_its_own),
    Mistake("a-refusal-names-the-person", "Storage: silent", "save", _naming_the_person),
    Mistake("closing-does-nothing", "Storage: refusing", "close", lambda right, _: None),
)
