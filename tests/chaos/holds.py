"""Who held what when, as the journals of the delivery workers tell it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import inf

from attrs import define, field

from tests.chaos.books import Books
from tests.chaos.journal import Noted

_WORKERS = frozenset({"delivering", "quiet"})


@define
class Hold:
    """A claim on one lane.

    Args:
        noted: The claim.
        lane: The lane.
        items: What was taken of it, by id.
        outcomes: What the worker has asked to be settled, by id: the status.
        released: When the last of them was asked to be settled, in seconds.
        handed: The keys that were handed over under it and taken.
    """

    noted: Noted
    lane: str
    items: Mapping[str, Mapping[str, object]]
    outcomes: dict[str, str] = field(factory=dict)
    released: float = inf
    handed: set[str] = field(factory=set)

    @property
    def now(self) -> datetime:
        """When, by the worker's clock."""
        return datetime.fromisoformat(self.noted.facts["now"])

    @property
    def until(self) -> datetime:
        """When the lease runs out, by the worker's clock."""
        return self.now + timedelta(seconds=self.noted.facts["lease"])

    @property
    def done(self) -> float:
        """When the claim was answered, in seconds."""
        assert self.noted.answered is not None
        return self.noted.answered


def holds(noted: Sequence[Noted]) -> tuple[Hold, ...]:
    """Give what was held, lane by lane, in the order in which the claims were asked for."""
    found: list[Hold] = []
    lives: dict[tuple[str, int], dict[str, Hold]] = defaultdict(dict)
    for one in noted:
        if one.kind not in _WORKERS:
            continue
        mine = lives[one.kind, one.life]
        if one.what == "claim" and one.answer == "ok":
            lanes: dict[str, dict[str, Mapping[str, object]]] = defaultdict(dict)
            for item in one.came["claimed"]:
                lanes[item["lane"]][item["id"]] = item
            for lane, items in lanes.items():
                hold = Hold(one, lane, items)
                found.append(hold)
                mine.update(dict.fromkeys(items, hold))
        for outcome in one.facts.get("outcomes", ()):
            hold = mine[outcome["id"]]
            hold.outcomes[outcome["id"]] = outcome["status"]
            if hold.outcomes.keys() == hold.items.keys():
                hold.released = one.asked
        if one.what == "taken" and one.facts["key"] in mine:
            mine[one.facts["key"]].handed.add(one.facts["key"])
    return tuple(found)


def there_since(books: Books, key: str) -> float:
    """Give when a collected notification was there for certain, in seconds: when its first message was answered."""
    enrolment, seq, _, _ = key.rsplit(".", 3)
    entries = books.courses[enrolment].entries if enrolment in books.courses else ()
    call = next((books.calls.get(entry.event.at) for entry in entries if entry.seq == int(seq)), None)
    return inf if call is None or call.answered is None else call.answered
