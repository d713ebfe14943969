"""The parts of the memory storage."""

from digital_painschool.adapters.memory.access_log import MemoryAccessLog
from digital_painschool.adapters.memory.enrolments import MemoryEnrolments
from digital_painschool.adapters.memory.operations import MemoryOperations
from digital_painschool.adapters.memory.outbox import MemoryOutbox
from digital_painschool.adapters.memory.records import MemoryRecords
from digital_painschool.adapters.memory.retention import MemoryRetention
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import LatestSlot


class Parts:
    """The parts of a storage, each with the data of one small protocol of the port."""

    def __init__(self) -> None:
        self.enrolments = MemoryEnrolments()
        self.records = MemoryRecords()
        self.outbox = MemoryOutbox()
        self.operations = MemoryOperations(self.enrolments, self.outbox)
        self.latest_slots: dict[Channel, LatestSlot] = {}
        self.access_log = MemoryAccessLog()
        self.retention = MemoryRetention(self.enrolments, self.records, self.outbox)
