"""All that is kept, told line by line, so that a run that was killed can be compared with one that was not."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from difflib import unified_diff
from functools import lru_cache
from hashlib import sha256

from attrs import evolve

from digital_painschool.domain.events import Event
from digital_painschool.domain.notification import NotificationRecord
from digital_painschool.domain.people import HsaId, PersonId, SystemActor
from digital_painschool.ports import Storage
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import (
    AccessEntry,
    CaseQuery,
    load_documents,
    load_enrolment,
    load_notifications,
    load_timeline,
    readable,
)
from digital_painschool.testing.people import COLLEAGUE, NURSE, OTHER_UNIT, UNIT

Account = tuple[str, ...]
UNITS = (UNIT, OTHER_UNIT)
_STAFF = (NURSE, COLLEAGUE)
_SOME_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_PAGE = 1000
_ID = re.compile(r"\be-\d{4,}\b")


def account_of(storage: Storage, ids: Sequence[str], now: datetime, *, late: bool = False) -> Iterator[str]:
    """Yield all that is kept apart from the access log: states, timelines, documents, notifications, lists and papers.

    Args:
        storage: Where it is kept.
        ids: Every id that was ever given.
        now: The instant at which the list of patients is judged.
        late: True leaves out what differs when a worker died and another came later: the times of the system's own
            entries (and with them the state, which law 1 ties to the timeline), and when and how many times it was
            tried to hand a notification over. What became of it is told.
    """
    for id_ in ids:
        yield from _enrolment(storage, id_, late=late)
        yield from (f"{id_} caused {_notification(record, late=late)}" for record in load_notifications(storage, id_))
        purge = storage.load_purge(id_)
        plan = purge.plan
        if plan is not None:
            yield repr(plan)
            yield f"{id_} came to {sorted(purge.progress.items())!r} and {purge.receipt!r}"
    for unit in UNITS:
        yield from map(repr, storage.list_caseload(CaseQuery(unit=unit, therapist=None, now=now, limit=_PAGE)))
        yield from (repr(evolve(e, last_entry_at=e.ended_at) if late else e) for e in readable(storage.ended(unit)))
        yield from map(repr, storage.receipts(unit))
    yield from (repr(storage.profile(actor.unit, actor.hsa_id)) for actor in _STAFF)


def log_of(storage: Storage, *, late: bool = False) -> Iterator[str]:
    """Yield the access log; with `late` without the times of the system's own accesses."""
    return (_entry(entry, late=late) for unit in UNITS for entry in _log(storage, unit))


def renamed(lines: Iterable[str], numbers: dict[str, str] | None = None) -> Account:
    """Return lines in which ids are numbers in the order in which they appear: which ids are given means nothing.

    Args:
        lines: Any lines.
        numbers: What ids are called already; more are added.
    """
    known = {} if numbers is None else numbers
    text = _ID.sub(lambda id_: known.setdefault(id_[0], f"#{len(known) + 1}"), "\n".join(lines))
    return tuple(text.split("\n"))


def difference(expected: Account, found: Account) -> str:
    """Show where two accounts differ."""
    lines = list(unified_diff(expected, found, "expected", "found", lineterm="", n=0))
    return "\n".join(line for line in lines if not line.startswith("@@"))


@lru_cache
def whose(person: PersonId | HsaId | Address) -> str:
    """Return a word that tells one person or address from another and says nothing of them."""
    value = str(person) if isinstance(person, HsaId) else person.value
    return sha256(value.encode()).hexdigest()[:6]


def _enrolment(storage: Storage, id_: str, *, late: bool) -> Iterator[str]:
    state = load_enrolment(storage, id_)
    if state is None:
        return
    yield f"enrolment {id_ if late else state!r} of {whose(state.person)}"
    timeline = load_timeline(storage, id_)
    yield from (f"{id_} {entry.seq}: {_event(entry.event, late=late)!r}" for entry in timeline)
    written = load_documents(storage, id_, range(1, len(timeline) + 1))
    yield from (f"{id_} {seq} says {content!r}" for seq, content in written.items())


def _event(event: Event, *, late: bool) -> Event:
    return evolve(event, at=_SOME_TIME) if late and event.by == SystemActor().signature else event


def _notification(record: NotificationRecord, *, late: bool) -> str:
    to = whose(record.notification.recipient)
    if late:
        record = evolve(record, attempts=0, settled_at=None)
    return f"{record!r} to {to}"


def _entry(entry: AccessEntry, *, late: bool) -> str:
    if late and entry.by == SystemActor().signature:
        entry = evolve(entry, at=_SOME_TIME)
    return f"{entry!r} {whose(entry.person) if isinstance(entry.person, PersonId) else ''}"


def _log(storage: Storage, unit: HsaId) -> Iterator[AccessEntry]:
    after = 0
    while page := storage.access_entries(unit, after=after, limit=_PAGE):
        yield from (entry for _, entry in page)
        after = page[-1][0]
