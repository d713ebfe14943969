"""Proof that the school wrote a purge receipt: a keyed digest over all its fields. Rule: D-21a."""

import hmac
import json

from attrs import evolve

from digital_painschool.domain.local_time import utc
from digital_painschool.domain.retention import PurgeReceipt
from digital_painschool.errors import ConfigurationError

_METHOD = "hmac-sha256:"
_SHORTEST = 32


class ReceiptKey:
    """The secret key that receipts are signed with; its `repr` is masked.

    Args:
        secret: At least 32 characters that nobody can guess.

    Raises:
        ConfigurationError: The secret is shorter, or not text.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        if not isinstance(secret, str) or len(secret.strip()) < _SHORTEST:
            raise ConfigurationError(
                f"the key for receipts has fewer than {_SHORTEST} characters; make one with: openssl rand -hex 32"
            )
        self._secret = secret.strip().encode(errors="surrogateescape")

    def __repr__(self) -> str:
        return "ReceiptKey(****)"

    def signed(self, receipt: PurgeReceipt) -> PurgeReceipt:
        """Return the receipt with its digest."""
        return evolve(receipt, digest=self._digest(receipt))

    def proves(self, receipt: PurgeReceipt) -> bool:
        """Return whether the receipt has the digest that this key makes of it."""
        return hmac.compare_digest(self._digest(receipt).encode(), (receipt.digest or "").encode())

    def _digest(self, receipt: PurgeReceipt) -> str:
        return _METHOD + hmac.new(self._secret, _signed_part(receipt), "sha256").hexdigest()


def _signed_part(receipt: PurgeReceipt) -> bytes:
    # Spelled out here: the digest of an old receipt must still fit when `serialization` adds fields to receipts.
    decision = receipt.decision
    signed: list[object] = [
        "purge receipt",
        receipt.plan_id,
        receipt.unit,
        [decision.reference, decision.by, utc(decision.at).isoformat()],
        receipt.purged_by,
        utc(receipt.purged_at).isoformat(),
        receipt.purged,
        [[skipped.enrolment_id, skipped.why.value] for skipped in receipt.skipped],
    ]
    if receipt.withdrawn:
        signed.append(receipt.withdrawn)
    return json.dumps(signed, separators=(",", ":")).encode("ascii")
