"""A region's directory on a real server, and a watch over everything that is logged."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.adapters.ldap_directory import region, slapd
from tests.adapters.ldap_directory.slapd import ACCOUNT, SECRET, SUFFIX, Slapd

if TYPE_CHECKING:
    from digital_painschool.adapters.ldap_directory.directory import LdapDirectory

SECRETS = (SECRET, "P000000", "p000000", "Nord", "Åkesson", "vgregion.example", "1740605", "no address", "växeln")
"""What no log line and no error may contain: a password, and parts of HSA-ids, names, addresses and numbers."""

Make = Callable[..., "LdapDirectory"]


def without_library() -> None:
    """Skip the test where python-ldap is not installed."""
    pytest.importorskip("ldap", reason="python-ldap is not there: install digital_painschool[ldap]")


@pytest.fixture(autouse=True)
def logs_are_silent(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Otherwise a log would show whom somebody asked about, an address, or the account's password."""
    caplog.set_level("DEBUG")
    yield
    logged = " ".join(record.getMessage() for when in ("setup", "call") for record in caplog.get_records(when))
    assert [] == [number for number, secret in enumerate(SECRETS) if secret in logged]


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password of the service account, where the options say that it is."""
    monkeypatch.setenv("LDAP_PASSWORD", SECRET)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the file of a certificate authority, and one of a server `localhost`."""
    trustme = pytest.importorskip("trustme")
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    return folder


@pytest.fixture(scope="session")
def servers(certificates: Path) -> Iterator[Callable[..., Slapd]]:
    """A function that starts a server with a region's entries; all are stopped at the end."""
    if not slapd.IS_HERE:
        pytest.skip("no slapd: install Debian's package slapd")
    started: list[Slapd] = []
    # Not under pytest's own folder: the path of a socket is 107 characters at most.
    root = Path(tempfile.mkdtemp(prefix="ldap-", dir="/tmp"))

    def start(*, with_tls: bool = True) -> Slapd:
        folder = root / str(len(started))
        shutil.copytree(certificates, folder)
        server = Slapd(folder, with_tls)
        started.append(server)
        server.load(region.entries())
        server.start()
        return server

    try:
        yield start
    finally:
        for server in started:
            server.stop()
        shutil.rmtree(root)


@pytest.fixture(scope="session")
def shared(servers: Callable[..., Slapd]) -> Slapd:
    """The server of all tests that leave it as it was."""
    return servers()


@pytest.fixture
def server(shared: Slapd) -> Slapd:
    """The server, running."""
    if not shared.is_running:
        shared.start()
    return shared


@pytest.fixture
def make(server: Slapd, certificates: Path) -> Iterator[Make]:
    """A function that opens the directory with some options; all are closed at the end."""
    without_library()
    from digital_painschool.adapters.ldap_directory.directory import LdapDirectory
    from digital_painschool.adapters.ldap_directory.options import LdapOptions

    made: list[LdapDirectory] = []

    def directory(**options: Any) -> LdapDirectory:
        usual: dict[str, Any] = {
            "uris": (f"ldaps://localhost:{server.ldaps}",),
            "user": ACCOUNT,
            "password": "env:LDAP_PASSWORD",
        }
        usual |= {"ca_file": certificates / "ca.pem", "base": SUFFIX}
        made.append(LdapDirectory(LdapOptions(**{**usual, **options})))
        return made[-1]

    yield directory
    for one in made:
        one.close()
