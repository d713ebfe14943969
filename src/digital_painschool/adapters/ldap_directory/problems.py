"""The problems of an LDAP directory, each in words that say what to do.

No text of a server or of a library is repeated: it may hold the id that was asked about, or a DN.
"""

from enum import Enum


class Problem(Enum):
    """The kinds of problems, each with its words."""

    UNREACHABLE = "no server can be reached; see the log, and the option 'uris'"
    NO_ANSWER = "it did not answer in time"
    LOST = "the connection was lost"
    BUSY = "it is busy, or shutting down"
    TLS = "the server does not speak TLS, or ended the handshake; see the option 'uris'"
    UNKNOWN_CERTIFICATE = "the server's certificate is signed by nobody whom the option 'ca_file' trusts"
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
    GARBLED = "the server's answer cannot be read"
    CLOSED = "it has been closed"
    OTHER = "the server answered with an error; its own log says which"


PASSING = frozenset({Problem.LOST, Problem.BUSY})
"""The problems of a connection that another connection may not have."""
