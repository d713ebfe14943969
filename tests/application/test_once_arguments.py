"""The arguments of a call under a key are compared by what they hold, whatever holds them."""

from collections import deque
from datetime import date
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pytest

from digital_painschool.application.once import once_of
from digital_painschool.errors import InvalidValue, Reason
from digital_painschool.ports.storage import Enrolments
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import PATIENT
from tests.application.desk_calls import E, lived
from tests.scenario import refused


@pytest.mark.rule("D-24a")
@pytest.mark.parametrize(
    ("given", "same", "other"),
    [
        ({"modules": (1,)}, {"modules": {1}}, {"modules": {1, 2}}),
        ({"modules": {2, 1}}, {"modules": deque([1, 2])}, {"modules": deque([2])}),
        ({"modules": (1,)}, {"modules": deque([1])}, {"modules": deque()}),
    ],
    ids=["a set", "two sets", "a collection"],
)
def test_arguments_are_compared_by_what_they_hold(
    given: dict[str, Any], same: dict[str, Any], other: dict[str, Any]
) -> None:
    """Otherwise a host that sends a list for a tuple would get a refusal instead of its first result."""
    desk = lived().desk
    first = desk.maintain(E, days=365, **given, once="k")
    assert first == desk.maintain(E, days=365, **same, once="k")
    with refused("D-24a", Reason.KEY_OF_ANOTHER_CALL):
        desk.maintain(E, days=365, **other, once="k")


@pytest.mark.rule("D-24a")
def test_mappings_are_compared_by_what_they_hold() -> None:
    """Otherwise a form sent again as another mapping would be another submission, or none."""
    room = lived().room
    first = room.save_form(E, PAIN, MappingProxyType({"smarta": 3}), once="k")
    assert first == room.save_form(E, PAIN, {"smarta": 3}, once="k")
    with refused("D-24a", Reason.KEY_OF_ANOTHER_CALL):
        room.save_form(E, PAIN, MappingProxyType({"smarta": 4}), once="k")


@pytest.mark.rule("D-24a")
@pytest.mark.parametrize("odd", [b"3", object(), {"smarta": b"3"}, {3: 1, "3": 1}])
def test_an_argument_that_cannot_be_compared_is_refused(odd: Any) -> None:
    """Otherwise an error of the library's own insides would reach the host, with the argument in it."""
    with pytest.raises(InvalidValue, match="beside once is of a kind that no desk takes") as error:
        lived().room.save_form(E, PAIN, odd, once="k")
    assert error.value.__cause__ is error.value.__context__ is None


@pytest.mark.rule("D-24a")
def test_a_date_is_compared_with_its_text() -> None:
    """Otherwise a day sent as a date, and again as text, would be two contents."""
    asked = once_of("k", "save_form", answers={"dag": date(2026, 3, 2)})
    again = once_of("k", "save_form", answers={"dag": "2026-03-02"})
    other = once_of("k", "save_form", answers={"dag": date(2026, 3, 3)})
    assert asked
    assert again
    assert other
    school = lived()
    state = school.desk.enrolment(E)
    call = asked.completed(Action.SAVE_FORM, PATIENT, state)
    kept = SimpleNamespace(find_call=lambda _: call, load_timelines=school.storage.load_timelines)
    found = again.first_state(cast("Enrolments", kept), Action.SAVE_FORM, PATIENT, unit=state.unit, enrolment_id=E)
    assert state == found
    with refused("D-24a", Reason.KEY_OF_ANOTHER_CALL):
        other.first_state(cast("Enrolments", kept), Action.SAVE_FORM, PATIENT, unit=state.unit, enrolment_id=E)
