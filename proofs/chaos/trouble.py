"""What goes wrong around a delivery worker: sends that fail, hang, and take their worker with them."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from attrs import evolve

from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult
from digital_painschool.errors import DeliveryError
from digital_painschool.ports import Ports
from digital_painschool.testing.faults import (
    SENDS,
    Call,
    Does,
    Fails,
    KillsTheProcess,
    Sleeps,
    When,
    each_port,
)
from digital_painschool.testing.faults.calls import Port, watched
from proofs.chaos.journal import Journal, name_of

NONE, TAKEN_AND_FAILS = "none", "has taken it, and says that it failed"


class Trouble(NamedTuple):
    """Something that can happen to a send, and how often it does beside the others."""

    odds: int
    does: Does | None = None
    when: When = When.BEFORE


def _troubles(seconds: Callable[[], float]) -> Mapping[str, Trouble]:
    fails, hangs, dies = Fails(DeliveryError("out of order")), Sleeps(seconds), KillsTheProcess()
    never = Fails(DeliveryError("out of order for good", permanent=True))
    return {
        NONE: Trouble(1000),
        "fails": Trouble(60, fails),
        "fails for good": Trouble(5, never),
        "raises something else": Trouble(15, Fails(TimeoutError)),
        TAKEN_AND_FAILS: Trouble(20, fails, When.AFTER),
        "hangs past the lease": Trouble(15, hangs),
        "has taken it, and hangs past the lease": Trouble(10, hangs, When.AFTER),
        "the process dies": Trouble(8, dies),
        "has taken it, and the process dies": Trouble(12, dies, When.AFTER),
    }


class Troubled:
    """The ports of a delivery worker: what passes is journaled, and sends go wrong.

    Args:
        journal: The worker's journal.
        random: What goes wrong.
        lease: The seconds that a lease lasts.
        only: The name of the one trouble that happens; left out, all of them do.
    """

    def __init__(self, journal: Journal, random: Random, lease: float, only: str | None = None) -> None:
        self._journal = journal
        self._random = random
        every = _troubles(lambda: lease * random.uniform(1, 2))
        self._troubles = every if only is None else {only: every[only]}

    def ports(self, ports: Ports) -> Ports:
        """Return the ports in trouble."""

        def wrap(port: Port, name: str) -> Port:
            return watched(port, self, name=name)

        return each_port(ports, wrap)

    def __call__(self, call: Call) -> object:
        if call.method in SENDS:
            return self._send(call)
        if call.name not in _JOURNALED:
            return call.go()
        facts, came = _JOURNALED[call.name]
        asked = self._journal.asked(call.method, **facts(*call.args))
        try:
            answer = call.go()
        except Exception as error:
            self._journal.answered(asked, name_of(error), why=str(error))
            raise
        self._journal.answered(asked, "ok", **came(answer))
        return answer

    def _send(self, call: Call) -> object:
        key = call.args[0].key if call.method == "deliver" else call.options["key"]
        names, troubles = zip(*self._troubles.items(), strict=True)
        (name,) = self._random.choices(names, [trouble.odds for trouble in troubles])
        trouble = self._troubles[name]
        asked = self._journal.asked("send", key=key, trouble=name)

        def take(*args: object, **options: object) -> object:
            answer = call.ask(*args, **options)
            self._journal.asked("taken", key=key)
            return answer

        taking = evolve(call, ask=take)
        try:
            answer = taking.go() if trouble.does is None else trouble.does.around(taking, trouble.when)
        except Exception as error:
            self._journal.answered(asked, name_of(error))
            raise
        self._journal.answered(asked, "ok")
        return answer


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


def _claim_facts(now: object, limit: int, lease: Any, *_: object) -> Mapping[str, object]:
    return {"now": now, "limit": limit, "lease": lease.total_seconds()}


_JOURNALED: Mapping[str, tuple[Callable[..., Mapping[str, object]], Callable[[Any], Mapping[str, object]]]] = {
    "storage.claim": (_claim_facts, _claims),
    "storage.begin": (lambda decided: {"decided": [_decided(*one) for one in decided]}, _batches),
    "storage.complete": (lambda results, *_: {"results": [_result(one) for one in results]}, lambda _: {}),
}
"""The calls of the storage that are journaled: what is asked, and what is answered."""
