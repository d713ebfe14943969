"""The audit of the claims: one holder at a time, whole lanes, and every status decided by somebody who held it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from math import inf

from attrs import frozen

from digital_painschool.people import HsaId
from digital_painschool.testing.lifecycle.calendar import instant
from tests.chaos.books import Books, Told
from tests.chaos.cast import POLICIES
from tests.chaos.holds import Hold, holds, there_since


@frozen
class Waiting:
    """A collected notification that waits.

    Args:
        key: Its id.
        since: Since when it was there for certain, in seconds.
        until: When a worker first asked to have it settled for good, in seconds.
        due: From which instants on it could go: its run, and where workers have put it back to; each with the second
            from which that may have counted.
    """

    key: str
    since: float
    until: float
    due: tuple[tuple[float, datetime], ...]

    def was_due(self, hold: Hold) -> bool:
        """Whether it was certainly there to be claimed when a claim was made."""
        return (
            self.key not in hold.items
            and self.since <= hold.noted.asked
            and self.until >= hold.done
            and all(at <= hold.now for counts, at in self.due if counts < hold.done)
        )


def claims_wrong(books: Books) -> Iterator[str]:
    """Tell what is wrong with who held what, and who decided."""
    found = holds(books.noted)
    tokens: dict[object, int] = {}
    lanes: dict[str, list[Hold]] = defaultdict(list)
    for hold in found:
        lanes[hold.lane].append(hold)
        for item in hold.items.values():
            if tokens.setdefault(item["token"], id(hold.noted)) != id(hold.noted):
                yield f"one token was given to two claims ({hold.noted.life}, number {hold.noted.number})"
            if hold.now < datetime.fromisoformat(str(item["due_at"])):
                yield f"{item['id']} was claimed before it was due"
    for of_lane in lanes.values():
        for one, other in pairwise(sorted(of_lane, key=lambda hold: hold.done)):
            if one.released > other.done and other.now < one.until and one.now < other.until:
                yield f"{next(iter(other.items))}: its lane was held by lives {one.noted.life} and {other.noted.life}"
    yield from _torn_lanes(books, found)
    yield from _decisions_wrong(books, found)


def _torn_lanes(books: Books, found: Sequence[Hold]) -> Iterator[str]:
    """Tell which collected ones waited, were due, and yet were not claimed with the others of their lane."""
    of_lane = _waiting(books)
    for hold in found:
        for one in of_lane.get(hold.lane, ()):
            if one.was_due(hold):
                yield f"notification {one.key} was left behind by life {hold.noted.life} that took others of its lane"


def _waiting(books: Books) -> Mapping[str, list[Waiting]]:
    settled: dict[str, list[float]] = defaultdict(list)
    put_back: dict[str, list[tuple[float, datetime]]] = defaultdict(list)
    statuses: dict[str, set[str]] = defaultdict(set)
    for one in books.noted:
        for outcome in one.facts.get("outcomes", ()):
            key, status = outcome["id"], outcome["status"]
            statuses[key].add(status)
            if status == "pending":
                put_back[key].append((one.asked, datetime.fromisoformat(outcome["due_at"])))
            else:
                settled[key].append(one.asked)
    found: dict[str, list[Waiting]] = defaultdict(list)
    for told in books.told.values():
        # What no worker has decided, the end of the enrolment has dropped, nobody knows when.
        if told.row["collected"] and told.status in statuses[told.id]:
            due = ((-inf, _run(told)), *put_back[told.id])
            waiting = Waiting(told.id, there_since(books, told.id), min(settled[told.id], default=inf), due)
            found[str(told.row["lane"])].append(waiting)
    return found


def _run(told: Told) -> datetime:
    policy = POLICIES[HsaId(told.row["unit"])]
    return instant(datetime.fromisoformat(told.day).date(), policy.collected_at, policy.zone)


def _decisions_wrong(books: Books, found: Sequence[Hold]) -> Iterator[str]:
    asked: dict[str, set[str]] = defaultdict(set)
    handed: dict[str, list[Hold]] = defaultdict(list)
    for hold in found:
        for key, status in hold.outcomes.items():
            asked[key].add(status)
        for key in hold.handed:
            handed[key].append(hold)
    tried = {one.facts["key"] for one in books.noted if one.what == "hand over"}
    for told in books.told.values():
        if told.status not in asked[told.id] and not (told.status == "dropped" and not told.row["attempts"]):
            yield f"notification {told.id} is {told.status}, and no worker has decided that"
        if told.status == "dropped":
            if any(hold.outcomes.get(told.id) == "dropped" for hold in handed[told.id]):
                yield f"notification {told.id} was dropped by the worker that had handed it over"
            if told.id in books.taken[told.channel] and told.id not in tried:
                yield f"notification {told.id} was dropped, and nobody has tried, and yet it was taken"
