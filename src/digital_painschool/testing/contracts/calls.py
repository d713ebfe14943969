"""Changes of calls that were made under an idempotency key."""

from unicodedata import normalize

from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.ports.storage import CallKey, Change, CompletedCall, DeskCall
from digital_painschool.testing.people import COLLEAGUE, NURSE, OTHER_UNIT, UNIT


def key_of(enrolment: Enrolment, key: str = "") -> CallKey:
    """Return a key of the nurse's at the enrolment's unit; left out, one that is the enrolment's own."""
    return CallKey(unit=enrolment.unit, caller=NURSE.hsa_id, action="step", key=key or f"the key of {enrolment.id}")


def call_in(after: Enrolment, key: str = "") -> CompletedCall:
    """Return a call that was completed under a key in an enrolment, with the state after it."""
    return CompletedCall(
        key=key_of(after, key), enrolment_id=after.id, version=after.version, fingerprint=f"{after.id} {after.version}"
    )


def under_key(change: Change, key: str = "") -> Change:
    """Return the change as that of a call under a key."""
    return evolve(change, completed=call_in(change.enrolment, key))


def other_keys(key: CallKey) -> tuple[CallKey, ...]:
    """Return keys that differ from a key in one part each, and from one another."""
    accented = f"{key.key}\u0301"
    return (
        evolve(key, unit=OTHER_UNIT),
        evolve(key, caller=COLLEAGUE.hsa_id),
        evolve(key, action="end"),
        evolve(key, key=key.key.upper()),
        evolve(key, key=f"{key.key} "),
        evolve(key, key=accented),
        evolve(key, key=normalize("NFC", accented)),
    )


def without_events(change: Change, before: Enrolment, completed: CompletedCall | None = None) -> Change:
    """Return the change of a call that changes nothing, with the access entry of another change."""
    return evolve(
        change, before=before.version, enrolment=before, events=(), documents={}, notifications=(), completed=completed
    )


def desk_call(key: str, result: str = "result") -> DeskCall:
    """Return a completed call of the nurse's that concerns no single enrolment."""
    scope = CallKey(unit=UNIT, caller=NURSE.hsa_id, action="plan-purge", key=key)
    return DeskCall(key=scope, result=result, fingerprint=f"fingerprint of {result}")
