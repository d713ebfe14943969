"""Bad input at every public call of every desk: a typed refusal, and nothing is changed."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from digital_painschool.application.caseload import Cursor
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import InvalidIdentity, InvalidValue, PainSchoolError, StorageError
from digital_painschool.testing.environment import START
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA
from digital_painschool.testing.scenario import Scenario

NO_IDS: list[Any] = [
    "",
    "okänd",
    "e-9999",
    "x" * 10_000,
    "e-0001\n",
    "\x00",
    "\ud800",
    "e-0001'; --",
    None,
    1,
    b"e-0001",
]
NO_NUMBERS: list[Any] = [0, -1, 10**9, 10**30, 10**5000, True, False, 1.0, "1", None, [1]]
NO_TEXTS: list[Any] = ["", " \n", "x" * 10_001, "x" * 1_000_001, "\x00", "\ud800", None, 5, b"x", ["x"], {}]
NO_KEYS: list[Any] = ["", "okänt", "x" * 1_000_001, "\x00", None, 5, b"x", ["x"], {}, set()]
NO_HSA_IDS: list[Any] = ["", "SE", "SE2321000131-P000000123456\n", None, 5, "patient"]
NO_ANSWERS: list[Any] = [
    None,
    [],
    "smarta",
    {},
    {"smarta": None},
    {"smarta": 11},
    {"smarta": -1},
    {"smarta": True},
    {"smarta": 10**30},
    {"smarta": 10**5000},
    {"smarta": float("nan")},
    {"smarta": "5"},
    {"smarta": [5]},
    {"smarta": 5, "okänd": 1},
    {"smarta": datetime(2026, 3, 2)},  # noqa: DTZ001 - that is the point
    {5: 5},
    {"smarta": "x" * 1_000_001},
    {str(number): number for number in range(2_000)},
]
NO_PERSONS: list[Any] = [
    PersonId("personnummer", "198507099806"),
    PersonId("samordningsnummer", ANNA),
    PersonId("personnummer", "ABCDEFGHIJKL"),
]
NO_FLAGS: list[Any] = ["program-done", None, 5, [], {}]

Call = Callable[[Scenario, str, Any], object]
CALLS: dict[str, tuple[Call, list[Any]]] = {
    "desk.start number": (
        lambda s, _, x: s.desk.start(x, program="somnskola"),
        ["", "x" * 10**6, "198507099806", "\ud800", "19850709-9805x", *NO_PERSONS],
    ),
    "desk.start program": (lambda s, _, x: s.desk.start("200002292399", program=x), NO_KEYS),
    "desk.start therapist": (
        lambda s, _, x: s.desk.start("200002292399", program="smartskola", therapist=x),
        [x for x in NO_HSA_IDS if x is not None],
    ),
    "desk.start by an administrator without a therapist": (
        lambda s, _, x: s.coordinator.start("200002292399", program="smartskola", therapist=x),
        [None],
    ),
    "desk.identify": (lambda s, _, x: s.desk.identify(x), ["", "x", "198507099806", *NO_PERSONS]),
    "desk.find": (lambda s, _, x: s.desk.find(x), ["", "x", "198507099806", "x" * 10**6, "\ud800", *NO_PERSONS]),
    "desk.caseload after": (lambda s, _, x: s.desk.caseload(x), ["", 5, (2, "e-0001"), {}, []]),
    "desk.caseload limit": (lambda s, _, x: s.desk.caseload(limit=x), [0, -1, 501, 10**9, True, 1.0, "1", None]),
    "desk.unit_caseload limit": (lambda s, _, x: s.coordinator.unit_caseload(limit=x), [0, 501, True, None]),
    "desk.enrolment": (lambda s, _, x: s.desk.enrolment(x), NO_IDS),
    "desk.program": (lambda s, _, x: s.desk.program(x), NO_IDS),
    "desk.end_reasons": (lambda s, _, x: s.desk.end_reasons(x), NO_IDS),
    "desk.next_module": (lambda s, _, x: s.desk.next_module(x), NO_IDS),
    "desk.to_handle": (lambda s, _, x: s.desk.to_handle(x), NO_IDS),
    "desk.open_form id": (lambda s, _, x: s.desk.open_form(x, PAIN), NO_IDS),
    "desk.open_form form": (lambda s, id_, x: s.desk.open_form(id_, x), NO_KEYS),
    "desk.answers form": (lambda s, id_, x: s.desk.answers(id_, x), NO_KEYS),
    "desk.mark_read id": (lambda s, _, x: s.desk.mark_read(x, PAIN), NO_IDS),
    "desk.mark_read form": (lambda s, id_, x: s.desk.mark_read(id_, x), NO_KEYS),
    "desk.mark_read up_to": (
        lambda s, id_, x: s.desk.mark_read(id_, PAIN, up_to=x),
        [-1, 2, 10**9, 10**5000, True, 1.0, "1", [1]],
    ),
    "desk.mark_read opened": (lambda s, id_, x: s.desk.mark_read(id_, PAIN, opened=x), [None, "ja", 1, []]),
    "desk.mark_handled id": (lambda s, _, x: s.desk.mark_handled(x, "program-done"), NO_IDS),  # type: ignore[arg-type]
    "desk.mark_handled flag": (lambda s, id_, x: s.desk.mark_handled(id_, x), NO_FLAGS),
    "desk.conversations": (lambda s, _, x: s.desk.conversations(x), NO_IDS),
    "desk.read_conversation": (lambda s, id_, x: s.desk.read_conversation(id_, x), NO_NUMBERS),
    "desk.start_conversation text": (lambda s, id_, x: s.desk.start_conversation(id_, x), NO_TEXTS),
    "desk.start_conversation heading": (
        lambda s, id_, x: s.desk.start_conversation(id_, "Hej", heading=x),
        [x for x in NO_TEXTS if x is not None],
    ),
    "desk.start_conversation notify": (
        lambda s, id_, x: s.desk.start_conversation(id_, "Hej", notify=x),
        ["direct", None, True, 1],
    ),
    "desk.write id": (lambda s, _, x: s.desk.write(x, 1, "Hej"), NO_IDS),
    "desk.write conversation": (lambda s, id_, x: s.desk.write(id_, x, "Hej"), NO_NUMBERS),
    "desk.write text": (lambda s, id_, x: s.desk.write(id_, 1, x), NO_TEXTS),
    "desk.rename_conversation number": (lambda s, id_, x: s.desk.rename_conversation(id_, x, "Ny"), NO_NUMBERS),
    "desk.rename_conversation heading": (lambda s, id_, x: s.desk.rename_conversation(id_, 1, x), NO_TEXTS),
    "desk.timeline id": (lambda s, _, x: s.desk.timeline(x), NO_IDS),
    "desk.timeline kinds": (lambda s, id_, x: s.desk.timeline(id_, x), ["form-saved", 5, [str], [None], [[]], {1: 2}]),
    "desk.timeline form": (
        lambda s, id_, x: s.desk.timeline(id_, form=x),
        [x for x in NO_KEYS if x is not None],
    ),
    "desk.notifications": (lambda s, _, x: s.desk.notifications(x), NO_IDS),
    "desk.review": (lambda s, _, x: s.desk.review(x), NO_IDS),
    "desk.hand_over id": (lambda s, _, x: s.coordinator.hand_over(x, "SE2321000131-P000000000002"), NO_IDS),
    "desk.hand_over therapist": (lambda s, id_, x: s.coordinator.hand_over(id_, x), NO_HSA_IDS),
    "desk.release_module": (lambda s, id_, x: s.desk.release_module(id_, x), NO_NUMBERS),
    "desk.maintain days": (
        lambda s, id_, x: s.desk.maintain(id_, days=x, modules=(1,)),
        [0, -1, 366, 10**9, 10**30, 10**5000, True, 1.0, "1", None, [1]],
    ),
    "desk.maintain modules": (
        lambda s, id_, x: s.desk.maintain(id_, days=1, modules=x),
        [
            (),
            None,
            1,
            "1",
            b"1",
            {1: 1},
            (0,),
            (5,),
            (-1,),
            (10**9,),
            (10**5000,),
            (True,),
            ("1",),
            ([1],),
            range(10**6),
        ],
    ),
    "desk.end": (lambda s, id_, x: s.desk.end(id_, reason=x), NO_KEYS),
    "desk.receive_notifications email": (lambda s, _, x: s.desk.receive_notifications(email=x), ["ja", 1, None, []]),
    "desk.receive_notifications sms": (
        lambda s, _, x: s.desk.receive_notifications(email=True, sms=x),
        ["ja", 1, None, []],
    ),
    "desk.receive_notifications flags": (
        lambda s, _, x: s.desk.receive_notifications(email=True, flags=x),
        ["program-done", ["program-done"], [None], 5, [[]], {1: 2}],
    ),
    "room.overview": (lambda s, _, x: s.room.overview(x), NO_IDS),
    "room.open_module id": (lambda s, _, x: s.room.open_module(x, 1), NO_IDS),
    "room.open_module": (lambda s, id_, x: s.room.open_module(id_, x), NO_NUMBERS),
    "room.complete_module": (lambda s, id_, x: s.room.complete_module(id_, x), NO_NUMBERS),
    "room.form id": (lambda s, _, x: s.room.form(x, PAIN), NO_IDS),
    "room.form": (lambda s, id_, x: s.room.form(id_, x), NO_KEYS),
    "room.save_form id": (lambda s, _, x: s.room.save_form(x, PAIN, {"smarta": 3}), NO_IDS),
    "room.save_form form": (lambda s, id_, x: s.room.save_form(id_, x, {"smarta": 3}), NO_KEYS),
    "room.save_form answers": (lambda s, id_, x: s.room.save_form(id_, PAIN, x), NO_ANSWERS),
    "room.conversations": (lambda s, _, x: s.room.conversations(x), NO_IDS),
    "room.read_conversation": (lambda s, id_, x: s.room.read_conversation(id_, x), NO_NUMBERS),
    "room.write id": (lambda s, _, x: s.room.write(x, "Hej"), NO_IDS),
    "room.write text": (lambda s, id_, x: s.room.write(id_, x), NO_TEXTS),
    "room.write conversation": (
        lambda s, id_, x: s.room.write(id_, "Hej", conversation=x),
        [x for x in NO_NUMBERS if x is not None],
    ),
    "room.write heading": (
        lambda s, id_, x: s.room.write(id_, "Hej", heading=x),
        [x for x in NO_TEXTS if x is not None],
    ),
    "room.write both": (lambda s, id_, x: s.room.write(id_, "Hej", conversation=1, heading=x), ["Ny"]),
    "room.rename_conversation": (lambda s, id_, x: s.room.rename_conversation(id_, 1, x), NO_TEXTS),
    "office.export folder": (lambda s, _, x: s.office.export(x), [None, 5, b"x", "x\x00", "/dev/null/x"]),
    "office.export formats": (
        lambda s, _, x: s.office.export("ingenstans", formats=x),
        ["csv", [], None, 5, ["csv"], [None]],
    ),
    "office.export progress": (lambda s, _, x: s.office.export("ingenstans", progress=x), [5, None, "x"]),
    "office.plan": (lambda s, _, x: s.office.plan(x), NO_KEYS),
    "office.approve plan": (lambda s, _, x: s.office.approve(x, decision="RS 1"), NO_KEYS),
    "office.approve decision": (
        lambda s, _, x: s.office.approve("e-0002", decision=x),
        ["", " ", "x" * 201, "\x00", None, 5, b"x", ANNA, "RS 1, om 850709-9805.", f"({ANNA})"],
    ),
    "office.purge": (lambda s, _, x: s.office.purge(x), [*NO_KEYS, "e-0002"]),
    "office.purge progress": (lambda s, _, x: s.office.purge("e-0002", progress=x), [5, None, "x"]),
    "office.replay": (lambda s, _, x: s.office.replay(x), [None, "e-0002", 5, {}]),
    "office.access_log person": (lambda s, _, x: s.office.access_log(person=x), ["", "x", "198507099806", *NO_PERSONS]),
    "office.access_log after": (lambda s, _, x: s.office.access_log(after=x), [-1, 10**5000, True, 1.0, "1", None]),
    "office.access_log limit": (
        lambda s, _, x: s.office.access_log(limit=x),
        [0, -1, 10_001, 10**5000, True, 1.0, "1", None],
    ),
}
CASES = [
    pytest.param(call, value, id=f"{name} {place}")
    for name, (call, values) in CALLS.items()
    for place, value in enumerate(values)
]


def busy_school() -> tuple[Scenario, str]:
    """Return a school with one enrolment in which there is one of everything, and a plan."""
    school = Scenario()
    id_ = school.start()
    school.office.plan_purge()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.write(id_, "Hej")
    return school, id_


@pytest.mark.parametrize(("call", "value"), CASES)
def test_bad_input_gives_a_typed_refusal_and_changes_nothing(
    call: Call, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a slip in a host would show as a raw `TypeError` deep inside, or as a half done step."""
    monkeypatch.chdir(tmp_path)
    school, id_ = busy_school()
    with school.unchanged(), pytest.raises(PainSchoolError) as broken:
        call(school, id_, value)
    assert len(str(broken.value)) < 1_000
    assert ANNA not in f"{broken.value} {broken.value!r}"
    assert [] == list(tmp_path.iterdir())


def test_every_public_method_of_every_desk_that_takes_something_is_here() -> None:
    """Otherwise a new call would come without a look at what it does with rubbish."""
    school = Scenario()
    tested = {name.split(" ")[0] for name in CALLS}
    takes_nothing = {"desk.programs", "desk.profile", "room.enrolments", "office.plan_purge", "office.receipts"}
    desks: dict[str, object] = {"desk": school.desk, "room": school.room, "office": school.office}
    public = {f"{desk}.{name}" for desk, made in desks.items() for name in dir(made) if not name.startswith("_")}
    assert public == (tested - {"delivery.run"}) | takes_nothing


@pytest.mark.parametrize("number", [None, 5, b"198507099805", ["x"]])
def test_a_number_that_is_no_text_is_a_type_error_as_the_identity_port_says(number: object) -> None:
    """Otherwise a number that lost its leading zero on the way would be read as another person's."""
    school, _ = busy_school()
    for call in (
        lambda: school.school.patient(number),  # type: ignore[arg-type]
        lambda: school.desk.start(number, program="smartskola"),  # type: ignore[arg-type]
        lambda: school.desk.identify(number),  # type: ignore[arg-type]
    ):
        with school.unchanged(), pytest.raises(TypeError):
            call()


@pytest.mark.parametrize("number", ["", "x", "198507099806", "x" * 10**6, "\ud800\x00", *NO_PERSONS])
def test_a_room_is_for_a_person(number: str | PersonId) -> None:
    """Otherwise somebody without a number would see an empty room instead of an error."""
    with pytest.raises(InvalidIdentity):
        Scenario().school.patient(number)


def test_a_clock_without_a_zone_is_refused_at_the_first_step() -> None:
    """Otherwise everything would be kept an hour or two wrong."""
    school, id_ = busy_school()
    good = school.now
    with school.unchanged():
        school.now = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - that is the point
        for call in (
            lambda: school.room.open_module(id_, 1),
            lambda: school.start("200002292399"),
            school.desk.caseload,
        ):
            with pytest.raises(InvalidValue):
                call()
        school.now = good


@pytest.mark.parametrize(
    ("key", "now"),
    [
        ((2, "e-0001"), datetime(2026, 3, 2)),  # noqa: DTZ001 - that is the point
        ((2, "e-0001"), "nu"),
        ("e-0001", START),
        ((2,), START),
        (("2", "e-0001"), START),
        ((2, None), START),
        (None, START),
    ],
)
def test_a_cursor_that_a_host_has_put_together_wrongly_is_refused(key: Any, now: Any) -> None:
    """Otherwise a changed address in a browser would reach the storage."""
    with pytest.raises(InvalidValue):
        Cursor(key=key, now=now)


CLOSED: list[Callable[[Scenario, str], object]] = [
    lambda s, _: s.start("200002292399"),
    lambda s, _: s.desk.caseload(),
    lambda s, _: s.coordinator.unit_caseload(),
    lambda s, id_: s.desk.enrolment(id_),
    lambda s, id_: s.desk.timeline(id_),
    lambda s, id_: s.desk.to_handle(id_),
    lambda s, id_: s.desk.open_form(id_, PAIN),
    lambda s, id_: s.desk.write(id_, 1, "Hej"),
    lambda s, id_: s.desk.end(id_, reason="klar"),
    lambda s, _: s.desk.profile(),
    lambda s, _: s.desk.receive_notifications(email=True),
    lambda s, _: s.room.enrolments(),
    lambda s, id_: s.room.overview(id_),
    lambda s, id_: s.room.open_module(id_, 1),
    lambda s, id_: s.room.save_form(id_, PAIN, {"smarta": 3}),
    lambda s, id_: s.room.read_conversation(id_, 1),
    lambda s, _: s.office.plan_purge(),
    lambda s, _: s.office.receipts(),
    lambda s, _: s.office.access_log(),
    lambda s, _: s.school.delivery().run(),
]


@pytest.mark.parametrize("call", CLOSED, ids=range(len(CLOSED)))
def test_a_closed_school_refuses_every_call(call: Callable[[Scenario, str], object]) -> None:
    """Otherwise a call after the shutdown would be lost in silence."""
    school, id_ = busy_school()
    school.school.close()
    school.school.close()
    with pytest.raises(StorageError):
        call(school, id_)


def test_an_export_from_a_closed_school_leaves_no_file(tmp_path: Path) -> None:
    """Otherwise an empty file would pass for an export."""
    school, _ = busy_school()
    school.school.close()
    with pytest.raises(StorageError):
        school.office.export(tmp_path / "export")
    assert [] == list(tmp_path.glob("export/*"))


def test_with_closes_the_school() -> None:
    """Otherwise a script would leave a storage open."""
    school, id_ = busy_school()
    with school.school as opened:
        assert opened is school.school
    with pytest.raises(StorageError):
        school.room.overview(id_)


def test_a_person_that_the_host_has_read_itself_is_taken() -> None:
    """Otherwise a host with its own reader would have to write the number out again."""
    school, id_ = busy_school()
    assert [id_] == [o.enrolment_id for o in school.school.patient(PersonId("personnummer", ANNA)).enrolments()]
