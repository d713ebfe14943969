"""Calendar arithmetic: leap days, both clock changes, gaps and folds."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digital_painschool.domain.local_time import end_of_day, local_time, months_later, utc, years_earlier
from digital_painschool.errors import InvalidValue
from digital_painschool.testing.environment import INSTANT, STOCKHOLM, local

INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive by contract


@pytest.mark.parametrize(
    "at",
    [
        datetime.min.replace(tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=STOCKHOLM),
        datetime(1899, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(9001, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=14))),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_a_year_that_no_treatment_is_in_is_refused(at: datetime) -> None:
    """Otherwise a step of a day, or another zone, would leave the calendar, and end in a foreign error."""
    with pytest.raises(InvalidValue, match="a year from 1900 to 9000"):
        utc(at)
    for edge in (datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 12, 31, 23, 59, tzinfo=UTC)):
        assert edge == utc(edge)


@pytest.mark.rule("M-05")
@pytest.mark.parametrize(
    ("start", "fold", "months", "end"),
    [
        ("2026-03-02 08:00", 0, 12, "2027-03-02T07:00"),
        ("2028-02-29 08:00", 0, 12, "2029-02-28T07:00"),
        ("2027-02-28 08:00", 0, 12, "2028-02-28T07:00"),
        ("2026-03-28 10:00", 0, 12, "2027-03-28T08:00"),
        ("2026-10-25 12:00", 0, 12, "2027-10-25T10:00"),
        ("2026-12-31 23:59:59.999999", 0, 12, "2027-12-31T22:59:59.999999"),
        # a day that the month does not have becomes its last
        ("2026-01-31 08:00", 0, 1, "2026-02-28T07:00"),
        ("2026-08-31 08:00", 0, 6, "2027-02-28T07:00"),
        # a local time in the gap moves forward by its length
        ("2025-03-29 02:30", 0, 12, "2026-03-29T01:30"),
        ("2026-03-28 02:30", 0, 12, "2027-03-28T01:30"),
        # of a local time that comes twice the first is meant, whichever the start was
        ("2025-10-25 02:30", 0, 12, "2026-10-25T00:30"),
        ("2026-10-31 02:30", 0, 12, "2027-10-31T00:30"),
        ("2020-10-25 02:30", 1, 72, "2026-10-25T00:30"),
        ("2026-10-25 02:30", 1, 12, "2027-10-25T00:30"),
    ],
)
def test_some_months_later_is_the_same_local_time(start: str, fold: int, months: int, end: str) -> None:
    """Otherwise the year would be 365 days of 24 hours, or end at a time that does not exist, or comes twice."""
    found = months_later(local(start, fold=fold), months, STOCKHOLM)
    assert datetime.fromisoformat(end).replace(tzinfo=UTC) == found


@pytest.mark.rule("D-21b")
def test_years_earlier_is_calendar_years() -> None:
    """Otherwise ten years would be two or three days too short."""
    assert local("2026-03-02 08:00") == years_earlier(local("2036-03-02 08:00"), 10, STOCKHOLM)
    assert local("2018-02-28 08:00") == years_earlier(local("2028-02-29 08:00"), 10, STOCKHOLM)


@pytest.mark.rule("D-18a")
@pytest.mark.parametrize(
    ("at", "days", "end"),
    [
        ("2026-03-02 00:00", 0, "2026-03-02T23:00"),
        ("2026-03-28 23:59", 0, "2026-03-28T23:00"),
        ("2026-03-28 12:00", 1, "2026-03-29T22:00"),
        ("2026-10-24 12:00", 1, "2026-10-25T23:00"),
        ("2027-03-27 12:00", 1, "2027-03-28T22:00"),
        ("2027-10-30 12:00", 1, "2027-10-31T23:00"),
        ("2028-02-28 12:00", 1, "2028-02-29T23:00"),
    ],
)
def test_a_day_ends_at_the_local_midnight_and_nine_is_nine(at: str, days: int, end: str) -> None:
    """Otherwise the last day of a maintenance would have 23 or 25 hours, or a run be at eight or ten."""
    found = end_of_day(local(at), days, STOCKHOLM)
    assert datetime.fromisoformat(end).replace(tzinfo=UTC) == found
    for day in (local(at).astimezone(STOCKHOLM).date() + timedelta(days=more) for more in range(days + 2)):
        nine = local_time(day, time(9), STOCKHOLM)
        assert (day, time(9)) == ((here := nine.astimezone(STOCKHOLM)).date(), here.time())
        assert UTC is nine.tzinfo


def test_a_midnight_that_is_skipped_is_the_first_instant_of_the_day() -> None:
    """Otherwise a zone that changes its clocks at midnight would have an end that never comes."""
    cairo = ZoneInfo("Africa/Cairo")
    found = end_of_day(local("2026-04-23 12:00", cairo), 0, cairo)
    assert (2026, 4, 24, 1, 0) == found.astimezone(cairo).timetuple()[:5]
    assert 23 == (found - INSTANT).astimezone(cairo).day


@pytest.mark.parametrize("bad", ["2026-03-02", None, 5, date(2026, 3, 2), datetime(2026, 3, 2, 9)])  # noqa: DTZ001 - that is the point
def test_a_time_without_zone_or_of_another_type_is_refused(bad: object) -> None:
    """Otherwise the zone of the server would decide what was meant."""
    with pytest.raises(InvalidValue):
        utc(bad)  # type: ignore[arg-type]


@given(INSTANTS, st.sampled_from(["Europe/Stockholm", "Asia/Tokyo", "America/New_York", "UTC"]))
def test_utc_gives_the_same_instant_in_utc(at: datetime, zone: str) -> None:
    """Otherwise what a host gives in Swedish time would be kept as another instant."""
    found = utc(at.astimezone(ZoneInfo(zone)))
    assert at == found
    assert UTC is found.tzinfo


@given(INSTANTS, st.integers(0, 400))
def test_the_end_of_a_day_is_a_local_midnight_after_the_instant(at: datetime, days: int) -> None:
    """Otherwise a maintenance could be over before it begins."""
    found = end_of_day(at, days, STOCKHOLM)
    here = found.astimezone(STOCKHOLM)
    assert time(0) == here.time()
    assert days + 1 == (here.date() - at.astimezone(STOCKHOLM).date()).days
    assert at < found


@pytest.mark.rule("M-13", "D-13a")
@pytest.mark.parametrize("folds", [(0, 1), (1, 0)])
def test_of_a_time_of_day_that_comes_twice_the_first_is_meant_whoever_asks_first(folds: tuple[int, int]) -> None:
    """Otherwise one unit's forenoon would depend on which unit's was asked for before: both have one key."""
    found = {local_time(date(2026, 10, 25), time(2, 30, fold=fold), STOCKHOLM) for fold in folds}
    assert {datetime(2026, 10, 25, 0, 30, tzinfo=UTC)} == found


@given(INSTANTS, st.integers(1, 120))
def test_months_later_is_the_local_time_of_day_or_moved_out_of_a_gap(at: datetime, months: int) -> None:
    """Otherwise access would end at another hour than it began."""
    before, after = at.astimezone(STOCKHOLM), months_later(at, months, STOCKHOLM).astimezone(STOCKHOLM)
    assert months == (after.year - before.year) * 12 + after.month - before.month
    assert after.day == before.day or (after + timedelta(days=1)).month != after.month
    shift = timedelta(hours=after.hour - before.hour)
    assert timedelta(0) == shift or (timedelta(hours=1) == shift and before.hour == 2)
