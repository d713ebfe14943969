"""The options of the messenger by 46elks in the settings."""

import re
from pathlib import Path

from attrs import field, frozen
from attrs.validators import and_, ge, le, optional

from digital_painschool.adapters.http.options import SECONDS, SERVER_URL
from digital_painschool.adapters.phone_numbers import is_e164
from digital_painschool.domain.checks import check, satisfies
from digital_painschool.domain.masking import Masked, masked_text

SECRETS = ("username", "password", "reports_secret")
"""The options that refer to a secret."""
PASSWORDS = ("password", "reports_secret")
"""Those of them that a settings file never holds."""

_SENDER_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}")


def is_sender(text: str) -> bool:
    """Return whether a text can be the sender of an SMS: 11 letters (a to z) and digits at most, or E.164."""
    return bool(_SENDER_NAME.fullmatch(text)) or is_e164(text)


_SENDER = check((satisfies(is_sender), "must be 1 to 11 letters (a to z) and digits, or a number such as +46701234567"))
_SEGMENTS = check((and_(ge(1), le(10)), "must be a whole number from 1 to 10"))


@frozen(kw_only=True)
class ElksOptions:
    """The options of the messenger by 46elks.

    Args:
        username: The API user name.
        password: The API password.
        sender: What the recipient sees as the sender: 11 letters and digits at most, or a number in E.164.
        url: The address of the API.
        segments: How many SMS one message may need.
        dry_run: True asks 46elks to check each message and to send none. Each then counts as delivered: for trying.
        reports_url: Where 46elks posts delivery reports; None for no reports.
        reports_secret: The secret that the address of each report is signed with, at least 32 characters.
        texts_file: A file of texts in place of the package's, for all units or for some.
        ca_file: A file of the certificates that are trusted, in place of the system's.
        seconds: The time of a whole call, whatever the server does.
    """

    username: Masked[str] = field(converter=masked_text)
    password: Masked[str] = field(converter=masked_text)
    sender: str = field(validator=_SENDER)
    url: str = field(default="https://api.46elks.com/a1", validator=SERVER_URL)
    segments: int = field(default=2, validator=_SEGMENTS)
    dry_run: bool = False
    reports_url: str | None = field(default=None, validator=optional(SERVER_URL))
    reports_secret: Masked[str] | None = None
    texts_file: Path | None = None
    ca_file: Path | None = None
    seconds: float = field(default=20.0, validator=SECONDS)
