"""The tables, and their keys: LMDB sorts by bytes, so that a key is also an order."""

from enum import Enum
from hashlib import sha256

_LONGEST = 500
"""LMDB takes keys of 511 bytes."""
END = b"\0\0"


class Table(Enum):
    """The tables, each a B+tree of its own."""

    STATES = "states"
    """By enrolment id."""
    TIMELINES = "timelines"
    """By enrolment id and entry number."""
    DOCUMENTS = "documents"
    """By enrolment id and entry number."""
    CALLS = "calls"
    """By unit, caller, action and the host's key: the calls that were completed."""
    CALLS_OF = "calls-of"
    """By enrolment id, unit, caller, action and the host's key."""
    DESK_CALLS = "desk-calls"
    """By unit, caller, action and the host's key: the completed calls that concern no enrolment."""
    DRAFTS = "drafts"
    """By enrolment id and form."""
    PERSONS = "persons"
    """By scheme, number and enrolment id."""
    OPEN = "open"
    """By unit and enrolment id: the enrolments that have not ended."""
    ENDED = "ended"
    """By unit and enrolment id."""
    NOTIFICATIONS = "notifications"
    """By id."""
    ASKED = "asked"
    """By enrolment id and notification id."""
    DIGESTS = "digests"
    """By id."""
    DUE = "due"
    """By kind, the earliest due instant, the instant from which a digest can be claimed, and its id."""
    COLLECTED = "collected"
    """By unit, recipient, channel and template: the id of the digest."""
    SENT = "sent"
    """By the key of the batch and notification id."""
    UNNOTED = "unnoted"
    """By notification id."""
    DEAD = "dead"
    """By notification id: what was given up."""
    WORKERS = "workers"
    """By the worker's id."""
    PACES = "paces"
    """By channel: the latest slot."""
    STAFF = "staff"
    """By unit and HSA-id."""
    LOG = "log"
    """By unit and number."""
    PROGRAMS = "programs"
    """By unit, key and version."""
    EXPORTS = "exports"
    """By id."""
    PLANS = "plans"
    """By id."""
    UNIT_PLANS = "unit-plans"
    """By unit, the instant of making and plan id."""
    PROGRESS = "progress"
    """By plan id and enrolment id."""
    RECEIPTS = "receipts"
    """By plan id."""
    UNIT_RECEIPTS = "unit-receipts"
    """By unit, instant and plan id."""


Part = str | int
Key = tuple[Part, ...]


def packed(key: Key) -> bytes:
    """Return a key as bytes, in the order of its parts: texts by code point, numbers by size."""
    whole = b"".join(map(_part, key))
    if len(whole) <= _LONGEST:
        return whole
    return whole[: _LONGEST - 32] + sha256(whole).digest()


def _part(part: Part) -> bytes:
    if isinstance(part, int):
        return part.to_bytes(8, "big")
    return part.encode("utf-8", "surrogatepass").replace(b"\0", b"\0\xff") + END
