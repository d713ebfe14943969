"""The options of the directory "ldap": which servers, which account, where the entries lie, what they are called."""

from enum import Enum
from pathlib import Path
from ssl import SSLContext
from typing import Final
from urllib.parse import unquote, urlsplit

from attrs import field, frozen
from attrs.converters import optional as or_none
from attrs.validators import and_, deep_iterable, ge, in_, le, matches_re, min_len, optional

from digital_painschool.adapters.options import is_reference, secret
from digital_painschool.adapters.paths import absolute
from digital_painschool.adapters.tls import tls_context
from digital_painschool.domain.checks import check, satisfies
from digital_painschool.domain.limits import TITLE
from digital_painschool.domain.masking import Masked, masked_text
from digital_painschool.errors import ConfigurationError, InvalidValue

_PORTS = {"ldap": 389, "ldaps": 636}
_ATTRIBUTE = matches_re(r"(?:[A-Za-z][A-Za-z0-9-]{0,126}|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*")


class Membership(Enum):
    """The three ways in which a directory says that a person works at a unit."""

    BELOW = "below"
    ATTRIBUTE = "attribute"
    DN = "dn"


@frozen
class Server:
    """A server of the option `uris`.

    Args:
        scheme: `ldaps` (TLS from the start), `ldap` (StartTLS) or `ldapi` (a socket of this machine).
        host: The host's name or address; of `ldapi` the path of the socket.
        port: The port; of `ldapi` 0.
    """

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}" + (f":{self.port}" if self.port else "")


def server_of(uri: str) -> Server:
    """Return the server that a URI names.

    Raises:
        InvalidValue: The URI has another scheme, no host, or a part that does not belong here, such as a password.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), 0
    path = unquote(parts.netloc)
    bare = not (parts.query or parts.fragment or "@" in parts.netloc or parts.path.strip("/")) and uri.isprintable()
    if bare and parts.scheme == "ldapi" and path.startswith("/") and path.isprintable():
        return Server("ldapi", path, 0)
    if bare and parts.scheme in _PORTS and _is_host(parts.hostname) and port != 0:
        return Server(parts.scheme, str(parts.hostname), port or _PORTS[parts.scheme])
    raise InvalidValue("is ldaps://host, ldap://host or ldapi://%2Fpath, with a port perhaps, and nothing more")


def _is_host(name: str | None) -> bool:
    try:
        return bool(name) and not str(name).startswith(".") and " " not in str(name) and bool(str(name).encode("idna"))
    except UnicodeError:
        return False


def _is_server(uri: object) -> bool:
    try:
        return isinstance(uri, str) and bool(server_of(uri))
    except InvalidValue:
        return False


_URIS = check(
    (min_len(1), "must name a server at least"),
    (
        deep_iterable(satisfies(_is_server)),
        "must be a list of ldaps://host, ldap://host or ldapi://%2Fpath, with a port perhaps, and nothing more",
    ),
)
_REFERENCE = check(
    (
        satisfies(lambda password: is_reference(password.reveal())),
        "must say where the password is, env:NAME or file:PATH, and is never the password itself",
    )
)
_LINE = check((TITLE, "must be one line of text"))
_LINE_OR_NONE = check((optional(TITLE), "must be one line of text"))
_NAME = check((_ATTRIBUTE, "must be the name of an attribute, such as mail"))
_NAME_OR_NONE = check((optional(_ATTRIBUTE), "must be the name of an attribute"))
_NAMES = check((deep_iterable(_ATTRIBUTE), "must be a list of names of attributes, such as mail"))
_WAYS: Final = tuple(way.value for way in Membership)
_WAY = check((in_(_WAYS), f"must be one of {', '.join(_WAYS)}"))
_COUNTRY = check((matches_re(r"\+[1-9][0-9]{0,2}"), "must be a country's number, such as +46"))
_SECONDS = check((and_(ge(0.1), le(120)), "must be a number of seconds from 0.1 to 120"))
_PAGE = check((and_(ge(1), le(1000)), "must be a whole number from 1 to 1000"))


@frozen(kw_only=True)
class LdapOptions:
    """The options of an LDAP directory.

    Args:
        uris: The servers, in the order in which they are tried. `ldap://` always uses StartTLS, but for `plain`.
        user: The service account: its DN, or another name that the server binds.
        password: Where its password is: `env:NAME` or `file:PATH`, never the password itself.
        ca_file: A file of the certificates (PEM) that are trusted, in place of the system's.
        plain: True sends everything over `ldap://` unencrypted, the password too; `ldaps://` is TLS all the same.
        connect_seconds: The longest time for connecting to one server: TCP, TLS and bind.
        seconds: The longest time of a question, connecting included.
        base: The DN of the entry below which the persons are.
        filter: The filter that every person's entry passes.
        hsa_id: The attribute with a person's HSA-id.
        email: Attributes with an e-mail address; the first one that has a usable address counts.
        sms: Attributes with a mobile number; the first one that has a usable number counts.
        display_name: Attributes with the name that a screen shows; the first one that has a usable name counts.
        country: The country's number that stands for the leading 0 of a national number.
        membership: The way in which the directory says where a person works: the person's entry lies `below` the
            unit's, at any depth; or an `attribute` of the person holds HSA-ids of units; or one holds their `dn`.
        unit: The attribute of a person for the two latter ways.
        unit_base: The DN of the entry below which the units are; None for `base`.
        unit_filter: The filter that every unit's entry passes.
        unit_hsa_id: The attribute with a unit's HSA-id.
        page: How many entries of a unit's staff are asked for at a time.

    Raises:
        InvalidValue: An option is wrong; no value is repeated.
    """

    uris: tuple[str, ...] = field(validator=_URIS)
    user: str = field(validator=_LINE)
    password: Masked[str] = field(converter=masked_text, validator=_REFERENCE)
    ca_file: Path | None = field(default=None, converter=or_none(absolute))
    plain: bool = False
    connect_seconds: float = field(default=5.0, validator=_SECONDS)
    seconds: float = field(default=30.0, validator=_SECONDS)
    base: str = field(validator=_LINE)
    filter: str = field(default="(objectClass=person)", validator=_LINE)
    hsa_id: str = field(default="hsaIdentity", validator=_NAME)
    email: tuple[str, ...] = field(default=("mail",), validator=_NAMES)
    sms: tuple[str, ...] = field(default=("mobile", "mobileTelephoneNumber"), validator=_NAMES)
    display_name: tuple[str, ...] = field(default=("displayName", "cn"), validator=_NAMES)
    country: str = field(default="+46", validator=_COUNTRY)
    membership: str = field(default=Membership.BELOW.value, validator=_WAY)
    unit: str | None = field(default=None, validator=_NAME_OR_NONE)
    unit_base: str | None = field(default=None, validator=_LINE_OR_NONE)
    unit_filter: str = field(default="(objectClass=organizationalUnit)", validator=_LINE)
    unit_hsa_id: str = field(default="hsaIdentity", validator=_NAME)
    page: int = field(default=200, validator=_PAGE)

    def __attrs_post_init__(self) -> None:
        if (self.unit is None) != (Membership(self.membership) is Membership.BELOW):
            raise InvalidValue("unit names an attribute where membership is attribute or dn, and nothing otherwise")

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers, in order."""
        return tuple(map(server_of, self.uris))

    def secret(self) -> Masked[str]:
        """Return the password, read from where the option says.

        Raises:
            ConfigurationError: The password cannot be read.
        """
        try:
            return Masked(secret(self.password.reveal()))
        except (InvalidValue, ConfigurationError) as error:
            problem = str(error)
        raise ConfigurationError(f"directory 'ldap': option 'password': {problem}")

    def tls(self) -> SSLContext:
        """Return TLS settings that check the server's certificate and host name.

        Raises:
            ConfigurationError: The file of `ca_file` cannot be read, or holds no certificates.
        """
        return tls_context("directory 'ldap'", self.ca_file)
