"""The contract of the storage port: parts of timelines, of the access log and of notifications, as pages need them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import product
from types import MappingProxyType
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import ConversationStarted, Event, FormSaved, MessageSent, Started
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import NotificationRecord, Notify
from digital_painschool.domain.people import PersonId
from digital_painschool.ports.storage import (
    AccessEntry,
    Entry,
    Excerpt,
    Storage,
    Timeline,
    load_notifications,
    load_timeline,
)
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    HOUR,
    MORNING,
    OTHER_PERSON,
    access_entry,
    answer,
    begin,
    converse,
    fill_in,
    saved,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.environment import INSTANT
from digital_painschool.testing.people import COLLEAGUE, NURSE, OTHER_UNIT, PERSON, UNIT

EXCERPTS: Mapping[str, Excerpt] = MappingProxyType(
    {
        "all": Excerpt(),
        "up to": Excerpt(up_to=5),
        "up to none": Excerpt(up_to=0),
        "far beyond": Excerpt(up_to=2**40),
        "since": Excerpt(since=MORNING + HOUR),
        "until": Excerpt(until=MORNING + HOUR),
        "an instant": Excerpt(since=MORNING + HOUR, until=MORNING + HOUR + INSTANT),
        "never": Excerpt(since=MORNING + HOUR, until=MORNING + HOUR),
        "by staff": Excerpt(by=NURSE.signature),
        "by the patient": Excerpt(by="patient"),
        "by nobody": Excerpt(by=COLLEAGUE.signature),
        "several": Excerpt(up_to=7, since=MORNING, until=MORNING + HOUR, by="patient"),
    }
)
"""Excerpts, each of them oldest first."""
KINDS: Mapping[str, Sequence[type[Event]] | None] = MappingProxyType(
    {"any": None, "messages": (MessageSent, ConversationStarted), "none": ()}
)


def _written(storage: Storage) -> Enrolment:
    """Save a timeline of nine entries by two authors at three instants, which do not rise with the numbers."""
    e = saved(storage, begin(at=MORNING))
    saved(storage, begin("other", OTHER_PERSON, at=MORNING))
    e = saved(storage, converse(e, "Ett", at=MORNING + 2 * HOUR))
    e = saved(storage, fill_in(e, {"smarta": 1}, at=MORNING + HOUR))
    e = saved(storage, answer(e, "Två", at=MORNING))
    e = saved(storage, write(e, "Tre", at=MORNING + HOUR))
    e = saved(storage, fill_in(e, {"smarta": 2}, at=MORNING))
    e = saved(storage, answer(e, "Fyra", at=MORNING + HOUR - INSTANT))
    return saved(storage, write(e, "Fem", at=MORNING + 2 * HOUR))


def _logged(storage: Storage) -> None:
    """Log twelve lines of two units, mixed, whose instants do not rise with the numbers."""
    people: tuple[PersonId | None, ...] = (PERSON, OTHER_PERSON, None)
    storage.log(
        evolve(
            access_entry(NURSE, MORNING + (number * 5 % 3) * HOUR, action=f"step-{number % 2}"),
            by="patient" if number % 4 == 1 else NURSE.signature,
            person=people[number % 3],
            enrolment_id=None if number % 3 == 2 else EnrolmentId(f"e-{number % 3}"),
            unit=OTHER_UNIT if number % 6 == 5 else UNIT,
        )
        for number in range(12)
    )


def _ordered(rows: Sequence[Any], excerpt: Excerpt) -> list[Any]:
    return [*rows[::-1]] if excerpt.newest_first else [*rows]


_MOST_PAGES = 20
"""More than any list of these tests has entries."""
both_orders = pytest.mark.parametrize("order", [Excerpt(), Excerpt(newest_first=True)], ids=["oldest", "newest"])


class PagesContract(StorageOpening):
    """Pages of what grows long, in every storage."""

    @proves("Enrolments.load_timelines: excerpt")
    @both_orders
    def test_an_excerpt_on_a_timeline_shows_what_lies_in_it(self, storage: Storage, order: Excerpt) -> None:
        """Otherwise a therapist who looks for an answer of May would not find it, or find April's."""
        e = _written(storage)
        whole = sorted(load_timeline(storage, e.id), key=lambda entry: entry.seq)
        for name, kinds, after in product(EXCERPTS, KINDS, (-1, 0, 3, 4, 9, 100)):
            excerpt, wanted = evolve(EXCERPTS[name], newest_first=order.newest_first), KINDS[kinds]
            expected = [
                entry
                for entry in whole
                if entry.seq > after
                and excerpt.holds(entry.seq, entry.event.at, entry.event.by)
                and (wanted is None or type(entry.event) in wanted)
            ]
            found = load_timeline(storage, e.id, wanted, after=after, excerpt=excerpt)
            assert _ordered(expected, excerpt) == [*found], (name, kinds, after)

    @proves("Enrolments.load_timelines: page", "Enrolments.load_timelines")
    @both_orders
    def test_a_timeline_is_read_page_by_page(self, storage: Storage, order: Excerpt) -> None:
        """Otherwise a long treatment would have to be read as a whole for its last ten entries."""
        e = _written(storage)
        for kinds, limit in product(KINDS.values(), (1, 2, 3, 100)):
            found: list[Entry] = []
            for page in _pages(partial(load_timeline, storage, e.id, kinds), order, limit, lambda entry: entry.seq):
                found += page
            assert _ordered(load_timeline(storage, e.id, kinds), order) == found

    @proves("Enrolments.load_timelines: page", "Enrolments.load_timelines")
    def test_the_documents_of_a_page_are_those_of_its_entries(self, storage: Storage) -> None:
        """Otherwise a page would show a text under another entry, or none."""
        e = _written(storage)
        excerpt = Excerpt(newest_first=True)

        def part(**options: Any) -> Timeline:
            timeline = storage.load_timelines((e.id, EnrolmentId("other")), limit=3, excerpt=excerpt, **options)[e.id]
            assert isinstance(timeline, Timeline)
            return timeline

        assert ([9, 8, 7], {9: "Fem", 8: "Fyra", 7: {"smarta": 2}}) == _described(part())
        assert ([9, 8, 7], {}) == _described(part(documents=()))
        assert ([9, 8, 7], {3: "Ett", 8: "Fyra"}) == _described(part(documents=iter((3, 8))))
        assert ([7, 4], {7: {"smarta": 2}, 4: {"smarta": 1}}) == _described(part(kinds=iter([FormSaved])))
        assert ([9], {9: "Fem"}) == _described(part(kinds=[MessageSent, Started], after=8))

    @proves("Enrolments.load_timelines: page")
    def test_each_timeline_has_its_own_page(self, storage: Storage) -> None:
        """Otherwise the entries of one patient would take the place of another's."""
        e = _written(storage)
        found = storage.load_timelines((e.id, EnrolmentId("other")), limit=2, excerpt=Excerpt(newest_first=True))
        seqs = {id_: [entry.seq for entry in part.entries] for id_, part in found.items() if isinstance(part, Timeline)}
        assert {e.id: [9, 8], "other": [1]} == seqs

    @proves("AccessLog.access_entries: excerpt")
    @both_orders
    def test_an_excerpt_on_the_access_log_shows_what_lies_in_it(self, storage: Storage, order: Excerpt) -> None:
        """Otherwise an audit of a week would miss a look, or blame somebody for another week's."""
        _logged(storage)
        whole = sorted(storage.access_entries(UNIT), key=lambda row: row[0])
        numbers = [number for number, _ in whole]
        bounds = {None: None, 0: numbers[0] - 1, 2**40: 2**40}
        for one, after in product(EXCERPTS.values(), (0, numbers[0], numbers[4], numbers[5], numbers[-1])):
            up_to = bounds.get(one.up_to, numbers[5])
            excerpt = evolve(one, newest_first=order.newest_first, up_to=up_to)
            expected = [(n, entry) for n, entry in whole if n > after and excerpt.holds(n, entry.at, entry.by)]
            found = storage.access_entries(UNIT, after=after, excerpt=excerpt)
            assert _ordered(expected, excerpt) == [*found], (excerpt, after)

    @proves("AccessLog.access_entries", "AccessLog.access_entries: filtered")
    @both_orders
    def test_the_access_log_can_be_asked_for_one_record_and_one_action(self, storage: Storage, order: Excerpt) -> None:
        """Otherwise nobody could say who has opened one record, or who has exported anything."""
        _logged(storage)
        whole = storage.access_entries(UNIT)
        for person, enrolment_id, action in product(
            (None, PERSON, OTHER_PERSON, PersonId("vgr-reservnummer", PERSON.value)),
            (None, EnrolmentId("e-0"), EnrolmentId("e-1"), EnrolmentId("gone")),
            (None, "step-0", "step-1", "step"),
        ):
            expected = [
                (number, entry)
                for number, entry in whole
                if person in {None, entry.person}
                and enrolment_id in {None, entry.enrolment_id}
                and action in {None, entry.action}
            ]
            found = storage.access_entries(UNIT, person=person, enrolment_id=enrolment_id, action=action, excerpt=order)
            assert _ordered(expected, order) == [*found], (enrolment_id, action)

    @proves("AccessLog.access_entries", "AccessLog.access_entries: page")
    @both_orders
    def test_the_access_log_is_read_page_by_page(self, storage: Storage, order: Excerpt) -> None:
        """Otherwise a page would be cut first and sorted out then, and the walk end before the log."""
        _logged(storage)
        filters: Sequence[Mapping[str, Any]]
        filters = ({}, {"person": PERSON}, {"enrolment_id": EnrolmentId("e-1")}, {"action": "step-1"})
        for options, limit in product(filters, (1, 2, 100)):
            found: list[tuple[int, AccessEntry]] = []
            read = partial(storage.access_entries, UNIT, **options)
            for page in _pages(read, order, limit, lambda row: row[0]):
                found += page
            assert _ordered(read(), order) == found

    @proves("Outbox.notifications: page", "Outbox.notifications")
    @both_orders
    def test_notifications_are_read_page_by_page(self, storage: Storage, order: Excerpt) -> None:
        """Otherwise the one that could not be delivered would be on no page, or on two."""
        e = saved(storage, converse(saved(storage, begin()), notify=Notify.DIRECT, at=MORNING))
        for number in range(12):
            e = saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING + timedelta(minutes=number)))
        whole = load_notifications(storage, e.id)
        assert 13 == len(whole)
        read = partial(load_notifications, storage, newest_first=order.newest_first)
        for limit in (1, 2, 3, 100):
            found: list[NotificationRecord] = []
            after: tuple[int, str] | None = None
            while page := read(e.id, after=after, limit=limit):
                assert len(page) <= limit
                assert len(found) < _MOST_PAGES, "the walk does not end"
                found += page
                after = (found[-1].notification.trigger.seq, found[-1].notification.id)
            assert _ordered(whole, order) == found
        assert () == read(EnrolmentId("other"), limit=1)
        between = (whole[5].notification.trigger.seq, "")
        assert (whole[4::-1] if order.newest_first else whole[5:]) == read(e.id, after=between)


def _described(timeline: Timeline) -> tuple[list[int], dict[int, object]]:
    return [entry.seq for entry in timeline.entries], dict(timeline.documents)


def _pages(
    read: Callable[..., Sequence[Any]], excerpt: Excerpt, limit: int, number: Callable[[Any], int]
) -> Iterator[Sequence[Any]]:
    """Yield the pages of a walk, none of which is longer than its limit."""
    after = 0
    for _ in range(_MOST_PAGES):
        page = read(after=after, limit=limit, excerpt=excerpt)
        assert len(page) <= limit
        if not page:
            return
        yield page
        if excerpt.newest_first:
            excerpt = evolve(excerpt, up_to=number(page[-1]) - 1)
        else:
            after = number(page[-1])
    raise AssertionError("the walk does not end")
