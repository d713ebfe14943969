"""Which worker held which digest when, as the journals of the delivery workers tell it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import inf

from attrs import define, field, frozen

from proofs.chaos.journal import Facts, Noted


@define
class Send:
    """One attempt: when it began, and when at the latest the recipient's side had taken it; in seconds."""

    asked: float
    until: float


@define
class Hold:
    """A claim on one digest, and what the worker did under it.

    Args:
        noted: The call of `claim`.
        digest: The digest's id.
        token: The claim's token.
        pending: When each of the pending notifications is due, by id.
        in_doubt: The ids of those that an earlier worker had begun to send.
        decided: What the worker asked to begin.
        key: The key of the batch that was begun.
        batch: The ids of the notifications in it.
        sends: The attempts.
        settled: What the worker asked to have settled: status and instant, by id.
        released: When the worker asked to release the digest, in seconds.
    """

    noted: Noted
    digest: str
    token: str
    pending: Mapping[str, datetime]
    in_doubt: frozenset[str]
    decided: Facts = field(factory=dict)
    key: str | None = None
    batch: frozenset[str] = frozenset()
    sends: list[Send] = field(factory=list)
    settled: Mapping[str, tuple[str, datetime]] = field(factory=dict)
    released: float = inf

    @property
    def now(self) -> datetime:
        """The instant of the claim, by the worker's clock."""
        return datetime.fromisoformat(self.noted.facts["now"])

    @property
    def until(self) -> datetime:
        """The instant at which the lease is over, by the worker's clock."""
        return self.now + timedelta(seconds=self.noted.facts["lease"])

    @property
    def done(self) -> float:
        """When the claim was answered, in seconds."""
        assert self.noted.answered is not None
        return self.noted.answered


@frozen
class _Reading:
    """What was read of the journals so far."""

    found: list[Hold] = field(factory=list)
    by_token: dict[tuple[str, str], Hold] = field(factory=dict)
    by_key: dict[tuple[int, str], Hold] = field(factory=dict)

    def read(self, one: Noted) -> None:
        """Read one note."""
        for item in one.came.get("claims", ()):
            pending = {id_: datetime.fromisoformat(due) for id_, due in item["pending"].items()}
            hold = Hold(one, item["digest"], item["token"], pending, frozenset(item["in_doubt"]))
            self.found.append(hold)
            self.by_token[hold.token, hold.digest] = hold
        for decided in one.facts.get("decided", ()):
            hold = self.by_token[decided["token"], decided["digest"]]
            hold.decided = decided
            if batch := one.came.get("begun", {}).get(hold.digest):
                hold.key, hold.batch = batch["key"], frozenset(batch["notifications"])
                self.by_key[one.life, batch["key"]] = hold
            elif one.answer == "ok":
                hold.released = one.asked
        for result in one.facts.get("results", ()):
            hold = self.by_token[result["token"], result["digest"]]
            at = datetime.fromisoformat(result["at"])
            hold.settled = {id_: (status, at) for id_, status in result["settled"].items()}
            hold.released = one.asked
        if one.what == "send":
            self.by_key[one.life, one.facts["key"]].sends.append(Send(one.asked, one.answered or inf))
        if one.what == "taken":
            self.by_key[one.life, one.facts["key"]].sends[-1].until = one.asked


def holds(noted: Sequence[Noted]) -> tuple[Hold, ...]:
    """Return what was held, in the order in which the claims were asked for."""
    reading = _Reading()
    for one in noted:
        reading.read(one)
    return tuple(reading.found)
