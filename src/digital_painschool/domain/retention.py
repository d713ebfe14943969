"""The records of a purge: the plan, the receipts of the export and of the purge; none holds personal data.

Rule: M-20, M-21, D-21a, D-21b.
"""

from datetime import datetime
from enum import Enum

from attrs import field, frozen

from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import HsaId


class PurgeReason(Enum):
    """The reason why an enrolment is purged. Rule: D-21b."""

    PERIOD_OVER = "period-over"
    """It ended longer ago than the unit's period."""
    WITHDRAWN = "withdrawn"
    """It was entered in error (D-07b): no period, and no export, must come first."""


@frozen(kw_only=True)
class EndedEnrolment:
    """An ended or withdrawn enrolment as the retention rules see it.

    Args:
        enrolment_id: The id of the enrolment.
        version: The number of its timeline entries.
        ended_at: When it ended, or was withdrawn, UTC.
        last_entry_at: When its last timeline entry was made, UTC.
        exported: The version that was last exported with everything that a purge deletes, 0 for none.
        reason: The reason for which it is purged, once it may be.
    """

    enrolment_id: EnrolmentId
    version: int
    ended_at: datetime
    last_entry_at: datetime
    exported: int = 0
    reason: PurgeReason = PurgeReason.PERIOD_OVER

    @property
    def is_withdrawn(self) -> bool:
        """Whether no period and no export come before the purge: the treatment never was. Rule: D-07b, M-21."""
        return self.reason is PurgeReason.WITHDRAWN


@frozen(kw_only=True)
class PurgeDecision:
    """The approval of a plan: by whom, when, on which decision (gallringsbeslut)."""

    reference: str
    by: HsaId = field(converter=HsaId)
    at: datetime


@frozen(kw_only=True)
class PurgePlan:
    """A preview of a purge, as data. Rule: D-21a.

    Args:
        id: An opaque id.
        unit: The unit whose records they are.
        made_by: The member of staff who made the plan.
        made_at: When the plan was made, UTC.
        ended_before: The last entries are all before this instant, UTC, but for those of withdrawn enrolments.
        enrolments: The enrolments that would be purged.
        decision: Set by the approval.
        unreadable: The ids of ended enrolments that cannot be read; they are not purged.
    """

    id: PlanId
    unit: HsaId = field(converter=HsaId)
    made_by: HsaId = field(converter=HsaId)
    made_at: datetime
    ended_before: datetime
    enrolments: tuple[EndedEnrolment, ...]
    decision: PurgeDecision | None = None
    unreadable: tuple[EnrolmentId, ...] = ()


class Skip(Enum):
    """The reason why a planned enrolment was not purged. Rule: D-21a."""

    CHANGED = "changed since the plan"
    TOO_YOUNG = "younger than the unit's period now"
    NOT_EXPORTED = "not exported in its present state"
    NOT_ENDED = "not ended, or purged already"
    UNREADABLE = "cannot be read; to be repaired first"


@frozen(kw_only=True)
class Skipped:
    """A planned enrolment that was left as it was, and why."""

    enrolment_id: EnrolmentId
    why: Skip


@frozen(kw_only=True)
class PurgeReceipt:
    """The receipt of a purge. Rule: D-21a.

    Args:
        plan_id: The plan that was carried out; also the receipt's id.
        unit: The unit whose records they are.
        decision: The decision that the purge rests on.
        purged_by: The member of staff who carried the plan out.
        purged_at: When the purge was finished, UTC.
        purged: The ids of the enrolments that are gone.
        withdrawn: The ids of those among them that were purged because they were withdrawn (D-07b).
        skipped: The enrolments that were left, and why.
        digest: Proves that a school with the same key wrote the receipt; None without a key, and in older receipts.
    """

    plan_id: PlanId
    unit: HsaId = field(converter=HsaId)
    decision: PurgeDecision
    purged_by: HsaId = field(converter=HsaId)
    purged_at: datetime
    purged: tuple[EnrolmentId, ...]
    skipped: tuple[Skipped, ...] = ()
    digest: str | None = None
    withdrawn: tuple[EnrolmentId, ...] = ()


class PlanState(Enum):
    """The progress of a purge plan. Rule: D-21a."""

    OPEN = "open"
    APPROVED = "approved"
    EXECUTED = "executed"


@frozen(kw_only=True)
class OverdueRecords:
    """The number of a unit's ended enrolments that are older than its retention period. Rule: M-20, D-21b.

    Args:
        before: The start of the retention period, UTC: their last entries are older.
        number: How many they are, as far as they were counted.
        is_whole: False when there are more than were counted.
    """

    before: datetime
    number: int
    is_whole: bool


@frozen(kw_only=True)
class PlanSummary:
    """A purge plan in a list. Rule: D-21a.

    Args:
        id: The plan's id.
        unit: The unit whose records they are.
        made_by: The member of staff who made the plan.
        made_at: When the plan was made, UTC.
        enrolments: The number of enrolments that the plan has.
        decision: The decision that it rests on; None until it is approved.
        receipt: The receipt of the purge; None until the plan is carried out.
    """

    id: PlanId
    unit: HsaId = field(converter=HsaId)
    made_by: HsaId = field(converter=HsaId)
    made_at: datetime
    enrolments: int
    decision: PurgeDecision | None
    receipt: PurgeReceipt | None

    @property
    def state(self) -> PlanState:
        """The progress of the plan."""
        if self.receipt is not None:
            return PlanState.EXECUTED
        return PlanState.OPEN if self.decision is None else PlanState.APPROVED


class Held(Enum):
    """A part of an ended enrolment, which an export can hold."""

    FIGURES = "figures"
    """Dates, end reason, completed modules, counts."""
    TIMELINE = "timeline"
    """Every entry of the timeline."""
    ANSWERS = "answers"
    """The answers to forms."""
    TEXTS = "texts"
    """Messages and headings."""


PURGED_PARTS = frozenset({Held.TIMELINE, Held.ANSWERS, Held.TEXTS})
"""The parts that a purge deletes; the figures follow from these."""


@frozen(kw_only=True)
class ExportedFile:
    """A file of an export.

    Args:
        name: The name of the file in its folder.
        lines: The number of lines after the heading.
        sha256: The SHA-256 of the bytes, in hexadecimal.
        holds: The parts of each enrolment that are in the file; empty in a receipt that an older version wrote.
    """

    name: str
    lines: int
    sha256: str
    holds: tuple[Held, ...] = ()


@frozen(kw_only=True)
class ExportReceipt:
    """The receipt of an export: the files, and the parts of enrolments in them. Rule: M-21, D-21a.

    Args:
        id: An opaque id.
        unit: The unit whose records they are.
        exported_by: The member of staff who exported.
        exported_at: When, UTC.
        enrolments: The number of enrolments in the export.
        files: The files of the export.
        unreadable: The ids of ended enrolments that cannot be read; they are in no file.
    """

    id: str
    unit: HsaId = field(converter=HsaId)
    exported_by: HsaId = field(converter=HsaId)
    exported_at: datetime
    enrolments: int
    files: tuple[ExportedFile, ...]
    unreadable: tuple[EnrolmentId, ...] = ()

    @property
    def holds(self) -> frozenset[Held]:
        """The parts of each enrolment that are in the files together."""
        return frozenset(held for file in self.files for held in file.holds)

    @property
    def is_complete(self) -> bool:
        """Whether the files hold everything that a purge deletes; only then do its enrolments count as exported."""
        return self.holds >= PURGED_PARTS
