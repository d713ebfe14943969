"""The times of what waits unread: as many as a state keeps."""

from datetime import datetime

from digital_painschool.domain.enrolment import WAITING_LIMIT


def one_more(waiting: tuple[datetime, ...], unread: int, at: datetime) -> tuple[datetime, ...]:
    """Add the time of another unread one, if those of all before it are known and there is room."""
    return (*waiting, at) if len(waiting) == unread < WAITING_LIMIT else waiting


def unread_of(waiting: tuple[datetime, ...], newly_read: int, unread: int) -> tuple[datetime, ...]:
    """Return the times of those that stay unread; of more than are known, the last known time stands for the rest."""
    return waiting[min(newly_read, len(waiting) - 1) :] if unread else ()
