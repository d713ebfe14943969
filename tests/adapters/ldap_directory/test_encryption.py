"""Encryption: nobody but the directory's own server gets the password, and nobody answers in its place."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from digital_painschool.testing.people import NURSE
from tests.adapters.ldap_directory.conftest import Make
from tests.adapters.ldap_directory.faulty_servers import (
    BIND,
    SEARCH,
    START_TLS,
    done,
    serving,
    with_certificate,
)
from tests.adapters.ldap_directory.questions import ENTRY, failure_of
from tests.adapters.ldap_directory.slapd import Slapd


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_certificate_is_checked(make: Make, server: Slapd, tmp_path: Path, scheme: str) -> None:
    """Otherwise anybody on the network could read the account's password, and answer in the directory's place."""
    trustme = pytest.importorskip("trustme")
    trustme.CA().cert_pem.write_to_path(tmp_path / "another.pem")
    port = getattr(server, scheme)
    uri = f"{scheme}://localhost:{port}"
    assert ENTRY == make(uris=(uri,)).find(NURSE.hsa_id)
    for options, words in (
        ({"uris": (uri,), "ca_file": tmp_path / "another.pem"}, "signed by nobody whom the option 'ca_file' trusts"),
        ({"uris": (uri,), "ca_file": None}, "signed by nobody whom the option 'ca_file' trusts"),
        ({"uris": (f"{scheme}://127.0.0.1:{port}",)}, "is another host's"),
    ):
        assert words in failure_of(partial(make(**options).find, NURSE.hsa_id))


def test_a_certificate_that_has_expired_is_refused(make: Make, tmp_path: Path) -> None:
    """Otherwise a key that was stolen long ago would still open every connection."""
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    old = authority.issue_cert("localhost", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    old.private_key_and_cert_chain_pem.write_to_path(tmp_path / "old.pem")
    with serving(with_certificate(tmp_path / "old.pem")) as port:
        directory = make(uris=(f"ldaps://localhost:{port}",), ca_file=tmp_path / "ca.pem")
        assert "has expired" in failure_of(partial(directory.find, NURSE.hsa_id))


def test_a_server_without_tls_gets_no_password(make: Make, servers: Callable[..., Slapd], server: Slapd) -> None:
    """Otherwise the password would cross the network in plain text because a server has lost its certificate."""
    bare = servers(with_tls=False)
    encrypted, plain = (make(uris=(f"ldap://localhost:{bare.ldap}",), plain=plain) for plain in (False, True))
    assert "refuses StartTLS" in failure_of(partial(encrypted.find, NURSE.hsa_id))
    assert ENTRY == plain.find(NURSE.hsa_id)
    over_tls = make(uris=(f"ldaps://localhost:{server.ldaps}",), plain=True, ca_file=None)
    assert "signed by nobody" in failure_of(partial(over_tls.find, NURSE.hsa_id))
    mixed_up = make(uris=(f"ldaps://localhost:{server.ldap}",))
    assert "does not speak TLS" in failure_of(partial(mixed_up.find, NURSE.hsa_id))
    bare.stop()


def test_a_socket_of_this_machine_needs_no_certificate(make: Make, server: Slapd) -> None:
    """Otherwise a directory beside the school could not be used without certificates for nobody."""
    assert ENTRY == make(uris=(server.socket_uri,), ca_file=None).find(NURSE.hsa_id)
    missing = make(uris=(server.socket_uri + "x",))
    assert "no server can be reached" in failure_of(partial(missing.find, NURSE.hsa_id))


def test_what_is_put_behind_the_reply_to_start_tls_is_thrown_away(make: Make, certificates: Path) -> None:
    """Otherwise somebody on the network could answer in the server's place, in plain text before the encryption."""
    planted = b"".join(done(message, tag) for message in (1, 2, 3) for tag in (BIND, SEARCH))

    def serve(stream: socket.socket) -> None:
        stream.recv(4096)
        stream.sendall(done(1, START_TLS) + planted)
        with_certificate(certificates / "server.pem", lambda encrypted: encrypted.recv(4096))(stream)

    with serving(serve) as port:
        directory = make(uris=(f"ldap://localhost:{port}",), connect_seconds=1, seconds=1)
        assert "did not answer in time" in failure_of(partial(directory.find, NURSE.hsa_id))
