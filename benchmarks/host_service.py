"""The calls of P2 and P3 as a host writes them with an ORM, in place of this library: what both ORMs share.

A host keeps a table for each thing: treatments with their counts, submissions, conversations, messages, the timeline,
the access log, notifications. Each call loads, checks, changes and commits once. The checks are some of the library's.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from benchmarks.database import BETWEEN_CALLS, MESSAGE, NURSE, SHORT_ANSWERS, SHORT_FORM, START
from benchmarks.same_rules import Answers, fits

ZONE = ZoneInfo("Europe/Stockholm")
UNIT, THERAPIST = str(NURSE.unit), str(NURSE.hsa_id)
ENTRIES_OF_A_START = 5
"""The number of timeline entries with which each treatment begins."""
CONVERSATION = 1


class Host(Protocol):
    """A host's service on one database."""

    def start(self, number: str, at: datetime) -> int:
        """Start a treatment with a submission and a conversation, and return its id."""
        ...

    def save_form(self, treatment: int, person: str, form: str, answers: Answers, at: datetime) -> None:
        """Save a patient's submission."""
        ...

    def write(self, treatment: int, therapist: str, text: str, at: datetime) -> None:
        """Write a therapist's message, to be notified the next forenoon."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Refused(Exception):
    """The call was refused."""


def require_fillable(
    *, is_own: bool, phase: str, access_until: datetime, form: str, answers: Answers, at: datetime
) -> None:
    """Refuse a submission that may not be saved.

    Raises:
        Refused: It is another person's treatment, the access is over, or an answer is wrong.
    """
    if not is_own or phase != "active" or at >= access_until or not fits(form, answers):
        raise Refused


def require_writable(*, is_own: bool, phase: str, access_until: datetime, text: str, at: datetime) -> None:
    """Refuse a message that may not be written.

    Raises:
        Refused: It is another unit's treatment, the access is over, or the text is empty or too long.
    """
    if not is_own or phase not in ("active", "maintenance") or at >= access_until or not 0 < len(text) <= 10_000:
        raise Refused


def next_forenoon(at: datetime) -> datetime:
    """Return the instant at which a message is notified: nine o'clock local time, the same day or the next."""
    local = at.astimezone(ZONE)
    day = local.date() + timedelta(days=local.time() >= time(9))
    return datetime.combine(day, time(9), ZONE)


def calls_of(host: Host, patients: int, first: int = 0) -> Callable[[], None]:
    """Return a function that makes the two calls in turn, patient by patient, as `Place.call` does.

    Args:
        host: The service; its patients are started first.
        patients: The number of patients.
        first: The number of the first.
    """
    numbers = [f"EXAMPLE{number:05}" for number in range(first, first + patients)]
    ids = [host.start(number, START) for number in numbers]
    done = 0

    def call() -> None:
        nonlocal done
        patient, message = divmod(done, 2)
        patient %= patients
        done += 1
        at = START + done * BETWEEN_CALLS
        if message:
            host.write(ids[patient], THERAPIST, MESSAGE, at)
        else:
            host.save_form(ids[patient], numbers[patient], SHORT_FORM, SHORT_ANSWERS, at)

    return call
