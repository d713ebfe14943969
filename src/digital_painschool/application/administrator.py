"""The data administrator's desk: export, retention and the access log, for the own unit alone."""

from collections.abc import Callable, Iterable
from pathlib import Path

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.access_log_pages import AccessLogPages
from digital_painschool.application.executor import Executor
from digital_painschool.application.export import Format
from digital_painschool.application.export_download import ExportDownload
from digital_painschool.application.once import once_of
from digital_painschool.application.plan_pages import overdue_records
from digital_painschool.application.purge import Purge
from digital_painschool.application.purge_replay import PurgeReplay
from digital_painschool.application.receipt_proof import ReceiptKey
from digital_painschool.application.unit_export import UnitExport
from digital_painschool.application.unit_records import Progress, silent
from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.people import Actor, PersonId
from digital_painschool.domain.retention import ExportReceipt, OverdueRecords, PurgePlan, PurgeReceipt, Skipped
from digital_painschool.domain.validation import whole_number
from digital_painschool.errors import InvalidValue
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.storage import AccessEntry, list_receipts
from digital_painschool.rules.permissions import Action

_LOG_LIMIT = 10_000


def _ignore(left: Skipped) -> None:
    pass


class AdministratorDesk:
    """The actions of a unit's data administrator. Made by `PainSchool.administrator`.

    Every method raises `NotPermitted` when the permission table does not grant it, `RuleViolation` when a rule refuses,
    and `StorageError` when the storage fails.

    Attributes:
        pages: The access log, the exports and the purge plans in pages.
    """

    def __init__(self, executor: Executor, actor: Actor, receipt_key: ReceiptKey | None = None) -> None:
        if not isinstance(actor, Actor):
            raise InvalidValue(f"an administrator's desk is for an Actor, not {type(actor).__name__}")
        self._executor = executor
        self._actor = actor
        self._receipt_key = receipt_key
        self.pages = AccessLogPages(executor, actor)

    def export(
        self,
        folder: str | Path,
        *,
        formats: Iterable[Format] = (Format.CSV, Format.JSON_LINES),
        language: Language | str | None = None,
        progress: Progress = silent,
        once: str | None = None,
    ) -> ExportReceipt:
        """Export all records of the unit's ended enrolments, for statistics and follow-up, and save the receipt.

        Rule: M-21, D-07b, D-21a, D-24a. Withdrawn ones are left out. Each enrolment's version is noted as exported if
        the files hold everything that a purge deletes: CSV alone does not. An unreadable enrolment is in no file, is
        not noted as exported, and is named in the receipt.

        Args:
            folder: The folder for the files; a missing one is made. The files hold personal data.
            formats: The formats to write.
            language: For a spreadsheet in a language: the CSV files have headings in it, its delimiter and decimal
                sign, a byte order mark, and the reason for ending in words. Left out, they are for a program, with
                codes.
            progress: Called with the number of enrolments written so far.
            once: The host's key for the call. A repeated call returns the first receipt, and writes no file.

        Raises:
            StorageError: Also when a file cannot be written, or when another export is being written into the folder;
                then no file of this export is left, and nothing is noted.
        """
        self._executor.access.permit(Action.EXPORT, self._actor)
        _require_callable(progress)
        return UnitExport(self._executor, self._actor, progress).write(folder, formats, language, once)

    def download(
        self,
        *,
        formats: Iterable[Format] = (Format.CSV, Format.JSON_LINES),
        language: Language | str | None = None,
        progress: Progress = silent,
    ) -> ExportDownload:
        """Export all records of the unit's ended enrolments as bytes in pieces, for a portal's answer.

        Rule: M-21, D-21a. As `export`, with the same files. Nothing is read before the first piece is taken, and
        nothing is recorded before the last one was. Each download is an export of its own, and takes no key.

        Args:
            formats: The formats to produce.
            language: As for `export`.
            progress: Called with the number of enrolments produced so far.
        """
        self._executor.access.permit(Action.EXPORT, self._actor)
        _require_callable(progress)
        return UnitExport(self._executor, self._actor, progress).download(formats, language)

    def overdue(self) -> OverdueRecords:
        """Return how many ended enrolments are older than the retention period, up to 500. Rule: M-20, D-21b.

        They are counted by the list of patients, which reads no state. Withdrawn ones, which may be purged at once, are
        not counted.
        """
        return overdue_records(self._executor, self._actor)

    def plan_purge(self, *, once: str | None = None) -> PurgePlan:
        """Preview a purge, as data: which enrolments, why, ended when, last entry, export state.

        Rule: M-20, D-07b, D-21a, D-21b.

        The plan is saved, to be approved and carried out later; nothing is purged. It also names the unreadable ended
        enrolments: a purge leaves these.

        Args:
            once: The host's key for the call. A repeated call returns the first plan, as it was made.
        """
        self._executor.access.permit(Action.PLAN_PURGE, self._actor)
        return self._purge().make_plan(once_of(once, "plan_purge"))

    def plan(self, plan_id: PlanId) -> PurgePlan:
        """Return the stored plan.

        Raises:
            NotFound: There is no such plan.
        """
        self._executor.access.permit(Action.PLAN_PURGE, self._actor)
        return self._purge().plan(plan_id)

    def approve(self, plan: PurgePlan | PlanId, *, decision: str, once: str | None = None) -> PurgePlan:
        """Approve a plan, naming the decision (gallringsbeslut) that it rests on. Rule: D-21a, D-24a.

        Args:
            plan: The plan, or its id.
            decision: The reference of the decision, without names and identity numbers. The first approval stands.
            once: The host's key for the call.

        Raises:
            InvalidValue: The reference is not text, or something in it has the form of an identity number.
        """
        self._executor.access.permit(Action.APPROVE_PURGE, self._actor)
        return self._purge().approve(plan, decision, once)

    def purge(self, plan: PurgePlan | PlanId, *, progress: Progress = silent, once: str | None = None) -> PurgeReceipt:
        """Carry out an approved plan, for good; every enrolment is checked again first.

        Rule: M-20, D-21a, D-21b, D-24a. An enrolment that has changed since, is too young, or is not exported where the
        policy asks for it, is left and named in the receipt. An interrupted purge continues where it stopped. A second
        purge of a plan returns the same receipt. Where the school has a key for receipts, a digest proves the receipt.

        Args:
            plan: The plan, or its id.
            progress: Called with the number of enrolments processed so far.
            once: The host's key for the call.

        Raises:
            DeliveryError: The patients' inbox could not delete its notices; another call continues the purge.
            RuleViolation: Also when the receipt that is stored under the plan's id is not that of the plan.
        """
        self._executor.access.permit(Action.PURGE, self._actor)
        _require_callable(progress)
        return self._purge().carry_out(plan, progress, once)

    def receipts(self) -> tuple[PurgeReceipt, ...]:
        """Return the unit's purge receipts, oldest first. Rule: D-21a."""
        self._executor.access.permit(Action.PURGE, self._actor)
        return list_receipts(self._executor.storage, self._actor.unit)

    def replay(
        self, receipt: PurgeReceipt, *, left: Callable[[Skipped], None] = _ignore, once: str | None = None
    ) -> int:
        """Purge again the enrolments of a receipt that a restored backup brought back; return their number.

        Rule: M-20, D-21a, D-21b, D-24a. The receipt must be that of the stored plan, where the backup has it. With a
        digest that the school's key proves, each enrolment is purged that has ended and is older than the unit's
        period, or was withdrawn. Any other receipt may be made up, so each enrolment passes all checks of a purge:
        ended, unchanged since the stored plan, older than the period, exported where the policy asks for it. The
        others are left. A school with a key saves no receipt that the key does not prove. The access log has a line of
        the replay, and one of each enrolment that is purged.

        Args:
            receipt: The receipt.
            left: Called for each enrolment that the receipt says is gone, that is there, and that is left.
            once: The host's key for the call. A repeated call returns the first number, and calls `left` as then.

        Raises:
            RuleViolation: The receipt is another unit's, contradicts the stored plan or the receipt stored for it, or
                has a digest that does not fit; or nothing proves it, and the stored plan is not approved.
            InvalidValue: No purge writes such a receipt.
        """
        if not isinstance(receipt, PurgeReceipt):
            raise InvalidValue(f"a receipt is a PurgeReceipt, not {type(receipt).__name__}")
        if not callable(left):
            raise InvalidValue(f"left is a function of a Skipped, not {type(left).__name__}")
        self._executor.access.permit(Action.PURGE, self._actor)
        purged, skipped = PurgeReplay(self._executor, self._actor, self._receipt_key).replay(receipt, once)
        for enrolment in skipped:
            left(enrolment)
        return purged

    def access_log(
        self, *, person: PersonId | str | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        """Return the unit's access log, oldest first: who did what with whose data, and when. Rule: M-06, D-21c.

        Args:
            person: Only the entries of this person.
            after: Only entries above this number; the number of the last entry continues a listing.
            limit: The most entries, up to 10 000.
        """
        action = Action.SEE_ACCESS_LOG
        whose = None
        if person is None:
            self._executor.access.permit(action, self._actor)
        else:
            whose = self._executor.persons.identify(action, self._actor, person)
        if type(limit) is not int or not 1 <= limit <= _LOG_LIMIT:
            raise InvalidValue(f"limit is a whole number from 1 to {_LOG_LIMIT}")
        if whole_number(after, "after") < 0:
            raise InvalidValue("after is the number of an entry")
        self._executor.storage.log((access_entry(action, self._actor, self._executor.now(), person=whose),))
        return self._executor.storage.access_entries(self._actor.unit, person=whose, after=after, limit=limit)

    def _purge(self) -> Purge:
        return Purge(self._executor, self._actor, self._receipt_key)


def _require_callable(progress: object) -> None:
    if not callable(progress):
        raise InvalidValue(f"progress is a function of a number, not {type(progress).__name__}")
