"""Calls that a host makes once: the idempotency key of a call, and what is stored of the call. Rule: D-24a."""

from attrs import field, frozen

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.masking import Masked, masked_text
from digital_painschool.domain.people import HsaId


@frozen(kw_only=True)
class CallKey:
    """The idempotency key of a call, in the scope that it belongs to. Two keys are equal when all four parts are.

    Args:
        unit: The unit of the enrolment; of a call that concerns none, the caller's.
        caller: The one who called: a member of staff, or a patient; only `****` is shown.
        action: What was done, as in the access log.
        key: The host's key.
    """

    unit: HsaId
    _caller: Masked[str] = field(converter=masked_text, repr=False)
    action: str
    _key: Masked[str] = field(converter=masked_text, repr=False)

    @property
    def caller(self) -> str:
        """The one who called."""
        return self._caller.reveal()

    @property
    def key(self) -> str:
        """The host's key."""
        return self._key.reveal()


@frozen(kw_only=True)
class CompletedCall:
    """A call that was completed under an idempotency key.

    Args:
        key: The key in its scope.
        enrolment_id: The enrolment that was changed.
        version: The version after the call: its result is read from this state.
        fingerprint: A keyed digest of the arguments, with its key. To the storage it is an opaque text.
    """

    key: CallKey
    enrolment_id: EnrolmentId
    version: int
    _fingerprint: Masked[str] = field(converter=masked_text, repr=False)

    @property
    def fingerprint(self) -> str:
        """The keyed digest of the arguments."""
        return self._fingerprint.reveal()

    def spent(self) -> "DeskCall | None":
        """Return what a purge of the enrolment leaves of the call: of the one that started it, the key alone.

        A start names no enrolment. So without the key a repeated one would start again for a person who may have been
        the wrong one. Rule: D-07b, D-24a.
        """
        return DeskCall(key=self.key, result="", fingerprint="") if self.version == 1 else None


@frozen(kw_only=True)
class DeskCall:
    """A call that concerns no single enrolment, and was completed under an idempotency key.

    Such a call is made at the administrator's desk, or on the own profile.

    Args:
        key: The key in its scope.
        result: What the call returned, or the id of what was saved. To the storage it is an opaque text.
        fingerprint: A keyed digest of the arguments, with its key. To the storage it is an opaque text.
    """

    key: CallKey
    result: str
    _fingerprint: Masked[str] = field(converter=masked_text, repr=False)

    @property
    def fingerprint(self) -> str:
        """The keyed digest of the arguments."""
        return self._fingerprint.reveal()
