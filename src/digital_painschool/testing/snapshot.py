"""A snapshot of a storage: all that it holds, asked for through the port, to be compared with another moment's."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from difflib import unified_diff
from enum import Enum
from functools import cache, partial
from hashlib import sha256
from itertools import groupby
from typing import Any, Self

from attrs import evolve, fields, frozen, has

from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import NotificationRecord
from digital_painschool.domain.people import Actor, HsaId, PersonId, SystemActor
from digital_painschool.domain.retention import EndedEnrolment
from digital_painschool.errors import StorageError
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import (
    AccessEntry,
    CaseQuery,
    CaseRow,
    Entry,
    Storage,
    Timeline,
    UnreadableCase,
    list_exports,
    list_receipts,
    load_draft,
    load_notifications,
    load_profile,
    load_program,
    load_purge,
)
from digital_painschool.testing.example import PROGRAM
from digital_painschool.testing.people import COLLEAGUE, NURSE, OTHER_UNIT, UNIT

UNITS = (UNIT, OTHER_UNIT)
STAFF = (NURSE, COLLEAGUE)
FORMS = tuple(form.key for form in PROGRAM.forms)
"""The forms of the example program, for an enrolment whose program is not stored."""
_PAGE = 1000
_SOME_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_SYSTEM = SystemActor().signature
_ID = re.compile(r"\be-\d{4,}\b")

Lines = tuple[str, ...]


@frozen
class StorageSnapshot:
    """All that a storage holds at a moment: two snapshots are equal when the storages hold the same.

    Args:
        contents: The values that the storage gave, by what was asked for.
    """

    contents: Mapping[str, object]

    @classmethod
    def of(
        cls,
        storage: Storage,
        ids: Sequence[str],
        now: datetime,
        *,
        units: Sequence[HsaId] = UNITS,
        staff: Sequence[Actor] = STAFF,
        late: bool = False,
    ) -> Self:
        """Return the snapshot of a storage, without the access log.

        Args:
            storage: The storage.
            ids: Every id that was ever given, of enrolments and of plans.
            now: The instant at which the caseload is judged.
            units: The units.
            staff: The members of staff whose profiles are read.
            late: True leaves out what may differ when a worker died and another came later: the times of the system's
                own entries (and with them the state, which law 1 ties to the timeline), and when and how many times a
                notification was attempted. What became of the notification stays.
        """
        return cls(dict(_contents(storage, ids, now, units, staff, late=late)))

    @classmethod
    def of_access_log(cls, storage: Storage, *, units: Sequence[HsaId] = UNITS, late: bool = False) -> Self:
        """Return the snapshot of the access log; with `late` without the times of the system's own accesses."""
        return cls({f"access log of {unit}": tuple(_access_log(storage, unit, late=late)) for unit in units})

    def lines(self) -> Iterator[str]:
        """Yield all of it in a canonical form, one value a line. Identity numbers and addresses are pseudonyms."""
        for what, values in self.contents.items():
            for value in values if isinstance(values, tuple) else (values,):
                yield f"{what}: {canonical(value)}"

    def numbered(self, numbers: dict[str, str] | None = None) -> Lines:
        """Return the lines with ids as numbers in the order in which they appear: which ids are given means nothing.

        Args:
            numbers: The numbers of the ids that are known already; more are added.
        """
        known = {} if numbers is None else numbers
        text = _ID.sub(lambda id_: known.setdefault(id_[0], f"#{len(known) + 1}"), "\n".join(self.lines()))
        return tuple(text.split("\n"))

    def digest(self) -> str:
        """Return the SHA-256 of the lines, in hexadecimal."""
        found = sha256()
        for line in self.lines():
            found.update(f"{line}\n".encode())
        return found.hexdigest()


def difference(expected: StorageSnapshot | Lines, found: StorageSnapshot | Lines) -> str:
    """Return the lines in which two snapshots differ, those expected with a minus, those found with a plus."""
    before, after = (tuple(one.lines()) if isinstance(one, StorageSnapshot) else one for one in (expected, found))
    lines = unified_diff(before, after, "expected", "found", lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith("@@"))


def drafts_of(storage: Storage, enrolment_id: EnrolmentId, forms: Sequence[str] = FORMS) -> tuple[Draft, ...]:
    """Return the drafts of some forms in an enrolment."""
    return tuple(draft for form in forms if (draft := load_draft(storage, enrolment_id, form)) is not None)


def pseudonym(person: PersonId | Address | HsaId) -> str:
    """Return a word that tells a person or an address from another, and says nothing of them."""
    if isinstance(person, PersonId):
        return _pseudonym(f"{person.scheme} {person.value}")
    return _pseudonym(person if isinstance(person, HsaId) else person.value)


@cache
def _pseudonym(value: str) -> str:
    return sha256(value.encode()).hexdigest()[:6]


def canonical(value: Any) -> str:
    """Return a value as text: equal values give equal texts, in every process and from every storage."""
    return _writer(value.__class__)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], str]:
    for kinds, write in _WRITERS:
        if issubclass(kind, kinds):
            return write
    if not has(kind):
        return repr
    names = tuple(field.alias or field.name for field in fields(kind) if field.eq)
    return lambda value: f"{kind.__name__}({', '.join(f'{n}={canonical(getattr(value, n))}' for n in names)})"


def _mapping(value: Mapping[object, object]) -> str:
    return f"{{{', '.join(sorted(f'{canonical(key)}: {canonical(one)}' for key, one in value.items()))}}}"


_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[..., str]], ...] = (
    ((PersonId, Address), pseudonym),
    (Masked, lambda value: canonical(value.reveal())),
    (datetime, lambda value: value.astimezone(UTC).isoformat()),
    (Enum, lambda value: str(value.value)),
    (str, lambda value: repr(str(value))),
    (tuple, lambda value: f"({', '.join(map(canonical, value))})"),
    (list, lambda value: f"[{', '.join(map(canonical, value))}]"),
    (AbstractSet, lambda value: f"{{{', '.join(sorted(map(canonical, value)))}}}"),
    (Mapping, _mapping),
)
"""How values are written that are no classes of attrs."""


def _contents(
    storage: Storage,
    ids: Sequence[str],
    now: datetime,
    units: Sequence[HsaId],
    staff: Sequence[Actor],
    *,
    late: bool,
) -> Iterator[tuple[str, object]]:
    states = storage.load_many(map(EnrolmentId, ids))
    known = [id_ for id_ in map(EnrolmentId, ids) if id_ in states]
    forms_of = cache(partial(_forms, storage))
    timelines = storage.load_timelines(known)
    for id_ in known:
        timeline = timelines.get(id_, Timeline())
        if isinstance(timeline, UnreadableEnrolment):
            raise StorageError(f"the timeline of enrolment {id_} cannot be read; was it changed by hand?")
        yield f"{id_}", id_ if late else states[id_]
        yield f"{id_} timeline", tuple(_late_entries(timeline.entries)) if late else timeline.entries
        yield f"{id_} documents", dict(timeline.documents)
        state = states[id_]
        if isinstance(state, Enrolment):
            forms = forms_of(state.unit, state.program, state.program_version)
            yield f"{id_} drafts", drafts_of(storage, id_, forms)
    for any_id in ids:
        records = load_notifications(storage, EnrolmentId(any_id))
        if records:
            yield f"{any_id} notifications", tuple(map(_late_record, records)) if late else records
        if any_id in states:
            continue
        purge = load_purge(storage, PlanId(any_id))
        if purge.plan is not None:
            yield f"{any_id} plan", purge.plan
            yield f"{any_id} came to", (dict(purge.progress), purge.receipt)
    for unit in units:
        query = CaseQuery(unit=unit, therapist=None, now=now, limit=len(ids) + 1)
        cases = storage.list_caseload(query)
        yield f"caseload of {unit}", _late_cases(cases) if late else cases
        ended = storage.ended(unit, limit=len(ids) + 1)
        yield f"ended at {unit}", tuple(map(_late_ended, ended)) if late else ended
        yield f"exports of {unit}", list_exports(storage, unit, limit=len(ids) + 1)
        yield f"plans of {unit}", storage.list_plans(unit, limit=len(ids) + 1)
        yield f"receipts of {unit}", list_receipts(storage, unit)
    yield "unforgotten", storage.unforgotten()
    yield "unnoted", tuple(map(_late_record, storage.unnoted())) if late else storage.unnoted()
    for actor in staff:
        yield f"profile of {actor.hsa_id} at {actor.unit}", load_profile(storage, actor.unit, actor.hsa_id)


def _forms(storage: Storage, unit: HsaId, program: str, version: str) -> Sequence[str]:
    stored = load_program(storage, unit, program, version)
    return FORMS if stored is None else tuple(form.key for form in stored.forms)


def _late_entries(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Yield entries without the times of the system's own, and those of them that follow each other in one order."""
    for is_system, run in groupby(entries, lambda entry: entry.event.by == _SYSTEM):
        found = tuple(run)
        events: Sequence[Event] = [entry.event for entry in found]
        if is_system:
            events = sorted((evolve(event, at=_SOME_TIME) for event in events), key=canonical)
        yield from (Entry(seq=entry.seq, event=event) for entry, event in zip(found, events, strict=True))


def _late_record(record: NotificationRecord) -> NotificationRecord:
    return evolve(record, attempts=0, settled_at=None)


def _late_ended(ended: object) -> object:
    return evolve(ended, last_entry_at=ended.ended_at) if isinstance(ended, EndedEnrolment) else ended


def _late_cases(cases: Sequence[CaseRow | UnreadableCase]) -> list[CaseRow | UnreadableCase]:
    # Of a notice that did not reach the patient, the flag waits since the time of the system's own entry.
    return sorted(map(_late_case, cases), key=lambda case: case.enrolment_id)


def _late_case(case: CaseRow | UnreadableCase) -> CaseRow | UnreadableCase:
    if isinstance(case, UnreadableCase) or not case.counts.undelivered:
        return case
    return evolve(
        case, counts=evolve(case.counts, waiting_since=_SOME_TIME), key=(case.key[0], _SOME_TIME, case.key[2])
    )


def _access_log(storage: Storage, unit: HsaId, *, late: bool) -> Iterator[AccessEntry]:
    after = 0
    while page := storage.access_entries(unit, after=after, limit=_PAGE):
        after = page[-1][0]
        for _, entry in page:
            yield evolve(entry, at=_SOME_TIME) if late and entry.by == _SYSTEM else entry
