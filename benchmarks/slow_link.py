"""A link to a PostgreSQL server that makes each round trip take longer, as a network to another host does."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from threading import Thread
from time import perf_counter, sleep

import psycopg
from psycopg.conninfo import conninfo_to_dict

_EACH_WAY = 0.000_2
"""Seconds; waking up and passing the bytes on takes about as long again, together some 0.5 ms for a round trip."""


@contextmanager
def slow_link(url: str) -> Iterator[str]:
    """Yield the URL of the same database through a slow link, a process of its own."""
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_serve, args=(there, url), daemon=True)
    process.start()
    target = conninfo_to_dict(url)
    try:
        yield f"postgresql://{target['user']}@127.0.0.1:{here.recv()}/{target['dbname']}?sslmode=disable&gssencmode=disable"
    finally:
        process.terminate()
        process.join()


def round_trip(url: str) -> float:
    """Return the seconds of a round trip to a server: the median of a hundred."""
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        return median(_seconds(connection) for _ in range(100))


def _seconds(connection: psycopg.Connection) -> float:
    began = perf_counter()
    connection.execute("SELECT 1")
    return perf_counter() - began


def _serve(end: Connection, url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        end.send(listener.getsockname()[1])
        while True:
            client, _ = listener.accept()
            server = _connected(url)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, sink in ((client, server), (server, client)):
                Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _connected(url: str) -> socket.socket:
    target = conninfo_to_dict(url)
    host, port = str(target.get("host") or "127.0.0.1"), int(target.get("port") or 5432)
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    there = socket.socket(socket.AF_UNIX)
    there.connect(str(Path(host) / f".s.PGSQL.{port}"))
    return there


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sleep(_EACH_WAY)
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
