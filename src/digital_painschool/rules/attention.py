"""Silent patients and coming ends: the limits of a unit's policy at an instant. Rule: D-17b."""

from datetime import datetime, timedelta

from digital_painschool.domain.attention import AttentionLimits
from digital_painschool.domain.local_time import days_earlier
from digital_painschool.domain.policy import Policy, YearEnd


def attention_limits(policy: Policy, now: datetime) -> AttentionLimits:
    """Return the limits by which a patient is silent, and an access ends soon, at an instant. Rule: D-05d, D-17b.

    Days are whole days of 24 hours, as for a review (M-09). A number of 0 days switches a limit off.
    """
    silent, ending = policy.silent_after_days, policy.ending_within_days
    return AttentionLimits(
        seen_before=days_earlier(now, silent) if silent else None,
        ends_before=now + timedelta(days=ending) if ending else None,
        open_ended=policy.year_end is YearEnd.FLAG_ONLY,
    )
