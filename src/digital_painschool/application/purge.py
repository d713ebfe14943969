"""The purge of a unit's records: plan, approval, new check of each enrolment, deletion, receipt. Rule: M-20, D-21a."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from attrs import evolve

from digital_painschool.application.access_control import access_entries, access_entry
from digital_painschool.application.desk_calls import Completing, take_once
from digital_painschool.application.enrolment_loading import load_each
from digital_painschool.application.executor import Executor
from digital_painschool.application.once import Once, once_of
from digital_painschool.application.receipt_proof import ReceiptKey
from digital_painschool.application.unit_records import Progress, UnitRecords, batches, kept_in_part
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.people import Actor
from digital_painschool.domain.retention import EndedEnrolment, PurgePlan, PurgeReceipt, Skip, Skipped
from digital_painschool.domain.validation import plain_text
from digital_painschool.errors import DeliveryError, NotFound
from digital_painschool.ports.storage import (
    DeskCall,
    PurgeRecord,
    find_ended,
    load_purge,
    readable,
    save_plan,
    save_receipt,
    unreadable,
)
from digital_painschool.rules import retention
from digital_painschool.rules.permissions import Action

_T = TypeVar("_T")


class Purge:
    """Plans, approves and carries out the purge of a unit's ended enrolments.

    Args:
        executor: The storage, the ports and the clock.
        actor: The data administrator.
        receipt_key: The key that receipts are signed with; None signs none.
    """

    def __init__(self, executor: Executor, actor: Actor, receipt_key: ReceiptKey | None) -> None:
        self._executor = executor
        self._actor = actor
        self._receipt_key = receipt_key
        self._records = UnitRecords(executor, actor)

    def make_plan(self, once: Once | None) -> PurgePlan:
        """Make and save a plan. Rule: M-20, D-21a, D-21b, D-24a."""

        def again(result: str) -> PurgePlan:
            return evolve(self._stored(PlanId(result)), decision=None)

        return take_once(self._executor, Action.PLAN_PURGE, self._actor, once, self._make_plan, again)

    def _make_plan(self, completing: Completing) -> PurgePlan:
        at = self._executor.now()
        found = tuple(self._records.ended())
        plan = retention.plan(
            readable(found),
            self._executor.policy(self._actor.unit),
            plan_id=PlanId(self._executor.new_id(at)),
            unit=self._actor.unit,
            by=self._actor,
            at=at,
        )
        plan = evolve(plan, unreadable=unreadable(found))
        self._save_plan(Action.PLAN_PURGE, plan, at, completing(plan.id))
        return plan

    def plan(self, plan_id: PlanId) -> PurgePlan:
        """Return the stored plan.

        Raises:
            NotFound: There is no such plan.
        """
        return self._judge(Action.PLAN_PURGE, lambda: self._stored(plan_id))

    def approve(self, plan: PurgePlan | PlanId, decision: str, once: object) -> PurgePlan:
        """Approve a plan; the first approval stands. Rule: D-21a, D-24a."""
        asked = once_of(once, "approve", plan=_id_of(plan), decision=decision)

        def again(result: str) -> PurgePlan:
            return self._stored(PlanId(result))

        return take_once(
            self._executor,
            Action.APPROVE_PURGE,
            self._actor,
            asked,
            lambda completing: self._approve(plan, decision, completing),
            again,
        )

    def _approve(self, plan: PurgePlan | PlanId, decision: str, completing: Completing) -> PurgePlan:
        at = self._executor.now()

        def approval() -> PurgePlan:
            reference = retention.decision_reference(decision, self._executor.persons.is_identity_number)
            return retention.approve(self._stored(plan), reference, by=self._actor, at=at)

        approved = self._judge(Action.APPROVE_PURGE, approval)
        self._save_plan(Action.APPROVE_PURGE, approved, at, completing(approved.id))
        return self._stored(approved.id)

    def carry_out(self, plan: PurgePlan | PlanId, progress: Progress, once: object) -> PurgeReceipt:
        """Carry out an approved plan, or what an interrupted purge left of it. Rule: M-20, D-21a, D-21b, D-24a."""
        asked = once_of(once, "purge", plan=_id_of(plan))

        def again(result: str) -> PurgeReceipt:
            receipt = load_purge(self._executor.storage, PlanId(result)).receipt
            if receipt is None:
                raise NotFound("receipt")
            return receipt

        return take_once(
            self._executor,
            Action.PURGE,
            self._actor,
            asked,
            lambda completing: self._carry_out(plan, progress, completing),
            again,
        )

    def _carry_out(self, plan: PurgePlan | PlanId, progress: Progress, completing: Completing) -> PurgeReceipt:
        stored, record = self._judge(Action.PURGE, lambda: self._found(plan))
        decision = self._judge(Action.PURGE, lambda: retention.approved(stored, self._actor))
        earlier = record.receipt
        if earlier is not None:
            self._judge(Action.PURGE, lambda: retention.require_of_plan(earlier, stored))
            # Scrub once more: a concurrent reader may have kept an adapter from scrubbing its file.
            with suppress(DeliveryError):
                self._records.forget(())
            return save_receipt(self._executor.storage, earlier, completed=completing(stored.id))
        before = count = len(record.progress)
        left = [enrolment for enrolment in stored.enrolments if enrolment.enrolment_id not in record.progress]
        with kept_in_part(lambda: count > before):
            for batch in batches(left):
                self._purge_batch(stored.id, batch)
                count += len(batch)
                progress(count)
            outcome = load_purge(self._executor.storage, stored.id).progress
            skipped = [skip for e in stored.enrolments if (skip := outcome[e.enrolment_id]) is not None]
            skipped += [Skipped(enrolment_id=id_, why=Skip.UNREADABLE) for id_ in stored.unreadable]
            receipt = retention.receipt(stored, decision, skipped, by=self._actor, at=self._executor.now())
            if self._receipt_key is not None:
                receipt = self._receipt_key.signed(receipt)
            return save_receipt(self._executor.storage, receipt, completed=completing(stored.id))

    def _purge_batch(self, plan_id: PlanId, batch: Sequence[EndedEnrolment]) -> None:
        storage = self._executor.storage
        present = find_ended(storage, self._actor.unit, [planned.enrolment_id for planned in batch])
        policy = self._executor.policy(self._actor.unit)
        now = self._executor.now()
        # Nobody can say what an unreadable state holds, so it is not deleted.
        here = [planned.enrolment_id for planned in batch if planned.enrolment_id in present]
        states, hidden = load_each(storage, here)
        purge: list[EndedEnrolment] = []
        skip: list[Skipped] = []
        for planned in batch:
            stored = present.get(planned.enrolment_id)
            if planned.enrolment_id in hidden or isinstance(stored, UnreadableEnrolment):
                skip.append(Skipped(enrolment_id=planned.enrolment_id, why=Skip.UNREADABLE))
                continue
            why = retention.recheck(planned, stored, policy, now)
            if why is None:
                purge.append(planned)
            else:
                skip.append(Skipped(enrolment_id=planned.enrolment_id, why=why))
        ids = [planned.enrolment_id for planned in purge]
        self._records.forget_notifications(ids)
        theirs = [(id_, states[id_].person) for id_ in ids if id_ in states]
        storage.purge(plan_id, purge, skip, access=access_entries(Action.PURGE, self._actor, now, theirs))

    def _stored(self, plan: PurgePlan | PlanId) -> PurgePlan:
        return self._found(plan)[0]

    def _found(self, plan: PurgePlan | PlanId) -> tuple[PurgePlan, PurgeRecord]:
        plan_id = PlanId(plain_text(_id_of(plan), "a plan's id"))
        record = load_purge(self._executor.storage, plan_id)
        if record.plan is None:
            raise NotFound("plan")
        retention.require_own(record.plan.unit, self._actor)
        return record.plan, record

    def _save_plan(self, action: Action, plan: PurgePlan, at: datetime, completed: DeskCall | None) -> None:
        save_plan(self._executor.storage, plan, access_entry(action, self._actor, at), completed=completed)

    def _judge(self, action: Action, rule: Callable[[], _T]) -> _T:
        return self._executor.access.judge(action, self._actor, rule)


def _id_of(plan: PurgePlan | PlanId) -> PlanId:
    return plan.id if isinstance(plan, PurgePlan) else plan
