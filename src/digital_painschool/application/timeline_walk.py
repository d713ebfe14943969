"""Entries of a timeline: the kinds that a filter wants; those of one form or conversation, which no storage selects."""

from collections.abc import Callable, Iterable
from typing import get_args

from attrs import evolve

from digital_painschool.application.arguments import members
from digital_painschool.application.executor import Executor
from digital_painschool.application.form_answers import require_form
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event, FormSaved
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.ports.storage import Enrolments, Entry, Excerpt, load_timeline

_PORTION = 200


def wanted_kinds(
    executor: Executor, enrolment: Enrolment, kinds: object, form: str | None
) -> frozenset[type[Event]] | None:
    """Return the kinds of entries that fit both filters of a timeline; None for all kinds. Rule: M-16.

    Args:
        executor: Has the terms.
        enrolment: The state.
        kinds: Only events of these types; None for all.
        form: Only the submissions of this form; None for all entries.

    Raises:
        InvalidValue: `kinds` is no collection of event types.
        RuleViolation: The program has no such form.
    """
    only = None if kinds is None else members(kinds, get_args(Event), "kinds", "event types")
    if form is None:
        return only
    require_form(executor, "M-16", enrolment, form)
    return frozenset({FormSaved}) if only is None else only & {FormSaved}


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
