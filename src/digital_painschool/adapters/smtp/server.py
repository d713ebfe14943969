"""The mail server as settings describe it: where it is, how the connection is protected, who signs in."""

from enum import Enum
from pathlib import Path
from ssl import SSLContext

from attrs import field, frozen
from attrs.converters import optional
from attrs.validators import and_, instance_of, matches_re
from attrs.validators import optional as or_none

from digital_painschool.adapters.paths import absolute
from digital_painschool.adapters.tcp import THIS_MACHINE
from digital_painschool.adapters.tls import tls_context
from digital_painschool.domain.checks import check, satisfies
from digital_painschool.domain.email_address import WHAT, is_email, wire_form
from digital_painschool.domain.limits import TITLE
from digital_painschool.domain.masking import Masked, masked_text
from digital_painschool.errors import ConfigurationError


class Security(Enum):
    """The protection of the connection. With STARTTLS, a server that does not offer it gets no message."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


def _security(value: object) -> Security:
    if value not in [*Security, *(one.value for one in Security)]:
        raise ConfigurationError(f"security is one of {', '.join(one.value for one in Security)}")
    return Security(value)


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
"""The usual ports (RFC 6409, RFC 8314)."""
_SHORTEST, _LONGEST = 0.1, 300
"""The fewest and the most seconds of a call: a third of the default lease."""


def _is_typed(masked: Masked[object]) -> bool:
    text = masked.reveal()
    return isinstance(text, str) and text != "" and text.isascii() and text.isprintable()


_TYPED = (or_none(satisfies(_is_typed)), "is text in ASCII, in one line: SMTP's login cannot carry other letters")
_IS_HOST = and_(instance_of(str), matches_re(r"[A-Za-z0-9._:-]{1,253}"))
_HOST = (_IS_HOST, "is the name of a host, in ASCII")
_LAST_PORT = 65_535
_NO_PORT = (
    or_none(satisfies(lambda port: type(port) is int and 1 <= port <= _LAST_PORT)),
    "is a port, from 1 to 65535",
)
_SECONDS = (
    satisfies(lambda seconds: type(seconds) in (int, float) and _SHORTEST <= seconds <= _LONGEST),
    f"is a number of seconds, at most {_LONGEST}",
)


def _is_sender(text: object) -> bool:
    return is_email(text) and str(text).isascii()


@frozen(kw_only=True)
class Server:
    """A mail server, and what the messages come from.

    Args:
        host: The name of the server, which its certificate must have.
        port: The port; None: 587 with STARTTLS, 465 with TLS, 25 without either.
        security: The protection of the connection; NONE only for a server on the same machine.
        sender: The address that the messages come from, and that the server sends refusals to.
        sender_name: The name beside it.
        user: The user name of the login; None: no login.
        password: The password of the login; masked when shown.
        hello: The name that this machine greets the server with; None: its address on the network.
        ca_file: A file of certificates in PEM that alone are trusted; None: those of the system.
        seconds: How long a call may take in total, beside the system's own lookup of the host's name.

    Raises:
        ConfigurationError: A value is not usable; no error shows it.
    """

    host: str = field(validator=check(_HOST, error=ConfigurationError))
    sender: str = field(validator=check((satisfies(_is_sender), f"is, in ASCII, {WHAT}"), error=ConfigurationError))
    sender_name: str | None = field(
        default="Digitala smärtskolan",
        validator=check((or_none(TITLE), "is one line of text"), error=ConfigurationError),
    )
    security: Security = field(default=Security.STARTTLS, converter=_security)
    port: int | None = field(default=None, validator=check(_NO_PORT, error=ConfigurationError))
    user: Masked[str] | None = field(
        default=None, converter=optional(masked_text), validator=check(_TYPED, error=ConfigurationError)
    )
    password: Masked[str] | None = field(
        default=None, converter=optional(masked_text), validator=check(_TYPED, error=ConfigurationError)
    )
    hello: str | None = field(default=None, validator=check((or_none(_IS_HOST), _HOST[1]), error=ConfigurationError))
    ca_file: Path | None = field(default=None, converter=optional(absolute))
    seconds: float = field(default=45, validator=check(_SECONDS, error=ConfigurationError))

    def __attrs_post_init__(self) -> None:
        if (self.user is None) is not (self.password is None):
            raise ConfigurationError("user and password go together; give both, or neither")
        if self.user is not None and self.security is Security.NONE:
            raise ConfigurationError("a login needs STARTTLS or TLS; without either the password would be readable")
        if self.security is Security.NONE and self.host.lower() not in THIS_MACHINE:
            raise ConfigurationError(
                "a server on another machine needs STARTTLS or TLS: without either, whom a message is for would be"
                " readable on the way"
            )

    @property
    def domain(self) -> str:
        """The sender's domain, in ASCII."""
        return (wire_form(self.sender) or self.sender).rpartition("@")[2]

    @property
    def at(self) -> tuple[str, int]:
        """The host and the port."""
        return self.host, self.port or _PORTS[self.security]

    def tls(self) -> SSLContext | None:
        """Return what the server's certificate is checked with; None for a connection in the clear.

        Raises:
            ConfigurationError: The file of certificates cannot be read, or has none.
        """
        return None if self.security is Security.NONE else tls_context("messenger 'smtp'", self.ca_file)
