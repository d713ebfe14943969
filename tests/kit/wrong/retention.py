"""Adapters that are wrong in one way each: mistakes in exports, plans, purges and receipts."""

from attrs import evolve

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Status
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import ExportReceipt, PlanState, PurgePlan, PurgeReceipt
from digital_painschool.ports.storage import PurgeProgress, load_enrolment, load_purge, record_key
from digital_painschool.testing.people import OTHER_UNIT, UNIT
from tests.kit.wrong.mistake import Mistakes, first, last, notification_rows, on, records_of

STORAGE: Mistakes = {
    ("ended", "Retention.ended"): {
        "the-end-counts-as-the-last-entry": lambda right, _, *args, **options: tuple(
            evolve(e, last_entry_at=e.ended_at) for e in right(*args, **options)
        ),
        "ended-once-more": lambda right, _, unit, after="", limit=1000: right(unit, after=after[:-1], limit=limit),
    },
    ("save_record", "Records.save_record: as told"): {
        "an-export-of-another-unit": on(
            ExportReceipt,
            lambda right, self, key, receipt, *args, **options: [
                right(key, evolve(receipt, unit=unit), *args, **options)
                for unit in {e.unit for e in self._parts.enrolments._enrolments.values()} | {receipt.unit}
            ][-1],
        ),
    },
    ("purge", "Retention.purge: nothing left"): {
        "an-export-outlives-the-purge": lambda right, self, *args: last(
            kept := dict(self._parts.enrolments._exported),
            right(*args),
            self._parts.enrolments._exported.update(kept),
        ),
        "a-purge-takes-a-summary-whole": lambda right, self, plan_id, purge, *args, **options: last(
            gone := {planned.enrolment_id for planned in purge},
            touched := {
                row.digest_id
                for row in notification_rows(self).values()
                if row.record.notification.trigger.enrolment_id in gone
            },
            right(plan_id, purge, *args, **options),
            [
                self._parts.outbox._digests[digest_id].notifications.clear()
                for digest_id in touched & self._parts.outbox._digests.keys()
                if isinstance(self._parts.outbox._digests[digest_id].digest.recipient, HsaId)
            ],
        ),
        "the-purge-takes-the-log-s-persons": lambda right, self, *args: first(
            right(*args),
            self._parts.access_log._entries.__setitem__(
                slice(None),
                [
                    evolve(e, person=e.person if load_enrolment(self, e.enrolment_id or EnrolmentId("")) else None)
                    for e in self._parts.access_log._entries
                ],
            ),
        ),
    },
    ("list_plans", "Retention.list_plans"): {
        "an-approved-plan-is-still-open": lambda right, _, unit, state=None, **options: right(
            unit, None if state is PlanState.OPEN else state, **options
        ),
        "plans-by-id": lambda right, _, *args, **options: tuple(
            sorted(right(*args, **options), key=lambda plan: plan.id)
        ),
        "the-plan-of-the-cursor-again": lambda right, _, *args, after=None, **options: right(
            *args, after=after and (after[0], ""), **options
        ),
    },
    ("save_record", "Records.save_record"): {
        "an-approval-drops-the-list": on(
            PurgePlan,
            lambda right, _, key, plan, *args, **options: right(
                key, plan if plan.decision is None else evolve(plan, enrolments=()), *args, **options
            ),
        ),
    },
    ("purge", "Retention.purge: logged"): {
        "a-purge-logs-nothing": lambda right, _, plan_id, purge, skip, access=(), completed=None: right(
            plan_id, purge, skip, completed=completed
        ),
        "a-purge-logs-what-it-leaves": lambda right, self, plan_id, purge, skip, access=(), completed=None: first(
            right(plan_id, purge, skip, completed=completed), self.log(access)
        ),
    },
    ("purge", "Retention.purge: idempotent"): {
        "the-last-note-stands": lambda right, self, plan_id, purge, skip: first(
            right(plan_id, purge, skip),
            records_of(self)[record_key(PurgeProgress, plan_id)].outcomes.update({s.enrolment_id: s for s in skip}),
        ),
    },
    ("purge", "Retention.purge: only as planned"): {
        "an-older-version-will-do": lambda right, self, plan_id, purge, skip: right(
            plan_id,
            [evolve(p, version=e.version) if (e := load_enrolment(self, p.enrolment_id)) else p for p in purge],
            skip,
        ),
    },
    ("purge", "Retention.purge: again"): {
        "what-came-back-stays": lambda right, self, plan_id, purge, skip: right(
            plan_id, [p for p in purge if p.enrolment_id not in load_purge(self, plan_id).progress], skip
        ),
        "a-purge-needs-its-plan": lambda right, self, plan_id, purge, skip: right(
            plan_id, purge if load_purge(self, plan_id).plan else (), skip
        ),
    },
    ("list_records", "Records.list_records"): {
        "receipts-by-plan": on(
            PurgeReceipt,
            lambda right, _, *args, **options: tuple(sorted(right(*args, **options), key=lambda r: r.plan_id)),
        ),
    },
    ("notification_keys", "Retention.notification_keys"): {
        "keys-of-what-was-only-begun": lambda right, self, unit, ids: tuple(
            key
            for key in right(unit, tuple(ids))
            if any(r.key == key and r.record.status is not Status.PENDING for r in notification_rows(self).values())
        ),
        "keys-of-any-unit": lambda right, _, unit, ids: tuple(
            sorted({*right(unit, ids), *right(OTHER_UNIT if unit == UNIT else UNIT, ids)})
        ),
    },
    ("load_timelines", "Enrolments.load_timelines"): {
        "the-timeline-of-the-first-alone": lambda right, _, ids, *args, **options: right(
            tuple(ids)[:1], *args, **options
        ),
        "a-filtered-timeline-has-every-text": lambda right, _, ids, kinds=None, seqs=None, **options: right(
            ids, kinds, range(1, 1000) if seqs is None else seqs, **options
        ),
    },
}
