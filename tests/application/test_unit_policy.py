"""A unit's own policy: a life at a unit is the same, whether its policy is the common one or stands beside another."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryStorage
from digital_painschool.application.program_catalogue import Catalogue, UnitTerms
from digital_painschool.domain.enrolment import WithdrawalReason
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import FlagKind, Policy, YearEnd
from digital_painschool.domain.program import EndReason, Ordering
from digital_painschool.domain.retention import PurgeDecision, PurgeReceipt, Skipped
from digital_painschool.errors import PainSchoolError
from digital_painschool.labels.lookup import Language
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.example import PAIN, PROGRAM, SLEEP
from digital_painschool.testing.faults import Call, Fault, watched, with_faults
from digital_painschool.testing.people import ANNA, ARCHIVIST, BO, CILLA, OTHER_UNIT, UNIT
from digital_painschool.testing.scenario import Scenario

OWN = Policy(
    zone=ZoneInfo("Pacific/Auckland"),
    ordering=Ordering.ENFORCED,
    collected_at=time(10),
    forenoon_ends=time(11),
    review_after_days=7,
    silent_after_days=5,
    ending_within_days=500,
    year_end=YearEnd.FLAG_ONLY,
    maintenance_days=(2, 400),
    write_in_maintenance=True,
    staff_flags=frozenset({FlagKind.FORM_SAVED, FlagKind.MESSAGE_RECEIVED}),
    alerts_at_once=False,
    end_reasons=(EndReason(key="egen", title="Egen"),),
    withdrawal_reasons=(WithdrawalReason.OTHER_MISTAKE,),
    retention_years=2,
    retention_decision="RS 1",
    export_before_purge=False,
    heading="Vårt samtal",
    heading_limit=13,
    message_limit=5,
    retry_minutes=(3,),
    patient_link="https://unit.example/patient",
    staff_link="https://unit.example/staff",
    language=Language.ENGLISH,
)
COMMON = Policy(
    zone=ZoneInfo("America/New_York"),
    collected_at=time(7),
    staff_flags=frozenset({FlagKind.PROGRAM_DONE, FlagKind.MESSAGE_RECEIVED}),
    retention_years=12,
    heading="Annat",
    heading_limit=11,
    message_limit=6,
    retry_minutes=(50, 60),
)
FIELDS = [field.name for field in attrs.fields(Policy) if field.name != "retention_decision"]
"""What a policy decides; the decision that allows a short period is for whoever reads the settings."""
BEGIN, RUN = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (8, 21))
"""In the evening at the unit, and the run of the next day."""
FIRST, SECOND, THIRD, FOURTH = map(EnrolmentId, ("e-0001", "e-0002", "e-0003", "e-0004"))


class Seen:
    """All that is to be seen of a life, in order: what calls give, and why they are refused."""

    def __init__(self) -> None:
        self.all: list[object] = []

    def __call__(self, call: Callable[..., object], *args: Any, **options: Any) -> Any:
        """Make a call, and note what it gives."""
        try:
            self.all.append(call(*args, **options))
        except PainSchoolError as refusal:
            self.all.append((type(refusal), str(refusal)))
        return self.all[-1]


def treated(school: Scenario, see: Seen) -> None:
    """Start, tick the boxes, talk, fill in, and let a worker run for two days, late on the first of them."""
    desk, room = school.desk, school.room
    see(desk.profile)
    for flag in FlagKind:
        see(desk.receive_notifications, email=True, sms=True, flags=[flag])
    see(desk.receive_notifications, email=True)
    for number in (ANNA, BO, CILLA):
        see(desk.start, number, program="smartskola")
    for notify in (Notify.COLLECTED, Notify.DIRECT):
        see(desk.start_conversation, FIRST, "Hej", notify=notify)
    for text in ("12345", "123456"):
        see(room.write, FIRST, text)
        see(desk.rename_conversation, FIRST, 1, text * 2)
    see(desk.receive_notifications, email=True, summary=True)
    see(room.save_form, FIRST, PAIN, {"smarta": 9})
    for module in (1, 2, 3):
        see(room.read_page, FIRST, module, 2)
        see(room.complete_module, FIRST, module)
    while school.now < BEGIN + timedelta(days=2):
        if not RUN <= school.now < RUN + timedelta(minutes=80):
            see(school.deliver)
        school.advance(minutes=20)
    see(desk.conversations, FIRST)


def ended(school: Scenario, see: Seen) -> None:
    """Maintain, write, list who is due, go back to active, start once more, and end."""
    for days in (1, 2, 366, 400, 401):
        see(school.desk.maintain, SECOND, days=days, modules=(1,), shortens=True)
    see(school.school.patient(BO).write, SECOND, "Hej")
    see(school.desk.caseload)
    see(school.desk.reactivate, SECOND)
    for days in (7, 21):
        school.now = BEGIN + timedelta(days=days, seconds=1)
        see(school.desk.caseload)
        see(school.coordinator.unit_caseload)
    school.now = datetime(2026, 4, 4, 12, tzinfo=UTC)  # before a change of the clocks here, after it next year
    see(school.desk.start, ANNA, program="somnskola")
    see(school.desk.end_reasons, FIRST)
    see(school.desk.patient_page, FIRST)
    for id_, reason in ((SECOND, "klar"), (SECOND, "egen"), (THIRD, "klar"), (THIRD, "egen")):
        see(school.desk.end, id_, reason=reason)


def purged(school: Scenario, see: Seen) -> None:
    """Plan and purge while it is too early, and when it is time; replay what another purge took."""
    decision = PurgeDecision(reference="RS 3", by=ARCHIVIST.hsa_id, at=school.now)
    another = PurgeReceipt(
        plan_id=PlanId("another"),
        unit=UNIT,
        decision=decision,
        purged_by=ARCHIVIST.hsa_id,
        purged_at=school.now,
        purged=(SECOND,),
    )
    for years in (1, 3):
        school.now = BEGIN + timedelta(days=366 * years)
        see(school.deliver)
        see(school.room.overview, FOURTH)
        left: list[Skipped] = []
        see(school.office.replay, another, left=left.append)
        plan = school.office.approve(see(school.office.plan_purge), decision="RS 3")
        see.all += [left, school.office.purge(plan)]


def life(catalogue: Catalogue) -> list[object]:
    """Live at the unit, with whatever a policy decides, and return all that is to be seen of it."""
    see, claims = Seen(), count(1)

    def around(call: Call) -> object:
        assert call.method != "claim" or next(claims) < 2000, "a worker claims for ever what it then leaves"
        return call.go()

    storage = with_adapters(storage=watched(MemoryStorage(), around))
    school = Scenario(with_faults(storage, inbox=[Fault("deliver", times=2)]))
    school.restart(catalogue)
    # Born today or a hundred years ago: in Auckland it is the ninth already.
    school.now = datetime(2085, 7, 8, 13, tzinfo=UTC)
    see.all.append(school.desk.identify("8507099805").value)
    school.now = BEGIN
    for part in (treated, ended, purged):
        part(school, see)
    there = school.environment
    outbox = [there.inbox.delivered, there.email.sent, there.sms.sent]
    return [*see.all, *outbox, school.kept(), school.office.access_log(limit=10_000)]


def catalogue(policy: Policy, **units: Policy) -> Catalogue:
    """Return a catalogue with a common policy, and those of some units."""
    own = {
        str(unit): UnitTerms(policy=units[name])
        for name, unit in (("here", UNIT), ("there", OTHER_UNIT))
        if name in units
    }
    return Catalogue(programs=(PROGRAM, SLEEP), policy=policy, units=own)


@pytest.fixture(scope="module")
def alone() -> list[object]:
    """A life at the unit where its policy is the common one."""
    return life(catalogue(OWN))


def test_a_unit_s_own_policy_holds_wherever_it_decides(alone: list[object]) -> None:
    """Otherwise what the unit has decided would not hold where its staff and patients meet it."""
    beside = life(catalogue(COMMON, here=OWN, there=COMMON))
    assert [] == [(one, two) for one, two in zip(alone, beside, strict=True) if one != two]


@pytest.mark.parametrize("field", FIELDS)
def test_that_life_meets_every_value_of_a_policy(field: str, alone: list[object]) -> None:
    """Otherwise the test above would say nothing of a value that no step of it asks for."""
    assert getattr(OWN, field) != getattr(COMMON, field)
    assert alone != life(catalogue(evolve(OWN, **{field: getattr(COMMON, field)})))


@pytest.mark.rule("D-07a")
def test_ten_digits_are_read_on_the_unit_s_own_day() -> None:
    """Otherwise a person who is born today would be read as a hundred years old, in the hours that lie between."""
    school = Scenario()
    school.restart(catalogue(COMMON, here=OWN))
    for hour, year in ((11, "1985"), (13, "2085")):  # midnight in Auckland lies between
        school.now = datetime(2085, 7, 8, hour, tzinfo=UTC)
        assert f"{year}0709" == school.desk.identify("8507099805").value[:8]
