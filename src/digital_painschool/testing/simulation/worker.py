"""The delivery worker: cron's passes, skipped where nothing can be due, and what goes wrong with them."""

from datetime import datetime, time, timedelta

import attrs

from digital_painschool.testing.simulation.days import DAY, clock_changes, instant
from digital_painschool.testing.simulation.scene import Scene

_QUARTER = timedelta(minutes=15)
_FORENOON = range(6, 13)
"""The local hours in which cron makes a pass every quarter of an hour; in the others one an hour."""
_FUSES = (0, 0, 1, 1, 2, 3, 5, 9)
"""After so many hand-overs and notes a worker that is to die does; few passes have many."""
_LEASE_IS_OVER = timedelta(minutes=16)


class Worker:
    """Makes passes: at fixed times, and at the first time that cron has when something may be due.

    Args:
        scene: Whose.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._habits = scene.region.habits.mishaps
        self._chance = scene.region.chance("passes", scene.unit.number)
        self._planned: set[datetime] = set()
        self._running = False
        scene.at(scene.now, self.day)

    def day(self) -> None:
        """Plan the fixed passes of a local day."""
        zone, policy = self.scene.unit.policy.zone, self.scene.unit.policy
        today = self.scene.tellings.day(self.scene.now)
        for at in (*self._habits.fixed_passes, policy.collected_at):
            self.want(instant(today, at, zone))
        if self._chance.happens(self._habits.dense_days) or today in clock_changes(zone, today.year):
            slot = self.scene.now
            while slot < self.scene.now + DAY:
                self.want(slot)
                slot = self._slot(slot + _QUARTER)
        self.scene.at(instant(today + DAY, time(0), zone), self.day)

    def want(self, at: datetime) -> None:
        """Ask for the first pass from an instant on."""
        slot = self._slot(max(at, self.scene.now))
        if slot not in self._planned:
            self._planned.add(slot)
            self.scene.at(slot, self.make_pass)

    def _slot(self, at: datetime) -> datetime:
        quarters = -(-(at - self.scene.region.start) // _QUARTER)
        slot = self.scene.region.start + quarters * _QUARTER
        while slot.minute and slot.astimezone(self.scene.unit.policy.zone).hour not in _FORENOON:
            slot += _QUARTER
        return slot

    def make_pass(self) -> None:
        """Make a pass, unless cron skips it; what was skipped is made at the next time."""
        scene, chance, habits = self.scene, self._chance, self._habits
        self._planned.discard(scene.now)
        is_away = scene.region.away(scene.tellings.day(scene.now))
        if is_away or chance.happens(habits.pass_missed):
            scene.figures.events["passes missed"] += 1
            scene.tellings.went_wrong(scene.now)
            self.want(scene.now + timedelta(minutes=1))
            return
        if self._running:
            # One that runs while another does is that other's mishap, and has none of its own.
            self._count(attrs.asdict(scene.school.delivery().run()))
            return
        around = scene.surroundings
        if chance.happens(habits.killed):
            around.fuse = chance.pick(_FUSES)
            # What it has in hand comes back when the lease is over.
            self.want(scene.now + _LEASE_IS_OVER)
        if chance.happens(habits.overlaps):
            around.meanwhile.append(self._overlap)
        if chance.happens(habits.slow):
            around.meanwhile.append(self._slow)
        self._running = True
        try:
            done = scene.school.delivery().run()
        finally:
            self._running = False
        around.fuse = None
        around.meanwhile.clear()
        self._count(attrs.asdict(done))

    def _count(self, done: dict[str, int]) -> None:
        self.scene.figures.passes["passes"] += 1
        self.scene.figures.passes.update({kind: number for kind, number in done.items() if number})
        if done["retried"] or done["waiting"]:
            for minutes in (15, *self.scene.unit.policy.retry_minutes):
                self.want(self.scene.now + timedelta(minutes=minutes))

    def _overlap(self) -> None:
        """Let another worker make a whole pass while one hands something over."""
        self.scene.figures.events["workers that overlapped"] += 1
        fuse, self.scene.surroundings.fuse = self.scene.surroundings.fuse, None
        done = self.scene.another().delivery().run()
        self.scene.surroundings.fuse = fuse
        self._count(attrs.asdict(done))

    def _slow(self) -> None:
        """Let life go on for a while before the inbox answers."""
        scene = self.scene
        scene.figures.events["hand-overs that took minutes"] += 1
        fuse, scene.surroundings.fuse = scene.surroundings.fuse, None
        scene.tellings.went_wrong(scene.now)
        until = scene.now + self._chance.time(*self._habits.slowness)
        scene.run(until)
        scene.tellings.went_wrong(scene.now)
        self.want(scene.now + _LEASE_IS_OVER)
        scene.surroundings.fuse = fuse
