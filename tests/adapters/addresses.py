"""A host of several addresses on this machine, of which some drop every packet."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

DEAD = ("127.0.0.11", "127.0.0.12", "127.0.0.13")


@contextmanager
def dropping(port: int, *, accepts: bool = False) -> Iterator[None]:
    """Drop what is sent to a port of the dead addresses: nobody takes a connection, and the queue for them is full.

    Args:
        port: The port.
        accepts: Whether the system takes connections, and nobody ever answers on them.
    """
    with ExitStack() as stack:
        for address in DEAD:
            listener = stack.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(100 if accepts else 0)
            for _ in range(0 if accepts else 3):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                with suppress(BlockingIOError):
                    waiting.connect((address, port))
        yield


def resolve(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let the name `localhost` stand for some addresses, in this order."""
    resolver = socket.getaddrinfo

    def answer(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host not in {"localhost", b"localhost"}:
            return resolver(host, port, *args, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
