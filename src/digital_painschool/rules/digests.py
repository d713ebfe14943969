"""When a digest goes, and with which messages. Rule: M-13, D-13a, D-13b.

A recipient gets at most one new notification a unit and local day.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from itertools import product
from types import MappingProxyType

from digital_painschool.digest import Action, Batch, Decision, Digest
from digital_painschool.instants import local_time
from digital_painschool.policy import Policy


class Doubt(Enum):
    """Whether a batch is in doubt, and since when."""

    NONE = "no batch in doubt"
    EARLIER = "a batch of an earlier day"
    TODAY = "a batch of today"


Situation = tuple[bool, Doubt, bool]
"""Whether the recipient may be told now, the batch in doubt, and whether a message is due."""

DECISIONS: Mapping[Situation, Action] = MappingProxyType(
    {
        **{(False, doubt, due): Action.WAIT for doubt, due in product(Doubt, (False, True))},
        (True, Doubt.NONE, False): Action.WAIT,
        (True, Doubt.NONE, True): Action.SEND,
        (True, Doubt.EARLIER, False): Action.REPEAT,
        (True, Doubt.EARLIER, True): Action.SEND,
        (True, Doubt.TODAY, False): Action.REPEAT,
        (True, Doubt.TODAY, True): Action.REPEAT,
    }
)
"""What a worker does in each situation."""


def decide(digest: Digest, now: datetime, policy: Policy) -> Decision:
    """Return what to do with a digest now. Rule: M-13, D-13a.

    A recipient is told in the forenoon only, and not twice on one local day. A batch of today goes again as it is,
    under its key: the inbox may already have that key. A batch of an earlier day goes together with what is due now.

    Args:
        digest: The state, as it was claimed.
        now: The instant of the claim, an aware time.
        policy: The unit's policy now.
    """
    day = now.astimezone(policy.zone).date()
    due = frozenset(message.id for message in digest.waiting if message.due_at <= now)
    action = DECISIONS[_may_be_told(digest, now, day, policy), _doubt(digest.batch, day), bool(due)]
    if action is Action.WAIT:
        return Decision(action=action)
    batch = digest.batch
    if action is Action.REPEAT:
        assert batch is not None, "only a batch is repeated"
        return Decision(action=action, messages=batch.messages, tried_on=batch.attempted_on)
    joined = due if batch is None else batch.messages | due
    return Decision(action=action, messages=joined)


def told_on(digest: Digest, day: date | None) -> date | None:
    """Return the day on which a recipient was told last, when an attempt of a day may have told the recipient too.

    Rule: D-13a.

    Args:
        digest: The state before.
        day: The local day of the attempt. For a key that the inbox knew: `Decision.tried_on`. For a batch that ends
            without an answer (dropped, given up, purged): `Batch.attempted_on`.
    """
    return max((known for known in (digest.told_on, day) if known is not None), default=None)


def _may_be_told(digest: Digest, now: datetime, day: date, policy: Policy) -> bool:
    opens, ends = (local_time(day, at, policy.zone) for at in (policy.collected_at, policy.forenoon_ends))
    return opens <= now < ends and (digest.told_on is None or digest.told_on < day)


def _doubt(batch: Batch | None, day: date) -> Doubt:
    if batch is None:
        return Doubt.NONE
    # A day that comes twice, after a zone moved west, is the same day.
    return Doubt.EARLIER if batch.attempted_on < day else Doubt.TODAY
