"""The digest: what waits for one recipient at one unit, to go as one notification a day.

Rule: M-13, D-13a, D-13b.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum

from attrs import frozen


@frozen(kw_only=True)
class DueMessage:
    """A message that waits for a digest.

    Args:
        id: The message's opaque id.
        due_at: The run that the message goes with, UTC. It is fixed when the message is saved.
    """

    id: str
    due_at: datetime


@frozen(kw_only=True)
class Batch:
    """The messages of one attempt, stored before the attempt is made.

    Args:
        key: The idempotency key of the attempt.
        messages: The ids of the messages.
        attempted_on: The local day of the latest attempt under the key.
    """

    key: str
    messages: frozenset[str]
    attempted_on: date


@frozen(kw_only=True)
class Digest:
    """The state of one recipient's collected notifications at one unit.

    Args:
        id: An opaque id, the same for ever.
        waiting: The messages of no batch.
        batch: The batch in doubt: begun, and not completed. None when there is no such batch.
        told_on: The latest local day on which the recipient was told, or may have been told. None for never.
    """

    id: str
    waiting: frozenset[DueMessage] = frozenset()
    batch: Batch | None = None
    told_on: date | None = None


class Action(Enum):
    """What a worker does with a digest that it has claimed."""

    WAIT = "wait"
    """Leave the digest for a later run."""
    REPEAT = "repeat"
    """Send the batch in doubt again, under its key. The recipient's inbox may already have that key."""
    SEND = "send"
    """Send the messages that are due, together with those of the batch in doubt, under a new key."""


@frozen(kw_only=True)
class Decision:
    """What a worker does with a digest, and with which messages.

    Args:
        action: What to do.
        messages: The ids of the messages; empty for `WAIT`.
        tried_on: For `REPEAT`: the local day of the latest attempt under the batch's key.
    """

    action: Action
    messages: frozenset[str] = frozenset()
    tried_on: date | None = None


def batch_key(digest_id: str, messages: Iterable[str]) -> str:
    """Return the idempotency key of a new batch, made of its messages.

    A key that the inbox has already stands for the same messages, also where a restored backup has forgotten the
    attempt.

    Args:
        digest_id: The digest's opaque id.
        messages: The ids of the messages.
    """
    return f"{digest_id}.{hashlib.sha256(' '.join(sorted(messages)).encode()).hexdigest()[:32]}"
