"""How many SMS a text needs: GSM-7 with its extension table (3GPP TS 23.038), or UCS-2."""

from collections.abc import Callable, Iterable

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""The characters that take two places: an escape and a character."""

_GSM_ALONE, _GSM_PART = 160, 153
_UCS_ALONE, _UCS_PART = 70, 67
"""The places of a text that fits in one SMS, and of each part of a longer one, whose header takes the rest."""
_OUTSIDE_UCS = "\U00010000"


def outside_gsm7(text: str) -> str:
    """Return the characters of a text that are not in GSM-7, each once, by code point."""
    return "".join(sorted({*text} - _BASIC - _EXTENDED))


def segments(text: str) -> int:
    """Return how many SMS a text needs; 1 for an empty text.

    A text of GSM-7 characters alone has 160 places in one SMS, or 153 in each of several. One other character turns the
    whole text into UCS-2, with 70 places or 67. No character is divided between two SMS.
    """
    if not outside_gsm7(text):
        return _count(text, lambda character: 1 + (character in _EXTENDED), _GSM_ALONE, _GSM_PART)
    return _count(text, lambda character: 1 + (character >= _OUTSIDE_UCS), _UCS_ALONE, _UCS_PART)


def _count(text: Iterable[str], places_of: Callable[[str], int], alone: int, part: int) -> int:
    places = [places_of(character) for character in text]
    if sum(places) <= alone:
        return 1
    count, left = 0, 0
    for taken in places:
        if taken > left:
            count, left = count + 1, part
        left -= taken
    return count
