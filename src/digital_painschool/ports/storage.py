"""The storage port: small protocols, and the values that pass through them.

Every clause of the docstrings is a promise that adapters are tested against.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import Protocol, TypeVar

from attrs import field, frozen
from attrs.converters import optional

from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult
from digital_painschool.domain.enrolment import CaseloadCounts, Enrolment, Phase, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import Notification, NotificationRecord, Profile
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.program import Program
from digital_painschool.domain.retention import EndedEnrolment, ExportReceipt, PurgePlan, PurgeReceipt, Skipped
from digital_painschool.domain.validation import Answer

Value = TypeVar("Value")

Content = str | Mapping[str, Answer]
"""What a document holds: a text, or the answers to a form."""


def _masked(documents: Mapping[int, Content] | Masked[Mapping[int, Content]]) -> Masked[Mapping[int, Content]]:
    return Masked(documents)


@frozen(kw_only=True, slots=False)
class Entry:
    """One timeline entry: its number, from 1, and what happened."""

    seq: int
    event: Event


class Activity(Enum):
    """The kind of an access, in the terms of the Swedish national log format."""

    READ = "Läsa"
    WRITE = "Skriva"
    PRINT = "Utskrift"
    DELETE = "Radera"


@frozen(kw_only=True, slots=False)
class AccessEntry:
    """One line of the access log: who did what with whose data, where and when. Rule: M-06, D-21c.

    Args:
        at: When, UTC.
        by: A member of staff's HSA-id, `"patient"`, or `"system"`.
        unit: The unit that was acted for.
        action: What was done, as the permission table names it.
        activity: Its kind.
        enrolment_id: With which enrolment; None when it concerned no single one.
        person: Whose data; None when nobody's in particular.
        granted: False when it was refused.
    """

    at: datetime
    by: str
    unit: HsaId = field(converter=HsaId)
    action: str
    activity: Activity
    enrolment_id: str | None = None
    person: PersonId | None = None
    granted: bool = True


@frozen(kw_only=True, slots=False)
class Change:
    """Everything that one step changes; saved together or not at all.

    Args:
        before: The version that the step was decided on; 0 for a new enrolment.
        enrolment: The state after the step; its version is `before` plus the number of events.
        events: What happened, in order; entries `before + 1` and on.
        documents: What people wrote, by the number of the entry that it belongs to.
        tally: The figures for the list of patients.
        notifications: What the events ask for.
        cancelled: The ids of notifications of the enrolment that are dropped with this step. When one of them does not
            wait any more (it was begun, or is settled), the whole change is a conflict.
        noted: The ids of notifications of the enrolment whose end this step writes on the timeline. When one of them
            needs no such note any more, the whole change is a conflict.
        access: What the access log gets.
    """

    before: int
    enrolment: Enrolment
    events: tuple[Event, ...]
    _documents: Masked[Mapping[int, Content]] = field(converter=_masked, repr=False)
    tally: CaseloadCounts
    access: AccessEntry
    notifications: tuple[Notification, ...] = ()
    cancelled: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()

    @property
    def documents(self) -> Mapping[int, Content]:
        """What people wrote."""
        return self._documents.reveal()


class Enrolments(Protocol):
    """The enrolments with their timelines and documents."""

    def load(self, enrolment_id: str) -> Enrolment | None:
        """Return the present state, or None when there is no such enrolment.

        Raises:
            StorageError: It is there and cannot be read: a state that is another enrolment's is none.
        """
        ...

    def load_many(self, enrolment_ids: Iterable[str]) -> Mapping[str, Enrolment]:
        """Return the present states of those that exist, by id.

        Raises:
            StorageError: One of them cannot be read; ask for each by itself to find out which.
        """
        ...

    def find_by_person(self, person: PersonId) -> tuple[Enrolment | UnreadableEnrolment, ...]:
        """Return all enrolments of a person at all units, open and ended, oldest first.

        Contract:
            * **unreadable**: one that cannot be read is named in its place, and hides none of the others.
        """
        ...

    def save(self, change: Change) -> None:
        """Save a step in one transaction, durably.

        Contract:
            * **all or nothing**: state, events, documents, notifications and access entry are all there
              afterwards, or, when an error is raised or the process dies, none of them.
            * **optimistic**: saved only when the stored version is `change.before`.
            * **one open enrolment**: never two that have not ended of one person, program and unit.
            * **durable**: what was saved is there after a restart, also when the process is killed right afterwards.
            * **steady**: the time that a step takes does not grow with the timeline.

        Raises:
            Conflict: Somebody else saved first, a notification to cancel does not wait any more, or one to note is
                noted already; nothing was changed.
            OutcomeUnknown: The connection broke before the storage could say that the step is kept; it is kept whole,
                or not at all, and the version that is loaded next tells.
            StorageError: The storage could not do it; nothing was changed.
        """
        ...

    def timeline(self, enrolment_id: str, kinds: Iterable[type[Event]] | None = None) -> tuple[Entry, ...]:
        """Return the timeline in order, all of it or the entries of some kinds; empty for an unknown enrolment."""
        ...

    def documents(self, enrolment_id: str, seqs: Iterable[int]) -> Mapping[int, Content]:
        """Return the documents of some timeline entries, by entry number; those that there are."""
        ...

    def access_ended(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return ids of open enrolments whose `access_until` is `now` or earlier and not noted yet, at most `limit`."""
        ...


@frozen(kw_only=True)
class CaseQuery:
    """Which page of the list of patients is wanted.

    Args:
        unit: Whose patients.
        therapist: Whose own; None for the whole unit's.
        now: The instant that flags are judged at, UTC; every page of one walk uses the same.
        after: The `key` of the row before the page; None for the first.
        limit: The most rows of a page.
    """

    unit: HsaId = field(converter=HsaId)
    therapist: HsaId | None = field(converter=optional(HsaId))
    now: datetime
    after: tuple[int, str] | None = None
    limit: int = 50


@frozen(kw_only=True, slots=False)
class CaseRow:
    """One open enrolment in the list of patients; free of names. Rule: M-08, M-09, D-15a, D-17a.

    Args:
        enrolment_id: Which one.
        person: Whose; its `repr` is masked.
        therapist: Who has the patient.
        program: The program's key.
        program_version: The version that it runs.
        phase: Where it is in its life.
        started_at: When it began, UTC.
        access_until: When the patient's access is over, UTC.
        reviewed_at: When the therapist last reviewed, UTC.
        last_seen_at: When the patient last did something, UTC.
        tally: The figures.
        key: The row's place in the order; a page goes on after it.
    """

    enrolment_id: str
    person: PersonId
    therapist: HsaId
    program: str
    program_version: str
    phase: Phase
    started_at: datetime
    access_until: datetime
    reviewed_at: datetime | None
    last_seen_at: datetime | None
    tally: CaseloadCounts
    key: tuple[int, str]


@frozen(kw_only=True)
class UnreadableCase:
    """Stands in the list of patients for an open enrolment whose row cannot be read.

    Args:
        enrolment_id: Which one.
        key: The row's place in the order; a page goes on after it.
    """

    enrolment_id: str
    key: tuple[int, str]


def readable(found: Iterable[Value | UnreadableEnrolment | UnreadableCase]) -> tuple[Value, ...]:
    """Return those of a storage's list that can be read."""
    return tuple(one for one in found if not isinstance(one, (UnreadableEnrolment, UnreadableCase)))


def unreadable(found: Iterable[object]) -> tuple[str, ...]:
    """Return the ids of those of a storage's list that cannot be read."""
    return tuple(one.enrolment_id for one in found if isinstance(one, (UnreadableEnrolment, UnreadableCase)))


class Caseload(Protocol):
    """The list of patients."""

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow | UnreadableCase, ...]:
        """Return a page of the enrolments that have not ended.

        Contract:
            * **order**: rows with a priority flag first (0), then those with any flag (1), then the rest (2); within
              these by enrolment id (code points). A flag is: unread forms or messages, done, undelivered, or
              `access_until` at or before `query.now`. `key` is that rank and the id.
            * **keyset**: the page holds the first `limit` rows whose key is above `after`.
            * **unreadable**: a row that cannot be read is named in its place, as far as it can be told whose list it is
              in, and hides none of the others.
        """
        ...


NOTHING: Mapping[str, Sequence[AccessEntry]] = MappingProxyType({})
"""No lines for the access log."""


class Outbox(Protocol):
    """Notifications on their way: claim a digest, store the intent (begin), send, store the result (complete).

    A recipient's collected notifications at a unit share one `Digest`, whose id is that of its first notification.
    Every other notification has a digest of its own.
    """

    def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[Claim, ...]:
        """Claim digests until `now + lease`.

        Contract:
            * **due**: a digest can be claimed at or after its `next_at`, when nobody holds it, or the lease is over.
              Its `next_at` is the earliest `due_at` of its pending notifications, unless a result says another; a later
              notification brings it forward, but not while a batch is in doubt. A digest of which everything was
              cancelled may come once more, with nothing pending.
            * **one holder**: two claims never hold one digest at a time, and no two have one token.
            * **oldest first**: by `next_at`, then by id; at most `limit`.
            * **poison**: a digest that was begun under a claim whose lease ended is claimed when nothing else can be
              claimed, and alone: first the one with the fewest lost workers, so that one poison message does not hold
              up the others of its batch. `lost` counts such claims; a result says what is left of the count.
            * **unreadable**: a digest that cannot be read, or a notification of which cannot, is left until its lease
              is over, and that counts as no attempt. It stops no other digest, whatever the limit is. A log line names
              it.
        """
        ...

    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[str, Batch]:
        """Store the intent to send, in one transaction, and return the batches that are begun, by digest id.

        Contract:
            * **fenced**: a claim whose token is not the present one begins nothing.
            * **what still waits**: of the decided notifications, those that are pending are in the batch. When none is
              left, nothing begins, and the digest is released.
            * **key**: `REPEAT` keeps the key of the batch in doubt; `SEND` takes `batch_key` of the notifications.
            * **recorded**: `attempted_on` is the decision's day; each notification has one attempt more.
        """
        ...

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[str, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        """Store what became of claimed digests, and what the access log gets for each, by digest id.

        Contract:
            * **one transaction**, with all results.
            * **fenced**: a result whose token is not the present one is passed over, and so is what the log would get.
            * **released**: the digest can be claimed again, and counts as many lost workers as the result says.
            * **kept**: what is settled keeps the key of its batch, for `notification_keys`.
        """
        ...

    def notifications(self, enrolment_id: str) -> tuple[NotificationRecord, ...]:
        """Return every notification that an enrolment asked for, by entry, then by id."""
        ...

    def cancellable(self, enrolment_id: str) -> tuple[Notification, ...]:
        """Return the notifications of an enrolment that wait: pending, and in no batch. Ordered as `notifications`."""
        ...

    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        """Return settled notifications whose end the timeline does not say yet, by rising id, those above `after`.

        `complete` leaves such a note to be written when it settles one as anything but `DELIVERED`. One that cannot be
        read is left out, and a log line names it.
        """
        ...


class Staff(Protocol):
    """What members of staff have chosen for themselves."""

    def profile(self, unit: HsaId, hsa_id: HsaId) -> Profile:
        """Return what was last kept; an empty profile when nothing was."""
        ...

    def save_profile(self, unit: HsaId, hsa_id: HsaId, profile: Profile, access: AccessEntry) -> None:
        """Keep a profile and log it, in one transaction."""
        ...


class AccessLog(Protocol):
    """Who did what with whose data; it outlives the purge of what it speaks about. Rule: D-21c."""

    def log(self, entries: Iterable[AccessEntry]) -> None:
        """Add entries, durably, in one transaction."""
        ...

    def access_entries(
        self, unit: HsaId, *, person: PersonId | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        """Return a unit's entries in the order in which they came, each with a rising number; those above `after`.

        One that cannot be read is left out, and a log line names its number; it hides none of those after it.
        """
        ...


class Programs(Protocol):
    """The versions of programs that enrolments were started with. Rule: D-05c."""

    def save_program(self, unit: HsaId, program: Program) -> Program:
        """Keep a version of a unit's program, and give the one that is kept under its key and version: the first."""
        ...

    def program(self, unit: HsaId, key: str, version: str) -> Program | None:
        """Return a version that was kept for a unit, or None.

        The key and the version are looked up by their exact text, whatever signs they hold: a program that was kept
        before there were limits (`limits`) is given as it was.
        """
        ...


@frozen(kw_only=True)
class History:
    """Everything that is kept of one enrolment, or what was asked for of it.

    Args:
        enrolment: Its state.
        timeline: Its entries, in order.
        documents: What was written with these, by entry number.
    """

    enrolment: Enrolment
    timeline: tuple[Entry, ...]
    _documents: Masked[Mapping[int, Content]] = field(converter=_masked, repr=False)

    @property
    def documents(self) -> Mapping[int, Content]:
        """What people wrote."""
        return self._documents.reveal()


class Retention(Protocol):
    """Ended enrolments on their way out. Rule: M-20, M-21, D-21a to D-21c."""

    def ended(
        self, unit: HsaId, *, after: str = "", limit: int = 1000
    ) -> tuple[EndedEnrolment | UnreadableEnrolment, ...]:
        """Return a unit's ended enrolments by rising id (code points), those above `after`, at most `limit`.

        Contract:
            * **unreadable**: one that cannot be read is named in its place, and hides none of the others.
        """
        ...

    def find_ended(
        self, unit: HsaId, enrolment_ids: Iterable[str]
    ) -> Mapping[str, EndedEnrolment | UnreadableEnrolment]:
        """Return the unit's ended enrolments among some, by id; one that cannot be read is named, as in `ended`."""
        ...

    def person_ids_of(self, unit: HsaId, enrolment_ids: Iterable[str]) -> Mapping[str, PersonId]:
        """Return whose some of a unit's enrolments are, by enrolment id; unknown and unreadable ones not."""
        ...

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the keys under which notifications of some of a unit's enrolments were sent, rising.

        These are what a purge makes inbox and messengers forget.

        Contract:
            * **shared**: a key that an open enrolment shares is left out, for that patient still needs its notice. It
              comes with the last of its enrolments, once all have ended.
            * **superseded**: the key of a batch in doubt that was sent again under another key is among them.
        """
        ...

    def load_histories(
        self, unit: HsaId, enrolment_ids: Sequence[str], kinds: Iterable[type[Event]] | None = None
    ) -> tuple[History | UnreadableEnrolment, ...]:
        """Return everything that is kept of some of a unit's enrolments, in the order asked for; unknown ones not.

        With `kinds`, only the entries of these kinds, and what was written with them.

        Contract:
            * **unreadable**: one of which anything cannot be read is named in its place, and hides none of the others.
        """
        ...

    def save_export(self, receipt: ExportReceipt, versions: Mapping[str, int]) -> None:
        """Keep an export's receipt, and which version of enrolments counts as exported, in one transaction.

        Contract:
            * **as told**: `versions` alone counts. It is empty for an export without everything that a purge deletes,
              and what it does not name keeps the version that was noted before.
            * **never back**: an older version does not replace a newer one.
        """
        ...

    def save_plan(self, plan: PurgePlan, access: AccessEntry) -> None:
        """Keep a plan, or its approval, and log it, in one transaction.

        A plan that is approved already does not change any more.
        """
        ...

    def plan(self, plan_id: str) -> PurgePlan | None:
        """Return a plan as it was last kept, or None."""
        ...

    def purge(self, plan_id: str, purge: Sequence[EndedEnrolment], skip: Sequence[Skipped]) -> None:
        """Delete some of a plan's enrolments with all that is theirs, and note the skipped ones, in one transaction.

        Contract:
            * **nothing left**: gone are state, timeline, documents and notifications; the
              access log stays. A digest stays, without them, as long as its recipient has another enrolment at the
              unit; a batch that has none left is over, and its day counts as one on which the recipient was told.
            * **only as planned**: one whose stored version or phase is not the planned one any more, or that is not
              there, is not deleted but noted as `CHANGED`.
            * **all or nothing**: when the process dies, all that the call was to do is done, or none of it.
            * **idempotent**: doing it again changes nothing; what was noted first stands.
        """
        ...

    def purge_progress(self, plan_id: str) -> Mapping[str, Skipped | None]:
        """Return the plan's enrolments that are dealt with: None for purged, or why skipped."""
        ...

    def save_receipt(self, receipt: PurgeReceipt) -> PurgeReceipt:
        """Keep the receipt of a purge, and give the one that is kept for its plan: the first kept."""
        ...

    def receipt(self, plan_id: str) -> PurgeReceipt | None:
        """Return the receipt of a plan that was carried out, or None."""
        ...

    def receipts(self, unit: HsaId) -> tuple[PurgeReceipt, ...]:
        """Return a unit's receipts, oldest first; an unreadable one is left out, and a log line names its plan."""
        ...

    def replay_purge(self, receipt: PurgeReceipt, enrolment_ids: Sequence[str]) -> int:
        """Delete some of what a receipt says is gone, after a backup was restored, and keep the receipt.

        Only ended enrolments of the receipt's unit that it names are deleted; gives how many.
        """
        ...


class Storage(Enrolments, Caseload, Outbox, Staff, AccessLog, Programs, Retention, Protocol):
    """All that is kept.

    Any other error, and any answer of another type, reaches a host as `StorageError`, without its text; from a method
    that writes, as `OutcomeUnknown`.

    Contract:
        * **threads**: safe to call from many threads; what one call has returned or saved, every later call sees.
        * **processes**: all that is promised of threads holds for processes that have the same storage open; one that
          is made for a single process refuses the second.
        * **forks**: a storage that was opened before a fork works in both processes, or each call in the child raises
          `StorageError` and says what to do.
        * **in place**: what is acknowledged is where a new opening looks for it; once the files are not in their place
          any more, nothing is acknowledged.
        * **exact**: what was saved comes back as it was, in type, letters and microseconds; instants come in UTC.
        * **values**: nothing that a caller does to a value that was given or given back changes what is kept.
        * **refusing**: `StorageError` when the storage is closed, full, unreachable, unreadable or of another version;
          nothing is changed then. `OutcomeUnknown` when the connection was lost during the commit of a write: the write
          was saved completely or not at all.
        * **damaged**: a row that cannot be read (cut short, of another type, with a time, a name or a number that
          cannot be) is refused with `StorageError` where it is asked for by itself. It stops nobody else.
        * **silent**: no error text contains anything of the person, or of what people wrote.
    """

    def close(self) -> None:
        """Let go of files and connections; closing again does nothing. Every other call is then refused."""
        ...
