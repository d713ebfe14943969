"""The table from each kind of error to the problem that it stands for."""

from collections.abc import Mapping
from ssl import SSLCertVerificationError, SSLEOFError, SSLError, SSLZeroReturnError
from types import MappingProxyType

import ldap
from pyasn1.error import PyAsn1Error

from digital_painschool.adapters.ldap_directory.problems import Problem

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
        UnicodeError: Problem.GARBLED,
        PyAsn1Error: Problem.GARBLED,
        ldap.DECODING_ERROR: Problem.GARBLED,
        ldap.PROTOCOL_ERROR: Problem.GARBLED,
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


FAILURES = (LdapFailure, OSError, UnicodeError, PyAsn1Error, ldap.LDAPError)
"""The errors of a connection and of a search; every other error is one of this package."""


def problem_of(error: Exception) -> Problem:
    """Return the problem that an error stands for."""
    if isinstance(error, LdapFailure):
        return error.problem
    if isinstance(error, SSLCertVerificationError):
        return _VERIFY_CODES.get(error.verify_code, Problem.UNKNOWN_CERTIFICATE)
    return next((problem for kind, problem in _KINDS.items() if isinstance(error, kind)), Problem.OTHER)
