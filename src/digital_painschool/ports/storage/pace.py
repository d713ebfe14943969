"""The pace of the channels, which all workers keep to together."""

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import Protocol

from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace


class Paces(Protocol):
    """The slots of each channel: the instants at which one worker may send. Rule: D-13e."""

    @abstractmethod
    def reserve_slots(
        self, channel: Channel, pace: ChannelPace, wanted: int, now: datetime, span: timedelta
    ) -> tuple[datetime, ...]:
        """Return the next slots of a channel, reserved for one worker; `domain.pace.grant` decides which.

        A slot that is not used is lost: a worker that crashes wastes its slots and breaks nothing.

        Args:
            channel: The channel.
            pace: The channel's pace, from now on.
            wanted: The most slots.
            now: The present instant. It may lie before an earlier one.
            span: How far ahead slots are reserved, and how far apart the first and the last slot may be.

        Contract:
            * **one transaction**: no slot is reserved twice, however many workers ask at the same time.
            * **apart**: a slot lies at least `interval` after every earlier slot of the channel, and never before
              `now`.
            * **rounds**: no more than `round_size` slots follow each other without `pause` between two of them. The
              slots of one call lie in one round.
            * **near**: the slots of one call lie within `span` of the first. While the latest slot of the channel lies
              at or after `now + span`, the result is empty, and nothing changes.
            * **new pace**: the pace of the call holds at once, whatever the pace of earlier calls was.
            * **clock**: a latest slot further ahead than `now`, twice `span` and the longer of `interval` and `pause`
              together comes from a wrong clock. It counts as the end of a round at `now`.
            * **unreadable**: an unreadable latest slot counts as the end of a round at `now`. A log line names the
              channel.
        """
        ...
