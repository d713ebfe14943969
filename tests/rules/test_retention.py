"""What may be purged, and the order of doing it: plan, export, approve, recheck, receipt."""

import csv
import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from digital_painschool.application.export import Format
from digital_painschool.domain.local_time import years_earlier
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.retention import EndedEnrolment, PurgePlan, Skip, Skipped
from digital_painschool.errors import InvalidValue, NotFound, NotPermitted, Reason, StorageError
from digital_painschool.ports.storage import load_documents, load_enrolment, load_notifications, load_timeline
from digital_painschool.rules.retention import approve, approved, period_start, plan, receipt, recheck
from digital_painschool.testing.contracts.changes import begun
from digital_painschool.testing.environment import INSTANT, START, local
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, ARCHIVIST, BO, NURSE, OTHER_ARCHIVIST, OTHER_UNIT, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import POLICY, refused

NOW = local("2036-03-02 08:00")
OLD = START - INSTANT
"""An instant more than the ten years before `NOW`."""


def over(last: datetime = OLD, *, version: int = 5, exported: int = 5) -> EndedEnrolment:
    """Return an ended enrolment."""
    return EndedEnrolment(enrolment_id="e-1", version=version, ended_at=last, last_entry_at=last, exported=exported)


def a_plan(*enrolments: EndedEnrolment, policy: Policy = POLICY) -> PurgePlan:
    """Return a plan for the unit."""
    return plan(enrolments, policy, plan_id="p-1", unit=UNIT, by=ARCHIVIST, at=NOW)


def ended_long_ago(policy: Policy = POLICY) -> tuple[Scenario, str]:
    """Return a school in which an enrolment with everything in it ended more than ten years ago."""
    school = Scenario(policy=policy)
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 10})
    school.room.write(id_, "hemlig text", heading="hemlig rubrik")
    school.desk.write(id_, 1, "hemligt svar", notify=Notify.COLLECTED)
    school.desk.end(id_, reason="klar")
    school.advance(days=3660)
    return school, id_


@pytest.mark.rule("D-21b")
def test_the_period_is_ten_calendar_years_after_the_last_entry() -> None:
    """Otherwise records would be purged before the law allows it."""
    assert START == period_start(NOW, POLICY)
    assert (over(),) == a_plan(over()).enrolments
    assert () == a_plan(over(START)).enrolments


@pytest.mark.rule("D-21b")
def test_a_shorter_period_needs_a_decision_and_then_holds() -> None:
    """Otherwise a setting alone could destroy records early."""
    with pytest.raises(InvalidValue, match="gallringsbeslut"):
        Policy(retention_years=9)
    with pytest.raises(InvalidValue):
        Policy(retention_years=9, retention_decision="  ")
    policy = Policy(retention_years=1, retention_decision="RS 2026-1")
    assert years_earlier(NOW, 1, policy.zone) == period_start(NOW, policy)
    assert 1 == len(a_plan(over(local("2035-01-01 08:00")), policy=policy).enrolments)


@pytest.mark.rule("D-21b")
def test_only_ended_enrolments_are_ever_in_a_plan() -> None:
    """Otherwise an open enrolment that nobody has touched for ten years would be purged."""
    school, id_ = ended_long_ago()
    still_open = Scenario()
    still_open.start()
    still_open.advance(days=4000)
    assert () == still_open.office.plan_purge().enrolments
    assert [id_] == [enrolment.enrolment_id for enrolment in school.office.plan_purge().enrolments]


@pytest.mark.rule("D-21a")
def test_approving_names_a_decision_and_the_first_approval_stands() -> None:
    """Otherwise a purge would rest on nothing, or on what somebody wrote afterwards."""
    for reference in ("", " \n"):
        with refused("D-21a", Reason.DECISION_MISSING):
            approve(a_plan(), reference, by=ARCHIVIST, at=NOW)
    with refused("D-21a", Reason.TEXT_TOO_LONG, limit=200):
        approve(a_plan(), "x" * 201, by=ARCHIVIST, at=NOW)
    assert approve(a_plan(), "x" * 200, by=ARCHIVIST, at=NOW).decision
    done = approve(a_plan(), " RS 2036-1 ", by=ARCHIVIST, at=NOW)
    assert done.decision is not None
    assert ("RS 2036-1", ARCHIVIST.hsa_id, NOW) == (done.decision.reference, done.decision.by, done.decision.at)
    assert done == approve(done, "RS 2036-2", by=ARCHIVIST, at=NOW + timedelta(days=1))


@pytest.mark.rule("D-21a")
def test_a_plan_that_is_not_approved_is_not_carried_out() -> None:
    """Otherwise the preview would be the purge."""
    with refused("D-21a", Reason.NOT_APPROVED):
        approved(a_plan(over()), ARCHIVIST)
    school, _ = ended_long_ago()
    drawn = school.office.plan_purge()
    with school.unchanged(), refused("D-21a", Reason.NOT_APPROVED):
        school.office.purge(drawn)


@pytest.mark.rule("M-20")
def test_another_unit_s_plan_is_refused_at_each_step() -> None:
    """Otherwise one unit could destroy another's records."""
    theirs = evolve(a_plan(), unit=OTHER_UNIT)
    with refused("M-20", Reason.ANOTHER_UNITS_PLAN):
        approve(theirs, "RS 1", by=ARCHIVIST, at=NOW)
    with refused("M-20", Reason.ANOTHER_UNITS_PLAN):
        approved(theirs, ARCHIVIST)
    school, _ = ended_long_ago()
    drawn = school.office.plan_purge()
    stranger = school.school.administrator(OTHER_ARCHIVIST)
    for step in (
        lambda: stranger.approve(drawn, decision="RS 1"),
        lambda: stranger.purge(drawn),
        lambda: stranger.plan(drawn.id),
    ):
        with school.unchanged(), refused("M-20", Reason.ANOTHER_UNITS_PLAN):
            step()
    assert () == stranger.plan_purge().enrolments


@pytest.mark.rule("M-20")
def test_purging_is_for_the_data_administrator_alone() -> None:
    """Otherwise a therapist could make records disappear."""
    school, _ = ended_long_ago()
    with school.unchanged(), pytest.raises(NotPermitted):
        school.school.administrator(NURSE).plan_purge()


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize(
    ("present", "policy", "why"),
    [
        (over(), POLICY, None),
        (None, POLICY, Skip.NOT_ENDED),
        (over(version=6), POLICY, Skip.CHANGED),
        (over(version=4), POLICY, Skip.CHANGED),
        (over(OLD - timedelta(days=400)), POLICY, None),
        (over(START), POLICY, Skip.TOO_YOUNG),
        (over(START + timedelta(days=400)), POLICY, Skip.TOO_YOUNG),
        (over(exported=0), POLICY, Skip.NOT_EXPORTED),
        (over(exported=4), POLICY, Skip.NOT_EXPORTED),
        (over(exported=6), POLICY, Skip.NOT_EXPORTED),
        (over(exported=0), Policy(export_before_purge=False), None),
        (over(), Policy(retention_years=11), Skip.TOO_YOUNG),
    ],
)
def test_every_enrolment_is_checked_again(present: EndedEnrolment | None, policy: Policy, why: Skip | None) -> None:
    """Otherwise what has changed since the plan would be purged unseen."""
    assert why is recheck(over(exported=0), present, policy, NOW)


@pytest.mark.rule("D-21a")
def test_a_long_timeline_is_checked_like_a_short_one() -> None:
    """Otherwise the records with the most in them could never be purged."""
    planned, present = (over(version=int(text), exported=int(text)) for text in ("1000", "1000"))
    assert None is recheck(planned, present, POLICY, NOW)
    assert Skip.CHANGED is recheck(planned, evolve(present, version=1001), POLICY, NOW)


@pytest.mark.rule("M-20")
def test_a_plan_is_the_unit_s_own_wherever_it_was_read_and_nobody_else_s() -> None:
    """Otherwise a plan from the storage would be taken for another unit's, or another's for one's own."""
    drawn = approve(a_plan(over()), "RS 1", by=ARCHIVIST, at=NOW)
    assert drawn.decision == approved(evolve(drawn, unit=HsaId(str(UNIT))), ARCHIVIST)
    for other in ("SE2321000131-E000000000000", "SE2321000131-E000000000009"):
        with refused("M-20", Reason.ANOTHER_UNITS_PLAN):
            approved(evolve(drawn, unit=HsaId(other)), ARCHIVIST)


@pytest.mark.rule("D-21a")
def test_the_receipt_tells_what_is_gone_and_what_was_left_without_personal_data(tmp_path: Path) -> None:
    """Otherwise nobody could answer for the purge, or its receipt would be one more record."""
    school, id_ = ended_long_ago()
    other = school.start(BO)
    school.desk.end(other, reason="klar")
    school.office.export(tmp_path)
    drawn = school.office.approve(school.office.plan_purge(), decision="RS 2036-1")
    done = school.office.purge(drawn)
    assert ((id_,), (), "RS 2036-1") == (done.purged, done.skipped, done.decision.reference)
    assert ANNA not in repr(done)
    assert (done,) == school.office.receipts()
    made = receipt(drawn, done.decision, [Skipped(enrolment_id=id_, why=Skip.CHANGED)], by=ARCHIVIST, at=NOW)
    assert () == made.purged


@pytest.mark.rule("M-21")
def test_everything_of_an_ended_enrolment_is_exported_before_the_purge(tmp_path: Path) -> None:
    """Otherwise follow-up would lose what the purge takes."""
    school, id_ = ended_long_ago()
    folder = tmp_path / "export"
    done = school.office.export(folder)
    assert (1, UNIT, ARCHIVIST.hsa_id) == (done.enrolments, done.unit, done.exported_by)
    rows = list(csv.DictReader((folder / "enrolments.csv").read_text("utf-8").splitlines()))
    assert [(id_, ANNA, "klar", "1")] == [
        (row["enrolment"], row["person"], row["end_reason"], row["forms_saved"]) for row in rows
    ]
    answers = list(csv.DictReader((folder / "answers.csv").read_text("utf-8").splitlines()))
    assert [("smarta", "10", "1")] == [(row["question"], row["answer"], row["alert"]) for row in answers]
    assert "hemlig rubrik" in (folder / "enrolments.jsonl").read_text("utf-8")
    for file in done.files:
        assert hashlib.sha256((folder / file.name).read_bytes()).hexdigest() == file.sha256


@pytest.mark.rule("M-21")
def test_an_export_into_a_folder_that_has_one_is_refused_and_spoils_nothing(tmp_path: Path) -> None:
    """Otherwise next year's export would overwrite that of patients who are purged by then."""
    school, _ = ended_long_ago()
    folder = tmp_path / "export"
    school.office.export(folder, formats=[Format.CSV])
    kept = (folder / "enrolments.csv").read_bytes()
    with school.unchanged(), pytest.raises(StorageError):
        school.office.export(folder)
    assert kept == (folder / "enrolments.csv").read_bytes()
    assert {"enrolments.csv", "answers.csv"} == {path.name for path in folder.iterdir()}


@pytest.mark.rule("D-21a")
def test_without_the_export_nothing_is_purged_where_the_policy_asks_for_it() -> None:
    """Otherwise the order of the procedure would be a recommendation."""
    school, id_ = ended_long_ago()
    drawn = school.office.approve(school.office.plan_purge(), decision="RS 2036-1")
    done = school.office.purge(drawn)
    assert ((), (Skipped(enrolment_id=id_, why=Skip.NOT_EXPORTED),)) == (done.purged, done.skipped)
    assert None is not load_enrolment(school.storage, id_)


@pytest.mark.rule("D-21a")
def test_one_that_changed_after_the_approval_is_skipped_and_named(tmp_path: Path) -> None:
    """Otherwise an entry that nobody has weighed would be destroyed."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    begun(school.storage, school.now)
    school.desk.end(id_, reason="klar")
    school.advance(days=3660)
    school.office.export(tmp_path)
    drawn = school.office.approve(school.office.plan_purge(), decision="RS 2036-1")
    assert 1 == school.deliver().dropped
    done = school.office.purge(drawn)
    assert (Skipped(enrolment_id=id_, why=Skip.CHANGED),) == done.skipped


@pytest.mark.rule("D-21a")
def test_nothing_is_left_of_a_purged_enrolment_but_receipt_and_access_log(tmp_path: Path) -> None:
    """Otherwise "gallrat" would not be true."""
    school, id_ = ended_long_ago()
    school.office.export(tmp_path)
    school.office.purge(school.office.approve(school.office.plan_purge(), decision="RS 2036-1"))
    assert None is load_enrolment(school.storage, id_)
    assert () == load_timeline(school.storage, id_)
    assert {} == load_documents(school.storage, id_, range(20))
    assert () == load_notifications(school.storage, id_)
    assert () == school.room.enrolments()
    with pytest.raises(NotFound):
        school.desk.enrolment(id_)


@pytest.mark.rule("D-21c")
def test_the_access_log_outlives_the_purge_and_tells_of_it(tmp_path: Path) -> None:
    """Otherwise nobody could find out who had read a record that is gone."""
    school, id_ = ended_long_ago()
    school.office.export(tmp_path)
    school.office.purge(school.office.approve(school.office.plan_purge(), decision="RS 2036-1"))
    entries = [entry for _, entry in school.office.access_log(person=ANNA) if entry.enrolment_id == id_]
    actions = [entry.action for entry in entries]
    assert ["start", "save-form"] == actions[:2]
    assert ["export", "purge"] == actions[-2:]
    assert START == entries[0].at


@pytest.mark.rule("D-21a")
def test_purging_again_gives_the_receipt_again_and_does_nothing(tmp_path: Path) -> None:
    """Otherwise an impatient click would write a second receipt."""
    school, _ = ended_long_ago()
    school.office.export(tmp_path)
    drawn = school.office.approve(school.office.plan_purge(), decision="RS 2036-1")
    first = school.office.purge(drawn)
    school.advance(days=1)
    with school.unchanged():
        assert first == school.office.purge(drawn.id)


@pytest.mark.rule("D-21a")
def test_a_receipt_is_replayed_after_a_backup_is_restored(tmp_path: Path) -> None:
    """Otherwise a restored backup would bring purged patients back."""
    school, id_ = ended_long_ago()
    school.office.export(tmp_path)
    done = school.office.purge(school.office.approve(school.office.plan_purge(), decision="RS 2036-1"))
    restored, same = ended_long_ago()
    assert same == id_
    with restored.unchanged(), refused("M-20", Reason.ANOTHER_UNITS_PLAN):
        restored.school.administrator(OTHER_ARCHIVIST).replay(done)
    assert 1 == restored.office.replay(done)
    assert None is load_enrolment(restored.storage, id_)
    assert 0 == restored.office.replay(done)
    assert (done,) == restored.office.receipts()


def test_a_plan_that_does_not_exist_is_not_found() -> None:
    """Otherwise a wrong id would look like an empty plan."""
    school, _ = ended_long_ago()
    for step in (
        lambda: school.office.plan("okänd"),
        lambda: school.office.approve("okänd", decision="RS 1"),
        lambda: school.office.purge(a_plan(over())),
    ):
        with school.unchanged(), pytest.raises(NotFound):
            step()


@pytest.mark.rule("D-21a")
def test_the_stored_plan_counts_and_not_the_one_that_is_handed_in() -> None:
    """Otherwise a plan that somebody has added to could purge anything."""
    school, id_ = ended_long_ago()
    drawn = school.office.plan_purge()
    decision = approve(a_plan(), "RS 1", by=ARCHIVIST, at=NOW).decision
    forged = evolve(drawn, enrolments=(*drawn.enrolments, over()), decision=decision)
    with school.unchanged(), refused("D-21a", Reason.NOT_APPROVED):
        school.office.purge(forged)
    assert None is not load_enrolment(school.storage, id_)
