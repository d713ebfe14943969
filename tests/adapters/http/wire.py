"""A server that speaks bytes, for answers that no HTTP library would give."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext, SSLError
from threading import Event, Thread
from time import sleep

Answering = Callable[[socket.socket, Event], None]
"""A function that answers a call that was read; the event is set when the test is over."""


@contextmanager
def wire(answering: Answering, context: SSLContext | None = None) -> Iterator[str]:
    """Serve on this machine, and yield the address, `host:port`."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        thread = Thread(target=_serve, args=(listener, answering, context, over))
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def says(*parts: bytes) -> Answering:
    """Return a server that sends some bytes and closes the connection."""

    def answering(connection: socket.socket, over: Event) -> None:
        for part in parts:
            connection.sendall(part)

    return answering


def drips(start: bytes, drop: bytes) -> Answering:
    """Return a server that sends a little every hundredth of a second, for eight seconds."""

    def answering(connection: socket.socket, over: Event) -> None:
        connection.sendall(start)
        for _ in range(800):
            if over.is_set():
                return
            connection.sendall(drop)
            sleep(0.01)

    return answering


@contextmanager
def keeping() -> Iterator[tuple[str, list[int]]]:
    """Serve with connections that are kept, and yield the address, and the client's port of each call: the answer."""
    ports: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            ports.append(self.client_address[1])
            sleep(0.2)  # the calls of several processes overlap
            answer = f"{self.client_address[1]}".encode()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}", ports
        server.shutdown()
        thread.join()


def silent(connection: socket.socket, over: Event) -> None:
    """Read the call and give no answer."""
    over.wait(20)


def _serve(listener: socket.socket, answering: Answering, context: SSLContext | None, over: Event) -> None:
    while not over.is_set():
        with suppress(TimeoutError):
            connection, _ = listener.accept()
            with connection, suppress(OSError, SSLError):
                connection.settimeout(20)
                secure = connection if context is None else context.wrap_socket(connection, server_side=True)
                with secure:
                    _read_call(secure)
                    answering(secure, over)


def _read_call(connection: socket.socket) -> None:
    read = b""
    while b"\r\n\r\n" not in read:
        read += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = read.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536) or b" " * length
