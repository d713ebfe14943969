"""People: numbers of public test series in every spelling, and staff."""

from collections.abc import Iterator
from datetime import date

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
