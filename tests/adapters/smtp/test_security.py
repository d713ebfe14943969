"""The protection of the e-mail by SMTP: certificates, logins, and what nobody may see."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from digital_painschool.adapters.smtp import SmtpMessenger
from digital_painschool.ports.inbox import Delivered
from tests.adapters.smtp.sending import failure_of, send
from tests.adapters.smtp.servers import PASSWORD, USER, Mailbox, described, messenger_to, running, server_side


def test_a_kept_connection_holds_no_password(tmp_path: Path) -> None:
    """Otherwise whoever looks at a process that waits, or prints its connections, would read it."""
    with running(Mailbox(), tls=server_side(), login=True) as port:
        to = SmtpMessenger(described(port, tmp_path, user=USER, password=PASSWORD))
        send(to)
        (kept,) = to._kept
        assert PASSWORD not in repr(vars(kept))
        to.close()


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


def test_nothing_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """Otherwise a password or an address would stand in a host's log at its finest level, or on its screen."""
    mailbox = Mailbox({"RCPT": ["550 5.1.1 <{who}>: unknown"]})
    with caplog.at_level(logging.DEBUG), messenger_to(mailbox, tmp_path) as to:
        failure_of(to)
        send(to)
    ours = [record for record in caplog.records if record.name.startswith("digital_painschool")]
    assert [] == ours
    assert ("", "") == tuple(capfd.readouterr())
