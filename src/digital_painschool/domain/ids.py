"""The ids of what is stored, typed apart: a type checker refuses one where another is wanted.

At run time each is the `str` that it is made of. A host that has an id from a URL writes `EnrolmentId(text)`: the desks
check every id, and answer an unknown one with `NotFound`.
"""

from typing import NewType

EnrolmentId = NewType("EnrolmentId", str)
"""The id of an enrolment."""

NotificationId = NewType("NotificationId", str)
"""The id of a notification."""

DigestId = NewType("DigestId", str)
"""The id of a digest: that of its first notification."""

PlanId = NewType("PlanId", str)
"""The id of a plan for a purge."""
