"""Maintenance never takes time away by accident, and what a unit may decide about it and about the year's end."""

from datetime import date, timedelta
from functools import partial

import pytest

from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.events import AccessEnded, Maintained, Reactivated
from digital_painschool.domain.local_time import last_day
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import SystemActor
from digital_painschool.domain.policy import FlagKind, Policy, Terms, YearEnd
from digital_painschool.errors import InvalidValue, Reason, RuleViolation
from digital_painschool.labels.lookup import label
from digital_painschool.rules.lifecycle import maintain, note_access_end, reactivate
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.environment import INSTANT, START, local
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM
from digital_painschool.testing.people import NURSE
from digital_painschool.testing.scenario import Scenario
from tests.scenario import TERMS, folded, refused, started

SYSTEM = SystemActor()
LATER = START + timedelta(days=10)
FLAG_ONLY = Policy(year_end=YearEnd.FLAG_ONLY)
WRITING = Policy(write_in_maintenance=True, staff_flags=frozenset(FlagKind))


@pytest.mark.rule("D-18b")
def test_a_maintenance_that_takes_time_away_is_refused_with_both_days_unless_it_is_confirmed() -> None:
    """Otherwise thirty days in the first month would move the end from March next year to April, in silence."""
    school = Scenario()
    id_ = school.start()
    days = {"last_day": date(2026, 4, 1), "present_last_day": date(2027, 3, 2)}
    with school.unchanged(), refused("D-18b", Reason.SHORTENS_ACCESS, **days):
        school.desk.maintain(id_, days=30, modules=(1,))
    kept = school.desk.maintain(id_, days=30, modules=(1,), shortens=True)
    assert date(2026, 4, 1) == last_day(kept.access_until, school.zone)


@pytest.mark.rule("D-18b")
@pytest.mark.parametrize(("begun", "fewest"), [("2026-03-02 00:00", 9), ("2026-03-02 12:00", 10)])
def test_a_maintenance_to_the_very_day_of_the_present_end_takes_nothing_away(begun: str, fewest: int) -> None:
    """Otherwise a day that the patient has anyway would be refused, or the last one be lost without a word."""
    enrolment = started(local(begun))
    keep = partial(maintain, enrolment, TERMS, modules=(1,), by=NURSE, at=enrolment.access_until - timedelta(days=10))
    with refused("D-18b", Reason.SHORTENS_ACCESS):
        keep(fewest - 1)
    (event,) = keep(fewest)
    assert isinstance(event, Maintained)
    assert event.access_until >= enrolment.access_until


@pytest.mark.rule("D-18a", "D-18b")
def test_a_renewal_may_not_shorten_either_and_a_confirmation_of_nothing_is_harmless() -> None:
    """Otherwise a slip in a renewal would take away what the first maintenance promised."""
    enrolment = started()
    over = enrolment.access_until
    kept = folded(enrolment, maintain(enrolment, TERMS, 90, (1,), shortens=True, by=NURSE, at=over))
    assert kept == folded(enrolment, maintain(enrolment, TERMS, 90, (1,), by=NURSE, at=over))
    at = over + timedelta(days=30)
    with refused("D-18b", Reason.SHORTENS_ACCESS):
        maintain(kept, TERMS, 59, (1,), by=NURSE, at=at)
    for days, confirmed in ((60, False), (60, True), (365, False), (59, True)):
        assert maintain(kept, TERMS, days, (1,), shortens=confirmed, by=NURSE, at=at)
    for wrong in (1, "yes", None):
        with pytest.raises(InvalidValue):
            maintain(kept, TERMS, 59, (1,), shortens=wrong, by=NURSE, at=at)  # type: ignore[arg-type]


@pytest.mark.rule("D-18b", "D-24d")
def test_the_refusal_is_a_line_that_a_therapist_understands() -> None:
    """Otherwise the screen would not say which day the patient has now and which it would become."""
    with pytest.raises(RuleViolation, match="D-18b") as broken:
        maintain(started(), TERMS, 30, (1,), by=NURSE, at=START)
    assert (
        "Patienten skulle förlora tid: sista dagen skulle bli 1 april 2026 i stället för 2 mars 2027. "
        "Ange fler dagar, eller bekräfta att tiden ska bli kortare."
    ) == label(broken.value)
    assert (
        "The patient would lose time: the last day would be 1 April 2026 instead of 2 March 2027. "
        "Give more days, or confirm that the time is to be shorter."
    ) == label(broken.value, "en")
    assert str(broken.value).endswith("(last_day=2026-04-01, present_last_day=2027-03-02)")


@pytest.mark.rule("D-18b")
def test_while_the_first_year_lasts_the_enrolment_can_go_back_to_active() -> None:
    """Otherwise a maintenance by mistake would be for good."""
    school = Scenario()
    id_ = school.start()
    before = school.state(id_).access_until
    with school.unchanged(), refused("D-18b", Reason.NOT_IN_MAINTENANCE):
        school.desk.reactivate(id_)
    school.desk.maintain(id_, days=30, modules=(1,), shortens=True)
    assert Action.REACTIVATE in school.desk.patient_page(id_).actions
    after = school.desk.reactivate(id_)
    assert (Phase.ACTIVE, before, frozenset()) == (after.phase, after.access_until, after.maintained)
    assert Reactivated(at=school.now, by=NURSE.hsa_id, access_until=before) == school.events(id_)[-1]
    assert Action.REACTIVATE not in school.desk.patient_page(id_).actions
    school.room.save_draft(id_, DAILY, {"hemma": "bra"})
    school.room.save_form(id_, PAIN, {"smarta": 9})
    assert "Tema 2" == school.room.open_module(id_, 2).title
    assert [(FlagKind.FORM_SAVED, True)] == [(flag.kind, flag.priority) for flag in school.desk.to_handle(id_)]


@pytest.mark.rule("D-18b")
def test_it_can_also_when_the_maintenance_is_over_and_its_flag_is_settled_by_it() -> None:
    """Otherwise the patient would stay shut out, or the therapist be flagged of an end that is none any more."""
    school = Scenario(policy=Policy(staff_flags=frozenset(FlagKind)))
    school.desk.receive_notifications(email=True)
    id_ = school.start()
    school.desk.maintain(id_, days=1, modules=(1,), shortens=True)
    school.at("2026-03-05 09:00")
    assert [(1, True)] == [(row.flags, row.ending) for row in school.desk.caseload().rows]
    school.deliver()
    school.desk.reactivate(id_)
    assert [(0, False)] == [(row.flags, row.ending) for row in school.desk.caseload().rows]
    assert () == school.desk.to_handle(id_)
    school.at("2027-03-02 08:00")
    assert [FlagKind.ENDING] == [flag.kind for flag in school.desk.to_handle(id_)]


@pytest.mark.rule("D-18b", "M-05")
def test_after_the_first_year_and_after_the_end_there_is_no_way_back() -> None:
    """Otherwise a patient would get a second year, or an ended enrolment be reopened by a side door."""
    enrolment = started()
    over = enrolment.access_until
    kept = folded(enrolment, maintain(enrolment, TERMS, 30, (1,), shortens=True, by=NURSE, at=LATER))
    (event,) = reactivate(kept, TERMS, by=NURSE, at=over - INSTANT)
    assert Reactivated(at=over - INSTANT, by=NURSE.hsa_id, access_until=over) == event
    for at in (over, over + INSTANT):
        with refused("D-18b", Reason.FIRST_YEAR_OVER, last_day=date(2027, 3, 2)):
            reactivate(kept, TERMS, by=NURSE, at=at)


@pytest.mark.rule("D-18b", "D-19b")
def test_going_back_says_which_page_it_follows_from() -> None:
    """Otherwise a message that came meanwhile would be overlooked."""
    school = Scenario(policy=WRITING)
    id_ = school.start()
    shown = school.desk.maintain(id_, days=30, modules=(1,), shortens=True).version
    school.room.write(id_, "Hej")
    with school.unchanged(), refused("D-19b", Reason.VIEW_IS_OLD):
        school.desk.reactivate(id_, expected=shown)
    assert Phase.ACTIVE is school.desk.reactivate(id_, expected=shown + 2).phase


@pytest.mark.rule("D-18a", "D-18c")
@pytest.mark.parametrize("policy", [Policy(), WRITING])
def test_whether_the_patient_may_write_in_maintenance_is_the_unit_s(policy: Policy) -> None:
    """Otherwise a unit that goes on answering could not let its patients ask, or others would get what nobody reads."""
    school = Scenario(policy=policy)
    school.desk.receive_notifications(email=True, flags={FlagKind.MESSAGE_RECEIVED} & policy.staff_flags)
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.desk.maintain(id_, days=30, modules=(1,), shortens=True)
    assert "Hej" == school.room.read_conversation(id_, 1).messages[0].text
    may = policy.write_in_maintenance
    assert may is school.room.overview(id_).access.write_messages
    for step in (
        lambda: school.room.write(id_, "Tack", conversation=1),
        lambda: school.room.write(id_, "En fråga"),
        lambda: school.room.rename_conversation(id_, 1, "Ny"),
    ):
        if may:
            step()
        else:
            with school.unchanged(), refused("M-18", Reason.READ_ONLY_IN_MAINTENANCE):
                step()
    for form_step in (
        partial(school.room.save_form, id_, PAIN, {"smarta": 3}),
        partial(school.room.complete_module, id_, 1),
    ):
        with school.unchanged(), refused("M-18", Reason.READ_ONLY_IN_MAINTENANCE):
            form_step()
    school.desk.write(id_, 1, "Lycka till")
    assert 1 == school.room.overview(id_).unread_messages
    flags = [FlagKind.MESSAGE_RECEIVED] * 2 * may
    assert flags == [flag.kind for flag in school.desk.to_handle(id_)]
    assert len(flags) == school.deliver().delivered
    school.at("2026-04-02 00:00")
    with school.unchanged(), refused("D-18a", Reason.ACCESS_IS_OVER):
        school.room.write(id_, "Hej")


@pytest.mark.rule("D-05d", "M-17")
def test_under_flag_only_the_flag_comes_and_the_patient_goes_on() -> None:
    """Otherwise a unit that decides at a meeting would shut its patients out until then."""
    school = Scenario(policy=FLAG_ONLY)
    id_ = school.start()
    assert True is school.room.overview(id_).open_ended is school.desk.patient_page(id_).open_ended
    school.at("2027-03-02 08:00")
    assert [FlagKind.ENDING] == [flag.kind for flag in school.desk.to_handle(id_)]
    assert [(1, True)] == [(row.flags, row.ending) for row in school.desk.caseload().rows]
    assert 1 == school.deliver().accesses_ended
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.write(id_, "Hej")
    assert Action.WRITE_MESSAGE in school.desk.patient_page(id_).actions
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    assert 1 == school.deliver().delivered
    school.desk.maintain(id_, days=1, modules=(1,), shortens=True)
    assert False is school.room.overview(id_).open_ended
    school.at("2027-03-04 00:00")
    with school.unchanged(), refused("D-18a", Reason.ACCESS_IS_OVER):
        school.room.open_module(id_, 1)


@pytest.mark.rule("D-05d", "D-18b")
def test_where_no_year_end_closes_a_maintenance_after_it_is_confirmed_and_can_be_taken_back() -> None:
    """Otherwise one click would turn access without an end into a day of reading, with no way back."""
    school = Scenario(policy=FLAG_ONLY)
    id_ = school.start()
    school.advance(days=300)
    school.desk.maintain(id_, days=365, modules=(1,))
    assert None is school.desk.reactivate(id_).end_reason
    school.at("2027-03-02 08:00")
    for days in (1, 365):
        with school.unchanged(), refused("D-18b", Reason.ACCESS_WOULD_END):
            school.desk.maintain(id_, days=days, modules=(1,))
    over = school.state(id_).access_until
    for at in (over, over + INSTANT):
        with refused("D-18b", Reason.ACCESS_WOULD_END):
            maintain(school.state(id_), Terms(PROGRAM, FLAG_ONLY), 365, (1,), by=NURSE, at=at)
    school.desk.maintain(id_, days=1, modules=(1,), shortens=True)
    school.at("2027-03-05 08:00")
    with school.unchanged(), refused("D-18a", Reason.ACCESS_IS_OVER):
        school.room.open_module(id_, 2)
    assert Action.REACTIVATE in school.desk.patient_page(id_).actions
    school.desk.reactivate(id_)
    assert [FlagKind.ENDING] == [flag.kind for flag in school.desk.to_handle(id_)]
    assert 1 == school.deliver().accesses_ended
    school.room.save_form(id_, PAIN, {"smarta": 3})


@pytest.mark.rule("D-05d")
def test_the_policy_of_today_decides_for_an_enrolment_of_every_age() -> None:
    """Otherwise a decision would hold for new patients alone, and nobody could say who has which."""
    school = Scenario()
    id_ = school.start()
    school.at("2027-03-03 09:00")
    assert 1 == school.deliver().accesses_ended
    for policy, is_open in ((Policy(), False), (FLAG_ONLY, True), (Policy(), False)):
        school.restart(Catalogue(programs=(PROGRAM,), policy=policy))
        seen = school.room.overview(id_)
        assert (is_open, is_open) == (seen.open_ended, seen.access.fill_in_forms)
        assert [FlagKind.ENDING] == [flag.kind for flag in school.desk.to_handle(id_)]
        assert 0 == school.deliver().accesses_ended


@pytest.mark.rule("D-05d")
@pytest.mark.parametrize(("policy", "kept"), [(Policy(), False), (FLAG_ONLY, True)])
def test_the_timeline_says_whether_the_patient_kept_the_access(policy: Policy, *, kept: bool) -> None:
    """Otherwise it would say that the access ended, of a patient who goes on."""
    enrolment = started()
    over = enrolment.access_until
    events = note_access_end(enrolment, Terms(PROGRAM, policy), by=SYSTEM, at=over)
    assert (AccessEnded(at=over, by=SYSTEM.signature, access_until=over, kept=kept),) == events
    assert kept is ("tillgången finns kvar" in label(events[0]))
    maintained = folded(enrolment, maintain(enrolment, TERMS, 1, (1,), by=NURSE, at=over))
    (event,) = note_access_end(maintained, Terms(PROGRAM, policy), by=SYSTEM, at=maintained.access_until)
    assert isinstance(event, AccessEnded)
    assert False is event.kept


@pytest.mark.rule("D-18b")
def test_the_way_back_takes_no_time_away_without_a_confirmation() -> None:
    """Otherwise a click would take back months of maintenance that the patient was promised."""
    school = Scenario()
    id_ = school.start()
    school.advance(days=330)
    promised = school.desk.maintain(id_, days=365, modules=(1,)).access_until
    facts = {"last_day": date(2027, 3, 2), "present_last_day": date(2028, 1, 26)}
    with school.unchanged(), refused("D-18b", Reason.SHORTENS_ACCESS, **facts):
        school.desk.reactivate(id_)
    with school.unchanged(), pytest.raises(InvalidValue, match="shortens is True or False"):
        school.desk.reactivate(id_, shortens="yes")  # type: ignore[arg-type]
    with refused("D-18b", Reason.SHORTENS_ACCESS, **facts):
        reactivate(school.state(id_), TERMS, by=NURSE, at=school.now)
    assert promised > school.desk.reactivate(id_, shortens=True).access_until
