"""The administrator's office: export, retention and the access log, for the own unit alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from attrs import evolve

from digital_painschool.application.executor import Executor
from digital_painschool.application.export import Format, is_whole, kinds_for, write_export
from digital_painschool.application.receipt_proof import ReceiptKey
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.people import Actor, PersonId
from digital_painschool.domain.retention import EndedEnrolment, ExportReceipt, PurgePlan, PurgeReceipt, Skip, Skipped
from digital_painschool.domain.validation import plain_text, whole_number
from digital_painschool.errors import DeliveryError, InvalidValue, NotFound, Reason, RuleViolation
from digital_painschool.ports.storage import AccessEntry, History, readable, unreadable
from digital_painschool.rules import retention
from digital_painschool.rules.permissions import Action

Progress = Callable[[int], None]
"""Told how many enrolments are dealt with so far."""

_T = TypeVar("_T")
_BATCH = 1000
_LOG_LIMIT = 10_000


def _silent(done: int) -> None:
    pass


def _unheard(left: Skipped) -> None:
    pass


class AdministratorDesk:
    """What a unit's data administrator can do. Made by `PainSchool.administrator`.

    Every method raises `NotPermitted` when the permission table does not give it, `RuleViolation` when a rule refuses,
    and `StorageError` when the storage cannot do it.
    """

    def __init__(self, executor: Executor, actor: Actor, receipt_key: ReceiptKey | None = None) -> None:
        if not isinstance(actor, Actor):
            raise InvalidValue(f"an administrator's office is for an Actor, not {type(actor).__name__}")
        self._executor = executor
        self._actor = actor
        self._receipt_key = receipt_key

    def export(
        self,
        folder: str | Path,
        *,
        formats: Iterable[Format] = (Format.CSV, Format.JSON_LINES),
        progress: Progress = _silent,
    ) -> ExportReceipt:
        """Write out everything that is kept of the unit's ended enrolments, for statistics and follow-up.

        Rule: M-21, D-21a. The receipt is kept. Each enrolment's version is noted as exported if the files hold
        everything that a purge deletes: CSV alone does not. An enrolment that cannot be read is in no file, is not
        noted as exported, and is named in the receipt.

        Args:
            folder: Where the files are written; it is made when it is not there. The files hold personal data.
            formats: Which files are written.
            progress: Told how many enrolments are written so far.

        Raises:
            StorageError: Also when a file cannot be written, or when another export is being written into the folder;
                then no file of this export is left, and nothing is noted.
        """
        self._executor.permit(Action.EXPORT, self._actor)
        _require_callable(progress)
        chosen = _formats(formats)
        where = _folder(folder)
        versions: dict[str, int] = {}
        hidden: dict[str, None] = {}
        files = write_export(where, chosen, self._histories(kinds_for(chosen), versions, progress, hidden))
        at = self._executor.now()
        receipt = ExportReceipt(
            id=self._executor.new_id(at),
            unit=self._actor.unit,
            exported_by=self._actor.hsa_id,
            exported_at=at,
            enrolments=len(versions),
            files=files,
            unreadable=tuple(hidden),
        )
        self._executor.storage.save_export(receipt, versions if receipt.is_complete else {})
        return receipt

    def plan_purge(self) -> PurgePlan:
        """Preview a purge, as data: which enrolments, ended when, last entry, export state. Rule: M-20, D-21a, D-21b.

        The plan is kept, so that it can be approved and carried out later; nothing is purged. It names the ended
        enrolments that cannot be read: these stay.
        """
        self._executor.permit(Action.PLAN_PURGE, self._actor)
        at = self._executor.now()
        found = tuple(self._ended())
        plan = retention.plan(
            readable(found),
            self._executor.policy(self._actor.unit),
            plan_id=self._executor.new_id(at),
            unit=self._actor.unit,
            by=self._actor,
            at=at,
        )
        plan = evolve(plan, unreadable=unreadable(found))
        self._executor.storage.save_plan(plan, self._entry(Action.PLAN_PURGE, at))
        return plan

    def plan(self, plan_id: str) -> PurgePlan:
        """Return a plan as it stands.

        Raises:
            NotFound: There is no such plan.
        """
        self._executor.permit(Action.PLAN_PURGE, self._actor)
        return self._judge(Action.PLAN_PURGE, lambda: self._plan(plan_id))

    def approve(self, plan: PurgePlan | str, *, decision: str) -> PurgePlan:
        """Approve a plan, naming the decision (gallringsbeslut) that it rests on. Rule: D-21a.

        Args:
            plan: The plan, or its id.
            decision: The reference of the decision, without names and identity numbers. The first approval stands.

        Raises:
            InvalidValue: The reference is not text, or something in it has the form of an identity number.
        """
        self._executor.permit(Action.APPROVE_PURGE, self._actor)
        at = self._executor.now()

        def approval() -> PurgePlan:
            reference = retention.decision_reference(decision, self._executor.is_identity_number)
            return retention.approve(self._plan(plan), reference, by=self._actor, at=at)

        approved = self._judge(Action.APPROVE_PURGE, approval)
        self._executor.storage.save_plan(approved, self._entry(Action.APPROVE_PURGE, at))
        return self._plan(approved.id)

    def purge(self, plan: PurgePlan | str, *, progress: Progress = _silent) -> PurgeReceipt:
        """Carry out an approved plan, for good; every enrolment is checked again first.

        Rule: M-20, D-21a, D-21b. One that has changed since, is too young, or not exported where the policy asks for
        it, is left and named in the receipt. Interrupted, it goes on where it was; carried out already, it gives the
        receipt again. Where the school has a key for receipts, the receipt has a digest that proves it.

        Args:
            plan: The plan, or its id.
            progress: Told how many enrolments are dealt with so far.

        Raises:
            DeliveryError: The patients' inbox could not delete its notices; taken up again, the purge goes on.
            RuleViolation: Also when the receipt that is stored under the plan's id is not that of the plan.
        """
        self._executor.permit(Action.PURGE, self._actor)
        _require_callable(progress)
        stored = self._judge(Action.PURGE, lambda: self._plan(plan))
        decision = self._judge(Action.PURGE, lambda: retention.approved(stored, self._actor))
        kept = self._executor.storage.receipt(stored.id)
        if kept is not None:
            self._judge(Action.PURGE, lambda: retention.require_of_plan(kept, stored))
            # All make sure once more that no byte is left: a reader of a file may have been in the way.
            with suppress(DeliveryError):
                self._forget(())
            return self._executor.storage.save_receipt(kept)
        done = self._executor.storage.purge_progress(stored.id)
        dealt_with = len(done)
        left = [enrolment for enrolment in stored.enrolments if enrolment.enrolment_id not in done]
        for batch in _batches(left):
            self._purge_batch(stored.id, batch)
            dealt_with += len(batch)
            progress(dealt_with)
        outcome = self._executor.storage.purge_progress(stored.id)
        skipped = [skip for e in stored.enrolments if (skip := outcome[e.enrolment_id]) is not None]
        skipped += [Skipped(enrolment_id=id_, why=Skip.UNREADABLE) for id_ in stored.unreadable]
        receipt = retention.receipt(stored, decision, skipped, by=self._actor, at=self._executor.now())
        if self._receipt_key is not None:
            receipt = self._receipt_key.signed(receipt)
        return self._executor.storage.save_receipt(receipt)

    def receipts(self) -> tuple[PurgeReceipt, ...]:
        """Return the unit's purge receipts, oldest first. Rule: D-21a."""
        self._executor.permit(Action.PURGE, self._actor)
        return self._executor.storage.receipts(self._actor.unit)

    def replay(self, receipt: PurgeReceipt, *, left: Callable[[Skipped], None] = _unheard) -> int:
        """Purge again what a receipt says is gone, after a backup was restored; return how many came back with it.

        Rule: M-20, D-21a, D-21b. The receipt must be that of the stored plan, where the backup has it. With a digest
        that the school's key proves, what has ended and is older than the unit's period is purged. Any other receipt
        may be made up, so each enrolment passes all checks of a purge: ended, unchanged since the stored plan, older
        than the period, exported where the policy asks for it. The rest stays as it is, and `left` is told why.

        Args:
            receipt: The receipt.
            left: Told each enrolment that the receipt says is gone, that is there, and that is left as it is.

        Raises:
            RuleViolation: The receipt is another unit's, contradicts the stored plan or the receipt stored for it, or
                has a digest that does not fit; or nothing proves it, and the stored plan is not approved.
            InvalidValue: No purge writes such a receipt.
        """
        if not isinstance(receipt, PurgeReceipt):
            raise InvalidValue(f"a receipt is a PurgeReceipt, not {type(receipt).__name__}")
        if not callable(left):
            raise InvalidValue(f"left is a function of a Skipped, not {type(left).__name__}")
        self._executor.permit(Action.PURGE, self._actor)
        proven, plan = self._judge(Action.PURGE, lambda: self._what_stands_behind(receipt))
        back, stays = self._came_back(receipt, plan, proven=proven)
        ids = [enrolment.enrolment_id for enrolment in back]
        self._forget_notifications(ids)
        self._log_purge(ids)
        if proven or plan is None:
            gone = self._executor.storage.replay_purge(receipt, ids)
        else:
            # Not kept, as it may be made up: `purge` finishes the plan, and says in a receipt what became of it.
            for batch in _batches(back):
                self._executor.storage.purge(plan.id, batch, ())
            gone = len(back)
        for skipped in stays:
            left(skipped)
        return gone

    def _what_stands_behind(self, receipt: PurgeReceipt) -> tuple[bool, PurgePlan | None]:
        """Return whether a receipt's digest proves it, and the stored plan; refuse what contradicts either."""
        is_identity_number = self._executor.is_identity_number
        retention.require_sound(receipt, by=self._actor, is_identity_number=is_identity_number)
        proven = self._is_proven(receipt)
        if not proven:
            retention.require_plausible(receipt, at=self._executor.now(), is_identity_number=is_identity_number)
        plan = self._executor.storage.plan(receipt.plan_id)
        if plan is not None:
            retention.require_of_plan(receipt, plan)
            if not proven:
                retention.approved(plan, self._actor)
        kept = self._executor.storage.receipt(receipt.plan_id)
        if kept is not None:
            retention.require_same(receipt, kept, proven=proven)
        return proven, plan

    def _came_back(
        self, receipt: PurgeReceipt, plan: PurgePlan | None, *, proven: bool
    ) -> tuple[list[EndedEnrolment], list[Skipped]]:
        """Return what a receipt says is gone and is there: what may be purged again, and what not."""
        now = self._executor.now()
        policy = self._executor.policy(self._actor.unit)
        planned = {} if plan is None else {enrolment.enrolment_id: enrolment for enrolment in plan.enrolments}
        noted = {} if plan is None or proven else self._executor.storage.purge_progress(plan.id)
        back: list[EndedEnrolment] = []
        stays: list[Skipped] = []
        for ids in _batches(receipt.purged):
            ended = self._executor.storage.find_ended(self._actor.unit, ids)
            for id_ in self._executor.storage.person_ids_of(self._actor.unit, ids):
                present, skipped = ended.get(id_), noted.get(id_)
                if isinstance(present, UnreadableEnrolment):
                    stays.append(Skipped(enrolment_id=id_, why=Skip.UNREADABLE))
                    continue
                why = retention.recheck_replayed(planned.get(id_), present, policy, now, proven=proven)
                if skipped is not None or why is not None or present is None:
                    stays.append(skipped or Skipped(enrolment_id=id_, why=why or Skip.NOT_ENDED))
                else:
                    back.append(present)
        return back, stays

    def _is_proven(self, receipt: PurgeReceipt) -> bool:
        if self._receipt_key is None or receipt.digest is None:
            return False
        if not self._receipt_key.proves(receipt):
            raise RuleViolation("D-21a", Reason.RECEIPT_NOT_OURS)
        return True

    def access_log(
        self, *, person: PersonId | str | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        """Return the unit's access log, oldest first: who did what with whose data, and when. Rule: M-06, D-21c.

        Args:
            person: Only what concerns this person.
            after: Only entries above this number; the number of the last entry continues a listing.
            limit: The most entries, up to 10 000.
        """
        whose = None
        if person is None:
            self._executor.permit(Action.SEE_ACCESS_LOG, self._actor)
        else:
            whose = self._executor.identified(Action.SEE_ACCESS_LOG, self._actor, person)
        if type(limit) is not int or not 1 <= limit <= _LOG_LIMIT:
            raise InvalidValue(f"limit is a whole number from 1 to {_LOG_LIMIT}")
        if whole_number(after, "after") < 0:
            raise InvalidValue("after is the number of an entry")
        self._executor.storage.log((self._entry(Action.SEE_ACCESS_LOG, self._executor.now(), whose),))
        return self._executor.storage.access_entries(self._actor.unit, person=whose, after=after, limit=limit)

    def _judge(self, action: Action, rule: Callable[[], _T]) -> _T:
        return self._executor.judge(action, self._actor, rule)

    def _entry(self, action: Action, at: datetime, person: PersonId | None = None) -> AccessEntry:
        return self._executor.access_entry(action, self._actor, at, person=person)

    def _plan(self, plan: PurgePlan | str) -> PurgePlan:
        plan_id = plan.id if isinstance(plan, PurgePlan) else plain_text(plan, "a plan's id")
        stored = self._executor.storage.plan(plan_id)
        if stored is None:
            raise NotFound("plan")
        retention.require_own(stored.unit, self._actor)
        return stored

    def _ended(self) -> Iterator[EndedEnrolment | UnreadableEnrolment]:
        after = ""
        while page := self._executor.storage.ended(self._actor.unit, after=after):
            yield from page
            after = page[-1].enrolment_id

    def _histories(
        self,
        kinds: Iterable[type[Event]] | None,
        versions: dict[str, int],
        progress: Progress,
        hidden: dict[str, None],
    ) -> Iterator[History]:
        for batch in _batches(self._ended()):
            ids = [ended.enrolment_id for ended in readable(batch)]
            found = self._executor.storage.load_histories(self._actor.unit, ids, kinds)
            histories = tuple(history for history in readable(found) if is_whole(history, kinds))
            hidden.update(dict.fromkeys(ended.enrolment_id for ended in batch))
            for history in histories:
                del hidden[history.enrolment.id]
            self._log_each(Action.EXPORT, {history.enrolment.id: history.enrolment.person for history in histories})
            for history in histories:
                versions[history.enrolment.id] = history.enrolment.version
                yield history
            progress(len(versions))

    def _purge_batch(self, plan_id: str, batch: tuple[EndedEnrolment, ...]) -> None:
        present = self._executor.storage.find_ended(self._actor.unit, [planned.enrolment_id for planned in batch])
        policy = self._executor.policy(self._actor.unit)
        now = self._executor.now()
        hidden = self._unreadable([planned.enrolment_id for planned in batch if planned.enrolment_id in present])
        purge: list[EndedEnrolment] = []
        skip: list[Skipped] = []
        for planned in batch:
            there = present.get(planned.enrolment_id)
            if planned.enrolment_id in hidden or isinstance(there, UnreadableEnrolment):
                skip.append(Skipped(enrolment_id=planned.enrolment_id, why=Skip.UNREADABLE))
                continue
            why = retention.recheck(planned, there, policy, now)
            if why is None:
                purge.append(planned)
            else:
                skip.append(Skipped(enrolment_id=planned.enrolment_id, why=why))
        self._forget_notifications([planned.enrolment_id for planned in purge])
        self._log_purge([planned.enrolment_id for planned in purge])
        self._executor.storage.purge(plan_id, purge, skip)

    def _unreadable(self, enrolment_ids: Sequence[str]) -> frozenset[str]:
        """Name those whose state cannot be read: what was lost of them must not be gone for good in silence."""
        return self._executor.load_each(enrolment_ids)[1]

    def _forget_notifications(self, enrolment_ids: Sequence[str]) -> None:
        # Before the purge: the keys are gone with it, and what is interrupted here is taken up again.
        keys = self._executor.storage.notification_keys(self._actor.unit, enrolment_ids)
        if keys:
            self._forget(keys)

    def _forget(self, keys: Iterable[str]) -> None:
        self._executor.ports.inbox.forget(keys)
        for messenger in self._executor.ports.messengers:
            messenger.forget(keys)

    def _log_purge(self, enrolment_ids: Iterable[str]) -> None:
        for ids in _batches(enrolment_ids):
            persons = self._executor.storage.person_ids_of(self._actor.unit, ids)
            self._log_each(Action.PURGE, {id_: persons[id_] for id_ in ids if id_ in persons})

    def _log_each(self, action: Action, persons: Mapping[str, PersonId]) -> None:
        entry = self._entry(action, self._executor.now())
        self._executor.storage.log([evolve(entry, enrolment_id=id_, person=person) for id_, person in persons.items()])


def _formats(formats: object) -> tuple[Format, ...]:
    chosen = tuple(formats) if isinstance(formats, Iterable) else ()
    if not chosen or not all(isinstance(format_, Format) for format_ in chosen):
        raise InvalidValue("formats is a collection of at least one Format")
    return chosen


def _folder(folder: object) -> Path:
    if not isinstance(folder, (str, Path)):
        raise InvalidValue("folder is the path of a folder")
    named = plain_text(str(folder), "folder")
    # A path without a name is "." as well: it is most often an empty setting.
    if not named.strip() or folder == Path():
        raise InvalidValue("the folder has no name; name it, also the one that you are in (Path.cwd())")
    return Path(named)


def _batches(items: Iterable[_T]) -> Iterator[tuple[_T, ...]]:
    rest = iter(items)
    while batch := tuple(islice(rest, _BATCH)):
        yield batch


def _require_callable(progress: object) -> None:
    if not callable(progress):
        raise InvalidValue(f"progress is a function of a number, not {type(progress).__name__}")
