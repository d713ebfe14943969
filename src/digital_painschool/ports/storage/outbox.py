"""The transactional outbox: notifications on their way, in digests."""

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import Channel, NotificationRecord, UnreadableNotification
from digital_painschool.domain.pace import DueCount
from digital_painschool.ports.storage.access_log import AccessEntry

NOTHING: Mapping[DigestId, Sequence[AccessEntry]] = MappingProxyType({})
"""No entries for the access log."""


class Outbox(Protocol):
    """Notifications on their way: claim a digest, store the intent (begin), send, store the result (complete).

    A recipient's collected notifications at a unit, over one channel and of one template, share one `Digest`, whose id
    is that of its first notification: those of a patient's enrolments, and those of all patients in the summary of a
    member of staff. Every other notification has a digest of its own.
    """

    @abstractmethod
    def claim(
        self, now: datetime, limit: int, lease: timedelta, channels: Collection[Channel] | None = None
    ) -> tuple[Claim, ...]:
        """Claim digests until `now + lease`.

        Args:
            now: The present instant.
            limit: The most digests.
            lease: How long they are held.
            channels: Only digests of these channels; None for all. A digest with an unreadable channel is among them.

        Contract:
            * **one transaction**: a claim that is stopped has claimed nothing.
            * **due**: a digest can be claimed at or after its `next_at`, when it is unclaimed or its lease has expired.
              `next_at` is the earliest `due_at` of the pending notifications, unless a result sets another. A later
              notification brings `next_at` forward, but not while a batch is in doubt. A digest whose notifications
              were all cancelled may be claimed once more, with nothing pending.
            * **clock**: an instant further ahead than any claim or result reaches is a wrong clock's. A `next_at` after
              `LONGEST_WAIT` stops no digest with an earlier `due_at`, and a lease that ends after `LONGEST_LEASE` has
              expired.
            * **one holder**: no two claims hold one digest at a time, and no two claims have one token.
            * **direct first**: digests that are not collected come before those that are.
            * **oldest first**: within these, digests come by the earliest `due_at` of their notifications, then by
              `next_at`, then by id. The notifications are those that wait, or have waited since the last result. A
              `next_at` before that `due_at` stands for it. A digest that did not fit into a forenoon so comes before
              the new ones of the next. At most `limit` are claimed.
            * **channels**: nothing of another channel is claimed, nor does it count against `limit`.
            * **poison**: a digest is a suspect when a lease expired after a begin: its poison message may have crashed
              the worker. A suspect is claimed when nothing else can be claimed, and alone. One whose oldest
              notification has waited for `LONGEST_SUSPICION` has its place in the order again, and is still claimed
              alone: there may always be something else. Of several suspects, the one with the fewest lost workers takes
              that place, so that one poison message does not hold up the others of its batch. `lost` counts the claims
              whose lease expired after a begin; a result sets the count anew.
            * **unreadable**: an unreadable digest, or one with an unreadable notification, is left until its lease
              expires. That counts as no attempt. Such a digest stops no other one, whatever the limit is. A log line
              names it.
        """
        ...

    @abstractmethod
    def count_due(self, now: datetime) -> tuple[DueCount, ...]:
        """Return the numbers of digests that can be claimed, by channel, unit and kind.

        Contract:
            * **due**: a digest counts when it can be claimed, as a suspect too.
            * **unreadable**: an unreadable digest may count or not, and hides no other.
        """
        ...

    @abstractmethod
    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[DigestId, Batch]:
        """Store the intent to send, in one transaction, and return the begun batches by digest id.

        Contract:
            * **fenced**: a claim without the present fencing token begins nothing.
            * **what still waits**: the batch holds those of the decided notifications that are still pending. When none
              is left, no batch begins, and the digest is released.
            * **key**: `REPEAT` keeps the key of the batch in doubt. `SEND` takes `batch_key` of the notifications, each
              with the number of times that `reject` has changed it: it is never sent again under a rejected key.
            * **recorded**: `attempted_on` is the day of the decision.
        """
        ...

    @abstractmethod
    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[DigestId, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        """Store the results of claimed digests, and each digest's entries for the access log, by digest id.

        Contract:
            * **one transaction**, with all results.
            * **fenced**: a result without the present fencing token is ignored, with its entries for the access log.
            * **released**: the digest can be claimed again. Its count of lost workers is the result's.
            * **counted**: each notification in `attempted` has one attempt more. An attempt whose result is lost is not
              counted: the next claim counts the lost worker.
            * **reason**: a notification that is settled as `UNREACHABLE` or `FAILED` has the reason of the result.
            * **kept**: a settled notification keeps the key of its batch, for `notification_keys` and `reject`.
        """
        ...

    @abstractmethod
    def reject(self, key: str, at: datetime) -> int:
        """Note that what was delivered under a key did not reach its recipient; return how many notifications changed.

        Contract:
            * **failed**: each `DELIVERED` notification that has the key becomes `FAILED`, settled at `at`, with the
              reason `REPORTED`. Its end is a note to write, as after `complete`. Every other
              notification stays as it is.
            * **once**: the same call again changes nothing and returns 0, also when the note is written.
            * **unknown**: a key that no batch has changes nothing.
            * **in doubt**: a `Conflict` is raised while a notification that has the key is pending: the result of its
              send is not stored yet. Nothing is changed.
            * **one transaction**, with all notifications of the key.

        Raises:
            Conflict: The batch is in doubt.
        """
        ...

    @abstractmethod
    def notifications(
        self,
        enrolment_id: EnrolmentId,
        *,
        newest_first: bool = False,
        after: tuple[int, str] | None = None,
        limit: int | None = None,
    ) -> tuple[NotificationRecord | UnreadableNotification, ...]:
        """Return every notification that an enrolment asked for, by entry, then by id.

        Args:
            enrolment_id: The enrolment.
            newest_first: True for the reverse order.
            after: Only those that follow this entry number and notification id in the order; None for all.
            limit: The most notifications, the first ones in the order; None for all.

        Contract:
            * **page**: the pages of a walk, each after the last one of the page before, hold every notification once,
              in either order.
            * **unreadable**: a placeholder stands for an unreadable notification, which hides none of the others.
        """
        ...

    @abstractmethod
    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        """Return settled notifications whose end is not on the timeline yet, by rising id, those above `after`.

        `complete` leaves such a note to write when it settles a notification as anything but `DELIVERED`. An unreadable
        notification is left out, and a log line names it. A page is empty only where no readable one follows.
        """
        ...


def each_unnoted(storage: Outbox) -> Iterator[NotificationRecord]:
    """Yield the settled notifications whose end is not on the timeline yet, by rising id."""
    after = ""
    while page := storage.unnoted(after=after):
        yield from page
        after = page[-1].notification.id
