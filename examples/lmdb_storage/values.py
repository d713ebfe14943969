"""Stored values as JSON data, as far as `digital_painschool.serialization` leaves them to the storage."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from attrs import asdict, evolve, frozen

from digital_painschool.domain.digest import Batch, Digest, is_free
from digital_painschool.domain.enrolment import CaseloadCounts
from digital_painschool.domain.notification import (
    Channel,
    FailureReason,
    Notification,
    NotificationRecord,
    Status,
    Template,
    TriggeringEntry,
)
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.ports.storage import (
    AccessEntry,
    Activity,
    Entry,
    StoredEnrolment,
)
from digital_painschool.serialization.enrolments import ENROLMENT_SHAPE, enrolment_from_data, enrolment_to_data
from digital_painschool.serialization.events import KIND_OF, event_from_data, event_to_data, shape_of
from digital_painschool.serialization.scalars import (
    instant_from_text,
    instant_to_text,
    optional_instant_from_text,
    optional_instant_to_text,
)
from digital_painschool.serialization.stored import Data


def stored_enrolment_to_data(one: StoredEnrolment) -> Data:
    """Return an enrolment as data."""
    return {
        "id": one.enrolment.id,
        "shape": ENROLMENT_SHAPE,
        "state": enrolment_to_data(one.enrolment),
        "counts": {**asdict(one.counts), "waiting_since": optional_instant_to_text(one.counts.waiting_since)},
        "exported": one.exported,
    }


def stored_enrolment_from_data(data: Data) -> StoredEnrolment:
    """Return the enrolment that `stored_enrolment_to_data` described in the present shape."""
    return StoredEnrolment(
        enrolment=enrolment_from_data(data["state"]),
        counts=CaseloadCounts(
            **{
                **data["counts"],
                "waiting_since": optional_instant_from_text(data["counts"]["waiting_since"]),
            }
        ),
        exported=data["exported"],
    )


def entry_to_data(entry: Entry) -> Data:
    """Return a timeline entry as data."""
    kind = KIND_OF[type(entry.event)]
    return {
        "seq": entry.seq,
        "kind": kind,
        "shape": shape_of(kind),
        "at": instant_to_text(entry.event.at),
        "by": entry.event.by,
        "data": event_to_data(entry.event),
    }


def entry_from_data(data: Data) -> Entry:
    """Return the timeline entry that `entry_to_data` described."""
    at = instant_from_text(data["at"])
    return Entry(seq=data["seq"], event=event_from_data(data["kind"], data["shape"], at, data["by"], data["data"]))


def access_to_data(entry: AccessEntry) -> Data:
    """Return an entry of the access log as data."""
    return {
        "at": instant_to_text(entry.at),
        "by": entry.by,
        "unit": str(entry.unit),
        "action": entry.action,
        "activity": entry.activity.value,
        "enrolment_id": entry.enrolment_id,
        "person": None if entry.person is None else _person_to_data(entry.person),
        "granted": entry.granted,
    }


def _person_to_data(person: PersonId) -> Data:
    return {"scheme": person.scheme, "value": person.value}


def access_from_data(data: Data) -> AccessEntry:
    """Return the entry that `access_to_data` described."""
    made = {
        "at": instant_from_text(data["at"]),
        "unit": HsaId(data["unit"]),
        "activity": Activity(data["activity"]),
        "person": None if data["person"] is None else PersonId(**data["person"]),
    }
    return AccessEntry(**{**data, **made})


@frozen(kw_only=True)
class StoredNotification:
    """A notification as it is stored.

    Args:
        record: The notification with its status.
        digest_id: The id of its digest.
        key: The key of its latest batch; None while the notification waits.
        reports: How many times it was reported as failed after the send.
    """

    record: NotificationRecord
    digest_id: str
    key: str | None = None
    reports: int = 0

    def to_data(self) -> Data:
        """Return the notification as data."""
        notification = self.record.notification
        flag = notification.trigger.flag
        return {
            **_recipient_to_data(notification),
            "due_at": instant_to_text(notification.due_at),
            "trigger": {**asdict(notification.trigger), "flag": flag and flag.value},
            "status": self.record.status.value,
            "attempts": self.record.attempts,
            "settled_at": optional_instant_to_text(self.record.settled_at),
            "reason": None if self.record.reason is None else self.record.reason.value,
            "digest_id": self.digest_id,
            "key": self.key,
            "reports": self.reports,
        }


def notification_from_data(data: Data) -> StoredNotification:
    """Return the notification that `StoredNotification.to_data` described."""
    flag = data["trigger"].get("flag")  # not there in a notification of an earlier version
    notification = Notification(
        **_recipient_from_data(data),
        due_at=instant_from_text(data["due_at"]),
        trigger=TriggeringEntry(**{**data["trigger"], "flag": flag and FlagKind(flag)}),
    )
    record = NotificationRecord(
        notification=notification,
        status=Status(data["status"]),
        attempts=data["attempts"],
        settled_at=optional_instant_from_text(data["settled_at"]),
        begun=data["key"] is not None,
        reason=None if data.get("reason") is None else FailureReason(data["reason"]),
    )
    reports = data.get("reports", 0)  # not there in a notification of an earlier version
    return StoredNotification(record=record, digest_id=data["digest_id"], key=data["key"], reports=reports)


@frozen(kw_only=True)
class StoredDigest:
    """A digest as it is stored.

    Args:
        digest: The digest, without its pending notifications.
        pending: The ids of the pending notifications.
        superseded: The keys of batches in doubt that were sent again under another key.
        next_at: The instant from which the digest can be claimed; None when nothing is pending.
        oldest_due_at: The earliest `due_at` of what waits, and `next_at` at the latest.
        token: The fencing token of the present claim; None for an unclaimed digest.
        lease_until: The expiry of the present lease.
        begun: Whether a batch was begun under the present claim.
        lost: How many workers began a batch and never completed it.
    """

    digest: Digest
    pending: tuple[str, ...] = ()
    superseded: frozenset[str] = frozenset()
    next_at: datetime | None = None
    oldest_due_at: datetime | None = None
    token: str | None = None
    lease_until: datetime | None = None
    begun: bool = False
    lost: int = 0

    @property
    def is_suspect(self) -> bool:
        """True when a lease expired after a begin: the digest may have crashed the worker."""
        return self.begun or self.lost > 0

    @property
    def due_key(self) -> tuple[str, ...] | None:
        """The key in the order of claims: direct ones first, then the oldest; None when nothing is pending."""
        if self.next_at is None or self.oldest_due_at is None:
            return None
        kind = "collected" if self.digest.collected else "", instant_to_text(self.oldest_due_at)
        return (*kind, instant_to_text(self.next_at), self.digest.id)

    def waits_since(self, at: datetime) -> bool:
        """Return whether the oldest notification was due at an instant already."""
        return self.oldest_due_at is not None and self.oldest_due_at <= at

    def is_free(self, now: datetime) -> bool:
        """Return whether the digest can be claimed."""
        return is_free(now, next_at=self.next_at, oldest_due_at=self.oldest_due_at, lease_until=self.lease_until)

    def without(self, ids: Collection[str]) -> "StoredDigest":
        """Return the digest without some notifications; a batch that has none left is over."""
        batch = self.digest.batch
        if batch is not None:
            left = batch.notifications - {*ids}
            batch = evolve(batch, notifications=left) if left else None
        pending = tuple(id_ for id_ in self.pending if id_ not in ids)
        return evolve(self, pending=pending, digest=evolve(self.digest, batch=batch))

    def to_data(self) -> Data:
        """Return the digest as data."""
        batch, told_on = self.digest.batch, self.digest.told_on
        return {
            **_recipient_to_data(self.digest),
            "told_on": None if told_on is None else told_on.isoformat(),
            "batch": batch and [batch.key, sorted(batch.notifications), batch.attempted_on.isoformat()],
            "pending": self.pending,
            "superseded": sorted(self.superseded),
            "next_at": optional_instant_to_text(self.next_at),
            "oldest_due_at": optional_instant_to_text(self.oldest_due_at),
            "token": self.token,
            "lease_until": optional_instant_to_text(self.lease_until),
            "begun": self.begun,
            "lost": self.lost,
        }


def digest_from_data(data: Data) -> StoredDigest:
    """Return the digest that `StoredDigest.to_data` described."""
    batch = None
    if data["batch"] is not None:
        key, ids, attempted_on = data["batch"]
        batch = Batch(key=key, notifications=frozenset(ids), attempted_on=date.fromisoformat(attempted_on))
    told_on = None if data["told_on"] is None else date.fromisoformat(data["told_on"])
    return StoredDigest(
        digest=Digest(**_recipient_from_data(data), told_on=told_on, batch=batch),
        pending=tuple(data["pending"]),
        superseded=frozenset(data["superseded"]),
        next_at=optional_instant_from_text(data["next_at"]),
        oldest_due_at=optional_instant_from_text(data["oldest_due_at"]),
        token=data["token"],
        lease_until=optional_instant_from_text(data["lease_until"]),
        begun=data["begun"],
        lost=data["lost"],
    )


def _recipient_to_data(sent: Notification | Digest) -> Data:
    recipient = sent.recipient
    return {
        "id": sent.id,
        "unit": str(sent.unit),
        "channel": sent.channel.value,
        "recipient": _person_to_data(recipient) if isinstance(recipient, PersonId) else str(recipient),
        "template": sent.template.value,
        "collected": sent.collected,
    }


def _recipient_from_data(data: Data) -> dict[str, Any]:
    recipient = data["recipient"]
    return {
        "id": data["id"],
        "unit": HsaId(data["unit"]),
        "channel": Channel(data["channel"]),
        "recipient": HsaId(recipient) if isinstance(recipient, str) else PersonId(**recipient),
        "template": Template(data["template"]),
        "collected": data["collected"],
    }
