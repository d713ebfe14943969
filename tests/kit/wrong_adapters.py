"""Adapters that are wrong in one way each: the mistake, as a table, and the clause of the port that it breaks.

A mistake replaces one method. Its function is given the right method, the adapter and the arguments of the call:
`lambda right, self, unit, ids: right(unit, sorted(ids))`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.notification import Profile, Status
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import Conflict, DeliveryError, StorageError
from digital_painschool.ports.inbox import Delivered, Reachability
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import NOTHING, load_enrolment

Wrong = Callable[..., Any]


@frozen
class Mistake:
    """A mistake in one method of an adapter.

    Args:
        harm: What it would do to people.
        clause: The clause that it breaks.
        method: The method that is wrong.
        wrong: The function that takes the method's place.
    """

    harm: str
    clause: str
    method: str
    wrong: Wrong

    def in_(self, adapter: type) -> type:
        """Return an adapter's class with the mistake."""

        def wrong(this: Any, *args: Any, **options: Any) -> Any:
            right = getattr(super(class_, this), self.method)
            return self.wrong(right, this, *args, **options)

        class_ = type(f"Wrong{adapter.__name__}", (adapter,), {self.method: wrong})
        return class_


def _records(storage: Any) -> dict[str, Any]:
    return storage._parts.outbox._rows


def _renamed(records: Iterable[Any], **changes: Any) -> tuple[Any, ...]:
    return tuple(evolve(record, **changes) for record in records)


def _with_joined(right: Wrong, storage: Any, change: Any, spoil: Callable[[Any], Any]) -> None:
    right(change)
    for asked in change.notifications:
        digest_id = _records(storage)[asked.id].digest_id
        for id_, row in _records(storage).items():
            if row.digest_id == digest_id and id_ != asked.id:
                _records(storage)[id_] = evolve(row, record=spoil(row.record))


def _writing(change: Callable[[Any], Any]) -> Wrong:
    """Return a `load_timelines` that returns other documents."""
    return lambda right, _, *args: {
        id_: evolve(t, documents={seq: change(doc) for seq, doc in t.documents.items()})
        for id_, t in right(*args).items()
    }


def _due(record: Any, at: datetime) -> Any:
    return evolve(record, notification=evolve(record.notification, due_at=at))


def _refusing_twins(right: Wrong, storage: Any, change: Any) -> None:
    for other in storage._parts.enrolments.still_open():
        mine = change.enrolment
        same = (other.person.value, other.program, other.unit) == (mine.person.value, mine.program, mine.unit)
        if other.id != mine.id and same and not change.before:
            raise Conflict("there is one")
    right(change)


def _open_per_version(right: Wrong, storage: Any, change: Any) -> None:
    storage._parts.enrolments._open = {
        key: id_
        for key, id_ in storage._parts.enrolments._open.items()
        if storage._parts.enrolments.load(id_).program_version == change.enrolment.program_version
    }
    right(change)


STORAGE: Mapping[str, Mistake] = {
    # --- Enrolments
    "load-strips-blanks": Mistake(
        "a mistyped id would open somebody's record",
        "Enrolments.load_many",
        "load_many",
        lambda right, _, ids: {id_: e for id_ in ids for e in right((id_.strip(),)).values()},
    ),
    "load-many-names-the-missing": Mistake(
        "the worker would fail on one that is purged",
        "Enrolments.load_many",
        "load_many",
        lambda right, _, ids: (lambda asked: {**dict.fromkeys(asked), **right(asked)})(tuple(ids)),
    ),
    "newest-first": Mistake(
        "a patient would see last year's treatment first",
        "Enrolments.find_by_person",
        "find_by_person",
        lambda right, _, person: right(person)[::-1],
    ),
    "only-open-ones": Mistake(
        "a second round would be taken for a first",
        "Enrolments.find_by_person",
        "find_by_person",
        lambda right, _, person: tuple(e for e in right(person) if e.phase is not Phase.ENDED),
    ),
    "only-the-first-unit": Mistake(
        "a patient of two units would miss one",
        "Enrolments.find_by_person",
        "find_by_person",
        lambda right, _, person: tuple(e for e in right(person) if e.unit == right(person)[0].unit),
    ),
    "equal-numbers-of-two-schemes": Mistake(
        "a person would be blocked by somebody else's treatment",
        "Enrolments.save: one open enrolment",
        "save",
        _refusing_twins,
    ),
    "one-open-for-each-version": Mistake(
        "a person would be in the same program twice after its first update",
        "Enrolments.save: one open enrolment",
        "save",
        _open_per_version,
    ),
    "a-filtered-timeline-counts-anew": Mistake(
        "a text would be shown under another entry",
        "Enrolments.load_timelines",
        "load_timelines",
        lambda right, _, *args: {
            id_: evolve(t, entries=tuple(evolve(e, seq=n) for n, e in enumerate(t.entries, start=1)))
            for id_, t in right(*args).items()
        },
    ),
    "a-document-of-nothing": Mistake(
        "an entry without a text would look as if its text were lost",
        "Enrolments.load_timelines",
        "load_timelines",
        lambda right, _, ids, kinds=None, seqs=None: (
            right(ids, kinds)
            if seqs is None
            else (
                lambda asked: {
                    id_: evolve(t, documents={**dict.fromkeys(asked), **t.documents})
                    for id_, t in right(ids, kinds, asked).items()
                }
            )(tuple(seqs))
        ),
    ),
    "access-ended-without-limit": Mistake(
        "the first pass after a holiday would take in everything",
        "Enrolments.access_ended",
        "access_ended",
        lambda right, _, now, limit: right(now, 1000),
    ),
    "access-ended-by-id": Mistake(
        "the same enrolments would be passed over each time",
        "Enrolments.access_ended",
        "access_ended",
        lambda right, _, now, limit: tuple(sorted(right(now, 1000))[:limit]),
    ),
    "the-end-of-access-is-noted-early": Mistake(
        "a flag would come while the patient still has access",
        "Enrolments.access_ended",
        "access_ended",
        lambda right, _, now, limit: right(now + timedelta(microseconds=1), limit),
    ),
    "documents-in-capitals": Mistake(
        "a message would be shown other than it was written",
        "Storage: exact",
        "load_timelines",
        _writing(lambda doc: doc.capitalize() if isinstance(doc, str) else doc),
    ),
    "whole-numbers-become-decimals": Mistake(
        "a score would be counted from other answers",
        "Storage: exact",
        "load_timelines",
        _writing(
            lambda doc: doc if isinstance(doc, str) else {k: float(v) if type(v) is int else v for k, v in doc.items()}
        ),
    ),
    "microseconds-are-lost": Mistake(
        "two steps would change their order",
        "Storage: exact",
        "load_many",
        lambda right, _, ids: {
            id_: evolve(e, last_entry_at=e.last_entry_at.replace(microsecond=0)) for id_, e in right(ids).items()
        },
    ),
    "a-conflict-is-swallowed": Mistake(
        "one of two steps would be lost in silence",
        "Enrolments.save: optimistic",
        "save",
        lambda right, self, change: (
            None if load_enrolment(self, change.enrolment.id) and not change.before else right(change)
        ),
    ),
    "a-step-without-its-line": Mistake(
        "a change would be made of which the log knows nothing",
        "Change.access",
        "save",
        lambda right, self, change: (right(change), change.before and self._parts.access_log._entries.pop()),
    ),
    "counts-of-the-step-before": Mistake(
        "the list would be one step behind",
        "Change.counts",
        "save",
        lambda right, self, change: (
            before := self._parts.enrolments._counts.get(change.enrolment.id),
            right(change if before is None else evolve(change, counts=before)),
        ),
    ),
    # --- Caseload
    "the-ended-stay-in-the-list": Mistake(
        "the list would grow for ever",
        "Caseload.list_caseload",
        "list_caseload",
        lambda right, self, query: (
            right(query)
            or (
                self._parts.enrolments._open.update({e.id: e.id for e in self._parts.enrolments.of_unit(query.unit)}),
                right(query),
            )[1]
        ),
    ),
    "the-page-goes-on-by-id-alone": Mistake(
        "patients would be missing from the second page",
        "Caseload.list_caseload: keyset",
        "list_caseload",
        lambda right, _, query: tuple(
            row
            for row in right(evolve(query, after=None, limit=1000))
            if query.after is None or row.key[1] > query.after[1]
        )[: query.limit],
    ),
    "flags-by-the-machine-s-clock": Mistake(
        "the walk of a list would judge each page at another instant",
        "Caseload.list_caseload: order",
        "list_caseload",
        lambda right, _, query: right(evolve(query, now=query.now.replace(year=2026, month=3, day=2))),
    ),
    "a-page-has-one-row-at-least": Mistake(
        "a page of none would have somebody on it",
        "Caseload.list_caseload: keyset",
        "list_caseload",
        lambda right, _, query: right(evolve(query, limit=max(1, query.limit))),
    ),
    "a-list-of-every-unit": Mistake(
        "a therapist of two units would see the other's patients",
        "Caseload.list_caseload",
        "list_caseload",
        lambda right, self, query: (
            right(query)
            if query.therapist is None
            else tuple(
                row
                for e in self._parts.enrolments.still_open()
                for row in right(evolve(query, unit=e.unit, limit=1000))
                if row.enrolment_id == e.id
            )[: query.limit]
        ),
    ),
    # --- Outbox
    "the-lower-id-first": Mistake(
        "on a busy day the first message would wait the longest",
        "Outbox.claim: oldest first",
        "claim",
        lambda right, self, now, limit, lease: _by_id(right, self, now, limit, lease),
    ),
    "none-is-all": Mistake(
        "a worker without capacity would take everything",
        "Outbox.claim: oldest first",
        "claim",
        lambda right, _, now, limit, lease: right(now, limit or 1000, lease),
    ),
    "a-lease-an-instant-short": Mistake(
        "two workers would send the same notice",
        "Outbox.claim: due",
        "claim",
        lambda right, _, now, limit, lease: right(now, limit, lease - timedelta(microseconds=1)),
    ),
    "a-lease-an-instant-long": Mistake(
        "a dead worker's notices would wait longer than was agreed",
        "Outbox.claim: due",
        "claim",
        lambda right, _, now, limit, lease: right(now, limit, lease + timedelta(microseconds=1)),
    ),
    "due-an-instant-early": Mistake(
        "a notice would go before nine",
        "Outbox.claim: due",
        "claim",
        lambda right, _, now, limit, lease: right(now + timedelta(microseconds=1), limit, lease),
    ),
    "every-claim-is-a-lost-one": Mistake(
        "what waits for the next forenoon would be given up as poison",
        "Outbox.claim: poison",
        "claim",
        lambda right, self, *args: (
            [setattr(row, "begun", row.token is not None) for row in self._parts.outbox._digests.values()],
            right(*args),
        )[1],
    ),
    "a-joined-notice-forgives-attempts": Mistake(
        "what cannot be delivered would be tried for ever, as long as somebody writes",
        "Change.notifications",
        "save",
        lambda right, self, change: _with_joined(right, self, change, lambda r: evolve(r, attempts=0)),
    ),
    "a-joined-notice-postpones-the-first": Mistake(
        "a message would wait for the day of the last one",
        "Change.notifications",
        "save",
        lambda right, self, change: _with_joined(
            right, self, change, lambda r: _due(r, change.notifications[0].due_at)
        ),
    ),
    "a-joined-notice-hurries-the-first": Mistake(
        "a notification would be sent before its time",
        "Change.notifications",
        "save",
        lambda right, self, change: _with_joined(
            right,
            self,
            change,
            lambda r: _due(r, min(change.notifications[0].due_at, r.notification.due_at - timedelta(1))),
        ),
    ),
    "a-joined-notice-forgets-the-day": Mistake(
        "a patient would be told twice on one day",
        "Change.notifications",
        "save",
        lambda right, self, change: (
            right(change),
            [
                setattr(row, "digest", evolve(row.digest, told_on=None))
                for row in self._parts.outbox._digests.values()
                if {n.id for n in change.notifications} & row.notifications
            ],
        ),
    ),
    "a-joined-notice-forgives-lost-workers": Mistake(
        "a poison message would end workers for ever, as long as somebody writes",
        "Change.notifications",
        "save",
        lambda right, self, change: (
            right(change),
            [
                setattr(row, "lost", 0)
                for row in self._parts.outbox._digests.values()
                if {n.id for n in change.notifications} & row.notifications
            ],
        ),
    ),
    "everything-is-begun": Mistake(
        "tomorrow's message would be told of today",
        "Outbox.begin: what still waits",
        "begin",
        lambda right, _, decided: right(
            [(c, evolve(d, notifications=frozenset(r.notification.id for r in c.digest.pending))) for c, d in decided]
        ),
    ),
    "begun-on-the-first-day": Mistake(
        "a notice of two days would count for the first alone",
        "Outbox.begin: recorded",
        "begin",
        lambda right, _, decided: right(
            [(c, evolve(d, day=c.digest.batch.attempted_on if c.digest.batch else d.day)) for c, d in decided]
        ),
    ),
    "a-repetition-under-a-new-key": Mistake(
        "a patient would be told twice",
        "Outbox.begin: key",
        "begin",
        lambda right, self, decided: (
            [
                setattr(self._parts.outbox._digests[c.digest.id], "key", f"{c.digest.id}.again")
                for c, d in decided
                if c.digest.batch and c.digest.id in self._parts.outbox._digests
            ],
            right(decided),
        )[1],
    ),
    "an-attempt-is-the-first": Mistake(
        "what cannot be delivered would be tried for ever",
        "Outbox.complete: counted",
        "complete",
        lambda right, self, *args: (
            right(*args),
            _records(self).update(
                {
                    id_: evolve(row, record=evolve(row.record, attempts=min(1, row.record.attempts)))
                    for id_, row in _records(self).items()
                }
            ),
        )[0],
    ),
    "all-settled-at-the-first-instant": Mistake(
        "the timeline would say a wrong time of a delivery",
        "Outbox.complete",
        "complete",
        lambda right, _, results, *access: right([evolve(r, at=results[0].at) for r in results], *access),
    ),
    "a-release-is-believed-of-anybody": Mistake(
        "a worker that slept would let go of what another one sends",
        "Outbox.complete: fenced",
        "complete",
        lambda right, self, results, *access: right(
            [
                r
                if r.settled or r.digest_id not in self._parts.outbox._digests
                else evolve(r, token=self._parts.outbox._digests[r.digest_id].token or "")
                for r in results
            ],
            *access,
        ),
    ),
    "the-retry-is-forgotten": Mistake(
        "a broken inbox would be asked again at once",
        "Outbox.claim: due",
        "complete",
        lambda right, _, results, *access: right([evolve(r, next_at=None) for r in results], *access),
    ),
    "lost-workers-are-forgiven": Mistake(
        "a poison message that waits for the next forenoon would never be given up",
        "Outbox.complete: released",
        "complete",
        lambda right, _, results, *access: right([evolve(r, lost=0) for r in results], *access),
    ),
    "lines-of-what-was-fenced-off": Mistake(
        "the log would tell of a delivery that was not",
        "Outbox.complete: fenced",
        "complete",
        lambda right, self, results, access=None: (
            right(results),
            self.log(entry for lines in (access or {}).values() for entry in lines),
        )[0],
    ),
    "notifications-by-id": Mistake(
        "the therapist could not tell which message a notification belongs to",
        "Outbox.notifications",
        "notifications",
        lambda right, _, id_: tuple(sorted(right(id_), key=lambda r: r.notification.id)),
    ),
    "notifications-of-the-digest": Mistake(
        "a notification of another enrolment would be shown",
        "Outbox.notifications",
        "notifications",
        lambda right, self, id_: tuple(
            row.record
            for row in _records(self).values()
            if row.digest_id in {_records(self)[r.notification.id].digest_id for r in right(id_)}
        ),
    ),
    "the-last-note-again": Mistake(
        "the worker would walk the same note for ever",
        "Outbox.unnoted",
        "unnoted",
        lambda right, _, after="", limit=1000: right(after=after[:-1], limit=limit),
    ),
    # --- Registers
    "one-choice-for-both-channels": Mistake(
        "a therapist would get an SMS who ticked e-mail",
        "Staff.profile",
        "profile",
        lambda right, _, *args: (lambda p: Profile(email=p.email | p.sms, sms=p.email | p.sms))(right(*args)),
    ),
    "a-profile-is-added-to": Mistake(
        "a box that was unticked would go on sending",
        "Staff.save_profile",
        "save_profile",
        lambda right, self, unit, id_, new, line: right(
            unit, id_, evolve(new, email=new.email | self.profile(unit, id_).email), line
        ),
    ),
    "refusals-are-left-out": Mistake(
        "nobody would see who tried what was not permitted",
        "AccessLog.access_entries",
        "access_entries",
        lambda right, _, *args, **options: tuple(x for x in right(*args, **options) if x[1].granted),
    ),
    "a-line-that-was-there-before": Mistake(
        "of two equal accesses one would be missing",
        "AccessLog.log",
        "log",
        lambda right, self, entries: right(e for e in tuple(entries) if e not in self._parts.access_log._entries),
    ),
    "numbers-within-the-answer": Mistake(
        "a portion would begin again at its first line",
        "AccessLog.access_entries",
        "access_entries",
        lambda right, _, *args, **options: tuple((n, e) for n, (_, e) in enumerate(right(*args, **options), start=1)),
    ),
    "the-log-by-time": Mistake(
        "a line of an hour ago would come before the last number read, and be missed",
        "AccessLog.access_entries",
        "access_entries",
        lambda right, _, *args, **options: tuple(sorted(right(*args, **options), key=lambda x: x[1].at)),
    ),
    "the-log-of-a-number-of-any-scheme": Mistake(
        "a person would be shown who read somebody else's record",
        "AccessLog.access_entries",
        "access_entries",
        lambda right, _, unit, person=None, **options: tuple(
            (n, e) for n, e in right(unit, **options) if person is None or (e.person and e.person.value == person.value)
        ),
    ),
    "the-given-program-is-returned": Mistake(
        "a patient would run another version than the one that is kept",
        "Programs.save_program",
        "save_program",
        lambda right, _, unit, program: (right(unit, program), program)[1],
    ),
    "the-latest-version": Mistake(
        "content would change under a patient",
        "Programs.program",
        "program",
        lambda right, self, unit, key, version: (
            right(unit, key, version) and [p for (u, k, _), p in _programs(self).items() if (u, k) == (unit, key)][-1]
        ),
    ),
    # --- Retention
    "the-end-counts-as-the-last-entry": Mistake(
        "a record with a later entry would be destroyed too early",
        "Retention.ended",
        "ended",
        lambda right, _, *args, **options: tuple(evolve(e, last_entry_at=e.ended_at) for e in right(*args, **options)),
    ),
    "ended-once-more": Mistake(
        "a plan would name the last of each portion twice",
        "Retention.ended",
        "ended",
        lambda right, _, unit, after="", **options: right(unit, after=after[:-1], **options),
    ),
    "an-export-of-another-unit": Mistake(
        "a unit's records would be purged that only another unit has exported",
        "Retention.save_export: as told",
        "save_export",
        lambda right, self, receipt, versions: [
            right(evolve(receipt, unit=unit), versions)
            for unit in {e.unit for e in self._parts.enrolments._enrolments.values()} | {receipt.unit}
        ],
    ),
    "an-export-outlives-the-purge": Mistake(
        "an enrolment that comes back under its id would count as exported",
        "Retention.purge: nothing left",
        "purge",
        lambda right, self, *args: (
            kept := dict(self._parts.retention._exported),
            right(*args),
            self._parts.retention._exported.update(kept),
        )[1],
    ),
    "an-approval-drops-the-list": Mistake(
        "nothing would be purged of what was approved",
        "Retention.save_plan",
        "save_plan",
        lambda right, _, plan, line: right(plan if plan.decision is None else evolve(plan, enrolments=()), line),
    ),
    "the-purge-takes-the-log-s-persons": Mistake(
        "a person could not be told who had looked",
        "Retention.purge: nothing left",
        "purge",
        lambda right, self, *args: (
            right(*args),
            self._parts.access_log._entries.__setitem__(
                slice(None),
                [
                    evolve(e, person=e.person if load_enrolment(self, e.enrolment_id or "") else None)
                    for e in self._parts.access_log._entries
                ],
            ),
        )[0],
    ),
    "the-last-note-stands": Mistake(
        "a restart could change why a record was left",
        "Retention.purge: idempotent",
        "purge",
        lambda right, self, plan_id, purge, skip: (
            right(plan_id, purge, skip),
            self._parts.retention._progress[plan_id].update({s.enrolment_id: s for s in skip}),
        )[0],
    ),
    "an-older-version-will-do": Mistake(
        "a record that changed would be destroyed",
        "Retention.purge: only as planned",
        "purge",
        lambda right, self, plan_id, purge, skip: right(
            plan_id,
            [
                evolve(p, version=(e.version if (e := load_enrolment(self, p.enrolment_id)) else p.version))
                for p in purge
            ],
            skip,
        ),
    ),
    "what-came-back-stays": Mistake(
        "a restored backup would bring back for good what had to go",
        "Retention.purge: again",
        "purge",
        lambda right, self, plan_id, purge, skip: right(
            plan_id, [p for p in purge if p.enrolment_id not in self.load_purge(plan_id).progress], skip
        ),
    ),
    "a-purge-needs-its-plan": Mistake(
        "what came back with a backup from before the plan would stay",
        "Retention.purge: again",
        "purge",
        lambda right, self, plan_id, purge, skip: right(plan_id, purge if self.load_purge(plan_id).plan else (), skip),
    ),
    "receipts-by-plan": Mistake(
        "after a backup receipts would be replayed in a wrong order",
        "Retention.receipts",
        "receipts",
        lambda right, _, unit: tuple(sorted(right(unit), key=lambda r: r.plan_id)),
    ),
    "keys-of-what-was-only-begun": Mistake(
        "a notice would stay that a crashed worker had sent",
        "Retention.notification_keys",
        "notification_keys",
        lambda right, self, unit, ids: tuple(
            key
            for key in right(unit, tuple(ids))
            if any(r.key == key and r.record.status is not Status.PENDING for r in _records(self).values())
        ),
    ),
    "keys-of-any-unit": Mistake(
        "one unit's purge would delete another's notices",
        "Retention.notification_keys",
        "notification_keys",
        lambda right, self, unit, ids: (
            lambda asked: tuple(sorted({key for e in self.load_many(asked).values() for key in right(e.unit, asked)}))
        )(tuple(ids)),
    ),
    "the-timeline-of-the-first-alone": Mistake(
        "an export would hold one patient's record, and no other's",
        "Enrolments.load_timelines",
        "load_timelines",
        lambda right, _, ids, *args: right(tuple(ids)[:1], *args),
    ),
    "a-filtered-history-has-every-text": Mistake(
        "an export of forms would hold the messages",
        "Enrolments.load_timelines",
        "load_timelines",
        lambda right, _, ids, kinds=None, seqs=None: right(ids, kinds, range(1, 1000) if seqs is None else seqs),
    ),
    # --- all of it
    "an-argument-is-read-under-the-lock": Mistake(
        "a host that passes on what it reads would hang",
        "Storage: arguments",
        "log",
        lambda right, self, entries: (_without_reentry(self), right(entries))[1],
    ),
    "closing-twice-is-an-error": Mistake(
        "a school that was closed could not be closed by its `with`",
        "Storage.close",
        "close",
        lambda right, self: (load_enrolment(self, ""), right())[1],
    ),
    "a-refusal-names-the-document": Mistake(
        "what a patient wrote would be in a log",
        "Storage: silent",
        "save",
        lambda right, _, change: _naming(right, change),
    ),
}


def _programs(storage: Any) -> dict[Any, Any]:
    return storage._parts.programs._programs


def _by_id(right: Wrong, storage: Any, now: datetime, limit: int, lease: timedelta) -> Any:
    rows = storage._parts.outbox._digests.values()
    kept = {row.digest.id: row.next_at for row in rows}
    for row in rows:
        row.next_at = min(row.next_at, now - timedelta(days=900)) if row.is_free(now) else row.next_at
    try:
        return right(now, limit, lease)
    finally:
        for row in rows:
            row.next_at = kept[row.digest.id]


def _naming(right: Wrong, change: Any) -> None:
    try:
        right(change)
    except Conflict:
        raise Conflict(f"could not keep {dict(change.documents)}") from None


def _without_reentry(storage: Any) -> None:
    from threading import Lock

    storage._lock = Lock()


INBOX: Mapping[str, Mistake] = {
    "forget-goes-through-twice": Mistake(
        "a purge would leave notices that it was given one by one",
        "Inbox.forget",
        "forget",
        lambda right, _, keys: right(keys) if any(keys) else 0,
    ),
    "forget-counts-what-it-was-told": Mistake(
        "a purge would count notices that never were",
        "Inbox.forget",
        "forget",
        lambda right, _, keys: (right(keys := list(keys)), len(keys))[1],
    ),
    "forget-stops-at-the-unknown": Mistake(
        "a purge would leave whatever comes after one that is gone",
        "Inbox.forget",
        "forget",
        lambda right, self, keys: sum(right([k]) for k in _until_unknown(self, keys)),
    ),
    "forget-says-nothing-was-there": Mistake(
        "a purge would count nothing", "Inbox.forget", "forget", lambda right, _, keys: right(keys) * 0
    ),
    "a-key-of-each-person": Mistake(
        "a patient whose number changed would be told twice",
        "Inbox: idempotent",
        "deliver",
        lambda right, self, notice: _under(right, self, notice, f"{notice.key}{notice.person.value}"),
    ),
    "an-outage-of-one": Mistake(
        "the worker would try for a day before the therapist gets the flag",
        "Inbox.deliver",
        "deliver",
        lambda right, _, notice: _not_permanent(right, notice),
    ),
    "ways-to-nobody": Mistake(
        "a therapist would be told that a patient gets an SMS who gets nothing",
        "Inbox.reach",
        "reach",
        lambda right, _, person: evolve(right(person), ways=frozenset({"sms"})),
    ),
    "nobody-can-be-reached": Mistake(
        "every message would be flagged as undelivered",
        "Inbox.reach",
        "reach",
        lambda right, _, person: Reachability(reachable=False),
    ),
    "a-long-link-is-cut": Mistake(
        "the patient could not open what there is to read",
        "Inbox: as given",
        "deliver",
        lambda right, _, notice: right(evolve(notice, link=notice.link[:60])),
    ),
    "one-person-s-second-notice": Mistake(
        "the second day's notice would be lost",
        "Inbox.deliver",
        "deliver",
        lambda right, self, notice: (
            Delivered.DUPLICATE if any(n.person == notice.person for n in self.delivered) else right(notice)
        ),
    ),
    "an-error-with-half-the-number": Mistake(
        "a birth date would be in a log",
        "Inbox: silent",
        "deliver",
        lambda right, self, notice: _raising_with(right, notice, notice.person.value[:8]),
    ),
}

MESSENGER: Mapping[str, Mistake] = {
    "an-address-in-small-letters": Mistake(
        "a message would go to another mailbox",
        "Messenger: as given",
        "send",
        lambda right, _, to, *args, **options: right(Address(to.value.lower()), *args, **options),
    ),
    "an-sms-is-cut": Mistake(
        "the link would lead nowhere",
        "Messenger: as given",
        "send",
        lambda right, _, to, template, link, **options: right(to, template, link[:60], **options),
    ),
    "forget-stops-at-the-unknown": Mistake(
        "a purge would leave whatever comes after one that is gone",
        "Messenger.forget",
        "forget",
        lambda right, self, keys: sum(right([k]) for k in _until_unknown(self, keys)),
    ),
    "forget-takes-the-recipient-s": Mistake(
        "the purge of one patient would delete messages about another",
        "Messenger.forget",
        "forget",
        lambda right, self, keys: (lambda asked: (right([m.key for m in self.sent if asked]), len(asked))[1])(
            [k for k in keys if k in self._sent]
        ),
    ),
    "a-key-of-each-template": Mistake(
        "a therapist would be told twice of the same flag",
        "Messenger: idempotent",
        "send",
        lambda right, _, to, template, link, key: right(to, template, link, key=f"{key}{to.value}"),
    ),
}


def _until_unknown(adapter: Any, keys: Iterable[str]) -> Iterable[str]:
    kept = getattr(adapter, "_delivered", None) or getattr(adapter, "_sent", {})
    for key in keys:
        if key not in kept:
            return
        yield key


def _under(right: Wrong, inbox: Any, notice: Any, key: str) -> Any:
    result = right(evolve(notice, key=key))
    return result


def _not_permanent(right: Wrong, notice: Any) -> Any:
    try:
        return right(notice)
    except DeliveryError as refusal:
        raise DeliveryError(str(refusal)) from None


def _raising_with(right: Wrong, notice: Any, text: str) -> Any:
    try:
        return right(notice)
    except DeliveryError as refusal:
        raise DeliveryError(f"{refusal}: {text}", permanent=refusal.permanent) from None


DIRECTORY: Mapping[str, Mistake] = {
    "e-mail-and-sms-exchanged": Mistake(
        "a message would go to the wrong channel's address",
        "Directory.find",
        "find",
        lambda right, _, id_: (e := right(id_)) and evolve(e, email=e.sms, sms=e.email),
    ),
    "an-entry-of-nothing": Mistake(
        "an unknown person would look like one without an address",
        "Directory.find",
        "find",
        lambda right, _, id_: right(id_) or evolve(next(iter(_._entries.values())), email=None, sms=None),
    ),
    "the-one-asked-last": Mistake(
        "one person's message would go to another's telephone",
        "Directory: threads",
        "find",
        lambda right, self, id_: (setattr(self, "asked", id_), __import__("time").sleep(0), right(self.asked))[2],
    ),
    "an-address-without-its-name": Mistake(
        "messages would go to a mailbox of the domain's",
        "Directory.find",
        "find",
        lambda right, _, id_: (
            (e := right(id_)) and evolve(e, email=e.email and Address(f"info@{e.email.value.rpartition('@')[2]}"))
        ),
    ),
}
_ = PersonId, StorageError


def _of_one(right: Wrong, *arguments: Any) -> Any:
    return right(*arguments)


def _apart(storage: Any, *works: Callable[[Any], Any]) -> None:
    for work in works:
        with storage._open() as parts:
            work(parts)


def _lines(access: Mapping[str, Any]) -> list[Any]:
    return [line for lines in access.values() for line in lines]


ATOMIC: Mapping[str, Mistake] = {
    "results-in-transactions-of-their-own": Mistake(
        "a worker that died would have told half of what it knew",
        "Outbox.complete: one transaction",
        "complete",
        lambda right, _, results, access=NOTHING: [right([r], access) for r in results][-1:] and None,
    ),
    "results-and-their-lines-apart": Mistake(
        "a delivery would leave no trace",
        "Outbox.complete: one transaction",
        "complete",
        lambda right, self, results, access=NOTHING: (right(results), self.log(_lines(access)))[1],
    ),
    "lines-and-their-results-apart": Mistake(
        "the log would tell of a delivery that was not",
        "Outbox.complete: one transaction",
        "complete",
        lambda right, self, results, access=NOTHING: (self.log(_lines(access)), right(results))[1],
    ),
    "a-profile-and-its-line-apart": Mistake(
        "a choice would be made of which the log knows nothing",
        "Staff.save_profile",
        "save_profile",
        lambda _, self, unit, id_, new, line: _apart(
            self, lambda p: p.staff.save_profile(unit, id_, new), lambda p: p.access_log.log((line,))
        ),
    ),
    "a-plan-and-its-line-apart": Mistake(
        "a purge would be planned of which the log knows nothing",
        "Retention.save_plan",
        "save_plan",
        lambda _, self, plan, line: _apart(
            self, lambda p: p.retention.save_plan(plan), lambda p: p.access_log.log((line,))
        ),
    ),
    "a-line-and-its-plan-apart": Mistake(
        "the log would tell of a plan that is not there",
        "Retention.save_plan",
        "save_plan",
        lambda _, self, plan, line: _apart(
            self, lambda p: p.access_log.log((line,)), lambda p: p.retention.save_plan(plan)
        ),
    ),
    "a-step-and-its-line-apart": Mistake(
        "a step would be taken of which the log knows nothing",
        "Enrolments.save: all or nothing",
        "save",
        lambda _, self, change: _apart(
            self,
            lambda p: (
                p.enrolments.check(change),
                p.outbox.check(change),
                p.enrolments.save(change),
                p.outbox.save(change),
            ),
            lambda p: p.access_log.log((change.access,)),
        ),
    ),
    "a-step-and-its-notifications-apart": Mistake(
        "a message would be saved, and nobody told of it",
        "Enrolments.save: all or nothing",
        "save",
        lambda _, self, change: _apart(
            self,
            lambda p: (
                p.enrolments.check(change),
                p.outbox.check(change),
                p.enrolments.save(change),
                p.access_log.log((change.access,)),
            ),
            lambda p: p.outbox.save(change),
        ),
    ),
    "a-step-and-its-documents-apart": Mistake(
        "a form would be saved without its answers",
        "Enrolments.save: all or nothing",
        "save",
        lambda right, self, change: (
            right(evolve(change, documents={})),
            _apart(
                self,
                lambda p: p.enrolments._documents.setdefault(change.enrolment.id, {}).update(change.documents),
            ),
        )[1],
    ),
    "lines-one-by-one": Mistake(
        "an access to many would be logged for some",
        "AccessLog.log",
        "log",
        lambda right, _, entries: [right((entry,)) for entry in entries][-1:] and None,
    ),
    "exports-one-by-one": Mistake(
        "half of an export would count",
        "Retention.save_export",
        "save_export",
        lambda right, _, receipt, versions: [right(receipt, {id_: v}) for id_, v in versions.items()][-1:] and None,
    ),
    "batches-one-by-one": Mistake(
        "a crashed worker would have begun some of what it says",
        "Outbox.begin",
        "begin",
        lambda right, _, decided: {id_: batch for one in decided for id_, batch in right([one]).items()},
    ),
    "purges-one-by-one": Mistake(
        "a purge that met a crash would be half of what was approved",
        "Retention.purge: all or nothing",
        "purge",
        lambda right, _, plan_id, purge, skip: ([right(plan_id, [one], ()) for one in purge], right(plan_id, (), skip))[
            1
        ],
    ),
    "skipped-before-purged": Mistake(
        "a purge that met a crash would have named what stays, and left what goes",
        "Retention.purge: all or nothing",
        "purge",
        lambda right, _, plan_id, purge, skip: (right(plan_id, (), skip), right(plan_id, purge, ()))[1],
    ),
}
