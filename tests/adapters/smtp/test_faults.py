"""E-mail by SMTP when something goes wrong: refusals, lost and slow connections, addresses."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

from digital_painschool.adapters.smtp import SmtpMessenger
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address
from tests.adapters.addresses import DEAD, dropping, resolve
from tests.adapters.smtp.sending import failure_of, send
from tests.adapters.smtp.servers import PASSWORD, USER, Mailbox, described, messenger_to, server_side


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize(
    ("answers", "permanent", "words"),
    [
        ({"RCPT": ["450 4.2.0 <{who}>: Greylisted"]}, False, "try again later (450 4.2.0 to RCPT TO)"),
        ({"RCPT": ["550 5.1.1 <{who}>: User unknown"]}, True, "knows no such address (550 5.1.1 to RCPT TO)"),
        ({"MAIL": ["550 5.7.1 refused"]}, False, "refuses our sender"),
        ({"DATA": ["554 5.7.1 Spam"]}, False, "refuses the message"),
        ({"RCPT": ["421 4.3.2 shutting down"]}, False, "try again later (421 4.3.2 to RCPT TO)"),
        ({"EHLO": ["", "drop"]}, False, "closed the connection (STARTTLS)"),
        ({"MAIL": ["drop"]}, False, "closed the connection (MAIL FROM)"),
        ({"RCPT": ["drop"]}, False, "closed the connection (RCPT TO)"),
        ({"DATA": ["drop"]}, False, "it is unknown whether the mail server accepted it"),
    ],
)
def test_a_refusal_concerns_one_message_and_the_next_one_goes(
    tmp_path: Path, answers: dict[str, list[str]], permanent: bool, words: str
) -> None:
    """Otherwise a refused message would count as sent, be given up too early, or stop all others."""
    mailbox = Mailbox(answers)
    with messenger_to(mailbox, tmp_path) as to:
        failure = failure_of(to)
        assert (permanent, True) == (failure.permanent, words in str(failure))
        assert [] == mailbox.raw
        assert Delivered.ACCEPTED is send(to)  # greylisting lets the second attempt pass
    assert 1 == len(mailbox.raw)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """Otherwise a minute's outage would be for good."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        failure = failure_of(SmtpMessenger(described(port, tmp_path, host="127.0.0.1")))
    assert ("the mail server cannot be reached", False) == (str(failure), failure.permanent)
    failure = failure_of(SmtpMessenger(described(25, tmp_path, host="ingen.invalid")))
    assert ("the mail server's name cannot be resolved", False) == (str(failure), failure.permanent)


@pytest.mark.parametrize("accepts", [False, True], ids=["drops", "is silent"])
@pytest.mark.parametrize("healthy", [0, 1])
def test_the_addresses_of_a_server_share_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, healthy: int, accepts: bool
) -> None:
    """Otherwise an address that drops packets, or never greets, would keep every e-mail from the one behind it."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path, changes={"seconds": 2}) as to, dropping(to._server.at[1], accepts=accepts):
        resolve(monkeypatch, *DEAD, *["127.0.0.1"] * healthy)
        began = monotonic()
        if healthy:
            assert Delivered.ACCEPTED is send(to)
        else:
            assert "did not answer in time (connect)" in str(failure_of(to))
        assert 1 < monotonic() - began < 5
    assert healthy == len(mailbox.raw)


@contextmanager
def refusing(port: int, command: str, answer: str) -> Iterator[None]:
    """Run a server on the first dead address that gives one answer to a command, or greets with it; `""` closes."""

    def serve() -> None:
        stream, _ = server.accept()
        says = {"EHLO": "250-other\r\n250-STARTTLS\r\n250 AUTH PLAIN", "STARTTLS": "220 go on", command: answer}
        with suppress(OSError), ExitStack() as stack:
            stack.enter_context(stream)
            stream.sendall(f"{says.get('greeting', '220 other')}\r\n".encode())
            while said := stream.recv(1000).split()[:1]:
                reply = says.get(said[0].decode().upper(), "221 bye")
                if not reply:
                    return
                stream.sendall(f"{reply}\r\n".encode())
                if said == [b"STARTTLS"] and reply[0] == "2":
                    stream = stack.enter_context(server_side().wrap_socket(stream, server_side=True))

    with socket.create_server((DEAD[0], port)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("greeting", "421 4.3.2 too many connections"),
        ("greeting", "554 no service here"),
        ("greeting", ""),
        ("EHLO", "421 4.3.2 shutting down"),
        ("EHLO", "250 other"),  # offers no STARTTLS
        ("STARTTLS", "454 4.7.0 TLS not available"),
        ("STARTTLS", ""),
        ("AUTH", "454 4.7.0 temporary failure"),
    ],
)
def test_an_address_that_refuses_leaves_the_message_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, answer: str
) -> None:
    """Otherwise the maintenance of one mail server of two would stop every e-mail, or the second get no EHLO."""
    mailbox = Mailbox()
    changes = {"user": USER, "password": PASSWORD}
    with (
        messenger_to(mailbox, tmp_path, changes=changes, login=True) as to,
        refusing(to._server.at[1], command, answer),
    ):
        resolve(monkeypatch, DEAD[0], "127.0.0.1")
        assert Delivered.ACCEPTED is send(to)
    assert 1 == len(mailbox.raw)


@contextmanager
def dripping(line: bytes, *, ends: bool = True) -> Iterator[int]:
    """Run a server that sends a byte of its greeting now and then, or as many lines as it can; yield its port."""
    stop = threading.Event()

    def serve() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            for byte in line:
                connection.sendall(bytes([byte]) if ends else line * 1000)
                sleep(0.05 if ends and not stop.is_set() else 0)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    ("line", "ends", "seconds"),
    [(b"220-a greeting that goes on\r\n" * 6, True, 0.5), (b"220-endless\r\n", False, 60)],
    ids=["slow", "endless"],
)
def test_a_server_that_never_stops_talking_is_left_in_time(
    tmp_path: Path, line: bytes, ends: bool, seconds: float
) -> None:
    """Otherwise a byte a second would hold a worker past its lease, and another one would send the same."""
    with dripping(line, ends=ends) as port:
        began = monotonic()
        failure = failure_of(SmtpMessenger(described(port, tmp_path, host="127.0.0.1", seconds=seconds)))
        assert 5 > monotonic() - began
    assert not failure.permanent


@pytest.mark.parametrize("utf8", [False, True])
def test_an_address_with_swedish_letters_goes_where_the_server_can(tmp_path: Path, utf8: bool) -> None:
    """Otherwise a message would go to another mailbox, or be tried for a day where it can never go."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path, utf8=utf8) as to:
        assert Delivered.ACCEPTED is send(to, "key-0", Address("a@smörgås.example"))
        if utf8:
            assert Delivered.ACCEPTED is send(to, "key-1", Address("åsa@vgregion.example"))
            assert ["a@xn--smrgs-pra0j.example", "åsa@vgregion.example"] == [one for one, _ in mailbox.raw]
            assert ["SMTPUTF8", "BODY=8BITMIME"] == mailbox.options[-2:]
        else:
            failure = failure_of(to, "key-1", Address("åsa@vgregion.example"))
            assert failure.permanent
            assert "letters beyond ASCII" in str(failure)


@pytest.mark.rule("D-13c")
@pytest.mark.parametrize("address", ["a@b.se,c@d.se", "Anna <a@b.se>", "a b@c.se", "a@b.se>", "070-1740605"])
def test_what_is_no_address_is_not_even_tried(tmp_path: Path, address: str) -> None:
    """Otherwise one slip in a directory of another make would send to somebody else, or to several."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path) as to:
        failure = failure_of(to, address=Address(address))
        assert failure.permanent
        assert "is no e-mail address" in str(failure)
    assert 0 == mailbox.commands["EHLO"]
