"""One connection to an LDAP server: encrypted, bound, and searched."""

import socket
from collections.abc import Generator, Sequence
from math import ceil
from ssl import SSLContext, SSLEOFError, SSLZeroReturnError
from time import monotonic

import ldap
from ldap.controls import SimplePagedResultsControl
from ldap.extop import ExtendedRequest

from digital_painschool.adapters.ldap_directory.entries import Entry
from digital_painschool.adapters.ldap_directory.exchange import Deadline, Exchange
from digital_painschool.adapters.ldap_directory.failures import LdapFailure
from digital_painschool.adapters.ldap_directory.options import Server
from digital_painschool.adapters.ldap_directory.problems import Problem
from digital_painschool.adapters.tcp import addresses_of, connected_to
from digital_painschool.domain.masking import Masked

_START_TLS = "1.3.6.1.4.1.1466.20037"
_REFUSALS = (
    ldap.INVALID_CREDENTIALS,
    ldap.INAPPROPRIATE_AUTH,
    ldap.INVALID_DN_SYNTAX,
    ldap.NO_SUCH_OBJECT,
    ldap.INSUFFICIENT_ACCESS,
    ldap.UNWILLING_TO_PERFORM,
    ldap.CONSTRAINT_VIOLATION,
    ldap.STRONG_AUTH_NOT_SUPPORTED,
)
"""The answers to a bind that say that the account, and nothing else, is wrong."""


class Session:
    """A connection to a server that is encrypted and bound.

    Args:
        server: The server.
        stream: A connected and encrypted socket, which is closed with the session.
    """

    def __init__(self, server: Server, stream: socket.socket) -> None:
        self.server = server
        self.used_at = monotonic()
        self._stream = stream
        self._exchange = Exchange(stream)

    def bind(self, user: str, password: Masked[str], until: Deadline) -> None:
        """Send a bind as the service account.

        Raises:
            LdapFailure: The server refuses it.
            LDAPError: The server answers with another error.
            OSError: The connection was lost, or nothing came in time.
        """
        try:
            self._exchange.reply(self._exchange.ldap.simple_bind(user, password.reveal()), until)
        except _REFUSALS:
            raise LdapFailure(Problem.BIND_REFUSED) from None

    def search(
        self, base: str, filter_: str, attributes: Sequence[str], until: Deadline, *, size: int = 0, page: int = 0
    ) -> Generator[Entry, None, None]:
        """Yield the entries at and below a DN that pass a filter. References to other servers are left out.

        Args:
            base: The DN.
            filter_: The filter, in which every value is escaped.
            attributes: The names of the attributes wanted.
            until: The deadline for all entries.
            size: The most entries that the server may return; 0 for its own limit.
            page: How many entries are asked for at a time; 0 for all at once.

        Raises:
            LDAPError: The server answers with an error; what was yielded is not all.
            OSError: The connection was lost, or the deadline has passed.
        """
        protocol, cookie = self._exchange.ldap, b""
        while True:
            paged = [SimplePagedResultsControl(False, page, cookie)] if page else []
            message = protocol.search_ext(
                base,
                ldap.SCOPE_SUBTREE,
                filter_,
                attributes,
                serverctrls=paged,
                timeout=ceil(until.left()),
                sizelimit=size,
            )
            kind, data, controls = self._exchange.reply(message, until)
            while kind != ldap.RES_SEARCH_RESULT:
                try:
                    yield from (Entry.of(dn, found) for dn, found in data if kind == ldap.RES_SEARCH_ENTRY)
                except GeneratorExit:
                    protocol.abandon(message)
                    raise
                kind, data, controls = self._exchange.reply(message, until)
            cookie = next((one.cookie for one in controls if isinstance(one, SimplePagedResultsControl)), b"")
            if not cookie:
                return

    def close(self) -> None:
        """Close the connection."""
        self._exchange.close()
        self._stream.close()

    def leave_to_parent(self) -> None:
        """Release the parent's connection in a child process, without a word to the server."""
        self._exchange.leave_to_parent()
        self._stream.close()


def open_session(server: Server, tls: SSLContext, until: Deadline, *, plain: bool) -> Session:
    """Return a session that is connected and encrypted, and not bound yet.

    Args:
        server: The server.
        tls: How TLS checks the server.
        until: The deadline, which the addresses of a host share.
        plain: True sends everything over `ldap://` unencrypted.

    Raises:
        LdapFailure: The server refuses StartTLS.
        LDAPError: The server answers with another error.
        OSError: The server cannot be reached in time, or its certificate is not trusted (`SSLCertVerificationError`).
    """
    stream = _connected(server, until)
    try:
        if server.scheme == "ldap" and not plain:
            _start_tls(stream, until)
        if server.scheme == "ldaps" or (server.scheme == "ldap" and not plain):
            stream.settimeout(until.left())
            stream = _encrypted(stream, tls, server.host)
        return Session(server, stream)
    except BaseException:
        stream.close()
        raise


def _connected(server: Server, until: Deadline) -> socket.socket:
    if server.scheme != "ldapi":
        stream = _connected_over_tcp(server, until)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream
    stream = socket.socket(socket.AF_UNIX)
    try:
        stream.settimeout(until.left())
        stream.connect(server.host)
    except BaseException:
        stream.close()
        raise
    return stream


def _connected_over_tcp(server: Server, until: Deadline) -> socket.socket:
    """Return a socket that is connected to the first address of a server that answers."""
    failure = OSError("the host has no address")
    for address, seconds in addresses_of(server.host, server.port, until.left):
        try:
            return connected_to(address, seconds)
        except OSError as error:
            failure = error
    raise failure


def _encrypted(stream: socket.socket, tls: SSLContext, host: str) -> socket.socket:
    try:
        return tls.wrap_socket(stream, server_hostname=host)
    except (SSLEOFError, SSLZeroReturnError, ConnectionError):
        # A server without TLS on this port closes the connection: no outage, which would be tried again.
        raise LdapFailure(Problem.TLS) from None


def _start_tls(stream: socket.socket, until: Deadline) -> None:
    # The exchange ends with the reply: bytes that somebody put behind it, in plain text, are thrown away with it.
    exchange = Exchange(stream)
    try:
        exchange.reply(exchange.ldap.extop(ExtendedRequest(_START_TLS, None)), until)
    except (ldap.PROTOCOL_ERROR, ldap.UNWILLING_TO_PERFORM, ldap.OPERATIONS_ERROR, ldap.UNAVAILABLE):
        raise LdapFailure(Problem.NO_START_TLS) from None
    finally:
        exchange.drop()
