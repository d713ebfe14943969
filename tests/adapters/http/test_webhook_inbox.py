"""The webhook inbox against a real server, by the inbox's contract and beyond it."""

from collections.abc import Iterable
from contextlib import AbstractContextManager

import pytest

from digital_painschool.domain.people import PersonId
from digital_painschool.ports.inbox import Inbox
from digital_painschool.testing.contracts import Arrival, InboxContract
from tests.adapters.http.integration_platform import SECRET, UNKNOWN, IntegrationPlatform


class TestWebhookInbox(InboxContract):
    """An integration platform that knows a key for good and can delete, by the contract."""

    answers_within = 5.0
    secrets = (SECRET,)
    unreachable = PersonId("personnummer", UNKNOWN)

    @pytest.fixture
    def place(self, platform: IntegrationPlatform) -> IntegrationPlatform:
        """The platform."""
        return platform

    def open(self, place: IntegrationPlatform) -> Inbox:
        """Open an inbox that leads to the platform."""
        return place.inbox(seconds=20.0)

    def spoil(self, place: IntegrationPlatform) -> None:
        """Take the platform down."""
        place.down()

    def hanging(self, place: IntegrationPlatform) -> AbstractContextManager[None]:
        """Make the platform hang."""
        return place.hanging()

    def arrived(self, place: IntegrationPlatform, inbox: Inbox) -> Iterable[Arrival]:
        """Look at what the platform got."""
        return place.arrivals()
