"""The options of the webhook inbox in the settings."""

from pathlib import Path

from attrs import field, frozen
from attrs.validators import optional

from digital_painschool.adapters.http.options import SECONDS, SERVER_URL
from digital_painschool.domain.checks import check, satisfies
from digital_painschool.domain.masking import Masked, masked_text

SECRETS = ("secret", "old_secret")
"""The options that refer to a secret."""

_SOURCE = check(
    (satisfies(lambda text: text and text.isascii() and text.isprintable() and " " not in text), "must be a URI")
)


@frozen(kw_only=True)
class WebhookOptions:
    """The options of the webhook inbox.

    Args:
        url: Where notices are posted.
        reach_url: Where the platform is asked whether a person can be reached.
        forget_url: Where the platform is asked to delete notices; None where it cannot.
        secret: The secret that each call is signed with, `whsec_` and base64.
        old_secret: The secret before it, while the two are rotated; None at other times.
        source: The CloudEvents source: which installation sends.
        ca_file: A file of the certificates that are trusted, in place of the system's.
        certificate_file: A file with the client's own certificate, for mTLS.
        key_file: The file of its key, where `certificate_file` does not hold the key.
        seconds: The time of a whole call, whatever the platform does.
    """

    url: str = field(validator=SERVER_URL)
    reach_url: str = field(validator=SERVER_URL)
    forget_url: str | None = field(default=None, validator=optional(SERVER_URL))
    secret: Masked[str] = field(converter=masked_text)
    old_secret: Masked[str] | None = None
    source: str = field(default="digital-painschool", validator=_SOURCE)
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    seconds: float = field(default=20.0, validator=SECONDS)

    def secrets(self) -> tuple[str, ...]:
        """Return the secrets, the present one first."""
        return tuple(one.reveal() for one in (self.secret, self.old_secret) if one is not None)
