"""Calls of a desk that concern no single enrolment, taken once under a host's key. Rule: D-24a."""

import json
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.executor import Executor
from digital_painschool.application.once import Once, conflict_if_completed
from digital_painschool.domain.people import Actor
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import DeskCall
from digital_painschool.rules.permissions import Action
from digital_painschool.serialization.stored import read_stored
from digital_painschool.serialization.values import from_data

_T = TypeVar("_T")

Completing = Callable[[str], DeskCall | None]
"""A function that takes a call's result and returns the completed call to save; None where the host gave no key."""


def take_once(
    executor: Executor,
    action: Action,
    actor: Actor,
    once: Once | None,
    step: Callable[[Completing], _T],
    again: Callable[[str], _T],
) -> _T:
    """Return what a step returns, or the result of the call that was completed under the key before. Rule: D-24a.

    A repeated call changes nothing, and leaves its line in the access log.

    Args:
        executor: The storage and the clock.
        action: The action of the call.
        actor: Who calls, and may.
        once: The host's key for the call, with its arguments; None makes the call as often as it comes.
        step: Executes the call, and saves the completed call in the same transaction.
        again: Returns the result from what is stored of it.

    Raises:
        RuleViolation: The key was used for a call with other arguments; nothing was changed.
        InvalidValue: The key is none, or an argument cannot be compared.
    """
    if once is None:
        return step(lambda _: None)
    find = partial(once.first_result, executor.storage, action, actor)
    first = executor.access.judge(action, actor, find)
    conflict: Conflict | None = None
    if first is None:
        try:
            return conflict_if_completed(partial(step, partial(once.desk_call, action, actor)), find)
        except Conflict as raised:
            conflict = raised
        first = executor.access.judge(action, actor, find)
    if first is None:
        assert conflict is not None
        raise conflict
    executor.storage.log((access_entry(action, actor, executor.now()),))
    return again(first)


def stored_result(result: str, wanted: type[_T]) -> _T:
    """Return the value that a completed call has stored as JSON.

    Raises:
        StorageError: It cannot be read; the error repeats nothing of it.
    """
    return read_stored("a completed call", lambda: from_data(json.loads(result), wanted))
