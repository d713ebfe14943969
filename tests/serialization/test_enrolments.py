"""A state that was written as data comes back as the same state."""

import attrs
import pytest
from hypothesis import given

from digital_painschool.domain.enrolment import Conversation, Enrolment, FormCount, Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import PersonId
from digital_painschool.serialization.enrolments import ENROLMENT_SHAPE, enrolment_from_data, enrolment_to_data
from digital_painschool.serialization.scalars import truth
from tests.serialization.strategies import AT, NURSE, UNIT, through_json, values


@given(values(Enrolment))
def test_every_state_comes_back_as_it_was(enrolment: Enrolment) -> None:
    """Otherwise a rule would judge a patient by what is not so; rules compare a phase by `is`."""
    found = enrolment_from_data(through_json(enrolment_to_data(enrolment)))
    assert enrolment == found
    assert enrolment.phase is found.phase


def test_a_state_leaves_out_what_is_at_its_default() -> None:
    """Otherwise every step would write and read three times as much as there is to say."""
    enrolment = Enrolment(
        id=EnrolmentId("a"),
        version=4,
        person=PersonId("personnummer", "198507099805"),
        unit=UNIT,
        therapist=NURSE,
        program="smartskola",
        program_version="1",
        phase=Phase.MAINTENANCE,
        started_at=AT,
        access_until=AT,
        last_entry_at=AT,
        maintained=frozenset({11, 2}),
        forms=(FormCount(form="halsoskattning", saved=2),),
        conversations=(Conversation(number=1, heading=2),),
    )
    data = enrolment_to_data(enrolment)
    assert "maintenance" == data["phase"]
    assert [2, 11] == data["maintained"]
    assert [{"form": "halsoskattning", "saved": 2}] == data["forms"]
    assert [{"number": 1, "heading": 2}] == data["conversations"]
    assert not {"opened", "done_at", "ended_at", "undelivered"} & set(data)


def test_the_shape_of_the_state_is_raised_with_the_state() -> None:
    """Otherwise cached states of an older version would be read without what they lack; raise both together."""
    assert (5, 37) == (ENROLMENT_SHAPE, len(attrs.fields(Enrolment)))


def test_a_stored_truth_is_no_number() -> None:
    """Otherwise a row that was changed by hand would be read as what it never was."""
    with pytest.raises(TypeError):
        truth(1)
    assert True is truth(True)
