"""Adapters that are wrong in one way each: mistakes in calls that are completed under an idempotency key."""

from collections.abc import Callable
from typing import Any

from attrs import evolve

from digital_painschool.ports.storage import CallKey
from tests.kit.wrong.mistake import Mistakes, Wrong, last


def _calls(storage: Any) -> Any:
    return storage._parts.enrolments._calls


def _forgetting_first(right: Wrong, storage: Any, change: Any) -> None:
    if change.completed is not None:
        _calls(storage).pop(change.completed.key, None)
    right(change)


def _keeping_the_key_first(right: Wrong, storage: Any, change: Any) -> None:
    call = change.completed
    if call is not None and call.key not in _calls(storage):
        _calls(storage)[call.key] = call
        right(evolve(change, completed=None))
    else:
        right(change)


def _keeping_the_key_later(_: Wrong, storage: Any, change: Any) -> None:
    with storage._open() as parts:
        parts.enrolments.check(change)
        parts.outbox.check(change)
        parts.enrolments.save(evolve(change, completed=None))
        parts.outbox.save(change)
        parts.access_log.log((change.access,))
    with storage._open() as parts:
        if change.completed is not None:
            _calls(storage)[change.completed.key] = change.completed


def _desk_calls(storage: Any) -> Any:
    return storage._parts.desk_calls._calls


def _of_any(part: str, calls_of: Callable[[Any], Any]) -> Wrong:
    """Return a method that finds a call and looks at all parts of the key but one."""

    def found(_: Wrong, storage: Any, key: CallKey) -> Any:
        calls = calls_of(storage).items()
        value = getattr(key, part)
        return next((call for stored, call in calls if evolve(stored, **{part: value}) == key), None)

    return found


def _forgetting_the_call(right: Wrong, _: Any, *args: Any, **options: Any) -> Any:
    return right(*args, **options | {"completed": None})


def _second_takes_the_key(right: Wrong, storage: Any, *args: Any, **options: Any) -> Any:
    call = options.get("completed")
    if call is not None:
        _desk_calls(storage).pop(call.key, None)
    return right(*args, **options)


def _step_before_the_key(right: Wrong, storage: Any, *args: Any, **options: Any) -> Any:
    call = options.get("completed")
    done = right(*args, **options | {"completed": None})
    with storage._open() as parts:
        parts.desk_calls.add(call)
    return done


STORAGE: Mistakes = {
    ("find_call", "Enrolments.find_call"): {
        "the-first-call-is-found-for-every-key": lambda _, self, key: next(iter(_calls(self).values()), None),
    },
    ("find_call", "Enrolments.find_call: own scope"): {
        **{f"a-key-of-any-{part}": _of_any(part, _calls) for part in ("unit", "caller", "action")},
    },
    ("save", "Change.completed"): {"the-second-call-takes-the-key": _forgetting_first},
    ("save", "Enrolments.save: all or nothing"): {
        "a-key-before-its-step": _keeping_the_key_first,
        "a-step-and-its-key-apart": _keeping_the_key_later,
    },
    ("save", "Change.events"): {
        "without-events-there-is-nothing-to-save": lambda right, _, change: right(change) if change.events else None,
    },
    ("find_desk_call", "DeskCalls.find_desk_call"): {
        "the-first-desk-call-is-found-for-every-key": lambda _, self, key: next(iter(_desk_calls(self).values()), None),
    },
    ("find_desk_call", "DeskCalls.find_desk_call: own scope"): {
        **{f"a-desk-s-key-of-any-{part}": _of_any(part, _desk_calls) for part in ("unit", "caller", "action")},
    },
    **{
        (method, "DeskCalls: with the step"): {
            f"{method}-forgets-the-call": _forgetting_the_call,
            f"{method}-lets-the-second-call-take-the-key": _second_takes_the_key,
            f"{method}-before-it-looks-at-the-key": _step_before_the_key,
        }
        for method in ("save_profile", "save_export", "save_plan", "purge", "save_receipt")
    },
    ("purge", "Retention.purge: nothing left"): {
        "keys-outlive-the-purge": lambda right, self, *args: last(
            kept := dict(_calls(self)), right(*args), _calls(self).update(kept)
        ),
    },
}
