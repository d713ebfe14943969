"""The shape of a Swedish identity number in a text, whatever the spelling. Rule: D-21a."""

import re
from collections.abc import Iterator
from string import digits as ascii_digits
from unicodedata import category, digit, normalize

_INVISIBLE = frozenset({"Cf", "Mn", "Me"})
_MONTHS, _DAYS, _COORDINATION = 12, 31, 60
_LENGTHS = (10, 12)
_CENTURIES = ("18", "19", "20")

_YEAR = r"(?:(?:18|19|20)[0-9]{2}|[0-9]{2})"
_WRITTEN = re.compile(
    rf"(?=(?<![0-9])(?P<year>{_YEAR})"
    r"(?:(?P<day>[0-9]{4})\s*[-+_./:*=~|]?\s*|(?P<point>[-./])(?P<day_in_parts>[0-9]{2}(?P=point)[0-9]{2})[-+])"
    r"[0-9]{4}(?![0-9]))"
)
_RESERVE = re.compile(
    r"(?=(?<![0-9])(?P<number>(?:[0-9][^0-9A-Z]*){8})(?:[KMX][0-9]{3}|[A-Z]{2}[0-9A-Z][0-9])(?![0-9]))"
)
_GROUP = re.compile(r"(?P<digits>[0-9]+)(?P<after>[^0-9]*)")
_JOINS = re.compile(r"[^0-9A-Z]*|(?!T)[A-Z]{1,3}")
_LOOSE = re.compile(r"[\s,;]")
_TIGHT = re.compile(r"[-./]")
_CHAIN = re.compile(r"[0-9](?:[-+]?[0-9])+")
_TIME_OF_DAY = re.compile(r"(?<![0-9])(?:[01]?[0-9]|2[0-3])[:][0-5][0-9](?::[0-5][0-9])?(?![0-9])")
_HSA_PREFIX = re.compile(r"SE[0-9]{10}-")


def contains_identity_number(text: str) -> bool:
    """Return whether a text holds something in the shape of a Swedish identity number.

    The text is first brought to one form: every digit of Unicode becomes its ASCII digit, every dash a hyphen, small
    letters become capitals, and zero-width characters go. Then each of these is a number:

    * **the usual spellings**, whether the check digit fits or not: a day of birth of six or eight digits, at most one
      sign, four digits; brackets, letters or a prefix may stand beside it.
    * **a reserve number**: eight digits, then a letter and three digits (VGR), or two letters, a letter or digit, and a
      digit (national).
    * **any other spelling whose check digit fits**: ten or twelve digits in groups, with anything but words in between,
      or within a longer chain of digits.

    A day of birth has a month and a day of the calendar; of a samordningsnummer, the day is 60 higher, and month and
    day may be 0. Twelve digits begin with 18, 19 or 20. So `RS 2026-01234`, `Dnr 2026/00123-4`, `2037-03-10` and an
    HSA-id are no numbers.
    """
    plain = _HSA_PREFIX.sub(" ", _plain(text))
    return any(map(_is_birth, _written(plain))) or any(map(_is_number, _spread(_TIME_OF_DAY.sub("T", plain))))


def check_digit_fits(text: str) -> bool:
    """Return whether the check digit of a number fits the rest, by Luhn's sum; a letter counts as its ASCII code.

    Args:
        text: The number without its century, ASCII only.
    """
    codes = text.encode("ascii")
    return (sum(codes[::-2].translate(_ONCE)) + sum(codes[-2::-2].translate(_TWICE))) % 10 == 0


def _luhn_table(weight: int) -> bytes:
    """Tabulate the digit sum of weight times value by ASCII code; a letter's value is its code."""
    values = (code - ord("0") if chr(code) in ascii_digits else code for code in range(256))
    return bytes(sum(map(int, str(weight * value))) for value in values)


_ONCE, _TWICE = _luhn_table(1), _luhn_table(2)


def _plain(text: str) -> str:
    return "".join(map(_plain_character, normalize("NFKC", text))).upper()


def _plain_character(character: str) -> str:
    value = digit(character, None)
    if value is not None:
        return str(value)
    kind = category(character)
    if kind in _INVISIBLE:
        return ""
    return "-" if kind == "Pd" or character in "\N{MINUS SIGN}\N{HEAVY MINUS SIGN}" else character


def _written(text: str) -> Iterator[str]:
    """Yield the day of birth of each number in a usual spelling."""
    for match in _WRITTEN.finditer(text):
        yield match["year"] + (match["day"] or re.sub("[^0-9]", "", match["day_in_parts"]))
    for match in _RESERVE.finditer(text):
        # A national reserve number has a century of its own; without a known birth date its month is 20 or more.
        born = re.sub("[^0-9]", "", match["number"])
        yield "0101" if born.startswith("00") and born[4] >= "2" and born[6] in "45" else born[2:]


def _spread(text: str) -> Iterator[str]:
    """Yield digits that may be a number in an unusual spelling."""
    groups = [(match["digits"], match["after"]) for match in _GROUP.finditer(text)]
    for first in range(len(groups)):
        digits, before = "", ""
        for group, after in groups[first:]:
            if len(digits) + len(group) > _LENGTHS[-1] or not _JOINS.fullmatch(before):
                break
            digits += group
            # In "2037-03-10, 2037-0042" the last four digits belong to what follows.
            if not (_LOOSE.search(before) and _TIGHT.fullmatch(after)):
                yield digits
            before = after
    for match in _CHAIN.finditer(text):
        chain = re.sub("[^0-9]", "", match[0])
        if len(chain) > _LENGTHS[0]:
            yield from (chain[at : at + length] for length in _LENGTHS for at in range(len(chain) - length + 1))


def _is_number(digits: str) -> bool:
    return len(digits) in _LENGTHS and _is_birth(digits[:-4]) and check_digit_fits(digits[-_LENGTHS[0] :])


def _is_birth(written: str) -> bool:
    month, day = int(written[-4:-2]), int(written[-2:])
    if len(written) == 8 and not written.startswith(_CENTURIES):  # noqa: PLR2004 - the length of 19850709
        return False
    if day > _COORDINATION - 1:
        return month <= _MONTHS and day - _COORDINATION <= _DAYS
    return 1 <= month <= _MONTHS and 1 <= day <= _DAYS
