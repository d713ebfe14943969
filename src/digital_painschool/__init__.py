"""A guided internet treatment for long-term pain: its rules, and the ports that they need.

Begin with `open_school`, or give `PainSchool` the adapters yourself; then ask it for the desk of a therapist, the room
of a patient, or the office of an administrator.

Each name is loaded when it is first asked for: importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digital_painschool.access import Access
    from digital_painschool.catalogue import Catalogue, UnitTerms
    from digital_painschool.enrolment import Enrolment, Phase, apply, replay
    from digital_painschool.errors import (
        AdapterFailed,
        Conflict,
        DeliveryFailed,
        InvalidIdentity,
        InvalidProgram,
        InvalidValue,
        NotFound,
        NotPermitted,
        OutcomeUnknown,
        PainschoolError,
        Reason,
        RuleBroken,
        StorageFailed,
        WiringError,
    )
    from digital_painschool.events import Event
    from digital_painschool.exporting import Format
    from digital_painschool.notification import Channel, Notify
    from digital_painschool.people import Actor, HsaId, Party, PersonId, Role
    from digital_painschool.plugins import connect, open_school
    from digital_painschool.policy import FlagKind, Policy
    from digital_painschool.ports import Ports
    from digital_painschool.program import Ordering, Program
    from digital_painschool.school import PainSchool
    from digital_painschool.settings import Chosen, Settings

__all__ = [
    "Access",
    "Actor",
    "AdapterFailed",
    "Catalogue",
    "Channel",
    "Chosen",
    "Conflict",
    "DeliveryFailed",
    "Enrolment",
    "Event",
    "FlagKind",
    "Format",
    "HsaId",
    "InvalidIdentity",
    "InvalidProgram",
    "InvalidValue",
    "NotFound",
    "NotPermitted",
    "Notify",
    "Ordering",
    "OutcomeUnknown",
    "PainSchool",
    "PainschoolError",
    "Party",
    "PersonId",
    "Phase",
    "Policy",
    "Ports",
    "Program",
    "Reason",
    "Role",
    "RuleBroken",
    "Settings",
    "StorageFailed",
    "UnitTerms",
    "WiringError",
    "apply",
    "connect",
    "open_school",
    "replay",
]

_HOME = {
    "Access": "access",
    "Actor": "people",
    "AdapterFailed": "errors",
    "Catalogue": "catalogue",
    "Channel": "notification",
    "Chosen": "settings",
    "Conflict": "errors",
    "DeliveryFailed": "errors",
    "Enrolment": "enrolment",
    "Event": "events",
    "FlagKind": "policy",
    "Format": "exporting",
    "HsaId": "people",
    "InvalidIdentity": "errors",
    "InvalidProgram": "errors",
    "InvalidValue": "errors",
    "NotFound": "errors",
    "NotPermitted": "errors",
    "Notify": "notification",
    "Ordering": "program",
    "OutcomeUnknown": "errors",
    "PainSchool": "school",
    "PainschoolError": "errors",
    "Party": "people",
    "PersonId": "people",
    "Phase": "enrolment",
    "Policy": "policy",
    "Ports": "ports",
    "Program": "program",
    "Reason": "errors",
    "Role": "people",
    "RuleBroken": "errors",
    "Settings": "settings",
    "StorageFailed": "errors",
    "UnitTerms": "catalogue",
    "WiringError": "errors",
    "apply": "enrolment",
    "connect": "plugins",
    "open_school": "plugins",
    "replay": "enrolment",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
