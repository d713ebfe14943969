"""Texts of failures for the log, without personal data."""

import re
from unicodedata import decimal, normalize

from digital_painschool.errors import DeliveryError, PainSchoolError

NAMES_SOMEBODY = "the adapter's text may name somebody, and is left out"
_REPLY_CODES = re.compile(r"\b[245][0-9]{2}[ -][245]\.[0-9]{1,3}\.[0-9]{1,3}\b")
"""The codes of a mail server's reply, such as 550 5.1.10: seven digits that are no number."""
_NUMBER = re.compile(r"[0-9]{7}")


def describe(error: Exception) -> str:
    """Return the text of an error of this library, or the type of any other: its text may hold personal data."""
    if isinstance(error, DeliveryError) and may_name_somebody(str(error)):
        return NAMES_SOMEBODY
    return str(error) if isinstance(error, PainSchoolError) else type(error).__name__


def may_name_somebody(text: str) -> bool:
    """Return whether an adapter's text may hold an address, a telephone number, an identity number or an HSA-id."""
    plain = _plain(text)
    return "@" in plain or _NUMBER.search(letters_and_digits(_REPLY_CODES.sub("", plain))) is not None


def letters_and_digits(text: str) -> str:
    """Return the letters and digits of a text, without what people write between them and in one form of each."""
    return "".join(filter(str.isalnum, _plain(text))).upper()


def _plain(text: str) -> str:
    return "".join(str(decimal(one, one)) for one in normalize("NFKC", text))
