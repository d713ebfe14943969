"""Law 5 at one unit: the oracle, with the events of the unit, and with the faults of the simulation as its excuses."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta

from digital_painschool.application.results import SentMessage
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event, NotificationDropped, NotificationUndelivered
from digital_painschool.domain.notification import Channel, NotificationRecord, Notify, Status
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import load_notifications
from digital_painschool.testing.reference.arrivals import Arrival
from digital_painschool.testing.reference.calendar import DAY, HOUR, is_forenoon, local_day
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.expectations import ExpectedNotification, Key
from digital_painschool.testing.reference.notifications import NotificationOracle
from digital_painschool.testing.reference.pace import Slots, Used, leaves_no_slot
from digital_painschool.testing.simulation.processes import Processes
from digital_painschool.testing.simulation.scene import Scene

_ON_THE_WAY = HOUR
"""A fault so long before the run can still hold it up: a lease is a quarter of an hour."""
_QUARTER = timedelta(minutes=15)
"""The time between two runs in the forenoon; it also counts the lateness."""
_SOON = timedelta(minutes=61)
"""The time between two runs, and a minute more."""
_AFTER_THE_FORENOON = time(13)
_NEEDS_NO_NOTE = frozenset({Status.PENDING, Status.DELIVERED})


class Notifications:
    """The notifications of a unit, and the days on which their delivery was disturbed.

    Args:
        scene: The unit.
        processes: The processes that send them.
        want: Plans the first run of the worker from an instant on.
    """

    def __init__(self, scene: Scene, processes: Processes, want: Callable[[datetime], object]) -> None:
        self._scene = scene
        self._processes = processes
        self.want = want
        self.oracle = NotificationOracle(scene.policy, self._address)
        self._versions: dict[str, int] = {}
        self._disturbed: set[date] = set()
        self._disturbed_forenoons: set[date] = set()
        self._wrong: set[Key] = set()
        self._used: defaultdict[date, dict[object, Used]] = defaultdict(dict)
        """The slots of the inbox's pace that each forenoon has used, by digest."""
        self._sent: list[tuple[datetime, bool]] = []
        """When notices arrived over the inbox at a pace, and whether each was direct."""

    def _address(self, hsa_id: HsaId, channel: Channel) -> Address | None:
        found: Address | None = getattr(self._scene.scenario.ports.directory.find(hsa_id), channel.value, None)
        return found

    # What happens

    def disturb(self) -> None:
        """Note a fault in the delivery: direct ones may be later now, and collected ones too about the forenoon."""
        scene, today = self._scene, self._scene.today
        self._disturbed.add(today)
        opens, ends = (scene.instant(today, at) for at in (scene.policy.collected_at, scene.policy.forenoon_ends))
        if opens - _ON_THE_WAY <= scene.now < ends:
            self._disturbed_forenoons.add(today)

    def saved(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Note the events of a step."""
        model = self._scene.models.get(enrolment.id)
        if model is None:
            return  # it starts just now
        self._versions[model.id] = enrolment.version
        for seq, event in enumerate(events, start=enrolment.version - len(events) + 1):
            if isinstance(event, NotificationDropped | NotificationUndelivered):
                self._note_end(event)
            self._scene.note(self.oracle.note(model, seq, event))
            for channel in (Channel.EMAIL, Channel.SMS):
                one = self.oracle.expected.get((model.id, seq, channel))
                if one is not None:
                    self.want(one.due_at)

    def sent(self, model: ReferenceEnrolment, message: SentMessage, notify: Notify) -> None:
        """Note a message that was sent just now, and plan the run of its notification."""
        seq, now = self._versions[model.id], self._scene.now
        one = self.oracle.expect_message(model, seq, message.conversation, message.number, notify, now)
        if one is not None:
            self.want(one.due_at)

    def settle(self) -> None:
        """Note what was sent since the last time, and what failed."""
        arrivals, refused = self._processes.sent()
        for arrival in arrivals:
            self.arrived(arrival)
        if refused:
            self._scene.figures.events["notices that the inbox did not take"] += refused
            self.disturb()

    def arrived(self, arrival: Arrival) -> None:
        """Note a notice that was accepted as new."""
        scene, first = self._scene, self.oracle.expectation(arrival.key)
        if first is not None:
            scene.figures.by_day[_kind(first), scene.figures.day(arrival.at)] += 1
            if first.channel is Channel.INBOX and self._processes.inbox_pace is not None:
                self._sent.append((arrival.at, not first.collected))
                self._use(first, arrival.at)
        is_excused = self._day(arrival.at) in self._disturbed
        scene.note(self.oracle.arrive(arrival, lambda one: is_excused or one.has_reason(scene.now)))

    def judge(self) -> None:
        """Check what has become of every notification that waits, and count it."""
        scene, waiting = self._scene, [*self.oracle.waiting.values()]
        ids = dict.fromkeys(one.enrolment.id for one in waiting)
        records = {id_: load_notifications(scene.storage, id_) for id_ in ids}
        owed = self.owed(record for of_one in records.values() for record in of_one)
        scene.note(self.oracle.judge(records, owed, scene.now, self))
        for one in waiting:
            if one.status is not None:
                scene.figures.fates[f"{_kind(one)}, {one.status.value}"] += 1
            if one.collected and one.flag is None and one.arrived_at is not None:
                scene.figures.lateness[(one.arrived_at - one.at) // _QUARTER] += 1

    def owed(self, records: Iterable[NotificationRecord]) -> frozenset[str]:
        """Return the ids of all notifications whose end a later run notes; none when none of some records needs it."""
        if all(record.status in _NEEDS_NO_NOTE for record in records):
            return frozenset()
        return frozenset(record.notification.id for record in self._scene.storage.unnoted())

    # What the faults and the pace excuse

    def latest(self, expected: ExpectedNotification) -> datetime:
        """Return the instant by which a notification must have arrived: a collected one with the first calm run.

        At a pace, that is the first calm forenoon that has a slot for it; and a direct one goes after those before it.
        """
        due, scene = self._day(expected.due_at), self._scene
        pace = self._processes.inbox_pace if expected.channel is Channel.INBOX else None
        if expected.collected:
            day = _first_calm(due, self._disturbed_forenoons)
            while self._has_gap(expected, day):
                day = _first_calm(day + DAY, self._disturbed_forenoons)
            if pace is None:
                return scene.instant(day, scene.policy.collected_at) + _QUARTER
            while self._had_no_slot(expected, day, pace):
                day = _first_calm(day + DAY, self._disturbed_forenoons)
            return scene.instant(day, scene.policy.forenoon_ends) + _QUARTER
        days = {due - DAY, due, due + DAY}
        if not any(self._has_gap(expected, day) for day in days) and self._disturbed.isdisjoint(days):
            before = sum(is_direct and expected.due_at <= at for at, is_direct in self._sent)
            return expected.due_at + _SOON + (timedelta(0) if pace is None else (1 + before) * pace.interval)
        return scene.instant(_first_calm(due + DAY, self._disturbed), _AFTER_THE_FORENOON)

    def _has_gap(self, expected: ExpectedNotification, day: date) -> bool:
        """Return whether the staff directory does not know the recipient on a day."""
        return isinstance(expected.to, HsaId) and self._processes.has_gap(expected.to, day)

    def _use(self, one: ExpectedNotification, at: datetime) -> None:
        """Note the slot that the digest of a notification has used."""
        if one.channel is Channel.INBOX and is_forenoon(at, self._scene.policy):
            due = [other.due_at for other in self.oracle.waiting.values() if other.digest == one.digest]
            self._used[self._day(at)][one.digest] = Used(one.collected, min(due, default=at))

    def _had_no_slot(self, expected: ExpectedNotification, day: date, pace: ChannelPace) -> bool:
        scene = self._scene
        opens, ends = (scene.instant(day, at) for at in (scene.policy.collected_at, scene.policy.forenoon_ends))
        last = max((at for at, _ in self._sent if at < opens), default=opens - pace.interval)
        room = Slots(pace).room(max(opens, last + pace.interval), ends)
        # A worker that died with it has made it a suspect: for a day a poison message goes last.
        has_waited = opens - expected.due_at >= DAY
        is_suspect = not has_waited and any(self._day(expected.due_at) <= one <= day for one in self._disturbed)
        due_at = scene.now if is_suspect else expected.due_at
        return leaves_no_slot(due_at, self._used[day].values(), room)

    def may_be_dropped(self, expected: ExpectedNotification) -> bool:
        """Return whether its reason was gone when the timeline said that it was dropped."""
        return expected.key not in self._wrong

    def may_fail(self, expected: ExpectedNotification, _: Status) -> bool:
        """Return whether there was a fault when the timeline said that it could not be delivered."""
        return expected.key not in self._wrong

    def may_be_unnoted(self, _: ExpectedNotification, record: NotificationRecord) -> bool:
        """Return whether a later run may still write the note."""
        day = self._day(record.settled_at or self._scene.now)
        return day in self._disturbed and self._scene.today <= _first_calm(day, self._disturbed)

    def _note_end(self, event: NotificationDropped | NotificationUndelivered) -> None:
        """Note at once whether a notification was dropped or given up wrongly: later its reason may be back."""
        now, one = self._scene.now, self.oracle.expectation(f"{event.notification}.")
        if one is None:
            return
        if isinstance(event, NotificationDropped):
            # The note may be a later run's, when a worker has crashed between the drop and the note.
            is_wrong = event.by == "system" and self._day(now) not in self._disturbed and one.has_reason(now)
        else:
            if self._processes.inbox_pace is not None:
                self._use(one, now)  # the attempt has used a slot, and nothing arrived
            is_unknown = event.channel is not Channel.INBOX or "reserv" in one.enrolment.person.scheme
            is_wrong = not is_unknown and not any(
                began <= now and one.at <= until for began, until in self._scene.region.outages
            )
        if is_wrong:
            self._wrong.add(one.key)

    def _day(self, at: datetime) -> date:
        return local_day(at, self._scene.policy.zone)


def _kind(expected: ExpectedNotification) -> str:
    if expected.channel is not Channel.INBOX:
        return "to staff"
    return "collected" if expected.collected else "direct"


def _first_calm(day: date, disturbed: AbstractSet[date]) -> date:
    while day in disturbed:
        day += DAY
    return day
