"""E-mail by SMTP when something goes wrong: refusals, lost and slow connections, certificates, logins."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import trustme
from rich.pretty import pretty_repr

from digital_painschool.adapters.smtp import SmtpMessenger, messenger
from digital_painschool.domain.notification import Template
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.contracts.concurrency import CAN_FORK, in_processes
from digital_painschool.testing.people import UNIT
from tests.adapters.smtp.servers import PASSWORD, USER, Mailbox, described, messenger_to, running, server_side

TO = Address("namn.efternamn@vgregion.example")
LINK = "https://www.vgregion.se/sob"


def send(to: SmtpMessenger, key: str = "key-1", address: Address = TO) -> Delivered:
    """Send a message."""
    return to.send(address, Template.PROGRAM_DONE, LINK, key=key, unit=UNIT)


def failure_of(to: SmtpMessenger, key: str = "key-1", address: Address = TO) -> DeliveryError:
    """Return the failure of a message, which names nobody and has nothing hanging on it."""
    with pytest.raises(DeliveryError) as caught:
        send(to, key, address)
    failure = caught.value
    assert None is failure.__cause__ is failure.__context__
    shown = f"{failure} {failure!r} {pretty_repr([failure, vars(to), to._server])}"
    frames = [entry.frame.f_locals for entry in caught.traceback if "digital_painschool" in str(entry.path)]
    assert frames
    for secret in (address.value, PASSWORD):
        assert secret not in shown
        assert not [values for values in frames if secret in repr(values)]
    return failure


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


def test_what_may_have_arrived_is_said_so_and_comes_again_as_the_same_message(tmp_path: Path) -> None:
    """Otherwise a mailbox could not tell the second copy, or an operator believe that nothing was sent."""
    mailbox = Mailbox({"DATA": ["keep and drop"]})
    with messenger_to(mailbox, tmp_path) as to:
        failure = failure_of(to)
        assert "unknown whether the mail server accepted it" in str(failure)
        assert not failure.permanent
        send(to)
        send(to, "key-2")
    first, again, other = [message["Message-ID"] for message in mailbox.messages]
    assert first == again != other


def test_what_may_have_arrived_is_not_sent_again_at_once(tmp_path: Path) -> None:
    """Otherwise a kept connection that breaks after the message would send it twice in one call."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path) as to:
        send(to)
        mailbox.answers["DATA"] = ["keep and drop"]
        assert "unknown whether the mail server accepted it" in str(failure_of(to, "key-2"))
    assert 2 == len(mailbox.raw)


def test_a_kept_connection_holds_no_password(tmp_path: Path) -> None:
    """Otherwise whoever looks at a process that waits, or prints its connections, would read it."""
    with running(Mailbox(), tls=server_side(), login=True) as port:
        to = SmtpMessenger(described(port, tmp_path, user=USER, password=PASSWORD))
        send(to)
        (kept,) = to._kept
        assert PASSWORD not in repr(vars(kept))
        to.close()


def test_a_connection_is_kept_and_made_anew_when_the_server_has_closed_it(tmp_path: Path) -> None:
    """Otherwise each message would need a login of its own, or the first after a pause fail and wait."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path) as to:
        for key in ("key-1", "key-2", "key-3"):
            send(to, key)
        assert 2 == mailbox.commands["EHLO"]  # before and after STARTTLS
        for closed in (["drop"], ["421 4.4.2 timeout exceeded"]):
            mailbox.answers["MAIL"] = closed
            send(to, f"after {closed}")
        assert 2 * 3 == mailbox.commands["EHLO"]
        assert 0 == mailbox.commands["QUIT"]
    assert 1 == mailbox.commands["QUIT"]
    assert 5 == len(mailbox.raw)


def test_a_connection_is_not_kept_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a server that allows few connections would be held up by a worker that has nothing to send."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path) as to:
        send(to)
        monkeypatch.setattr(messenger, "_IDLE", -1.0)
        send(to)
    assert (4, 2) == (mailbox.commands["EHLO"], mailbox.commands["QUIT"])


def test_a_dead_connection_leaves_time_for_a_new_one(tmp_path: Path) -> None:
    """Otherwise the first message after a firewall has forgotten the connection would fail."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path, changes={"seconds": 6}) as to:
        send(to)
        mailbox.answers["MAIL"] = ["hang"]
        assert Delivered.ACCEPTED is send(to, "key-2")
    assert 2 == len(mailbox.raw)


def test_a_closed_messenger_sends_nothing(tmp_path: Path) -> None:
    """Otherwise a worker that is stopped could leave a connection behind."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path) as to:
        to.close()
        assert "the messenger is closed" in str(failure_of(to))
        to.close()
    assert [] == mailbox.raw


@pytest.mark.skipif(not CAN_FORK, reason="no processes can be forked here")
def test_a_forked_process_leaves_the_connection_to_its_parent(tmp_path: Path) -> None:
    """Otherwise two processes would write into one conversation, or a child end its parent's."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path) as to:
        send(to)

        def work(wait: Callable[[], object]) -> Delivered:
            wait()
            return send(to, f"key of {os.getpid()}")

        assert [Delivered.ACCEPTED] * 2 == in_processes([work] * 2)
        assert (0, 2 * 3) == (mailbox.commands["QUIT"], mailbox.commands["EHLO"])
        send(to, "key-2")
        assert 2 * 3 == mailbox.commands["EHLO"]
    assert 4 == len({message["Message-ID"] for message in mailbox.messages})


CERTIFICATES: dict[str, tuple[tuple[str, ...], dict[str, Any], str]] = {
    "unknown": (("localhost",), {"by": trustme.CA()}, "unable to get local issuer certificate"),
    "another host": (("mail.example",), {}, "certificate is not valid for 'localhost'"),
    "expired": (("localhost",), {"not_after": datetime.now(UTC) - timedelta(days=1)}, "certificate has expired"),
}


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
@pytest.mark.parametrize("case", CERTIFICATES)
def test_a_certificate_that_is_not_right_gets_no_message(tmp_path: Path, case: str, implicit: bool) -> None:
    """Otherwise somebody between us and the server would get the password and the addresses."""
    names, terms, words = CERTIFICATES[case]
    mailbox = Mailbox()
    context = server_side(*names, **terms)
    context.check_hostname = False
    with running(mailbox, tls=context, implicit=implicit) as port:
        security = "tls" if implicit else "starttls"
        failure = failure_of(SmtpMessenger(described(port, tmp_path, security=security, user=USER, password=PASSWORD)))
    assert f"the mail server's certificate is not accepted: {words}" in str(failure).replace("Hostname mismatch, ", "")
    assert not failure.permanent
    assert 0 == mailbox.commands["MAIL"]


def test_a_server_without_starttls_gets_no_message(tmp_path: Path) -> None:
    """Otherwise somebody who takes one line out of the conversation could read everything."""
    mailbox = Mailbox()
    with running(mailbox) as port:
        failure = failure_of(SmtpMessenger(described(port, tmp_path)))
        assert "offers no STARTTLS, and nothing is sent in the clear" in str(failure)
        assert 0 == mailbox.commands["MAIL"]
        to = SmtpMessenger(described(port, tmp_path, security="none"))
        assert Delivered.ACCEPTED is send(to)
        to.close()


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")  # of aiosmtpd, which counts STARTTLS alone
def test_a_message_goes_over_implicit_tls(tmp_path: Path) -> None:
    """Otherwise a region whose server listens on port 465 could not use it."""
    mailbox = Mailbox()
    with running(mailbox, tls=server_side(), implicit=True, login=True) as port:
        to = SmtpMessenger(described(port, tmp_path, security="tls", user=USER, password=PASSWORD))
        assert Delivered.ACCEPTED is send(to)
        to.close()


def test_a_refused_login_is_ours_and_not_tried_at_each_message(tmp_path: Path) -> None:
    """Otherwise a wrong password would lock the account, or mark the notifications of everybody undeliverable."""
    mailbox = Mailbox()
    tried: list[str] = []
    with running(mailbox, tls=server_side(), login=True) as port:
        to = SmtpMessenger(described(port, tmp_path, user=USER, password=f"{PASSWORD}-fel"))
        for key in ("key-1", "key-2"):
            failure = failure_of(to, key)
            assert not failure.permanent
            tried.append(str(failure))
    assert "refuses our login; check the settings of the messenger (535 5.7.8 to login)" in tried[0]
    assert "refused our login a moment ago" in tried[1]
    assert 2 == mailbox.commands["EHLO"]


def test_a_server_without_a_login_gets_no_message(tmp_path: Path) -> None:
    """Otherwise what is sent without the login that the settings ask for would be refused, or go by another way."""
    mailbox = Mailbox()
    login = {"user": USER, "password": PASSWORD}
    with messenger_to(mailbox, tmp_path, changes=login, auth_exclude_mechanism=["LOGIN", "PLAIN"]) as to:
        assert "offers no login that can be used" in str(failure_of(to))
    assert 0 == mailbox.commands["MAIL"]


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """Otherwise a minute's outage would be for good."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        failure = failure_of(SmtpMessenger(described(port, tmp_path, host="127.0.0.1")))
    assert ("the mail server cannot be reached", False) == (str(failure), failure.permanent)
    failure = failure_of(SmtpMessenger(described(25, tmp_path, host="ingen.invalid")))
    assert ("the mail server's name cannot be resolved", False) == (str(failure), failure.permanent)


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


def test_nothing_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """Otherwise a password or an address would stand in a host's log at its finest level, or on its screen."""
    mailbox = Mailbox({"RCPT": ["550 5.1.1 <{who}>: unknown"]})
    with caplog.at_level(logging.DEBUG), messenger_to(mailbox, tmp_path) as to:
        failure_of(to)
        send(to)
    ours = [record for record in caplog.records if record.name.startswith("digital_painschool")]
    assert [] == ours
    assert ("", "") == tuple(capfd.readouterr())
