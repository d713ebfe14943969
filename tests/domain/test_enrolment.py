"""The state: its parts, their counts, and what it says of parts that are not there."""

from inspect import Parameter, signature

import attrs
import pytest

from digital_painschool.domain.enrolment import (
    CaseloadCounts,
    Conversation,
    Enrolment,
    FormCount,
    ModuleReading,
    UnreadableEnrolment,
)
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Author
from digital_painschool.testing.environment import START
from digital_painschool.testing.people import NURSE, PERSON, UNIT


def test_the_counts_know_conversations_and_forms_that_are_not_there() -> None:
    """Otherwise conversation 0 would be the last one."""
    state = Enrolment(
        id=EnrolmentId("e-1"),
        version=2,
        person=PERSON,
        unit=UNIT,
        therapist=NURSE.hsa_id,
        program="smartskola",
        program_version="1",
        started_at=START,
        access_until=START,
        last_entry_at=START,
        conversations=(Conversation(number=1, heading=2),),
    )
    assert [None, None, None] == [state.conversation(number) for number in (0, -1, 2)]
    assert FormCount(form="okänt") == state.form("okänt")


@pytest.mark.parametrize(
    "kind", [FormCount, Conversation, ModuleReading, Enrolment, CaseloadCounts, UnreadableEnrolment]
)
def test_a_value_is_made_by_the_names_of_its_parts(kind: type) -> None:
    """Otherwise a part that is added in the middle would give the numbers behind it another meaning."""
    assert {Parameter.KEYWORD_ONLY} == {parameter.kind for parameter in signature(kind).parameters.values()}


def test_counts_begin_at_zero() -> None:
    """Otherwise something would wait, or call for attention, before anything has happened."""
    assert ("a", 0, 0, 0, (), ()) == attrs.astuple(FormCount(form="a"))
    assert (1, 2, 0, 0, 0, 0, (), 0, None, False) == attrs.astuple(Conversation(number=1, heading=2))
    assert (0, 0, False, 0, False, False, None) == attrs.astuple(CaseloadCounts())


@pytest.mark.rule("D-15a")
def test_what_waits_is_what_came_without_what_was_read_for_each_side() -> None:
    """Otherwise the number at the patient's name would be right only as long as it is small."""
    assert 3 == FormCount(form="a", saved=5, read=2).unread
    talk = Conversation(number=1, heading=2, from_patient=9, from_therapist=5, read_by_therapist=3, read_by_patient=2)
    assert (9, 5) == (talk.sent(Author.PATIENT), talk.sent(Author.THERAPIST))
    assert (2, 3) == (talk.read(Author.PATIENT), talk.read(Author.THERAPIST))
    assert (3, 6) == (talk.unread(Author.PATIENT), talk.unread(Author.THERAPIST))
