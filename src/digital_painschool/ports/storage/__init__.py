"""The storage port: one small protocol a file, with its values. `Storage` is all of them.

Every clause of the docstrings is a promise that adapters are tested against. There are three kinds of calls:

* **required**: an abstract method. Every adapter writes it.
* **for speed**: a method with a body, which follows from the required ones. An adapter that inherits from `Storage` has
  it, and writes its own where its database has a faster way. The clauses hold for both.
* **derived**: a function (`derived`, `registers`). No adapter implements it.
"""

from abc import abstractmethod
from typing import Protocol, Self

from digital_painschool.errors import ConfigurationError
from digital_painschool.ports.storage.access_log import AccessEntry, AccessLog, Activity
from digital_painschool.ports.storage.case_rows import case_row, case_rows, is_wanted, page_of, totals_of
from digital_painschool.ports.storage.caseload import Caseload
from digital_painschool.ports.storage.cases import (
    NO_INSTANT,
    CaseKey,
    CaseQuery,
    CaseRow,
    CaseSort,
    CaseTotals,
    UnreadableCase,
)
from digital_painschool.ports.storage.completed_calls import CallKey, CompletedCall, DeskCall
from digital_painschool.ports.storage.derived import (
    History,
    find_cancellable,
    find_ended,
    load_documents,
    load_enrolment,
    load_enrolments,
    load_histories,
    load_notifications,
    load_state_at,
    load_timeline,
)
from digital_painschool.ports.storage.drafts import Drafts, require_tag
from digital_painschool.ports.storage.enrolments import (
    Change,
    Content,
    Enrolments,
    Entry,
    StoredEnrolment,
    Timeline,
    each_enrolment,
    lacks_end,
)
from digital_painschool.ports.storage.excerpt import WHOLE, Excerpt
from digital_painschool.ports.storage.operations import CLOCKS_DIFFER, Operations, OutboxFigures
from digital_painschool.ports.storage.outbox import NOTHING, Outbox, each_unnoted
from digital_painschool.ports.storage.pace import Paces
from digital_painschool.ports.storage.placeholders import readable, unreadable
from digital_painschool.ports.storage.records import (
    NO_VERSIONS,
    Listed,
    PurgeProgress,
    Record,
    RecordKey,
    Records,
    Saved,
    each_listed,
    is_final,
    key_of_call,
    position_of,
    record_key,
)
from digital_painschool.ports.storage.registers import (
    find_call,
    find_desk_call,
    list_exports,
    list_receipts,
    load_draft,
    load_profile,
    load_program,
    load_purge,
    save_export,
    save_plan,
    save_profile,
    save_program,
    save_receipt,
)
from digital_painschool.ports.storage.retention import PurgeRecord, Retention, ended_enrolment, plan_summary


class Storage(Caseload, Retention, Operations, Enrolments, Drafts, Outbox, Paces, AccessLog, Records, Protocol):
    """Everything that the school stores.

    Any other error reaches a host as `StorageError`, without its text. So does a return value of another type. From a
    method that writes, both reach a host as `OutcomeUnknown`.

    Contract:
        * **threads**: every method is safe to call from many threads. A call sees whatever an earlier call has returned
          or saved.
        * **processes**: every promise about threads holds for processes that have the same storage open. A storage for
          a single process refuses the second process.
        * **forks**: a storage that was opened before a fork works in both processes. Otherwise each call in the child
          raises `StorageError`, which says what to do.
        * **in place**: a storage that is opened later finds everything acknowledged. Once the files are moved or
          removed, the storage acknowledges nothing more.
        * **exact**: a saved value is returned unchanged, in type, letters and microseconds. Instants are returned in
          UTC.
        * **values**: a caller that changes an argument or a return value does not change the stored data.
        * **arguments**: an iterable argument is read once. It may itself ask the storage while it is read.
        * **refusing**: the storage raises `StorageError`, and changes nothing, when it is closed, full, unreachable,
          unreadable or of another version. It raises `OutcomeUnknown` when the connection was lost during the commit of
          a write: the write was saved completely or not at all.
        * **damaged**: a row is damaged when it is cut short, of another type, or holds an impossible time, name or
          number. Asking for the row by itself raises `StorageError`. A damaged row stops no other call.
        * **silent**: no error text contains anything of the person, or of a document.
    """

    def __new__(cls, *args: object, **options: object) -> Self:  # noqa: ARG004 - they are those of the adapter's own
        """Make an adapter that inherits from the port.

        Raises:
            ConfigurationError: The adapter lacks a required method.
        """
        if lacking := sorted(cls.__abstractmethods__):
            raise ConfigurationError(f"{cls.__name__} is no storage: it has no {', '.join(map(repr, lacking))} to call")
        return super().__new__(cls)

    @abstractmethod
    def close(self) -> None:
        """Release files and connections. Every other call is then refused; closing again does nothing."""
        ...


__all__ = [
    "CLOCKS_DIFFER",
    "NOTHING",
    "NO_INSTANT",
    "NO_VERSIONS",
    "WHOLE",
    "AccessEntry",
    "AccessLog",
    "Activity",
    "CallKey",
    "CaseKey",
    "CaseQuery",
    "CaseRow",
    "CaseSort",
    "CaseTotals",
    "Caseload",
    "Change",
    "CompletedCall",
    "Content",
    "DeskCall",
    "Drafts",
    "Enrolments",
    "Entry",
    "Excerpt",
    "History",
    "Listed",
    "Operations",
    "Outbox",
    "OutboxFigures",
    "Paces",
    "PurgeProgress",
    "PurgeRecord",
    "Record",
    "RecordKey",
    "Records",
    "Retention",
    "Saved",
    "Storage",
    "StoredEnrolment",
    "Timeline",
    "UnreadableCase",
    "case_row",
    "case_rows",
    "each_enrolment",
    "each_listed",
    "each_unnoted",
    "ended_enrolment",
    "find_call",
    "find_cancellable",
    "find_desk_call",
    "find_ended",
    "is_final",
    "is_wanted",
    "key_of_call",
    "lacks_end",
    "list_exports",
    "list_receipts",
    "load_documents",
    "load_draft",
    "load_enrolment",
    "load_enrolments",
    "load_histories",
    "load_notifications",
    "load_profile",
    "load_program",
    "load_purge",
    "load_state_at",
    "load_timeline",
    "page_of",
    "plan_summary",
    "position_of",
    "readable",
    "record_key",
    "require_tag",
    "save_export",
    "save_plan",
    "save_profile",
    "save_program",
    "save_receipt",
    "totals_of",
    "unreadable",
]
