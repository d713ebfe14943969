"""The notifications of the memory storage; its owner holds the lock."""

from collections import ChainMap, Counter
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from attrs import evolve, frozen

from digital_painschool.errors import Conflict
from digital_painschool.notification import Channel, Claimed, Notification, NotificationRecord, Outcome, Status
from digital_painschool.people import HsaId, PersonId
from digital_painschool.ports.storage import Change

_Key = tuple[HsaId, Channel, PersonId | HsaId, str]
_K = TypeVar("_K")


@frozen(kw_only=True)
class _Row:
    notification: Notification
    status: Status = Status.PENDING
    attempts: int = 0
    settled_at: datetime | None = None
    token: str | None = None
    held_until: datetime | None = None

    @property
    def is_free(self) -> bool:
        """Pending and unclaimed; whether a lease ran out is for `claim` alone, as nothing else is told the time."""
        return self.status is Status.PENDING and self.token is None

    @property
    def is_droppable(self) -> bool:
        """Free and never tried: what was tried may have been handed over, so a worker decides on it."""
        return self.is_free and not self.attempts

    @property
    def has_told(self) -> bool:
        """A collected one that was delivered: another of its lane does not go on the same day."""
        return self.status is Status.DELIVERED and self.notification.collected

    def is_held(self, now: datetime) -> bool:
        return self.held_until is not None and now < self.held_until

    def without(self, enrolment_id: str) -> "_Row":
        causes = tuple(cause for cause in self.notification.causes if cause.enrolment_id != enrolment_id)
        return evolve(self, notification=evolve(self.notification, causes=causes))


class Outbox:
    """The notifications with what has become of them, and who has them in hand."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}
        self._pending: set[str] = set()
        self._keys: dict[_Key, set[str]] = {}
        self._told: dict[str, set[str]] = {}
        self._enrolments: dict[str, set[str]] = {}
        self._claims = 0

    def after(self, change: Change) -> Mapping[str, _Row]:
        """Give the rows that a change makes or changes, and change nothing yet.

        Raises:
            Conflict: A notification to drop is claimed, tried or settled, or somebody else holds one that was claimed.
        """
        rows: ChainMap[str, _Row] = ChainMap({}, self._rows)
        held = all(_held(rows, claimed.notification.id, claimed.token) for claimed in change.held)
        if not held or _settle(rows, change.outcomes) != len(change.outcomes):
            raise Conflict("somebody else has the notification in hand; leave it to them")
        for notification_id in change.dropped:
            row = rows.get(notification_id)
            if row is None or not row.is_droppable:
                raise Conflict("a notification to drop is on its way or settled; load the enrolment and decide again")
            rest = row.without(change.enrolment.id)
            # One that nothing else caused keeps its causes, so that the books show it and a purge finds it.
            rows[notification_id] = (
                rest
                if rest.notification.causes
                else evolve(row, status=Status.DROPPED, settled_at=change.enrolment.last_entry_at)
            )
        for notification in change.notifications:
            self._join(rows, notification)
        return rows.maps[0]

    def keep(self, rows: Mapping[str, _Row]) -> None:
        """Keep rows as `after` gave them."""
        for notification_id, row in rows.items():
            self._unlink(notification_id)
            self._rows[notification_id] = row
            self._keys.setdefault(_key(row.notification), set()).add(notification_id)
            for cause in row.notification.causes:
                self._enrolments.setdefault(cause.enrolment_id, set()).add(notification_id)
            if row.status is Status.PENDING:
                self._pending.add(notification_id)
            if row.has_told:
                self._told.setdefault(row.notification.lane, set()).add(notification_id)

    def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[Claimed, ...]:
        """Take due notifications in hand, whole lanes, oldest first."""
        pending = [self._rows[notification_id] for notification_id in self._pending]
        elsewhere = {row.notification.lane for row in pending if row.is_held(now)}
        due = [r for r in pending if r.notification.due_at <= now and r.notification.lane not in elsewhere]
        due.sort(key=lambda row: (row.notification.due_at, row.notification.id))
        lanes = _first_lanes(due, limit)
        self._claims += 1
        token = f"claim-{self._claims}"
        taken = [row for row in due if row.notification.lane in lanes]
        for row in taken:
            held = evolve(row, attempts=row.attempts + 1, token=token, held_until=now + lease)
            self._rows[row.notification.id] = held
        told = {lane: self._told_at(lane) for lane in lanes}
        return tuple(
            Claimed(
                notification=row.notification,
                attempts=row.attempts,
                token=token,
                told_at=told[row.notification.lane],
                held_until=row.held_until,
            )
            for row in taken
        )

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """Write down what became of claimed notifications; a stale token is passed over."""
        rows: ChainMap[str, _Row] = ChainMap({}, self._rows)
        _settle(rows, outcomes)
        self.keep(rows.maps[0])

    def records(self, enrolment_id: str) -> Iterator[NotificationRecord]:
        """Give every notification that an enrolment caused, by the entry that asked first."""
        for row in self._caused_by(enrolment_id):
            yield NotificationRecord(
                notification=row.notification,
                status=row.status,
                attempts=row.attempts,
                settled_at=row.settled_at,
            )

    def droppable(self, enrolment_id: str) -> Iterator[Notification]:
        """Give the pending, unclaimed and never attempted notifications that an enrolment caused."""
        return (row.notification for row in self._caused_by(enrolment_id) if row.is_droppable)

    def forget(self, enrolment_id: str) -> None:
        """Delete an enrolment's causes, and the notifications that nothing else caused."""
        for row in self._caused_by(enrolment_id):
            rest = row.without(enrolment_id)
            if rest.notification.causes:
                self.keep({row.notification.id: rest})
            else:
                self._unlink(row.notification.id)
                del self._rows[row.notification.id]

    def _join(self, rows: ChainMap[str, _Row], notification: Notification) -> None:
        key = _key(notification)
        for notification_id in sorted({*self._keys.get(key, ()), *rows.maps[0]}):
            row = rows[notification_id]
            if row.is_free and _key(row.notification) == key:
                new = tuple(cause for cause in notification.causes if cause not in row.notification.causes)
                joined = evolve(row.notification, causes=(*row.notification.causes, *new))
                rows[notification_id] = evolve(row, notification=joined)
                return
        if notification.id in rows:
            raise Conflict("there is a notification of that id already")
        rows[notification.id] = _Row(notification=notification)

    def _told_at(self, lane: str) -> datetime | None:
        times = (self._rows[notification_id].settled_at for notification_id in self._told.get(lane, ()))
        return max((time for time in times if time is not None), default=None)

    def _caused_by(self, enrolment_id: str) -> list[_Row]:
        def place(row: _Row) -> tuple[int, str]:
            seqs = (cause.seq for cause in row.notification.causes if cause.enrolment_id == enrolment_id)
            return min(seqs), row.notification.id

        return sorted((self._rows[n] for n in self._enrolments.get(enrolment_id, ())), key=place)

    def _unlink(self, notification_id: str) -> None:
        row = self._rows.get(notification_id)
        if row is None:
            return
        self._pending.discard(notification_id)
        _discard(self._keys, _key(row.notification), notification_id)
        if row.has_told:
            _discard(self._told, row.notification.lane, notification_id)
        for enrolment_id in {cause.enrolment_id for cause in row.notification.causes}:
            _discard(self._enrolments, enrolment_id, notification_id)


def _key(notification: Notification) -> _Key:
    return notification.unit, notification.channel, notification.recipient, notification.window


def _held(rows: Mapping[str, _Row], notification_id: str, token: str) -> _Row | None:
    row = rows.get(notification_id)
    return row if row is not None and row.token == token else None


def _settle(rows: MutableMapping[str, _Row], outcomes: Iterable[Outcome]) -> int:
    settled = 0
    for outcome in outcomes:
        row = _held(rows, outcome.notification_id, outcome.token)
        if row is None:
            continue
        back = outcome.status is Status.PENDING
        notification = row.notification
        if back and outcome.due_at is not None:
            notification = evolve(notification, due_at=outcome.due_at)
        rows[notification.id] = _Row(
            notification=notification,
            status=outcome.status,
            attempts=row.attempts if outcome.tried else row.attempts - 1,
            settled_at=None if back else outcome.at,
        )
        settled += 1
    return settled


def _first_lanes(due: Sequence[_Row], limit: int) -> set[str]:
    sizes = Counter(row.notification.lane for row in due)
    lanes: set[str] = set()
    size = 0
    for row in due:
        if row.notification.lane in lanes:
            continue
        if size >= limit:
            break
        lanes.add(row.notification.lane)
        size += sizes[row.notification.lane]
    return lanes


def _discard(index: dict[_K, set[str]], key: _K, value: str) -> None:
    left = index[key]
    left.discard(value)
    if not left:
        del index[key]
