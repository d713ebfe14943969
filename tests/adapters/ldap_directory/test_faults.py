"""What goes wrong between the directory's server and us: each is told apart, in time, and without personal data."""

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

import pytest

from digital_painschool.testing.contracts.concurrency import THREADS, in_processes, in_threads, in_time
from digital_painschool.testing.people import NURSE, STRANGER, UNIT
from tests.adapters.addresses import DEAD, dropping, resolve
from tests.adapters.ldap_directory import region
from tests.adapters.ldap_directory.conftest import SECRETS, Make
from tests.adapters.ldap_directory.faulty_servers import (
    BIND,
    SEARCH,
    Serve,
    babbling,
    canned,
    closing,
    done,
    forwarding,
    serving,
    silent,
)
from tests.adapters.ldap_directory.questions import ENDS, ENTRY, HANGS, SHORT, failure_of, questions
from tests.adapters.ldap_directory.slapd import ACCOUNT, BLIND, LIMITED, OUTSIDER, SUFFIX, Slapd, free_port

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


def test_the_addresses_of_a_server_share_the_time(make: Make, server: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a question would last as many times as long as the server's name has addresses that drop packets."""
    with dropping(server.ldaps):
        resolve(monkeypatch, *DEAD, "127.0.0.1")
        assert ENTRY == make(connect_seconds=4).find(NURSE.hsa_id)
        resolve(monkeypatch, *DEAD)
        began = monotonic()
        assert "did not answer in time" in failure_of(partial(make(connect_seconds=1).find, NURSE.hsa_id))
        assert monotonic() - began < 2.5


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
