"""An event that was written as data comes back as the same event, whatever version wrote it."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digital_painschool.domain.events import AccessEnded, Event, FlagHandled, ModuleOpened, Started
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import StorageError
from digital_painschool.serialization import events
from digital_painschool.serialization.events import EVENT_KINDS, KIND_OF, event_from_data, event_to_data, shape_of
from digital_painschool.serialization.scalars import instant_to_text
from tests.serialization.strategies import AT, NURSE, UNIT, through_json, values


@pytest.mark.parametrize("class_", get_args(Event), ids=lambda class_: class_.__name__)
@given(data=st.data())
def test_every_event_comes_back_as_it_was(class_: type[Event], data: st.DataObject) -> None:
    """Otherwise a timeline would tell later what did not happen."""
    event = data.draw(values(class_))
    kind = KIND_OF[class_]
    kept = through_json(event_to_data(event))
    assert event == event_from_data(kind, shape_of(kind), event.at, event.by, kept)


def test_every_event_has_a_kind_of_its_own() -> None:
    """Otherwise a new event could not be kept, or would be read back as another."""
    assert set(get_args(Event)) == set(KIND_OF)
    assert len(get_args(Event)) == len(EVENT_KINDS)


def test_the_kinds_are_the_ones_that_stand_in_databases() -> None:
    """Otherwise renaming one would make every stored timeline unreadable."""
    expected = (
        "started handed-over reviewed maintained reactivated access-ended patient-silent access-ends-soon ended"
        " withdrawn module-opened page-read module-completed module-released program-done form-saved form-read"
        " conversation-started conversation-renamed message-sent messages-read flag-handled notification-dropped"
        " notification-undelivered notification-resolved"
    )
    assert expected.split() == list(EVENT_KINDS)


def test_an_event_is_written_in_the_plainest_form() -> None:
    """Otherwise a person who opens the file, or a program in another language, could not read it."""
    event = Started(
        at=AT,
        by=NURSE,
        enrolment_id=EnrolmentId("a"),
        person=PersonId("personnummer", "198507099805"),
        unit=UNIT,
        therapist=NURSE,
        program="smartskola",
        program_version="1",
        access_until=AT + timedelta(days=365),
    )
    expected = {
        "enrolment_id": "a",
        "person": {"scheme": "personnummer", "value": "198507099805"},
        "unit": "SE2321000131-E000000000001",
        "therapist": "SE2321000131-P000000123456",
        "program": "smartskola",
        "program_version": "1",
        "access_until": "2027-03-02T06:00:00.000000Z",
        "flagged": False,
    }
    assert expected == event_to_data(event)


def _with_door(data: dict[str, Any]) -> dict[str, Any]:
    return {"module": data["room"]}


def _in_order(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"out_of_order": False}


@pytest.mark.parametrize(
    ("shape", "data"),
    [(0, {"room": 3}), (1, {"module": 3}), (2, {"module": 3, "out_of_order": False})],
)
def test_an_older_shape_is_brought_up_to_date(
    monkeypatch: pytest.MonkeyPatch, shape: int, data: dict[str, Any]
) -> None:
    """Otherwise changing an event would mean rewriting ten years of timelines."""
    monkeypatch.setitem(events.UPCASTERS, "module-opened", (_with_door, _in_order))
    assert 2 == shape_of("module-opened")
    assert ModuleOpened(at=AT, by="patient", module=3) == event_from_data("module-opened", shape, AT, "patient", data)


def test_a_flag_that_was_handled_before_views_had_versions_was_handled_whole() -> None:
    """Otherwise what a therapist settled years ago would wait again."""
    handled = FlagHandled(at=AT, by="x", flag=FlagKind.UNDELIVERED, notifications=None)
    assert handled == event_from_data("flag-handled", 0, AT, "x", {"flag": "undelivered"})


@pytest.mark.rule("D-05d")
def test_an_end_of_access_from_before_units_could_keep_it_open_closed_it() -> None:
    """Otherwise the timeline would say of a patient who was shut out that they went on."""
    closed = AccessEnded(at=AT, by="system", access_until=AT, kept=False)
    assert closed == event_from_data("access-ended", 0, AT, "system", {"access_until": instant_to_text(AT)})


@pytest.mark.parametrize(
    ("kind", "shape"), [("room-entered", 0), ("ModuleOpened", 0), ("module-opened", 7), ("ended", -1)]
)
def test_what_a_newer_version_wrote_is_refused(kind: str, shape: int) -> None:
    """Otherwise an old worker would skip or misread what a new one has written."""
    with pytest.raises(StorageError, match="newer version"):
        event_from_data(kind, shape, AT, "patient", {"module": 3})
