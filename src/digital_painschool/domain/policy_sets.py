"""Policy sets: whole readings of the manual, by name, as a unit may choose them."""

from collections.abc import Mapping
from types import MappingProxyType

from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.domain.program import Ordering

GUIDED_YEAR = "digitala-smartskolan"
"""*Digitala smärtskolan*: guided, for a year, with collected notices. The defaults."""
WEEKLY_FEEDBACK = "weekly-feedback"
"""As other clinics on the same platform work: a module at a time, released after the therapist's weekly feedback."""

POLICY_SETS: Mapping[str, Policy] = MappingProxyType(
    {
        GUIDED_YEAR: Policy(),
        WEEKLY_FEEDBACK: Policy(ordering=Ordering.RELEASED, review_after_days=7, staff_flags=frozenset(FlagKind)),
    }
)
"""The policy sets that are shipped, by name. Rule: D-04a, D-05a, D-13a, D-18a, D-19a, M-09."""
