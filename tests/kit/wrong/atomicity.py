"""Adapters that are wrong in one way each: mistakes in what is one transaction, on a full disk, with two openings."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from attrs import evolve

from digital_painschool.domain.notification import Profile
from digital_painschool.domain.retention import ExportReceipt, PurgePlan
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import NO_VERSIONS, NOTHING
from tests.kit.wrong.mistake import Mistakes, Wrong, each, last, on, put


def _apart(storage: Any, *works: Callable[[Any], Any]) -> Any:
    for work in works:
        with storage._open() as parts:
            work(parts)


def _logging_apart(_: Wrong, storage: Any, key: Any, record: Any, access: Any = (), completed: Any = None) -> Any:
    return _apart(
        storage,
        lambda p: (p.records.require_new(completed), p.records.add_call(completed), p.records.save(key, record)),
        lambda p: p.access_log.log(access),
    )


def _lines(access: Mapping[str, Any]) -> list[Any]:
    return [line for lines in access.values() for line in lines]


def _acknowledging(right: Wrong, change: Any) -> None:
    with suppress(StorageError):
        right(change)


def _raw(right: Wrong, change: Any) -> None:
    try:
        right(change)
    except StorageError as full:
        raise OSError("no space left") from full


def _one_by_one(right: Wrong, _: Any, now: Any, limit: int, lease: Any) -> Any:
    claims: list[Any] = []
    while len(claims) < limit and (one := right(now, 1, lease)):
        claims += one
    return tuple(claims)


STORAGE: Mistakes = {
    ("complete", "Outbox.complete: one transaction"): {
        "results-in-transactions-of-their-own": lambda right, _, results, access=NOTHING: each(
            lambda r: right([r], access), results
        ),
        "results-and-their-lines-apart": lambda right, self, results, access=NOTHING: last(
            right(results), self.log(_lines(access))
        ),
    },
    ("save_record", "Records.save_record"): {
        "a-profile-and-its-line-apart": on(Profile, _logging_apart),
        "a-plan-and-its-line-apart": on(PurgePlan, _logging_apart),
        "exports-one-by-one": on(
            ExportReceipt,
            lambda right, _, key, receipt, access=(), exported=NO_VERSIONS, completed=None: last(
                each(lambda id_: right(key, receipt, exported={id_: exported[id_]}), exported),
                right(key, receipt, completed=completed),
            ),
        ),
    },
    ("save", "Enrolments.save: all or nothing"): {
        "a-step-and-its-line-apart": lambda _, self, change: _apart(
            self,
            lambda p: (
                p.enrolments.check(change),
                p.outbox.check(change),
                p.enrolments.save(change),
                p.outbox.save(change),
            ),
            lambda p: p.access_log.log((change.access,)),
        ),
        "a-step-and-its-notifications-apart": lambda _, self, change: _apart(
            self,
            lambda p: (
                p.enrolments.check(change),
                p.outbox.check(change),
                p.enrolments.save(change),
                p.access_log.log((change.access,)),
            ),
            lambda p: p.outbox.save(change),
        ),
        "a-step-and-its-documents-apart": lambda right, self, change: last(
            right(evolve(change, documents={})),
            _apart(
                self,
                lambda p: p.enrolments._documents.setdefault(change.enrolment.id, {}).update(change.documents),
            ),
        ),
    },
    ("log", "AccessLog.log"): {
        "lines-one-by-one": lambda right, _, entries: each(lambda entry: right((entry,)), entries),
    },
    ("claim", "Outbox.claim: one transaction"): {
        "claims-one-by-one": _one_by_one,
    },
    ("begin", "Outbox.begin"): {
        "batches-one-by-one": lambda right, _, decided: {
            id_: batch for one in decided for id_, batch in right([one]).items()
        },
    },
    ("purge", "Retention.purge: all or nothing"): {
        "purges-one-by-one": lambda right, _, plan_id, purge, skip, completed=None: last(
            each(lambda one: right(plan_id, [one], ()), purge), right(plan_id, (), skip, completed=completed)
        ),
        "skipped-before-purged": lambda right, _, plan_id, purge, skip, completed=None: last(
            right(plan_id, (), skip), right(plan_id, purge, (), completed=completed)
        ),
    },
    ("save", "Storage: refusing"): {
        "a-full-disk-is-acknowledged": lambda right, _, change: _acknowledging(right, change),
        "a-full-disk-in-its-own-words": lambda right, _, change: _raw(right, change),
    },
}
FILE: Mistakes = {
    ("load_many", "Storage: processes"): {
        "another-opening-is-not-seen": lambda right, self, ids: {
            id_: self.__dict__.setdefault("seen", {}).setdefault(id_, e) for id_, e in right(ids).items()
        },
    },
    ("save", "Enrolments.save: all or nothing"): {
        "written-when-it-is-closed": lambda right, self, change: last(
            put(self, "close", lambda: right(change)), vars(self)
        ),
    },
}
