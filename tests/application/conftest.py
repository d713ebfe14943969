"""Each storage in turn, for what must be the same on all of them."""

import pytest

from digital_painschool.testing.environment import PortsFactory, in_memory, stored_at


@pytest.fixture(params=["memory", "sqlite_url", "postgresql_url"])
def ports_factory(request: pytest.FixtureRequest) -> PortsFactory:
    """Opens the adapters on each storage in turn, new and empty."""
    return in_memory if request.param == "memory" else stored_at(request.getfixturevalue(request.param))
