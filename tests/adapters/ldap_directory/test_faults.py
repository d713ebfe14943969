"""What goes wrong between the directory's server and us: each is told apart, in time, and without personal data."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from digital_painschool import DeliveryError
from digital_painschool.ports.directory import Directory
from digital_painschool.testing.contracts.concurrency import THREADS, in_processes, in_threads, in_time
from digital_painschool.testing.contracts.directory import DirectoryContract
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.people import NURSE, STRANGER, UNIT
from tests.adapters.ldap_directory import region
from tests.adapters.ldap_directory.conftest import SECRETS, Make
from tests.adapters.ldap_directory.faulty_servers import (
    BIND,
    SEARCH,
    START_TLS,
    Serve,
    babbling,
    canned,
    closing,
    done,
    forwarding,
    serving,
    silent,
    with_certificate,
)
from tests.adapters.ldap_directory.slapd import ACCOUNT, BLIND, LIMITED, OUTSIDER, SUFFIX, Slapd, free_port

ENTRY = DirectoryContract.known[NURSE.hsa_id]
SHORT = {"connect_seconds": 0.3, "seconds": 0.4}
"""Limits for what never answers."""
HANGS, ENDS = ("did not answer in time",), ("the connection was lost", "or ended the handshake")


def failure_of(question: Callable[[], object]) -> str:
    """Return the text of the failure of a question; assert that it hides what it is about, and can be tried again."""
    with pytest.raises(DeliveryError) as caught:
        question()
    assert not caught.value.permanent
    assert_silent(caught.value, *SECRETS, ACCOUNT, str(NURSE.hsa_id))
    return str(caught.value)


def questions(directory: Directory) -> dict[str, Callable[[], object]]:
    """Return every question of the port, by its name."""
    return {
        "find": partial(directory.find, NURSE.hsa_id),
        "works_at": partial(directory.works_at, UNIT, NURSE.hsa_id),
        "staff_of": partial(directory.staff_of, UNIT, 9),
    }


SETTINGS: list[tuple[dict[str, Any], str, str]] = [
    ({"user": f"cn=nobody,{SUFFIX}"}, "check the options 'user' and 'password'", "all"),
    ({"user": "no dn"}, "check the options 'user' and 'password'", "all"),
    ({"password": "env:WRONG_PASSWORD"}, "check the options 'user' and 'password'", "all"),
    ({"base": f"ou=Nowhere,{SUFFIX}"}, "the DN of the option 'base'", "all"),
    ({"base": "o=another"}, "the DN of the option 'base'", "all"),
    ({"unit_base": f"ou=Nowhere,{SUFFIX}"}, "the DN of the option 'base' or 'unit_base'", "works_at, staff_of"),
    ({"base": f"ou=Annorstädes,ou=Org,{SUFFIX}"}, "refers to another one", "all"),
    ({"user": OUTSIDER}, "the DN of the option 'base'", "all"),
    ({"filter": "(objectClass=robot)"}, "no entry passes the option 'filter'", "find, works_at"),
    ({"hsa_id": "hsaIdentitet"}, "no entry passes the option 'filter'", "find, works_at"),
    ({"unit_filter": "(objectClass=robot)"}, "no entry passes the option 'unit_filter'", "works_at, staff_of"),
    ({"unit_hsa_id": "hsaIdentitet"}, "no entry passes the option 'unit_filter'", "works_at, staff_of"),
    ({"membership": "attribute", "unit": "enhet"}, "the attribute of the option 'unit'", "works_at, staff_of"),
    ({"membership": "dn", "unit": "enhet"}, "the attribute of the option 'unit'", "works_at, staff_of"),
    (
        {"membership": "attribute", "unit": "1.3.6.1.4.1.99999.1"},
        "or the server has another name for it",
        "works_at, staff_of",
    ),
    ({"user": BLIND}, "may not read the attribute of the option 'hsa_id'", "all"),
]
"""Options that are wrong, the words of the failure, and the questions that fail."""


@pytest.mark.parametrize(("options", "words", "failing"), SETTINGS)
def test_wrong_settings_are_told_apart(
    make: Make, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], words: str, failing: str
) -> None:
    """Otherwise whoever sets it up would have to guess, or a wrong setting would look like an empty directory."""
    monkeypatch.setenv("WRONG_PASSWORD", "another-secret")
    directory = make(**options)
    for name, question in questions(directory).items():
        if failing == "all" or name in failing:
            assert words in failure_of(question)


def test_a_large_unit_is_listed_whatever_the_servers_size_limit(make: Make) -> None:
    """Otherwise a hospital's list would stop at the 500th, or a list that was cut short would pass for the whole."""
    directory = make()
    everybody = directory.staff_of(region.LARGE_UNIT, 9999)
    assert region.LARGE + 1 == len(everybody) == len({one.hsa_id for one in everybody})
    for limit in (1, 199, 200, 201, 501):
        assert limit == len(directory.staff_of(region.LARGE_UNIT, limit))
    limited = make(user=LIMITED)
    assert 500 == len(limited.staff_of(region.LARGE_UNIT, 500))
    assert "the server's size limit cuts a list short" in failure_of(lambda: limited.staff_of(region.LARGE_UNIT, 501))
    assert ENTRY == limited.find(NURSE.hsa_id)


@pytest.mark.parametrize("membership", [{}, {"membership": "dn", "unit": "regionUnitDN"}])
def test_what_is_there_twice_is_nobody(make: Make, membership: dict[str, Any]) -> None:
    """Otherwise a notification would go to one of two persons by chance, or a patient be given to either."""
    directory = make(**membership)
    for hsa_id in (region.DOUBLED, region.TRIPLED):
        assert "several entries with one person's HSA-id" in failure_of(partial(directory.find, hsa_id))
        assert "several entries with one person's HSA-id" in failure_of(partial(directory.works_at, UNIT, hsa_id))
    for question in (
        lambda: directory.works_at(region.DOUBLED_UNIT, NURSE.hsa_id),
        lambda: directory.staff_of(region.DOUBLED_UNIT, 9),
    ):
        assert "several entries with one unit's HSA-id" in failure_of(question)


def test_a_list_leaves_out_what_is_there_twice(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise one entry too many would take the whole unit's list away, or offer somebody who is then refused."""
    assert () == make(membership="attribute", unit="regionUnit").staff_of(region.DOUBLED_UNIT, 9)
    assert "without 2 HSA-ids" in caplog.text


def test_a_unit_outside_the_base_is_refused(make: Make) -> None:
    """Otherwise a list would offer persons whom no question about one of them finds."""
    directory = make(base=f"ou=Stora enheten,ou=Org,{SUFFIX}", unit_base=SUFFIX)
    assert "does not lie below the option 'base'" in failure_of(lambda: directory.staff_of(UNIT, 9))


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_certificate_is_checked(make: Make, server: Slapd, tmp_path: Path, scheme: str) -> None:
    """Otherwise anybody on the network could read the account's password, and answer in the directory's place."""
    trustme = pytest.importorskip("trustme")
    trustme.CA().cert_pem.write_to_path(tmp_path / "another.pem")
    port = getattr(server, scheme)
    uri = f"{scheme}://localhost:{port}"
    assert ENTRY == make(uris=(uri,)).find(NURSE.hsa_id)
    for options, words in (
        ({"uris": (uri,), "ca": tmp_path / "another.pem"}, "signed by nobody whom the option 'ca' trusts"),
        ({"uris": (uri,), "ca": None}, "signed by nobody whom the option 'ca' trusts"),
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
        directory = make(uris=(f"ldaps://localhost:{port}",), ca=tmp_path / "ca.pem")
        assert "has expired" in failure_of(partial(directory.find, NURSE.hsa_id))


def test_a_server_without_tls_gets_no_password(make: Make, servers: Callable[..., Slapd], server: Slapd) -> None:
    """Otherwise the password would cross the network in plain text because a server has lost its certificate."""
    bare = servers(with_tls=False)
    encrypted, plain = (make(uris=(f"ldap://localhost:{bare.ldap}",), plain=plain) for plain in (False, True))
    assert "refuses StartTLS" in failure_of(partial(encrypted.find, NURSE.hsa_id))
    assert ENTRY == plain.find(NURSE.hsa_id)
    over_tls = make(uris=(f"ldaps://localhost:{server.ldaps}",), plain=True, ca=None)
    assert "signed by nobody" in failure_of(partial(over_tls.find, NURSE.hsa_id))
    mixed_up = make(uris=(f"ldaps://localhost:{server.ldap}",))
    assert "does not speak TLS" in failure_of(partial(mixed_up.find, NURSE.hsa_id))
    bare.stop()


def test_a_socket_of_this_machine_needs_no_certificate(make: Make, server: Slapd) -> None:
    """Otherwise a directory beside the school could not be used without certificates for nobody."""
    assert ENTRY == make(uris=(server.socket_uri,), ca=None).find(NURSE.hsa_id)
    missing = make(uris=(server.socket_uri + "x",))
    assert "no server can be reached" in failure_of(partial(missing.find, NURSE.hsa_id))


UNUSUAL: list[tuple[str, Serve, str]] = [
    ("ldaps", silent, "did not answer in time"),
    ("ldap", silent, "did not answer in time"),
    ("ldaps", closing, "or ended the handshake"),
    ("ldap", closing, "the connection was lost"),
    ("ldaps", babbling, "does not speak TLS"),
    ("ldap", babbling, "the connection was lost"),
]


@pytest.mark.parametrize(("scheme", "serve", "words"), UNUSUAL)
def test_a_server_that_is_none_is_told_apart_in_time(make: Make, scheme: str, serve: Serve, words: str) -> None:
    """Otherwise a worker would hang past its lease in a handshake that nobody answers."""
    with serving(serve) as port:
        directory = make(uris=(f"{scheme}://localhost:{port}",), **SHORT)
        began = monotonic()
        assert words in failure_of(partial(directory.find, NURSE.hsa_id))
        assert monotonic() - began < 20


ENTRY_WITHOUT_UTF8 = b"\x30\x0d\x02\x01\x02\x64\x08\x04\x04cn=\xff\x30\x00"
WITHOUT_COOKIE = (
    b"\x30\x2c\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00\xa0\x1e\x30\x1c\x04\x161.2.840.113556.1.4.319\x04\x02no"
)
GARBLED = [
    (ENTRY_WITHOUT_UTF8, "cannot be read"),
    (WITHOUT_COOKIE, "cannot be read"),
    (done(7, SEARCH), "did not answer in time"),  # to another message
    (b"\x30\x84\x7f\xff\xff\xff", ""),  # the header of two gigabytes
    (b"\x30\x0c", "did not answer in time"),  # a header alone
]


@pytest.mark.parametrize(("reply", "words"), GARBLED)
def test_an_answer_that_cannot_be_read_is_one_of_those(make: Make, reply: bytes, words: str) -> None:
    """Otherwise an error of a library would show an entry's name, or a worker stop at it."""
    with serving(canned(done(1, BIND), reply)) as port:
        directory = make(uris=(f"ldap://localhost:{port}",), plain=True, membership="attribute", unit="ou", **SHORT)
        assert words in in_time(lambda: failure_of(partial(directory.staff_of, UNIT, 9)), 20)


def test_an_answer_may_come_byte_by_byte(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an answer whose header comes alone would keep a worker for ever: libldap waits for the rest."""
    monkeypatch.setattr("digital_painschool.adapters.ldap_directory.exchange._CHUNK", 1)
    directory = make()
    assert ENTRY == in_time(partial(directory.find, NURSE.hsa_id), 20)
    assert region.members(UNIT) == {one.hsa_id for one in in_time(partial(directory.staff_of, UNIT, 9), 20)}


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


@pytest.mark.parametrize("hangs", [True, False])
@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
def test_a_server_may_stop_after_any_byte(make: Make, server: Slapd, scheme: str, *, hangs: bool) -> None:
    """Otherwise half a TLS record, or half an answer, would keep a worker for ever."""
    port = getattr(server, scheme)
    for most in (1, 40, 2000, 2700):  # in the reply to StartTLS, in the handshake, in the bind, in the entries
        with serving(forwarding(port, most, hangs=hangs)) as broken:
            directory = make(uris=(f"{scheme}://localhost:{broken}",), **SHORT)
            text = failure_of(partial(directory.staff_of, region.LARGE_UNIT, 200))
            assert any(words in text for words in (HANGS if hangs else ENDS))
            directory.close()


def test_servers_are_asked_in_order(make: Make, server: Slapd, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise the school would have no directory as long as the first of several servers is away."""
    good, away = f"ldaps://localhost:{server.ldaps}", f"ldaps://localhost:{free_port()}"
    with serving(silent) as port:
        hanging = f"ldaps://localhost:{port}"
        directory = make(uris=(away, hanging, good), connect_seconds=1.5)
        assert ENTRY == directory.find(NURSE.hsa_id)
        assert f"{away}: no server can be reached" in caplog.text
        assert f"{hanging}: it did not answer in time" in caplog.text
    refused = make(uris=(good, away), user=f"cn=nobody,{SUFFIX}")
    caplog.clear()
    assert "check the options 'user' and 'password'" in failure_of(partial(refused.find, NURSE.hsa_id))
    assert away not in caplog.text  # a wrong password is tried once, so that it locks no account on every server


def test_one_that_hangs_in_a_search_is_asked_last(make: Make, server: Slapd) -> None:
    """Otherwise a server that signs us in and then hangs would keep the others from answering, question by question."""
    with serving(forwarding(server.ldap, 14, hangs=True)) as port:
        directory = make(
            uris=(f"ldap://localhost:{port}", f"ldap://localhost:{server.ldap}"),
            plain=True,
            connect_seconds=5,
            seconds=3,
        )
        assert "did not answer in time" in failure_of(partial(directory.find, NURSE.hsa_id))
        assert ENTRY == directory.find(NURSE.hsa_id)


def test_a_restart_between_two_questions_goes_unnoticed(make: Make, server: Slapd) -> None:
    """Otherwise each restart of the directory would be a failed delivery, and a refused colleague."""
    directory = make()
    in_threads([partial(directory.find, NURSE.hsa_id)] * THREADS)
    server.stop()
    server.start()
    assert [ENTRY] * THREADS == in_threads([partial(directory.find, NURSE.hsa_id)] * THREADS)


def test_a_child_process_leaves_its_parents_connection_alone(make: Make) -> None:
    """Otherwise a web server's workers would read each other's answers, or close each other's connections."""
    directory = make()
    assert ENTRY == directory.find(NURSE.hsa_id)
    session = directory._idle[-1]

    def child(ready: Callable[[], object]) -> object:
        ready()
        found = directory.find(NURSE.hsa_id), directory.find(STRANGER.hsa_id)
        directory.close()
        return found

    assert [(ENTRY, None)] == in_processes([child])
    assert ENTRY == directory.find(NURSE.hsa_id)
    assert session is directory._idle[-1]


def test_few_connections_are_kept_and_not_for_long(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a firewall that drops an old connection in silence would cost a question its whole time."""
    directory = make()
    assert [ENTRY] * THREADS == in_threads([partial(directory.find, NURSE.hsa_id)] * THREADS)
    assert 1 <= len(directory._idle) <= 4
    kept = directory._idle[-1]
    directory.find(NURSE.hsa_id)
    assert kept is directory._idle[-1]
    monkeypatch.setattr("digital_painschool.adapters.ldap_directory.directory._IDLE_SECONDS", 0.0)
    directory.find(NURSE.hsa_id)
    assert 1 == len(directory._idle)
    assert kept is not directory._idle[-1]


def test_a_question_that_is_under_way_at_the_end_leaves_nothing_open(make: Make) -> None:
    """Otherwise each web server that stops would leave a connection behind on the directory's server."""
    directory = make()
    directory._ask(lambda session, until: directory.close())
    assert not directory._idle


def test_a_closed_directory_says_so(make: Make) -> None:
    """Otherwise a question after the end would leave a connection behind."""
    directory = make()
    directory.find(NURSE.hsa_id)
    directory.close()
    directory.close()
    for question in questions(directory).values():
        assert "it has been closed" in failure_of(question)
    assert "LdapDirectory(ldaps://localhost:" in repr(directory)
    assert not [secret for secret in (*SECRETS, ACCOUNT) if secret in repr(directory)]
