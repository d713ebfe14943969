"""Entries of a timeline that no storage can select: those of one form, or of one conversation."""

from collections.abc import Callable, Iterable

from attrs import evolve

from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.ports.storage import Enrolments, Entry, Excerpt, load_timeline

_PORTION = 200


def matching_entries(
    storage: Enrolments,
    enrolment_id: EnrolmentId,
    kinds: Iterable[type[Event]],
    matches: Callable[[Event], bool],
    *,
    after: int,
    limit: int,
    excerpt: Excerpt,
) -> list[Entry]:
    """Return the entries of some kinds whose events match, in the order of the excerpt.

    The timeline is read in portions, and no further than to the last entry that is returned.

    Args:
        storage: The storage.
        enrolment_id: The enrolment.
        kinds: The kinds of events.
        matches: Returns whether an event is wanted.
        after: Only the entries above this number.
        limit: The most entries.
        excerpt: Only the entries in this excerpt.

    Raises:
        StorageError: An entry that was read is unreadable.
    """
    wanted = frozenset(kinds)
    found: list[Entry] = []
    while len(found) < limit:
        portion = load_timeline(storage, enrolment_id, wanted, after=after, limit=_PORTION, excerpt=excerpt)
        found += [entry for entry in portion if matches(entry.event)]
        if len(portion) < _PORTION:
            break
        if excerpt.newest_first:
            excerpt = evolve(excerpt, up_to=portion[-1].seq - 1)
        else:
            after = portion[-1].seq
    return found[:limit]
