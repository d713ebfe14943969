"""The replay of a purge after a backup was restored: what a receipt says is gone is purged again. Rule: M-20, D-21a."""

import json
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from digital_painschool.application.access_control import access_entries, access_entry
from digital_painschool.application.desk_calls import Completing, take_once
from digital_painschool.application.executor import Executor
from digital_painschool.application.once import once_of
from digital_painschool.application.receipt_proof import ReceiptKey
from digital_painschool.application.unit_records import UnitRecords, batches, kept_in_part
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, PersonId
from digital_painschool.domain.retention import EndedEnrolment, PurgeReceipt, Skip, Skipped
from digital_painschool.errors import Reason, RuleViolation
from digital_painschool.ports.storage import DeskCall, find_ended, load_purge, save_receipt
from digital_painschool.rules import retention
from digital_painschool.rules.permissions import Action
from digital_painschool.serialization.values import to_data


@frozen(kw_only=True)
class Evidence:
    """The evidence for a receipt.

    Args:
        proven: True when the receipt's digest was made with the school's key.
        planned: The enrolments of the stored plan, by id; None where the backup does not have the plan.
        skipped: The enrolments that the stored progress of the plan says were left, by id; none for a proven receipt.
    """

    proven: bool
    planned: Mapping[EnrolmentId, EndedEnrolment] | None
    skipped: Mapping[EnrolmentId, Skipped]


@frozen(kw_only=True)
class _Returned:
    """An enrolment that a receipt says is gone, and that is there and to be purged again."""

    enrolment: EndedEnrolment
    person: PersonId


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

    def replay(self, receipt: PurgeReceipt, once: object) -> tuple[int, tuple[Skipped, ...]]:
        """Return how many enrolments were purged again, and those that were left. Rule: M-20, D-21a, D-21b, D-24a.

        Raises:
            RuleViolation: The receipt is another unit's, contradicts the stored plan or receipt, has a digest that does
                not fit, or nothing proves it and the stored plan is not approved.
            InvalidValue: No purge writes such a receipt.
        """
        self._executor.access.judge(Action.PURGE, self._actor, lambda: self._require_sound(receipt))
        asked = once_of(once, "replay", receipt=to_data(receipt))
        return take_once(
            self._executor,
            Action.PURGE,
            self._actor,
            asked,
            lambda completing: self._replay(receipt, completing),
            _read_result,
        )

    def _replay(self, receipt: PurgeReceipt, completing: Completing) -> tuple[int, tuple[Skipped, ...]]:
        evidence = self._executor.access.judge(Action.PURGE, self._actor, lambda: self._evidence(receipt))
        self._executor.storage.log((access_entry(Action.PURGE, self._actor, self._executor.now()),))
        found = [one for ids in batches(receipt.purged) for one in self._found(ids, evidence)]
        returned = [one for one in found if isinstance(one, _Returned)]
        left = tuple(one for one in found if isinstance(one, Skipped))
        completed = completing(json.dumps([len(returned), [[one.enrolment_id, one.why.value] for one in left]]))
        purged = 0
        with kept_in_part(lambda: purged > 0):
            for batch in batches(returned):
                self._purge_again(receipt, batch)
                purged += len(batch)
            self._save(receipt, evidence, completed)
        return purged, left

    def _purge_again(self, receipt: PurgeReceipt, batch: Sequence[_Returned]) -> None:
        self._records.forget_notifications([one.enrolment.enrolment_id for one in batch])
        theirs = [(one.enrolment.enrolment_id, one.person) for one in batch]
        access = access_entries(Action.PURGE, self._actor, self._executor.now(), theirs)
        self._executor.storage.purge(receipt.plan_id, [one.enrolment for one in batch], (), access=access)

    def _save(self, receipt: PurgeReceipt, evidence: Evidence, completed: DeskCall | None) -> None:
        if evidence.proven or (evidence.planned is None and self._receipt_key is None):
            # Any other receipt may be made up, and is not saved. Of a stored plan, `purge` writes the receipt. Without
            # a key nothing is ever proven, and after a restore the receipts are worth more than the doubt.
            save_receipt(self._executor.storage, receipt, completed=completed)
        elif completed is not None:
            self._executor.storage.purge(receipt.plan_id, (), (), completed=completed)

    def _require_sound(self, receipt: PurgeReceipt) -> None:
        is_identity_number = self._executor.persons.is_identity_number
        retention.require_sound(receipt, by=self._actor, is_identity_number=is_identity_number)

    def _evidence(self, receipt: PurgeReceipt) -> Evidence:
        """Return the evidence for a receipt; refuse one that contradicts the stored plan or the stored receipt."""
        proven = self._is_proven(receipt)
        if not proven:
            is_identity_number = self._executor.persons.is_identity_number
            retention.require_plausible(receipt, at=self._executor.now(), is_identity_number=is_identity_number)
        stored = load_purge(self._executor.storage, receipt.plan_id)
        if stored.plan is not None:
            retention.require_of_plan(receipt, stored.plan)
            if not proven:
                retention.approved(stored.plan, self._actor)
        if stored.receipt is not None:
            retention.require_same(receipt, stored.receipt, proven=proven)
        if stored.plan is None:
            return Evidence(proven=proven, planned=None, skipped={})
        planned = {enrolment.enrolment_id: enrolment for enrolment in stored.plan.enrolments}
        skipped = {id_: skip for id_, skip in stored.progress.items() if skip is not None and not proven}
        return Evidence(proven=proven, planned=planned, skipped=skipped)

    def _found(self, ids: Sequence[EnrolmentId], evidence: Evidence) -> Iterator[_Returned | Skipped]:
        """Yield the unit's enrolments among some that are there: those to purge again, and those to leave."""
        now = self._executor.now()
        policy = self._executor.policy(self._actor.unit)
        planned = evidence.planned or {}
        ended = find_ended(self._executor.storage, self._actor.unit, ids)
        for id_, state in self._executor.storage.load_many(ids).items():
            if state.unit not in {self._actor.unit, None}:
                continue
            present, skipped = ended.get(id_), evidence.skipped.get(id_)
            # Nobody can say what an unreadable state holds, so it is not deleted.
            if isinstance(state, UnreadableEnrolment) or isinstance(present, UnreadableEnrolment):
                yield Skipped(enrolment_id=id_, why=Skip.UNREADABLE)
                continue
            why = retention.recheck_replayed(planned.get(id_), present, policy, now, proven=evidence.proven)
            if skipped is not None or why is not None or present is None:
                yield skipped or Skipped(enrolment_id=id_, why=why or Skip.NOT_ENDED)
            else:
                yield _Returned(enrolment=present, person=state.person)

    def _is_proven(self, receipt: PurgeReceipt) -> bool:
        if self._receipt_key is None or receipt.digest is None:
            return False
        if not self._receipt_key.proves(receipt):
            raise RuleViolation("D-21a", Reason.RECEIPT_NOT_OURS)
        return True


def _read_result(result: str) -> tuple[int, tuple[Skipped, ...]]:
    purged, left = json.loads(result)
    return purged, tuple(Skipped(enrolment_id=id_, why=Skip(why)) for id_, why in left)
