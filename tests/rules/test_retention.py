"""What may be purged, and the order of doing it: plan, export, approve, recheck, receipt."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.local_time import years_earlier
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.retention import EndedEnrolment, PurgePlan, Skip, Skipped
from digital_painschool.errors import InvalidValue, NotFound, Reason
from digital_painschool.ports.storage import load_documents, load_enrolment, load_notifications, load_timeline
from digital_painschool.rules.retention import (
    approve,
    approved,
    decision_reference,
    period_start,
    plan,
    receipt,
    recheck,
)
from digital_painschool.testing.contracts.changes import begun
from digital_painschool.testing.environment import INSTANT, START, local
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, ARCHIVIST, BO, OTHER_ARCHIVIST, OTHER_UNIT, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import POLICY, refused

NOW = local("2036-03-02 08:00")
OLD = START - INSTANT
"""An instant more than the ten years before `NOW`."""


def over(last: datetime = OLD, *, version: int = 5, exported: int = 5) -> EndedEnrolment:
    """Return an ended enrolment."""
    return EndedEnrolment(
        enrolment_id=EnrolmentId("e-1"), version=version, ended_at=last, last_entry_at=last, exported=exported
    )


def a_plan(*enrolments: EndedEnrolment, policy: Policy = POLICY) -> PurgePlan:
    """Return a plan for the unit."""
    return plan(enrolments, policy, plan_id=PlanId("p-1"), unit=UNIT, by=ARCHIVIST, at=NOW)


def ended_long_ago(policy: Policy = POLICY) -> tuple[Scenario, EnrolmentId]:
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
    for unseen in ("  ", "\u200b"):
        with pytest.raises(InvalidValue, match="gallringsbeslut"):
            Policy(retention_years=9, retention_decision=unseen)
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
    for written in ("R-17", "RS 1 (R-17)", "RS 1: R-17, R-18.", "[R-17];"):
        assert written == decision_reference(written)
        with pytest.raises(InvalidValue):
            decision_reference(written, "R-17".__eq__)


@pytest.mark.rule("M-20")
@pytest.mark.parametrize("unit", [OTHER_UNIT, "SE2321000131-E000000000000", "SE2321000131-E000000000009"])
def test_another_unit_s_plan_is_refused_at_each_step(unit: str) -> None:
    """Otherwise one unit could destroy another's records, or not its own when they were read from a storage."""
    theirs = evolve(a_plan(), unit=HsaId(unit))
    with refused("M-20", Reason.ANOTHER_UNITS_PLAN):
        approve(theirs, "RS 1", by=ARCHIVIST, at=NOW)
    drawn = approve(a_plan(over()), "RS 1", by=ARCHIVIST, at=NOW)
    assert drawn.decision == approved(evolve(drawn, unit=HsaId(str(UNIT))), ARCHIVIST)
    for another in (theirs, evolve(drawn, unit=HsaId(unit))):
        with refused("M-20", Reason.ANOTHER_UNITS_PLAN):
            approved(another, ARCHIVIST)
    with refused("D-21a", Reason.NOT_APPROVED):
        approved(a_plan(over()), ARCHIVIST)
    school, _ = ended_long_ago()
    stored = school.office.plan_purge()
    stranger = school.school.administrator(evolve(OTHER_ARCHIVIST, unit=unit))
    for step in (
        lambda: stranger.approve(stored, decision="RS 1"),
        lambda: stranger.purge(stored),
        lambda: stranger.plan(stored.id),
    ):
        with school.unchanged(), refused("M-20", Reason.ANOTHER_UNITS_PLAN):
            step()
    assert () == stranger.plan_purge().enrolments


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize("version", [5, 1000])
@pytest.mark.parametrize(
    ("changes", "policy", "why"),
    [
        ({}, POLICY, None),
        ({"version": +1}, POLICY, Skip.CHANGED),
        ({"version": -1}, POLICY, Skip.CHANGED),
        ({"last": -timedelta(days=400)}, POLICY, None),
        ({"last": INSTANT}, POLICY, Skip.TOO_YOUNG),
        ({"last": timedelta(days=400)}, POLICY, Skip.TOO_YOUNG),
        ({"exported": -1}, POLICY, Skip.NOT_EXPORTED),
        ({"exported": +1}, POLICY, Skip.NOT_EXPORTED),
        ({"exported": -1}, Policy(export_before_purge=False), None),
        ({}, Policy(retention_years=11), Skip.TOO_YOUNG),
    ],
)
def test_every_enrolment_is_checked_again(
    version: int, changes: dict[str, Any], policy: Policy, why: Skip | None
) -> None:
    """Otherwise what has changed since the plan would be purged unseen, or long records never."""
    planned = over(version=int(f"{version}"), exported=0)
    present: dict[str, Any] = {"last": OLD, "version": version, "exported": int(f"{version}")}
    present |= {name: present[name] + change for name, change in changes.items()}
    assert why is recheck(planned, over(**present), policy, NOW)
    assert Skip.NOT_ENDED is recheck(planned, None, policy, NOW)
    assert Skip.NOT_EXPORTED is recheck(planned, over(version=version, exported=0), POLICY, NOW)


@pytest.mark.rule("M-21", "D-21a", "D-21c")
def test_a_purge_leaves_a_receipt_and_the_access_log_and_is_done_once(tmp_path: Path) -> None:
    """Otherwise "gallrat" would not be true, nobody could answer for it, or a restored backup bring patients back."""
    (school, id_), (restored, same) = ended_long_ago(), ended_long_ago()
    school.desk.end(school.start(BO), reason="klar")
    assert 2 == school.office.export(tmp_path / "export").enrolments
    drawn = school.office.plan_purge()
    with school.unchanged(), refused("D-21a", Reason.NOT_APPROVED):
        school.office.purge(drawn)
    school.office.approve(drawn, decision="RS 2036-1")
    school.advance(hours=1)
    done = school.office.purge(drawn)
    assert (school.now, ARCHIVIST.hsa_id) == (done.purged_at, done.purged_by)
    assert ((id_,), (), "RS 2036-1") == (done.purged, done.skipped, done.decision.reference)
    assert ANNA not in repr(done)
    assert (done,) == school.office.receipts()
    assert None is load_enrolment(school.storage, id_)
    assert ((), {}) == (load_timeline(school.storage, id_), load_documents(school.storage, id_, range(20)))
    assert ((), ()) == (load_notifications(school.storage, id_), school.room.enrolments())
    with pytest.raises(NotFound):
        school.desk.enrolment(id_)
    entries = [entry for _, entry in school.office.access_log(person=ANNA) if entry.enrolment_id == id_]
    actions = [entry.action for entry in entries]
    assert (["start", "save-form"], ["export", "purge"], START) == (actions[:2], actions[-2:], entries[0].at)
    school.advance(days=1)
    with school.unchanged():
        assert done == school.office.purge(drawn.id)
    assert same == id_
    with restored.unchanged(), refused("M-20", Reason.ANOTHER_UNITS_PLAN):
        restored.school.administrator(OTHER_ARCHIVIST).replay(done)
    assert 1 == restored.office.replay(done)
    assert None is load_enrolment(restored.storage, id_)
    assert 0 == restored.office.replay(done)
    assert (done,) == restored.office.receipts()
    made = receipt(drawn, done.decision, [Skipped(enrolment_id=id_, why=Skip.CHANGED)], by=ARCHIVIST, at=NOW)
    assert () == made.purged


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


def test_a_plan_that_does_not_exist_is_not_found() -> None:
    """Otherwise a wrong id would look like an empty plan."""
    school, _ = ended_long_ago()
    for step in (
        lambda: school.office.plan(PlanId("okänd")),
        lambda: school.office.approve(PlanId("okänd"), decision="RS 1"),
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
