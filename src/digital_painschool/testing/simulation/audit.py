"""The audit: the stored records, compared with the models; by samples every day, and all of them at the end."""

from collections import Counter
from datetime import datetime
from functools import partial

from digital_painschool.ports.storage import load_enrolment, load_notifications, load_timeline
from digital_painschool.testing.reference import checks
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.flags import flags_of
from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.reference.notes import note_violations
from digital_painschool.testing.simulation.notifications import Notifications
from digital_painschool.testing.simulation.scene import Scene

_WEEK, _FRIDAY = 7, 2
"""The region begins on a Wednesday; on Fridays it is counted who waits."""


def check_enrolment(scene: Scene, notifications: Notifications, model: ReferenceEnrolment) -> None:
    """Check a stored enrolment: its timeline, its state and its notifications; or that nothing is left of it."""
    storage = scene.storage
    if model.purged:
        scene.note(checks.purge_violations(model, storage))
        return
    state = load_enrolment(storage, model.id)
    if state is None:
        scene.find(Law.REPLAY_GIVES_THE_STATE, model.id, "it is not there any more")
        return
    timeline, records = load_timeline(storage, model.id), load_notifications(storage, model.id)
    scene.note(checks.timeline_violations(model, state, timeline))
    scene.note(checks.state_violations(model, state))
    scene.note(checks.draft_violations(model, storage))
    scene.note(note_violations(model.id, timeline, records, notifications.owed(records)))
    scene.note(notifications.oracle.unexpected(model.id, records))


class Audit:
    """The audit of a unit, every day after the forenoon and at the end."""

    def __init__(self, scene: Scene, notifications: Notifications) -> None:
        self.scene = scene
        self._notifications = notifications
        self.log_lines: Counter[str] = Counter()
        self._log_read = 0
        self._chance = scene.region.chance("audit", scene.unit.number)

    def day(self) -> None:
        """Check what the day has brought."""
        scene = self.scene
        self._notifications.judge()
        self.read_log()
        there = [model for model in scene.models.values() if not model.purged]
        if there:
            check_enrolment(scene, self._notifications, self._chance.pick(there))
        week, day = divmod(scene.figures.day(scene.now), _WEEK)
        if day == _FRIDAY:
            waits = (since for model in there if (since := _oldest_wait(model, scene.now)) is not None)
            scene.figures.waiting.update((week, (scene.now - since).days) for since in waits)

    def read_log(self) -> None:
        """Read on in the access log: it must have every refusal, and no other."""
        scene = self.scene
        found: list[tuple[datetime, str]] = []
        while entries := scene.storage.access_entries(scene.unit.id, after=self._log_read, limit=10_000):
            self._log_read = entries[-1][0]
            self.log_lines.update(f"{e.action}{'' if e.granted else ', refused'}" for _, e in entries)
            found += [(entry.at, entry.by) for _, entry in entries if not entry.granted]
        expected, scene.refusals = scene.refusals, []
        scene.equal(Law.PERMISSIONS_HOLD, sorted(expected), sorted(found), "the refusals in the access log", None)

    def end(self) -> None:
        """Check everything that is left."""
        self.scene.guard(self._notifications.judge)
        self.scene.guard(self.read_log)
        for model in self.scene.models.values():
            self.scene.guard(partial(check_enrolment, self.scene, self._notifications, model))


def _oldest_wait(model: ReferenceEnrolment, now: datetime) -> datetime | None:
    """Return since when the oldest unread form or message waits for the therapist."""
    found = (flag.since for flag in flags_of(model, now) if flag.kind in {"form-saved", "message-received"})
    return min((since for since in found if since is not None), default=None)
