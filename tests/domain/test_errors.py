"""Errors: each says what to do, none holds personal data, all can be sent to another process."""

import pickle
import re
from pathlib import Path

import pytest

import digital_painschool
from digital_painschool import errors
from digital_painschool.codes import AnswerCode, AnswerProblem, IdentityReason, ValueReason
from digital_painschool.errors import (
    AdapterError,
    ConfigurationError,
    Conflict,
    DeliveryError,
    InvalidIdentity,
    InvalidProgram,
    InvalidValue,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    PainSchoolError,
    Reason,
    RuleViolation,
    StorageError,
)

ALL: list[PainSchoolError] = [
    RuleViolation("M-18", Reason.DAYS_OUT_OF_RANGE, fewest=1, most=365),
    RuleViolation("D-04a", Reason.EARLIER_MODULES_FIRST, module=3, missing=(1, 2)),
    NotPermitted("read-answers"),
    NotFound("enrolment"),
    InvalidValue("a text is no text"),
    RuleViolation("M-14", Reason.INVALID_ANSWERS, problems=(AnswerProblem("smarta", AnswerCode.NOT_ON_SCALE),)),
    InvalidValue("a text is too long", reason=ValueReason.TEXT_TOO_LONG, limit=5),
    InvalidIdentity("no identity number"),
    InvalidIdentity("no identity number", reason=IdentityReason.TOO_SHORT),
    InvalidProgram("program 'x'", ["modules: none", "forms: none"]),
    ConfigurationError("no storage is called 'x'"),
    Conflict("busy"),
    StorageError("closed"),
    OutcomeUnknown("lost"),
    AdapterError("the clock raised OSError"),
    DeliveryError("busy"),
    DeliveryError("gone", permanent=True),
]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_advice_of_one_sentence(reason: Reason) -> None:
    """Otherwise a person would be told that something is wrong, and not what to do."""
    assert len(reason.advice) >= 20
    assert reason.advice[0].islower()
    assert not reason.advice.endswith(".")
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", reason.value)


def test_every_reason_is_given_somewhere_and_no_two_say_the_same() -> None:
    """Otherwise a translator would work on sentences that nobody reads, or a screen not tell two apart."""
    source = Path(digital_painschool.__file__).parent
    used = "".join(path.read_text("utf-8") for path in source.rglob("*.py") if path.name != "errors.py")
    assert [] == [reason.name for reason in Reason if f"Reason.{reason.name}" not in used]
    assert len(Reason) == len({reason.value for reason in Reason}) == len({reason.advice for reason in Reason})


def test_one_except_clause_catches_all_and_a_wrong_value_is_a_value_error_too() -> None:
    """Otherwise a host would have to know every error by name, and a new one be without pickling and advice."""
    mine = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, PainSchoolError)}
    assert mine - {PainSchoolError} == {type(error) for error in ALL}
    assert all(map(str, ALL))
    assert issubclass(InvalidValue, ValueError)
    assert issubclass(InvalidIdentity, InvalidValue)


def test_a_refusal_names_the_rule_the_advice_and_the_facts() -> None:
    """Otherwise nobody could find out why, or where it is written."""
    broken = ALL[0]
    assert isinstance(broken, RuleViolation)
    assert ("M-18", Reason.DAYS_OUT_OF_RANGE, {"fewest": 1, "most": 365}) == (
        broken.rule,
        broken.reason,
        dict(broken.facts),
    )
    assert f"M-18: {Reason.DAYS_OUT_OF_RANGE.advice} (fewest=1, most=365)" == str(broken)
    assert f"M-07: {Reason.ALREADY_OPEN.advice}" == str(RuleViolation("M-07", Reason.ALREADY_OPEN))
    with pytest.raises(TypeError):
        broken.facts["fewest"] = 2  # type: ignore[index]


@pytest.mark.rule("D-24d")
def test_a_refused_value_has_a_reason_where_a_person_typed_it() -> None:
    """Otherwise a screen could not say what to correct, or would blame a person for the portal's mistake."""
    typed = InvalidValue("a text is too long", reason=ValueReason.TEXT_TOO_LONG, limit=5)
    assert ("a text is too long", ValueReason.TEXT_TOO_LONG, {"limit": 5}) == (str(typed), typed.reason, typed.limits)
    assert (None, {}) == (InvalidValue("opened is a bool").reason, InvalidValue("opened is a bool").limits)
    assert IdentityReason.NOT_A_NUMBER is InvalidIdentity("of an adapter that gives none").reason
    with pytest.raises(TypeError):
        typed.limits["limit"] = 6  # type: ignore[index]


def test_a_problem_with_an_answer_is_a_value() -> None:
    """Otherwise a portal could not collect problems in a set, or would change those of another thread."""
    limits = {"lowest": 0, "highest": 10}
    one, same = (AnswerProblem("smarta", AnswerCode.NOT_ON_SCALE, limits) for _ in range(2))
    limits["highest"] = 11
    assert {"lowest": 0, "highest": 10} == one.limits
    assert (one,) == RuleViolation("M-14", Reason.INVALID_ANSWERS, problems=(one,)).problems
    assert () == RuleViolation("M-14", Reason.UNKNOWN_FORM).problems
    assert {one} == {same} != {AnswerProblem("smarta", AnswerCode.NOT_ON_SCALE, limits)}
    with pytest.raises(TypeError):
        one.limits["highest"] = 11  # type: ignore[index]


@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_an_error_can_be_sent_to_another_process(error: PainSchoolError) -> None:
    """Otherwise a worker pool would report that it cannot report."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(error), str(error), repr(error)) == (type(again), str(again), repr(again))
    if isinstance(error, DeliveryError):
        assert (error.why, error.permanent) == (again.why, again.permanent)
    if isinstance(error, RuleViolation):
        assert (error.rule, error.reason, error.facts) == (again.rule, again.reason, again.facts)
    if isinstance(error, InvalidValue):
        assert (error.reason, error.limits) == (again.reason, again.limits)
    if isinstance(error, InvalidProgram):
        assert (error.source, error.problems) == (again.source, again.problems)
