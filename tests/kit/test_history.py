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
from digital_painschool.testing.environment import on_sqlite
from digital_painschool.testing.example import DAILY, PAIN, SLEEP, program
from digital_painschool.testing.history import (
    Advance,
    ApprovePurge,
    At,
    CompleteModule,
    Deliver,
    DiscardDraft,
    Done,
    End,
    EnrolmentStep,
    Export,
    HandOver,
    Happened,
    History,
    Maintain,
    MarkHandled,
    MarkRead,
    OpenForm,
    OpenModule,
    PatientReads,
    PatientRenames,
    PatientStep,
    PatientWrites,
    PlanPurge,
    Purge,
    Reactivate,
    ReadDraft,
    ReadPage,
    ReceiveNotifications,
    Refused,
    ReleaseModule,
    Restart,
    Review,
    SaveDraft,
    SaveForm,
    Start,
    Step,
    TherapistReads,
    TherapistRenames,
    TherapistStep,
    TherapistWrites,
    Withdraw,
)
from digital_painschool.testing.people import ARCHIVIST, BO, COLLEAGUE, NUMBERS, RESERVE_NUMBER, STRANGER, staff
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.strategies import histories

LIFE = History(
    [
        ReceiveNotifications(sms=True),
        Start(),
        Start(RESERVE_NUMBER, "somnskola", by=COLLEAGUE),
        ReleaseModule(2),
        OpenModule(2),
        SaveForm(PAIN, {"smarta": 9}),
        SaveForm(DAILY, {"hemma": "bra", "var": ["rygg", "axel"], "dag": date(2026, 3, 1)}),
        SaveDraft(PAIN, {"smarta": 11}),
        ReadDraft(PAIN),
        DiscardDraft(PAIN),
        SaveDraft(DAILY, {"var": ("rygg",)}),
        OpenForm(PAIN),
        MarkRead(DAILY, up_to=1),
        TherapistWrites(notify=Notify.COLLECTED),
        TherapistWrites("Och så var det detta", 1),
        PatientWrites(conversation=1),
        PatientWrites("En annan sak"),
        PatientRenames("Annat", 2),
        TherapistRenames("Sömn"),
        TherapistReads(2),
        Start(BO),
        Withdraw("started-twice", who=BO),
        At("2026-03-03 09:00"),
        TherapistWrites("Hej", who=RESERVE_NUMBER, by=COLLEAGUE, notify=Notify.DIRECT),
        Deliver(),
        MarkHandled(FlagKind.UNDELIVERED, who=RESERVE_NUMBER, by=COLLEAGUE),
        PatientReads(),
        ReadPage(1),
        CompleteModule(1),
        Review(),
        HandOver(),
        Restart(),
        Maintain(30, (1, 3), shortens=True, by=COLLEAGUE),
        Reactivate(by=COLLEAGUE),
        Maintain(30, (1, 3), shortens=True, by=COLLEAGUE),
        End(by=COLLEAGUE),
        Start(),
        Advance(weeks=520, days=30, hours=1, minutes=1, microseconds=1),
        Export(),
        PlanPurge(),
        ApprovePurge("Beslut 7"),
        Purge(),
        End("avbruten"),
        Export(),
    ],
    programs=(program(Ordering.RELEASED), SLEEP),
)
"""Takes every kind of step once or more; the purge leaves the patient's second enrolment in the place of the first."""


def played(told: History) -> tuple[tuple[Happened, ...], object]:
    """Return what came of each step, and what is kept in the end."""
    with told.scenario() as school:
        return told.play(school), school.kept()


def test_every_kind_of_step_is_taken_at_a_desk() -> None:
    """Otherwise some step of the vocabulary could never be part of a history that is played."""
    kinds = {value for value in vars(history).values() if isinstance(value, type) and issubclass(value, Step)}
    assert kinds - {Step, EnrolmentStep, PatientStep, TherapistStep} == {type(step) for step in LIFE.steps}
    happened, _ = played(LIFE)
    assert [] == [what for what in happened if isinstance(what, Refused)]


def test_the_same_history_gives_the_same_on_another_storage() -> None:
    """Otherwise a history could not be used to compare adapters."""
    pytest.importorskip("sqlalchemy", reason="SQLite is not there: install digital_painschool[sql]")
    with LIFE.scenario(on_sqlite) as school:
        assert len(LIFE.steps) == len(LIFE.play(school))
        assert played(LIFE)[1] == school.kept()


REFUSED: list[tuple[Step, type[Exception]]] = [
    (Start(), RuleViolation),
    (Start(program="no-such-program"), NotFound),
    (Start("198507099806"), InvalidIdentity),
    (Start(NUMBERS[4], by=ARCHIVIST), NotPermitted),
    (Review(by=STRANGER), NotPermitted),
    (OpenModule(1, by=BO), NotPermitted),
    (Review(which=2), NotFound),
    (Review(who=BO), NotFound),
    (Review(who="198507099806"), NotFound),
    (PatientWrites(who="198507099806"), InvalidIdentity),
    (SaveForm(PAIN, {"smarta": 11}), RuleViolation),
    (Purge(), NotFound),
    (Export(by=people.NURSE), NotPermitted),
]


@pytest.mark.parametrize(("step", "error"), REFUSED, ids=lambda value: repr(value)[:60])
def test_a_refused_step_is_passed_over_and_says_why(step: Step, error: type[Exception]) -> None:
    """Otherwise one refusal would hide all that comes after it, or would itself be hidden."""
    told = History((Start(), step, Review()))
    happened, kept = played(told)
    first, second, third = happened
    assert isinstance(second, Refused)
    assert (step, error) == (second.step, type(second.error))
    assert isinstance(first, Done)
    assert isinstance(third, Done)
    assert played(History((Start(), Review())))[1] == kept


def test_refusals_are_equal_by_their_words() -> None:
    """Otherwise what two storages say could not be compared."""
    one, other = (played(History((Review(),)))[0] for _ in range(2))
    assert one == other
    assert one != played(History((Review(which=2), Start())))[0]


def test_an_error_that_is_not_the_librarys_own_is_not_passed_over() -> None:
    """Otherwise a bug would look like a refusal."""
    with Scenario() as school, pytest.raises(TypeError):
        History((Advance(days="three"),)).play(school)  # type: ignore[arg-type]


NAMES: dict[str, Any] = {**vars(people), **vars(example), **vars(history), "Notify": Notify, "FlagKind": FlagKind}
NAMES |= {"Ordering": Ordering, "Role": Role, "Actor": Actor, "date": date, "program_from_data": program_from_data}


@pytest.mark.parametrize(
    "told",
    [
        LIFE,
        History(()),
        History((Start(by=staff(9, Role.THERAPIST, Role.DATA_ADMINISTRATOR)), Review())),
        History((Start(program="egen"), Start(NUMBERS[4], "egen"), OpenModule(4)), programs=(program(key="egen"),)),
        History((Start(who="198507099806"), Export(), Export())),
        History((Start(), SaveForm(DAILY, {"hemma": "bra", "timmar": float("inf")}), Review())),
        History((Start(), SaveForm(DAILY, {"hemma": "bra", "timmar": 6.5}))),
        *(History((Start(), step)) for step, _ in REFUSED),
    ],
)
def test_what_is_printed_gives_the_history_again(told: History) -> None:
    """Otherwise what is pasted would not be what was found."""
    assert told == eval(repr(told), dict(NAMES))  # noqa: S307 - this is what is to be tried


@settings(max_examples=30, deadline=None)
@given(histories(refused=True))
def test_whatever_happens_is_printed_as_code(told: History) -> None:
    """Otherwise what Hypothesis finds could not be done again."""
    assert told == eval(repr(told), dict(NAMES))  # noqa: S307 - this is what is to be tried


def test_hypothesis_shows_a_history_as_code() -> None:
    """Otherwise a failure would print every field of every value, programs and all."""
    assert "History((\n    Start(),\n    Review(who=BO),\n))" == pretty(History((Start(), Review(who=BO))))
    assert "Review(who=BO)" == pretty(Review(who=BO))
