"""What every adapter of a port must keep, as test classes: subclass one, say how yours is opened, and run pytest."""

# ruff: noqa: E402 - asserts are rewritten only in what is imported afterwards

from pkgutil import iter_modules

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in iter_modules(__path__)))

from digital_painschool.testing.contracts.arrivals import Arrival
from digital_painschool.testing.contracts.directory import DirectoryContract
from digital_painschool.testing.contracts.identity import IdentityContract
from digital_painschool.testing.contracts.inbox import InboxContract
from digital_painschool.testing.contracts.messenger import MessengerContract
from digital_painschool.testing.contracts.observer import ObserverContract
from digital_painschool.testing.contracts.storage import StorageContract

__all__ = [
    "Arrival",
    "DirectoryContract",
    "IdentityContract",
    "InboxContract",
    "MessengerContract",
    "ObserverContract",
    "StorageContract",
]
