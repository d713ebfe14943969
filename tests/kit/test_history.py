"""Histories as values: what they do to a school, and that they are printed as the code that makes them."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.vendor.pretty import pretty

from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor, Role
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import InvalidIdentity, NotFound, NotPermitted, RuleViolation
from digital_painschool.programs import program_from_data
from digital_painschool.testing import example, history, people
from digital_painschool.testing import history as h
from digital_painschool.testing.environment import on_sqlite
from digital_painschool.testing.example import DAILY, PAIN, SLEEP, program
from digital_painschool.testing.people import ARCHIVIST, BO, COLLEAGUE, NUMBERS, RESERVE_NUMBER, STRANGER, staff
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.strategies import histories

LIFE = h.History(
    [
        h.ReceiveNotifications(sms=True),
        h.Start(),
        h.Start(RESERVE_NUMBER, "somnskola", by=COLLEAGUE),
        h.ReleaseModule(2),
        h.OpenModule(2),
        h.SaveForm(PAIN, {"smarta": 9}),
        h.SaveForm(DAILY, {"hemma": "bra", "var": ["rygg", "axel"], "dag": date(2026, 3, 1)}),
        h.SaveDraft(PAIN, {"smarta": 11}),
        h.ReadDraft(PAIN),
        h.DiscardDraft(PAIN),
        h.SaveDraft(DAILY, {"var": ("rygg",)}),
        h.OpenForm(PAIN),
        h.MarkRead(DAILY, up_to=1),
        h.TherapistWrites(notify=Notify.COLLECTED),
        h.TherapistWrites("Och så var det detta", 1),
        h.PatientWrites(conversation=1),
        h.PatientWrites("En annan sak"),
        h.PatientRenames("Annat", 2),
        h.TherapistRenames("Sömn"),
        h.TherapistReads(2),
        h.Start(BO),
        h.Withdraw("started-twice", who=BO),
        h.At("2026-03-03 09:00"),
        h.TherapistWrites("Hej", who=RESERVE_NUMBER, by=COLLEAGUE, notify=Notify.DIRECT),
        h.Deliver(),
        h.MarkHandled(FlagKind.UNDELIVERED, who=RESERVE_NUMBER, by=COLLEAGUE),
        h.PatientReads(),
        h.ReadPage(1),
        h.CompleteModule(1),
        h.Review(),
        h.HandOver(),
        h.Restart(),
        h.Maintain(30, (1, 3), shortens=True, by=COLLEAGUE),
        h.Reactivate(by=COLLEAGUE),
        h.Maintain(30, (1, 3), shortens=True, by=COLLEAGUE),
        h.End(by=COLLEAGUE),
        h.Start(),
        h.Advance(weeks=520, days=30, hours=1, minutes=1, microseconds=1),
        h.Export(),
        h.PlanPurge(),
        h.ApprovePurge("Beslut 7"),
        h.Purge(),
        h.End("avbruten"),
        h.Export(),
    ],
    programs=(program(Ordering.RELEASED), SLEEP),
)
"""Takes every kind of step once or more; the purge leaves the patient's second enrolment in the place of the first."""


def played(told: h.History) -> tuple[tuple[h.Happened, ...], object]:
    """Return what came of each step, and what is kept in the end."""
    with told.scenario() as school:
        return told.play(school), school.kept()


def test_every_kind_of_step_is_taken_at_a_desk() -> None:
    """Otherwise some step of the vocabulary could never be part of a history that is played."""
    kinds = {value for value in vars(history).values() if isinstance(value, type) and issubclass(value, h.Step)}
    assert kinds - {h.Step, h.EnrolmentStep, h.PatientStep, h.TherapistStep} == {type(step) for step in LIFE.steps}
    happened, _ = played(LIFE)
    assert [] == [what for what in happened if isinstance(what, h.Refused)]


def test_the_same_history_gives_the_same_on_another_storage() -> None:
    """Otherwise a history could not be used to compare adapters."""
    pytest.importorskip("sqlalchemy", reason="SQLite is not there: install digital_painschool[sql]")
    with LIFE.scenario(on_sqlite) as school:
        assert len(LIFE.steps) == len(LIFE.play(school))
        assert played(LIFE)[1] == school.kept()


REFUSED: list[tuple[h.Step, type[Exception]]] = [
    (h.Start(), RuleViolation),
    (h.Start(program="no-such-program"), NotFound),
    (h.Start("198507099806"), InvalidIdentity),
    (h.Start(NUMBERS[4], by=ARCHIVIST), NotPermitted),
    (h.Review(by=STRANGER), NotPermitted),
    (h.OpenModule(1, by=BO), NotPermitted),
    (h.Review(which=2), NotFound),
    (h.Review(who=BO), NotFound),
    (h.Review(who="198507099806"), NotFound),
    (h.PatientWrites(who="198507099806"), InvalidIdentity),
    (h.SaveForm(PAIN, {"smarta": 11}), RuleViolation),
    (h.Purge(), NotFound),
    (h.Export(by=people.NURSE), NotPermitted),
]


@pytest.mark.parametrize(("step", "error"), REFUSED, ids=lambda value: repr(value)[:60])
def test_a_refused_step_is_passed_over_and_says_why(step: h.Step, error: type[Exception]) -> None:
    """Otherwise one refusal would hide all that comes after it, or would itself be hidden."""
    told = h.History((h.Start(), step, h.Review()))
    happened, kept = played(told)
    first, second, third = happened
    assert isinstance(second, h.Refused)
    assert (step, error) == (second.step, type(second.error))
    assert isinstance(first, h.Done)
    assert isinstance(third, h.Done)
    assert played(h.History((h.Start(), h.Review())))[1] == kept


def test_refusals_are_equal_by_their_words() -> None:
    """Otherwise what two storages say could not be compared."""
    one, other = (played(h.History((h.Review(),)))[0] for _ in range(2))
    assert one == other
    assert one != played(h.History((h.Review(which=2), h.Start())))[0]


def test_an_error_that_is_not_the_librarys_own_is_not_passed_over() -> None:
    """Otherwise a bug would look like a refusal."""
    with Scenario() as school, pytest.raises(TypeError):
        h.History((h.Advance(days="three"),)).play(school)  # type: ignore[arg-type]


NAMES: dict[str, Any] = {**vars(people), **vars(example), **vars(history), "Notify": Notify, "FlagKind": FlagKind}
NAMES |= {"Ordering": Ordering, "Role": Role, "Actor": Actor, "date": date, "program_from_data": program_from_data}


@pytest.mark.parametrize(
    "told",
    [
        LIFE,
        h.History(()),
        h.History((h.Start(by=staff(9, Role.THERAPIST, Role.DATA_ADMINISTRATOR)), h.Review())),
        h.History(
            (h.Start(program="egen"), h.Start(NUMBERS[4], "egen"), h.OpenModule(4)), programs=(program(key="egen"),)
        ),
        h.History((h.Start(who="198507099806"), h.Export(), h.Export())),
        h.History((h.Start(), h.SaveForm(DAILY, {"hemma": "bra", "timmar": float("inf")}), h.Review())),
        h.History((h.Start(), h.SaveForm(DAILY, {"hemma": "bra", "timmar": 6.5}))),
        *(h.History((h.Start(), step)) for step, _ in REFUSED),
    ],
)
def test_what_is_printed_gives_the_history_again(told: h.History) -> None:
    """Otherwise what is pasted would not be what was found."""
    assert told == eval(repr(told), dict(NAMES))  # noqa: S307 - this is what is to be tried


@settings(max_examples=30, deadline=None)
@given(histories(refused=True))
def test_whatever_happens_is_printed_as_code(told: h.History) -> None:
    """Otherwise what Hypothesis finds could not be done again."""
    assert told == eval(repr(told), dict(NAMES))  # noqa: S307 - this is what is to be tried


def test_hypothesis_shows_a_history_as_code() -> None:
    """Otherwise a failure would print every field of every value, programs and all."""
    assert "History((\n    Start(),\n    Review(who=BO),\n))" == pretty(h.History((h.Start(), h.Review(who=BO))))
    assert "Review(who=BO)" == pretty(h.Review(who=BO))
