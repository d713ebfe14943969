"""Delivery reports of 46elks, for a host of any framework to mount.

46elks signs no report. So the address that it posts a report to carries the message's key and a signature of the key.
"""

import hashlib
import hmac
import logging
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

from digital_painschool.errors import ConfigurationError, PainSchoolError

_log = logging.getLogger(__name__)
_PURPOSE = b"46elks delivery report\0"
"""The prefix of what is signed: a signature for one purpose is none for another."""
_SHORTEST_SECRET = 32
_LARGEST_BODY = 8192
_STATUSES = frozenset({"created", "sent", "delivered", "failed"})


class Reply(NamedTuple):
    """The answer to a report: an HTTP status, and the reason, which nobody reads."""

    status: int
    reason: str = ""


class Signature:
    """The signature of the address of a report.

    Args:
        secret: At least 32 characters.

    Raises:
        ConfigurationError: The secret is shorter.
    """

    def __init__(self, secret: str) -> None:
        if len(secret) < _SHORTEST_SECRET:
            raise ConfigurationError(f"the secret of the delivery reports has {_SHORTEST_SECRET} characters or more")
        self._secret = secret.encode()

    def query(self, key: str) -> str:
        """Return the query of the address for the report of a message: the key and its signature."""
        return urlencode({"key": key, "signature": self._of(key).decode()})

    def matches(self, key: str, signature: str) -> bool:
        """Return whether a signature is the key's own, in constant time."""
        return hmac.compare_digest(self._of(key), signature.encode("utf-8", "replace"))

    def _of(self, key: str) -> bytes:
        digest = hmac.new(self._secret, _PURPOSE + key.encode("utf-8", "replace"), hashlib.sha256).digest()
        return urlsafe_b64encode(digest).rstrip(b"=")


class DeliveryReports:
    """The handler of delivery reports. Rule: M-23, D-13d.

    A report that fails or comes early is answered with 503, so that 46elks sends it again: for six hours or more.

    Args:
        reject: Marks the notifications that were sent under a key as failed: `school.delivery().reject`.
        secrets: The secret of the option `reports_secret`; while it is rotated, the one before it too.

    Raises:
        ConfigurationError: There is no secret, or one is too short.
    """

    def __init__(self, reject: Callable[[str], object], secrets: Sequence[str]) -> None:
        if isinstance(secrets, str) or not secrets:
            raise ConfigurationError("name the secrets of the delivery reports in a list")
        self._reject = reject
        self._signatures = tuple(map(Signature, secrets))

    def handle(self, method: str, query: str, body: bytes) -> Reply:
        """Answer a report; the same report again changes nothing.

        Args:
            method: The HTTP method.
            query: The query of the address, without `?` and not decoded.
            body: The body, not decoded.
        """
        if method != "POST":
            return Reply(405, "a report is posted")
        key = self._key(query)
        if key is None:
            return Reply(403, "the address of the report is not signed by this secret")
        status = _status(body)
        if status is None:
            return Reply(400, "a report has one status")
        if status == "failed":
            try:
                self._reject(key)
            except PainSchoolError as error:
                _log.warning("a delivery report waits: %s", error)
                return Reply(503, "try again later")
        return Reply(204)

    def _key(self, query: str) -> str | None:
        """Return the key of a signed address, or None."""
        found = _form(query)
        keys, signatures = found.get("key", []), found.get("signature", [])
        if len(keys) != 1 or len(signatures) != 1:
            return None
        # Each is compared, so that the time does not tell which secret signed.
        matches = [signature.matches(keys[0], signatures[0]) for signature in self._signatures]
        return keys[0] if any(matches) else None


def _status(body: bytes) -> str | None:
    if len(body) > _LARGEST_BODY:
        return None
    statuses = _form(body.decode("utf-8", "replace")).get("status", [])
    return statuses[0] if len(statuses) == 1 and statuses[0] in _STATUSES else None


def _form(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=20, errors="replace")
    except ValueError:
        return {}
