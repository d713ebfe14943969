"""Law 5 at a pace: which slots a channel has, and what a pace leaves no time for. It knows no rule of the library."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.testing.reference.laws import Law, LawViolation, unless

AHEAD = timedelta(minutes=1)
"""A worker holds slots for so long; while others hold them for longer, it leaves all to a later run."""


class Grant(NamedTuple):
    """The slots that a worker was granted, and when it asked for them."""

    channel: Channel
    at: datetime
    slots: tuple[datetime, ...]


class Used(NamedTuple):
    """A slot that was used: by a collected notice or by a direct one, and since when that was due."""

    collected: bool
    due_at: datetime


class Slots:
    """The slots of one channel: how many were granted since the last pause, and the latest of them.

    Args:
        pace: The pace of the channel.
    """

    def __init__(self, pace: ChannelPace) -> None:
        self._pace = pace
        self._in_round = 0
        self.latest: datetime | None = None

    def next_at(self, now: datetime) -> datetime:
        """Return the first instant from `now` on at which somebody may send."""
        return now if self.latest is None else max(now, self.latest + self._gap(self._in_round))

    def are_held(self, now: datetime) -> bool:
        """Return whether the slots of the next minute are another worker's."""
        return self.latest is not None and self.latest >= now + AHEAD

    def note(self, grant: Grant) -> Iterator[LawViolation]:
        """Note granted slots: each must lie as near as the pace allows, and no nearer; none lies after a minute."""
        law, asked_at = Law.NOTIFIED_ONCE_IN_TIME, grant.at
        for at in grant.slots:
            expected = self.next_at(asked_at)
            what = f"{grant.channel.value}: a slot at {at}, and the pace has it at {expected}"
            yield from unless(at == expected and at <= grant.slots[0] + AHEAD, law, what)
            self._in_round = 1 if self._is_rested(at) else self._in_round + 1
            self.latest = at

    def room(self, begins: datetime, ends: datetime) -> int:
        """Return how many notices go between two instants, if every slot is used from the first one on."""
        at, in_round, number = self.next_at(begins), self._in_round, 0
        in_round = 0 if self._is_rested(at) else in_round
        while at < ends:
            number, in_round = number + 1, in_round + 1
            at += self._gap(in_round)
            in_round = 0 if self._is_full(in_round) else in_round
        return number

    def _gap(self, in_round: int) -> timedelta:
        return max(self._pace.pause, self._pace.interval) if self._is_full(in_round) else self._pace.interval

    def _is_full(self, in_round: int) -> bool:
        return self._pace.round_size is not None and in_round >= self._pace.round_size

    def _is_rested(self, at: datetime) -> bool:
        """Return whether a slot at an instant begins a round."""
        return self.latest is None or at - self.latest >= max(self._pace.pause, self._pace.interval)


def leaves_no_slot(due_at: datetime, used: Iterable[Used], room: int) -> bool:
    """Return whether a forenoon had no slot for a collected notification: the one excuse that a pace is.

    Every slot was used, and for nothing that is less urgent: for direct notices, and for what has waited as long.

    Args:
        due_at: Since when the notification was due.
        used: The slots of the forenoon that were used.
        room: The number of slots that the forenoon had.
    """
    slots = [*used]
    return len(slots) >= room and not any(one.collected and one.due_at > due_at for one in slots)
