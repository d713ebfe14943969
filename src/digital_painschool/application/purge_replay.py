"""The replay of a purge after a backup was restored: what a receipt says is gone is purged again. Rule: M-20, D-21a."""

from attrs import frozen

from digital_painschool.application.executor import Executor
from digital_painschool.application.receipt_proof import ReceiptKey
from digital_painschool.application.unit_records import UnitRecords, batches
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.people import Actor
from digital_painschool.domain.retention import EndedEnrolment, PurgePlan, PurgeReceipt, Skip, Skipped
from digital_painschool.errors import Reason, RuleViolation
from digital_painschool.rules import retention
from digital_painschool.rules.permissions import Action


@frozen(kw_only=True)
class Evidence:
    """The evidence for a receipt.

    Args:
        proven: True when the receipt's digest was made with the school's key.
        plan: The stored plan of the receipt; None where the backup does not have it.
    """

    proven: bool
    plan: PurgePlan | None


class PurgeReplay:
    """Purges again what a receipt says is gone.

    Args:
        executor: The storage, the ports and the clock.
        actor: The data administrator.
        receipt_key: The key that proves receipts; None proves none.
    """

    def __init__(self, executor: Executor, actor: Actor, receipt_key: ReceiptKey | None) -> None:
        self._executor = executor
        self._actor = actor
        self._receipt_key = receipt_key
        self._records = UnitRecords(executor, actor)

    def replay(self, receipt: PurgeReceipt) -> tuple[int, tuple[Skipped, ...]]:
        """Return how many enrolments were purged again, and those that were left. Rule: M-20, D-21a, D-21b.

        Raises:
            RuleViolation: The receipt is another unit's, contradicts the stored plan or receipt, has a digest that does
                not fit, or nothing proves it and the stored plan is not approved.
            InvalidValue: No purge writes such a receipt.
        """
        evidence = self._executor.access.judge(Action.PURGE, self._actor, lambda: self._evidence(receipt))
        returned, left = self._returned(receipt, evidence)
        ids = [enrolment.enrolment_id for enrolment in returned]
        self._records.forget_notifications(ids)
        self._records.log_purge(ids)
        if evidence.proven or evidence.plan is None:
            return self._executor.storage.replay_purge(receipt, ids), tuple(left)
        # An unproven receipt is not saved, as it may be made up: `purge` finishes the plan and writes the receipt.
        for batch in batches(returned):
            self._executor.storage.purge(evidence.plan.id, batch, ())
        return len(returned), tuple(left)

    def _evidence(self, receipt: PurgeReceipt) -> Evidence:
        """Return the evidence for a receipt; refuse one that contradicts the stored plan or the stored receipt."""
        is_identity_number = self._executor.persons.is_identity_number
        retention.require_sound(receipt, by=self._actor, is_identity_number=is_identity_number)
        proven = self._is_proven(receipt)
        if not proven:
            retention.require_plausible(receipt, at=self._executor.now(), is_identity_number=is_identity_number)
        plan = self._executor.storage.plan(receipt.plan_id)
        if plan is not None:
            retention.require_of_plan(receipt, plan)
            if not proven:
                retention.approved(plan, self._actor)
        stored = self._executor.storage.receipt(receipt.plan_id)
        if stored is not None:
            retention.require_same(receipt, stored, proven=proven)
        return Evidence(proven=proven, plan=plan)

    def _returned(self, receipt: PurgeReceipt, evidence: Evidence) -> tuple[list[EndedEnrolment], list[Skipped]]:
        """Return the enrolments that a receipt says are gone and that are there: those to purge, and those to leave."""
        now = self._executor.now()
        policy = self._executor.policy(self._actor.unit)
        plan = evidence.plan
        planned = {} if plan is None else {enrolment.enrolment_id: enrolment for enrolment in plan.enrolments}
        noted = {} if plan is None or evidence.proven else self._executor.storage.purge_progress(plan.id)
        returned: list[EndedEnrolment] = []
        left: list[Skipped] = []
        for ids in batches(receipt.purged):
            ended = self._executor.storage.find_ended(self._actor.unit, ids)
            for id_ in self._executor.storage.person_ids_of(self._actor.unit, ids):
                present, skipped = ended.get(id_), noted.get(id_)
                if isinstance(present, UnreadableEnrolment):
                    left.append(Skipped(enrolment_id=id_, why=Skip.UNREADABLE))
                    continue
                why = retention.recheck_replayed(planned.get(id_), present, policy, now, proven=evidence.proven)
                if skipped is not None or why is not None or present is None:
                    left.append(skipped or Skipped(enrolment_id=id_, why=why or Skip.NOT_ENDED))
                else:
                    returned.append(present)
        return returned, left

    def _is_proven(self, receipt: PurgeReceipt) -> bool:
        if self._receipt_key is None or receipt.digest is None:
            return False
        if not self._receipt_key.proves(receipt):
            raise RuleViolation("D-21a", Reason.RECEIPT_NOT_OURS)
        return True
