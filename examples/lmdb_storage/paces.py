"""The slots of the channels: the instants at which one worker may send."""

from datetime import datetime, timedelta

from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace, LatestSlot, grant, unknown_slot
from digital_painschool.errors import StorageError
from digital_painschool.serialization.scalars import instant_from_text, instant_to_text
from digital_painschool.serialization.stored import read_stored
from lmdb_storage.database import Part, Transaction, log
from lmdb_storage.tables import Table


class LmdbPaces(Part):
    """The latest slot of each channel."""

    def reserve_slots(
        self, channel: Channel, pace: ChannelPace, wanted: int, now: datetime, span: timedelta
    ) -> tuple[datetime, ...]:
        with self._database.writing() as transaction:
            try:
                latest = read_stored(f"the latest slot of {channel.value}", _latest, transaction, channel)
            except StorageError as failure:
                log.error("%s; a pause follows", failure)
                latest = unknown_slot(pace, now)
            slots, latest = grant(latest, pace, wanted, now, span)
            if slots and latest is not None:
                transaction.put(Table.PACES, [instant_to_text(latest.at), latest.in_round], channel.value)
            return slots


def _latest(transaction: Transaction, channel: Channel) -> LatestSlot | None:
    data = transaction.get(Table.PACES, channel.value)
    return None if data is None else LatestSlot(at=instant_from_text(data[0]), in_round=data[1])
