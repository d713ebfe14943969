"""A real HTTP server for the tests of adapters that call one."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import trustme
from pytest_httpserver import HTTPServer

from tests.adapters.http.elks_server import ElksServer
from tests.adapters.http.integration_platform import IntegrationPlatform

_NUMBERS = count()


@pytest.fixture(scope="session")
def http_server() -> Iterator[HTTPServer]:
    """A server on this machine, with a thread for each call; each test has paths of its own."""
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The region's own certificate authority."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of its certificate: read in a moment, where the system's list takes a tenth of a second."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def platform(http_server: HTTPServer, ca_file: Path) -> IntegrationPlatform:
    """An integration platform that has delivered nothing yet."""
    return IntegrationPlatform(http_server, f"/platform-{next(_NUMBERS)}", ca_file)


@pytest.fixture
def elks(http_server: HTTPServer, ca_file: Path) -> ElksServer:
    """A gateway that speaks as 46elks does, and has sent nothing yet."""
    return ElksServer(http_server, f"/elks-{next(_NUMBERS)}", ca_file)
