"""TLS settings that verify the server, for every adapter that calls one, made from files in PEM."""

from collections.abc import Callable
from pathlib import Path
from ssl import SSLContext, SSLError, create_default_context
from typing import TypeVar

from digital_painschool.errors import ConfigurationError

_T = TypeVar("_T")


def tls_context(
    adapter: str, ca_file: Path | None = None, certificate_file: Path | None = None, key_file: Path | None = None
) -> SSLContext:
    """Return TLS settings that verify the server's certificate and host name.

    Args:
        adapter: What the adapter is called in an error.
        ca_file: A file of the certificates that are trusted, in place of the system's.
        certificate_file: The client's own certificate (mTLS), with its key unless `key_file` names that.
        key_file: The file of the key, which has no password.

    Raises:
        ConfigurationError: A file cannot be read, or holds something else; the option is named.
    """
    if key_file is not None and certificate_file is None:
        raise ConfigurationError(f"{adapter}: option 'key_file' needs 'certificate_file', the file of the certificate")
    context = _made(
        lambda: create_default_context(cafile=ca_file),
        f"{adapter}: option 'ca_file': the file {ca_file}",
        "holds no certificate in PEM",
    )
    if certificate_file is not None:
        # The empty password keeps OpenSSL from asking for one at the terminal.
        _made(
            lambda: context.load_cert_chain(certificate_file, key_file, password=""),
            f"{adapter}: option 'certificate_file' or 'key_file': a file",
            "holds no certificate or key in PEM, or the two do not belong together",
        )
    return context


def _made(make: Callable[[], _T], what: str, misfit: str) -> _T:
    try:
        return make()
    except SSLError:
        problem = misfit
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    raise ConfigurationError(f"{what} {problem}")
