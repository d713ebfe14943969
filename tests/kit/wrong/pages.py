"""Adapters that are wrong in one way each: mistakes in pages of timelines, of the access log and of notifications."""

from typing import Any

from attrs import evolve

from digital_painschool.domain.people import PersonId
from digital_painschool.ports.storage import WHOLE, Excerpt, Timeline
from digital_painschool.testing.environment import INSTANT
from tests.kit.wrong.mistake import Mistakes, Wrong


def _in_another_excerpt(right: Wrong, _: Any, *args: Any, excerpt: Excerpt = WHOLE, **options: Any) -> Any:
    """Take the last instant of an excerpt as wanted."""
    until = None if excerpt.until is None else excerpt.until + INSTANT
    return right(*args, excerpt=evolve(excerpt, until=until), **options)


def _from_the_next_instant(right: Wrong, _: Any, *args: Any, excerpt: Excerpt = WHOLE, **options: Any) -> Any:
    since = None if excerpt.since is None else excerpt.since + INSTANT
    return right(*args, excerpt=evolve(excerpt, since=since), **options)


def _below_the_last(right: Wrong, _: Any, *args: Any, excerpt: Excerpt = WHOLE, **options: Any) -> Any:
    up_to = None if excerpt.up_to is None else excerpt.up_to - 1
    return right(*args, excerpt=evolve(excerpt, up_to=up_to), **options)


def _of_any_author(right: Wrong, _: Any, *args: Any, excerpt: Excerpt = WHOLE, **options: Any) -> Any:
    return right(*args, excerpt=evolve(excerpt, by=None), **options)


def _always_oldest_first(right: Wrong, _: Any, *args: Any, excerpt: Excerpt = WHOLE, **options: Any) -> Any:
    return right(*args, excerpt=evolve(excerpt, newest_first=False), **options)


def _timelines_by_time(right: Wrong, _: Any, *args: Any, excerpt: Excerpt = WHOLE, **options: Any) -> Any:
    def by_time(timeline: Timeline) -> Timeline:
        ordered = sorted(timeline.entries, key=lambda entry: entry.event.at, reverse=excerpt.newest_first)
        return evolve(timeline, entries=tuple(ordered))

    return {id_: by_time(found) for id_, found in right(*args, excerpt=excerpt, **options).items()}


def _timelines_cut_first(right: Wrong, _: Any, ids: Any, kinds: Any = None, *args: Any, **options: Any) -> Any:
    wanted = None if kinds is None else frozenset(kinds)
    return {
        id_: evolve(t, entries=tuple(e for e in t.entries if wanted is None or type(e.event) in wanted))
        for id_, t in right(ids, None if wanted else wanted, *args, **options).items()
    }


def _one_page_for_all(right: Wrong, _: Any, ids: Any, *args: Any, limit: int | None = None, **options: Any) -> Any:
    left = limit
    found = {}
    for id_ in ids:
        [timeline] = right((id_,), *args, limit=left, **options).values()
        left = None if left is None else left - len(timeline.entries)
        found[id_] = timeline
    return found


def _log_cut_first(
    right: Wrong, _: Any, unit: Any, enrolment_id: Any = None, action: Any = None, **options: Any
) -> Any:
    return tuple(
        (number, entry)
        for number, entry in right(unit, **options)
        if enrolment_id in {None, entry.enrolment_id} and action in {None, entry.action}
    )


def _records_of_nobody_too(right: Wrong, _: Any, unit: Any, enrolment_id: Any = None, **options: Any) -> Any:
    """Take a line of no record as a line of any."""
    limit = options.pop("limit", 1000)
    found = [
        row for row in right(unit, **options) if enrolment_id is None or row[1].enrolment_id in {None, enrolment_id}
    ]
    return tuple(found[:limit])


def _any_record_of_the_person(
    right: Wrong, _: Any, unit: Any, person: PersonId | None = None, enrolment_id: Any = None, **options: Any
) -> Any:
    return right(unit, person=person, enrolment_id=None if person else enrolment_id, **options)


def _after_the_entry(right: Wrong, _: Any, id_: Any, after: Any = None, **options: Any) -> Any:
    """Go on after all notifications of an entry."""
    return right(id_, after=None if after is None else (after[0], "~"), **options)


def _after_in_one_order(
    right: Wrong, _: Any, id_: Any, after: Any = None, newest_first: bool = False, limit: Any = None
) -> Any:
    found = right(id_, after=after)
    return tuple(found[::-1] if newest_first else found)[:limit]


STORAGE: Mistakes = {
    ("load_timelines", "Enrolments.load_timelines: excerpt"): {
        "a-timeline-until-and-with-an-instant": _in_another_excerpt,
        "a-timeline-after-an-instant": _from_the_next_instant,
        "a-timeline-below-a-number": _below_the_last,
        "a-timeline-of-any-author": _of_any_author,
        "a-timeline-always-from-its-beginning": _always_oldest_first,
        "a-timeline-by-time": _timelines_by_time,
    },
    ("load_timelines", "Enrolments.load_timelines: page"): {
        "a-page-of-a-timeline-is-cut-first": _timelines_cut_first,
        "one-page-for-all-timelines": _one_page_for_all,
    },
    ("access_entries", "AccessLog.access_entries: excerpt"): {
        "a-log-until-and-with-an-instant": _in_another_excerpt,
        "a-log-after-an-instant": _from_the_next_instant,
        "a-log-below-a-number": _below_the_last,
        "a-log-of-any-author": _of_any_author,
        "a-log-always-from-its-beginning": _always_oldest_first,
    },
    ("access_entries", "AccessLog.access_entries: page"): {"a-page-of-the-log-is-cut-first": _log_cut_first},
    ("access_entries", "AccessLog.access_entries: filtered"): {
        "lines-of-no-record": _records_of_nobody_too,
        "any-record-of-a-person": _any_record_of_the_person,
    },
    ("notifications", "Outbox.notifications: page"): {
        "notifications-after-an-entry": _after_the_entry,
        "notifications-after-in-one-order": _after_in_one_order,
    },
}
