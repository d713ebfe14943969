"""Law 7: what is purged had ended, was old enough, exported, approved and unchanged; and nothing of it is left."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.local_time import years_earlier
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.retention import Skip
from digital_painschool.ports.storage import load_documents, load_enrolment, load_notifications, load_timeline
from digital_painschool.testing.contracts.changes import begun
from digital_painschool.testing.environment import INSTANT, STOCKHOLM, PortsFactory, in_memory, local
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import NUMBERS, OTHER_ARCHIVIST
from digital_painschool.testing.scenario import Scenario
from tests.laws.machines import run

pytestmark = pytest.mark.search

NOW = local("2036-03-02 08:00")


@frozen
class Fate:
    """What happens to one enrolment.

    Args:
        age: How long before the present it ended, counted from the edge of the period; negative is younger.
        ends: False leaves it open.
        exported: Whether it had ended when the export was made.
        changes: Whether a worker notes something on it after the approval.
    """

    age: timedelta
    ends: bool
    changes: bool


FATES = st.builds(
    Fate,
    age=st.sampled_from([timedelta(days=-200), -INSTANT, timedelta(0), INSTANT, timedelta(days=400)]),
    ends=st.booleans(),
    changes=st.booleans(),
)


@pytest.mark.rule("D-21a")
@pytest.mark.rule("D-21b")
def test_whatever_happens_only_what_may_be_purged_is_purged(ports_factory: PortsFactory) -> None:
    """Otherwise deaths and changes in the midst of the procedure would destroy records, or leave parts of them."""
    run(ports_factory, "records", 20 if ports_factory is in_memory else 8)


@pytest.mark.rule("D-21a")
@pytest.mark.rule("D-21b")
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    fates=st.lists(FATES, min_size=1, max_size=len(NUMBERS)),
    years=st.sampled_from([1, 10]),
    exports=st.booleans(),
    asked=st.booleans(),
)
def test_what_is_purged_and_what_is_left(
    ports_factory: PortsFactory, fates: list[Fate], years: int, exports: bool, asked: bool
) -> None:
    """Otherwise records would be destroyed that must be kept, or kept that are said to be gone."""
    policy = Policy(retention_years=years, retention_decision="RS 2026-1", export_before_purge=asked)
    with tempfile.TemporaryDirectory() as folder:
        school = Scenario(ports_factory, policy=policy)
        try:
            purges_as_it_should(school, policy, fates, Path(folder), exports=exports)
        finally:
            school.close()


def purges_as_it_should(school: Scenario, policy: Policy, fates: list[Fate], folder: Path, *, exports: bool) -> None:
    """Live through the fates, go through the procedure, and compare with what the fates say."""
    edge = years_earlier(NOW, policy.retention_years, STOCKHOLM)
    ids: dict[EnrolmentId, Fate] = {}
    for number, fate in sorted(zip(NUMBERS, fates, strict=False), key=lambda pair: -pair[1].age):
        school.now = edge - fate.age
        id_ = school.start(number)
        ids[id_] = fate
        school.school.patient(number).save_form(id_, PAIN, {"smarta": 3})
        if fate.changes:
            school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
            while begun(school.storage, school.now):  # what an earlier worker left begun is claimed alone
                pass
        if fate.ends:
            school.desk.end(id_, reason="klar")
    school.now = NOW
    if exports:
        school.office.export(folder / "export")
    drawn = school.office.plan_purge()
    planned = {id_ for id_, fate in ids.items() if fate.ends and fate.age > timedelta(0)}
    assert planned == {enrolment.enrolment_id for enrolment in drawn.enrolments}
    school.office.approve(drawn, decision="RS 2036-1")
    school.deliver()
    exported = exports or not policy.export_before_purge
    gone = {id_ for id_ in planned if exported and not ids[id_].changes}
    receipt = school.office.purge(drawn)
    assert (gone, planned - gone) == (set(receipt.purged), {skip.enrolment_id for skip in receipt.skipped})
    assert all(
        (Skip.CHANGED if ids[skip.enrolment_id].changes else Skip.NOT_EXPORTED) is skip.why for skip in receipt.skipped
    )
    for id_ in ids:
        is_there = id_ not in gone
        assert is_there is (load_enrolment(school.storage, id_) is not None)
        assert is_there is bool(load_timeline(school.storage, id_))
        assert is_there is bool(load_documents(school.storage, id_, range(1, 20)))
    assert not any(load_notifications(school.storage, id_) for id_ in gone)
    logged = {entry.enrolment_id for _, entry in school.office.access_log(limit=10_000)}
    assert set(ids) <= logged
    with school.unchanged():
        assert receipt == school.office.purge(drawn)
    with school.unchanged():
        assert 0 == school.office.replay(receipt)
    assert () == school.school.administrator(OTHER_ARCHIVIST).receipts()
