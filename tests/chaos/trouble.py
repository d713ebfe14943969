"""What goes wrong around a delivery worker: hand-overs that fail, hang, and take their worker with them."""

import os
import signal
from collections.abc import Callable
from enum import Enum
from functools import partial
from random import Random
from time import sleep

from digital_painschool.errors import DeliveryFailed
from digital_painschool.notification import Claimed, Outcome
from digital_painschool.ports import Inbox, Messenger, Storage
from digital_painschool.ports.inbox import Notice
from digital_painschool.ports.storage import Change
from digital_painschool.testing.faults import Call, watched
from tests.chaos.journal import Journal, name_of


class Trouble(Enum):
    """What can happen to a hand-over."""

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
    """Watches a worker's ports, journals what passes, and lets hand-overs go wrong.

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
        """Give the storage with its claims, outcomes and steps journaled."""
        around: dict[str, Callable[[Call], object]] = {"claim": self._claim, "settle": self._settle, "save": self._save}
        return watched(storage, lambda call: around.get(call.method, Call.go)(call))

    def inbox(self, inbox: Inbox) -> Inbox:
        """Give the inbox, in trouble."""
        return watched(inbox, lambda call: self._hand_over(call) if call.method == "deliver" else call.go())

    def messenger(self, messenger: Messenger) -> Messenger:
        """Give a messenger, in trouble."""
        return watched(messenger, lambda call: self._hand_over(call) if call.method == "send" else call.go())

    def _claim(self, call: Call) -> object:
        now, limit, lease = call.args
        asked = self._journal.asked("claim", now=now, limit=limit, lease=lease.total_seconds())  # type: ignore[attr-defined]
        claimed = self._journaled(asked, call)
        assert isinstance(claimed, tuple)
        self._journal.answered(asked, "ok", claimed=[_claimed(one) for one in claimed])
        return claimed

    def _settle(self, call: Call) -> object:
        [outcomes] = call.args
        asked = self._journal.asked("settle", outcomes=[_outcome(one) for one in outcomes])  # type: ignore[attr-defined]
        answer = self._journaled(asked, call)
        self._journal.answered(asked, "ok")
        return answer

    def _save(self, call: Call) -> object:
        [change] = call.args
        assert isinstance(change, Change)
        asked = self._journal.asked(
            "save",
            enrolment=change.enrolment.id,
            outcomes=[_outcome(one) for one in change.outcomes],
            held=[one.notification.id for one in change.held],
        )
        answer = self._journaled(asked, call)
        self._journal.answered(asked, "ok")
        return answer

    def _hand_over(self, call: Call) -> object:
        key = call.args[0].key if call.args and isinstance(call.args[0], Notice) else call.options["key"]
        trouble = self._random.choices(tuple(self._odds), tuple(self._odds.values()))[0]
        asked = self._journal.asked("hand over", key=key, trouble=trouble.value)
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

    def _journaled(self, asked: int, call: Call) -> object:
        try:
            return call.go()
        except Exception as error:
            self._journal.answered(asked, name_of(error), why=str(error))
            raise

    def _strike(self, trouble: Trouble) -> None:
        match trouble:
            case Trouble.FAILS | Trouble.FAILS_AFTERWARDS:
                raise DeliveryFailed("out of order")
            case Trouble.FAILS_FOR_GOOD:
                raise DeliveryFailed("out of order for good", permanent=True)
            case Trouble.RAISES:
                raise TimeoutError
            case Trouble.HANGS | Trouble.HANGS_AFTERWARDS:
                sleep(self._lease * self._random.uniform(1, 2))
            case _:
                os.kill(os.getpid(), signal.SIGKILL)


def _claimed(one: Claimed) -> dict[str, object]:
    notification = one.notification
    return {
        "id": notification.id,
        "token": one.token,
        "attempts": one.attempts,
        "lane": notification.lane,
        "collected": notification.collected,
        "unit": notification.unit,
        "due_at": notification.due_at,
    }


def _outcome(one: Outcome) -> dict[str, object]:
    return {"id": one.notification_id, "token": one.token, "status": one.status.value, "due_at": one.due_at}
