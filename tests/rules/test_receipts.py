"""A receipt from outside is believed as far as a stored plan or a key stands behind it, and no further."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from digital_painschool import ConfigurationError, open_school
from digital_painschool.application.receipt_proof import ReceiptKey
from digital_painschool.bootstrap.settings_toml import read_settings
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.retention import (
    EndedEnrolment,
    PurgeDecision,
    PurgePlan,
    PurgeReason,
    PurgeReceipt,
    Skip,
    Skipped,
)
from digital_painschool.errors import InvalidValue, PainSchoolError, Reason
from digital_painschool.ports.storage import save_receipt
from digital_painschool.rules.retention import (
    period_start,
    recheck_replayed,
    require_of_plan,
    require_plausible,
    require_same,
    require_sound,
)
from digital_painschool.rules.retention import receipt as receipt_of
from digital_painschool.testing.contracts.changes import begun
from digital_painschool.testing.environment import INSTANT, in_memory, local, stored_at
from digital_painschool.testing.people import ANNA, ARCHIVIST, BO, NUMBERS, OTHER_ARCHIVIST, OTHER_UNIT, UNIT
from digital_painschool.testing.scenario import RECEIPT_KEY, Scenario
from tests.scenario import refused

pytestmark = pytest.mark.rule("D-21a")

NO_EXPORT = Policy(export_before_purge=False)
Forge = Callable[[PurgeReceipt], PurgeReceipt]


def lived(*, key: str | None = None, policy: Policy = NO_EXPORT, count: int = 2) -> Scenario:
    """Return a school in which some enrolments ended more than ten years ago, as a backup has it."""
    school = Scenario(policy=policy, receipt_key=key)
    for number in NUMBERS[:count]:
        school.desk.end(school.start(number), reason="klar")
    school.advance(days=3660)
    return school


def purged(school: Scenario) -> PurgeReceipt:
    """Go through the procedure, and return its receipt."""
    return school.office.purge(approved(school))


def skipping(receipt: PurgeReceipt, *ids: str) -> PurgeReceipt:
    """Return the receipt with some enrolments skipped."""
    skipped = tuple(Skipped(enrolment_id=EnrolmentId(id_), why=Skip.CHANGED) for id_ in ids)
    return evolve(receipt, purged=tuple(id_ for id_ in receipt.purged if id_ not in ids), skipped=skipped)


def made_up(plan: PurgePlan, at: datetime, *, unit: HsaId = UNIT, purged: tuple[EnrolmentId, ...] = ()) -> PurgeReceipt:
    """Return a receipt of a plan that no purge has written."""
    assert plan.decision is not None
    by = ARCHIVIST.hsa_id if unit == UNIT else OTHER_ARCHIVIST.hsa_id
    return PurgeReceipt(plan_id=plan.id, unit=unit, decision=plan.decision, purged_by=by, purged_at=at, purged=purged)


def approved(school: Scenario) -> PurgePlan:
    """Return a new plan, approved."""
    return school.office.approve(school.office.plan_purge(), decision="RS 2036-1")


def changed(value: Any, **fields: Any) -> Any:
    """Return a value with other fields, of whatever type."""
    return evolve(value, **fields)


def reference(text: Any) -> Forge:
    """Return what puts another reference into a receipt's decision."""
    return lambda receipt: changed(receipt, decision=changed(receipt.decision, reference=text))


DAY = timedelta(days=1)
FORGED: dict[str, Forge] = {
    "another unit": lambda r: changed(r, unit=OTHER_UNIT),
    "a unit that is none": lambda r: changed(r, unit="unit"),
    "an id twice": lambda r: changed(r, purged=(*r.purged, r.purged[0])),
    "purged and skipped": lambda r: changed(r, skipped=(Skipped(enrolment_id=r.purged[0], why=Skip.CHANGED),)),
    "skipped twice": lambda r: changed(skipping(r, r.purged[0]), skipped=skipping(r, r.purged[0]).skipped * 2),
    "a list of ids": lambda r: changed(r, purged=[*r.purged]),
    "no tuple": lambda r: changed(r, purged=None),
    "a text": lambda r: changed(r, purged="e-0001"),
    "ids that are none": lambda r: changed(r, purged=(None, 5)),
    "an empty id": lambda r: changed(r, purged=("",)),
    "a long id": lambda r: changed(r, purged=("x" * 101,)),
    "an id beyond ASCII": lambda r: changed(r, purged=("e-0001\u200b",)),
    "too many ids": lambda r: changed(r, purged=tuple(map(str, range(1_000_001)))),
    "a number for an id": lambda r: changed(r, purged=(ANNA,)),
    "a number for a plan": lambda r: changed(r, plan_id=ANNA),
    "no plan": lambda r: changed(r, plan_id=None),
    "a skip that is none": lambda r: changed(r, skipped=(("e-9", "why"),)),
    "a reason that is none": lambda r: changed(r, skipped=(Skipped(enrolment_id="e-9", why="why"),)),  # type: ignore[arg-type]
    "no decision": lambda r: changed(r, decision=None),
    "an empty reference": reference(" "),
    "a long reference": reference("x" * 201),
    "no text": reference(None),
    "a number in the decision": reference("RS 1, nr:850709-9805"),
    "a number in other digits": reference("RS 1, ８５０７０９–９８０５"),  # noqa: RUF001 - that is the point
    "decided by nobody": lambda r: changed(r, decision=changed(r.decision, by="me")),
    "purged by nobody": lambda r: changed(r, purged_by=None),
    "purged ahead of the present": lambda r: changed(r, purged_at=r.purged_at + DAY),
    "purged before the decision": lambda r: changed(r, purged_at=r.purged_at - DAY),
    "no time": lambda r: changed(r, purged_at="2036-03-09"),
    "a time without zone": lambda r: changed(r, decision=changed(r.decision, at=r.decision.at.replace(tzinfo=None))),
    "a digest that is none": lambda r: changed(r, digest=5),
}
OF_ANOTHER_PLAN: dict[str, Forge] = {
    "one more": lambda r: changed(r, purged=(*r.purged, "e-0009")),
    "one less": lambda r: changed(r, purged=r.purged[1:]),
    "one skipped more": lambda r: changed(r, skipped=(Skipped(enrolment_id=EnrolmentId("e-0009"), why=Skip.CHANGED),)),
    "another order": lambda r: changed(r, purged=r.purged[::-1]),
    "another decision": reference("RS 2036-2"),
    "decided by another": lambda r: changed(r, decision=changed(r.decision, by=OTHER_ARCHIVIST.hsa_id)),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_receipt_that_no_purge_writes_is_refused(forge: Forge) -> None:
    """Otherwise a made-up receipt would destroy records, or leave a patient's number among the receipts."""
    receipt = purged(lived())
    restored = lived()
    with restored.unchanged(), pytest.raises(PainSchoolError) as refusal:
        restored.office.replay(forge(receipt))
    assert "9805" not in repr(refusal.value)
    assert 1 < len(restored.storage.ended(UNIT))


@pytest.mark.parametrize("forge", OF_ANOTHER_PLAN.values(), ids=OF_ANOTHER_PLAN)
def test_a_receipt_is_that_of_the_stored_plan(forge: Forge) -> None:
    """Otherwise the plan that was seen and approved would not be what is destroyed."""
    receipt = purged(lived())
    restored = lived()
    plan = approved(restored)
    assert (receipt.plan_id, receipt.decision) == (plan.id, plan.decision)
    with restored.unchanged(), refused("D-21a", Reason.RECEIPT_OF_ANOTHER_PLAN):
        restored.office.replay(forge(receipt))
    assert 2 == restored.office.replay(receipt)


AT = local("2036-03-02 08:00")
A, B, C, D = map(EnrolmentId, "abcd")
PAPER = PurgeReceipt(
    plan_id=PlanId("p-5"),
    unit=UNIT,
    decision=PurgeDecision(reference="RS 1", by=ARCHIVIST.hsa_id, at=AT),
    purged_by=ARCHIVIST.hsa_id,
    purged_at=AT,
    purged=(A, B),
    skipped=(Skipped(enrolment_id=C, why=Skip.CHANGED),),
)
OF_PAPER = PurgePlan(
    id=PlanId("p-5"),
    unit=HsaId(str(UNIT)),
    made_by=ARCHIVIST.hsa_id,
    made_at=AT,
    ended_before=AT,
    enrolments=tuple(EndedEnrolment(enrolment_id=id_, version=1, ended_at=AT, last_entry_at=AT) for id_ in (A, C, B)),
)
"""The plan of the receipt."""


def test_what_a_purge_writes_is_sound_and_plausible() -> None:
    """Otherwise a receipt that is ours would be refused when it is needed most."""
    long = evolve(PAPER, plan_id=PlanId("p" * 100), purged=(EnrolmentId("x" * 100),), digest="d" * 100)
    many = evolve(PAPER, purged=tuple(EnrolmentId(str(number)) for number in range(999_999)))
    for receipt in (PAPER, long, many, evolve(PAPER, purged=()), evolve(PAPER, skipped=())):
        require_sound(receipt, by=ARCHIVIST)
        require_plausible(receipt, at=AT)
    require_plausible(evolve(PAPER, purged_at=AT + INSTANT), at=AT + 2 * INSTANT)
    mistakes = tuple(evolve(one, reason=PurgeReason.WITHDRAWN) for one in OF_PAPER.enrolments)
    for enrolments in (OF_PAPER.enrolments, mistakes, (OF_PAPER.enrolments[0], *mistakes[1:])):
        plan = evolve(OF_PAPER, enrolments=enrolments)
        for left in ((), (A,), (C, B), (A, C, B)):
            skipped = [Skipped(enrolment_id=id_, why=Skip.CHANGED) for id_ in left]
            written = receipt_of(plan, PAPER.decision, skipped, by=ARCHIVIST, at=AT)
            require_sound(written, by=ARCHIVIST)
            require_of_plan(written, plan)
            assert {one.enrolment_id for one in enrolments if one.is_withdrawn} - {*left} == {*written.withdrawn}
    for ids in ((A, B, A), (A, A, B), (B, A, A), (A, C)):
        with pytest.raises(InvalidValue):
            require_sound(evolve(PAPER, purged=ids), by=ARCHIVIST)
    naive = AT.replace(tzinfo=None)
    for without_zone in (
        changed(PAPER, purged_at=naive),
        changed(PAPER, decision=changed(PAPER.decision, at=naive)),
    ):
        with pytest.raises(InvalidValue):
            require_sound(without_zone, by=ARCHIVIST)
    for early, late in ((AT + INSTANT, AT), (AT, AT - INSTANT)):
        with pytest.raises(InvalidValue):
            require_plausible(changed(PAPER, decision=evolve(PAPER.decision, at=early)), at=late)


def test_a_receipt_is_compared_with_plan_and_stored_receipt_by_value() -> None:
    """Otherwise a receipt would pass as long as its ids sort well, or one from a file never be the stored one."""
    for plan in (OF_PAPER, evolve(OF_PAPER, decision=evolve(PAPER.decision))):
        require_of_plan(PAPER, plan)
        for unknown in "0z":  # before the known one and after it
            skipped = tuple(Skipped(enrolment_id=id_, why=Skip.CHANGED) for id_ in (EnrolmentId(unknown), C))
            with refused("D-21a", Reason.RECEIPT_OF_ANOTHER_PLAN):
                require_of_plan(evolve(PAPER, skipped=skipped), plan)
        for wrong in ("p-4", "p-6"):
            with refused("D-21a", Reason.RECEIPT_OF_ANOTHER_PLAN):
                require_of_plan(evolve(PAPER, plan_id=PlanId(wrong)), plan)
        for unit in ("SE2321000131-E000000000000", "SE2321000131-E000000000009"):
            with refused("M-20", Reason.ANOTHER_UNITS_PLAN):
                require_of_plan(evolve(PAPER, unit=HsaId(unit)), plan)
            for proven in (False, True):
                with refused("M-20", Reason.ANOTHER_UNITS_PLAN):
                    require_same(evolve(PAPER, unit=HsaId(unit)), PAPER, proven=proven)
    require_same(evolve(PAPER, digest="d"), evolve(PAPER, unit=HsaId(str(UNIT))), proven=False)
    for other in (evolve(PAPER, purged=(A,)), evolve(PAPER, purged=(A, B, D))):
        require_same(other, PAPER, proven=True)
        with refused("D-21a", Reason.RECEIPT_OF_ANOTHER_PLAN):
            require_same(other, PAPER, proven=False)


@pytest.mark.rule("D-21b")
@pytest.mark.parametrize("proven", [False, True])
def test_the_period_holds_for_a_proven_receipt_too(proven: bool) -> None:
    """Otherwise a receipt would be a way round the ten years that the law asks for."""
    edge = period_start(AT, NO_EXPORT)
    days = timedelta(days=400)
    for last, why in (
        (edge - days, None),
        (edge - INSTANT, None),
        (edge, Skip.TOO_YOUNG),
        (edge + days, Skip.TOO_YOUNG),
    ):
        present = EndedEnrolment(enrolment_id=EnrolmentId("a"), version=2, ended_at=last, last_entry_at=last)
        assert why is recheck_replayed(None, present, NO_EXPORT, AT, proven=proven)
        planned = evolve(present, version=1)
        assert (why if proven else Skip.CHANGED) is recheck_replayed(planned, present, NO_EXPORT, AT, proven=proven)
    assert Skip.NOT_ENDED is recheck_replayed(None, None, NO_EXPORT, AT, proven=proven)


def test_a_receipt_with_another_unit_s_plan_is_refused_and_spoils_nothing() -> None:
    """Otherwise one unit's administrator would stop another unit's purge, and hand it a foreign receipt (M-20)."""
    school = lived()
    stranger = school.school.administrator(OTHER_ARCHIVIST)
    plan = approved(school)
    ids = tuple(planned.enrolment_id for planned in plan.enrolments)
    forged = made_up(plan, school.now, unit=OTHER_UNIT, purged=ids)
    with school.unchanged(), refused("M-20", Reason.ANOTHER_UNITS_PLAN):
        stranger.replay(forged)
    receipt = school.office.purge(plan)
    assert (UNIT, 2) == (receipt.unit, len(receipt.purged))
    restored = lived()
    assert 2 == restored.office.replay(receipt)
    with restored.unchanged(), refused("M-20", Reason.ANOTHER_UNITS_PLAN):
        restored.school.administrator(OTHER_ARCHIVIST).replay(forged)


@pytest.mark.parametrize("unit", [UNIT, OTHER_UNIT])
def test_a_stored_receipt_that_is_not_the_plan_s_is_not_handed_out(unit: HsaId) -> None:
    """Otherwise a receipt that an earlier version believed would pass for the purge that never was."""
    school = lived()
    plan = approved(school)
    save_receipt(school.storage, made_up(plan, school.now, unit=unit))
    rule, reason = ("D-21a", Reason.RECEIPT_OF_ANOTHER_PLAN) if unit == UNIT else ("M-20", Reason.ANOTHER_UNITS_PLAN)
    with school.unchanged(), refused(rule, reason):
        school.office.purge(plan)
    assert 2 == len(purged(school).purged)


def test_without_plan_and_proof_a_receipt_passes_the_checks_of_a_purge(tmp_path: Path) -> None:
    """Otherwise a made-up receipt would destroy records that nobody exported, or that somebody still needs."""
    policy = Policy()
    school = lived(policy=policy, count=3)
    school.office.export(tmp_path / "export")
    receipt = purged(school)
    assert ("e-0001", "e-0002", "e-0003") == receipt.purged
    restored = lived(policy=policy, count=2)
    still_open = restored.start(NUMBERS[2])
    left: list[Skipped] = []
    assert 0 == restored.office.replay(receipt, left=left.append)
    why = {"e-0001": Skip.NOT_EXPORTED, "e-0002": Skip.NOT_EXPORTED, still_open: Skip.NOT_ENDED}
    assert why == {skipped.enrolment_id: skipped.why for skipped in left}
    restored.office.export(tmp_path / "export-again")
    assert 2 == restored.office.replay(receipt)
    assert (receipt,) == restored.office.receipts()


@pytest.mark.rule("M-06")
@pytest.mark.parametrize("key", [None, RECEIPT_KEY])
def test_without_proof_a_school_with_a_key_saves_no_receipt_and_every_replay_is_logged(key: str | None) -> None:
    """Otherwise anybody's paper would stand among the unit's receipts, with another's name, and nobody be asked why."""
    school = lived(key=key)
    fake = made_up(evolve(approved(lived()), id=PlanId("made-up")), school.now, purged=(EnrolmentId("e-7777"),))
    for count in (1, 2):
        assert 0 == school.office.replay(fake, once=f"k{count}")
        entries = [entry for _, entry in school.office.access_log() if entry.action == "purge"]
        assert [(ARCHIVIST.hsa_id, None, True)] * count == [(e.by, e.enrolment_id, e.granted) for e in entries]
    assert (() if key else (fake,)) == school.office.receipts()
    assert 0 == school.office.replay(fake, once="k1")  # the call is remembered without the receipt
    with refused("D-24a", Reason.KEY_OF_ANOTHER_CALL):
        school.office.replay(evolve(fake, purged=()), once="k1")


def test_without_proof_what_changed_since_the_stored_plan_is_left() -> None:
    """Otherwise a receipt would be a way round the new check of each enrolment."""
    school, restored = (lived(count=0) for _ in range(2))
    for one in (school, restored):
        id_ = one.start(ANNA)
        one.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
        begun(one.storage, one.now)
        one.desk.end(id_, reason="klar")
        one.advance(days=3660)
        plan = approved(one)
    receipt = school.office.purge(plan)
    assert 1 == restored.deliver().dropped
    restored.advance(days=3660)
    left: list[Skipped] = []
    assert 0 == restored.office.replay(receipt, left=left.append)
    assert [Skipped(enrolment_id=id_, why=Skip.CHANGED)] == left


def test_without_proof_a_receipt_is_no_approval_of_a_stored_plan() -> None:
    """Otherwise a made-up decision would carry out a plan that nobody approved."""
    receipt = purged(lived(key=RECEIPT_KEY))
    for key, gone in ((None, 0), (RECEIPT_KEY, 2)):
        restored = lived(key=key)
        assert receipt.plan_id == restored.office.plan_purge().id
        if gone:
            assert gone == restored.office.replay(receipt)
            continue
        with restored.unchanged(), refused("D-21a", Reason.NOT_APPROVED):
            restored.office.replay(receipt)


def test_without_proof_a_receipt_does_not_stand_for_the_purge_of_a_stored_plan(tmp_path: Path) -> None:
    """Otherwise a made-up receipt would be handed out later, while what it calls purged is still there."""
    school = lived(policy=Policy())
    plan = approved(school)
    ids = tuple(planned.enrolment_id for planned in plan.enrolments)
    forged = made_up(plan, school.now, purged=ids)
    for receipt in (forged, skipping(forged, *ids)):
        with school.unchanged():
            assert 0 == school.office.replay(receipt)
    school.office.export(tmp_path / "export")
    assert 1 == school.office.replay(skipping(forged, ids[0]))
    done = school.office.purge(plan)
    assert (ids, ()) == (done.purged, done.skipped)
    assert () == school.storage.ended(UNIT)


def test_what_a_purge_had_skipped_stays_with_an_unproven_receipt() -> None:
    """Otherwise a restart by receipt would take what the first run had left, and its notices before that."""
    school = lived()
    plan = approved(school)
    receipt = purged(lived())
    skipped = Skipped(enrolment_id=EnrolmentId("e-0001"), why=Skip.NOT_EXPORTED)
    school.storage.purge(plan.id, (), (skipped,))
    left: list[Skipped] = []
    assert 1 == school.office.replay(receipt, left=left.append)
    assert [skipped] == left
    assert (("e-0002",), (skipped,)) == ((done := school.office.purge(plan)).purged, done.skipped)


def test_a_digest_proves_a_receipt_that_no_plan_stands_behind() -> None:
    """Otherwise a backup from before the plan could be purged again only after a new export."""
    policy = Policy(export_before_purge=True)
    school = lived(key=RECEIPT_KEY)
    receipt = purged(school)
    assert receipt.digest is not None
    assert 2 == lived(key=RECEIPT_KEY, policy=policy).office.replay(receipt)
    for key, given in (
        (None, receipt),  # nobody can check it
        (RECEIPT_KEY, changed(receipt, digest=None)),  # as an earlier version wrote it
    ):
        restored = lived(key=key, policy=policy)
        assert 0 == restored.office.replay(given)
        assert 2 == len(restored.storage.ended(UNIT))


CHANGES: dict[str, Forge] = {
    "digest": lambda r: changed(r, digest=f"{r.digest}0"),
    "plan_id": lambda r: changed(r, plan_id="e-0099"),
    "reference": reference("RS 2036-2"),
    "decision.by": lambda r: changed(r, decision=changed(r.decision, by=OTHER_ARCHIVIST.hsa_id)),
    "decision.at": lambda r: changed(r, decision=changed(r.decision, at=r.decision.at - DAY)),
    "purged_by": lambda r: changed(r, purged_by=OTHER_ARCHIVIST.hsa_id),
    "purged_at": lambda r: changed(r, purged_at=r.purged_at - timedelta(microseconds=1)),
    "purged": lambda r: changed(r, purged=(*r.purged, "e-0009")),
    "two ids as one": lambda r: changed(r, purged=(",".join(r.purged),)),
    "skipped": lambda r: skipping(r, r.purged[0]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_digest_covers_every_field(change: Forge) -> None:
    """Otherwise a receipt that is ours could be made to destroy other records."""
    receipt = purged(lived(key=RECEIPT_KEY))
    restored = lived(key=RECEIPT_KEY)
    with restored.unchanged(), refused("D-21a", Reason.RECEIPT_NOT_OURS):
        restored.office.replay(change(receipt))
    another_key = lived(key=RECEIPT_KEY[::-1])
    with another_key.unchanged(), refused("D-21a", Reason.RECEIPT_NOT_OURS):
        another_key.office.replay(receipt)


def test_a_digest_stays_the_same_for_ten_years() -> None:
    """Otherwise a later version would refuse the receipts of this one."""
    receipt = purged(lived(key=RECEIPT_KEY))
    assert "hmac-sha256:634bb45aea65e399e555d337dcda945924c6e76619e57f903ab8a08583788c3d" == receipt.digest


def test_a_key_is_long_secret_and_never_shown() -> None:
    """Otherwise the proof could be guessed, or read in a log."""
    for secret in ("", "x" * 31, " " * 40, None, b"x" * 40):
        with pytest.raises(ConfigurationError) as refusal:
            ReceiptKey(secret)  # type: ignore[arg-type]
        assert "xxx" not in str(refusal.value)
    assert RECEIPT_KEY not in repr(ReceiptKey(RECEIPT_KEY))


def test_settings_name_where_the_key_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a settings file would hold the secret, or receipts go unsigned in silence."""
    file = tmp_path / "painschool.toml"
    (tmp_path / "key").write_text(f"{RECEIPT_KEY}\n", "utf-8")
    monkeypatch.setenv("RECEIPT_KEY", RECEIPT_KEY)
    receipt = purged(lived(key=RECEIPT_KEY))
    for place in ("env:RECEIPT_KEY", f"file:{(tmp_path / 'key').as_posix()}"):
        file.write_text(f'storage = "memory://"\nreceipt_key = "{place}"\n', "utf-8")
        assert place == read_settings(file).receipt_key
        with open_school(file, clock=lambda: receipt.purged_at) as school:
            assert 0 == school.administrator(ARCHIVIST).replay(receipt)
            with refused("D-21a", Reason.RECEIPT_NOT_OURS):
                school.administrator(ARCHIVIST).replay(changed(receipt, plan_id="p-2"))
    for wrong in (f'"{RECEIPT_KEY}"', '"env:"', '"file: "', "5", '""', "true"):
        file.write_text(f'storage = "memory://"\nreceipt_key = {wrong}\n', "utf-8")
        with pytest.raises(ConfigurationError, match="env:NAME") as refusal:
            read_settings(file)
        assert RECEIPT_KEY not in str(refusal.value)
    file.write_text('storage = "memory://"\nreceipt_key = "env:NOT_THERE"\n', "utf-8")
    with pytest.raises(ConfigurationError, match="NOT_THERE"):
        open_school(file)


@pytest.mark.parametrize("url", ["memory://", "sqlite"])
def test_a_purge_leaves_the_notice_that_an_open_enrolment_shares(url: str, request: pytest.FixtureRequest) -> None:
    """Otherwise a patient in treatment would not find what there is to read, since another record is purged."""
    ports_factory = stored_at(request.getfixturevalue("sqlite_url")) if url == "sqlite" else in_memory
    policy = Policy(retention_years=0, retention_decision="RS 2026-1", export_before_purge=False)
    school = Scenario(ports_factory, policy=policy)
    first, second, alone = school.start(ANNA), school.start(ANNA, "somnskola"), school.start(BO)
    for id_ in (first, second, alone):
        school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.advance(hours=2)
    assert 2 == school.deliver().sent
    for id_ in (first, alone):
        school.desk.end(id_, reason="klar")
    school.advance(minutes=1)
    receipt = purged(school)
    assert {first, alone} == {*receipt.purged}
    assert [ANNA] == [notice.person.value for notice in school.environment.inbox.delivered]
    school.desk.end(second, reason="klar")
    school.advance(minutes=1)
    assert (second,) == purged(school).purged
    assert [] == [*school.environment.inbox.delivered]
