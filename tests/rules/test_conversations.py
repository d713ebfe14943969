"""Conversations: headings, messages both ways, and what has been read."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from digital_painschool import SentMessage
from digital_painschool.codes import ValueReason
from digital_painschool.domain.enrolment import Conversation, Enrolment
from digital_painschool.domain.events import ConversationRenamed, ConversationStarted, Event, MessageSent, MessagesRead
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor, Author, Patient
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import InvalidValue, Reason
from digital_painschool.labels.lookup import label
from digital_painschool.rules.conversations import read, rename, send, start_conversation
from digital_painschool.rules.flags import Flag
from digital_painschool.rules.lifecycle import end
from digital_painschool.testing.contracts.changes import converse
from digital_painschool.testing.environment import INSTANT, START
from digital_painschool.testing.people import NURSE, PATIENT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import TERMS, folded, refused, started

LATER = START + timedelta(hours=1)


def begun(by: Actor | Patient = NURSE) -> Enrolment:
    """Return an enrolment with a conversation that somebody began."""
    return folded(started(), start_conversation(started(), TERMS, "Hej", "Rubrik", by=by, at=LATER))


@pytest.mark.rule("M-10")
def test_both_sides_can_begin_and_go_on_with_a_conversation() -> None:
    """Otherwise one side could only answer, or a portal could not show the message that it has just sent."""
    school = Scenario()
    id_ = school.start()
    for sent, conversation, number in (
        (school.desk.start_conversation(id_, "Hej"), 1, 1),
        (school.room.write(id_, "Hej själv", conversation=1), 1, 1),
        (school.desk.write(id_, 1, "Hur går det?"), 1, 2),
        (school.room.write(id_, "En fråga"), 2, 1),
        (school.desk.write(id_, 2, "Ett svar"), 2, 1),
        (school.room.write(id_, "Bra", conversation=1), 1, 2),
    ):
        assert SentMessage(conversation=conversation, number=number) == sent
    first = [(m.author, m.number, m.text) for m in school.desk.read_conversation(id_, 1).messages]
    ours, theirs = Author.THERAPIST, Author.PATIENT
    assert [(ours, 1, "Hej"), (theirs, 1, "Hej själv"), (ours, 2, "Hur går det?"), (theirs, 2, "Bra")] == first
    second = school.room.read_conversation(id_, 2)
    assert [("patient", "En fråga"), (NURSE.hsa_id, "Ett svar")] == [(m.by, m.text) for m in second.messages]


@pytest.mark.rule("M-10")
def test_reading_makes_the_other_side_s_messages_read_and_only_those() -> None:
    """Otherwise a side's own messages would wait for itself, or the other's never be settled."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "ett")
    for text in ("två", "tre"):
        school.desk.write(id_, 1, text)
    school.room.write(id_, "svar", conversation=1)
    assert [3] == [conversation.unread for conversation in school.room.conversations(id_)]
    assert [1] == [conversation.unread for conversation in school.desk.conversations(id_)]
    assert 3 == school.room.overview(id_).unread_messages
    assert [1] == [flag.unread for flag in school.desk.to_handle(id_)]
    view = school.room.read_conversation(id_, 1)
    read = {author: {message.read for message in view.messages if message.author is author} for author in Author}
    assert (3, {Author.PATIENT: {False}, Author.THERAPIST: {False}}) == (view.unread, read)
    assert 0 == school.room.overview(id_).unread_messages
    assert [1] == [flag.unread for flag in school.desk.to_handle(id_)]
    seen = school.desk.read_conversation(id_, 1)
    assert (1, [True, True, True, False]) == (seen.unread, [message.read for message in seen.messages])
    assert () == school.desk.to_handle(id_)
    with school.unchanged():
        assert 0 == school.desk.read_conversation(id_, 1).unread


@pytest.mark.rule("M-11")
def test_the_heading_is_min_konversation_and_can_be_changed_by_both() -> None:
    """Otherwise every conversation would be called the same for ever."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej")
    assert ["Min konversation"] == [view.heading for view in school.desk.conversations(id_)]
    school.desk.rename_conversation(id_, 1, "Om sömnen")
    assert ["Om sömnen"] == [view.heading for view in school.room.conversations(id_)]
    school.room.rename_conversation(id_, 1, "Om natten")
    assert "Om natten" == school.desk.read_conversation(id_, 1).heading
    school.room.write(id_, "Hej", heading="Ny fråga")
    assert ["Om natten", "Ny fråga"] == [view.heading for view in school.desk.conversations(id_)]


@pytest.mark.rule("M-12")
@pytest.mark.parametrize("notify", [*Notify, "direct"])
def test_the_therapist_chooses_for_each_message_how_the_patient_is_told(notify: Any) -> None:
    """Otherwise the choice would be lost, be none in silence, or patients be told of what they wrote themselves."""

    def start(by: Actor | Patient) -> tuple[Event, ...]:
        return start_conversation(started(), TERMS, "Hej", "Rubrik", notify=notify, by=by, at=LATER)

    if not isinstance(notify, Notify):
        with pytest.raises(InvalidValue):
            start(NURSE)
        return
    begins, sent = start(NURSE)
    assert [ConversationStarted, MessageSent] == [type(begins), type(sent)]
    assert isinstance(sent, MessageSent)
    assert notify is sent.notify
    if notify is not Notify.NONE:
        with refused("M-12", Reason.ONLY_MESSAGES_TO_THE_PATIENT_NOTIFY):
            start(PATIENT)


UNSEEN = ("\u200b", "\u2060\ufeff", "\u200d \u00ad", "\u202e", "\x1b\x08", "\u3164", "\u2800", "\ue000")
"""Texts of which nothing is seen."""
STEERING = ("a\nb", "a\tb", "a\u2028b", "\u202eabc", "abc\u2066", "\x1b[2J", "a\x08b", "a\x7f", "a\x85b", "Ny\r\n")
"""Lines that hold what a screen obeys."""


@pytest.mark.rule("M-11", "D-24d")
@pytest.mark.parametrize("heading", STEERING)
def test_a_heading_is_one_line_of_what_is_shown(heading: str) -> None:
    """Otherwise a heading would break the list that it stands in, turn its direction, or clear an operator's screen."""
    school = Scenario()
    id_ = school.start()
    school.room.write(id_, heading, heading="Sömn \U0001f469\u200d\U0001f467")
    steps: tuple[Callable[[], object], ...] = (
        lambda: school.room.write(id_, "Hej", heading=heading),
        lambda: school.room.rename_conversation(id_, 1, heading),
        lambda: school.desk.start_conversation(id_, "Hej", heading=heading),
        lambda: school.desk.rename_conversation(id_, 1, heading),
    )
    for step in steps:
        with school.unchanged(), pytest.raises(InvalidValue) as broken:
            step()
        assert ValueReason.HIDDEN_CHARACTER is broken.value.reason
        assert heading not in str(broken.value)
        assert "rad" in label(broken.value)


@pytest.mark.rule("M-10", "M-11")
def test_a_text_that_an_earlier_version_took_is_read_as_it_is() -> None:
    """Otherwise a conversation could not be read any more that a patient has written in."""
    school = Scenario()
    id_ = school.start()
    change = converse(school.state(id_), at=school.now)
    school.storage.save(evolve(change, documents={change.before + 1: "a\nb", change.before + 2: "\u200b"}))
    [shown] = school.room.conversations(id_)
    assert "a\nb" == shown.heading
    assert ["\u200b"] == [message.text for message in school.desk.read_conversation(id_, 1).messages]


@pytest.mark.rule("M-10", "M-11")
@pytest.mark.parametrize(("rule", "limit"), [("M-10", 10_000), ("M-11", 120)])
def test_a_message_and_a_heading_are_neither_empty_nor_longer_than_the_limit(rule: str, limit: int) -> None:
    """Otherwise an empty message would raise a flag, one without end fill the storage, and a list show nothing."""
    school = Scenario()
    id_ = school.start()
    school.room.write(id_, "x" * 10_000, heading="x" * 120)
    steps: dict[str, tuple[Callable[[str], object], ...]] = {
        "M-10": (lambda text: school.room.write(id_, text), lambda text: school.desk.write(id_, 1, text)),
        "M-11": (
            lambda text: school.room.write(id_, "Hej", heading=text),
            lambda text: school.desk.rename_conversation(id_, 1, text),
        ),
    }
    for text, reason in (
        ("", Reason.EMPTY_TEXT),
        (" \t\n", Reason.EMPTY_TEXT),
        *((unseen, Reason.EMPTY_TEXT) for unseen in UNSEEN),
        ("x" * (limit + 1), Reason.TEXT_TOO_LONG),
    ):
        for step in steps[rule]:
            with school.unchanged(), refused(rule, reason):
                step(text)


@pytest.mark.rule("M-10")
@pytest.mark.parametrize("number", [0, -1, 2, 10**9])
def test_a_conversation_that_does_not_exist_is_refused(number: int) -> None:
    """Otherwise conversation 0 would be the last one."""
    steps: tuple[Callable[..., object], ...] = (
        partial(send, text="Hej"),
        partial(rename, heading="Ny"),
        partial(read, up_to=0),
    )
    for step in steps:
        with refused("M-10", Reason.UNKNOWN_CONVERSATION, conversation=number):
            step(begun(), TERMS, number, by=PATIENT, at=LATER)


@pytest.mark.rule("D-15a")
def test_one_can_read_up_to_the_last_message_that_the_view_showed_and_no_further() -> None:
    """Otherwise a message could be settled that nobody has seen, or the last one never be."""
    enrolment = begun(PATIENT)
    for text in "2345":
        enrolment = folded(enrolment, send(enrolment, TERMS, 1, text, by=PATIENT, at=LATER))
    (event,) = read(enrolment, TERMS, 1, 2, by=NURSE, at=LATER)
    assert MessagesRead(at=LATER, by=NURSE.hsa_id, conversation=1, reader=Author.THERAPIST, up_to=2) == event
    enrolment = folded(enrolment, [event])
    assert 3 == enrolment.conversations[0].unread(Author.THERAPIST)
    marks = [read(enrolment, TERMS, 1, number, by=NURSE, at=LATER) for number in range(6)]
    assert [[], [], [], [3], [4], [5]] == [[event.up_to for event in events] for events in marks]  # type: ignore[union-attr]
    for beyond in (6, -1):
        with refused("D-15a", Reason.NO_SUCH_MESSAGE, conversation=1):
            read(enrolment, TERMS, 1, beyond, by=NURSE, at=LATER)


@pytest.mark.rule("M-10")
def test_conversations_and_each_side_s_messages_are_numbered_from_1_without_gap() -> None:
    """Otherwise two messages would share a number, and reading one would settle the other."""
    enrolment = started()
    for number in range(1, 6):
        events = start_conversation(enrolment, TERMS, "Hej", "Rubrik", by=NURSE, at=LATER)
        assert [number, number] == [event.conversation for event in events]  # type: ignore[union-attr]
        enrolment = folded(enrolment, events)
    for by in (NURSE, PATIENT):
        numbers = []
        for _ in range(5):
            (event,) = send(enrolment, TERMS, 5, "Hej", by=by, at=LATER)
            assert isinstance(event, MessageSent)
            numbers.append(event.number)
            enrolment = folded(enrolment, [event])
        assert ([2, 3, 4, 5, 6] if by is NURSE else [1, 2, 3, 4, 5]) == numbers


@pytest.mark.rule("D-17a")
def test_a_message_from_the_patient_is_a_flag() -> None:
    """Otherwise a question would wait until somebody looks by chance."""
    school = Scenario()
    id_ = school.start()
    for text in ("ett", "två"):
        school.room.write(id_, text, conversation=1 if text == "två" else None)
    expected = Flag(kind=FlagKind.MESSAGE_RECEIVED, since=school.now, conversation=1, unread=2, total=2)
    assert (expected,) == school.desk.to_handle(id_)


@pytest.mark.rule("D-05a")
def test_when_access_is_over_nobody_writes_what_nobody_can_read() -> None:
    """Otherwise a therapist would believe to have told the patient something."""
    school = Scenario()
    id_ = school.start()
    school.room.write(id_, "Hej")
    school.now = school.state(id_).access_until
    for step in (
        lambda: school.desk.write(id_, 1, "Hej"),
        lambda: school.room.write(id_, "Hej"),
        lambda: school.room.read_conversation(id_, 1),
        lambda: school.room.conversations(id_),
    ):
        with school.unchanged(), refused("D-05a", Reason.ACCESS_IS_OVER):
            step()
    assert ["Hej"] == [message.text for message in school.desk.read_conversation(id_, 1).messages]


@pytest.mark.rule("D-05a")
def test_the_patient_takes_note_of_messages_until_access_is_over() -> None:
    """Otherwise a portal that asks the rule alone would count as read what the patient may not see any more."""
    over = begun().access_until
    assert 1 == len(read(begun(), TERMS, 1, 1, by=PATIENT, at=over - INSTANT))
    with refused("D-05a", Reason.ACCESS_IS_OVER):
        read(begun(), TERMS, 1, 1, by=PATIENT, at=over)
    assert () == read(begun(), TERMS, 1, 0, by=NURSE, at=over)


@pytest.mark.rule("D-19a")
def test_after_the_end_the_therapist_can_read_and_that_changes_nothing() -> None:
    """Otherwise a purge would be put off by each look, or a list count for ever what nobody can mark."""
    school = Scenario()
    id_ = school.start()
    school.room.write(id_, "Hej")
    school.desk.end(id_, reason="klar")
    with school.unchanged():
        page = school.desk.pages.conversations(id_)
        assert page.head is not None
        assert (0, [0]) == (page.head.counts.unread_messages, [one.unread for one in page.rows])
        for shown in (school.desk.read_conversation(id_, 1), school.desk.pages.messages(id_, 1).conversation):
            assert (0, [False]) == (shown.unread, [message.read for message in shown.messages])
    over = folded(begun(PATIENT), end(begun(PATIENT), TERMS, "klar", by=NURSE, at=LATER))
    assert () == read(over, TERMS, 1, 1, by=NURSE, at=LATER)


@pytest.mark.rule("M-16")
def test_texts_are_never_in_an_event_or_a_repr() -> None:
    """Otherwise the timeline, and every log of it, would hold what a patient confided."""
    school = Scenario()
    id_ = school.start()
    school.room.write(id_, "hemlig text", heading="hemlig rubrik")
    school.desk.rename_conversation(id_, 1, "hemlig ny")
    assert "hemlig" not in repr(school.events(id_))
    assert "hemlig" not in repr(school.desk.read_conversation(id_, 1))
    assert "hemlig" not in repr(school.desk.conversations(id_))
    (message,) = school.desk.read_conversation(id_, 1).messages
    assert "Message(author='patient', number=1, text=****)" == repr(message)
    assert isinstance(school.events(id_)[3], ConversationRenamed)
    assert isinstance(school.state(id_).conversations[0], Conversation)
