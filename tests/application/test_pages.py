"""Lists in pages: every entry once, in order, under every filter, and nothing read that the page does not show."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.application import timeline_walk
from digital_painschool.application.pages import ConversationPage
from digital_painschool.domain.events import FormSaved, MessageSent, Reviewed
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Author
from digital_painschool.ports.storage import load_timeline
from digital_painschool.testing.environment import in_memory, on_sqlite
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.faults import Call
from digital_painschool.testing.people import ANNA, BO, COLLEAGUE, COORDINATOR, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.application.page_walks import E, pages, timeline, walked, written_in
from tests.scenario import beside


@pytest.fixture(params=[in_memory, on_sqlite], ids=["memory", "sqlite"])
def school(request: pytest.FixtureRequest) -> Iterator[Scenario]:
    """A school whose lists are longer than a page."""
    with written_in(request.param) as made:
        yield made


FILTERS: dict[str, tuple[dict[str, Any], Callable[[Scenario, Any], bool]]] = {
    "all": ({}, lambda *_: True),
    "kinds": ({"kinds": (MessageSent, Reviewed)}, lambda _, e: isinstance(e, (MessageSent, Reviewed))),
    "no kinds": ({"kinds": ()}, lambda *_: False),
    "form": ({"form": PAIN}, lambda _, e: isinstance(e, FormSaved)),
    "a form that nobody saved": ({"form": DAILY}, lambda *_: False),
    "form and other kinds": ({"form": PAIN, "kinds": Reviewed}, lambda *_: False),
    "form and no kinds": ({"form": PAIN, "kinds": ()}, lambda *_: False),
    "form and kinds": ({"form": PAIN, "kinds": (FormSaved, Reviewed)}, lambda _, e: isinstance(e, FormSaved)),
    "staff": ({"by": NURSE.hsa_id.lower()}, lambda _, e: e.by == NURSE.hsa_id),
    "patient": ({"by": "patient"}, lambda _, e: e.by == "patient"),
    "form of the patient": ({"by": "patient", "form": PAIN}, lambda _, e: isinstance(e, FormSaved)),
    "nobody": ({"by": COLLEAGUE.hsa_id}, lambda *_: False),
}
"""Filters of a timeline, each with the events that it is for."""


@pytest.mark.rule("M-16")
@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("limit", [1, 4, 500])
@pytest.mark.parametrize("name", FILTERS)
def test_a_timeline_in_pages_is_the_timeline(school: Scenario, name: str, limit: int, newest_first: bool) -> None:
    """Otherwise a therapist would look for an old answer in a list that does not have it."""
    filters, is_wanted = FILTERS[name]
    expected = [entry for entry in load_timeline(school.storage, E) if is_wanted(school, entry.event)]
    found = walked(timeline(school), **filters, limit=limit, newest_first=newest_first)
    assert (expected[::-1] if newest_first else expected) == found
    if "by" not in filters:
        assert expected == [*school.desk.timeline(E, **filters)]


@pytest.mark.rule("M-16")
@pytest.mark.parametrize("newest_first", [True, False])
def test_a_timeline_of_a_time_is_from_its_first_instant_to_before_its_last(
    school: Scenario, newest_first: bool
) -> None:
    """Otherwise two reports of two weeks would have an entry both, or neither."""
    events = school.events(E)
    instants = sorted({event.at for event in events})
    for since, until in ((instants[2], instants[5]), (instants[2], None), (None, instants[5]), (instants[2],) * 2):
        expected = [e for e in events if (since is None or e.at >= since) and (until is None or e.at < until)]
        found = walked(timeline(school), since=since, until=until, limit=3, newest_first=newest_first)
        assert expected == sorted((entry.event for entry in found), key=events.index)


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_walk_shows_the_timeline_as_it_was_at_its_first_page(school: Scenario, newest_first: bool) -> None:
    """Otherwise a patient who is busy would let the walk never end, or entries would be shown twice."""
    before = load_timeline(school.storage, E)
    found = []
    for page in pages(timeline(school), limit=3, newest_first=newest_first):
        found += page.rows
        school.desk.review(E)
    assert list(before[::-1] if newest_first else before) == found


def test_a_page_reads_no_more_of_a_timeline_than_it_shows(school: Scenario) -> None:
    """Otherwise the tenth year of a treatment would be read for the last ten entries."""
    read: list[int] = []

    def around(call: Call) -> object:
        found: Any = call.go()
        if call.method == "load_timelines":
            read.extend(len(timeline.entries) + len(timeline.documents) for timeline in found.values())
        return found

    desk = beside(school, around).therapist(NURSE)
    first = desk.pages.timeline(E, limit=2)
    desk.pages.timeline(E, first.next, limit=2)
    assert [3, 4] == read
    read.clear()
    page = desk.pages.messages(E, 1, limit=2)
    desk.pages.messages(E, 1, page.next, limit=2)
    texts = 2 * (1 + 2)
    assert sum(read) <= len(load_timeline(school.storage, E, [MessageSent])) * 2 + texts


@pytest.mark.rule("M-10")
@pytest.mark.parametrize("limit", [1, 2, 3, 50])
@pytest.mark.parametrize("side", ["desk", "room"])
def test_conversations_come_by_their_last_message(school: Scenario, side: str, limit: int) -> None:
    """Otherwise a new message would stand below conversations that have been silent for months."""
    lists = getattr(school, side).pages
    found = walked(partial(lists.conversations, E), limit=limit)
    whole = {one.number: one for one in getattr(school, side).conversations(E)}
    assert [1, 3, 2] == [one.number for one in found]
    assert [whole[one.number] for one in found] == found
    instants = [one.last_message_at for one in found]
    assert sorted(instants, reverse=True) == instants
    assert school.now == instants[0]


@pytest.mark.rule("M-10")
def test_a_conversation_that_goes_on_during_a_walk_is_not_missed(school: Scenario) -> None:
    """Otherwise what was last on the list would jump over the page that is read, and be on none."""
    page = partial(school.desk.pages.conversations, E)
    first = page(limit=1)
    school.room.write(E, "Hej", conversation=2)
    second = page(first.next, limit=1)
    school.room.write(E, "Hej", conversation=1)
    school.room.write(E, "Hej", conversation=2)
    third = page(second.next, limit=1)
    fourth = page(third.next, limit=1)
    fifth = page(fourth.next, limit=1)
    shown = [row.number for one in (first, second, third, fourth, fifth) for row in one.rows]
    assert [1, 2, 1, 2, 3] == shown
    assert None is fifth.next


@pytest.mark.rule("M-10")
@pytest.mark.parametrize("limit", [1, 2, 5, 500])
@pytest.mark.parametrize("side", ["desk", "room"])
@pytest.mark.parametrize("conversation", [1, 2])
def test_messages_in_pages_are_the_conversation(school: Scenario, side: str, limit: int, conversation: int) -> None:
    """Otherwise a message would be on no page, or on two."""
    desk = getattr(school, side)
    found = [
        message
        for page in pages(partial(desk.pages.messages, E, conversation), limit=limit)
        for message in page.conversation.messages
    ]
    whole = desk.read_conversation(E, conversation)
    assert [evolve(one, read=True) for one in whole.messages] == [evolve(one, read=True) for one in reversed(found)]


@pytest.mark.rule("D-15a", "D-17a")
def test_what_was_not_shown_stays_unread(school: Scenario) -> None:
    """Otherwise a message that nobody has seen would lose its flag with the page above it."""

    def unread() -> int:
        return school.state(E).conversations[0].unread(Author.PATIENT)

    page = partial(school.room.pages.messages, E, 1)
    assert 6 == unread()
    first: ConversationPage = page(limit=4)
    assert (6, 6) == (first.conversation.unread, unread())
    school.desk.write(E, 1, "Mer")
    second = page(first.next, limit=2)
    assert 7 == unread()
    third = page(second.next, limit=3)
    assert 1 == unread()
    assert None is third.next
    assert [False] * 6 == [m.read for p in (first, second, third) for m in p.conversation.messages if m.by != "patient"]
    page(limit=1)
    assert 0 == unread()
    version = school.state(E).version
    page(limit=1)
    assert version == school.state(E).version


def test_a_conversation_is_opened_as_far_as_was_read_before(school: Scenario) -> None:
    """Otherwise a long conversation would have to be walked to its end again for every new message."""
    school.room.read_conversation(E, 1)
    school.desk.write(E, 1, "Mer")
    school.desk.write(E, 1, "Mer")
    school.room.pages.messages(E, 1, limit=2)
    talk = school.state(E).conversations[0]
    assert talk.from_therapist == talk.read_by_patient


@pytest.mark.rule("D-13b", "D-13d")
@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("limit", [1, 4, 6, 500])
def test_notifications_in_pages_are_the_notifications(school: Scenario, limit: int, newest_first: bool) -> None:
    """Otherwise the notification that could not be delivered would be on no page."""
    whole = school.desk.notifications(E)
    assert 6 == len(whole)
    found = walked(partial(school.desk.pages.notifications, E), limit=limit, newest_first=newest_first)
    assert list(whole[::-1] if newest_first else whole) == found


LOGGED: dict[str, tuple[dict[str, Any], Callable[[Any], bool]]] = {
    "all": ({}, lambda _: True),
    "person": ({"person": ANNA}, lambda e: e.person is not None and e.person.value == ANNA),
    "staff": ({"by": NURSE.hsa_id}, lambda e: e.by == NURSE.hsa_id),
    "nobody": ({"by": COORDINATOR.hsa_id}, lambda _: False),
    "enrolment": ({"enrolment_id": EnrolmentId("e-0002")}, lambda e: e.enrolment_id == "e-0002"),
    "no enrolment": ({"enrolment_id": EnrolmentId("purged")}, lambda _: False),
    "action": ({"action": "review"}, lambda e: e.action == "review"),
    "several": ({"action": "start", "person": BO}, lambda e: e.enrolment_id == "e-0002"),
}
"""Filters of the access log, each with the entries that it is for."""


@pytest.mark.rule("M-06", "D-21c")
@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("limit", [1, 7, 500])
@pytest.mark.parametrize("name", LOGGED)
def test_the_walk_through_the_access_log_ends(school: Scenario, name: str, limit: int, newest_first: bool) -> None:
    """Otherwise each look would add the line that the next look reads, for ever."""
    filters, is_wanted = LOGGED[name]
    log = school.storage.access_entries(UNIT)
    expected = [(number, entry) for number, entry in log if is_wanted(entry)]
    found = []
    for page in pages(school.office.pages.access_log, **filters, limit=limit, newest_first=newest_first):
        found += page.rows
        school.desk.review(E)
    assert (expected[::-1] if newest_first else expected) == found


@pytest.mark.rule("D-21c")
def test_the_access_log_of_a_time_is_from_its_first_instant_to_before_its_last(school: Scenario) -> None:
    """Otherwise two reports of two weeks would have a line both, or neither."""
    log = school.storage.access_entries(UNIT)
    instants = sorted({entry.at for _, entry in log})
    since, until = instants[2], instants[5]
    found = walked(school.office.pages.access_log, since=since, until=until, limit=2, newest_first=False)
    assert [(n, entry) for n, entry in log if since <= entry.at < until] == found


@pytest.mark.rule("M-16")
@pytest.mark.parametrize("newest_first", [True, False])
def test_a_form_is_found_in_a_timeline_of_many_portions(
    school: Scenario, newest_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the submissions of a long treatment would end with the first portion that is read."""
    whole = walked(timeline(school), form=PAIN, limit=2, newest_first=newest_first)
    monkeypatch.setattr(timeline_walk, "_PORTION", 2)
    assert whole == walked(timeline(school), form=PAIN, limit=2, newest_first=newest_first)
    assert len(whole) > 2
