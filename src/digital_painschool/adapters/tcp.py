"""Connections over TCP that are made in time, however many addresses a host has."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine: what is sent to them leaves it on no network."""

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""An address as the system's resolver returns it."""


def addresses_of(host: str, port: int, left: Callable[[], float]) -> Iterator[tuple[Address, float]]:
    """Yield each address of a host with the seconds that it may take: its share of what is left.

    An address that drops packets would otherwise take the time of the healthy ones, or let a call take as many times
    its time as the host has addresses.

    Args:
        host: The name of the host, or an address.
        port: The port.
        left: Returns the seconds that are left of the whole call, or raises.

    Raises:
        OSError: The name cannot be resolved.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for number, address in enumerate(found):
        yield address, left() / (len(found) - number)


def connected_to(address: Address, seconds: float) -> socket.socket:
    """Return a socket that is connected to an address within some seconds.

    Raises:
        OSError: The address has not answered in time.
    """
    family, kind, protocol, _, where = address
    stream = socket.socket(family, kind, protocol)
    try:
        stream.settimeout(seconds)
        stream.connect(where)
    except BaseException:
        stream.close()
        raise
    return stream
