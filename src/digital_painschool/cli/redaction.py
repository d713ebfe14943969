"""Redaction: identity numbers, and passwords within URLs, are masked in whatever is printed or logged. Rule: M-06.

An opaque id, an HSA-id and a time are no identity numbers, and stay: an operator has to copy them.
"""

import re

from digital_painschool.domain.identity_shape import contains_identity_number

_KEPT = re.compile(
    r"(?<![0-9A-Za-z])(SE[0-9]{10}-[0-9A-Z]+|[0-9a-f]{32}(?:[0-9a-f]{32})?|[0-9]{8}T[0-9]{6}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|\+00:00)?|(?!\W*[0-9]{4}(?!-[0-9]{2}-))))(?![0-9A-Za-z])"
)
_USUAL = re.compile(r"(?<![0-9A-Za-z])((?:[0-9]{2})?[0-9]{6})[-+]?[0-9A-Z]{3}[0-9](?![0-9A-Za-z])")
_PASSWORDS = re.compile(r"(://[^\s:/@]*:)\S*(?=@)|([?&](?:ssl)?password=)[^\s&'\"]*")
_WORDS = re.compile(r"(\s+)")
_MOST_WORDS = 12
_FEWEST_DIGITS = 8


def masked(text: str) -> str:
    """Return the text with identity numbers masked, in every spelling that `contains_identity_number` knows.

    Of a number in a usual spelling, the day of birth is left. No URL keeps its password.
    """
    parts = _KEPT.split(_USUAL.sub(r"\1-****", _PASSWORDS.sub(r"\1\2****", text)))
    parts[::2] = map(_masked, parts[::2])
    return "".join(parts)


def _masked(text: str) -> str:
    """Return a part with its numbers masked: the shortest run of words that holds one is masked, until none does."""
    if not contains_identity_number(text):
        return text
    words = _WORDS.split(text)
    for length in range(1, 2 * _MOST_WORDS, 2):
        for first in range(0, len(words) - length + 1, 2):
            found = "".join(words[first : first + length])
            if sum(map(str.isdigit, found)) >= _FEWEST_DIGITS and contains_identity_number(found):
                words[first : first + length] = [_core_masked(found)]
                return _masked("".join(words))
    return "".join("*" if sign.isdigit() else sign for sign in text)


def _core_masked(text: str) -> str:
    """Return a text without what makes it hold a number; what stands before and behind stays."""
    start, end = 0, len(text)
    while contains_identity_number(text[start + 1 : end]):
        start += 1
    while contains_identity_number(text[start : end - 1]):
        end -= 1
    return f"{text[:start]}****{text[end:]}"
