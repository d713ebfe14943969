"""Notifications that wait to be handed over, and what became of the others."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import evolve

from digital_painschool.errors import Conflict
from digital_painschool.notification import Claimed, Notification, NotificationRecord, Outcome, Status
from digital_painschool.people import PersonId
from json_storage.books import Part, all_waiting, caused, ids_of, notified
from json_storage.folder import Table, Transaction
from json_storage.values import Waiting


class JsonOutbox(Part):
    """Notifications, from the step that asks for one to what becomes of it."""

    def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[Claimed, ...]:
        with self._folder.transaction() as books:
            taken = [(one, one.taken(now + lease)) for one in _free_lanes(list(all_waiting(books)), now, limit)]
            for _, one in taken:
                put(books, one)
            return tuple(one.claimed(before, _told_at(books, one.notification)) for before, one in taken)

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        with self._folder.transaction() as books:
            for outcome in outcomes:
                settle(books, outcome)

    def notifications(self, enrolment_id: str) -> tuple[NotificationRecord, ...]:
        with self._folder.transaction() as books:
            return tuple(one.record for one in caused(books, enrolment_id))

    def cancellable(self, enrolment_id: str) -> tuple[Notification, ...]:
        with self._folder.transaction() as books:
            found = caused(books, enrolment_id)
        return tuple(one.notification for one in found if one.is_free and not one.attempts)


def _free_lanes(waiting: Sequence[Waiting], now: datetime, limit: int) -> list[Waiting]:
    """Choose what is claimed: whole lanes that nobody holds, the oldest first, until the limit is reached."""
    busy = {one.notification.lane for one in waiting if one.held_at(now)}
    due = [one for one in waiting if one.notification.due_at <= now and one.notification.lane not in busy]
    due.sort(key=_age)
    taken: dict[str, list[Waiting]] = {}
    for one in due:
        lane = one.notification.lane
        if lane not in taken and sum(map(len, taken.values())) < limit:
            taken[lane] = [other for other in due if other.notification.lane == lane]
    return sorted((one for lane in taken.values() for one in lane), key=_age)


def _told_at(books: Transaction, notification: Notification) -> datetime | None:
    """Tell when a collected one of the same lane was last delivered: all of a lane are one patient's."""
    if not notification.collected or not isinstance(notification.recipient, PersonId):
        return None
    settled = (one for id_ in ids_of(books, notification.recipient) for one in caused(books, id_))
    told = (
        one.settled_at
        for one in settled
        if one.status is Status.DELIVERED and one.notification.lane == notification.lane
    )
    return max((at for at in told if at is not None), default=None)


def _age(one: Waiting) -> tuple[datetime, str]:
    return one.notification.due_at, one.notification.id


def ask(books: Transaction, notification: Notification) -> None:
    """Let a notification join the one of its window that waits, or keep it beside all others."""
    for one in all_waiting(books):
        if one.is_free and _window(one.notification) == _window(notification):
            put(books, one.with_causes(dict.fromkeys((*one.notification.causes, *notification.causes))))
            kept_as = one.notification.id
            break
    else:
        if notified(books, notification.id) is not None:
            raise Conflict("there is another notification under this id")
        put(books, Waiting(notification=notification))
        kept_as = notification.id
    for enrolment_id in dict.fromkeys(cause.enrolment_id for cause in notification.causes):
        books.add(Table.ASKED, (kept_as,), enrolment_id)


def _window(notification: Notification) -> tuple[object, ...]:
    return notification.unit, notification.channel, notification.recipient, notification.window


def drop(books: Transaction, notification_id: str, enrolment_id: str, at: datetime) -> None:
    """Take an enrolment's causes out of a notification; what nothing else caused is dropped, and keeps them."""
    one = notified(books, notification_id)
    assert one is not None
    others = [cause for cause in one.notification.causes if cause.enrolment_id != enrolment_id]
    put(books, one.with_causes(others) if others else evolve(one, status=Status.DROPPED, settled_at=at))


def held(books: Transaction, notification_id: str, token: str) -> bool:
    """Tell whether a notification is held under a token."""
    one = notified(books, notification_id)
    return one is not None and one.token is not None and one.token == token


def settle(books: Transaction, outcome: Outcome) -> None:
    """Write down what became of a claim, if it is still the present one."""
    one = notified(books, outcome.notification_id)
    if one is not None and held(books, outcome.notification_id, outcome.token):
        put(books, one.settled(outcome))


def put(books: Transaction, one: Waiting) -> None:
    """Keep a notification where those of its status are."""
    there, elsewhere = Table.WAITING, Table.SETTLED
    if one.status is not Status.PENDING:
        there, elsewhere = elsewhere, there
    books.put(there, one.to_data(), one.notification.id)
    books.remove(elsewhere, one.notification.id)
