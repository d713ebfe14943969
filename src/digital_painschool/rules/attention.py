"""Silent patients and coming ends: the limits of a unit's policy at an instant, and their notes. Rule: D-17b."""

from datetime import datetime, timedelta

from attrs import evolve

from digital_painschool.domain.attention import AttentionLimits
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import AccessEndsSoon, Event, PatientSilent
from digital_painschool.domain.local_time import days_earlier
from digital_painschool.domain.people import AnyActor
from digital_painschool.domain.policy import FlagKind, Policy, YearEnd


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


def limits_of_notes(policy: Policy, now: datetime) -> AttentionLimits:
    """Return the limits of what the unit offers its staff to be notified of, at an instant. Rule: D-17b, D-23a."""
    limits, offered = attention_limits(policy, now), policy.staff_flags
    return evolve(
        limits,
        seen_before=limits.seen_before if FlagKind.SILENT in offered else None,
        ends_before=limits.ends_before if FlagKind.ENDS_SOON in offered else None,
    )


def note_attention(enrolment: Enrolment, policy: Policy, *, by: AnyActor, at: datetime) -> tuple[Event, ...]:
    """Record that the patient is silent, and that the access ends soon, where the unit offers to notify of it.

    Rule: D-05d, D-17b, D-23a. Each silence is recorded once, and each end. An ended enrolment is neither.

    Args:
        enrolment: The state.
        policy: The unit's policy.
        by: The worker.
        at: The instant, UTC.
    """
    limits, signature = limits_of_notes(policy, at), by.signature
    events: list[Event] = []
    if (since := limits.unnoted_silence(enrolment, at)) is not None:
        events.append(PatientSilent(at=at, by=signature, since=since))
    if (end := limits.unnoted_end(enrolment, at)) is not None:
        events.append(AccessEndsSoon(at=at, by=signature, access_until=end))
    return tuple(events)
