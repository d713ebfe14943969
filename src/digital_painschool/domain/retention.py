"""What a purge leaves in writing: the plan, what was exported before, and the receipt; none holds personal data.

Rule: M-20, M-21, D-21a, D-21b.
"""

from datetime import datetime
from enum import Enum

from attrs import field, frozen

from digital_painschool.domain.people import HsaId


@frozen(kw_only=True)
class EndedEnrolment:
    """An ended enrolment as the retention rules see it.

    Args:
        enrolment_id: Which one.
        version: The number of its timeline entries.
        ended_at: When it ended, UTC.
        last_entry_at: When its last timeline entry was made, UTC.
        exported: The version that was last exported with everything that a purge deletes, 0 for none.
    """

    enrolment_id: str
    version: int
    ended_at: datetime
    last_entry_at: datetime
    exported: int = 0


@frozen(kw_only=True)
class PurgeDecision:
    """Who approved a plan, when, on which decision (gallringsbeslut)."""

    reference: str
    by: HsaId = field(converter=HsaId)
    at: datetime


@frozen(kw_only=True)
class PurgePlan:
    """A preview of a purge, as data. Rule: D-21a.

    Args:
        id: An opaque id.
        unit: Whose records.
        made_by: Who made it.
        made_at: When, UTC.
        ended_before: The enrolments' last entries are all before this instant, UTC.
        enrolments: What would be purged.
        decision: Set by the approval.
        unreadable: The ids of ended enrolments that cannot be read; they are not purged.
    """

    id: str
    unit: HsaId = field(converter=HsaId)
    made_by: HsaId = field(converter=HsaId)
    made_at: datetime
    ended_before: datetime
    enrolments: tuple[EndedEnrolment, ...]
    decision: PurgeDecision | None = None
    unreadable: tuple[str, ...] = ()


class Skip(Enum):
    """Why a planned enrolment was not purged after all. Rule: D-21a."""

    CHANGED = "changed since the plan"
    TOO_YOUNG = "younger than the unit's period now"
    NOT_EXPORTED = "not exported in its present state"
    NOT_ENDED = "not ended, or purged already"
    UNREADABLE = "cannot be read; to be repaired first"


@frozen(kw_only=True)
class Skipped:
    """A planned enrolment that was left as it was, and why."""

    enrolment_id: str
    why: Skip


@frozen(kw_only=True)
class PurgeReceipt:
    """What a purge did. Rule: D-21a.

    Args:
        plan_id: The plan that was carried out; also the receipt's id.
        unit: Whose records.
        decision: What it rests on.
        purged_by: Who carried it out.
        purged_at: When it was finished, UTC.
        purged: The ids of the enrolments that are gone.
        skipped: The ones that were left, and why.
        digest: Proves that a school with the same key wrote it; None where no key is set, and in older receipts.
    """

    plan_id: str
    unit: HsaId = field(converter=HsaId)
    decision: PurgeDecision
    purged_by: HsaId = field(converter=HsaId)
    purged_at: datetime
    purged: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    digest: str | None = None


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
"""What a purge deletes; the figures follow from it."""


@frozen(kw_only=True)
class ExportedFile:
    """A file of an export.

    Args:
        name: Its name in the folder.
        lines: How many lines it has after the heading.
        sha256: The SHA-256 of its bytes, in hexadecimal.
        holds: What it holds of each enrolment; empty in a receipt that an older version wrote.
    """

    name: str
    lines: int
    sha256: str
    holds: tuple[Held, ...] = ()


@frozen(kw_only=True)
class ExportReceipt:
    """What an export wrote, and what that holds. Rule: M-21, D-21a.

    Args:
        id: An opaque id.
        unit: Whose records.
        exported_by: Who exported.
        exported_at: When, UTC.
        enrolments: How many enrolments are in it.
        files: What was written.
        unreadable: The ids of ended enrolments that cannot be read; they are in no file.
    """

    id: str
    unit: HsaId = field(converter=HsaId)
    exported_by: HsaId = field(converter=HsaId)
    exported_at: datetime
    enrolments: int
    files: tuple[ExportedFile, ...]
    unreadable: tuple[str, ...] = ()

    @property
    def holds(self) -> frozenset[Held]:
        """What the files together hold of each enrolment."""
        return frozenset(held for file in self.files for held in file.holds)

    @property
    def is_complete(self) -> bool:
        """Whether the files hold everything that a purge deletes; only then do its enrolments count as exported."""
        return self.holds >= PURGED_PARTS
