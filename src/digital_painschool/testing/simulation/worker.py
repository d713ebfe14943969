"""The delivery worker: cron's runs, skipped where nothing can be due, and the faults in them."""

from datetime import datetime, timedelta
from functools import cache

from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.testing.faults import Killed, When
from digital_painschool.testing.reference.calendar import DAY, MIDNIGHT, clock_changes
from digital_painschool.testing.simulation.notifications import Notifications
from digital_painschool.testing.simulation.processes import Processes
from digital_painschool.testing.simulation.scene import Scene

_QUARTER = timedelta(minutes=15)
_FORENOON = range(6, 13)
"""The local hours in which cron runs every quarter of an hour; in the others once an hour."""
_BEFORE_A_CRASH = (0, 0, 0, 1, 1, 2, 4)
"""The numbers of sends and notes that go well before a worker crashes; few runs have many."""
_LEASE_IS_OVER = timedelta(minutes=16)


class Worker:
    """The runs of a unit: at fixed times, and at the first time that cron has when something may be due."""

    def __init__(self, scene: Scene, processes: Processes, notifications: Notifications) -> None:
        self.scene = scene
        self._processes = processes
        self._notifications = notifications
        self._habits = scene.region.habits.mishaps
        self._chance = scene.region.chance("passes", scene.unit.number)
        self._planned: set[datetime] = set()
        self._is_away = cache(scene.region.away)
        self._running = False
        scene.at(scene.now, self.day)

    def day(self) -> None:
        """Plan the fixed runs of a local day."""
        scene, today, zone = self.scene, self.scene.today, self.scene.policy.zone
        for at in (*self._habits.fixed_passes, scene.policy.collected_at):
            self.want(scene.instant(today, at))
        if self._chance.happens(self._habits.dense_days) or today in clock_changes(zone, today.year):
            at_last, when = scene.now + DAY, scene.now
            while when < at_last:
                self.want(when)
                when = self._cron(when + _QUARTER)
        scene.at(scene.instant(today + DAY, MIDNIGHT), self.day)

    def want(self, at: datetime) -> None:
        """Plan the first run from an instant on."""
        when = self._cron(max(at, self.scene.now))
        if when not in self._planned:
            self._planned.add(when)
            self.scene.at(when, self.run)

    def _cron(self, at: datetime) -> datetime:
        quarters = -(-(at - self.scene.region.start) // _QUARTER)
        when = self.scene.region.start + quarters * _QUARTER
        while when.minute and when.astimezone(self.scene.policy.zone).hour not in _FORENOON:
            when += _QUARTER
        return when

    def run(self) -> None:
        """Run the delivery, unless cron skips it; a skipped run takes place at the next time."""
        scene, chance, habits = self.scene, self._chance, self._habits
        self._planned.discard(scene.now)
        if self._is_away(scene.today) or chance.happens(habits.pass_missed):
            scene.figures.events["runs missed"] += 1
            self._notifications.disturb()
            self.want(scene.now + timedelta(minutes=1))
            return
        if self._running and self._processes.inbox_pace is not None:
            return  # in one thread it would use up the slots of the run that waits, which sends what becomes due
        if self._running:
            # A run within another one is a process of its own, and has none of its faults.
            self._count(self._deliver(self._another()))
            return
        if chance.happens(habits.killed):
            self._processes.crash(chance.pick(_BEFORE_A_CRASH), chance.pick((When.BEFORE, When.AFTER)))
            # What it has claimed comes back when the lease is over.
            self.want(scene.now + _LEASE_IS_OVER)
        for share, event in ((habits.overlaps, self._overlap), (habits.slow, self._wait)):
            if chance.happens(share):
                self._processes.meanwhile(event)
        self._running = True
        try:
            self._count(self._deliver(scene.school))
        except Killed:
            scene.figures.events["processes that crashed"] += 1
            self._notifications.disturb()
            scene.scenario.restart()
            self._notifications.settle()
        finally:
            self._running = False
        self._processes.clear()

    def _another(self) -> PainSchool:
        """Return one more school on the same adapters, as another process would have."""
        return self.scene.scenario.another(self._processes.another())

    def _deliver(self, school: PainSchool) -> DeliveryReport:
        """Run the delivery, and count a run whose forenoon is too short for the pace of a channel."""
        report = school.delivery().run()
        if any(plan.too_late for plan in report.planned):
            self.scene.figures.events["runs whose forenoon was too short"] += 1
        return report

    def _count(self, report: DeliveryReport) -> None:
        self._notifications.settle()
        self.scene.figures.runs["runs"] += 1
        self.scene.figures.runs.update({kind: number for kind, number in report.counts.items() if number})
        if report.retried or report.waiting:
            for minutes in (15, *self.scene.policy.retry_minutes):
                self.want(self.scene.now + timedelta(minutes=minutes))

    def _overlap(self) -> None:
        """Run another worker while one sends a notice."""
        self.scene.figures.events["workers that overlapped"] += 1
        if self._processes.inbox_pace is not None:
            self._notifications.disturb()  # in one thread each uses up slots of the other
        self._count(self._another().delivery().run())

    def _wait(self) -> None:
        """Run the events of some minutes before the inbox answers."""
        scene = self.scene
        scene.figures.events["sends that took minutes"] += 1
        self._notifications.disturb()
        scene.run(scene.now + self._chance.time(*self._habits.slowness))
        self._notifications.disturb()
        self.want(scene.now + _LEASE_IS_OVER)
