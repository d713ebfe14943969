"""The problems of an LDAP directory: a table from each kind of error to words that say what to do.

No text of a server or of a library is repeated: it may hold the id that was asked about, or a DN.
"""

from collections.abc import Mapping
from enum import Enum
from ssl import SSLCertVerificationError, SSLEOFError, SSLError, SSLZeroReturnError
from types import MappingProxyType

import ldap


class Problem(Enum):
    """The kinds of problems, each with its words."""

    UNREACHABLE = "no server can be reached; see the log, and the option 'uris'"
    NO_ANSWER = "it did not answer in time"
    LOST = "the connection was lost"
    BUSY = "it is busy, or shutting down"
    TLS = "the server does not speak TLS, or ended the handshake; see the option 'uris'"
    UNKNOWN_CERTIFICATE = "the server's certificate is signed by nobody whom the option 'ca' trusts"
    OTHER_HOST = "the server's certificate is another host's; write the name that it has in the option 'uris'"
    EXPIRED_CERTIFICATE = "the server's certificate has expired, or is not valid yet"
    NO_START_TLS = "the server refuses StartTLS; use ldaps:// in the option 'uris', or ask its administrators"
    BIND_REFUSED = "the server refuses the service account; check the options 'user' and 'password'"
    NOT_ENCRYPTED = "the server asks for an encrypted connection; leave out the option 'plain'"
    NOT_ALLOWED = "the service account may not search there; ask the directory's administrators for the right to read"
    UNREADABLE = (
        "the service account may not read the attribute of the option 'hsa_id' or 'unit', or the server has another"
        " name for it"
    )
    NO_BASE = "there is no entry with the DN of the option 'base' or 'unit_base', or the account may not see it"
    NO_PERSONS = "no entry passes the option 'filter' and has the attribute of the option 'hsa_id'"
    NO_UNITS = "no entry passes the option 'unit_filter' and has the attribute of the option 'unit_hsa_id'"
    NO_MEMBERS = "no person's entry has the attribute of the option 'unit'"
    UNIT_OUTSIDE = "the unit's entry does not lie below the option 'base'"
    BAD_SEARCH = "the server does not understand the search; check 'base', the filters and the names of attributes"
    TOO_MANY = "the server's size limit cuts a list short; ask its administrators for paged results without a limit"
    REFERRAL = "the server refers to another one, which is not asked; name that one in the option 'uris'"
    TWO_PERSONS = "there are several entries with one person's HSA-id; the directory's administrators correct it"
    TWO_UNITS = "there are several entries with one unit's HSA-id; the directory's administrators correct it"
    CLOSED = "it has been closed"
    OTHER = "the server answered with an error; its own log says which"


PASSING = frozenset({Problem.LOST, Problem.BUSY})
"""The problems of a connection that another connection may not have."""

_VERIFY_CODES: Mapping[int, Problem] = MappingProxyType(
    {
        9: Problem.EXPIRED_CERTIFICATE,
        10: Problem.EXPIRED_CERTIFICATE,
        62: Problem.OTHER_HOST,
        64: Problem.OTHER_HOST,
    }
)
"""OpenSSL's codes of what is wrong with a certificate; every other code is about who signed it."""

_KINDS: Mapping[type[Exception], Problem] = MappingProxyType(
    {
        # The first that fits counts, so that a class comes before its base.
        SSLEOFError: Problem.LOST,
        SSLZeroReturnError: Problem.LOST,
        SSLError: Problem.TLS,
        TimeoutError: Problem.NO_ANSWER,
        ConnectionRefusedError: Problem.UNREACHABLE,
        ConnectionError: Problem.LOST,
        OSError: Problem.UNREACHABLE,
        ldap.SERVER_DOWN: Problem.LOST,
        ldap.CONNECT_ERROR: Problem.LOST,
        ldap.BUSY: Problem.BUSY,
        ldap.UNAVAILABLE: Problem.BUSY,
        ldap.TIMEOUT: Problem.NO_ANSWER,
        ldap.TIMELIMIT_EXCEEDED: Problem.NO_ANSWER,
        ldap.CONFIDENTIALITY_REQUIRED: Problem.NOT_ENCRYPTED,
        ldap.STRONG_AUTH_REQUIRED: Problem.NOT_ENCRYPTED,
        ldap.INSUFFICIENT_ACCESS: Problem.NOT_ALLOWED,
        ldap.NO_SUCH_OBJECT: Problem.NO_BASE,
        ldap.SIZELIMIT_EXCEEDED: Problem.TOO_MANY,
        ldap.ADMINLIMIT_EXCEEDED: Problem.TOO_MANY,
        ldap.REFERRAL: Problem.REFERRAL,
        ldap.INVALID_DN_SYNTAX: Problem.BAD_SEARCH,
        ldap.FILTER_ERROR: Problem.BAD_SEARCH,
        ldap.UNDEFINED_TYPE: Problem.BAD_SEARCH,
        ldap.INAPPROPRIATE_MATCHING: Problem.BAD_SEARCH,
        ldap.LDAPError: Problem.OTHER,
    }
)


class LdapFailure(Exception):
    """A problem that is known by name; the directory raises it as `DeliveryError`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


FAILURES = (LdapFailure, OSError, ldap.LDAPError)
"""The errors of a connection and of a search; every other error is one of this package."""


def problem_of(error: Exception) -> Problem:
    """Return the problem that an error stands for."""
    if isinstance(error, LdapFailure):
        return error.problem
    if isinstance(error, SSLCertVerificationError):
        return _VERIFY_CODES.get(error.verify_code, Problem.UNKNOWN_CERTIFICATE)
    return next((problem for kind, problem in _KINDS.items() if isinstance(error, kind)), Problem.OTHER)
