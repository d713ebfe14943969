"""Who gets a patient: the staff directory is asked about everybody but the actor. Rule: D-09b."""

from collections.abc import Callable
from itertools import product

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryDirectory
from digital_painschool.application import colleagues
from digital_painschool.domain.people import Actor, HsaId, Role
from digital_painschool.errors import DeliveryError, InvalidValue, NotPermitted, PainSchoolError, Reason
from digital_painschool.labels.lookup import Language, label
from digital_painschool.ports.directory import Directory, StaffMember
from digital_painschool.testing.environment import AT_WORK, on_sqlite, with_adapters
from digital_painschool.testing.faults import Answers, Does, Fault, FaultPlan, Meanwhile, watched
from digital_painschool.testing.people import (
    ANNA,
    BO,
    CILLA,
    COLLEAGUE,
    COORDINATOR,
    NURSE,
    OTHER_UNIT,
    STRANGER,
    UNIT,
    staff,
)
from digital_painschool.testing.scenario import Scenario
from tests.scenario import refused

pytestmark = pytest.mark.rule("D-09b")

NOBODY = staff(99).hsa_id
KEY = "smartskola"


DOWN = DeliveryError(f"{COLLEAGUE.hsa_id} could not be looked up")
RAW = ConnectionError(COLLEAGUE.hsa_id)


def asked(*faults: Fault) -> tuple[Directory, FaultPlan]:
    """Return a directory with faults, and the plan that counts its calls."""
    plan = FaultPlan(*faults)
    return watched(MemoryDirectory(staff=AT_WORK), plan), plan


STEPS: dict[str, Callable[[Scenario, str], object]] = {
    "start": lambda school, to: school.desk.start(BO, program=KEY, therapist=to),
    "hand_over": lambda school, to: school.coordinator.hand_over(school.desk.find(ANNA)[0].id, to),
}


@pytest.mark.parametrize(("step", "to"), [*product(STEPS, (NOBODY, STRANGER.hsa_id))])
def test_nobody_of_another_unit_gets_a_patient(step: str, to: str) -> None:
    """Otherwise one mistyped digit puts a patient into nobody's list."""
    school = Scenario()
    school.start()
    with school.unchanged(), refused("D-09b", Reason.THERAPIST_NOT_AT_UNIT) as broken:
        STEPS[step](school, to)
    assert {} == broken.value.facts
    assert to not in str(broken.value)
    assert "katalogansvariga" in label(broken.value)


@pytest.mark.parametrize(("step", "does"), [*product(STEPS, (DOWN, RAW, Answers(None), Answers("ja")))])
def test_a_directory_that_does_not_answer_refuses_by_name(step: str, does: Does | Exception) -> None:
    """Otherwise an outage would let every slip through, or be taken for a wrong HSA-id."""
    school = Scenario(with_adapters(directory=asked(Fault("works_at", does=does, times=None))[0]))
    school.start()
    with school.unchanged(), refused("D-09b", Reason.DIRECTORY_UNAVAILABLE) as broken:
        STEPS[step](school, COLLEAGUE.hsa_id)
    assert COLLEAGUE.hsa_id not in str(broken.value)


def test_ones_own_sign_in_vouches_for_oneself() -> None:
    """Otherwise an outage of the directory would stop every start."""
    directory, plan = asked(Fault(does=DOWN, times=None))
    school = Scenario(with_adapters(directory=directory))
    id_ = school.start()
    assert NURSE.hsa_id == school.desk.start(BO, program=KEY, therapist=NURSE.hsa_id.lower()).therapist
    both = Actor(hsa_id=COORDINATOR.hsa_id, unit=UNIT, roles={Role.PATIENT_ADMINISTRATOR, Role.THERAPIST})
    assert both.hsa_id == school.school.therapist(both).hand_over(id_, both.hsa_id).therapist
    assert 0 == plan.calls.count("works_at")


def test_the_directory_is_asked_last_once_and_with_the_canonical_id() -> None:
    """Otherwise a repeated call would fail in an outage, and anybody could find out who works where."""
    about: list[HsaId] = []
    directory, plan = asked(Fault("works_at", does=Meanwhile(lambda call: about.append(call.args[1])), times=None))
    school = Scenario(with_adapters(directory=directory))
    id_ = school.start()
    small = COLLEAGUE.hsa_id.lower()
    tries: list[Callable[[], object]] = [
        lambda: school.desk.hand_over(id_, small),
        lambda: school.coordinator.hand_over(id_, NURSE.hsa_id),
        lambda: school.coordinator.hand_over("e-9999", small),  # type: ignore[arg-type]
        lambda: school.desk.start(BO, program="okänt", therapist=small),
        lambda: school.desk.start("1234", program=KEY, therapist=small),
    ]
    for call in tries:
        with pytest.raises(PainSchoolError):
            call()
    assert [] == about
    school.coordinator.hand_over(id_, small, once="a")
    school.desk.start(BO, program=KEY, therapist=small, once="b")
    plan.inject(Fault(does=DOWN, times=None))
    school.coordinator.hand_over(id_, small, once="a")
    school.desk.start(BO, program=KEY, therapist=small, once="b")
    assert [COLLEAGUE.hsa_id] * 2 == about


def test_the_directory_is_asked_outside_of_every_transaction() -> None:
    """Otherwise a slow directory would hold the database's lock, and stop everybody's steps."""
    directory, plan = asked()
    with Scenario(lambda environment: evolve(on_sqlite(environment), directory=directory)) as school:
        id_, other = school.start(), school.start(CILLA)
        plan.inject(Fault("works_at", does=Meanwhile(lambda _: school.desk.review(other)), times=None))
        school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
        school.desk.start(BO, program=KEY, therapist=COLLEAGUE.hsa_id)
        assert 3 == school.desk.enrolment(other).version


@pytest.mark.parametrize("desk", ["desk", "coordinator"])
def test_the_staff_of_the_unit_are_listed_by_name(desk: str) -> None:
    """Otherwise somebody would have to type an HSA-id, and mistype it."""
    unnamed = (StaffMember(hsa_id=staff(98).hsa_id), StaffMember(hsa_id=staff(97).hsa_id))
    others = AT_WORK[OTHER_UNIT]
    directory = MemoryDirectory(staff={UNIT: (*unnamed, *AT_WORK[UNIT]), OTHER_UNIT: others})
    school = Scenario(with_adapters(directory=directory))
    found = getattr(school, desk).staff()
    assert found.is_complete
    assert ["Kim Kvist", "Nils Nord", "Per Palm", None, None] == [one.name for one in found.members]
    assert [staff(97).hsa_id, staff(98).hsa_id] == [one.hsa_id for one in found.members[3:]]
    assert "Kvist" not in repr(found)


def test_the_list_of_staff_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a hospital's whole directory would be one page, or a colleague be left out in silence."""
    school = Scenario()
    for limit, is_complete in ((2, False), (3, True)):
        monkeypatch.setattr(colleagues, "STAFF_LIMIT", limit)
        found = school.desk.staff()
        assert (limit, is_complete) == (len(found.members), found.is_complete)


@pytest.mark.parametrize("does", [DOWN, RAW, *map(Answers, (None, [None], ["SE2321000131-P1"]))])
def test_a_list_that_cannot_be_had_is_no_empty_list(does: Does | Exception) -> None:
    """Otherwise a screen would say that nobody works at the unit."""
    with refused("D-09b", Reason.DIRECTORY_UNAVAILABLE):
        Scenario(with_adapters(directory=asked(Fault("staff_of", does=does, times=None))[0])).desk.staff()


@pytest.mark.rule("D-07a")
def test_a_second_therapist_is_told_whom_to_ask() -> None:
    """Otherwise nobody could tell who has the patient, and who could hand the patient over."""
    school = Scenario()
    school.start()
    with school.unchanged(), refused("D-07a", Reason.ALREADY_OPEN) as broken:
        school.colleague.start(ANNA, program=KEY)
    assert {"program": KEY, "therapist": NURSE.hsa_id} == broken.value.facts
    for language in Language:
        assert NURSE.hsa_id in label(broken.value, language)
        assert "Nils Nord" in label(broken.value, language, therapist="Nils Nord")
    school.school.therapist(STRANGER).start(ANNA, program=KEY)  # another unit's: told nothing of this one


def test_whoever_may_not_do_a_step_is_told_who_may() -> None:
    """Otherwise a therapist would not know that the patient administrator hands patients over."""
    school = Scenario()
    id_ = school.start()
    tries: dict[tuple[str, ...], Callable[[], object]] = {
        ("patient-administrator",): lambda: school.desk.hand_over(id_, COLLEAGUE.hsa_id),
        ("patients-therapist",): lambda: school.coordinator.review(id_),
        ("who-started", "patient-administrator"): lambda: school.colleague.withdraw(id_, "wrong-person"),
        ("patients-therapist", "patient-administrator"): lambda: school.colleague.enrolment(id_),
    }
    for whom, call in tries.items():
        with pytest.raises(NotPermitted) as error:
            call()
        assert whom == error.value.whom
    assert "Patientens behandlare, Invånaradministratör" in label(error.value)
    assert "The patient's therapist" in label(error.value, "en")


def test_who_is_no_therapist_cannot_take_a_patient() -> None:
    """Otherwise a patient administrator would get a patient whom they may neither list nor read nor end."""
    school = Scenario()
    own = COORDINATOR.hsa_id
    for therapist in (None, own):
        with school.unchanged(), pytest.raises(InvalidValue, match="name the therapist who gets the patient"):
            school.coordinator.start(ANNA, program="smartskola", therapist=therapist)
    id_ = school.start()
    with school.unchanged(), pytest.raises(InvalidValue, match="name the therapist who gets the patient"):
        school.coordinator.hand_over(id_, own)
