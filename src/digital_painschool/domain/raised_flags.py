"""Which kind of flag an event raises: one table, for the notifications of staff and for views that are old."""

from collections.abc import Mapping
from types import MappingProxyType

from digital_painschool.domain.events import (
    AccessEnded,
    AccessEndsSoon,
    Event,
    FormSaved,
    HandedOver,
    MessageSent,
    NotificationUndelivered,
    PatientSilent,
    ProgramDone,
    Started,
)
from digital_painschool.domain.people import Author
from digital_painschool.domain.policy import FlagKind

_RAISES: Mapping[type[Event], FlagKind] = MappingProxyType(
    {
        FormSaved: FlagKind.FORM_SAVED,
        ProgramDone: FlagKind.PROGRAM_DONE,
        AccessEnded: FlagKind.ENDING,
        NotificationUndelivered: FlagKind.UNDELIVERED,
    }
)

_POINTS_OUT: Mapping[type[Event], FlagKind] = MappingProxyType(
    {PatientSilent: FlagKind.SILENT, AccessEndsSoon: FlagKind.ENDS_SOON}
)


def flag_raised_by(event: Event) -> FlagKind | None:
    """Return the kind of flag that an event raises, or None. Rule: M-14, M-17, D-09b, D-13d, D-17a."""
    if isinstance(event, MessageSent):
        return FlagKind.MESSAGE_RECEIVED if event.author is Author.PATIENT else None
    if isinstance(event, (Started, HandedOver)):
        return FlagKind.HANDED_OVER if event.flagged else None
    return _RAISES.get(type(event))


def told_by(event: Event) -> FlagKind | None:
    """Return the kind of flag that an event raises, or what it points out, or None. Rule: D-17b, D-23a."""
    return flag_raised_by(event) or _POINTS_OUT.get(type(event))
