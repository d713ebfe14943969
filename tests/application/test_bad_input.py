"""Bad input at every parameter of every public call of every desk: a typed refusal, and nothing is changed."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from inspect import Parameter, signature
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from digital_painschool.codes import IdentityReason
from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import PurgeDecision, PurgeReceipt
from digital_painschool.errors import InvalidIdentity, InvalidValue, PainSchoolError, StorageError
from digital_painschool.ports.storage import CaseSort
from digital_painschool.testing.environment import START
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, ARCHIVIST, BO, COLLEAGUE, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.application.desk_calls import APPROVED, GRANTED, MAINTAINED, PEOPLE, E, lived, public_methods

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
NO_TEXTS: list[Any] = ["", " \n", "\u200b", "x" * 10_001, "x" * 1_000_001, "\x00", "\ud800", None, 5, b"x", ["x"], {}]
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
NO_DRAFTS: list[Any] = [
    *(answers for answers in NO_ANSWERS if answers not in ({}, {"smarta": 11}, {"smarta": -1})),
    {"smarta": 3.5},
]
"""A draft may be incomplete, and its numbers out of range."""
NO_PERSONS: list[Any] = [
    PersonId("personnummer", "198507099806"),
    PersonId("samordningsnummer", ANNA),
    PersonId("personnummer", "ABCDEFGHIJKL"),
]

NO_TICKS: list[Any] = ["ja", 1, None, []]
RECEIPT = PurgeReceipt(
    plan_id=PlanId("another"),
    unit=UNIT,
    decision=PurgeDecision(reference="RS 1", by=ARCHIVIST.hsa_id, at=START),
    purged_by=ARCHIVIST.hsa_id,
    purged_at=START,
    purged=(),
)

GOOD: dict[str, Any] = {
    "answers": {"smarta": 3},
    "conversation": 1,
    "days": 365,
    "decision": "RS 1",
    "email": True,
    "enrolment_id": E,
    "flag": FlagKind.PROGRAM_DONE,
    "folder": "export",
    "form": PAIN,
    "heading": "Ny",
    "module": 2,
    "modules": (1,),
    "number": BO,
    "page": 2,
    "plan": APPROVED,
    "plan_id": APPROVED,
    "program": "somnskola",
    "reason": "klar",
    "receipt": RECEIPT,
    "text": "Hej",
    "therapist": COLLEAGUE.hsa_id,
}
"""An argument that will do, by the name of the parameter."""
GOOD_OF: dict[tuple[str, str], Any] = {
    ("desk.reactivate", "enrolment_id"): MAINTAINED.enrolment,
    ("desk.withdraw", "enrolment_id"): MAINTAINED.enrolment,  # the patient has written nothing in it
    ("desk.withdraw", "reason"): "wrong-person",
}
"""Where another argument than that is needed, by the method and the parameter."""


def good(method: str, parameter: str) -> Any:
    """Return an argument that will do."""
    return GOOD_OF.get((method, parameter), GOOD[parameter])


NO_INSTANTS: list[Any] = ["2026-03-02", 5, START.replace(tzinfo=None), START.replace(year=1), START.date()]
NO_CURSORS: list[Any] = ["", 5, (2, "e-0001"), {}, [], "?", "W10", "W1swXQ", "å", "\ud800", "A" * 10_000, b"W10"]
BAD: dict[str, list[Any]] = {
    "action": ["", "okänd", "SEE_TIMELINE", 5, b"start", ["start"], {}],
    "after": [*NO_CURSORS, "x", "\x00", "å" * 8, "bnVsbA"],
    "answers": NO_ANSWERS,
    "by": ["", "SE", "therapist", "Patient", NURSE.hsa_id + "\n", 5, b"patient", ["patient"], {}],
    "conversation": NO_NUMBERS,
    "days": [0, -1, 366, 10**9, 10**30, 10**5000, True, 1.0, "1", None, [1]],
    "decision": ["", " ", "\u200b", "x" * 201, "\x00", None, 5, b"x", ANNA, "RS 1, om 850709-9805.", f"({ANNA})"],
    "email": NO_TICKS,
    "enrolment_id": NO_IDS,
    "expected": [0, -1, 10**9, 10**5000, True, 1.0, "1", [1]],
    "flag": ["program-done", None, 5, [], {}],
    "flags": ["program-done", ["program-done"], [None], 5, [[]], {1: 2}],
    "folder": [None, 5, b"x", "x\x00", "/dev/null/x"],
    "form": NO_KEYS,
    "formats": ["csv", [], None, 5, ["csv"], [None]],
    "heading": NO_TEXTS,
    "kinds": ["form-saved", 5, [str], [None], [[]], {1: 2}],
    "language": ["", "fi", "SV", 5, True, b"sv", ["sv"], {}],
    "left": [5, None, "x"],
    "limit": [0, -1, 10_001, 10**9, 10**5000, True, 1.0, "1", None],
    "module": NO_NUMBERS,
    "modules": [
        *((), None, 1, "1", b"1", {1: 1}, (0,), (5,), (-1,)),
        *((10**9,), (10**5000,), (True,), ("1",), ([1],), range(10**6)),
    ],
    "newest_first": [None, "ja", 1, 0, []],
    "notify": ["direct", None, True, 1],
    "number": ["", "x", "x" * 10**6, "198507099806", "\ud800", "19850709-9805x", *NO_PERSONS],
    "once": ["", "x" * 201, "\x00", "n\n", "nyckel-å", "\ud800", 5, True, b"x", ["x"], {}],
    "opened": [None, "ja", 1, []],
    "out_of_order": [None, "ja", 1, []],
    "page": NO_NUMBERS,
    "person": ["", "x", "198507099806", *NO_PERSONS],
    "plan": [*NO_KEYS, "e-0006"],
    "plan_id": NO_KEYS,
    "program": NO_KEYS,
    "progress": [5, None, "x"],
    "reason": NO_KEYS,
    "receipt": [None, "e-0002", 5, {}],
    "replaces": ["", "none", "x" * 1_000_001, "\x00", "\ud800", 5, True, b"x", ["x"], {}],
    "show": [None, "flagged", 5, {}, True, CaseSort.START],
    "shortens": [None, "ja", 1, 0, []],
    "since": NO_INSTANTS,
    "sms": NO_TICKS,
    "summary": NO_TICKS,
    "state": ["open", 5, True, {}, []],
    "text": NO_TEXTS,
    "therapist": NO_HSA_IDS,
    "until": NO_INSTANTS,
    "up_to": [-1, 2, 10**9, 10**5000, True, 1.0, "1", [1]],
}
"""Arguments that will not do, by the name of the parameter."""
PAGES = (
    *(f"desk.pages.{name}" for name in ("timeline", "conversations", "messages", "notifications")),
    *(
        "room.pages.conversations",
        "room.pages.messages",
        "office.pages.access_log",
        "office.pages.plans",
        "office.pages.exports",
    ),
)
OTHERWISE: dict[tuple[str, str], list[Any]] = {
    **{(page, "limit"): [*BAD["limit"], 501] for page in PAGES},
    ("office.pages.access_log", "enrolment_id"): [
        "",
        "okänd",
        "x" * 10_000,
        "e-0001\n",
        "\x00",
        "\ud800",
        1,
        b"e-0001",
    ],
    ("desk.caseload", "limit"): [*BAD["limit"], 501],
    ("coordinator.unit_caseload", "limit"): [*BAD["limit"], 501],
    ("room.save_draft", "answers"): NO_DRAFTS,
    ("office.access_log", "after"): [-1, 10**30, 10**5000, True, 1.0, "1", None],
    ("office.approve", "plan"): NO_KEYS,  # the other plan waits for its approval
}
DESKS = ("desk", "room", "office")
BY_ANOTHER = {f"desk.{name}": f"coordinator.{name}" for name in ("unit_caseload", "unit_counts", "hand_over")}
METHODS: dict[str, list[Parameter]] = {
    BY_ANOTHER.get(f"{who}.{name}", f"{who}.{name}"): [*signature(method).parameters.values()]
    for who in DESKS
    for name, method in public_methods(PEOPLE[who][1](Scenario().school)).items()
}
"""Every public method of every desk, with its parameters."""


def called(school: Scenario, method: str, **arguments: object) -> object:
    """Call a method with some arguments, and good ones for whatever else it needs."""
    who, _, name = method.partition(".")
    needed = {p.name: good(method, p.name) for p in METHODS[method] if p.default is Parameter.empty}
    desk: Any = PEOPLE[who][1](school.school)
    return attrgetter(name)(desk)(**{**needed, **arguments})


CASES = [
    pytest.param(method, parameter.name, value, id=f"{method} {parameter.name} {place}")
    for method, parameters in METHODS.items()
    for parameter in parameters
    for place, value in enumerate(OTHERWISE.get((method, parameter.name), BAD[parameter.name]))
    if value is not None or parameter.default is not None
]


@pytest.mark.parametrize(("method", "parameter", "value"), CASES)
def test_bad_input_gives_a_typed_refusal_and_changes_nothing(
    method: str, parameter: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a slip in a host would show as a raw `TypeError` deep inside, or as a half done step."""
    monkeypatch.chdir(tmp_path)
    school = lived()
    with school.unchanged(), pytest.raises(PainSchoolError) as broken:
        called(school, method, **{parameter: value})
    assert len(str(broken.value)) < 1_000
    assert ANNA not in f"{broken.value} {broken.value!r}"
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("method", METHODS)
def test_the_other_arguments_are_good(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a call would be refused for another reason than the bad argument."""
    monkeypatch.chdir(tmp_path)
    called(lived(), method)


@pytest.mark.parametrize("number", [None, 5, b"198507099805", ["x"]])
def test_a_number_that_is_no_text_is_refused_as_any_other_wrong_type(number: object) -> None:
    """Otherwise a number that lost its leading zero on the way would be read as another person's."""
    school = lived()
    calls: list[Callable[[], object]] = [
        lambda: school.school.patient(number),  # type: ignore[arg-type]
        lambda: called(school, "desk.start", number=number),
        lambda: called(school, "desk.identify", number=number),
        lambda: called(school, "desk.find", number=number),
        lambda: called(school, "desk.find_withdrawable", number=number),
    ]
    for call in calls:
        with school.unchanged(), pytest.raises(InvalidValue, match="is text"):
            call()


@pytest.mark.parametrize("number", ["", "x", "198507099806", "x" * 10**6, "\ud800\x00", *NO_PERSONS])
def test_a_room_is_for_a_person(number: str | PersonId) -> None:
    """Otherwise somebody without a number would see an empty room instead of an error."""
    with pytest.raises(InvalidIdentity):
        Scenario().school.patient(number)


@pytest.mark.rule("D-07a", "D-24d")
def test_a_number_under_another_scheme_than_its_own_is_told_apart() -> None:
    """Otherwise a host that keeps the scheme beside the number would search for a mistyped digit."""
    with pytest.raises(InvalidIdentity) as refused:
        Scenario().school.patient(PersonId("samordningsnummer", ANNA))
    assert IdentityReason.ANOTHER_SCHEME is refused.value.reason


def test_a_clock_without_a_zone_is_refused_at_the_first_step() -> None:
    """Otherwise everything would be kept an hour or two wrong."""
    school = lived()
    good = school.now
    with school.unchanged():
        school.now = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - that is the point
        for method in ("room.open_module", "desk.start", "desk.caseload"):
            with pytest.raises(InvalidValue):
                called(school, method)
        school.now = good


@pytest.mark.parametrize("name", GRANTED)
def test_a_closed_school_refuses_every_call(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a call after the shutdown would be lost in silence, or leave a file that passes for an export."""
    school = lived()
    with school.school as opened:
        desk = PEOPLE[name.partition(".")[0]][1](opened)
    school.school.close()
    call = GRANTED[name][0]
    monkeypatch.chdir(tmp_path)
    if name in {"desk.programs", "desk.limits", "desk.identify", "desk.staff"}:
        call(desk)  # these ask no storage
        return
    for closed in (partial(call, desk), school.deliver):
        with pytest.raises(StorageError):
            closed()
    assert [] == list(tmp_path.glob("export/*"))


def test_a_person_that_the_host_has_read_itself_is_taken() -> None:
    """Otherwise a host with its own reader would have to write the number out again."""
    school = lived()
    assert school.room.enrolments() == school.school.patient(PersonId("personnummer", ANNA)).enrolments()
