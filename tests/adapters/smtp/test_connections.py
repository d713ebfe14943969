"""The connections of the e-mail by SMTP: kept, made anew, and left."""

import os
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from digital_painschool.adapters.smtp import messenger
from digital_painschool.ports.inbox import Delivered
from digital_painschool.testing.contracts.concurrency import CAN_FORK, in_processes
from tests.adapters.smtp.sending import failure_of, send
from tests.adapters.smtp.servers import Mailbox, messenger_to


def test_what_may_have_arrived_is_not_sent_again_at_once(tmp_path: Path) -> None:
    """Otherwise a kept connection that breaks after the message would send it twice in one call."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path) as to:
        send(to)
        mailbox.answers["DATA"] = ["keep and drop"]
        assert "unknown whether the mail server accepted it" in str(failure_of(to, "key-2"))
    assert 2 == len(mailbox.raw)


@pytest.mark.parametrize(("hello", "greeting"), [(None, "[127.0.0.1]"), ("app1.region.example", "app1.region.example")])
def test_a_server_is_greeted_by_what_it_can_check(tmp_path: Path, hello: str | None, greeting: str) -> None:
    """Otherwise a server that looks names up would refuse us, or the messages say how a machine is called."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path, changes={"hello": hello}) as to:
        send(to)
    assert greeting == mailbox.greeted_by


def test_an_interrupt_leaves_no_connection_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a stopped worker would say more on a connection in the middle of a message."""
    mailbox = Mailbox()
    with messenger_to(mailbox, tmp_path) as to:
        send(to)
        (kept,) = to._kept
        monkeypatch.setattr(kept, "rcpt", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            send(to, "key-2")
        assert kept.sock is None
        assert Delivered.ACCEPTED is send(to, "key-2")
    assert (2, 1) == (len(mailbox.raw), mailbox.commands["QUIT"])


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
    with messenger_to(mailbox, tmp_path, changes={"seconds": 10}) as to:
        send(to)

        def work(wait: Callable[[], object]) -> Delivered:
            wait()
            return send(to, f"key of {os.getpid()}")

        assert [Delivered.ACCEPTED] * 2 == in_processes([work] * 2)
        assert (0, 2 * 3) == (mailbox.commands["QUIT"], mailbox.commands["EHLO"])
        send(to, "key-2")
        assert 2 * 3 == mailbox.commands["EHLO"]
    assert 4 == len({message["Message-ID"] for message in mailbox.messages})
