"""Ended enrolments on their way out: exports, plans, purges and receipts. Rule: M-20, M-21, D-21a to D-21c."""

import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Protocol

from attrs import field, frozen

from digital_painschool.domain.enrolment import Enrolment, Phase, UnreadableEnrolment
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import NotificationRecord
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import (
    EndedEnrolment,
    PlanState,
    PlanSummary,
    PurgePlan,
    PurgeReason,
    PurgeReceipt,
    Skipped,
)
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage.access_log import AccessEntry
from digital_painschool.ports.storage.completed_calls import DeskCall
from digital_painschool.ports.storage.enrolments import Enrolments, StoredEnrolment, each_enrolment
from digital_painschool.ports.storage.outbox import Outbox
from digital_painschool.ports.storage.placeholders import readable
from digital_painschool.ports.storage.records import Listed, Records, each_listed, position_of, record_key

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class PurgeRecord:
    """The stored state of a purge.

    Args:
        plan: The plan as it was saved last, or None.
        progress: The plan's enrolments that are dealt with, by id: None for a purged one, the reason for a skipped one.
        receipt: The receipt of a plan that was carried out, or None.
    """

    plan: PurgePlan | None = None
    progress: Mapping[EnrolmentId, Skipped | None] = field(factory=dict)
    receipt: PurgeReceipt | None = None


def ended_enrolment(enrolment: Enrolment, exported: int) -> EndedEnrolment | None:
    """Return an enrolment as the retention rules see it, or None while it is open.

    Args:
        enrolment: The present state.
        exported: The version that counts as exported; 0 for none.
    """
    if enrolment.is_open or enrolment.ended_at is None:
        return None
    return EndedEnrolment(
        enrolment_id=enrolment.id,
        version=enrolment.version,
        ended_at=enrolment.ended_at,
        last_entry_at=enrolment.last_entry_at,
        exported=exported,
        reason=PurgeReason.WITHDRAWN if enrolment.phase is Phase.WITHDRAWN else PurgeReason.PERIOD_OVER,
    )


def plan_summary(plan: PurgePlan, receipt: PurgeReceipt | None) -> PlanSummary:
    """Return a plan as a list shows it.

    Args:
        plan: The plan.
        receipt: Its receipt, or None.
    """
    return PlanSummary(
        id=plan.id,
        unit=plan.unit,
        made_by=plan.made_by,
        made_at=plan.made_at,
        enrolments=len(plan.enrolments),
        decision=plan.decision,
        receipt=receipt,
    )


class Retention(Enrolments, Outbox, Records, Protocol):
    """Ended enrolments on their way out. Rule: M-20, M-21, D-21a to D-21c."""

    def ended(
        self, unit: HsaId, *, among: Iterable[EnrolmentId] | None = None, after: str = "", limit: int = 1000
    ) -> tuple[EndedEnrolment | UnreadableEnrolment, ...]:
        """Return a unit's ended and withdrawn enrolments by rising id (code points), above `after`, at most `limit`.

        With `among`, only the enrolments of these ids.

        Contract:
            * **withdrawn**: a withdrawn enrolment is returned with the reason `PurgeReason.WITHDRAWN`, and no other is.
              A plan keeps the reasons that it was saved with.
            * **unreadable**: a placeholder stands for an unreadable enrolment, which hides none of the others.
        """
        found = self.list_enrolments(unit, ended=True, among=among, after=after, limit=limit)
        read = (
            one if isinstance(one, UnreadableEnrolment) else ended_enrolment(one.enrolment, one.exported)
            for one in found
        )
        return tuple(one for one in read if one is not None)

    @abstractmethod
    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[EnrolmentId]) -> tuple[str, ...]:
        """Return the keys under which notifications of some of a unit's enrolments were sent, rising.

        A purge makes inbox and messengers forget these keys.

        Contract:
            * **shared**: a key that an open enrolment shares is left out, because that patient still needs the notice.
              The key is returned with the last of its enrolments, once all have ended.
            * **superseded**: the key of a batch in doubt that was sent again under another key is included.
        """
        ...

    def list_plans(
        self,
        unit: HsaId,
        state: PlanState | None = None,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[PlanSummary, ...]:
        """Return a unit's plans in the order of their making, then of their ids, at most `limit`.

        An unreadable one is left out, and a log line names it; it hides none of the others.

        Args:
            unit: The unit.
            state: Only the plans in this state; None for all.
            newest_first: False for the oldest first.
            after: Only the plans behind the one that was made at this instant and has this id.
            limit: The most plans; it counts the readable ones.
        """
        plans = each_listed(self, PurgePlan, unit, newest_first=newest_first, after=after)
        return tuple(islice((one for one in _summaries(self, plans) if state in {None, one.state}), limit))

    def unforgotten(self, *, after: str = "", limit: int = 1000) -> tuple[tuple[HsaId, EnrolmentId], ...]:
        """Return the withdrawn enrolments, with their units, whose notices an inbox may still have. Rule: D-07b.

        By rising id (code points), those above `after`, at most `limit`: each withdrawn one, at any unit, of which a
        notification was sent under a key that was not `forgotten`.

        Contract:
            * **superseded**: so is one of whose digests an earlier key is kept, such as that of a dead letter which an
              operator sends again, unless an open enrolment has notifications in that digest too.
        """
        ended = readable(each_enrolment(self, None, ended=True, after=after))
        withdrawn = (one for one in ended if one.enrolment.withdrawal is not None)
        return tuple(
            (one.unit, one.enrolment_id) for one in islice((one for one in withdrawn if _has_sent(self, one)), limit)
        )

    @abstractmethod
    def forgotten(self, unit: HsaId, enrolment_id: EnrolmentId, keys: Iterable[str]) -> None:
        """Note that inbox and messengers have forgotten some keys, in one transaction. Rule: D-07b.

        Contract:
            * **no more**: `notification_keys` does not return these keys for the enrolment any more, and a notification
              that was sent under one of them is no longer `begun`. `reject` of such a key changes nothing.
            * **others**: another enrolment keeps its keys, and so does another key of this one.
            * **idempotent**: repeating the call changes nothing.
        """
        ...

    @abstractmethod
    def purge(
        self,
        plan_id: PlanId,
        purge: Sequence[EndedEnrolment],
        skip: Sequence[Skipped],
        *,
        access: Iterable[AccessEntry] = (),
        completed: DeskCall | None = None,
    ) -> None:
        """Delete some of a plan's enrolments with all their data, and note the skipped ones, in one transaction.

        Args:
            plan_id: The plan.
            purge: The enrolments to delete.
            skip: The skipped ones.
            access: The access-log entries of the enrolments, each of one.
            completed: The host's call that this completes, if it gave a key.

        Contract:
            * **logged**: of the entries in `access`, those of the enrolments that this call deletes are added to the
              log, and no other.
            * **nothing left**: state, timeline, documents, drafts and notifications are deleted; the access log stays.
              The recipient's digest stays, without these notifications, as long as the recipient has another enrolment
              at the unit. A member of staff's summary stays as long as it has another enrolment's notifications. A
              batch that has no notification left is over. Its day counts as a day on which the recipient was notified.
            * **spent**: of the completed calls of a deleted enrolment, the one that started it leaves `spent`, its key
              without a fingerprint. The others leave nothing.
            * **only as planned**: an enrolment is not deleted but noted as `CHANGED` when its stored version or phase
              is no longer the planned one, or when it does not exist.
            * **all or nothing**: when the process dies, the call's work is done completely or not at all.
            * **idempotent**: repeating the call changes nothing; the first note stands.
            * **again**: an enrolment that is noted as purged and is there again, from a restored backup, is deleted
              again. A purge may be repeated under a plan that a restored backup does not have.
        """
        ...


def _has_sent(storage: Retention, one: StoredEnrolment) -> bool:
    """Return whether a notification of an enrolment, or its digest, was sent under a key that is kept."""
    asked = storage.notifications(one.enrolment_id)
    is_begun = any(notification.begun for notification in asked if isinstance(notification, NotificationRecord))
    return is_begun or bool(storage.notification_keys(one.unit, (one.enrolment_id,)))


def _summaries(storage: Records, plans: Iterable[Listed]) -> Iterator[PlanSummary]:
    """Yield plans with their receipts; a log line names the ones that cannot be read."""
    for plan in plans:
        try:
            receipt = storage.load_record(record_key(PurgeReceipt, position_of(plan)[1]))
        except StorageError as failure:
            _log.error("%s", failure)
            continue
        if isinstance(plan, PurgePlan):
            yield plan_summary(plan, receipt if isinstance(receipt, PurgeReceipt) else None)
