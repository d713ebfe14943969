"""The arguments of a call under a key are compared by what they hold, whatever holds them."""

import hmac
import json
from collections import deque
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pytest

from digital_painschool.application.compared_arguments import SPELLINGS as COMPARED
from digital_painschool.application.executor import Executor
from digital_painschool.application.export import Format
from digital_painschool.application.once import once_of
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import InvalidValue, Reason
from digital_painschool.ports.storage import CallKey, DeskCall, RecordKey, Records
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.people import BO, COLLEAGUE, NURSE
from tests.application.desk_calls import E, lived
from tests.application.test_bad_input import called
from tests.scenario import refused

SPELLINGS: dict[str, tuple[str, dict[str, Any], list[dict[str, Any]], dict[str, Any]]] = {
    "an HSA-id": (
        "coordinator.hand_over",
        {"therapist": COLLEAGUE.hsa_id},
        [{"therapist": COLLEAGUE.hsa_id.lower()}],
        {"therapist": NURSE.hsa_id},
    ),
    "the HSA-id of a start": (
        "desk.start",
        {"therapist": COLLEAGUE.hsa_id},
        [{"therapist": str(COLLEAGUE.hsa_id).lower()}, {"number": f"{BO[2:8]}-{BO[8:]}"}],
        {"therapist": NURSE.hsa_id},
    ),
    "modules": (
        "desk.maintain",
        {"modules": [1, 2]},
        [{"modules": modules} for modules in ([2, 1], (2, 2, 1), {2, 1}, deque([2, 1]))],
        {"modules": deque([2])},
    ),
    "answers": (
        "room.save_form",
        {"form": DAILY, "answers": {"hemma": "bra", "timmar": 7, "fritext": "a\nb", "dag": "2026-03-02"}},
        [
            {"answers": MappingProxyType({"timmar": 7.0, "hemma": "bra", "fritext": text, "dag": date(2026, 3, 2)})}
            for text in ("a\nb", "a\r\nb")
        ],
        {"answers": {"hemma": "bra", "timmar": 7, "fritext": "a\nb", "dag": date(2026, 3, 3)}},
    ),
    "a number among answers": (
        "room.save_form",
        {"form": DAILY, "answers": {"hemma": "bra", "timmar": 7}},
        [],
        {"answers": {"hemma": "bra", "timmar": 7.5}},
    ),
    "lines": ("desk.write", {"text": "a\nb"}, [{"text": "a\r\nb"}], {"text": "A\nb"}),
    "formats": (
        "office.export",
        {"formats": (Format.CSV, Format.JSON_LINES)},
        [{"formats": [Format.JSON_LINES, Format.CSV]}, {"folder": Path("./export/")}],
        {"formats": (Format.CSV,)},
    ),
    "a decision": ("office.approve", {"decision": "RS 1"}, [{"decision": " RS 1 "}], {"decision": "RS 2"}),
}
"""A call with an argument, the same call in other spellings, and another call."""


@pytest.mark.rule("D-06b", "D-24a")
@pytest.mark.parametrize("name", SPELLINGS)
def test_a_call_in_another_spelling_is_the_same_call(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a repeated call would be refused as another one, though its rule takes both for the same."""
    monkeypatch.chdir(tmp_path)
    method, given, spellings, other = SPELLINGS[name]
    school = lived()
    first = called(school, method, **given, once="k")
    for same in spellings:
        with school.unchanged():
            assert first == called(school, method, **{**given, **same}, once="k")
    with school.unchanged(), refused("D-24a", Reason.KEY_OF_ANOTHER_CALL):
        called(school, method, **{**given, **other}, once="k")


def test_each_spelling_is_of_an_argument_that_a_call_compares() -> None:
    """Otherwise an argument that is named anew would be compared as it is written."""
    compared = {name for _, given, _, _ in SPELLINGS.values() for name in given}
    assert {*COMPARED} <= compared | {"flags"}


@pytest.mark.rule("D-23a", "D-24a")
@pytest.mark.parametrize("once", [None, "k"])
def test_flags_can_be_chosen_by_what_is_read_once(once: str | None) -> None:
    """Otherwise a host's generator would be refused, or be empty when the choice is saved."""
    desk = lived().desk
    wanted = desk.receive_notifications(email=True, flags=iter(desk.profile().on_offer), once=once)
    assert desk.profile().on_offer == wanted.chosen.email
    assert wanted == desk.receive_notifications(email=True, flags=desk.profile().on_offer, once=once)


@pytest.mark.rule("D-24a")
@pytest.mark.parametrize(
    ("then", "now"),
    [
        ({"text": "Rad 1\r\nRad 2"}, {"text": "Rad 1\r\nRad 2"}),
        ({"answers": {"fritext": "1\r2"}}, {"answers": {"fritext": "1\r2"}}),
        ({"text": "Rad 1\nRad 2"}, {"text": "Rad 1\r\nRad 2"}),
        ({"therapist": NURSE.hsa_id.lower()}, {"therapist": NURSE.hsa_id.lower()}),
        ({"modules": [2, 1, 1]}, {"modules": (2, 1, 1)}),
        ({"answers": {"timmar": 7.0}}, {"answers": {"timmar": 7.0}}),
    ],
)
def test_a_key_of_a_version_that_compared_texts_as_they_came_is_known(then: object, now: object) -> None:
    """Otherwise a call that is repeated across an upgrade would be refused."""
    raw = json.dumps(["write", then]).encode()
    fingerprint = f"k:{hmac.new(b'k', raw, 'sha256').hexdigest()}"

    def load_record(key: RecordKey) -> DeskCall:
        unit, caller, action, host_key = key.parts
        of = CallKey(unit=HsaId(unit), caller=caller, action=action, key=host_key)
        return DeskCall(key=of, result="r", fingerprint=fingerprint)

    kept = SimpleNamespace(load_record=load_record)
    again = once_of("k", "write", **cast("dict[str, object]", now))
    assert again
    assert "r" == again.first_result(cast("Records", kept), Action.WRITE_MESSAGE, NURSE)
    other = once_of("k", "write", text="Rad 1")
    assert other
    with refused("D-24a", Reason.KEY_OF_ANOTHER_CALL):
        other.first_result(cast("Records", kept), Action.WRITE_MESSAGE, NURSE)


@pytest.mark.rule("D-24a", "D-04a")
def test_a_release_in_turn_is_compared_without_the_argument_that_came_later() -> None:
    """Otherwise a key from before an upgrade would be for another call: maintain and release grew an argument."""
    assert _asked(lambda d: d.release_module(E, 2, once="k")) == ["release_module", {"module": 2}]
    early = _asked(lambda d: d.release_module(E, 2, out_of_order=True, once="k"))
    assert ["release_module", {"module": 2, "out_of_order": True}] == early


def _asked(call: Callable[[TherapistDesk], object]) -> object:
    """Return what a call compares under its key."""
    asked: list[Any] = []
    executor = SimpleNamespace(execute_rule=lambda *_, once: asked.append(once))
    call(TherapistDesk(cast("Executor", executor), NURSE))
    return asked[0]._asked.reveal()


@pytest.mark.rule("D-24a")
@pytest.mark.parametrize("odd", [b"3", object(), {"smarta": b"3"}, {3: 1, "3": 1}])
def test_an_argument_that_cannot_be_compared_is_refused(odd: Any) -> None:
    """Otherwise an error of the library's own insides would reach the host, with the argument in it."""
    with pytest.raises(InvalidValue, match="beside once is of a kind that no desk takes") as error:
        lived().room.save_form(E, PAIN, odd, once="k")
    assert error.value.__cause__ is error.value.__context__ is None
