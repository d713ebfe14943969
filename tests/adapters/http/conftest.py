"""A real HTTP server for the tests of adapters that call one."""

from collections.abc import Iterator
from itertools import count

import pytest
from pytest_httpserver import HTTPServer

from tests.adapters.http.elks_server import ElksServer
from tests.adapters.http.integration_platform import IntegrationPlatform

_NUMBERS = count()


@pytest.fixture(scope="session")
def http_server() -> Iterator[HTTPServer]:
    """A server on this machine, with a thread for each call; each test has paths of its own."""
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


@pytest.fixture
def platform(http_server: HTTPServer) -> IntegrationPlatform:
    """An integration platform that has delivered nothing yet."""
    return IntegrationPlatform(http_server, f"/platform-{next(_NUMBERS)}")


@pytest.fixture
def elks(http_server: HTTPServer) -> ElksServer:
    """A gateway that speaks as 46elks does, and has sent nothing yet."""
    return ElksServer(http_server, f"/elks-{next(_NUMBERS)}")
