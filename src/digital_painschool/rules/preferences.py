"""The choices on "Min profil": how a member of staff is notified, and of what.

Rule: M-22, M-23, D-23a, D-23b.
"""

from digital_painschool.domain.notification import Channel, Notification, Profile
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.domain.validation import truth_value
from digital_painschool.errors import Reason, RuleViolation


def update_preferences(
    policy: Policy,
    *,
    email: bool,
    sms: bool,
    flags: frozenset[FlagKind],
    summary: bool,
    has_email: bool,
    has_sms: bool,
) -> Profile:
    """Return the profile for a therapist's choices on "Min profil".

    Rule: M-22, M-23, D-23a, D-23b.

    Args:
        policy: The unit's policy, with the flags that it offers.
        email: Whether "Ta emot notifieringar" is ticked.
        sms: Whether notifications by SMS are ticked.
        flags: The flags to be notified of.
        summary: Whether one summary a day is ticked, in place of a notification for each flag.
        has_email: Whether the staff directory has an address.
        has_sms: Whether the staff directory has a number.

    Raises:
        RuleViolation: The unit does not offer a flag, or the directory has no address or number for a ticked channel.
    """
    for value, name in ((email, "email"), (sms, "sms"), (summary, "summary")):
        truth_value(value, name)
    unknown = flags - policy.staff_flags
    if unknown:
        raise RuleViolation("D-23a", Reason.NOT_ON_OFFER, flags=tuple(sorted(flag.value for flag in unknown)))
    for ticked, has_address, channel in ((email, has_email, Channel.EMAIL), (sms, has_sms, Channel.SMS)):
        if ticked and not has_address:
            raise RuleViolation("D-23a", Reason.NO_ADDRESS_IN_DIRECTORY, channel=channel.value)
    return Profile(email=flags if email else frozenset(), sms=flags if sms else frozenset(), summary=summary)


def is_unticked(notification: Notification, profile: Profile) -> bool:
    """Return whether a notification to staff is of a flag, or over a channel, that its recipient has unticked since.

    Rule: M-22, M-23, D-23a, D-23b.
    """
    return notification.flag is not None and notification.flag not in profile.wants(notification.channel)
