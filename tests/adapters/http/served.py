"""A part of a real HTTP server that can be down, hang, or answer as a test says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock
from typing import TypeVar

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digital_painschool.adapters.http.deadline import DeadlineTransport

T = TypeVar("T")

PATIENCE = 20
"""How many seconds a hanging server hangs at most, so that a failing test ends."""


class Served:
    """The calls under one path of a server.

    Args:
        server: The server.
        path: The path, which no other test uses.
        ca: The file of the certificates that adapters trust.
    """

    def __init__(self, server: HTTPServer, path: str, ca: Path) -> None:
        self.ca = ca
        self.url = server.url_for(path)
        self.lock = Lock()
        self.calls: list[Request] = []
        self.next_answer: Callable[[], Response] | None = None
        """The answer to every call in place of the usual one, which is then not given."""
        self.loses_answers_to = ""
        """The calls, such as `"sms"`, that are done without the caller's hearing of it."""
        self.lost_answer: Callable[[Request], Response] = lambda _: Response("lost on the way", 502)
        """What the caller gets in place of a lost answer."""
        self._transports: list[DeadlineTransport] = []
        self._runs = Event()
        self._runs.set()
        for under in ("/sms", "/notices", "/reach", "/forget"):
            server.expect_request(f"{path}{under}").respond_with_handler(self._handle)

    def down(self) -> None:
        """Answer every call from now on that the server is out of order."""
        self.next_answer = lambda: Response("out of order", 503)

    def up(self) -> None:
        """Answer as usual again."""
        self.next_answer = None

    def busy(self, seconds: int) -> None:
        """Answer every call from now on that the caller is to wait."""
        self.next_answer = lambda: Response("too many", 429, {"Retry-After": str(seconds)})

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Give no answer within a `with` block, where the adapters wait for a fifth of a second and no more."""
        self._runs.clear()
        usual = [transport._seconds for transport in self._transports]
        try:
            for transport in self._transports:
                transport._seconds = 0.2
            yield
        finally:
            for transport, seconds in zip(self._transports, usual, strict=True):
                transport._seconds = seconds
            self._runs.set()

    def opened(self, adapter: T) -> T:
        """Return an adapter that was opened on this server, which from now on becomes impatient while it hangs."""
        transport = adapter._server._client._transport  # type: ignore[attr-defined]
        assert isinstance(transport, DeadlineTransport)
        self._transports.append(transport)
        return adapter

    def answer(self, request: Request) -> Response:
        """Return the usual answer."""
        raise NotImplementedError

    def _handle(self, request: Request) -> Response:
        request.get_data()
        if not self._runs.is_set():
            self._runs.wait(PATIENCE)
            return Response("too late", 503)
        with self.lock:
            self.calls.append(request)
            if self.next_answer is not None:
                return self.next_answer()
            usual = self.answer(request)
            is_lost = request.path.rpartition("/")[2] == self.loses_answers_to
            return self.lost_answer(request) if is_lost else usual
