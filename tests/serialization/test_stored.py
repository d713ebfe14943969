"""Stored data that cannot be read is refused, and is repeated in no error."""

from collections.abc import Callable

import pytest

from digital_painschool.domain.notification import Profile
from digital_painschool.domain.retention import (
    PurgePlan,
)
from digital_painschool.errors import StorageError
from digital_painschool.serialization.enrolments import enrolment_from_data
from digital_painschool.serialization.events import event_from_data
from digital_painschool.serialization.values import from_data
from tests.serialization.strategies import AT


@pytest.mark.parametrize(
    "read",
    [
        lambda: event_from_data("module-opened", 0, AT, "patient", {"hemligt": 1}),
        lambda: enrolment_from_data({"id": "hemligt"}),
        lambda: enrolment_from_data({"hemligt": 1}),
        lambda: from_data({"email": ["hemligt"]}, Profile),
        lambda: from_data("hemligt", PurgePlan),
    ],
)
def test_what_does_not_fit_is_refused_without_showing_it(read: Callable[[], object]) -> None:
    """Otherwise a damaged row would surface as a foreign error, with personal data in it."""
    with pytest.raises(StorageError, match="cannot be read") as caught:
        read()
    assert "hemligt" not in str(caught.value)
