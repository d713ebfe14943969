"""Start, hand over, review, maintain, end: each row of the lifecycle, and what is not in it."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.events import (
    AccessEnded,
    Ended,
    HandedOver,
    Maintained,
    NotificationDropped,
    Started,
)
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import FlagKind, Policy, Terms
from digital_painschool.domain.program import EndReason
from digital_painschool.errors import InvalidIdentity, InvalidValue, Reason, RuleViolation
from digital_painschool.rules.lifecycle import (
    end,
    hand_over,
    is_review_due,
    maintain,
    note_access_end,
    reactivate,
    review,
    start,
)
from digital_painschool.rules.transitions import TRANSITIONS, is_allowed
from digital_painschool.rules.withdrawal import can_be_withdrawn, withdraw
from digital_painschool.testing.environment import INSTANT, START, local
from digital_painschool.testing.example import PROGRAM, SLEEP, program
from digital_painschool.testing.people import (
    BO,
    COLLEAGUE,
    COORDINATOR,
    NURSE,
    OTHER_UNIT,
    PERSON,
    UNIT,
)
from digital_painschool.testing.scenario import Scenario
from tests.scenario import POLICY, TERMS, folded, refused, started

LATER = START + timedelta(days=10)
STEPS = {
    "hand_over": partial(hand_over, terms=TERMS, therapist=COLLEAGUE.hsa_id, by=NURSE, at=LATER),
    "review": partial(review, terms=TERMS, by=NURSE, at=LATER),
    "note_access_end": partial(note_access_end, terms=TERMS, by=NURSE, at=START + timedelta(days=900)),
    "maintain": partial(maintain, terms=TERMS, days=30, modules=(1,), shortens=True, by=NURSE, at=LATER),
    "reactivate": partial(reactivate, terms=TERMS, by=NURSE, at=LATER),
    "end": partial(end, terms=TERMS, reason="klar", by=NURSE, at=LATER),
    "withdraw": partial(withdraw, terms=TERMS, reason="wrong-person", by=NURSE, at=LATER),
}
CLOSED = {Phase.ENDED: ("D-19a", Reason.ALREADY_ENDED), Phase.WITHDRAWN: ("D-07b", Reason.ALREADY_WITHDRAWN)}


def in_phase(phase: Phase) -> Enrolment:
    """Return an enrolment in a phase."""
    enrolment = started()
    if phase is Phase.MAINTENANCE:
        return folded(enrolment, maintain(enrolment, TERMS, 30, (1, 2), shortens=True, by=NURSE, at=LATER))
    if phase is Phase.ENDED:
        return folded(enrolment, end(enrolment, TERMS, "klar", by=NURSE, at=LATER))
    if phase is Phase.WITHDRAWN:
        return folded(enrolment, withdraw(enrolment, TERMS, "wrong-person", by=NURSE, at=LATER))
    return enrolment


@pytest.mark.rule("D-07b")
@pytest.mark.rule("D-19a")
@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_leads_where_the_table_says_or_is_refused(step: str, phase: Phase) -> None:
    """Otherwise the diagram in the docs would show another lifecycle than the one that patients live in."""
    targets = [row.target for row in TRANSITIONS if (row.command, row.source) == (step, phase)]
    enrolment = in_phase(phase)
    if targets:
        assert targets == [folded(enrolment, STEPS[step](enrolment)).phase]
    elif phase in CLOSED:
        with refused(*CLOSED[phase], command=step):
            STEPS[step](enrolment)
    else:
        with refused("D-18b", Reason.NOT_IN_MAINTENANCE):
            STEPS[step](enrolment)


@pytest.mark.rule("D-07b")
@pytest.mark.parametrize("wrote", [False, True])
@pytest.mark.parametrize("phase", Phase)
def test_the_button_is_there_just_where_a_withdrawal_is_not_refused(phase: Phase, wrote: bool) -> None:
    """Otherwise a therapist would click what is refused, or not find what is right."""
    enrolment = evolve(in_phase(phase), completed=frozenset({1} if wrote else ()))
    try:
        withdraw(enrolment, TERMS, "wrong-person", by=NURSE, at=LATER)
    except RuleViolation:
        is_refused = True
    else:
        is_refused = False
    assert can_be_withdrawn(enrolment) is not is_refused
    assert is_refused is (wrote or phase is Phase.WITHDRAWN)


@pytest.mark.rule("D-19a")
def test_nothing_leads_out_of_the_end_and_nothing_but_maintenance_back_to_active() -> None:
    """Otherwise an ended enrolment could be reopened by a later row of the table."""
    assert [("withdraw", Phase.WITHDRAWN)] == [(r.command, r.target) for r in TRANSITIONS if r.source is Phase.ENDED]
    assert [] == [row for row in TRANSITIONS if row.source is Phase.WITHDRAWN]
    back = {row.command for row in TRANSITIONS if row.source is not Phase.ACTIVE and row.target is Phase.ACTIVE}
    assert {"start", "reactivate"} == back
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
@pytest.mark.parametrize(
    ("begun", "until"),
    [("2026-03-28 10:00", "2027-03-28T08:00+00:00"), ("2028-02-29 12:00", "2029-02-28T11:00+00:00")],
)
def test_access_lasts_to_the_same_local_time_a_year_later(begun: str, until: str) -> None:
    """Otherwise a patient would lose, or get, an hour or a day, or a leap day give an error."""
    assert datetime.fromisoformat(until) == started(local(begun)).access_until


@pytest.mark.rule("D-07a")
@pytest.mark.parametrize("phase", Phase)
def test_a_second_open_enrolment_in_the_program_at_the_unit_is_refused(phase: Phase) -> None:
    """Otherwise a double click would give a patient two timelines, or an end shut a patient out for ever."""
    begin = partial(start, enrolment_id=EnrolmentId("e"), therapist=NURSE.hsa_id, by=NURSE, at=LATER)
    earlier = [in_phase(phase)]
    if phase in CLOSED:
        assert begin(TERMS, PERSON, earlier, unit=UNIT)
    else:
        with refused("D-07a", Reason.ALREADY_OPEN, program="smartskola"):
            begin(TERMS, PERSON, earlier, unit=UNIT)
    for terms in (Terms(program(key="a-skola"), POLICY), Terms(SLEEP, POLICY)):
        assert begin(terms, PERSON, earlier, unit=UNIT)
    for unit in (HsaId("SE2321000131-E000000000000"), OTHER_UNIT):
        assert begin(TERMS, PERSON, earlier, unit=unit)
    school = Scenario()
    assert school.start() != school.start(BO)
    with school.unchanged(), refused("D-07a", Reason.ALREADY_OPEN):
        school.colleague.start("19850709-9805", program="smartskola")


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


@pytest.mark.rule("M-09")
def test_a_review_is_due_when_the_last_is_more_than_21_days_old() -> None:
    """Otherwise patients would be forgotten, or shown as due on the very day."""
    assert False is is_review_due(START, START + timedelta(days=21), POLICY)
    assert True is is_review_due(START, START + timedelta(days=21) + INSTANT, POLICY)
    assert True is is_review_due(START, START + timedelta(days=2), Policy(review_after_days=1))


@pytest.mark.rule("D-09a")
def test_a_patient_is_handed_over_with_all_flags() -> None:
    """Otherwise a flag would be lost while a therapist is away."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, "halsoskattning", {"smarta": 3})
    assert [id_] == [row.enrolment_id for row in school.coordinator.unit_caseload().rows]
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    assert () == school.desk.caseload().rows
    flags = [(flag.kind, flag.by) for flag in school.colleague.to_handle(id_)]
    assert [(FlagKind.FORM_SAVED, None), (FlagKind.HANDED_OVER, COORDINATOR.hsa_id)] == flags
    assert [(id_, 2, True)] == [
        (row.enrolment_id, row.flags, row.handed_over) for row in school.colleague.caseload().rows
    ]
    assert isinstance(school.events(id_)[-1], HandedOver)


@pytest.mark.rule("D-09a")
def test_who_has_the_patient_is_told_by_the_id_and_not_by_where_it_was_read() -> None:
    """Otherwise an id from a request would hand the patient to the one who has it, or keep it from another."""
    with refused("D-09a", Reason.SAME_THERAPIST):
        hand_over(started(), TERMS, HsaId(str(NURSE.hsa_id)), by=NURSE, at=LATER)
    for number in ("000000000000", "999999999999"):
        other = HsaId(f"SE2321000131-P{number}")
        assert [HandedOver(at=LATER, by=NURSE.hsa_id, therapist=other, flagged=True)] == [
            *hand_over(started(), TERMS, other, by=NURSE, at=LATER)
        ]
    mine = HsaId(str(NURSE.hsa_id))
    [taken] = hand_over(evolve(started(), therapist=other), TERMS, mine, by=NURSE, at=LATER)
    assert HandedOver(at=LATER, by=NURSE.hsa_id, therapist=mine, flagged=False) == taken


@pytest.mark.rule("D-09b")
@pytest.mark.parametrize(
    ("therapist", "flagged"),
    [(HsaId(str(NURSE.hsa_id)), False), *((HsaId(f"SE2321000131-P{one * 12}"), True) for one in "09")],
)
def test_a_therapist_has_a_flag_of_a_patient_that_somebody_else_started(therapist: HsaId, flagged: bool) -> None:
    """Otherwise a therapist would not learn of a new patient, or be told of what they did themselves."""
    [event] = start(
        TERMS, PERSON, (), enrolment_id=EnrolmentId("e-1"), unit=UNIT, therapist=therapist, by=NURSE, at=START
    )
    assert isinstance(event, Started)
    assert flagged is event.flagged


@pytest.mark.rule("M-18")
def test_maintenance_needs_at_least_one_module_that_exists() -> None:
    """Otherwise a patient would be left with nothing to read."""
    enrolment = started()
    with refused("M-18", Reason.NO_MODULES_CHOSEN):
        maintain(enrolment, TERMS, 30, (), by=NURSE, at=LATER)
    with refused("M-18", Reason.UNKNOWN_MODULE, module=5):
        maintain(enrolment, TERMS, 30, (1, 5), shortens=True, by=NURSE, at=LATER)


@pytest.mark.rule("D-18a")
@pytest.mark.parametrize(
    ("confirmed", "zone", "until"),
    [
        ("2026-03-02 00:00", "Europe/Stockholm", "2026-03-03T23:00"),
        ("2026-03-02 23:59:59.999999", "Europe/Stockholm", "2026-03-03T23:00"),
        ("2026-03-02 23:30", "Europe/Helsinki", "2026-03-04T22:00"),
        ("2026-03-28 12:00", "Europe/Stockholm", "2026-03-29T22:00"),
        ("2026-10-24 12:00", "Europe/Stockholm", "2026-10-25T23:00"),
        ("2027-03-27 12:00", "Europe/Stockholm", "2027-03-28T22:00"),
        ("2027-10-30 12:00", "Europe/Stockholm", "2027-10-31T23:00"),
    ],
)
def test_the_days_are_whole_days_of_the_unit_s_zone_after_that_of_the_confirmation(
    confirmed: str, zone: str, until: str
) -> None:
    """Otherwise access would end in the middle of the last day, or at 23 or at 01 after a clock change."""
    at = local(confirmed)
    (event,) = maintain(started(at), Terms(PROGRAM, Policy(zone=zone)), 1, {1}, shortens=True, by=NURSE, at=at)
    assert isinstance(event, Maintained)
    assert datetime.fromisoformat(until).replace(tzinfo=UTC) == event.access_until


@pytest.mark.rule("D-18a")
@pytest.mark.parametrize(("fewest", "most"), [(1, 365), (7, 400)])
def test_the_days_lie_within_the_policy_s_limits(fewest: int, most: int) -> None:
    """Otherwise a slip of the finger would give nobody access, or access for ever, and `True` would mean one day."""
    terms = Terms(PROGRAM, Policy(maintenance_days=(fewest, most)))
    keep = partial(maintain, started(), terms, shortens=True, by=NURSE, at=LATER)
    for days in (fewest, most):
        assert keep(days, (1,))
    for days in (fewest - 1, most + 1, -1, 10**9):
        with refused("D-18a", Reason.DAYS_OUT_OF_RANGE, fewest=fewest, most=most):
            keep(days, (1,))
    for wrong in (True, 1.0, "30", None):
        with pytest.raises(InvalidValue):
            keep(wrong, (1,))  # type: ignore[arg-type]


@pytest.mark.rule("D-18a")
def test_a_maintenance_can_be_renewed_and_the_flag_comes_back_when_it_is_over() -> None:
    """Otherwise a renewed patient would stay flagged, or one whose days are over be forgotten."""
    school = Scenario()
    id_ = school.start()
    school.desk.maintain(id_, days=1, modules=(1,), shortens=True)
    school.at("2026-03-04 00:00")
    assert [FlagKind.ENDING] == [flag.kind for flag in school.desk.to_handle(id_)]
    with school.unchanged(), refused("D-18a", Reason.ACCESS_IS_OVER):
        school.room.open_module(id_, 1)
    school.desk.maintain(id_, days=1, modules=(2,))
    assert () == school.desk.to_handle(id_)
    assert "Tema 2" == school.room.open_module(id_, 2).title
    with school.unchanged(), refused("M-18", Reason.MODULE_NOT_IN_MAINTENANCE):
        school.room.open_module(id_, 1)


@pytest.mark.rule("M-17", "D-05a")
def test_at_the_year_s_end_access_ends_by_itself_and_the_enrolment_stays_open_with_a_flag() -> None:
    """Otherwise patients would read on for ever, or the therapist would never be asked what comes next."""
    school = Scenario()
    id_ = school.start()
    school.at("2027-03-02 07:59:59.999999")
    school.room.open_module(id_, 1)
    assert () == school.desk.to_handle(id_)
    assert [(0, False)] == [(row.flags, row.ending) for row in school.desk.caseload().rows]
    school.at("2027-03-02 08:00")
    with school.unchanged(), refused("D-05a", Reason.ACCESS_IS_OVER):
        school.room.open_module(id_, 1)
    assert Phase.ACTIVE is school.state(id_).phase
    assert [FlagKind.ENDING] == [flag.kind for flag in school.desk.to_handle(id_)]
    assert [(1, True)] == [(row.flags, row.ending) for row in school.desk.caseload().rows]
    assert Phase.MAINTENANCE is school.desk.maintain(id_, days=30, modules=(1,)).phase


@pytest.mark.rule("D-05a")
def test_the_end_of_access_is_noted_once_for_each_time_that_it_ends() -> None:
    """Otherwise the end after a maintenance would be missing, or an end be noted early, or with every restart."""
    enrolment = started()
    over = enrolment.access_until
    assert () == note_access_end(enrolment, TERMS, by=NURSE, at=over - INSTANT)
    events = note_access_end(enrolment, TERMS, by=NURSE, at=over)
    assert (AccessEnded(at=over, by=NURSE.hsa_id, access_until=over),) == events
    noted = folded(enrolment, events)
    again = folded(noted, maintain(noted, TERMS, 1, (1,), by=NURSE, at=over))
    for state, at, count in (
        (noted, over + timedelta(days=1), 0),
        (again, again.access_until, 1),
        (evolve(enrolment, noted_end=over - INSTANT), over + timedelta(days=1), 1),
        (evolve(enrolment, noted_end=over + INSTANT), over + timedelta(days=1), 1),
        (evolve(enrolment, noted_end=over + 0 * INSTANT), over + timedelta(days=1), 0),
    ):
        assert [AccessEnded] * count == [type(event) for event in note_access_end(state, TERMS, by=NURSE, at=at)]


@pytest.mark.rule("M-19", "D-19a")
@pytest.mark.parametrize(
    ("own", "choices"), [(None, ("klar", "avbruten")), ((EndReason(key="flyttat", title="Flyttat"),), ("flyttat",))]
)
def test_ending_needs_a_reason_from_the_unit_s_list_or_else_the_program_s(
    own: tuple[EndReason, ...] | None, choices: tuple[str, ...]
) -> None:
    """Otherwise statistics of why treatments end would hold anything, or every unit have the example's reasons."""
    school = Scenario(policy=Policy(end_reasons=own))
    id_ = school.start()
    assert [*choices] == [reason.key for reason in school.desk.end_reasons(id_)]
    for wrong in {"trött", "klar"}.difference(choices):
        with school.unchanged(), refused("M-19", Reason.UNKNOWN_END_REASON, choices=choices):
            school.desk.end(id_, reason=wrong)
    ended = school.desk.end(id_, reason=choices[-1])
    assert (Phase.ENDED, choices[-1], school.now) == (ended.phase, ended.end_reason, ended.ended_at)


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
        lambda: school.room.read_page(id_, 1, 1),
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
        lambda: school.desk.maintain(id_, days=1, modules=(1,), shortens=True),
        lambda: school.desk.reactivate(id_),
        lambda: school.desk.end(id_, reason="klar"),
        lambda: school.coordinator.hand_over(id_, COLLEAGUE.hsa_id),
    ):
        with school.unchanged(), refused("D-19a", Reason.ALREADY_ENDED):
            step()


def test_the_state_is_not_changed_by_a_rule() -> None:
    """Otherwise a step that is refused later would have changed something already."""
    enrolment = started()
    same = started()
    for name, step in STEPS.items():
        if is_allowed(name, enrolment.phase):
            step(enrolment)
    assert same == enrolment
