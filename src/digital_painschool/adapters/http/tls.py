"""TLS settings of the calls of a server, made from files in PEM."""

from pathlib import Path
from ssl import SSLContext, SSLError, create_default_context

from digital_painschool.errors import ConfigurationError


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
        raise ConfigurationError("'key_file' needs 'certificate_file', the file of the certificate")
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
    raise ConfigurationError(f"a file of 'ca_file', 'certificate_file' or 'key_file' {problem}")
