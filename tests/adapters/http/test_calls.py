"""Calls of a server: whatever it answers, the caller gets the answer or an error in time, which says what is known."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from ssl import CERT_REQUIRED, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER, SSLContext
from time import monotonic

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Response

from digital_painschool.adapters.http.calls import (
    CONFIGURATION,
    LONGEST_RETRY_AFTER,
    Answer,
    Call,
    Server,
    _retry_after,
)
from digital_painschool.adapters.http.options import is_server_url
from digital_painschool.adapters.tls import tls_context
from digital_painschool.errors import ConfigurationError, DeliveryError
from digital_painschool.testing.contracts.concurrency import CAN_FORK, in_processes
from tests.adapters.addresses import DEAD, dropping, resolve
from tests.adapters.http.wire import Answering, drips, keeping, says, silent, wire

WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
BODY = "to=%2B46700000000&secret=hemlig"
UNKNOWN = "whether the message went is unknown"


def call(url: str, *, seconds: float = 10.0, context: SSLContext | None = None) -> Answer:
    """Call a server once."""
    server = Server("the server", context or SSLContext(PROTOCOL_TLS_CLIENT), seconds, auth=("user", "hemligt-ord"))
    try:
        return server.post(url, Call(BODY.encode(), {"content-type": "application/x-www-form-urlencoded"}))
    finally:
        server.close()


def failure_of(url: str, **options: object) -> DeliveryError:
    """Return the error of a call, which names nobody and is not permanent."""
    with pytest.raises(DeliveryError) as failed:
        call(url, **options)  # type: ignore[arg-type]
    error = failed.value
    assert (False, None, None) == (error.permanent, error.__cause__, error.__context__)
    assert not any(secret in str(error) for secret in ("hemlig", "46700000000", "user"))
    return error


BROKEN: dict[str, Answering] = {
    "silence": silent,
    "closed at once": says(),
    "half a status": says(b"HTTP/1.1 2"),
    "half the headers": says(b"HTTP/1.1 200 OK\r\ncontent-le"),
    "half a body": says(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"),
    "half a chunk": says(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"),
    "no HTTP": says(b"220 smtp.example ESMTP\r\n"),
    "a body without an end": drips(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 8192),
    "a body that is no gzip": says(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}"),
    "headers that drip": drips(b"HTTP/1.1 200 OK\r\nx: ", b"x"),
    "a body that drips": drips(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("answering", BROKEN.values(), ids=BROKEN)
def test_no_whole_answer_is_no_answer_and_comes_in_time(answering: Answering) -> None:
    """Otherwise half an answer would count as delivered, or a dripping server hold a worker past its lease."""
    with wire(answering) as address:
        began = monotonic()
        error = failure_of(f"http://{address}/", seconds=0.3)
        assert monotonic() - began < 6, "the call ended long after its time"
    assert UNKNOWN in str(error)


def test_a_server_that_is_not_there_got_nothing() -> None:
    """Otherwise an operator would look for a message that was never sent."""
    with wire(silent) as address:
        pass
    assert "cannot be reached; nothing was sent" in str(failure_of(f"http://{address}/"))


@pytest.mark.parametrize("healthy", [0, 1])
def test_the_addresses_of_a_server_share_the_time(
    http_server: HTTPServer, monkeypatch: pytest.MonkeyPatch, healthy: int
) -> None:
    """Otherwise a call would take its time once for each address that drops packets, and last beyond a lease."""
    path = f"/shared-{healthy}"
    http_server.expect_request(path).respond_with_data("{}")
    with dropping(http_server.port):
        resolve(monkeypatch, *DEAD, *["127.0.0.1"] * healthy)
        url, began = f"http://localhost:{http_server.port}{path}", monotonic()
        if healthy:
            assert 200 == call(url, seconds=2).status
        else:
            assert "cannot be reached; nothing was sent" in str(failure_of(url, seconds=2))
        assert 1 < monotonic() - began < 4


@pytest.mark.skipif(not CAN_FORK, reason="no processes can be forked here")
def test_a_forked_process_leaves_the_connection_to_its_parent() -> None:
    """Otherwise two workers would post on one connection, and one read that the other's message went."""
    server = Server("the server", SSLContext(PROTOCOL_TLS_CLIENT), 10.0)

    with keeping() as (address, ports):

        def post(wait: Callable[[], object] = int) -> bytes:
            wait()
            return server.post(f"http://{address}/", Call(b"", {})).body

        answers = [post(), *in_processes([post] * 2), post()]
        server.close()
    assert ports[0] == ports[-1]
    assert 3 == len(set(ports))
    assert {f"{port}".encode() for port in ports} == set(answers)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(http_server: HTTPServer, status: int) -> None:
    """Otherwise the password and the number would go wherever a hijacked answer leads."""
    elsewhere: list[object] = []
    http_server.expect_request(f"/elsewhere-{status}").respond_with_handler(
        lambda request: elsewhere.append(request) or Response("")  # type: ignore[func-returns-value]
    )
    moved = Response("", status, headers={"location": http_server.url_for(f"/elsewhere-{status}")})
    http_server.expect_request(f"/moved-{status}").respond_with_response(moved)
    assert status == call(http_server.url_for(f"/moved-{status}")).status
    assert [] == elsewhere


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, "redirects elsewhere (302), which is not followed; correct the URL"),
        (400, "compare the settings"),
        (401, "does not accept the credentials"),
        (403, "refuses these credentials"),
        (418, "not known here (418)"),
        (429, "asks for fewer calls"),
        (500, "has failed (500)"),
        (502, UNKNOWN),
    ],
)
def test_an_answer_that_is_no_success_says_what_to_do(status: int, expected: str) -> None:
    """Otherwise an operator could not tell a wrong password from a server that is down, or patients be flagged."""
    server = Server("the server", SSLContext(PROTOCOL_TLS_CLIENT), 1.0)
    error = server.failure(Answer(status, retry_after="7"), CONFIGURATION)
    assert expected in str(error)
    assert (False, timedelta(seconds=7)) == (error.permanent, error.retry_after)


def server_context(authority: trustme.CA, name: str = "127.0.0.1", *, mutual: bool = False) -> SSLContext:
    """Return the TLS settings of a server."""
    context = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    if mutual:
        context.verify_mode = CERT_REQUIRED
        authority.configure_trust(context)
    return context


def test_a_region_s_own_authority_is_trusted_where_it_is_named(authority: trustme.CA, ca_file: Path) -> None:
    """Otherwise a region would have to turn the check of certificates off."""
    with wire(says(WHOLE), server_context(authority)) as address:
        assert 200 == call(f"https://{address}/", context=tls_context("a", ca_file)).status


@pytest.mark.parametrize(
    ("name", "named", "expected"),
    [("127.0.0.1", False, "unable to get local issuer"), ("another.example", True, "mismatch")],
)
def test_a_wrong_certificate_gets_nothing(
    authority: trustme.CA, ca_file: Path, name: str, named: bool, expected: str
) -> None:
    """Otherwise whoever sits between would read identity numbers and answer that all is delivered."""
    with wire(says(WHOLE), server_context(authority, name)) as address:
        error = failure_of(f"https://{address}/", context=tls_context("a", ca_file if named else None))
    assert "nothing was sent" in str(error)
    assert expected in str(error)


def test_a_server_without_tls_gets_nothing(http_server: HTTPServer) -> None:
    """Otherwise an identity number would go unencrypted to a port that was named by mistake."""
    error = failure_of(f"https://127.0.0.1:{http_server.port}/")
    assert "cannot be reached by TLS; nothing was sent" in str(error)


def test_a_server_can_ask_for_the_client_s_certificate(authority: trustme.CA, ca_file: Path, tmp_path: Path) -> None:
    """Otherwise a platform that knows its clients by certificate (mTLS) could not be called."""
    own, key = tmp_path / "own.pem", tmp_path / "key.pem"
    issued = authority.issue_cert("client.example")
    issued.cert_chain_pems[0].write_to_path(own)
    issued.private_key_pem.write_to_path(key)
    with wire(says(WHOLE), server_context(authority, mutual=True)) as address:
        assert 200 == call(f"https://{address}/", context=tls_context("a", ca_file, own, key)).status
        failure_of(f"https://{address}/", context=tls_context("a", ca_file))
    nothing = tmp_path / "nothing.pem"
    two = "a: option 'certificate_file' or 'key_file': a file"
    for files, refusal in (
        ((None, None, key), "a: option 'key_file' needs 'certificate_file', the file of the certificate"),
        ((nothing, None, None), f"a: option 'ca_file': the file {nothing} cannot be read: No such file or directory"),
        ((key, None, None), f"a: option 'ca_file': the file {key} holds no certificate in PEM"),
        ((ca_file, own, nothing), f"{two} cannot be read: No such file or directory"),
        ((ca_file, ca_file, key), f"{two} holds no certificate or key in PEM, or the two do not belong together"),
    ):
        with pytest.raises(ConfigurationError) as refused:
            tls_context("a", *files)
        assert (refusal, None) == (str(refused.value), refused.value.__context__)


@pytest.mark.parametrize(
    "url",
    [
        *("http://sms.example/", "https://user:word@sms.example/", "https://sms.example/?token=t", "https:///a"),
        *("https://sms.example/#f", "ftp://sms.example/", "sms.example", "", None, "https://sms.example:0/"),
        *("https://sms.example:99999/", "https://[::1", "https://sms.example/a b", "https://sms.example\\@b.example/"),
        *("https://åäö.example/", "https://sms.example/\n", "//sms.example/", "https://@sms.example/"),
    ],
)
def test_a_url_that_leaks_or_leads_nowhere_is_refused(url: object) -> None:
    """Otherwise a password in a URL would be in every log, or an identity number go unencrypted."""
    assert not is_server_url(url)


@pytest.mark.parametrize(
    "url", ["https://sms.example/a1/sms", "http://127.0.0.1:8080/", "http://[::1]:1/", "http://localhost"]
)
def test_a_url_of_a_server_is_accepted(url: str) -> None:
    """Otherwise no server could be named."""
    assert is_server_url(url)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("120", timedelta(minutes=2)), ("0", timedelta(0)), ("", None), ("soon", None), ("-5", None), ("1.5", None)),
        *(
            ("999999999", LONGEST_RETRY_AFTER),
            ("9" * 30, None),
            ("٣", None),
            ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta(0)),
        ),
        *(
            ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER),
            ("Wed, 99 Oct 2015 07:28:00 GMT", None),
            ("0", timedelta(0)),
            ("Fri, 31 Dec 9999 23:59:59 -2359", LONGEST_RETRY_AFTER),
            ("Sat, 01 Jan 0001 00:00:00 +2359", timedelta(0)),
            ("Mon, 02 Mar 2026 10:00:00 +99999999999999", None),
            ("Mon, 02 Mar 99999999999999 10:00:00 GMT", None),
        ),
    ],
)
def test_a_wish_to_wait_is_read_or_ignored(text: str, expected: timedelta | None) -> None:
    """Otherwise an odd header would stop a worker, or a far date keep a message for years."""
    assert expected == _retry_after(text)


def test_a_date_to_wait_for_is_counted_from_now() -> None:
    """Otherwise a server that names a time would be asked again too early."""
    wait = _retry_after(format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True))
    assert wait is not None
    assert timedelta(minutes=8) < wait <= timedelta(minutes=10)
