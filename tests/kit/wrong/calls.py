"""Adapters that are wrong in one way each: mistakes in calls that are completed under an idempotency key."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from digital_painschool.ports.storage import CallKey
from tests.kit.wrong.mistake import Mistake, Wrong, last


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


def _at_desk_of_any(part: str) -> Wrong:
    """Return a `find_desk_call` that looks at all parts of a key but one."""

    def found(_: Wrong, storage: Any, key: CallKey) -> Any:
        calls = _desk_calls(storage).items()
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


_KEYED = ("save_profile", "save_export", "save_plan", "purge", "save_receipt")


def _of_any(part: str) -> Wrong:
    """Return a `find_call` that looks at all parts of a key but one."""

    def found(_: Wrong, storage: Any, key: CallKey) -> Any:
        calls = _calls(storage).items()
        value = getattr(key, part)
        return next((call for stored, call in calls if evolve(stored, **{part: value}) == key), None)

    return found


STORAGE: Sequence[Mistake] = (
    Mistake(
        "the-first-call-is-found-for-every-key",
        "Enrolments.find_call",
        "find_call",
        lambda _, self, key: next(iter(_calls(self).values()), None),
    ),
    *(
        Mistake(f"a-key-of-any-{part}", "Enrolments.find_call: own scope", "find_call", _of_any(part))
        for part in ("unit", "caller", "action")
    ),
    Mistake("the-second-call-takes-the-key", "Change.completed", "save", _forgetting_first),
    Mistake("a-key-before-its-step", "Enrolments.save: all or nothing", "save", _keeping_the_key_first),
    Mistake("a-step-and-its-key-apart", "Enrolments.save: all or nothing", "save", _keeping_the_key_later),
    Mistake(
        "without-events-there-is-nothing-to-save",
        "Change.events",
        "save",
        lambda right, _, change: right(change) if change.events else None,
    ),
    Mistake(
        "the-first-desk-call-is-found-for-every-key",
        "DeskCalls.find_desk_call",
        "find_desk_call",
        lambda _, self, key: next(iter(_desk_calls(self).values()), None),
    ),
    *(
        Mistake(
            f"a-desk-s-key-of-any-{part}",
            "DeskCalls.find_desk_call: own scope",
            "find_desk_call",
            _at_desk_of_any(part),
        )
        for part in ("unit", "caller", "action")
    ),
    *(
        Mistake(f"{method}-{what}", "DeskCalls: with the step", method, wrong)
        for method in _KEYED
        for what, wrong in (
            ("forgets-the-call", _forgetting_the_call),
            ("lets-the-second-call-take-the-key", _second_takes_the_key),
            ("before-it-looks-at-the-key", _step_before_the_key),
        )
    ),
    Mistake(
        "keys-outlive-the-purge",
        "Retention.purge: nothing left",
        "purge",
        lambda right, self, *args: last(kept := dict(_calls(self)), right(*args), _calls(self).update(kept)),
    ),
)
