"""The administrator's office: what a replay spares, what a purge takes along, and what a decision must not hold."""

from datetime import timedelta
from pathlib import Path

import pytest

from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.retention import PurgeReceipt
from digital_painschool.errors import OutcomeUnknown, StorageError
from digital_painschool.ports.storage import load_enrolment
from digital_painschool.testing.environment import INSTANT, STOCKHOLM, in_memory, local, stored_at
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.faults import Fault, FaultPlan, watched
from digital_painschool.testing.people import NUMBERS
from digital_painschool.testing.scenario import Scenario

POLICY = Policy(export_before_purge=False)
ENDED_AT = local("2026-03-09 08:00")
BACKENDS = ["memory://", "sqlite"]


def opened(url: str, request: pytest.FixtureRequest) -> Scenario:
    """Return a school on an empty storage."""
    return Scenario(stored_at(request.getfixturevalue("sqlite_url")) if url == "sqlite" else in_memory, policy=POLICY)


def old_receipt() -> PurgeReceipt:
    """Return the receipt of a purge that took the enrolment `e-0001`."""
    school = Scenario(policy=POLICY)
    school.desk.end(school.start(), reason="klar")
    school.at("2037-03-10 08:00")
    plan = school.office.approve(school.office.plan_purge(), decision="RS 2037-1")
    receipt = school.office.purge(plan)
    assert ("e-0001",) == receipt.purged
    return receipt


@pytest.mark.rule("M-20", "D-21b")
@pytest.mark.parametrize("url", BACKENDS)
def test_it_is_said_how_many_are_past_their_time(
    url: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise nobody would know without a plan that a purge is due, and the routine be forgotten."""
    school = opened(url, request)
    for number in NUMBERS[:3]:
        school.desk.end(school.start(number), reason="klar")
    school.start(NUMBERS[3])
    school.desk.withdraw(school.start(NUMBERS[4]), "wrong-person")
    school.at("2036-03-02 08:00")
    found = school.office.overdue()
    assert (local("2026-03-02 08:00"), 0, True) == (found.before, found.number, found.is_whole)
    school.now += INSTANT
    assert (3, True) == (school.office.overdue().number, school.office.overdue().is_whole)
    planned = school.office.plan_purge().enrolments
    assert 3 == len([one for one in planned if not one.is_withdrawn])
    for most, is_whole in ((3, True), (2, False)):
        monkeypatch.setattr("digital_painschool.application.plan_pages._MOST_OVERDUE", most)
        assert (most, is_whole) == (school.office.overdue().number, school.office.overdue().is_whole)


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize("url", BACKENDS)
def test_a_replay_never_takes_what_is_open_in_the_backup(url: str, request: pytest.FixtureRequest) -> None:
    """Otherwise a receipt, or a forged one, would destroy a running treatment."""
    receipt = old_receipt()
    school = opened(url, request)
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    school.deliver()
    school.at("2037-03-10 09:00")
    before = school.state(id_), school.events(id_)
    assert 0 == school.office.replay(receipt)
    assert before == (school.state(id_), school.events(id_))
    assert 1 == len(school.environment.inbox.delivered)
    assert (receipt,) == school.office.receipts()
    assert [None] == [entry.enrolment_id for _, entry in school.office.access_log() if entry.action == "purge"]


@pytest.mark.rule("D-21b")
@pytest.mark.parametrize("url", BACKENDS)
@pytest.mark.parametrize(("later", "gone"), [(-INSTANT, 0), (0 * INSTANT, 0), (INSTANT, 1)])
def test_a_replay_never_takes_what_is_younger_than_the_period(
    url: str, request: pytest.FixtureRequest, later: timedelta, gone: int
) -> None:
    """Otherwise a receipt would be a way round the ten years that the law asks for."""
    receipt = old_receipt()
    school = opened(url, request)
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    school.deliver()
    school.now = ENDED_AT
    school.desk.end(id_, reason="klar")
    school.now = local("2036-03-09 08:00", STOCKHOLM) + later
    assert gone == school.office.replay(receipt)
    assert bool(gone) is (load_enrolment(school.storage, id_) is None)
    assert 1 - gone == len(school.environment.inbox.delivered)
    logged = [entry.enrolment_id for _, entry in school.office.access_log() if entry.action == "purge"]
    assert [None, *[id_] * gone] == logged


@pytest.mark.rule("M-21", "D-21a")
def test_progress_is_of_the_whole_also_after_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a bar would go back to the beginning with each batch, or say that nothing is done."""
    monkeypatch.setattr("digital_painschool.application.unit_records._BATCH", 2)
    school = Scenario(policy=POLICY)
    for number in NUMBERS[:5]:
        school.desk.end(school.start(number), reason="klar")
    school.at("2037-03-10 08:00")
    plan = school.office.approve(school.office.plan_purge(), decision="RS 2037-1")
    exported: list[int] = []
    purged: list[int] = []

    def stopped(done: int) -> None:
        purged.append(done)
        raise KeyboardInterrupt

    school.office.export(tmp_path / "export", progress=exported.append)
    assert [2, 4, 5] == exported
    with pytest.raises(KeyboardInterrupt):
        school.office.purge(plan, progress=stopped)
    receipt = school.office.purge(plan, progress=purged.append)
    assert ([2, 4, 5], 5) == (purged, len(receipt.purged))


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize("call", ["purge", "save_record"])
def test_a_purge_that_breaks_off_does_not_say_that_nothing_was_changed(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the data administrator would read that nothing was changed, while a thousand records are gone."""
    monkeypatch.setattr("digital_painschool.application.unit_records._BATCH", 2)
    plan = FaultPlan()
    school = Scenario(lambda environment: environment.ports(storage=watched(environment.storage, plan)), policy=POLICY)
    for number in NUMBERS[:3]:
        school.desk.end(school.start(number), reason="klar")
    school.at("2037-03-10 08:00")
    approved = school.office.approve(school.office.plan_purge(), decision="RS 2037-1")
    backup = school.storage.load_many([one.enrolment_id for one in approved.enrolments])
    plan.inject(Fault(call, call=2 if call == "purge" else 1, does=StorageError("the disk is full")))
    with pytest.raises(OutcomeUnknown, match="the disk is full; what is purged stays purged"):
        school.office.purge(approved)
    assert len(school.storage.load_many(list(backup))) < len(backup)
    plan.inject(Fault("load_record", does=StorageError("the disk is full")))
    with pytest.raises(StorageError):
        school.office.purge(approved)
    assert 3 == len(school.office.purge(approved).purged)
