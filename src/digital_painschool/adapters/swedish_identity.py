"""The reference identity adapter: personnummer, samordningsnummer, national and VGR reserve numbers."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from types import MappingProxyType

from attrs import field, frozen
from attrs.validators import and_, deep_iterable, min_len

from digital_painschool.codes import IdentityReason
from digital_painschool.domain.checks import all_different, check, satisfies
from digital_painschool.domain.identity_shape import check_digit_fits
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import ConfigurationError, InvalidIdentity

RESERVE_NUMBERS = frozenset({"nationellt-reservnummer", "vgr-reservnummer"})
"""The schemes that the national inbox refuses: it takes personnummer and samordningsnummer only. Rule: D-13d."""

_BLANKS = " \t\r\n"
_SHORTEST, _LONGEST = 10, 13

# A day is one number here, such as 19850709: days compare and centuries shift without building dates.
_CENTURY = 100_00_00
_OLDEST = 150_00_00
_SIGN_CHANGES = 100
_MONTHS, _DAYS = 12, 31
_COORDINATION = 60
_FIRST_COORDINATION_TENS = "6"

_CIVIC = re.compile(r"([0-9]{2})?([0-9]{6})([-+]?)([0-9]{4})")
_NATIONAL = re.compile(r"([0-9]{2})([0-9]{6})[A-HJ-NPR-UX-Z]{2}[0-9A-HJ-NPR-UX-Z][0-9]")
_NATIONAL_UNDATED = re.compile(r"00[0-9]{2}[2-9][0-9][45][0-9].{4}")
_NATIONAL_CENTURIES = MappingProxyType({f"{19 + c + 3 * k}": 19 + c for c in (0, 1) for k in range(1, 27)})
_VGR = re.compile(r"([0-9]{8})(?:K(?:0[68]|[1-7][02468])|M(?:0[79]|[1-7][13579])|X8[0-9])[0-9]")
_VGR_LETTERS = str.maketrans("KMX", "578")


_WHOLE = "write all twelve characters, without separator or inner blanks, letters as capitals"
_ADVICE: Mapping[IdentityReason, str] = MappingProxyType(
    {
        IdentityReason.TOO_SHORT: f"it is too short; {_WHOLE}",
        IdentityReason.TOO_LONG: f"it is too long; {_WHOLE}",
        IdentityReason.WRONG_FORM: f"it has the form of none; {_WHOLE}",
        IdentityReason.SCHEME_NOT_ACCEPTED: "it is a number of a kind that is not accepted here; use one of these",
        IdentityReason.SIGN_CONTRADICTS_YEAR: (
            "the sign and the year contradict each other: a hyphen is for those under a hundred, a plus from the year"
            " in which the person turns a hundred; check both, or write all twelve digits without sign"
        ),
        IdentityReason.BORN_IN_THE_FUTURE: "the day of birth is ahead of today; check the year",
        IdentityReason.BORN_TOO_LONG_AGO: "the day of birth is longer ago than anyone has lived; check the year",
        IdentityReason.NO_SUCH_DAY: "there is no such day of birth; check year, month and day",
        IdentityReason.SERIAL_NEVER_GIVEN: "the serial number is one that is never given; check the last four",
        IdentityReason.WRONG_CHECK_DIGIT: (
            "the check digit does not fit the rest; look for a mistyped or swapped character"
        ),
    }
)
"""The advice on each reason of this adapter. No digits, so that no part of a number can ever be in it."""


def _is_loose_date(day: int) -> bool:
    """Return whether a date may stand for a birth date that is unknown in part: month 0, day 0 or 31 April pass."""
    return day // 100 % 100 <= _MONTHS and day % 100 <= _DAYS


def _is_date(day: int) -> bool:
    try:
        date(day // 100_00, day // 100 % 100, day % 100)
    except ValueError:
        return False
    return True


def _problem_of_birth(birth: int, today: int, is_day: Callable[[int], bool]) -> IdentityReason | None:
    if not is_day(birth):
        return IdentityReason.NO_SUCH_DAY
    if birth > today:
        return IdentityReason.BORN_IN_THE_FUTURE
    return None if today - _OLDEST < birth and birth > 0 else IdentityReason.BORN_TOO_LONG_AGO


def _birth(century: str | None, day: int, sign: str, today: int) -> int:
    """Return the day of birth; without a century the last such day until today, with `+` a hundred years before."""
    if century:
        return int(century) * _CENTURY + day
    latest = today // 100_00 * 100_00 + 99_99 - _CENTURY if sign == "+" else today
    return latest - (latest - day) % _CENTURY


def _civic(added: int, is_day: Callable[[int], bool], text: str, today: int) -> str | IdentityReason:
    match = _CIVIC.fullmatch(text)
    if match is None:
        return IdentityReason.WRONG_FORM
    century, written, sign, rest = match.groups()
    if (written[4] >= _FIRST_COORDINATION_TENS) is not (added == _COORDINATION):
        return IdentityReason.WRONG_FORM
    birth = _birth(century, int(written) - added, sign, today)
    if sign and (sign == "+") is not (today // 100_00 - birth // 100_00 >= _SIGN_CHANGES):
        return IdentityReason.SIGN_CONTRADICTS_YEAR
    if problem := _problem_of_birth(birth, today, is_day):
        return problem
    if rest.startswith("000"):
        return IdentityReason.SERIAL_NEVER_GIVEN
    return f"{birth + added:08}{rest}" if check_digit_fits(written + rest) else IdentityReason.WRONG_CHECK_DIGIT


def _national_reserve(text: str, today: int) -> str | IdentityReason:
    match = _NATIONAL.fullmatch(text)
    if match is None:
        return IdentityReason.WRONG_FORM
    if not _NATIONAL_UNDATED.fullmatch(text):
        century = _NATIONAL_CENTURIES.get(match[1])
        if century is None:
            return IdentityReason.NO_SUCH_DAY
        if problem := _problem_of_birth(century * _CENTURY + int(match[2]), today, _is_date):
            return problem
    return text if check_digit_fits(text) else IdentityReason.WRONG_CHECK_DIGIT


def _vgr_reserve(text: str, today: int) -> str | IdentityReason:
    match = _VGR.fullmatch(text)
    if match is None:
        return IdentityReason.WRONG_FORM
    if problem := _problem_of_birth(int(match[1]), today, _is_date):
        return problem
    return text if check_digit_fits(text[2:].translate(_VGR_LETTERS)) else IdentityReason.WRONG_CHECK_DIGIT


_READERS: Mapping[str, Callable[[str, int], str | IdentityReason]] = MappingProxyType(
    {
        "personnummer": partial(_civic, 0, _is_date),
        "samordningsnummer": partial(_civic, _COORDINATION, _is_loose_date),
        "nationellt-reservnummer": _national_reserve,
        "vgr-reservnummer": _vgr_reserve,
    }
)


_SCHEMES = check(
    (
        and_(min_len(1), deep_iterable(satisfies(lambda name: name in _READERS)), all_different(str)),
        f"of identity 'swedish' names one or more of {', '.join(_READERS)}, each once, in the order of trial",
    ),
    error=ConfigurationError,
)


def _names(schemes: Iterable[str]) -> tuple[str, ...]:
    return tuple(schemes) if isinstance(schemes, Iterable) else ()


@frozen(slots=False)
class SwedishIdentity:
    """A reader of the identity numbers that Swedish care uses, by format and check digit. Rule: M-07, D-07a.

    Personnummer and samordningsnummer are read with ten or twelve digits, and before the last four a sign or nothing:
    `-` for those under a hundred, `+` from 1 January of the year in which the person turns a hundred. A sign that
    a twelve-digit year contradicts is refused, as the check digit does not cover the century. Ten digits without
    sign mean the latest such day that is not ahead of today. Nobody is born ahead of today or 150 years ago or more;
    the birth date of a samordningsnummer may be unknown.

    Reserve numbers have one spelling, the twelve characters of their specifications: capitals, no separator, nothing
    shorter. The check digit of VGR's is that of version 1.2. The universities' interim numbers are no scheme here.

    Args:
        schemes: The names of the accepted schemes, in the order in which they are tried.

    Raises:
        ConfigurationError: No scheme, an unknown one or one named twice; the text lists the choices.
    """

    schemes: tuple[str, ...] = field(default=tuple(_READERS), converter=_names, validator=_SCHEMES)

    def parse(self, text: str, *, today: date) -> PersonId:
        """Read a number as it was typed.

        Args:
            text: What was typed; blanks, tabs and line breaks around it are dropped, nothing else.
            today: The local date, no `datetime`: which day an instant belongs to is for the caller to say.

        Raises:
            InvalidIdentity: The text is no number of an accepted scheme, or one of a person not born yet; the
                message says what to check and holds no digit.
            TypeError: The text is no `str`, or today no plain `date`.
        """
        if not isinstance(text, str):
            raise TypeError("an identity number is read from a str; pass the text as it was typed")
        if not isinstance(today, date) or isinstance(today, datetime):
            raise TypeError("today is a datetime.date; pass the local date, without time")
        typed = text.strip(_BLANKS)
        found = self._read(typed, today.year * 100_00 + today.month * 100 + today.day)
        if isinstance(found, PersonId):
            return found
        accepted = ", ".join(self.schemes)
        raise InvalidIdentity(f"no identity number accepted here ({accepted}): {_ADVICE[found]}", reason=found)

    def _read(self, typed: str, today: int) -> PersonId | IdentityReason:
        if len(typed) < _SHORTEST:
            return IdentityReason.TOO_SHORT
        if len(typed) > _LONGEST:
            return IdentityReason.TOO_LONG
        reason = IdentityReason.WRONG_FORM
        for scheme in self.schemes:
            found = _READERS[scheme](typed, today)
            if isinstance(found, str):
                return PersonId(scheme, found)
            if found is not IdentityReason.WRONG_FORM:
                reason = found
        is_of_another = any(isinstance(read(typed, today), str) for read in _READERS.values())
        return IdentityReason.SCHEME_NOT_ACCEPTED if is_of_another else reason
