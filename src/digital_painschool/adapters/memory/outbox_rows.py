"""The rows of the outbox in memory."""

from datetime import date, datetime

from attrs import Factory, define, frozen

from digital_painschool.domain.digest import Digest, is_free
from digital_painschool.domain.ids import DigestId, NotificationId
from digital_painschool.domain.notification import NotificationRecord


@frozen(kw_only=True)
class NotificationRow:
    """A notification, its digest and its latest key."""

    record: NotificationRecord
    digest_id: DigestId
    key: str | None = None
    noted: bool = True
    reports: int = 0
    """How many times it was reported as failed after the send."""


@define(kw_only=True)
class DigestRow:
    """A digest, and the claim on it."""

    digest: Digest
    """The digest without its notifications and its batch, which the notification rows have."""
    notifications: set[NotificationId] = Factory(set)
    superseded: set[str] = Factory(set)
    """The keys of batches in doubt that were sent again under another key."""
    key: str | None = None
    attempted_on: date | None = None
    next_at: datetime | None = None
    oldest_due_at: datetime | None = None
    """The earliest due instant of what is pending, and never after `next_at`."""
    token: str | None = None
    lease_until: datetime | None = None
    begun: bool = False
    lost: int = 0

    @property
    def is_suspect(self) -> bool:
        """True when a lease expired after a begin: the digest may have crashed the worker."""
        return self.begun or self.lost > 0

    def waits_since(self, at: datetime) -> bool:
        """Return whether the oldest notification was due at an instant already."""
        return self.oldest_due_at is not None and self.oldest_due_at <= at

    def is_free(self, now: datetime) -> bool:
        """Return whether the digest can be claimed."""
        return is_free(now, next_at=self.next_at, oldest_due_at=self.oldest_due_at, lease_until=self.lease_until)
