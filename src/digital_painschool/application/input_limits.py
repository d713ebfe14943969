"""What a person may type at a unit: the limits that a screen shows before anything is refused."""

from zoneinfo import ZoneInfo

from attrs import frozen

from digital_painschool.domain.policy import Policy


@frozen(kw_only=True)
class InputLimits:
    """The limits of what is typed at a unit, from its policy. Rule: M-10, M-11, D-18a.

    Args:
        fewest_days: The fewest days of one maintenance.
        most_days: The most days of one maintenance.
        default_heading: The heading that a new conversation has unless another is typed.
        heading_limit: The most characters of a heading.
        message_limit: The most characters of a message.
        zone: The unit's zone, in which a screen shows times and asks for them.
    """

    fewest_days: int
    most_days: int
    default_heading: str
    heading_limit: int
    message_limit: int
    zone: ZoneInfo


def input_limits(policy: Policy) -> InputLimits:
    """Return the limits that a policy sets."""
    fewest, most = policy.maintenance_days
    return InputLimits(
        fewest_days=fewest,
        most_days=most,
        default_heading=policy.heading,
        heading_limit=policy.heading_limit,
        message_limit=policy.message_limit,
        zone=policy.zone,
    )
