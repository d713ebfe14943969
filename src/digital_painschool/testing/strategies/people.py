"""People: numbers of public test series in every spelling, numbers that are wrong in one named way, and staff."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType

from attrs import frozen
from hypothesis import strategies as st

from digital_painschool.domain.people import Actor, PersonId, Role
from digital_painschool.testing.people import (
    ARCHIVIST,
    COLLEAGUE,
    COORDINATOR,
    NURSE,
    OTHER_ARCHIVIST,
    OTHER_UNIT,
    SERIES,
    STRANGER,
    UNIT,
    staff,
)

TODAY = date(2026, 3, 2)
"""The day on which a scenario begins."""
_CIVIC = ("personnummer", "samordningsnummer")


def people(*schemes: str) -> st.SearchStrategy[PersonId]:
    """Return persons with numbers of public test series, which belong to nobody.

    Args:
        schemes: Only of these schemes; left out, of all in `digital_painschool.testing.people.SERIES`.
    """
    return st.sampled_from([PersonId(scheme, value) for scheme in schemes or SERIES for value in SERIES[scheme]])


def spelled(person: PersonId, today: date = TODAY) -> Iterator[str]:
    """Write a number in every way that is read as this person's on a day, without blanks around it."""
    value = person.value
    yield value
    if person.scheme not in _CIVIC:
        return
    sign = "+" if today.year - int(value[:4]) >= 100 else "-"
    yield f"{value[:8]}{sign}{value[8:]}"
    yield f"{value[2:8]}{sign}{value[8:]}"
    if sign == "-":
        yield value[2:]


def spellings(person: PersonId, today: date = TODAY) -> st.SearchStrategy[str]:
    """Return a person's number as it may be typed: each spelling, with blanks around it or none."""
    return st.builds("{1}{0}{2}".format, st.sampled_from(list(spelled(person, today))), _BLANKS, _BLANKS)


_BLANKS = st.sampled_from(["", " ", "\t", "\r\n"])


def numbers(*schemes: str, today: date = TODAY) -> st.SearchStrategy[str]:
    """Return numbers of public test series as they may be typed.

    Args:
        schemes: As for `people`.
        today: The day on which they are read.
    """
    return people(*schemes).flatmap(lambda person: spellings(person, today))


def roles() -> st.SearchStrategy[frozenset[Role]]:
    """Return the roles that somebody may hold: any of them, one or more, or none."""
    return st.frozensets(st.sampled_from(Role))


def actors() -> st.SearchStrategy[Actor]:
    """Return members of staff: those whom a scenario knows, and others, of the own unit and another, in any roles."""
    known = st.sampled_from([NURSE, COLLEAGUE, COORDINATOR, ARCHIVIST, STRANGER, OTHER_ARCHIVIST])
    units = st.sampled_from([UNIT, OTHER_UNIT])
    return known | st.builds(
        lambda number, held, unit: staff(number, *held, unit=unit), st.integers(1, 9), roles(), units
    )


@frozen(kw_only=True)
class WrongNumber:
    """A text that is an identity number but for one fault.

    Args:
        fault: The fault's name.
        text: As it may be typed.
    """

    fault: str
    text: str


_ARABIC = str.maketrans({str(digit): chr(0x660 + digit) for digit in range(10)})
_Wrongs = Callable[[str], Iterator[str]]


def _checked(rest: str) -> str:
    """Return eleven digits with the check digit that fits, so that nothing but the fault is wrong."""
    sums = sum(int(digit) for i, one in enumerate(rest[2:]) for digit in str(int(one) * (2 - i % 2)))
    return f"{rest}{-sums % 10}"


def _check_digit(value: str) -> Iterator[str]:
    yield from (f"{value[:-1]}{digit}" for digit in "0123456789" if digit != value[-1])


def _swapped(value: str) -> Iterator[str]:
    for i in (8, 9, 10):
        # Luhn's sum does not see 09 for 90.
        if value[i] != value[i + 1] and {value[i], value[i + 1]} != {"0", "9"}:
            yield f"{value[:i]}{value[i + 1]}{value[i]}{value[i + 2 :]}"


def _without_a_digit(value: str) -> Iterator[str]:
    yield from (f"{value[:i]}{value[i + 1 :]}" for i in (8, 11))


def _signs(value: str) -> Iterator[str]:
    wrong = "-" if TODAY.year - int(value[:4]) >= 100 else "+"
    yield f"{value[:8]}{wrong}{value[8:]}"
    yield f"{value[:8]}\N{EN DASH}{value[8:]}"
    yield f"{value[:6]}-{value[6:]}"


def _each(change: Callable[[str], str]) -> _Wrongs:
    def wrongs(value: str) -> Iterator[str]:
        yield change(value)

    return wrongs


def _dated(*days: str) -> _Wrongs:
    def wrongs(value: str) -> Iterator[str]:
        yield from (_checked(f"{value[:4]}{day}{value[8:11]}") for day in days)

    return wrongs


NUMBER_FAULTS: Mapping[str, _Wrongs] = MappingProxyType(
    {
        "check digit": _check_digit,
        "two digits swapped": _swapped,
        "digit left out": _without_a_digit,
        "digit too many": _each(lambda value: f"{value}0"),
        "no such month": _dated("0009", "1309"),
        "no such day": _dated("0132", "0230", "0400", "0431"),
        "not born yet": _each(lambda value: f"24{value[2:]}"),
        "born too long ago": _each(lambda value: f"16{value[2:]}"),
        "serial number that is never given": _each(lambda value: _checked(f"{value[:8]}000")),
        "letter for a digit": _each(lambda value: f"{value[:9]}O{value[10:]}"),
        "wrong sign": _signs,
        "blank within": _each(lambda value: f"{value[:8]} {value[8:]}"),
        "digits of another script": _each(lambda value: value.translate(_ARABIC)),
        "interim number": _each(lambda value: f"{value[:8]}T{value[9:]}"),
        "nothing": _each(lambda _: ""),
    }
)
"""What can be wrong with a personnummer, by name."""


@st.composite
def wrong_numbers(draw: st.DrawFn, *faults: str) -> WrongNumber:
    """Return a personnummer of a public test series that has one fault, of `NUMBER_FAULTS` or of those named."""
    name = draw(st.sampled_from(faults or tuple(NUMBER_FAULTS)))
    texts = [text for value in SERIES["personnummer"] for text in NUMBER_FAULTS[name](value)]
    return WrongNumber(fault=name, text=draw(st.sampled_from(texts)))
