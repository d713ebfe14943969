"""A transport with one deadline for a whole call.

The time-outs of an HTTP library count from the last byte. A server that sends a byte now and then would hold a worker
past its lease. Here every wait of a call (connect, TLS, write, read) ends at the call's deadline.
"""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from os import register_at_fork
from ssl import SSLContext
from time import monotonic
from typing import Any
from weakref import WeakSet

import httpcore2
import httpx2

from digital_painschool.adapters.tcp import addresses_of

_DEADLINE: ContextVar[float] = ContextVar("deadline")
_LARGEST_ANSWER = 65_536
_CONNECTIONS = 20


class AnswerTooLarge(Exception):
    """An answer that is longer than any answer that an adapter reads."""


class DeadlineTransport(httpx2.BaseTransport):
    """The transport of an `httpx2.Client` whose calls end in time, whatever the server does.

    Args:
        context: The TLS settings.
        seconds: The time of a whole call, from the connection to the last byte of the answer.
    """

    def __init__(self, context: SSLContext, seconds: float) -> None:
        self._context = context
        self._seconds = seconds
        self.leave_to_parent()
        _TRANSPORTS.add(self)

    def leave_to_parent(self) -> None:
        """Start without connections: in a forked process those of before are the parent's, and so may be a lock."""
        self._pool = httpcore2.ConnectionPool(
            ssl_context=self._context,
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_CONNECTIONS,
            keepalive_expiry=2,
            network_backend=_Backend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and read the whole answer.

        Raises:
            AnswerTooLarge: The answer is longer than 64 KiB.
            httpcore2.TimeoutException: The call did not end in time.
            httpcore2.NetworkError: The connection was not made, or was lost.
            httpcore2.ProtocolError: The answer is not HTTP, or is not complete.
        """
        url = request.url
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        asked = httpcore2.Request(
            request.method,
            target,
            headers=request.headers.raw,
            content=request.read(),
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)},
        )
        token = _DEADLINE.set(monotonic() + self._seconds)
        try:
            answer = self._pool.handle_request(asked)
            try:
                body = _read(answer)
            finally:
                answer.close()
        finally:
            _DEADLINE.reset(token)
        return httpx2.Response(answer.status, headers=answer.headers, content=body)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


_TRANSPORTS: WeakSet[DeadlineTransport] = WeakSet()


def _after_fork_in_child() -> None:
    for transport in tuple(_TRANSPORTS):
        transport.leave_to_parent()


register_at_fork(after_in_child=_after_fork_in_child)


class _Stream(httpcore2.NetworkStream):
    """A connection whose waits end at the deadline of the present call."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout, httpcore2.ConnectTimeout)))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore2.NetworkBackend):
    """Connections whose waits end at the deadline of the present call."""

    def __init__(self) -> None:
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectError("the host has no address")
        try:
            for (*_, at), left in addresses_of(host, port, lambda: _left(timeout, httpcore2.ConnectTimeout)):
                try:
                    return _Stream(self._sockets.connect_tcp(at[0], port, left, local_address, socket_options))
                except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                    failure = error
        except OSError as error:
            failure = httpcore2.ConnectError(error)
        raise failure


def _left(timeout: float | None, late: Callable[[], Exception]) -> float:
    left = _DEADLINE.get() - monotonic()
    if left <= 0:
        raise late()
    return left if timeout is None else min(timeout, left)


def _read(answer: httpcore2.Response) -> bytes:
    body = bytearray()
    for part in answer.iter_stream():
        body += part
        if len(body) > _LARGEST_ANSWER:
            raise AnswerTooLarge
    return bytes(body)
