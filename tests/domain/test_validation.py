"""What comes in from outside: taken as it is, or refused before any rule looks at it."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

import pytest

from digital_painschool.codes import ValueReason
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.validation import (
    module_numbers,
    normalise_answers,
    plain_text,
    storable_text,
    whole_number,
)
from digital_painschool.errors import InvalidValue


@pytest.mark.parametrize("text", ["", " ", "Å ä ö", "🙂", "\r\n\t", "x" * 1_000_000, "\ufeff", "\u202e"])
def test_text_is_given_back_as_it_is(text: str) -> None:
    """Otherwise the therapist would read something else than the patient wrote; the ends of lines count once."""
    assert text == storable_text(text)
    assert text.replace("\r\n", "\n") == plain_text(text)


@pytest.mark.parametrize("text", ["hemligt\x00", "hemligt\ud800", "x" * 1_000_001, b"hemligt", None, 5, ["x"]])
def test_text_that_no_storage_can_keep_is_refused_and_not_repeated(text: object) -> None:
    """Otherwise a later step would fail in the middle, or a log would hold the text."""
    with pytest.raises(InvalidValue) as broken:
        plain_text(text, "a message")
    assert "a message" in str(broken.value)
    assert "hemligt" not in f"{broken.value} {broken.value!r}"
    # An error tracker shows what hangs on an error even when Python itself would not print it.
    assert broken.value.__context__ is None
    assert broken.value.__cause__ is None


@pytest.mark.rule("D-24d")
@pytest.mark.parametrize(
    ("typed", "reason", "limits"),
    [
        (lambda: plain_text("x" * 1_000_001), ValueReason.TEXT_TOO_LONG, {"limit": 1_000_000}),
        (lambda: plain_text("\x00"), ValueReason.UNREADABLE_CHARACTER, {}),
        (lambda: plain_text("\ud800"), ValueReason.UNREADABLE_CHARACTER, {}),
        (lambda: whole_number(10**13, "days"), ValueReason.NUMBER_TOO_LARGE, {"limit": 10**12}),
        *(
            (lambda a=answer: normalise_answers({"a": a}), ValueReason.NUMBER_TOO_LARGE, {"limit": 10**15})
            for answer in (10**15 + 1, -(10**15) - 1, float("inf"), float("nan"))
        ),
        (lambda: HsaId("SE1"), ValueReason.NOT_AN_HSA_ID, {"limit": 31}),
        (lambda: plain_text(5), None, {}),
        (lambda: whole_number("5", "days"), None, {}),
        (lambda: normalise_answers({"a": object()}), None, {}),
    ],
)
def test_what_a_person_typed_wrongly_has_a_reason_and_its_limit(
    typed: Callable[[], object], reason: ValueReason | None, limits: Mapping[str, int]
) -> None:
    """Otherwise a screen could only say that something is wrong, or tell a patient of a mistake in the portal."""
    with pytest.raises(InvalidValue) as broken:
        typed()
    assert (reason, limits) == (broken.value.reason, broken.value.limits)


@pytest.mark.parametrize("number", [0, -1, 5, 10**12, -(10**12)])
def test_a_whole_number_is_an_int(number: int) -> None:
    """Otherwise a number would come out as another."""
    assert number == whole_number(number, "days")


@pytest.mark.parametrize("number", [True, False, 1.0, "1", None, [1]])
def test_what_looks_like_a_number_is_none(number: object) -> None:
    """Otherwise `True` would be module 1."""
    with pytest.raises(InvalidValue, match="days"):
        whole_number(number, "days")


@pytest.mark.parametrize("digits", [12, 30, 5000])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_beyond_anything_that_is_meant_is_refused_and_not_written_out(digits: int, sign: int) -> None:
    """Otherwise a refusal would fail while it is told: Python writes out no number of more than 4300 digits."""
    with pytest.raises(InvalidValue) as broken:
        whole_number(sign * (10**digits + 1), "days")
    assert "days is far beyond anything that is meant" == str(broken.value)
    with pytest.raises(InvalidValue):
        module_numbers([sign * (10**digits + 1)])


@pytest.mark.parametrize("numbers", [(1, 2), [2, 1, 1], {1, 2}, frozenset({1, 2}), {1: "x", 2: "y"}.keys()])
def test_module_numbers_are_any_collection_of_whole_numbers(numbers: object) -> None:
    """Otherwise a host would have to know which collection is liked."""
    assert frozenset({1, 2}) == module_numbers(numbers)


@pytest.mark.parametrize("numbers", ["12", b"12", 12, None, {1: 2}, [True], ["1"], [[1]], iter([1])])
def test_what_is_no_collection_of_numbers_is_refused(numbers: object) -> None:
    """Otherwise the text "12" would be two modules."""
    with pytest.raises(InvalidValue):
        module_numbers(numbers)


def test_answers_are_kept_in_one_form() -> None:
    """Otherwise one storage would give back a list where another gives a tuple."""
    given = {"a": 1, "b": 1.5, "c": "x", "d": date(2026, 3, 2), "e": ["y", "x"], "f": {"y", "x"}, "g": ()}
    kept = {"a": 1, "b": 1.5, "c": "x", "d": "2026-03-02", "e": ("y", "x"), "f": ("x", "y"), "g": ()}
    assert kept == normalise_answers(given)
    assert 10**15 == normalise_answers({"a": 10**15})["a"]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        True,
        10**15 + 1,
        pytest.param(10**5000, id="10**5000"),
        float("nan"),
        float("inf"),
        b"x",
        {"x": 1},
        [1],
        ["x", None],
        "x\x00",
        ["\ud800"],
        datetime(2026, 3, 2, tzinfo=UTC),
        1j,
        object(),
    ],
)
def test_an_answer_that_cannot_be_kept_is_refused(answer: object) -> None:
    """Otherwise a storage would fail later, or keep something that it cannot give back."""
    with pytest.raises(InvalidValue):
        normalise_answers({"a": answer})


@pytest.mark.parametrize("answers", [None, [], "a", [("a", 1)], {1: 1}, {None: 1}, {"a\x00": 1}])
def test_answers_are_a_mapping_from_texts(answers: object) -> None:
    """Otherwise a list would be taken for answers without questions."""
    with pytest.raises(InvalidValue):
        normalise_answers(answers)


def test_more_than_a_thousand_answers_are_refused() -> None:
    """Otherwise a script could fill the storage with one call."""
    many: Mapping[str, int] = {str(number): number for number in range(1_000)}
    assert many == normalise_answers(many)
    with pytest.raises(InvalidValue):
        normalise_answers({**many, "x": 1})


def test_what_is_kept_shares_nothing_with_what_was_given() -> None:
    """Otherwise a host that uses its mapping again would change what was saved."""
    given: dict[str, object] = {"a": ["x"]}
    kept = normalise_answers(given)
    given["a"] = "other"
    assert {"a": ("x",)} == kept
