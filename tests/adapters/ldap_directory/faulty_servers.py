"""Servers that do what no real one does on request: say nothing, stop in the middle, or show another certificate."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

Serve = Callable[[socket.socket], object]


@contextmanager
def serving(serve: Serve) -> Iterator[int]:
    """Listen on a port, and serve each connection in a thread of its own; yield the port."""
    streams: list[socket.socket] = []

    def take(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                stream, _ = listener.accept()
                streams.append(stream)
                Thread(target=quietly, args=(stream,), daemon=True).start()

    def quietly(stream: socket.socket) -> None:
        with suppress(OSError):
            serve(stream)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=take, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    for stream in streams:
        with suppress(OSError):
            stream.shutdown(socket.SHUT_RDWR)
        stream.close()


def silent(_: socket.socket) -> None:
    """Take the connection, and say nothing."""


def closing(stream: socket.socket) -> None:
    """Close the connection at once."""
    stream.shutdown(socket.SHUT_RDWR)


def babbling(stream: socket.socket) -> None:
    """Answer with something else than LDAP."""
    stream.sendall(b"220 mail.region.example ESMTP\r\n" * 100)


def with_certificate(file: Path, serve: Serve = silent) -> Serve:
    """Return a server that shows a certificate, and then serves in another way."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def handshake(stream: socket.socket) -> None:
        encrypted = context.wrap_socket(stream.dup(), server_side=True)
        try:
            serve(encrypted)
            encrypted.recv(1)
        finally:
            encrypted.close()

    return handshake


def forwarding(port: int, most: int, *, hangs: bool) -> Serve:
    """Return a server that forwards to another one, and after a number of its bytes hangs, or closes."""

    def forward(client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as server:
            Thread(target=_copy, args=(client, server), daemon=True).start()
            left = most
            while left > 0 and (received := server.recv(min(left, 4096))):
                client.sendall(received)
                left -= len(received)
            if hangs:
                while server.recv(4096):
                    pass
            client.shutdown(socket.SHUT_RDWR)

    return forward


def _copy(source: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(4096):
            to.sendall(received)


def done(message: int, operation: int) -> bytes:
    """Return a reply to a message that says that it was done, in BER."""
    return bytes([0x30, 12, 0x02, 1, message, operation, 7, 0x0A, 1, 0, 4, 0, 4, 0])


BIND, START_TLS, SEARCH = 0x61, 0x78, 0x65
"""The replies to a bind, to StartTLS and at the end of a search, by their tags."""


def canned(*replies: bytes) -> Serve:
    """Return a server that sends a reply for each thing that it receives."""

    def serve(stream: socket.socket) -> None:
        for reply in replies:
            stream.recv(4096)
            stream.sendall(reply)

    return serve
