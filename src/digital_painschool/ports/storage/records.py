"""Records: values that a storage keeps under a key, and returns as they are."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from attrs import field, frozen

from digital_painschool.domain.draft import Draft
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.program import Program
from digital_painschool.domain.retention import ExportReceipt, PurgePlan, PurgeReceipt, Skipped
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage.access_log import AccessEntry
from digital_painschool.ports.storage.completed_calls import CallKey, CompletedCall, DeskCall

_PAGE = 100


@frozen(kw_only=True)
class PurgeProgress:
    """The progress of a purge.

    Args:
        outcomes: The plan's enrolments that are dealt with, by id: None for a purged one, the reason for a skipped one.
    """

    outcomes: Mapping[EnrolmentId, Skipped | None] = field(factory=dict)


Saved = Profile | Program | PurgePlan | ExportReceipt | PurgeReceipt
"""A record that `save_record` saves."""
Record = Saved | Draft | CompletedCall | DeskCall | PurgeProgress
"""A record. Those that are not `Saved` are saved with the step that they belong to, or by the purge."""
Listed = PurgePlan | ExportReceipt | PurgeReceipt
"""A record that is listed by unit."""

NO_VERSIONS: Mapping[EnrolmentId, int] = MappingProxyType({})
"""No enrolment counts as exported."""


def _masked(parts: tuple[str, ...] | Masked[tuple[str, ...]]) -> Masked[tuple[str, ...]]:
    return Masked(parts)


@frozen(kw_only=True)
class RecordKey:
    """The key of a record. Two keys are equal when the kind and all parts are.

    Args:
        kind: The class of the record.
        parts: Texts, with any characters: unit and HSA-id of a `Profile`; unit, key and version of a `Program`;
            enrolment id and form of a `Draft`; unit, caller, action and the host's key of a `CompletedCall` and of a
            `DeskCall`; the plan's id of a `PurgePlan`, its `PurgeProgress` and `PurgeReceipt`; the id of an
            `ExportReceipt`. Only `****` is shown.
    """

    kind: type[Record]
    _parts: Masked[tuple[str, ...]] = field(converter=_masked, repr=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the key."""
        return self._parts.reveal()


def record_key(kind: type[Record], *parts: str) -> RecordKey:
    """Return the key of a record with some parts."""
    return RecordKey(kind=kind, parts=parts)


def key_of_call(kind: type[CompletedCall | DeskCall], key: CallKey) -> RecordKey:
    """Return the key of a call that was completed under an idempotency key."""
    return record_key(kind, key.unit, key.caller, key.action, key.key)


def is_final(record: Record) -> bool:
    """Return whether a record does not change any more: all but profiles, and plans that wait for their approval."""
    return not isinstance(record, Profile) and not (isinstance(record, PurgePlan) and record.decision is None)


def position_of(record: Listed) -> tuple[datetime, str]:
    """Return the position of a record in the list of its unit: its instant, and its id."""
    match record:
        case PurgePlan():
            return record.made_at, record.id
        case ExportReceipt():
            return record.exported_at, record.id
        case PurgeReceipt():
            return record.purged_at, record.plan_id


class Records(Protocol):
    """Records: profiles, programs, drafts, completed calls, and the papers of exports and purges.

    Rule: M-20, M-21, D-05c, D-14a, D-21a, D-24a. A completed call is stored as long as its enrolment is, or for ever
    where it concerns none.

    Contract:
        * **with the step**: a method that is given `completed` saves the call in the transaction of its step. When a
          call was completed under an equal key before, it raises `Conflict` and changes nothing.
    """

    @abstractmethod
    def load_record(self, key: RecordKey) -> Record | None:
        """Return the record under a key, or None.

        A program that was saved before there were limits (`limits`) is returned as it was.

        Contract:
            * **exact key**: the record under another key is not found, whatever characters the keys have.

        Raises:
            StorageError: The record is unreadable. A draft or a profile can still be replaced.
        """
        ...

    @abstractmethod
    def list_records(
        self,
        kind: type[Listed],
        unit: HsaId,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[Listed, ...]:
        """Return a unit's records of a kind by `position_of`, at most `limit`.

        An unreadable one is left out, and a log line names it; it hides none of the others.

        Args:
            kind: The kind.
            unit: The unit.
            newest_first: False for the oldest first.
            after: Only the records behind the one at this position.
            limit: The most records; it counts the readable ones.

        Contract:
            * **advances**: every returned record is behind `after`.
        """
        ...

    @abstractmethod
    def save_record(
        self,
        key: RecordKey,
        record: Saved,
        access: Iterable[AccessEntry] = (),
        *,
        exported: Mapping[EnrolmentId, int] = NO_VERSIONS,
        completed: DeskCall | None = None,
    ) -> Saved:
        """Save a record, log it, and return the one that is stored under the key, in one transaction.

        Args:
            key: The key.
            record: The record.
            access: The entries for the access log.
            exported: The versions of the unit's enrolments that count as exported from now on, by enrolment id.
            completed: The idempotency key under which the desk was called, with what is needed to repeat its result;
                None without a key.

        Contract:
            * **final**: a stored record that `is_final` stays as it is, and is returned. Any other is replaced.
            * **as told**: only the enrolments in `exported` count as exported. Any other enrolment keeps the version
              that was saved before.
            * **never back**: an older version does not replace a newer one.
        """
        ...


def each_listed(
    storage: Records,
    kind: type[Listed],
    unit: HsaId,
    *,
    newest_first: bool,
    after: tuple[datetime, str] | None = None,
) -> Iterator[Listed]:
    """Yield a unit's records of a kind by position, behind `after`.

    Raises:
        StorageError: The adapter's `list_records` does not advance: the walk would never end.
    """
    while page := storage.list_records(kind, unit, newest_first=newest_first, after=after, limit=_PAGE):
        last = position_of(page[-1])
        if after is not None and (last == after or (last < after) is not newest_first):
            raise StorageError(
                f"the storage's `list_records` does not advance: a {kind.__name__} is not behind `after`"
            )
        yield from page
        after = last
