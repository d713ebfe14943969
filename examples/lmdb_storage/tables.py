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
    RECORDS = "records"
    """By kind and the parts of the key."""
    LISTED = "listed"
    """By kind, unit, instant and id: the records that are listed."""
    OF_ENROLMENT = "of-enrolment"
    """By enrolment id, kind and the parts of the key: the records that go with an enrolment."""
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
    LOG = "log"
    """By unit and number."""
    PROGRESS = "progress"
    """By plan id and enrolment id."""


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
