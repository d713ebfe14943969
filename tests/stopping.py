"""How the writes of a storage in memory are stopped, as the contract of atomicity asks."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from digital_painschool.adapters.memory.parts import Parts


def stop_transactions(storage: Any, stop: Callable[[], None]) -> None:
    """Call a function before each time that a storage in memory takes its lock: that is one transaction."""
    opened = storage._open

    def stopped() -> AbstractContextManager[Parts]:
        stop()
        found: AbstractContextManager[Parts] = opened()
        return found

    storage._open = stopped
