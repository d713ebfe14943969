"""The fields that every event of a timeline has."""

from datetime import datetime

from attrs import field, frozen

from digital_painschool.domain.local_time import utc


@frozen(kw_only=True, slots=False)
class Fact:
    """The fields that every event has.

    Args:
        at: The instant, UTC; another zone is converted, a naive time refused.
        by: The author: a member of staff's HSA-id, `"patient"`, or `"system"`.
    """

    at: datetime = field(converter=utc)
    by: str
