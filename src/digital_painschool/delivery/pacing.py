"""Sending at the pace of the channels: the slots of one worker, and its waits for them. Rule: D-13e."""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event

from attrs import define

from digital_painschool.application.executor import Executor
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.delivery.patience import turn_of
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace, ForenoonPlan
from digital_painschool.ports.paced import kept_paces
from digital_painschool.rules.pace import next_send_at, plan_forenoons

_log = logging.getLogger(__name__)

Wait = Callable[[float], object]
"""A function that waits for a number of seconds."""
Announce = Callable[[tuple[ForenoonPlan, ...]], object]
"""A function that is told the plans of a run."""
_NEVER = datetime.max.replace(tzinfo=UTC)


def announce_nothing(_: tuple[ForenoonPlan, ...]) -> None:
    """Report no plan: the log has it."""


@define
class Turn:
    """The slots of a worker on one channel.

    Args:
        channel: The channel.
        pace: Its pace.
        slots: The instants, in order.
        previous: The instant of the previous send within them.
    """

    channel: Channel
    pace: ChannelPace
    slots: tuple[datetime, ...]
    previous: datetime | None = None

    def next_at(self, now: datetime) -> datetime | None:
        """Return the instant of the next send; None when the slots are over."""
        return next_send_at(self.slots, self.previous, self.pace, now)

    def left(self, now: datetime) -> int:
        """Return how many of the slots can still be used."""
        at = self.next_at(now)
        return 0 if at is None else (self.slots[-1] - at) // self.pace.interval + 1


class Pacer:
    """The turns of one run: for about a minute each, so that no channel holds up another, or what is more urgent.

    Args:
        executor: The storage, the paces and the clock.
        batch: The most slots of a turn.
        lease: How long a claim is held. What is claimed for a turn is sent in half of it.
        stop: The event that ends the run after the send at hand.
        wait: Waits in place of the event, together with the executor's clock; None in production.
    """

    def __init__(self, executor: Executor, batch: int, lease: timedelta, stop: Event, wait: Wait | None) -> None:
        self._executor = executor
        self._paces = kept_paces(executor.ports.paces)
        self._batch = batch
        self._lease = lease
        # What becomes due while a worker sends its slots waits so long at most: what is more urgent goes next.
        self._span = turn_of(lease)
        self._stop = stop
        self._wait = stop.wait if wait is None else wait
        self._turns: dict[Channel, Turn] = {}
        self._finished: set[Channel] = set()
        self.unpaced = tuple(channel for channel in Channel if channel not in self._paces)
        """The channels without a pace."""

    def plan(self) -> tuple[ForenoonPlan, ...]:
        """Return the plans for what is due, and log them: with a warning where not all goes before the forenoon ends.

        Rule: D-13e.
        """
        if not self._paces:
            return ()
        now = self._executor.now()
        due = self._executor.storage.count_due(now)
        policies = {one.unit: self._executor.policy(one.unit) for one in due}
        plans = plan_forenoons(due, self._paces, policies, now)
        for plan in plans:
            channel = plan.channel.value
            log_event(_log, "planned", channel=channel, count=plan.notices, done_by=plan.done_by.isoformat())
            if plan.too_late:
                log_event(_log, "forenoon-too-short", channel=channel, count=plan.too_late)
        return plans

    def near_turns(self) -> list[Turn] | None:
        """Return the turns that begin within a minute, after a wait where there are none yet.

        Returns:
            None when the run is over: nothing is due, other workers have the slots, or the run is stopped.
        """
        if not self._paces or self._stop.is_set():
            return None
        now = self._executor.now()
        due: Counter[Channel] = Counter()
        for one in self._executor.storage.count_due(now):
            due[one.channel] += one.number
        for channel, pace in self._paces.items():
            if channel in self._turns or channel in self._finished:
                continue
            wanted = min(due[channel], self._batch)
            slots = self._executor.storage.reserve_slots(channel, pace, wanted, now, self._span) if wanted else ()
            if slots:
                self._turns[channel] = Turn(channel, pace, slots)
        if not self._turns:
            return None
        near = [turn for turn in self._turns.values() if turn.slots[0] <= now + self._span]
        begins = min(turn.slots[0] for turn in self._turns.values())
        if not near and not self._wait_until(min(now + self._span, begins)):
            return None
        for turn in near:
            del self._turns[turn.channel]
        return near

    def finish(self, channel: Channel) -> None:
        """Record that a channel gets no more slots in this run."""
        self._finished.add(channel)

    def next_at(self, turn: Turn) -> datetime:
        """Return the instant of the next send of a turn; the end of all time when its slots are over."""
        return turn.next_at(self._executor.now()) or _NEVER

    def wait_for(self, turn: Turn) -> bool:
        """Wait for the next slot of a turn, and use it; return whether it has come, and the run goes on."""
        at = turn.next_at(self._executor.now())
        if at is None or not self._wait_until(at):
            return False
        turn.previous = self._executor.now()
        return True

    def _wait_until(self, at: datetime) -> bool:
        """Wait for an instant; return whether it has come, and the run goes on.

        It has not when the run is stopped, or when the clock has not moved on.
        """
        while (now := self._executor.now()) < at:
            if self._stop.is_set():
                return False
            self._wait((at - now).total_seconds())
            if self._executor.now() <= now:
                return False
        return not self._stop.is_set()
