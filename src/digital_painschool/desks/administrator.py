"""The administrator's office: export, retention and the access log, for the own unit alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from attrs import evolve

from digital_painschool.border import plain_text, whole_number
from digital_painschool.errors import InvalidValue, NotFound
from digital_painschool.events import Event
from digital_painschool.exporting import Format, kinds_for, write_export
from digital_painschool.people import Actor, PersonId
from digital_painschool.ports.storage import AccessEntry, History
from digital_painschool.purging import EndedEnrolment, ExportReceipt, PurgePlan, PurgeReceipt, Skipped
from digital_painschool.rules import retention
from digital_painschool.rules.permissions import Action
from digital_painschool.steps import Steps

Progress = Callable[[int], None]
"""Told how many enrolments are dealt with so far."""

_T = TypeVar("_T")
_BATCH = 1000
_LOG_LIMIT = 10_000


def _silent(done: int) -> None:
    pass


class AdministratorOffice:
    """What a unit's data administrator can do. Made by `PainSchool.administrator`.

    Every method raises `NotPermitted` when the permission table does not give it, `RuleBroken` when a rule refuses,
    and `StorageFailed` when the storage cannot do it.
    """

    def __init__(self, steps: Steps, actor: Actor) -> None:
        if not isinstance(actor, Actor):
            raise InvalidValue(f"an administrator's office is for an Actor, not {type(actor).__name__}")
        self._steps = steps
        self._actor = actor

    def export(
        self,
        folder: str | Path,
        *,
        formats: Iterable[Format] = (Format.CSV, Format.JSON_LINES),
        progress: Progress = _silent,
    ) -> ExportReceipt:
        """Write out everything that is kept of the unit's ended enrolments, for statistics and follow-up.

        Rule: M-21, D-21a. The receipt is kept; each enrolment's version that was exported is noted.

        Args:
            folder: Where the files are written; it is made when it is not there. The files hold personal data.
            formats: Which files are written.
            progress: Told how many enrolments are written so far.

        Raises:
            StorageFailed: Also when a file cannot be written; then no file is left half done and nothing is noted.
        """
        self._steps.permit(Action.EXPORT, self._actor)
        _require_callable(progress)
        chosen = _formats(formats)
        where = _folder(folder)
        versions: dict[str, int] = {}
        files = write_export(where, chosen, self._histories(kinds_for(chosen), versions, progress))
        at = self._steps.now()
        receipt = ExportReceipt(
            id=self._steps.new_id(at),
            unit=self._actor.unit,
            exported_by=self._actor.hsa_id,
            exported_at=at,
            enrolments=len(versions),
            files=files,
        )
        self._steps.storage.keep_export(receipt, versions)
        return receipt

    def plan_purge(self) -> PurgePlan:
        """Preview a purge, as data: which enrolments, ended when, last entry, export state. Rule: M-20, D-21a, D-21b.

        The plan is kept, so that it can be approved and carried out later; nothing is purged.
        """
        self._steps.permit(Action.PLAN_PURGE, self._actor)
        at = self._steps.now()
        plan = retention.plan(
            self._ended(),
            self._steps.policy(self._actor.unit),
            plan_id=self._steps.new_id(at),
            unit=self._actor.unit,
            by=self._actor,
            at=at,
        )
        self._steps.storage.keep_plan(plan, self._entry(Action.PLAN_PURGE, at))
        return plan

    def plan(self, plan_id: str) -> PurgePlan:
        """Give a plan as it stands.

        Raises:
            NotFound: There is no such plan.
        """
        self._steps.permit(Action.PLAN_PURGE, self._actor)
        return self._plan(plan_id)

    def approve(self, plan: PurgePlan | str, *, decision: str) -> PurgePlan:
        """Approve a plan, naming the decision (gallringsbeslut) that it rests on. Rule: D-21a.

        Args:
            plan: The plan, or its id.
            decision: The reference of the decision. The first approval stands.
        """
        self._steps.permit(Action.APPROVE_PURGE, self._actor)
        if self._steps.holds_number(plain_text(decision, "the decision")):
            raise InvalidValue("the decision holds an identity number, which would outlive the purge; leave it out")
        at = self._steps.now()
        approved = retention.approve(self._plan(plan), decision, by=self._actor, at=at)
        self._steps.storage.keep_plan(approved, self._entry(Action.APPROVE_PURGE, at))
        return self._plan(approved.id)

    def purge(self, plan: PurgePlan | str, *, progress: Progress = _silent) -> PurgeReceipt:
        """Carry out an approved plan, for good; every enrolment is checked again first.

        Rule: M-20, D-21a, D-21b. One that has changed since, is too young, or not exported where the policy asks for
        it, is left and named in the receipt. Interrupted, it goes on where it was; carried out already, it gives the
        receipt again.

        Args:
            plan: The plan, or its id.
            progress: Told how many enrolments are dealt with so far.

        Raises:
            DeliveryFailed: The patients' inbox could not delete its notices; taken up again, the purge goes on.
        """
        self._steps.permit(Action.PURGE, self._actor)
        _require_callable(progress)
        stored = self._plan(plan)
        decision = retention.approved(stored, self._actor)
        kept = self._steps.storage.receipt(stored.id)
        if kept is not None:
            return kept
        done = self._steps.storage.purge_progress(stored.id)
        dealt_with = len(done)
        left = [enrolment for enrolment in stored.enrolments if enrolment.enrolment_id not in done]
        for batch in _batches(left):
            self._purge_batch(stored.id, batch)
            dealt_with += len(batch)
            progress(dealt_with)
        outcome = self._steps.storage.purge_progress(stored.id)
        skipped = [skip for e in stored.enrolments if (skip := outcome[e.enrolment_id]) is not None]
        receipt = retention.receipt(stored, decision, skipped, by=self._actor, at=self._steps.now())
        return self._steps.storage.keep_receipt(receipt)

    def receipts(self) -> tuple[PurgeReceipt, ...]:
        """Give the unit's purge receipts, oldest first. Rule: D-21a."""
        self._steps.permit(Action.PURGE, self._actor)
        return self._steps.storage.receipts(self._actor.unit)

    def replay(self, receipt: PurgeReceipt) -> int:
        """Purge again what a receipt says is gone, after a backup was restored; gives how many came back with it.

        Rule: D-21a, D-21b. What is open in the backup, or younger than the unit's period, is left as it is: end it, and
        purge it by a plan.

        Raises:
            RuleBroken: The receipt is another unit's.
        """
        if not isinstance(receipt, PurgeReceipt):
            raise InvalidValue(f"a receipt is a PurgeReceipt, not {type(receipt).__name__}")
        self._steps.permit(Action.PURGE, self._actor)
        retention.require_own(receipt.unit, self._actor)
        before = retention.period_start(self._steps.now(), self._steps.policy(self._actor.unit))
        ended = self._steps.storage.ended_among(self._actor.unit, receipt.purged)
        back = [id_ for id_, enrolment in ended.items() if enrolment.last_entry_at < before]
        self._forget_notifications(back)
        self._log_purge(back)
        return self._steps.storage.purge_again(receipt, back)

    def access_log(
        self, *, person: PersonId | str | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        """Give the unit's access log, oldest first: who did what with whose data, and when. Rule: M-06, D-21c.

        Args:
            person: Only what concerns this person.
            after: Only entries above this number; the number of the last entry continues a listing.
            limit: The most entries, up to 10 000.
        """
        self._steps.permit(Action.SEE_ACCESS_LOG, self._actor)
        if type(limit) is not int or not 1 <= limit <= _LOG_LIMIT:
            raise InvalidValue(f"limit is a whole number from 1 to {_LOG_LIMIT}")
        if whole_number(after, "after") < 0:
            raise InvalidValue("after is the number of an entry")
        whose = None if person is None else self._steps.person(person, self._actor.unit)
        self._steps.storage.log((self._entry(Action.SEE_ACCESS_LOG, self._steps.now(), whose),))
        return self._steps.storage.access_entries(self._actor.unit, person=whose, after=after, limit=limit)

    def _entry(self, action: Action, at: datetime, person: PersonId | None = None) -> AccessEntry:
        return self._steps.access_entry(action, self._actor, at, person=person)

    def _plan(self, plan: PurgePlan | str) -> PurgePlan:
        plan_id = plan.id if isinstance(plan, PurgePlan) else plain_text(plan, "a plan's id")
        stored = self._steps.storage.plan(plan_id)
        if stored is None:
            raise NotFound("plan")
        retention.require_own(stored.unit, self._actor)
        return stored

    def _ended(self) -> Iterator[EndedEnrolment]:
        after = ""
        while page := self._steps.storage.ended(self._actor.unit, after=after):
            yield from page
            after = page[-1].enrolment_id

    def _histories(
        self, kinds: Iterable[type[Event]] | None, versions: dict[str, int], progress: Progress
    ) -> Iterator[History]:
        for batch in _batches(self._ended()):
            ids = [ended.enrolment_id for ended in batch]
            histories = self._steps.storage.histories(self._actor.unit, ids, kinds)
            self._log_each(Action.EXPORT, {history.enrolment.id: history.enrolment.person for history in histories})
            for history in histories:
                versions[history.enrolment.id] = history.enrolment.version
                yield history
            progress(len(versions))

    def _purge_batch(self, plan_id: str, batch: tuple[EndedEnrolment, ...]) -> None:
        present = self._steps.storage.ended_among(self._actor.unit, [planned.enrolment_id for planned in batch])
        policy = self._steps.policy(self._actor.unit)
        now = self._steps.now()
        purge: list[EndedEnrolment] = []
        skip: list[Skipped] = []
        for planned in batch:
            why = retention.recheck(planned, present.get(planned.enrolment_id), policy, now)
            if why is None:
                purge.append(planned)
            else:
                skip.append(Skipped(enrolment_id=planned.enrolment_id, why=why))
        self._forget_notifications([planned.enrolment_id for planned in purge])
        self._log_purge([planned.enrolment_id for planned in purge])
        self._steps.storage.purge(plan_id, purge, skip)

    def _forget_notifications(self, enrolment_ids: Sequence[str]) -> None:
        # Before the purge: the keys are gone with it, and what is interrupted here is taken up again.
        keys = self._steps.storage.notification_keys(self._actor.unit, enrolment_ids)
        if keys:
            self._steps.ports.inbox.forget(keys)
            for messenger in self._steps.ports.messengers:
                messenger.forget(keys)

    def _log_purge(self, enrolment_ids: Iterable[str]) -> None:
        for ids in _batches(enrolment_ids):
            persons = self._steps.storage.persons(self._actor.unit, ids)
            self._log_each(Action.PURGE, {id_: persons[id_] for id_ in ids if id_ in persons})

    def _log_each(self, action: Action, persons: Mapping[str, PersonId]) -> None:
        entry = self._entry(action, self._steps.now())
        self._steps.storage.log([evolve(entry, enrolment_id=id_, person=person) for id_, person in persons.items()])


def _formats(formats: object) -> tuple[Format, ...]:
    chosen = tuple(formats) if isinstance(formats, Iterable) else ()
    if not chosen or not all(isinstance(format_, Format) for format_ in chosen):
        raise InvalidValue("formats is a collection of at least one Format")
    return chosen


def _folder(folder: object) -> Path:
    if not isinstance(folder, (str, Path)):
        raise InvalidValue("folder is the path of a folder")
    return Path(plain_text(str(folder), "folder"))


def _batches(items: Iterable[_T]) -> Iterator[tuple[_T, ...]]:
    rest = iter(items)
    while batch := tuple(islice(rest, _BATCH)):
        yield batch


def _require_callable(progress: object) -> None:
    if not callable(progress):
        raise InvalidValue(f"progress is a function of a number, not {type(progress).__name__}")
