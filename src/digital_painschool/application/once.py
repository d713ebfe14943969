"""Calls that are made once: a host's idempotency key, and the first result again. Rule: D-24a.

The result of a step in an enrolment is read from the state after it. So the version is all that is stored of a result:
the timeline up to that version gives the state, and the state the result. Of a call that concerns no enrolment, the
result is stored, or the id of what holds it.

Arguments may hold an identity number, which can be guessed from a plain hash. They are compared by an HMAC whose random
key is drawn for each call and stored beside the digest: whoever reads it there can also read the number itself, in the
enrolment's row, and both are deleted with the enrolment. A call that concerns no enrolment has no such argument. A key
in the settings would protect nothing more, and changing it would turn every repeated call into a second effect.

Of a start the key alone outlives the purge, and refuses a repeated call: that call names no enrolment that is gone.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import field, frozen

from digital_painschool.application.compared_arguments import compared_form, earlier_forms
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.people import Actor, AnyActor, HsaId, Patient
from digital_painschool.errors import Conflict, InvalidValue, NotFound, Reason, RuleViolation
from digital_painschool.ports.storage import (
    CallKey,
    CompletedCall,
    DeskCall,
    Records,
    Storage,
    find_call,
    find_desk_call,
    load_state_at,
)
from digital_painschool.rules.permissions import Action

_T = TypeVar("_T")

_LONGEST = 200


def _masked(value: object) -> Masked[object]:
    return Masked(value)


def _masked_call(call: Sequence[object]) -> Masked[Sequence[object]]:
    return Masked(call)


@frozen
class Once:
    """A host's idempotency key for one call of a desk, with what the call asks for. Rule: D-24a.

    Args:
        key: The key, as the host gave it.
        asked: The name of the call and its arguments, as the host gave them.
    """

    _key: Masked[object] = field(converter=_masked, repr=False)
    _asked: Masked[Sequence[object]] = field(converter=_masked_call, repr=False)

    def first_state(
        self,
        storage: Storage,
        action: Action,
        by: AnyActor,
        *,
        unit: HsaId,
        enrolment_id: EnrolmentId | None = None,
    ) -> Enrolment | None:
        """Return the state after the call that was completed under the key, or None when none was. Rule: D-24a.

        Args and errors are those of `first_call`.
        """
        call = self.first_call(storage, action, by, unit=unit, enrolment_id=enrolment_id)
        return None if call is None else load_state_at(storage, call.enrolment_id, call.version)

    def first_call(
        self,
        storage: Records,
        action: Action,
        by: AnyActor,
        *,
        unit: HsaId,
        enrolment_id: EnrolmentId | None = None,
    ) -> CompletedCall | None:
        """Return the call that was completed under the key in an enrolment, or None when none was. Rule: D-24a.

        Args:
            storage: The storage.
            action: The action of the call.
            by: Who calls.
            unit: The unit of the enrolment.
            enrolment_id: The enrolment that the call names; None for a start, which names none.

        Raises:
            InvalidValue: The key is not 1 to 200 printable characters of ASCII, or an argument cannot be compared.
            RuleViolation: The call under this key had other arguments, or was for another enrolment; or it is a start
                whose enrolment was purged.
        """
        key = self._in_scope(action, by, unit)
        self._require_comparable()
        call = find_call(storage, key)
        if call is None:
            if enrolment_id is None and find_desk_call(storage, key) is not None:
                raise RuleViolation("D-24a", Reason.KEY_OF_PURGED_START)
            return None
        if not self._is_of(call.fingerprint) or enrolment_id not in {None, call.enrolment_id}:
            raise RuleViolation("D-24a", Reason.KEY_OF_ANOTHER_CALL)
        return call

    def first_result(self, storage: Records, action: Action, by: Actor) -> str | None:
        """Return the stored result of the call that was completed under the key and concerns no enrolment, or None.

        Args:
            storage: The storage.
            action: The action of the call.
            by: Who calls.

        Raises:
            InvalidValue: The key is not 1 to 200 printable characters of ASCII, or an argument cannot be compared.
            RuleViolation: The call under this key had other arguments.
        """
        key = self._in_scope(action, by, by.unit)
        self._require_comparable()
        call = find_desk_call(storage, key)
        if call is None:
            return None
        if not self._is_of(call.fingerprint):
            raise RuleViolation("D-24a", Reason.KEY_OF_ANOTHER_CALL)
        return call.result

    def completed(self, action: Action, by: AnyActor, after: Enrolment) -> CompletedCall:
        """Return the call as it is stored with its step.

        Args:
            action: The action of the call.
            by: Who calls.
            after: The state after the step.
        """
        return CompletedCall(
            key=self._in_scope(action, by, after.unit),
            enrolment_id=after.id,
            version=after.version,
            fingerprint=self._new_fingerprint(),
        )

    def desk_call(self, action: Action, by: Actor, result: str) -> DeskCall:
        """Return a call that concerns no enrolment, as it is stored with its step.

        Args:
            action: The action of the call.
            by: Who calls.
            result: What the call returns, or the id of what holds it.
        """
        return DeskCall(
            key=self._in_scope(action, by, by.unit),
            result=result,
            fingerprint=self._new_fingerprint(),
        )

    def _new_fingerprint(self) -> str:
        return _fingerprint(secrets.token_hex(16), compared_form(self._asked.reveal()))

    def _require_comparable(self) -> None:
        """Refuse arguments that cannot be compared. Nothing of them stays in a variable while the storage is asked."""
        compared_form(self._asked.reveal())

    def _is_of(self, fingerprint: str) -> bool:
        """Return whether a fingerprint is that of the call, in its present form or in one of earlier versions."""
        asked = self._asked.reveal()
        return any(_matches(form, fingerprint) for form in (compared_form(asked), *earlier_forms(asked)))

    def _in_scope(self, action: Action, by: AnyActor, unit: HsaId) -> CallKey:
        key = self._key.reveal()
        if not isinstance(key, str) or not 0 < len(key) <= _LONGEST or not key.isascii() or not key.isprintable():
            raise InvalidValue(f"once is an opaque text of 1 to {_LONGEST} printable ASCII characters, such as a UUID")
        return CallKey(unit=unit, caller=_caller(by), action=action.value, key=key)


def once_of(key: object, call: str, **arguments: object) -> Once | None:
    """Return a host's key with the call that it is for; None when the host gave no key.

    Args:
        key: The host's key, or None.
        call: The name of the call: one action may have several calls.
        arguments: The arguments of the call.
    """
    return None if key is None else Once(key, [call, arguments])


def conflict_if_completed(decide: Callable[[], _T], find: Callable[[], object] | None) -> _T:
    """Return what a rule returns, or raise `Conflict` where it refuses because its own call was completed meanwhile.

    Rule: D-24a. A rule that reads more than the state, such as an operator's, may meet what its own call has saved.

    Args:
        decide: The rule, with its arguments filled in.
        find: Returns what the call under the host's key has left, or None; None for a call without a key.

    Raises:
        Conflict: The call was completed meanwhile: look for its result again.
    """
    try:
        return decide()
    except (RuleViolation, InvalidValue, NotFound):
        if find is None or find() is None:
            raise
    raise Conflict("the call was completed meanwhile")


def _caller(by: AnyActor) -> str:
    if isinstance(by, Patient):
        return f"{by.person.scheme}:{by.person.value}"
    assert isinstance(by, Actor), "the delivery worker calls no desk"
    return by.hsa_id


def _matches(asked: bytes, fingerprint: str) -> bool:
    digest_key = fingerprint.partition(":")[0]
    return hmac.compare_digest(_fingerprint(digest_key, asked).encode(), fingerprint.encode())


def _fingerprint(digest_key: str, asked: bytes) -> str:
    return f"{digest_key}:{hmac.new(digest_key.encode(), asked, 'sha256').hexdigest()}"
