"""Silent patients and coming ends as the oracle of notifications sees them: when they are noted, and what stands."""

from collections.abc import Iterator
from datetime import datetime

from digital_painschool.domain.events import AccessEndsSoon, Event, NotificationDropped, PatientSilent
from digital_painschool.domain.policy import FlagKind
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.flags import ends_on, silent_since
from digital_painschool.testing.reference.laws import Law, LawViolation, unequal, unless

POINTED_OUT = (PatientSilent, AccessEndsSoon)
"""The events that say what a list points out: they make no treatment younger."""
_LAW = Law.NOTIFIED_ONCE_IN_TIME


def silence_goes_on(of: ReferenceEnrolment, now: datetime) -> bool:
    """Return whether the silence that was noted last goes on."""
    return silent_since(of, now) == of.noted_silence is not None


def end_comes(of: ReferenceEnrolment, now: datetime) -> bool:
    """Return whether the end that was noted last still comes."""
    return ends_on(of, now) is not None and of.access_until == of.noted_ending


def note_pointed_out(of: ReferenceEnrolment, seq: int, event: Event) -> Iterator[LawViolation]:
    """Note an entry that says what a list points out: it must be so at that instant, and said once."""
    if isinstance(event, PatientSilent):
        yield from unequal(_LAW, silent_since(of, event.at), event.since, "a silence is noted that is none", of.id)
        yield from unless(of.noted_silence != event.since, _LAW, "a silence is noted twice", of.id)
        of.noted_silence, of.noted_by[FlagKind.SILENT] = event.since, seq
    if isinstance(event, AccessEndsSoon):
        is_right = ends_on(of, event.at) is not None and of.access_until == event.access_until
        yield from unless(is_right, _LAW, "a coming end is noted that does not come", of.id)
        yield from unless(of.noted_ending != event.access_until, _LAW, "a coming end is noted twice", of.id)
        of.noted_ending, of.noted_by[FlagKind.ENDS_SOON] = event.access_until, seq
    if isinstance(event, NotificationDropped) and event.takes_back is FlagKind.SILENT:
        yield from unless(not silence_goes_on(of, event.at), _LAW, "a note of a silence that goes on is gone", of.id)
        of.noted_silence = None
    if isinstance(event, NotificationDropped) and event.takes_back is FlagKind.ENDS_SOON:
        yield from unless(not end_comes(of, event.at), _LAW, "a note of an end that comes is gone", of.id)
        of.noted_ending = None


def unnoted_violations(of: ReferenceEnrolment, now: datetime) -> Iterator[LawViolation]:
    """Yield what a pass that nothing disturbed should have noted, where the unit offers to notify of it."""
    offered = of.policy.staff_flags
    since = silent_since(of, now) if FlagKind.SILENT in offered else None
    yield from unless(since in (None, of.noted_silence), _LAW, "a silence, and a pass did not note it", of.id)
    is_soon = FlagKind.ENDS_SOON in offered and ends_on(of, now) is not None
    is_noted = not is_soon or of.noted_ending == of.access_until
    yield from unless(is_noted, _LAW, "access ends soon, and a pass did not note it", of.id)
