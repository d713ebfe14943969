"""Adapters that are wrong in one way each: mistakes in enrolments, their list, and the port as a whole."""

from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from typing import Any

from attrs import evolve

from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import CaseSort, load_enrolment
from digital_painschool.testing.people import UNIT
from tests.kit.wrong.mistake import Mistakes, Wrong, each, last


def _naming(right: Wrong, change: Any) -> None:
    try:
        right(change)
    except Conflict:
        raise Conflict(f"could not keep {dict(change.documents)}") from None


def _refusing_twins(right: Wrong, storage: Any, change: Any) -> None:
    mine = change.enrolment
    for other in storage._parts.enrolments.still_open():
        same = (other.person.value, other.program, other.unit) == (mine.person.value, mine.program, mine.unit)
        if other.id != mine.id and same and not change.before:
            raise Conflict("there is one")
    right(change)


def _open_per_version(right: Wrong, storage: Any, change: Any) -> None:
    enrolments = storage._parts.enrolments
    version = change.enrolment.program_version
    enrolments._open = {
        k: id_ for k, id_ in enrolments._open.items() if enrolments.load(id_).program_version == version
    }
    right(change)


def _writing(change: Callable[[Any], Any]) -> Wrong:
    """Return a `load_timelines` that returns other documents."""
    return lambda right, _, *args, **options: {
        id_: evolve(t, documents={seq: change(doc) for seq, doc in t.documents.items()})
        for id_, t in right(*args, **options).items()
    }


def _reading_under_the_lock(_: Wrong, storage: Any, entries: Any) -> None:
    storage._lock = Lock()
    with storage._open() as parts:
        each(lambda entry: parts.access_log.log((entry,)), entries)


CONDITIONS = ("flagged", "phase", "program", "reviewed_from", "reviewed_before", "changed_from", "changed_before")
"""The conditions of a `CaseQuery` that may be left out."""

STORAGE: Mistakes = {
    ("load_many", "Enrolments.load_many"): {
        "load-strips-blanks": lambda right, _, ids: {id_: e for id_ in ids for e in right((id_.strip(),)).values()},
        "load-many-names-the-missing": lambda right, _, ids: {**dict.fromkeys(asked := tuple(ids)), **right(asked)},
    },
    ("find_by_person", "Enrolments.find_by_person"): {
        "newest-first": lambda right, _, person: right(person)[::-1],
        "only-open-ones": lambda right, _, person: tuple(e for e in right(person) if e.phase is not Phase.ENDED),
        "only-the-first-unit": lambda right, _, person: tuple(
            e for e in right(person) if e.unit == right(person)[0].unit
        ),
    },
    ("save", "Enrolments.save: one open enrolment"): {
        "equal-numbers-of-two-schemes": _refusing_twins,
        "one-open-for-each-version": _open_per_version,
    },
    ("load_timelines", "Enrolments.load_timelines"): {
        "a-filtered-timeline-counts-anew": lambda right, _, *args, **options: {
            id_: evolve(t, entries=tuple(evolve(e, seq=n) for n, e in enumerate(t.entries, start=1)))
            for id_, t in right(*args, **options).items()
        },
        "a-document-of-nothing": lambda right, _, ids, kinds=None, seqs=None, **options: {
            id_: t if seqs is None else evolve(t, documents={**dict.fromkeys(asked), **t.documents})
            for asked in [tuple(seqs or ())]
            for id_, t in right(ids, kinds, None if seqs is None else asked, **options).items()
        },
    },
    ("access_ended", "Enrolments.access_ended"): {
        "access-ended-without-limit": lambda right, _, now, limit: right(now, 1000),
        "the-end-of-access-is-noted-early": lambda right, _, now, limit: right(now + timedelta(microseconds=1), limit),
    },
    ("load_timelines", "Storage: exact"): {
        "documents-in-capitals": _writing(lambda doc: doc.capitalize() if isinstance(doc, str) else doc),
        "whole-numbers-become-decimals": _writing(
            lambda doc: doc if isinstance(doc, str) else {k: float(v) if type(v) is int else v for k, v in doc.items()}
        ),
    },
    ("load_many", "Storage: exact"): {
        "microseconds-are-lost": lambda right, _, ids: {
            id_: evolve(e, last_entry_at=e.last_entry_at.replace(microsecond=0)) for id_, e in right(ids).items()
        },
    },
    ("save", "Change.before"): {
        "a-conflict-is-swallowed": lambda right, self, change: (
            None if load_enrolment(self, change.enrolment.id) and not change.before else right(change)
        ),
    },
    ("save", "Change.access"): {
        "a-step-without-its-line": lambda right, self, change: (
            right(change),
            change.before and self._parts.access_log._entries.pop(),
        ),
    },
    ("save", "Change.counts"): {
        "counts-of-the-step-before": lambda right, self, change: (
            before := self._parts.enrolments._counts.get(change.enrolment.id),
            right(change if before is None else evolve(change, counts=before)),
        ),
    },
    ("list_caseload", "Caseload.list_caseload"): {
        "the-ended-stay-in-the-list": lambda right, _, query: right(query) or right(evolve(query, ended=True)),
        "a-list-of-every-unit": lambda right, self, query: (
            right(query)
            if query.therapist is None
            else tuple(
                row
                for e in self._parts.enrolments.still_open()
                for row in right(evolve(query, unit=e.unit, limit=1000))
                if row.enrolment_id == e.id
            )[: query.limit]
        ),
    },
    ("list_caseload", "Caseload.list_caseload: keyset"): {
        "the-page-goes-on-by-id-alone": lambda right, _, query: tuple(
            row
            for row in right(evolve(query, after=None, limit=1000))
            if query.after is None or row.key[2] > query.after[2]
        )[: query.limit],
        "a-page-has-one-row-at-least": lambda right, _, query: right(evolve(query, limit=max(1, query.limit))),
    },
    ("list_caseload", "Caseload.list_caseload: order"): {
        "within-a-rank-by-id": lambda right, _, query: tuple(
            sorted(right(query), key=lambda row: (row.key[0], row.key[2]))
        ),
        "every-list-by-priority": lambda right, _, query: right(evolve(query, sort=CaseSort.PRIORITY)),
        "flags-of-the-ended": lambda right, _, query: tuple(
            evolve(row, key=(0, *row.key[1:])) if row.phase is Phase.ENDED else row for row in right(query)
        ),
        "flags-by-the-machine-s-clock": lambda right, _, query: right(
            evolve(query, now=query.now.replace(year=2026, month=3, day=2))
        ),
    },
    ("list_caseload", "Caseload.list_caseload: filter"): {
        **{
            f"the-condition-{name.replace('_', '-')}-is-forgotten": lambda right, _, query, name=name: right(
                evolve(query, **{name: None})
            )
            for name in CONDITIONS
        },
        "the-ended-among-the-open": lambda right, _, query: right(evolve(query, ended=False)),
    },
    ("count_caseload", "Caseload.count_caseload: totals"): {
        "totals-of-the-unit-for-each": lambda right, _, unit, therapist, *others: right(unit, None, *others),
    },
    ("count_caseload", "Caseload.count_caseload"): {
        "flagged-patients-are-counted-as-flags": lambda right, _, *args: evolve(
            right(*args), unread_forms=min(right(*args).unread_forms, 1)
        ),
    },
    ("log", "Storage: arguments"): {
        "an-argument-is-read-under-the-lock": _reading_under_the_lock,
    },
    ("close", "Storage.close"): {
        "closing-twice-is-an-error": lambda right, self: last(load_enrolment(self, EnrolmentId("")), right()),
    },
    ("save", "Storage: silent"): {
        "a-refusal-names-the-document": lambda right, _, change: _naming(right, change),
    },
    ("list_enrolments", "Enrolments.list_enrolments"): {
        "all-units-are-one": lambda right, _, unit, **options: right(unit or UNIT, **options),
        "of-any-unit": lambda right, _, unit, among=None, **options: right(
            unit if among is None else None, among=among, **options
        ),
        "a-withdrawn-one-is-not-listed": lambda right, _, unit, **options: tuple(
            one for one in right(unit, **options) if one.enrolment.withdrawal is None
        ),
        "the-last-once-more": lambda right, _, unit, after="", **options: right(unit, after=after[:-1], **options),
        "any-of-the-unit": lambda right, _, unit, among=None, **options: right(unit, **options),
        "never-exported": lambda right, _, *args, **options: tuple(
            evolve(one, exported=0) for one in right(*args, **options)
        ),
    },
}
