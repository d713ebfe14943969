"""Adapters that are wrong in one way each: mistakes in calls that are completed under an idempotency key."""

from collections.abc import Mapping
from typing import Any
from unicodedata import normalize

from attrs import evolve

from digital_painschool.domain.notification import Profile
from digital_painschool.domain.retention import ExportReceipt, PurgePlan, PurgeReceipt
from digital_painschool.ports.storage import CompletedCall, DeskCall, RecordKey, key_of_call
from tests.kit.wrong.mistake import Mistakes, Wrong, last, on, records_of

_SCOPE = ("unit", "caller", "action", "key")
_PARTS = ("unit", "caller", "action")


def _calls(storage: Any, kind: type = CompletedCall) -> Any:
    return {key: record for key, record in records_of(storage).items() if key.kind is kind}


def _cut(key: RecordKey) -> bytes:
    return "/".join(key.parts).encode()[:500]


def _nfc(key: RecordKey) -> list[str]:
    return [normalize("NFC", part) for part in key.parts]


def _forgetting_first(right: Wrong, storage: Any, change: Any) -> None:
    if change.completed is not None:
        records_of(storage).pop(key_of_call(CompletedCall, change.completed.key), None)
    right(change)


def _keeping_the_key_first(right: Wrong, storage: Any, change: Any) -> None:
    call = change.completed
    if call is not None and key_of_call(CompletedCall, call.key) not in records_of(storage):
        storage._parts.records.add_call(call)
        right(evolve(change, completed=None))
    else:
        right(change)


def _keeping_the_key_later(_: Wrong, storage: Any, change: Any) -> None:
    with storage._open() as parts:
        parts.enrolments.check(change)
        parts.outbox.check(change)
        parts.enrolments.save(change)
        parts.outbox.save(change)
        parts.access_log.log((change.access,))
    with storage._open() as parts:
        parts.records.add_call(change.completed)


def _forgetting_the_call(right: Wrong, _: Any, *args: Any, **options: Any) -> Any:
    return right(*args, **options | {"completed": None})


def forgetting_the_key(right: Wrong, storage: Any, *args: Any, **options: Any) -> Any:
    """Take the key from whoever had it, and make the step."""
    call = options.get("completed")
    if call is not None:
        records_of(storage).pop(key_of_call(type(call), call.key), None)
    return right(*args, **options)


def step_before_the_key(right: Wrong, storage: Any, *args: Any, **options: Any) -> Any:
    """Make the step, and ask then whether its key is free."""
    call = options.get("completed")
    done = right(*args, **options | {"completed": None})
    with storage._open() as parts:
        parts.records.require_new(call)
        parts.records.add_call(call)
    return done


_KEYED = {
    "save-profile": Profile,
    "save-export": ExportReceipt,
    "save-plan": PurgePlan,
    "save-receipt": PurgeReceipt,
    "purge": None,
}
"""The steps that save a completed call, each with the kind of its record."""


def _of_any(kind: type, part: str) -> Wrong:
    """Return a `load_record` that looks at all parts of a call's key but one."""

    def others(key: Any) -> list[str]:
        return [value for name, value in zip(_SCOPE, key.parts, strict=True) if name != part]

    return on(
        kind,
        lambda _, storage, key: next(
            (call for stored, call in _calls(storage, kind).items() if others(stored) == others(key)), None
        ),
    )


_KEYED_MISTAKES: Mapping[str, Wrong] = {
    "forgets-the-call": _forgetting_the_call,
    "lets-the-second-call-take-the-key": forgetting_the_key,
    "before-it-looks-at-the-key": step_before_the_key,
}

STORAGE: Mistakes = {
    ("load_record", "Records.load_record"): {
        "the-first-call-is-found-for-every-key": on(
            CompletedCall, lambda _, self, key: next(iter(_calls(self).values()), None)
        ),
        "a-long-key-is-cut": on(
            CompletedCall,
            lambda _, self, key: next(
                (call for stored, call in _calls(self).items() if _cut(stored) == _cut(key)), None
            ),
        ),
        "the-first-desk-call-is-found-for-every-key": on(
            DeskCall, lambda _, self, key: next(iter(_calls(self, DeskCall).values()), None)
        ),
    },
    ("purge", "Retention.purge"): {
        "a-purge-of-nothing-keeps-no-call": lambda right, _, plan_id, purge, *args, **options: right(
            plan_id, purge, *args, **(options if purge else options | {"completed": None})
        ),
    },
    ("save", "Change.completed"): {
        "the-second-call-takes-the-key": _forgetting_first,
    },
    ("save", "Enrolments.save: all or nothing"): {
        "a-key-before-its-step": _keeping_the_key_first,
        "a-step-and-its-key-apart": _keeping_the_key_later,
    },
    ("save", "Change.events"): {
        "without-events-there-is-nothing-to-save": lambda right, _, change: right(change) if change.events else None,
    },
    ("purge", "Retention.purge: nothing left"): {
        "keys-outlive-the-purge": lambda right, self, *args: last(
            kept := _calls(self), right(*args), records_of(self).update(kept)
        ),
    },
    ("purge", "Retention.purge: spent"): {
        "the-key-of-a-start-goes-with-it": lambda right, self, *args: last(
            right(*args),
            *(records_of(self).pop(key) for key, call in _calls(self, DeskCall).items() if not call.result),
        ),
        "every-key-stays": lambda right, self, *args: last(
            calls := _calls(self).values(),
            right(*args),
            *(self._parts.records.add_call(evolve(call, version=1).spent()) for call in calls),
        ),
    },
    ("load_record", "Records.load_record: exact key"): {
        "keys-in-one-normal-form": on(
            CompletedCall,
            lambda _, self, key: next(
                (call for stored, call in _calls(self).items() if _nfc(stored) == _nfc(key)), None
            ),
        ),
        **{f"a-key-of-any-{part}": _of_any(CompletedCall, part) for part in _PARTS},
        **{f"a-desk-s-key-of-any-{part}": _of_any(DeskCall, part) for part in _PARTS},
    },
    **{
        ("purge" if kind is None else "save_record", "Records: with the step"): {
            f"{step}-{what}": wrong if one is None else on(one, wrong)
            for step, one in _KEYED.items()
            if (one is None) is (kind is None)
            for what, wrong in _KEYED_MISTAKES.items()
        }
        for kind in (None, Profile)
    },
}
