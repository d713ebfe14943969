"""The syntax of an e-mail address: one mailbox, as the commands and the headers of SMTP take it.

A header is text, and so is a list of recipients: an address with a line break, a comma or a display name would be
several things at once. Rule: D-13c, D-23a.
"""

import re
from unicodedata import normalize

from digital_painschool.domain.validation import is_encodable

WHAT = "one e-mail address, such as namn@example.org: no list, no display name, no quotes, no blanks"
"""What an address must be, for errors."""

_LOCAL_LENGTH, _LENGTH = 64, 254
"""The most octets before the at sign, and of the whole address (RFC 5321)."""

_SPECIAL = r"\s()<>\[\]:;@\\,\".%!\x00-\x20\x7f"
"""What no part before the at sign holds: RFC 5322's specials, and `%` and `!`, which some servers take for a route."""
_LOCAL = re.compile(rf"[^{_SPECIAL}]+(?:\.[^{_SPECIAL}]+)*")
"""What stands before the at sign, unquoted: RFC 5322's dot-atom, with the letters of RFC 6531."""
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")


def is_email(text: object) -> bool:
    """Return whether a value is one e-mail address, unquoted, with the name of a host or a domain after the at sign."""
    return isinstance(text, str) and wire_form(text) is not None


def wire_form(text: str) -> str | None:
    """Return an address with its domain in ASCII, as SMTP takes it; None for a text that is no e-mail address.

    Only the domain is changed, and only where it holds letters beyond ASCII (IDNA). The part before the at sign stays
    as it is: with letters beyond ASCII, it needs a server with SMTPUTF8.
    """
    local, at, domain = text.rpartition("@")
    if not at or not text.isprintable() or not is_encodable(text) or not _LOCAL.fullmatch(local):
        return None
    if "=?" in local:  # a reader of headers would decode it into something else
        return None
    ascii_domain = domain if domain.isascii() else _idna(domain)
    if ascii_domain is None or not all(_LABEL.fullmatch(label) for label in ascii_domain.split(".")):
        return None
    if ascii_domain.rpartition(".")[2].isdecimal():  # an IP address is no domain
        return None
    wire = f"{local}@{ascii_domain}"
    too_long = len(local.encode()) > _LOCAL_LENGTH or len(wire.encode()) > _LENGTH
    return None if too_long else wire


def _idna(domain: str) -> str | None:
    """Return a domain in ASCII, or None for one that IDNA would change into another: `ß` into `ss`, a wide dot."""
    try:
        encoded = domain.encode("idna")
        same = encoded.decode("idna") == normalize("NFC", domain).lower()
    except UnicodeError:
        return None
    return encoded.decode("ascii") if same else None
