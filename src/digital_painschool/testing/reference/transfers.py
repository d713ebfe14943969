"""Hand-overs as the oracle of notifications sees them: what the former therapist was still to be told is passed on."""

from collections.abc import Sequence

from attrs import define, field

from digital_painschool.domain.events import Event, HandedOver, NotificationDropped
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.testing.reference.expectations import ExpectedNotification, Key, Ticked


@define
class Transfer:
    """A hand-over whose entries are being noted.

    Args:
        seq: Its last entry so far.
        by: Who handed the patient over.
        to: The new therapist.
        passed: The entries whose notifications were passed on.
    """

    seq: int
    by: str
    to: HsaId
    passed: set[int] = field(factory=set)

    def passed_on(
        self, old: ExpectedNotification, event: NotificationDropped, ticked: Ticked, policy: Policy
    ) -> tuple[ExpectedNotification, ...]:
        """Return what is expected in the place of a notification that the hand-over's last entry has dropped.

        None is expected for one of an earlier hand-over, nor for a second one of the same entry.

        Args:
            old: The notification to the former therapist.
            event: The entry.
            ticked: The choices of the new therapist.
            policy: The unit's policy.
        """
        is_first = old.seq not in self.passed
        self.passed.add(old.seq)
        is_wanted = old.flag in policy.staff_flags - {FlagKind.HANDED_OVER} and old.flag_stands(event.at)
        return tuple(
            old.passed_on(self.seq, channel, self.to, event.at, summary=ticked.summary)
            for channel in ticked.channels
            if is_first and is_wanted
        )


class Transfers:
    """The hand-overs of the enrolments of a school."""

    def __init__(self) -> None:
        self._under_way: dict[str, Transfer] = {}

    def dropping(self, enrolment_id: str, seq: int, event: Event) -> Transfer | None:
        """Note an entry of a timeline; return its hand-over where it drops a notification for one, or None."""
        transfer = self._under_way.pop(enrolment_id, None)
        if isinstance(event, HandedOver):
            self._under_way[enrolment_id] = Transfer(seq, event.by, event.therapist)
        is_of_it = isinstance(event, NotificationDropped) and transfer is not None
        if not is_of_it or transfer is None or (seq, event.by) != (transfer.seq + 1, transfer.by):
            return None
        transfer.seq = seq
        self._under_way[enrolment_id] = transfer
        return transfer


def passed_on_by_worker(
    asked: Sequence[ExpectedNotification], seq: int, event: NotificationDropped, ticked: Ticked, policy: Policy
) -> tuple[ExpectedNotification, ...]:
    """Return what the present therapist is to be told in the place of a notification that a worker has dropped.

    Nothing is passed on of a settled flag, of an earlier hand-over, and of what that therapist is told of already: by a
    later entry, or over another channel where the dropped one's is unticked.

    Args:
        asked: All that was expected of the enrolment.
        seq: The entry that says so.
        event: The entry's event.
        ticked: The choices of the present therapist.
        policy: The unit's policy.
    """
    old = next((one for one in asked if one.key == key_of(event.notification)), None)
    if old is None or old.flag is None or event.by != "system" or not old.enrolment.is_open:
        return ()
    to, what = old.enrolment.therapist, (old.flag, old.form, old.conversation, old.number)
    is_known = any(
        (one.flag, one.form, one.conversation, one.number, one.to) == (*what, to)
        and (one.seq > old.seq or (one.seq == old.seq and one is not old and old.channel not in ticked.channels))
        for one in asked
    )
    is_wanted = old.flag in policy.staff_flags - {FlagKind.HANDED_OVER} and old.flag_stands(event.at)
    return tuple(
        old.passed_on(seq, channel, to, event.at, summary=ticked.summary)
        for channel in ticked.channels
        if is_wanted and not is_known
    )


def key_of(notification: str) -> Key:
    """Return the key of the notification that an id is of."""
    enrolment_id, seq, channel, _at = notification.rsplit(".", 3)
    return enrolment_id, int(seq), Channel(channel)
