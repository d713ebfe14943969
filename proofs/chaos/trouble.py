"""What goes wrong around a delivery worker: sends that fail, hang, and take their worker with them."""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from random import Random
from time import sleep
from typing import Any

from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult
from digital_painschool.errors import DeliveryError
from digital_painschool.ports import Inbox, Messenger, Storage
from digital_painschool.ports.inbox import Notice
from digital_painschool.testing.faults import Call, watched
from proofs.chaos.journal import Journal, name_of


class Trouble(Enum):
    """What can happen to a send."""

    NONE = "none"
    FAILS = "fails"
    FAILS_FOR_GOOD = "fails for good"
    RAISES = "raises something else"
    FAILS_AFTERWARDS = "has taken it, and says that it failed"
    HANGS = "hangs past the lease"
    HANGS_AFTERWARDS = "has taken it, and hangs past the lease"
    DIES = "the process dies"
    DIES_AFTERWARDS = "has taken it, and the process dies"


ODDS = {
    Trouble.NONE: 1000,
    Trouble.FAILS: 60,
    Trouble.FAILS_FOR_GOOD: 5,
    Trouble.RAISES: 15,
    Trouble.FAILS_AFTERWARDS: 20,
    Trouble.HANGS: 15,
    Trouble.HANGS_AFTERWARDS: 10,
    Trouble.DIES: 8,
    Trouble.DIES_AFTERWARDS: 12,
}
_BEFORE, _AFTER = "before", "after"
_WHEN = {
    Trouble.FAILS: _BEFORE,
    Trouble.FAILS_FOR_GOOD: _BEFORE,
    Trouble.RAISES: _BEFORE,
    Trouble.HANGS: _BEFORE,
    Trouble.DIES: _BEFORE,
    Trouble.FAILS_AFTERWARDS: _AFTER,
    Trouble.HANGS_AFTERWARDS: _AFTER,
    Trouble.DIES_AFTERWARDS: _AFTER,
}


class Troubled:
    """Watches a worker's ports, journals what passes, and lets sends go wrong.

    Args:
        journal: The worker's.
        random: What goes wrong.
        lease: How many seconds a lease lasts.
        odds: How often each trouble comes, beside the others.
    """

    def __init__(self, journal: Journal, random: Random, lease: float, odds: dict[Trouble, int] | None = None) -> None:
        self._journal = journal
        self._random = random
        self._lease = lease
        self._odds = ODDS if odds is None else odds

    def storage(self, storage: Storage) -> Storage:
        """Return the storage with its claims, begun batches and results journaled."""
        around: dict[str, Callable[[Call], object]] = {
            "claim": self._claim,
            "begin": self._begin,
            "complete": self._complete,
        }
        return watched(storage, lambda call: around.get(call.method, Call.go)(call))

    def inbox(self, inbox: Inbox) -> Inbox:
        """Return the inbox, in trouble."""
        return watched(inbox, lambda call: self._send(call) if call.method == "deliver" else call.go())

    def messenger(self, messenger: Messenger) -> Messenger:
        """Return a messenger, in trouble."""
        return watched(messenger, lambda call: self._send(call) if call.method == "send" else call.go())

    def _claim(self, call: Call) -> object:
        now, limit, lease = call.args
        seconds = lease.total_seconds()
        return self._journaled(call, "claim", _claims, now=now, limit=limit, lease=seconds)

    def _begin(self, call: Call) -> object:
        [decided] = call.args
        return self._journaled(call, "begin", _batches, decided=[_decided(*one) for one in decided])

    def _complete(self, call: Call) -> object:
        results = [_result(one) for one in call.args[0]]
        return self._journaled(call, "complete", lambda _: {}, results=results)

    def _send(self, call: Call) -> object:
        key = call.args[0].key if call.args and isinstance(call.args[0], Notice) else call.options["key"]
        trouble = self._random.choices(tuple(self._odds), tuple(self._odds.values()))[0]
        asked = self._journal.asked("send", key=key, trouble=trouble.value)
        when = _WHEN.get(trouble)
        strike = partial(self._strike, trouble)
        try:
            if when is _BEFORE:
                strike()
            answer = call.go()
            self._journal.asked("taken", key=key)
            if when is _AFTER:
                strike()
        except Exception as error:
            self._journal.answered(asked, name_of(error))
            raise
        self._journal.answered(asked, "ok")
        return answer

    def _journaled(self, call: Call, what: str, told: Callable[[Any], Mapping[str, object]], **facts: object) -> object:
        asked = self._journal.asked(what, **facts)
        try:
            answer = call.go()
        except Exception as error:
            self._journal.answered(asked, name_of(error), why=str(error))
            raise
        self._journal.answered(asked, "ok", **told(answer))
        return answer

    def _strike(self, trouble: Trouble) -> None:
        match trouble:
            case Trouble.FAILS | Trouble.FAILS_AFTERWARDS:
                raise DeliveryError("out of order")
            case Trouble.FAILS_FOR_GOOD:
                raise DeliveryError("out of order for good", permanent=True)
            case Trouble.RAISES:
                raise TimeoutError
            case Trouble.HANGS | Trouble.HANGS_AFTERWARDS:
                sleep(self._lease * self._random.uniform(1, 2))
            case _:
                os.kill(os.getpid(), signal.SIGKILL)


def _claims(claims: Sequence[Claim]) -> Mapping[str, object]:
    return {"claims": [_claim(one) for one in claims]}


def _claim(one: Claim) -> Mapping[str, object]:
    digest = one.digest
    return {
        "digest": digest.id,
        "token": one.token,
        "lost": one.lost,
        "pending": {record.notification.id: record.notification.due_at for record in digest.pending},
        "in_doubt": [] if digest.batch is None else sorted(digest.batch.notifications),
    }


def _decided(claim: Claim, decision: Decision) -> Mapping[str, object]:
    return {
        "digest": claim.digest.id,
        "token": claim.token,
        "action": decision.action.value,
        "day": decision.day,
        "notifications": sorted(decision.notifications),
    }


def _batches(begun: Mapping[str, Batch]) -> Mapping[str, object]:
    return {"begun": {id_: {"key": one.key, "notifications": sorted(one.notifications)} for id_, one in begun.items()}}


def _result(one: DeliveryResult) -> Mapping[str, object]:
    settled = {id_: status.value for id_, status in one.settled.items()}
    return {"digest": one.digest_id, "token": one.token, "settled": settled, "at": one.at}
