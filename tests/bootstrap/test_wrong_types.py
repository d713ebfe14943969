"""Values of wrong types at every parameter of what a host calls at its start, and of each value that it makes."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from inspect import isfunction, signature
from pathlib import Path
from typing import Any

import attrs
import pytest

import digital_painschool
from digital_painschool import (
    AdapterConfig,
    CaseSelection,
    Catalogue,
    Channel,
    ChannelPace,
    HsaId,
    InvalidValue,
    PainSchool,
    PainSchoolError,
    Policy,
    Reason,
    Settings,
    UnitTerms,
    apply,
    connect,
    label,
    open_school,
    read_settings,
    replay,
)
from digital_painschool.domain.notification import Notify
from digital_painschool.testing.example import PROGRAM
from digital_painschool.testing.people import ANNA, ARCHIVIST, NURSE, OPERATOR, PERSON, UNIT
from digital_painschool.testing.scenario import Scenario

WRONG: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**30, 10**5000, 1.5, float("nan"), float("inf"), 1j),
    *("", "x", "\x00", "\ud800", ANNA, b"x", [], [None], [5], (ANNA,), {}, {1: 2}, {UNIT: None}, {"x": 5}, set()),
    *(object(), type, len, datetime(2026, 1, 1), datetime.max.replace(tzinfo=UTC), date.min, timedelta.max),  # noqa: DTZ001 - that is the point
)
SETTINGS = Settings.from_url("memory://")


def _values() -> list[Any]:
    """Return a value of each class that a host makes by itself."""
    questions = [question for form in PROGRAM.forms for question in form.questions]
    options = [option for question in questions for option in getattr(question, "options", ())]
    return [
        *(PROGRAM, PROGRAM.modules[0], PROGRAM.modules[0].pages[0], PROGRAM.forms[0], *questions, *options),
        *(PROGRAM.end_reasons[0], Policy(), UnitTerms(), Catalogue(), CaseSelection(), NURSE, PERSON),
        *(SETTINGS, AdapterConfig("memory"), ChannelPace(interval=timedelta(seconds=1)), Scenario().ports),
    ]


def _fields(value: Any) -> Mapping[str, Any]:
    return {one.alias: getattr(value, one.name) for one in attrs.fields(type(value)) if one.init}


VALUES: dict[type, Mapping[str, Any]] = {type(value): _fields(value) for value in _values()}
"""The classes whose values a host makes, each with good arguments."""
FUNCTIONS: dict[Callable[..., Any], Mapping[str, Any]] = {
    apply: {"enrolment": None, "event": None},
    connect: {"settings": SETTINGS},
    label: {"value": Reason.EMPTY_TEXT},
    open_school: {"settings": SETTINGS},
    read_settings: {"file": "painschool.toml"},
    replay: {"events": ()},
    HsaId: {"text": UNIT},
    Settings.from_url: {"url": "memory://"},
}
"""The public functions, each with arguments for the parameters that need one."""
METHODS: dict[str, Mapping[str, Any]] = {
    "administrator": {"actor": ARCHIVIST},
    "close": {},
    "delivery": {},
    "operator": {"actor": OPERATOR},
    "patient": {"person": ANNA},
    "therapist": {"actor": NURSE},
    "try_messenger": {"recipient": NURSE.hsa_id, "channel": Channel.EMAIL, "unit": UNIT},
}
"""The methods of a school but `joined`, which lends a connection."""
WORKER: dict[str, Mapping[str, Any]] = {
    "dead_letters": {},
    "plan": {},
    "reject": {"key": "k"},
    "run": {},
    "status": {},
}


def failures(call: Callable[..., Any], good: Mapping[str, Any]) -> list[object]:
    """Return what a call raises for wrong values of each of its parameters, other than an error of the library."""
    found: list[object] = []
    for name in signature(call).parameters:
        for place, wrong in enumerate(WRONG):
            if name in {"facts", "self"}:
                continue
            try:
                call(**{**good, name: wrong})
            except PainSchoolError as refused:
                shown = f"{refused} {refused!r}"
                if ANNA in shown and name not in {"settings", "file"}:  # a path is named
                    found.append((name, place, "the value is repeated"))
                if refused.__cause__ is not None or refused.__context__ is not None:
                    found.append((name, place, refused, refused.__cause__, refused.__context__))
            except Exception as error:  # noqa: BLE001 - any other error is what the test looks for
                found.append((name, place, error))
    return found


@pytest.mark.parametrize("class_", VALUES)
def test_a_value_of_a_wrong_type_makes_no_value(class_: type) -> None:
    """Otherwise a slip in a host's set-up would show as an `AttributeError` from the library's insides."""
    assert [] == failures(class_, VALUES[class_])
    assert isinstance(class_(**VALUES[class_]), class_)


@pytest.mark.parametrize("wrong", [None, 5, "x", (None,), {"x": 5}])
@pytest.mark.parametrize("class_", [Catalogue, UnitTerms, Settings])
def test_programs_are_programs(class_: Any, wrong: object) -> None:
    """Otherwise the terms of a unit would be taken, and fail when the first patient is started there."""
    with pytest.raises(InvalidValue, match="programs is a tuple of Program"):
        class_(programs=wrong)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_public_function_refuses_a_wrong_type(
    function: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a slip in a host's set-up would show as a `TypeError` without a word of what was expected."""
    monkeypatch.chdir(tmp_path)
    assert [] == failures(function, FUNCTIONS[function])


def test_every_public_function_is_tried() -> None:
    """Otherwise a new one would be forgotten here."""
    public = (getattr(digital_painschool, name) for name in dir(digital_painschool))
    assert {one for one in public if isfunction(one)} <= set(FUNCTIONS)
    assert {*METHODS, "joined"} == {name for name in vars(PainSchool) if not name.startswith("_")}
    assert {*WORKER} == {name for name in vars(digital_painschool.Delivery) if not name.startswith("_")}


@pytest.mark.parametrize("name", METHODS)
def test_a_school_refuses_a_wrong_type(name: str) -> None:
    """Otherwise a host's first call would fail in the middle of something else."""
    assert [] == failures(getattr(Scenario().school, name), METHODS[name])


@pytest.mark.parametrize("name", WORKER)
def test_a_worker_refuses_a_wrong_type_before_it_sends(name: str) -> None:
    """Otherwise a run would break off with some patients notified."""
    school = Scenario()
    school.desk.start_conversation(school.start(), "Hej", notify=Notify.DIRECT)
    found = failures(getattr(school.school.delivery(), name), WORKER[name])
    assert [] == found
