"""Law 5 over real HTTP to 46elks: the machine's deliveries with a gateway that refuses, or loses its answers."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug import Request, Response

from digital_painschool.adapters.elks.messenger import ElksMessenger
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import Channel
from digital_painschool.testing.reference.laws import LawViolation
from tests.adapters.http.elks_server import REPORTS_SECRET, ElksServer
from tests.adapters.keyless import SENDS_TWICE, Gateway, Taken, Trouble, run_machine

pytestmark = [pytest.mark.search, pytest.mark.rule("M-23", "D-13a", "D-13d")]
REPORTS = {"reports_url": "https://painschool.example/reports", "reports_secret": Masked(REPORTS_SECRET)}
"""Then the gateway is told the key of each message, by the address of its report."""


def _cut(request: Request) -> Response:
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response()


LOST = {
    "loses its answer": _cut,
    "half an answer": lambda _: Response('{"status": "crea', 200, headers={"content-length": "99"}),
    "a gateway before it loses the answer": lambda _: Response("", 502),
}
"""What is heard of a message that was taken."""


def _key_of(reports_url: str) -> str:
    (key,) = parse_qs(urlsplit(reports_url).query)["key"]
    return key


def gateway_of(elks: ElksServer) -> Gateway:
    """Return what the gateway has taken, and how it goes wrong."""

    def taken() -> list[Taken]:
        with elks.lock:
            return [Taken(_key_of(one["whendelivered"]), one["to"]) for one in elks.sent]

    def answering(answer: Callable[[], Response]) -> Callable[[], AbstractContextManager[object]]:
        @contextmanager
        def during() -> Iterator[None]:
            elks.next_answer = answer
            try:
                yield
            finally:
                elks.next_answer = None

        return during

    @contextmanager
    def losing(what: str) -> Iterator[None]:
        elks.loses_answers_to, elks.lost_answer = "sms", LOST[what]
        try:
            yield
        finally:
            elks.loses_answers_to = ""

    troubles = {name: Trouble(partial(losing, name), loses_answers=True) for name in LOST}
    troubles |= {
        "429": Trouble(answering(lambda: Response("", 429, headers={"retry-after": "600"}))),
        "503": Trouble(answering(lambda: Response("", 503))),
        "barred": Trouble(answering(lambda: Response("Invalid to number", 400)), permanent=True),
        "does not answer": Trouble(elks.hanging),
    }
    return Gateway(Channel.SMS, taken=taken, clear=elks.sent.clear, seen=str, troubles=troubles)


def test_whatever_46elks_does_nobody_is_told_twice_without_reason_or_never(
    elks: ElksServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a therapist would get an SMS again and again, another's, one that was not chosen, or none."""
    gateway = gateway_of(elks)
    run_machine(gateway, lambda: elks.messenger(**REPORTS), monkeypatch)
    assert gateway.troubles.keys() == gateway.done.keys()


def test_a_messenger_that_sends_twice_is_caught(elks: ElksServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the laws over 46elks would excuse what no fault is the reason of."""
    twice = SENDS_TWICE.within(ElksMessenger)
    with pytest.raises(LawViolation, match="the server has not taken what was sent"):
        run_machine(gateway_of(elks), lambda: elks.opened(twice(elks.options(**REPORTS))), monkeypatch)
