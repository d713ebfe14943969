"""Values as JSON has them, where `digital_painschool.serialization` leaves them to the storage."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from attrs import asdict, evolve, frozen

from digital_painschool.enrolment import Enrolment, Phase, Tally
from digital_painschool.notification import (
    Cause,
    Channel,
    Claimed,
    Notification,
    NotificationRecord,
    Outcome,
    Status,
    Template,
)
from digital_painschool.people import HsaId, PersonId
from digital_painschool.ports.storage import AccessEntry, Activity, Content, Entry
from digital_painschool.purging import EndedEnrolment
from digital_painschool.serialization import (
    ENROLMENT_SHAPE,
    KIND_OF,
    Data,
    content_from_data,
    enrolment_from_data,
    enrolment_to_data,
    event_from_data,
    event_to_data,
    instant_from_text,
    instant_to_text,
    optional_instant_to_text,
    shape_of,
)


@frozen(kw_only=True)
class Kept:
    """An enrolment as it is kept: its state, its figures, and the version that was last exported."""

    enrolment: Enrolment
    tally: Tally
    exported: int = 0

    @property
    def is_open(self) -> bool:
        """True until it has ended."""
        return self.enrolment.phase is not Phase.ENDED

    @property
    def ended(self) -> EndedEnrolment:
        """What the retention rules see of it."""
        enrolment = self.enrolment
        assert enrolment.ended_at is not None
        return EndedEnrolment(
            enrolment_id=enrolment.id,
            version=enrolment.version,
            ended_at=enrolment.ended_at,
            last_entry_at=enrolment.last_entry_at,
            exported=self.exported,
        )

    def to_data(self) -> Data:
        """Describe it."""
        return {
            "id": self.enrolment.id,
            "shape": ENROLMENT_SHAPE,
            "state": enrolment_to_data(self.enrolment),
            "tally": asdict(self.tally),
            "exported": self.exported,
        }


def kept_from_data(data: Data) -> Kept:
    """Make what `Kept.to_data` described in the present shape."""
    return Kept(
        enrolment=enrolment_from_data(data["state"]),
        tally=Tally(**data["tally"]),
        exported=data["exported"],
    )


def entry_to_data(entry: Entry, content: Content | None) -> Data:
    """Describe a timeline entry and its document."""
    kind = KIND_OF[type(entry.event)]
    return {
        "seq": entry.seq,
        "kind": kind,
        "shape": shape_of(kind),
        "at": instant_to_text(entry.event.at),
        "by": entry.event.by,
        "data": event_to_data(entry.event),
        "document": content if content is None or isinstance(content, str) else dict(content),
    }


def entry_from_data(data: Data) -> Entry:
    """Make the timeline entry that was described."""
    at = instant_from_text(data["at"])
    return Entry(seq=data["seq"], event=event_from_data(data["kind"], data["shape"], at, data["by"], data["data"]))


def documents_from_data(rows: Iterable[Data]) -> dict[int, Content]:
    """Make the documents that were described with their entries."""
    return {row["seq"]: content_from_data(row["document"]) for row in rows if row["document"] is not None}


def access_to_data(entry: AccessEntry) -> Data:
    """Describe a line of the access log."""
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


def access_from_data(data: Data) -> AccessEntry:
    """Make the line that was described."""
    made = {
        "at": instant_from_text(data["at"]),
        "unit": HsaId(data["unit"]),
        "activity": Activity(data["activity"]),
        "person": None if data["person"] is None else PersonId(**data["person"]),
    }
    return AccessEntry(**{**data, **made})


@frozen(kw_only=True)
class Waiting:
    """A notification as it is kept.

    Args:
        notification: What it is.
        status: What has become of it.
        attempts: How many attempts were begun.
        token: The present claim's, until its outcome is settled; None when nobody has it in hand.
        held_until: When the present claim's lease runs out.
        settled_at: When it left `PENDING`.
    """

    notification: Notification
    status: Status = Status.PENDING
    attempts: int = 0
    token: str | None = None
    held_until: datetime | None = None
    settled_at: datetime | None = None

    @property
    def is_free(self) -> bool:
        """True when it is pending and not claimed."""
        return self.status is Status.PENDING and self.token is None

    def taken(self, until: datetime) -> "Waiting":
        """Give it as it is kept when a worker has taken it in hand."""
        return evolve(self, attempts=self.attempts + 1, token=uuid4().hex, held_until=until)

    def claimed(self, before: "Waiting", told_at: datetime | None) -> Claimed:
        """Give what the worker is given that has it in hand."""
        assert self.token is not None
        return Claimed(
            notification=self.notification,
            attempts=before.attempts,
            token=self.token,
            told_at=told_at,
            held_until=before.held_until,
        )

    @property
    def record(self) -> NotificationRecord:
        """What is in the books."""
        return NotificationRecord(
            notification=self.notification, status=self.status, attempts=self.attempts, settled_at=self.settled_at
        )

    def caused_by(self, enrolment_id: str) -> list[int]:
        """Name the entries of an enrolment that asked for it."""
        return [cause.seq for cause in self.notification.causes if cause.enrolment_id == enrolment_id]

    def with_causes(self, causes: Iterable[Cause]) -> "Waiting":
        """Give it with other causes."""
        return evolve(self, notification=evolve(self.notification, causes=tuple(causes)))

    def held_at(self, now: datetime) -> bool:
        """Tell whether somebody has it in hand by a lease that has not run out."""
        return self.held_until is not None and now < self.held_until

    def settled(self, outcome: Outcome) -> "Waiting":
        """Give it with what became of the present claim."""
        due_at = outcome.due_at if outcome.status is Status.PENDING else None
        return evolve(
            self,
            notification=evolve(self.notification, due_at=due_at or self.notification.due_at),
            status=outcome.status,
            attempts=self.attempts if outcome.tried else self.attempts - 1,
            token=None,
            held_until=None,
            settled_at=None if outcome.status is Status.PENDING else outcome.at,
        )

    def to_data(self) -> Data:
        """Describe it."""
        notification = self.notification
        recipient = notification.recipient
        return {
            "notification": {
                "id": notification.id,
                "unit": str(notification.unit),
                "channel": notification.channel.value,
                "recipient": _person_to_data(recipient) if isinstance(recipient, PersonId) else str(recipient),
                "template": notification.template.value,
                "window": notification.window,
                "lane": notification.lane,
                "due_at": instant_to_text(notification.due_at),
                "causes": [asdict(cause) for cause in notification.causes],
                "collected": notification.collected,
            },
            "status": self.status.value,
            "attempts": self.attempts,
            "token": self.token,
            "held_until": optional_instant_to_text(self.held_until),
            "settled_at": optional_instant_to_text(self.settled_at),
        }


def waiting_from_data(data: Data) -> Waiting:
    """Make the notification that was described."""
    given = data["notification"]
    recipient = given["recipient"]
    made = {
        "unit": HsaId(given["unit"]),
        "channel": Channel(given["channel"]),
        "recipient": HsaId(recipient) if isinstance(recipient, str) else PersonId(**recipient),
        "template": Template(given["template"]),
        "due_at": instant_from_text(given["due_at"]),
        "causes": tuple(Cause(**cause) for cause in given["causes"]),
    }
    return Waiting(
        notification=Notification(**{**given, **made}),
        status=Status(data["status"]),
        attempts=data["attempts"],
        token=data["token"],
        held_until=_optional_instant(data["held_until"]),
        settled_at=_optional_instant(data["settled_at"]),
    )


def _person_to_data(person: PersonId) -> Data:
    # Not `asdict`: the number is masked from all that reads the fields by itself.
    return {"scheme": person.scheme, "value": person.value}


def _optional_instant(text: Any) -> datetime | None:
    return None if text is None else instant_from_text(text)
