"""An instant that was written as text comes back as the same instant."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given

from digital_painschool.serialization.scalars import instant_from_text, instant_to_text
from tests.serialization.strategies import AT, instants


@given(instants)
def test_an_instant_comes_back_and_sorts_as_text(at: datetime) -> None:
    """Otherwise a due time would be found too early or too late where instants are kept as text."""
    text = instant_to_text(at)
    later = instant_to_text(at + timedelta(microseconds=1))
    assert at == instant_from_text(text)
    assert UTC is instant_from_text(text).tzinfo
    assert 27 == len(text)
    assert text < later


def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    """Otherwise texts of two zones would not sort like time."""
    at = datetime(2026, 3, 2, 7, 0, tzinfo=timezone(timedelta(hours=1)))
    assert "2026-03-02T06:00:00.000000Z" == instant_to_text(at)
    assert AT == instant_from_text("2026-03-02T07:00:00+01:00")
