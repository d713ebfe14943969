"""Descriptions of failures for the log, without personal data."""

from digital_painschool.errors import PainSchoolError


def describe(error: Exception) -> str:
    """Return the text of an error of this library, or the type of any other: its text may hold personal data."""
    return str(error) if isinstance(error, PainSchoolError) else type(error).__name__
