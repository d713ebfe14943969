"""What is written as data comes back as the same value, whatever version wrote it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digital_painschool.domain.enrolment import Conversation, Enrolment, FormCount, Phase
from digital_painschool.domain.events import Event, ModuleOpened, Started
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import (
    EndedEnrolment,
    ExportedFile,
    ExportReceipt,
    Held,
    PurgeDecision,
    PurgePlan,
    PurgeReceipt,
    Skip,
    Skipped,
)
from digital_painschool.errors import StorageError
from digital_painschool.serialization import serialization
from digital_painschool.serialization.serialization import (
    ENROLMENT_SHAPE,
    EVENT_KINDS,
    KIND_OF,
    content_from_data,
    enrolment_from_data,
    enrolment_to_data,
    event_from_data,
    event_to_data,
    from_data,
    instant_from_text,
    instant_to_text,
    shape_of,
    to_data,
)

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
NURSE = HsaId("SE2321000131-P000000123456")
UNIT = HsaId("SE2321000131-E000000000001")

# Only what a database can hold: no NUL, no half of a surrogate pair.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
numbers = st.integers(min_value=0, max_value=10**6)
instants = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - the zone comes from the strategy
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
hsa_ids = st.from_regex(r"SE[0-9]{10}-[A-Z0-9]{1,10}", fullmatch=True).map(HsaId)
persons = st.builds(
    PersonId, st.sampled_from(["personnummer", "vgr-reservnummer"]), st.from_regex("[0-9A-Z]{12}", fullmatch=True)
)

_STRATEGIES: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: numbers,
    bool: st.booleans(),
    datetime: instants,
    HsaId: hsa_ids,
    PersonId: persons,
    frozenset[int]: st.frozensets(numbers, max_size=12),
    tuple[str, ...]: st.lists(texts, max_size=3).map(tuple),
}


def values(class_: type[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for an attrs class by the types of its fields."""
    return st.builds(class_, **{field.name: of_type(field.type) for field in attrs.fields(class_)})


def of_type(type_: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the type of a field."""
    if type_ in _STRATEGIES:
        return _STRATEGIES[type_]
    if isinstance(type_, type) and issubclass(type_, Enum):
        return st.sampled_from(type_)
    if attrs.has(type_):
        return values(type_)
    arguments = get_args(type_)
    if type(None) in arguments:
        return st.none() | of_type(arguments[0])
    return st.lists(of_type(arguments[0]), max_size=3).map(tuple)


def through_json(data: Any) -> Any:
    """Return data as a database gives it back."""
    return json.loads(json.dumps(data))


@pytest.mark.parametrize("class_", get_args(Event), ids=lambda class_: class_.__name__)
@given(data=st.data())
def test_every_event_comes_back_as_it_was(class_: type[Event], data: st.DataObject) -> None:
    """Otherwise a timeline would tell later what did not happen."""
    event = data.draw(values(class_))
    kind = KIND_OF[class_]
    kept = through_json(event_to_data(event))
    assert event == event_from_data(kind, shape_of(kind), event.at, event.by, kept)


@given(values(Enrolment))
def test_every_state_comes_back_as_it_was(enrolment: Enrolment) -> None:
    """Otherwise a rule would judge a patient by what is not so."""
    assert enrolment == enrolment_from_data(through_json(enrolment_to_data(enrolment)))


@pytest.mark.parametrize(
    "value",
    [
        Profile(email=frozenset({FlagKind.PROGRAM_DONE, FlagKind.ENDING})),
        PurgePlan(
            id="plan-1",
            unit=UNIT,
            made_by=NURSE,
            made_at=AT,
            ended_before=AT,
            enrolments=(EndedEnrolment(enrolment_id="a", version=3, ended_at=AT, last_entry_at=AT, exported=3),),
            decision=PurgeDecision(reference="beslut 2037-4", by=NURSE, at=AT),
        ),
        PurgeReceipt(
            plan_id="plan-1",
            unit=UNIT,
            decision=PurgeDecision(reference="beslut 2037-4", by=NURSE, at=AT),
            purged_by=NURSE,
            purged_at=AT,
            purged=("a", "b"),
            skipped=(Skipped(enrolment_id="c", why=Skip.CHANGED),),
        ),
        ExportReceipt(
            id="export-1",
            unit=UNIT,
            exported_by=NURSE,
            exported_at=AT,
            enrolments=2,
            files=(ExportedFile(name="formular.csv", lines=4, sha256="ab" * 32, holds=(Held.ANSWERS, Held.TEXTS)),),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_other_value_comes_back_as_it_was(value: Any) -> None:
    """Otherwise a purge would rest on another plan than the one that was approved."""
    assert value == from_data(through_json(to_data(value)), type(value))


def test_the_receipt_of_an_older_export_is_read_and_says_that_it_holds_nothing_known() -> None:
    """Otherwise receipts from before an update would be lost, or count for what they may not hold."""
    data = {"id": "e", "unit": UNIT, "exported_by": NURSE, "exported_at": AT.isoformat(), "enrolments": 1}
    old = from_data({**data, "files": [{"name": "enrolments.jsonl", "lines": 1, "sha256": ""}]}, ExportReceipt)
    assert (frozenset(), False) == (old.holds, old.is_complete)


def test_every_event_has_a_kind_of_its_own() -> None:
    """Otherwise a new event could not be kept, or would be read back as another."""
    assert set(get_args(Event)) == set(KIND_OF)
    assert len(get_args(Event)) == len(EVENT_KINDS)


def test_the_kinds_are_the_ones_that_stand_in_databases() -> None:
    """Otherwise renaming one would make every stored timeline unreadable."""
    expected = (
        "started handed-over reviewed maintained access-ended ended module-opened module-completed module-released"
        " program-done form-saved form-read conversation-started conversation-renamed message-sent messages-read"
        " flag-handled notification-dropped notification-undelivered"
    )
    assert expected.split() == list(EVENT_KINDS)


def test_an_event_is_written_in_the_plainest_form() -> None:
    """Otherwise a person who opens the file, or a program in another language, could not read it."""
    event = Started(
        at=AT,
        by=NURSE,
        enrolment_id="a",
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
    }
    assert expected == event_to_data(event)


def test_a_state_leaves_out_what_is_at_its_default() -> None:
    """Otherwise every step would write and read three times as much as there is to say."""
    enrolment = Enrolment(
        id="a",
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
    assert (1, 26) == (ENROLMENT_SHAPE, len(attrs.fields(Enrolment)))


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
    monkeypatch.setitem(serialization.UPCASTERS, "module-opened", (_with_door, _in_order))
    assert 2 == shape_of("module-opened")
    assert ModuleOpened(at=AT, by="patient", module=3) == event_from_data("module-opened", shape, AT, "patient", data)


@pytest.mark.parametrize(
    ("kind", "shape"), [("room-entered", 0), ("ModuleOpened", 0), ("module-opened", 7), ("ended", -1)]
)
def test_what_a_newer_version_wrote_is_refused(kind: str, shape: int) -> None:
    """Otherwise an old worker would skip or misread what a new one has written."""
    with pytest.raises(StorageError, match="newer version"):
        event_from_data(kind, shape, AT, "patient", {"module": 3})


@pytest.mark.parametrize(
    "read",
    [
        lambda: event_from_data("module-opened", 0, AT, "patient", {"hemligt": 1}),
        lambda: enrolment_from_data({"id": "hemligt"}),
        lambda: enrolment_from_data({"hemligt": 1}),
        lambda: from_data({"email": ["hemligt"]}, Profile),
        lambda: from_data("hemligt", PurgePlan),
    ],
)
def test_what_does_not_fit_is_refused_without_showing_it(read: Callable[[], object]) -> None:
    """Otherwise a damaged row would surface as a foreign error, with personal data in it."""
    with pytest.raises(StorageError, match="cannot be read") as caught:
        read()
    assert "hemligt" not in str(caught.value)


@given(instants)
def test_an_instant_comes_back_and_sorts_as_text(at: datetime) -> None:
    """Otherwise a due time would be found too early or too late where instants are kept as text."""
    text = instant_to_text(at)
    later = instant_to_text(at + timedelta(microseconds=1))
    assert at == instant_from_text(text)
    assert UTC is instant_from_text(text).tzinfo
    assert 27 == len(text)
    assert text < later


def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    """Otherwise texts of two zones would not sort like time."""
    at = datetime(2026, 3, 2, 7, 0, tzinfo=timezone(timedelta(hours=1)))
    assert "2026-03-02T06:00:00.000000Z" == instant_to_text(at)
    assert AT == instant_from_text("2026-03-02T07:00:00+01:00")


@pytest.mark.parametrize(
    "content", ["", "Hej", {"smarta": 3, "timmar": 1.5, "var": ("axel", "rygg"), "datum": "2026-01-02"}]
)
def test_a_document_comes_back_as_it_was(content: Any) -> None:
    """Otherwise an answer would change its kind: 3.0 for 3, or a list that no form check knows."""
    assert content == content_from_data(through_json(content))
