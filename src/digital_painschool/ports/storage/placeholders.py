"""Lists in which placeholders stand for stored rows that cannot be read."""

from collections.abc import Iterable
from typing import TypeVar

from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.ports.storage.cases import UnreadableCase

Value = TypeVar("Value")


def readable(found: Iterable[Value | UnreadableEnrolment | UnreadableCase]) -> tuple[Value, ...]:
    """Return a storage's list without its placeholders."""
    return tuple(one for one in found if not isinstance(one, (UnreadableEnrolment, UnreadableCase)))


def unreadable(found: Iterable[object]) -> tuple[EnrolmentId, ...]:
    """Return the enrolment ids of the placeholders in a storage's list."""
    return tuple(one.enrolment_id for one in found if isinstance(one, (UnreadableEnrolment, UnreadableCase)))
