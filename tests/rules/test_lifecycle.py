"""Start, hand over, review, maintain, end: each row of the lifecycle, and what is not in it."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from attrs import evolve

from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.events import (
    AccessEnded,
    Ended,
    HandedOver,
    Maintained,
    NotificationDropped,
    Reviewed,
    Started,
)
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import FlagKind, Policy, Terms
from digital_painschool.domain.program import EndReason
from digital_painschool.errors import InvalidIdentity, InvalidProgram, InvalidValue, Reason
from digital_painschool.rules.lifecycle import (
    TRANSITIONS,
    end,
    hand_over,
    is_review_due,
    maintain,
    note_access_end,
    review,
    start,
)
from digital_painschool.testing.environment import INSTANT, START, local
from digital_painschool.testing.example import PROGRAM, SLEEP, program
from digital_painschool.testing.people import (
    ANNA,
    BO,
    COLLEAGUE,
    COORDINATION_NUMBER,
    NURSE,
    OTHER_UNIT,
    PERSON,
    RESERVE_NUMBER,
    UNIT,
)
from digital_painschool.testing.scenario import Scenario
from tests.scenario import POLICY, TERMS, folded, refused, started

LATER = START + timedelta(days=10)
STEPS = {
    "hand_over": partial(hand_over, terms=TERMS, therapist=COLLEAGUE.hsa_id, by=NURSE, at=LATER),
    "review": partial(review, terms=TERMS, by=NURSE, at=LATER),
    "note_access_end": partial(note_access_end, terms=TERMS, by=NURSE, at=START + timedelta(days=900)),
    "maintain": partial(maintain, terms=TERMS, days=30, modules=(1,), by=NURSE, at=LATER),
    "end": partial(end, terms=TERMS, reason="klar", by=NURSE, at=LATER),
}


def in_phase(phase: Phase) -> Enrolment:
    """Return an enrolment in a phase."""
    enrolment = started()
    if phase is Phase.MAINTENANCE:
        return folded(enrolment, maintain(enrolment, TERMS, 30, (1, 2), by=NURSE, at=LATER))
    if phase is Phase.ENDED:
        return folded(enrolment, end(enrolment, TERMS, "klar", by=NURSE, at=LATER))
    return enrolment


@pytest.mark.rule("D-19a")
@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_leads_where_the_table_says_or_is_refused(step: str, phase: Phase) -> None:
    """Otherwise the diagram in the docs would show another lifecycle than the one that patients live in."""
    targets = [row.target for row in TRANSITIONS if (row.command, row.source) == (step, phase)]
    enrolment = in_phase(phase)
    if targets:
        assert targets == [folded(enrolment, STEPS[step](enrolment)).phase]
    else:
        with refused("D-19a", Reason.ALREADY_ENDED, command=step):
            STEPS[step](enrolment)


@pytest.mark.rule("D-19a")
def test_nothing_leads_out_of_the_end_and_nothing_back_to_active() -> None:
    """Otherwise an ended enrolment could be reopened by a later row of the table."""
    assert [] == [row for row in TRANSITIONS if row.source is Phase.ENDED]
    assert {None, Phase.ACTIVE} == {row.source for row in TRANSITIONS if row.target is Phase.ACTIVE}
    assert {"start", *STEPS} == {row.command for row in TRANSITIONS}


@pytest.mark.rule("M-07")
def test_a_patient_is_started_with_a_number_in_ten_digits_and_a_program_from_the_list() -> None:
    """Otherwise the therapist could not type ÅÅMMDDXXXX, as the manual says."""
    school = Scenario()
    enrolment = school.desk.start("850709-9805", program="smartskola")
    assert PERSON == enrolment.person
    assert (UNIT, NURSE.hsa_id) == (enrolment.unit, enrolment.therapist)
    assert ["smartskola", "somnskola"] == [offered.key for offered in school.desk.programs()]
    assert [enrolment.id] == [row.enrolment_id for row in school.desk.caseload().rows]


@pytest.mark.rule("M-05")
def test_access_lasts_to_the_same_local_time_a_year_later() -> None:
    """Otherwise a patient would lose, or get, an hour or a day."""
    (event,) = start(
        TERMS, PERSON, (), enrolment_id="e", unit=UNIT, therapist=NURSE.hsa_id, by=NURSE, at=local("2026-03-28 10:00")
    )
    assert isinstance(event, Started)
    assert local("2027-03-28 10:00") == event.access_until
    assert datetime(2027, 3, 28, 8, 0, tzinfo=UTC) == event.access_until


@pytest.mark.rule("M-05")
def test_a_start_on_the_29th_of_february_lasts_to_the_28th() -> None:
    """Otherwise a leap day would give an error, or a day more than the year."""
    assert local("2029-02-28 12:00") == started(local("2028-02-29 12:00")).access_until


@pytest.mark.rule("D-05c")
def test_an_enrolment_keeps_the_version_that_it_was_started_with() -> None:
    """Otherwise a change of content would change a treatment that has begun."""
    school = Scenario()
    old = school.start()
    school.restart(Catalogue(programs=(program(version="2"),)))
    new = school.start(BO)
    assert ["1", "2"] == [school.desk.program(id_).version for id_ in (old, new)]


@pytest.mark.rule("D-05c")
def test_other_content_under_a_used_version_is_refused() -> None:
    """Otherwise two patients with the same version would have had different programs."""
    school = Scenario()
    school.start()
    school.restart(Catalogue(programs=(evolve(PROGRAM, title="Ett annat innehåll"),)))
    with school.unchanged(), pytest.raises(InvalidProgram):
        school.start(BO)


@pytest.mark.rule("D-07a")
def test_a_second_open_enrolment_in_the_program_at_the_unit_is_refused() -> None:
    """Otherwise a double click would give a patient two timelines."""
    school = Scenario()
    school.start()
    with school.unchanged(), refused("D-07a", Reason.ALREADY_OPEN, program="smartskola"):
        school.start("19850709-9805")
    with school.unchanged(), refused("D-07a", Reason.ALREADY_OPEN):
        school.colleague.start(ANNA, program="smartskola")


@pytest.mark.rule("D-07a")
def test_another_program_another_unit_another_person_or_a_new_one_after_the_end_is_fine() -> None:
    """Otherwise a patient whose treatment has ended could never have another."""
    school = Scenario()
    first = school.start()
    school.start(BO)
    school.start(key="somnskola")
    elsewhere = Scenario().school.therapist(NURSE)
    assert Phase.ACTIVE is elsewhere.start(ANNA, program="smartskola").phase
    school.desk.end(first, reason="klar")
    assert first != school.start()


@pytest.mark.rule("D-07a")
def test_an_open_enrolment_in_maintenance_is_an_open_enrolment() -> None:
    """Otherwise a maintained patient could get a second run beside the first."""
    open_one = in_phase(Phase.MAINTENANCE)
    with refused("D-07a", Reason.ALREADY_OPEN):
        start(TERMS, PERSON, [open_one], enrolment_id="e", unit=UNIT, therapist=NURSE.hsa_id, by=NURSE, at=LATER)
    near = HsaId("SE2321000131-E000000000000")
    for terms, unit in (
        (Terms(program(key="a-skola"), POLICY), UNIT),
        (Terms(SLEEP, POLICY), UNIT),
        (TERMS, near),
        (TERMS, OTHER_UNIT),
    ):
        assert start(terms, PERSON, [open_one], enrolment_id="e", unit=unit, therapist=NURSE.hsa_id, by=NURSE, at=LATER)


@pytest.mark.rule("D-07a")
@pytest.mark.parametrize(
    "number", ["198507099806", "20261123-0000", "850709", "", "19850709980", "\uff11985070998\uff10\uff15"]
)
def test_an_invalid_number_is_refused_and_not_repeated(number: str) -> None:
    """Otherwise a mistyped digit would start somebody else's treatment, or be written to a log."""
    school = Scenario()
    with school.unchanged(), pytest.raises(InvalidIdentity) as broken:
        school.start(number)
    assert not number or number not in f"{broken.value} {broken.value!r}"


@pytest.mark.rule("D-07a")
@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("0002292399", "200002292399"),
        ("090121-9931", None),
        ("090121+9931", "190901219931"),
        (COORDINATION_NUMBER, COORDINATION_NUMBER),
        (RESERVE_NUMBER, RESERVE_NUMBER),
    ],
)
def test_every_scheme_and_century_is_read_by_its_sign(typed: str, value: str | None) -> None:
    """Otherwise somebody of 117 years would be taken for a child, or somebody without personnummer be left out."""
    found = Scenario().desk.identify(typed)
    assert (value or "200901219931") == found.value


@pytest.mark.rule("M-09")
def test_a_review_is_due_when_the_last_is_more_than_21_days_old() -> None:
    """Otherwise patients would be forgotten, or shown as due on the very day."""
    assert False is is_review_due(START, START + timedelta(days=21), POLICY)
    assert True is is_review_due(START, START + timedelta(days=21) + INSTANT, POLICY)
    assert True is is_review_due(START, START + timedelta(days=2), Policy(review_after_days=1))


@pytest.mark.rule("M-09")
def test_the_list_shows_who_is_due_and_a_review_settles_it() -> None:
    """Otherwise the advice "var tredje vecka" would stay in the manual."""
    school = Scenario()
    id_ = school.start()
    assert [False] == [row.review_due for row in school.desk.caseload().rows]
    school.advance(days=22)
    assert [True] == [row.review_due for row in school.desk.caseload().rows]
    school.desk.review(id_)
    assert isinstance(school.events(id_)[-1], Reviewed)
    assert [False] == [row.review_due for row in school.desk.caseload().rows]


@pytest.mark.rule("D-09a")
def test_a_patient_is_handed_over_with_all_flags() -> None:
    """Otherwise a flag would be lost while a therapist is away."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, "halsoskattning", {"smarta": 3})
    assert [id_] == [row.enrolment_id for row in school.coordinator.unit_caseload().rows]
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    assert () == school.desk.caseload().rows
    assert [(id_, 1)] == [(row.enrolment_id, row.flags) for row in school.colleague.caseload().rows]
    assert isinstance(school.events(id_)[-1], HandedOver)


@pytest.mark.rule("D-09a")
def test_handing_over_to_the_same_therapist_is_refused() -> None:
    """Otherwise the timeline would tell of a change that was none."""
    school = Scenario()
    id_ = school.start()
    with school.unchanged(), refused("D-09a", Reason.SAME_THERAPIST):
        school.coordinator.hand_over(id_, NURSE.hsa_id)


@pytest.mark.rule("D-09a")
def test_who_has_the_patient_is_told_by_the_id_and_not_by_where_it_was_read() -> None:
    """Otherwise an id from a request would hand the patient to the one who has it, or keep it from another."""
    with refused("D-09a", Reason.SAME_THERAPIST):
        hand_over(started(), TERMS, HsaId(str(NURSE.hsa_id)), by=NURSE, at=LATER)
    for number in ("000000000000", "999999999999"):
        other = HsaId(f"SE2321000131-P{number}")
        assert [HandedOver(at=LATER, by=NURSE.hsa_id, therapist=other)] == [
            *hand_over(started(), TERMS, other, by=NURSE, at=LATER)
        ]


@pytest.mark.rule("M-18")
def test_maintenance_lets_the_patient_read_the_chosen_modules_and_fill_in_no_forms() -> None:
    """Otherwise a patient in maintenance would raise flags that nobody looks at."""
    school = Scenario()
    id_ = school.start()
    school.desk.maintain(id_, days=90, modules=(1, 2))
    assert "Tema 1" == school.room.open_module(id_, 1).title
    with school.unchanged(), refused("M-18", Reason.MODULE_NOT_IN_MAINTENANCE, module=3):
        school.room.open_module(id_, 3)
    with school.unchanged(), refused("M-18", Reason.READ_ONLY_IN_MAINTENANCE):
        school.room.save_form(id_, "halsoskattning", {"smarta": 3})
    with school.unchanged(), refused("M-18", Reason.READ_ONLY_IN_MAINTENANCE):
        school.room.complete_module(id_, 1)
    assert () == school.desk.to_handle(id_)


@pytest.mark.rule("M-18")
def test_maintenance_needs_at_least_one_module_that_exists() -> None:
    """Otherwise a patient would be left with nothing to read."""
    enrolment = started()
    with refused("M-18", Reason.NO_MODULES_CHOSEN):
        maintain(enrolment, TERMS, 30, (), by=NURSE, at=LATER)
    with refused("M-18", Reason.UNKNOWN_MODULE, module=5):
        maintain(enrolment, TERMS, 30, (1, 5), by=NURSE, at=LATER)


@pytest.mark.rule("D-18a")
def test_the_days_are_whole_local_days_after_that_of_the_confirmation() -> None:
    """Otherwise access would end in the middle of the last day."""
    for confirmed in ("2026-03-02 00:00", "2026-03-02 23:59:59.999999"):
        (event,) = maintain(started(), TERMS, 1, {1}, by=NURSE, at=local(confirmed))
        assert isinstance(event, Maintained)
        assert local("2026-03-04 00:00") == event.access_until


@pytest.mark.rule("D-18a")
@pytest.mark.parametrize(
    ("confirmed", "hours"),
    [("2026-03-28 12:00", 35), ("2026-10-24 12:00", 37), ("2027-03-27 12:00", 35), ("2027-10-30 12:00", 37)],
)
def test_the_days_of_a_maintenance_follow_the_clock_changes(confirmed: str, hours: int) -> None:
    """Otherwise access would end at 23 or at 01 after a clock change."""
    at = local(confirmed)
    (event,) = maintain(started(at), TERMS, 1, {1}, by=NURSE, at=at)
    assert isinstance(event, Maintained)
    assert timedelta(hours=hours) == event.access_until - at


@pytest.mark.rule("D-18a")
def test_the_days_of_a_maintenance_are_those_of_the_unit_s_zone() -> None:
    """Otherwise a unit in another zone would have its midnight at another hour."""
    terms = Terms(PROGRAM, Policy(zone="Europe/Helsinki"))
    (event,) = maintain(started(), terms, 1, {1}, by=NURSE, at=local("2026-03-02 23:30"))
    assert isinstance(event, Maintained)
    assert datetime(2026, 3, 4, 22, 0, tzinfo=UTC) == event.access_until


@pytest.mark.rule("D-18a")
@pytest.mark.parametrize(
    ("days", "fine"), [(0, False), (1, True), (365, True), (366, False), (-1, False), (10**9, False)]
)
def test_the_days_are_1_to_365(days: int, fine: bool) -> None:
    """Otherwise a slip of the finger would give nobody access, or access for ever."""
    if fine:
        assert maintain(started(), TERMS, days, (1,), by=NURSE, at=LATER)
    else:
        with refused("D-18a", Reason.DAYS_OUT_OF_RANGE, fewest=1, most=365):
            maintain(started(), TERMS, days, (1,), by=NURSE, at=LATER)


@pytest.mark.rule("D-18a")
@pytest.mark.parametrize("days", [True, 1.0, "30", None])
def test_days_that_are_no_whole_number_are_refused(days: object) -> None:
    """Otherwise `True` would mean one day."""
    with pytest.raises(InvalidValue):
        maintain(started(), TERMS, days, (1,), by=NURSE, at=LATER)  # type: ignore[arg-type]


@pytest.mark.rule("D-18a")
def test_the_unit_s_own_limits_hold() -> None:
    """Otherwise the policy's `maintenance_days` would be a word without effect."""
    terms = Terms(PROGRAM, Policy(maintenance_days=(7, 400)))
    assert maintain(started(), terms, 400, (1,), by=NURSE, at=LATER)
    with refused("D-18a", Reason.DAYS_OUT_OF_RANGE, fewest=7, most=400):
        maintain(started(), terms, 6, (1,), by=NURSE, at=LATER)


@pytest.mark.rule("D-18a")
def test_a_maintenance_can_be_renewed_and_the_flag_comes_back_when_it_is_over() -> None:
    """Otherwise a renewed patient would stay flagged, or one whose days are over be forgotten."""
    school = Scenario()
    id_ = school.start()
    school.desk.maintain(id_, days=1, modules=(1,))
    school.at("2026-03-04 00:00")
    assert [FlagKind.ENDING] == [flag.kind for flag in school.desk.to_handle(id_)]
    with school.unchanged(), refused("D-18a", Reason.ACCESS_IS_OVER):
        school.room.open_module(id_, 1)
    school.desk.maintain(id_, days=1, modules=(2,))
    assert () == school.desk.to_handle(id_)
    assert "Tema 2" == school.room.open_module(id_, 2).title
    with school.unchanged(), refused("M-18", Reason.MODULE_NOT_IN_MAINTENANCE):
        school.room.open_module(id_, 1)


@pytest.mark.rule("D-05a")
def test_at_the_year_s_end_access_ends_by_itself_and_the_enrolment_stays_open_with_a_flag() -> None:
    """Otherwise patients would read on for ever, or the therapist would never be asked what comes next."""
    school = Scenario()
    id_ = school.start()
    school.at("2027-03-02 07:59:59.999999")
    school.room.open_module(id_, 1)
    assert () == school.desk.to_handle(id_)
    school.at("2027-03-02 08:00")
    with school.unchanged(), refused("D-05a", Reason.ACCESS_IS_OVER):
        school.room.open_module(id_, 1)
    assert Phase.ACTIVE is school.state(id_).phase
    assert [FlagKind.ENDING] == [flag.kind for flag in school.desk.to_handle(id_)]
    assert Phase.MAINTENANCE is school.desk.maintain(id_, days=30, modules=(1,)).phase


@pytest.mark.rule("D-05a")
def test_the_end_of_access_is_noted_once_for_each_time_that_it_ends() -> None:
    """Otherwise the second end, after a maintenance, would be missing from the timeline."""
    enrolment = started()
    over = enrolment.access_until
    assert () == note_access_end(enrolment, TERMS, by=NURSE, at=over - INSTANT)
    events = note_access_end(enrolment, TERMS, by=NURSE, at=over)
    assert [AccessEnded] == [type(event) for event in events]
    noted = folded(enrolment, events)
    assert () == note_access_end(noted, TERMS, by=NURSE, at=over + timedelta(days=1))
    again = folded(noted, maintain(noted, TERMS, 1, (1,), by=NURSE, at=over))
    assert [AccessEnded] == [type(e) for e in note_access_end(again, TERMS, by=NURSE, at=again.access_until)]


@pytest.mark.rule("D-05a")
def test_an_end_is_noted_when_another_was_noted_whichever_came_first_and_the_same_is_not_noted_again() -> None:
    """Otherwise a clock that ran ahead would keep an end off the timeline, or a restart put it there twice."""
    enrolment = started()
    over = enrolment.access_until
    for noted, count in ((over - INSTANT, 1), (over + INSTANT, 1), (over + 0 * INSTANT, 0)):
        before = evolve(enrolment, noted_end=noted)
        assert count == len(note_access_end(before, TERMS, by=NURSE, at=over + timedelta(days=1)))


@pytest.mark.rule("M-17")
def test_twelve_months_after_the_start_the_therapist_gets_a_flag() -> None:
    """Otherwise an enrolment would run out without anybody's decision."""
    school = Scenario()
    school.start()
    school.at("2027-03-02 07:59:59.999999")
    assert [(0, False)] == [(row.flags, row.ending) for row in school.desk.caseload().rows]
    school.at("2027-03-02 08:00")
    assert [(1, True)] == [(row.flags, row.ending) for row in school.desk.caseload().rows]


@pytest.mark.rule("M-19")
def test_ending_needs_a_reason_from_the_list() -> None:
    """Otherwise statistics of why treatments end would hold anything."""
    school = Scenario()
    id_ = school.start()
    assert ["klar", "avbruten"] == [reason.key for reason in school.desk.end_reasons(id_)]
    with school.unchanged(), refused("M-19", Reason.UNKNOWN_END_REASON, choices=("klar", "avbruten")):
        school.desk.end(id_, reason="trött")
    ended = school.desk.end(id_, reason="avbruten")
    assert (Phase.ENDED, "avbruten", school.now) == (ended.phase, ended.end_reason, ended.ended_at)


@pytest.mark.rule("D-19a")
def test_the_unit_s_own_list_of_reasons_stands_for_the_program_s() -> None:
    """Otherwise every unit would have to use the bundled example."""
    terms = Terms(PROGRAM, Policy(end_reasons=(EndReason(key="flyttat", title="Flyttat"),)))
    with refused("M-19", Reason.UNKNOWN_END_REASON, choices=("flyttat",)):
        end(started(), terms, "klar", by=NURSE, at=LATER)
    assert [Ended] == [type(event) for event in end(started(), terms, "flyttat", by=NURSE, at=LATER)]


@pytest.mark.rule("D-19a")
def test_the_end_closes_settles_and_drops_in_one_step() -> None:
    """Otherwise an ending would be half done: a notice goes, or a flag waits for nobody."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, "halsoskattning", {"smarta": 10})
    school.room.write(id_, "Hej")
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    before = school.state(id_).version
    school.desk.end(id_, reason="klar")
    assert [Ended, NotificationDropped] == [type(event) for event in school.events(id_)[before:]]
    assert () == school.desk.to_handle(id_)
    assert () == school.desk.caseload().rows
    assert False is school.room.overview(id_).modules[0].open


@pytest.mark.rule("D-19a")
def test_after_the_end_every_step_of_the_patient_and_the_therapist_is_refused() -> None:
    """Otherwise an ended record would go on changing."""
    school = Scenario()
    id_ = school.start()
    school.room.write(id_, "Hej")
    school.desk.end(id_, reason="klar")
    for step in (
        lambda: school.room.open_module(id_, 1),
        lambda: school.room.complete_module(id_, 1),
        lambda: school.room.save_form(id_, "halsoskattning", {"smarta": 3}),
        lambda: school.room.write(id_, "Hej", conversation=1),
        lambda: school.room.write(id_, "Hej"),
        lambda: school.room.rename_conversation(id_, 1, "Ny"),
        lambda: school.room.read_conversation(id_, 1),
        lambda: school.room.conversations(id_),
        lambda: school.desk.write(id_, 1, "Hej"),
        lambda: school.desk.start_conversation(id_, "Hej"),
        lambda: school.desk.rename_conversation(id_, 1, "Ny"),
        lambda: school.desk.mark_read(id_, "halsoskattning"),
        lambda: school.desk.review(id_),
        lambda: school.desk.maintain(id_, days=1, modules=(1,)),
        lambda: school.desk.end(id_, reason="klar"),
        lambda: school.coordinator.hand_over(id_, COLLEAGUE.hsa_id),
    ):
        with school.unchanged(), refused("D-19a", Reason.ALREADY_ENDED):
            step()


def test_the_state_is_not_changed_by_a_rule() -> None:
    """Otherwise a step that is refused later would have changed something already."""
    enrolment = started()
    same = started()
    for step in STEPS.values():
        step(enrolment)
    assert same == enrolment
