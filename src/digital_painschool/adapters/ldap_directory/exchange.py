"""The exchange of requests and replies with an LDAP server, on which every wait has a deadline.

libldap has no time limit for a TLS handshake, nor for the rest of a TLS record (OpenLDAP 2.5 with GnuTLS waits for
ever). So the sockets and TLS are Python's, and libldap reads and writes one end of a pair of sockets: it encodes the
requests and decodes the answers, and never waits.
"""

import os
import select
import socket
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Protocol, Self, cast

import ldap
from attrs import frozen

_NOWHERE = "ldapi://%2Fdev%2Fnull"
"""The address that libldap has: nothing listens there, so that it can open no connection of its own."""
_CHUNK = 4096
"""How many bytes go to libldap at a time: fewer than fit into a pair of sockets on any system."""
_GOODBYE = 0.2
"""How many seconds saying goodbye may take."""


@frozen
class Deadline:
    """The instant of the monotonic clock at which a question must be over."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Return the deadline some seconds from now."""
        return cls(monotonic() + seconds)

    def sooner(self, seconds: float) -> "Deadline":
        """Return the deadline some seconds from now, or this one where it is earlier."""
        return Deadline(min(self.at, monotonic() + seconds))

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: None are left.
        """
        left = self.at - monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Protocol(Protocol):
    """The part of python-ldap's `LDAPObject` that is used; it has no types of its own."""

    def set_option(self, option: int, value: object) -> None: ...

    def simple_bind(self, who: str, cred: str) -> int: ...

    def extop(self, request: object) -> int: ...

    def search_ext(
        self,
        base: str,
        scope: int,
        filter_: str,
        attributes: Sequence[str],
        *,
        serverctrls: Sequence[object],
        timeout: int,
        sizelimit: int,
    ) -> int: ...

    def abandon(self, message: int) -> None: ...

    def result3(self, message: int, all_: int, timeout: int) -> tuple[int | None, Any, int, Any]: ...

    def unbind(self) -> None: ...


class Exchange:
    """The bytes between libldap and a server's socket.

    Args:
        server: The socket, encrypted or not; whoever opened it closes it.
    """

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        # Where the bytes at hand end behind the header of an answer, libldap would wait for the rest, and for ever.
        self._far.setblocking(False)
        self._fd = self._far.dup().detach()
        self.ldap = cast("_Protocol", ldap.initialize(_NOWHERE, fileno=self._fd))
        self.ldap.set_option(ldap.OPT_REFERRALS, 0)
        self.ldap.set_option(ldap.OPT_DEREF, ldap.DEREF_NEVER)

    def reply(self, message: int, until: Deadline) -> tuple[int, Any, Any]:
        """Return the next reply to a message: its type, its entries and its controls.

        Raises:
            LDAPError: The reply is an error.
            OSError: The connection was lost, or nothing came in time.
        """
        while True:
            kind, data, _, controls = self.ldap.result3(message, 0, 0)
            if kind is not None:
                return kind, data, controls
            until.left()
            if not select.select([self._far], [], [], 0)[0]:
                self._carry(until)

    def _carry(self, until: Deadline) -> None:
        self.flush(until)
        self._server.settimeout(until.left())
        received = self._server.recv(_CHUNK)
        if not received:
            raise ConnectionResetError
        self._near.sendall(received)

    def flush(self, until: Deadline) -> None:
        """Send the server what libldap has written."""
        with suppress(BlockingIOError):
            while written := self._near.recv(_CHUNK):
                self._server.settimeout(until.left())
                self._server.sendall(written)

    def close(self) -> None:
        """Close libldap's end, and say goodbye to the server where that takes no time."""
        with suppress(ldap.LDAPError, OSError):
            self.ldap.unbind()
            self.flush(Deadline.after(_GOODBYE))
        self._close()

    def drop(self) -> None:
        """Close libldap's end, and leave the server's socket as it is."""
        with suppress(ldap.LDAPError):
            self.ldap.unbind()
        self._close()

    def leave_to_parent(self) -> None:
        """Close the copies of the sockets in a child process; nothing is written to them."""
        # libldap would say goodbye on the pair that the parent still uses: it gets another one.
        ours, theirs = socket.socketpair()
        os.dup2(theirs.fileno(), self._fd, inheritable=False)
        ours.close()
        theirs.close()
        self._close()

    def _close(self) -> None:
        self._near.close()
        self._far.close()


def is_filter(text: str) -> bool:
    """Return whether a text is one filter in parentheses, by libldap's own parser; nothing is sent to anybody."""
    if not text.startswith("("):
        return False
    here, there = socket.socketpair()
    exchange = Exchange(here)
    try:
        exchange.ldap.search_ext("", ldap.SCOPE_BASE, text, ["1.1"], serverctrls=[], timeout=1, sizelimit=1)
    except ldap.FILTER_ERROR:
        return False
    else:
        return True
    finally:
        exchange.drop()
        here.close()
        there.close()
