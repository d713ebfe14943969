"""Reference adapters in memory, for tests and demos: complete, safe for threads, and gone when the process ends."""

from digital_painschool.adapters.memory.directory import MemoryDirectory
from digital_painschool.adapters.memory.inbox import MemoryInbox
from digital_painschool.adapters.memory.messenger import MemoryMessenger, SentNotification
from digital_painschool.adapters.memory.storage import MemoryStorage

__all__ = ["MemoryDirectory", "MemoryInbox", "MemoryMessenger", "MemoryStorage", "SentNotification"]
