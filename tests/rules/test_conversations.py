"""Conversations: headings, messages both ways, and what has been read."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from digital_painschool.domain.enrolment import Conversation
from digital_painschool.domain.events import ConversationRenamed, ConversationStarted, Event, MessageSent, MessagesRead
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Author
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import InvalidValue, Reason
from digital_painschool.rules.conversations import read, rename, send, start_conversation
from digital_painschool.rules.flags import Flag
from digital_painschool.rules.lifecycle import end
from digital_painschool.testing.environment import INSTANT, START
from digital_painschool.testing.people import NURSE, PATIENT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import TERMS, folded, refused, started

LATER = START + timedelta(hours=1)


@pytest.mark.rule("M-10")
def test_both_sides_can_begin_and_go_on_with_a_conversation() -> None:
    """Otherwise one side could only answer, or only ask."""
    school = Scenario()
    id_ = school.start()
    assert 1 == school.desk.start_conversation(id_, "Hej").conversation
    assert 1 == school.room.write(id_, "Hej själv", conversation=1).conversation
    assert 2 == school.room.write(id_, "En fråga").conversation
    school.desk.write(id_, 2, "Ett svar")
    first = school.desk.read_conversation(id_, 1)
    assert [(Author.THERAPIST, "Hej"), (Author.PATIENT, "Hej själv")] == [(m.author, m.text) for m in first.messages]
    second = school.room.read_conversation(id_, 2)
    assert [("patient", "En fråga"), (NURSE.hsa_id, "Ett svar")] == [(m.by, m.text) for m in second.messages]


@pytest.mark.rule("M-10")
def test_reading_makes_the_other_side_s_messages_read_and_only_those() -> None:
    """Otherwise a side's own messages would wait for itself, or the other's never be settled."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej")
    school.room.write(id_, "Hej själv", conversation=1)
    assert 1 == school.room.overview(id_).unread_messages
    assert [1] == [flag.unread for flag in school.desk.to_handle(id_)]
    assert 1 == school.room.read_conversation(id_, 1).unread
    assert 0 == school.room.overview(id_).unread_messages
    assert [1] == [flag.unread for flag in school.desk.to_handle(id_)]
    assert 1 == school.desk.read_conversation(id_, 1).unread
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


@pytest.mark.rule("M-11")
def test_the_unit_s_own_default_heading_holds_for_both_sides() -> None:
    """Otherwise a unit that writes to its patients in another way could not say so."""
    school = Scenario(policy=Policy(heading="Fråga till enheten"))
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej")
    school.room.write(id_, "Hej")
    assert ["Fråga till enheten"] * 2 == [view.heading for view in school.desk.conversations(id_)]


@pytest.mark.rule("M-11")
def test_a_heading_is_neither_empty_nor_longer_than_the_limit() -> None:
    """Otherwise the list of conversations would show nothing, or everything."""
    enrolment = started()
    talking = folded(enrolment, start_conversation(enrolment, TERMS, "Hej", "x" * 120, by=NURSE, at=LATER))
    for heading, reason in (("", Reason.EMPTY_TEXT), (" \n", Reason.EMPTY_TEXT), ("x" * 121, Reason.TEXT_TOO_LONG)):
        with refused("M-11", reason):
            start_conversation(enrolment, TERMS, "Hej", heading, by=NURSE, at=LATER)
        with refused("M-11", reason):
            rename(talking, TERMS, 1, heading, by=NURSE, at=LATER)


@pytest.mark.rule("M-12")
@pytest.mark.parametrize("notify", Notify)
def test_the_therapist_chooses_for_each_message_how_the_patient_is_told(notify: Notify) -> None:
    """Otherwise the choice would be lost between the screen and the timeline."""
    enrolment = started()
    begun, sent = start_conversation(enrolment, TERMS, "Hej", "Rubrik", notify=notify, by=NURSE, at=LATER)
    assert [ConversationStarted, MessageSent] == [type(begun), type(sent)]
    assert isinstance(sent, MessageSent)
    assert notify is sent.notify


@pytest.mark.rule("M-12")
@pytest.mark.parametrize("notify", [Notify.DIRECT, Notify.COLLECTED])
def test_a_patient_s_message_asks_for_no_notification(notify: Notify) -> None:
    """Otherwise patients would be notified of what they wrote themselves."""
    with refused("M-12", Reason.ONLY_MESSAGES_TO_THE_PATIENT_NOTIFY):
        start_conversation(started(), TERMS, "Hej", "Rubrik", notify=notify, by=PATIENT, at=LATER)


@pytest.mark.rule("M-12")
def test_notify_is_one_of_its_three_values() -> None:
    """Otherwise a text from a form field would count as no notification, in silence."""
    with pytest.raises(InvalidValue):
        start_conversation(started(), TERMS, "Hej", "Rubrik", notify="direct", by=NURSE, at=LATER)  # type: ignore[arg-type]


@pytest.mark.rule("M-10")
def test_a_message_is_neither_empty_nor_longer_than_the_limit() -> None:
    """Otherwise an empty message would raise a flag, or one without end fill the storage."""
    school = Scenario()
    id_ = school.start()
    school.room.write(id_, "x" * 10_000)
    for text, reason in (("", Reason.EMPTY_TEXT), (" \t\n", Reason.EMPTY_TEXT), ("x" * 10_001, Reason.TEXT_TOO_LONG)):
        with school.unchanged(), refused("M-10", reason):
            school.room.write(id_, text)
        with school.unchanged(), refused("M-10", reason):
            school.desk.write(id_, 1, text)


@pytest.mark.rule("M-10")
@pytest.mark.parametrize("number", [0, -1, 2, 10**9])
def test_a_conversation_that_does_not_exist_is_refused(number: int) -> None:
    """Otherwise conversation 0 would be the last one."""
    enrolment = started()
    talking = folded(enrolment, start_conversation(enrolment, TERMS, "Hej", "Rubrik", by=NURSE, at=LATER))
    steps: tuple[Callable[[], object], ...] = (
        lambda: send(talking, TERMS, number, "Hej", by=PATIENT, at=LATER),
        lambda: rename(talking, TERMS, number, "Ny", by=PATIENT, at=LATER),
        lambda: read(talking, TERMS, number, 0, by=PATIENT, at=LATER),
    )
    for step in steps:
        with refused("M-10", Reason.UNKNOWN_CONVERSATION, conversation=number):
            step()


@pytest.mark.rule("D-15a")
def test_a_message_that_came_after_the_view_was_drawn_stays_unread() -> None:
    """Otherwise a message could be settled that nobody has seen."""
    enrolment = started()
    for text in ("ett", "två"):
        events = (
            send(enrolment, TERMS, 1, text, by=PATIENT, at=LATER)
            if enrolment.conversations
            else start_conversation(enrolment, TERMS, text, "Rubrik", by=PATIENT, at=LATER)
        )
        enrolment = folded(enrolment, events)
    (event,) = read(enrolment, TERMS, 1, 1, by=NURSE, at=LATER)
    assert MessagesRead(at=LATER, by=NURSE.hsa_id, conversation=1, reader=Author.THERAPIST, up_to=1) == event
    after = folded(enrolment, [event])
    assert 1 == after.conversations[0].unread(Author.THERAPIST)
    assert () == read(after, TERMS, 1, 1, by=NURSE, at=LATER)
    assert () == read(after, TERMS, 1, 0, by=NURSE, at=LATER)
    for beyond in (3, -1):
        with refused("D-15a", Reason.NO_SUCH_MESSAGE, conversation=1):
            read(after, TERMS, 1, beyond, by=NURSE, at=LATER)


@pytest.mark.rule("D-15a")
def test_one_can_read_up_to_the_last_message_of_the_other_side_and_no_further() -> None:
    """Otherwise the next message would be read before it is written, or the last could never be settled."""
    enrolment = folded(started(), start_conversation(started(), TERMS, "1", "Rubrik", by=PATIENT, at=LATER))
    for text in "2345":
        enrolment = folded(enrolment, send(enrolment, TERMS, 1, text, by=PATIENT, at=LATER))
    enrolment = folded(enrolment, read(enrolment, TERMS, 1, 2, by=NURSE, at=LATER))
    assert 3 == enrolment.conversations[0].unread(Author.THERAPIST)
    assert [3, 4, 5] == [read(enrolment, TERMS, 1, n, by=NURSE, at=LATER)[0].up_to for n in (3, 4, 5)]  # type: ignore[union-attr]
    with refused("D-15a", Reason.NO_SUCH_MESSAGE, conversation=1):
        read(enrolment, TERMS, 1, 6, by=NURSE, at=LATER)


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
    expected = Flag(kind=FlagKind.MESSAGE_RECEIVED, conversation=1, unread=2, total=2)
    assert (expected,) == school.desk.to_handle(id_)


@pytest.mark.rule("D-18a")
def test_in_maintenance_the_patient_reads_old_conversations_and_writes_nothing() -> None:
    """Otherwise a patient would write to somebody who does not look any more, or lose what was said."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej")
    school.desk.maintain(id_, days=30, modules=(1,))
    assert ["Hej"] == [message.text for message in school.room.read_conversation(id_, 1).messages]
    for step in (
        lambda: school.room.write(id_, "Hej"),
        lambda: school.room.write(id_, "Hej", conversation=1),
        lambda: school.room.rename_conversation(id_, 1, "Ny"),
    ):
        with school.unchanged(), refused("M-18", Reason.READ_ONLY_IN_MAINTENANCE):
            step()
    school.desk.write(id_, 1, "Lycka till")
    assert 1 == school.room.overview(id_).unread_messages


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
    enrolment = started()
    talking = folded(enrolment, start_conversation(enrolment, TERMS, "Hej", "Rubrik", by=NURSE, at=LATER))
    assert 1 == len(read(talking, TERMS, 1, 1, by=PATIENT, at=talking.access_until - INSTANT))
    with refused("D-05a", Reason.ACCESS_IS_OVER):
        read(talking, TERMS, 1, 1, by=PATIENT, at=talking.access_until)
    assert 0 == len(read(talking, TERMS, 1, 0, by=NURSE, at=talking.access_until))


@pytest.mark.rule("D-19a")
def test_after_the_end_the_therapist_can_read_and_that_changes_nothing() -> None:
    """Otherwise a purge would be put off by each look, or the record be closed to those who must answer for it."""
    school = Scenario()
    id_ = school.start()
    school.room.write(id_, "Hej")
    school.desk.end(id_, reason="klar")
    with school.unchanged():
        assert 1 == school.desk.read_conversation(id_, 1).unread
    enrolment = started()
    assert () == read(
        folded(folded(enrolment, start_conversation(enrolment, TERMS, "Hej", "R", by=PATIENT, at=LATER)), ended()),
        TERMS,
        1,
        1,
        by=NURSE,
        at=LATER,
    )


def ended() -> tuple[Event, ...]:
    """Return the event of an ending."""
    return end(started(), TERMS, "klar", by=NURSE, at=LATER)


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
