"""What goes wrong around a delivery worker: sends that fail, hang, and take their worker with them."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any

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
ODDS: Mapping[str, int] = MappingProxyType(
    {
        NONE: 1000,
        "fails": 60,
        "fails for good": 5,
        "raises something else": 15,
        TAKEN_AND_FAILS: 20,
        "hangs past the lease": 15,
        "has taken it, and hangs past the lease": 10,
        "the process dies": 8,
        "has taken it, and the process dies": 12,
    }
)
"""What can happen to a send, and how often it does beside the others."""


def _troubles(seconds: Callable[[], float]) -> Mapping[str, tuple[When, Does]]:
    fails, hangs, dies = Fails(DeliveryError("out of order")), Sleeps(seconds), KillsTheProcess()
    return {
        "fails": (When.BEFORE, fails),
        "fails for good": (When.BEFORE, Fails(DeliveryError("out of order for good", permanent=True))),
        "raises something else": (When.BEFORE, Fails(TimeoutError())),
        TAKEN_AND_FAILS: (When.AFTER, fails),
        "hangs past the lease": (When.BEFORE, hangs),
        "has taken it, and hangs past the lease": (When.AFTER, hangs),
        "the process dies": (When.BEFORE, dies),
        "has taken it, and the process dies": (When.AFTER, dies),
    }


class Troubled:
    """The ports of a delivery worker: what passes is journaled, and sends go wrong.

    Args:
        journal: The worker's journal.
        random: What goes wrong.
        lease: The seconds that a lease lasts.
        odds: How often each trouble comes, beside the others.
    """

    def __init__(self, journal: Journal, random: Random, lease: float, odds: Mapping[str, int] = ODDS) -> None:
        self._journal = journal
        self._random = random
        self._odds = odds
        self._troubles = _troubles(lambda: lease * random.uniform(1, 2))

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
        trouble = self._random.choices(tuple(self._odds), tuple(self._odds.values()))[0]
        asked = self._journal.asked("send", key=key, trouble=trouble)

        def take(*args: object, **options: object) -> object:
            answer = call.ask(*args, **options)
            self._journal.asked("taken", key=key)
            return answer

        taking = evolve(call, ask=take)
        try:
            when, does = self._troubles.get(trouble, (When.BEFORE, None))
            answer = taking.go() if does is None else does.around(taking, when)
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


def _claim_facts(now: object, limit: int, lease: Any) -> Mapping[str, object]:
    return {"now": now, "limit": limit, "lease": lease.total_seconds()}


_JOURNALED: Mapping[str, tuple[Callable[..., Mapping[str, object]], Callable[[Any], Mapping[str, object]]]] = {
    "storage.claim": (_claim_facts, _claims),
    "storage.begin": (lambda decided: {"decided": [_decided(*one) for one in decided]}, _batches),
    "storage.complete": (lambda results, *_: {"results": [_result(one) for one in results]}, lambda _: {}),
}
"""The calls of the storage that are journaled: what is asked, and what is answered."""
