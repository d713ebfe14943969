"""Pages of lists in which a row cannot be read: it is refused or left out where it is, and hides no other page."""

import pytest

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.domain.notification import Notify
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import Excerpt, load_notifications, load_timeline
from digital_painschool.testing.contracts.changes import MORNING, access_entry, begin, converse, saved, write
from digital_painschool.testing.people import NURSE, UNIT
from tests.databases import execute

NEWEST = Excerpt(newest_first=True)


def test_a_damaged_entry_hides_no_other_page(url: str) -> None:
    """Otherwise one bad row of years ago would hide what a patient wrote today."""
    storage = SqlStorage(url)
    e = saved(storage, converse(saved(storage, begin()), at=MORNING))
    e = saved(storage, write(saved(storage, write(e, at=MORNING)), at=MORNING))
    execute(url, "UPDATE timeline SET data = 'HEMLIGT' WHERE seq = 3")
    assert [5, 4] == [entry.seq for entry in load_timeline(storage, e.id, limit=2, excerpt=NEWEST)]
    assert [1, 2] == [entry.seq for entry in load_timeline(storage, e.id, limit=2)]
    for options in ({"limit": 3, "excerpt": NEWEST}, {"limit": 3}, {"after": 2}):
        with pytest.raises(StorageError) as failed:
            load_timeline(storage, e.id, **options)
        assert "HEMLIGT" not in str(failed.value)
    storage.close()


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_page_of_the_log_is_filled_with_what_can_be_read(url: str, newest_first: bool) -> None:
    """Otherwise a short page would look like the end of the log."""
    storage = SqlStorage(url)
    storage.log(access_entry(NURSE, MORNING) for _ in range(9))
    numbers = [number for number, _ in storage.access_entries(UNIT)]
    for number in (numbers[1], *numbers[3:6]):
        execute(url, f"UPDATE access_log SET activity = 'HEMLIGT' WHERE number = {number}")  # noqa: S608 - a number
    kept = [number for place, number in enumerate(numbers) if place not in {1, 3, 4, 5}]
    ordered = kept[::-1] if newest_first else kept
    order = Excerpt(newest_first=newest_first)
    for limit in range(1, 7):
        assert ordered[:limit] == [n for n, _ in storage.access_entries(UNIT, limit=limit, excerpt=order)]
    storage.close()


def test_a_damaged_notification_is_refused_on_its_page_alone(url: str) -> None:
    """Otherwise one bad row would hide all notifications of a patient, or be missing in silence."""
    storage = SqlStorage(url)
    e = saved(storage, converse(saved(storage, begin()), notify=Notify.DIRECT, at=MORNING))
    for _ in range(3):
        e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING))
    whole = load_notifications(storage, e.id)
    execute(url, f"UPDATE digest_notifications SET status = 'HEMLIGT' WHERE id = '{whole[1].notification.id}'")  # noqa: S608
    assert whole[:1] == load_notifications(storage, e.id, limit=1)
    assert whole[:1:-1] == load_notifications(storage, e.id, limit=2, newest_first=True)
    with pytest.raises(StorageError):
        load_notifications(storage, e.id, limit=2)
    storage.close()
