"""Silent patients and coming ends as notifications of staff, where the unit chooses."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryStorage
from digital_painschool.application.program_catalogue import UnitTerms
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.attention import AttentionLimits
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import AccessEndsSoon, Event, PatientSilent
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import BOX_FLAGS, POINTED_OUT, FlagKind, Policy, YearEnd
from digital_painschool.errors import DeliveryError, RuleViolation
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.people import BO, COLLEAGUE, OTHER_UNIT, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import DAY, NONE, Faulty, FaultyMessenger

pytestmark = pytest.mark.rule("D-17b", "D-23a")

OFFERED = Policy(staff_flags=POINTED_OUT)
NOTED, TOLD = DeliveryReport(pointed_out=1), DeliveryReport(pointed_out=1, sent=1, delivered=1)


def pointed_out(school: Scenario, id_: EnrolmentId) -> list[type[Event]]:
    """Return the kinds of notes on a timeline of what lists point out, in order."""
    return [type(one) for one in school.events(id_) if isinstance(one, PatientSilent | AccessEndsSoon)]


def ticked(policy: Policy = OFFERED) -> tuple[Scenario, EnrolmentId]:
    """Return a school with a patient whose therapist is notified by e-mail of all that the unit offers."""
    school = Scenario(policy=policy)
    school.desk.receive_notifications(email=True)
    return school, school.start()


def test_each_silence_and_each_end_is_told_once() -> None:
    """Otherwise a therapist would not be told of a patient who has gone away, or be told at every run."""
    school, id_ = ticked()
    school.advance(days=14)
    assert NONE == school.deliver()
    school.advance(minutes=1)
    assert [TOLD, NONE] == [school.deliver(), school.deliver()]
    school.room.open_module(id_, 1)
    school.advance(days=14, minutes=1)
    assert [TOLD, NONE] == [school.deliver(), school.deliver()]
    school.room.open_module(id_, 2)
    school.at("2027-02-02 08:00")
    assert (TOLD, Template.SILENT) == (school.deliver(), school.environment.email.sent[-1].template)
    school.at("2027-02-02 08:00:01")
    assert [TOLD, NONE] == [school.deliver(), school.deliver()]
    assert Template.ENDS_SOON is school.environment.email.sent[-1].template
    school.desk.maintain(id_, days=60, modules=[1], shortens=True)
    school.at("2027-03-10 08:00")
    assert [TOLD, NONE] == [school.deliver(), school.deliver()]
    assert [PatientSilent] * 3 + [AccessEndsSoon] * 2 == pointed_out(school, id_)


def test_a_note_is_no_visit_no_flag_and_no_entry_that_a_purge_counts_from() -> None:
    """Otherwise a silent patient would never be silent, or a purge wait for a worker's own notes (D-21b)."""
    school, id_ = ticked()
    seen = school.desk.patient_page(id_)
    school.at("2027-02-10 08:00")
    assert 1 == school.deliver().pointed_out
    page, after = school.desk.patient_page(id_), school.state(id_)
    assert ((), (), 3) == (page.box, page.flags, after.version)
    assert (after.started_at, None) == (after.last_entry_at, after.last_seen_at)
    assert (seen.head.version, 3) == (1, page.head.version)
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id, expected=1)
    for kind in POINTED_OUT:
        with pytest.raises(RuleViolation):
            school.colleague.mark_handled(id_, kind)


CHOICES: list[tuple[Policy, Mapping[str, UnitTerms], list[type[Event]]]] = [
    (Policy(), {}, []),
    (Policy(staff_flags=BOX_FLAGS), {}, []),
    (Policy(staff_flags=frozenset({FlagKind.SILENT})), {}, [PatientSilent]),
    (Policy(staff_flags=frozenset({FlagKind.ENDS_SOON})), {}, [AccessEndsSoon]),
    (evolve(OFFERED, silent_after_days=0, ending_within_days=0), {}, []),
    (evolve(OFFERED, year_end=YearEnd.FLAG_ONLY), {}, [PatientSilent]),
    (Policy(), {UNIT: UnitTerms(policy=OFFERED)}, [PatientSilent, AccessEndsSoon]),
    (Policy(), {OTHER_UNIT: UnitTerms(policy=OFFERED)}, []),
    (OFFERED, {UNIT: UnitTerms(policy=Policy())}, []),
]
"""The common policy, the units' own, and what is noted."""


@pytest.mark.parametrize(("policy", "units", "found"), CHOICES)
def test_nothing_is_written_that_the_unit_has_not_chosen(
    policy: Policy, units: Mapping[str, UnitTerms], found: list[type[Event]]
) -> None:
    """Otherwise the timelines of a unit that wants none would fill with notes, or one that wants them get none."""
    school = Scenario(policy=policy)
    school.catalogue = evolve(school.catalogue, units=units)
    school.restart()
    id_ = school.start()
    school.at("2027-02-10 08:00")
    assert [int(bool(found)), 0] == [school.deliver().pointed_out for _ in range(2)]
    assert found == pointed_out(school, id_)


def test_a_hand_over_tells_the_new_therapist_instead() -> None:
    """Otherwise the one who is away would be told that a patient is silent, and nobody would look (D-09b)."""
    school, id_ = ticked(evolve(OFFERED, staff_flags=frozenset(FlagKind)))
    for desk in (school.desk, school.colleague):
        desk.receive_notifications(email=True, summary=True, flags=[FlagKind.SILENT])
    school.advance(days=15)
    assert 1 == school.deliver().pointed_out
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    school.at("2026-03-18 09:00")
    assert 1 == school.deliver().sent
    assert ["colleague@vgregion.example"] == [one.address.value for one in school.environment.email.sent]


def test_an_end_that_moved_is_told_of_once_although_the_new_one_comes_soon_too() -> None:
    """Otherwise a therapist would get an e-mail of an end that they have moved, and one of the new end (D-13b)."""
    email = FaultyMessenger(DeliveryError("busy"))
    school = Scenario(with_adapters(messengers=(email,)), policy=OFFERED)
    school.desk.receive_notifications(email=True, flags=[FlagKind.ENDS_SOON])
    id_ = school.start()
    school.advance(days=350)
    assert 1 == school.deliver().retried
    school.desk.maintain(id_, days=20, modules=[1])
    email.error = None
    school.advance(minutes=5)
    assert evolve(TOLD, dropped=1) == school.deliver()
    assert [AccessEndsSoon] * 2 == [one for one in pointed_out(school, id_) if one is AccessEndsSoon]


def test_a_patient_who_comes_while_a_worker_looks_is_not_noted() -> None:
    """Otherwise a therapist would be told that a patient is silent who has just written."""

    class Racing(MemoryStorage):
        def unnoted_attention(self, unit: HsaId, now: datetime, limits: AttentionLimits) -> tuple[EnrolmentId, ...]:
            found = super().unnoted_attention(unit, now, limits)
            school.room.open_module(id_, 1)
            return found

    school = Scenario(with_adapters(storage=Racing()), policy=OFFERED)
    id_ = school.start()
    school.advance(days=15)
    assert NONE == school.deliver()
    assert [] == pointed_out(school, id_)


def test_what_is_noted_costs_no_later_run_a_look() -> None:
    """Otherwise every run would load all silent patients of a region, for years."""

    class Counting(MemoryStorage):
        loaded: list[EnrolmentId]

        def load_many(self, enrolment_ids: Iterable[EnrolmentId]) -> Mapping[EnrolmentId, Enrolment]:
            ids = tuple(enrolment_ids)
            self.loaded.extend(ids)
            return super().load_many(ids)

    storage = Counting()
    storage.loaded = []
    school = Scenario(with_adapters(storage=storage), policy=OFFERED)
    noted = [school.start(), school.start(BO)]
    school.at("2027-02-10 08:00")
    for found in (DeliveryReport(pointed_out=2), NONE):
        storage.loaded.clear()
        assert found == school.deliver()
        assert {*noted[: found.pointed_out]} == {*storage.loaded}


def test_a_note_that_could_not_be_written_is_written_by_a_later_run() -> None:
    """Otherwise a busy moment would keep a silence from everybody, or one patient's from the others'."""
    school = Faulty(staff_flags=POINTED_OUT)
    both = school.start(), school.start(BO)
    school.faulty_storage.busy = frozenset({both[0]})
    school.now += 15 * DAY
    assert NOTED == school.deliver()
    school.faulty_storage.busy = frozenset()
    assert [NOTED, NONE] == [school.deliver(), school.deliver()]
