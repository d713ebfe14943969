"""Options of adapters that call a server: its URL, the certificates, the time of a call."""

from pathlib import Path
from ssl import SSLContext, SSLError, create_default_context
from urllib.parse import SplitResult, urlsplit

from attrs.validators import and_, ge, le

from digital_painschool.domain.checks import check, satisfies
from digital_painschool.errors import ConfigurationError

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
LONGEST_CALL = 120.0
"""The longest time of a call, in seconds: two calls must end well within a worker's lease."""


def is_server_url(text: object) -> bool:
    """Return whether a text is the URL of a server: https, or http on this machine, without a user, query or fragment.

    HTTP libraries, proxies and servers log URLs, so that a URL can hold neither a secret nor a person.
    """
    try:
        parts = urlsplit(text) if isinstance(text, str) and text.isascii() and text.isprintable() else SplitResult(*[""] * 5)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return False
    encrypted = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    bare = not (parts.query or parts.fragment or "@" in parts.netloc or " " in str(text) or "\\" in str(text))
    return bool(encrypted and bare and parts.hostname and port_is_right)


SERVER_URL = check(
    (
        satisfies(is_server_url),
        "must be a URL with https (http only on this machine), without a user, a query or a fragment",
    )
)
SECONDS = check((and_(ge(0.1), le(LONGEST_CALL)), f"must be a number of seconds from 0.1 to {LONGEST_CALL:g}"))


def tls_context(ca: Path | None = None, certificate: Path | None = None, key: Path | None = None) -> SSLContext:
    """Return TLS settings that verify the server.

    Args:
        ca: A file of certificates that are trusted, in place of the system's.
        certificate: The client's own certificate (mTLS), with its key unless `key` names that.
        key: The file of the key, which has no password.

    Raises:
        ConfigurationError: A file cannot be read, or holds something else.
    """
    if key is not None and certificate is None:
        raise ConfigurationError("'certificate_key' needs 'certificate', the file of the certificate")
    try:
        context = create_default_context(cafile=ca)
        if certificate is not None:
            # The empty password keeps OpenSSL from asking for one at the terminal.
            context.load_cert_chain(certificate, key, password="")
    except SSLError:
        problem = "holds no certificate or key in PEM, or the two do not belong together"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    else:
        return context
    raise ConfigurationError(f"a file of 'ca', 'certificate' or 'certificate_key' {problem}")
