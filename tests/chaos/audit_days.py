"""The audit of the days: collected ones go in the forenoon, and once a day to a patient of a unit."""

from collections.abc import Iterator
from datetime import date

from digital_painschool.people import HsaId
from digital_painschool.policy import Policy
from digital_painschool.testing.lifecycle.calendar import instant, local_day
from tests.chaos.books import Books
from tests.chaos.cast import POLICIES
from tests.chaos.holds import Hold, holds


def days_wrong(books: Books) -> Iterator[str]:
    """Tell where a collected one went outside the forenoon, or two of one patient and unit on one day.

    The day is that of the clock that claimed it.
    """
    first: dict[tuple[str, date], Hold] = {}
    for hold, key, day in _handed(books):
        policy = _policy(hold, key)
        opens, shuts = (instant(day, at, policy.zone) for at in (policy.collected_at, policy.forenoon_ends))
        if not opens <= hold.now < shuts:
            yield f"notification {key} went at {hold.now.astimezone(policy.zone):%H:%M}"
        earlier = first.setdefault((hold.lane, day), hold)
        if earlier is not hold:
            yield f"notification {key} went on a day on which its patient had been told before"


def _handed(books: Books) -> Iterator[tuple[Hold, str, date]]:
    """Give each collected one at its first hand-over, with the day of the clock that claimed it."""
    keys: set[str] = set()
    for hold in holds(books.noted):
        for key in sorted(hold.handed - keys):
            if hold.items[key]["collected"]:
                keys.add(key)
                yield hold, key, local_day(hold.now, _policy(hold, key).zone)


def _policy(hold: Hold, key: str) -> Policy:
    return POLICIES[HsaId(str(hold.items[key]["unit"]))]
