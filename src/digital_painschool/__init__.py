"""A guided internet treatment for long-term pain: its rules, and the ports that they need.

Begin with `open_school`, or give `PainSchool` the adapters yourself; then ask it for the desk of a therapist, the room
of a patient, or the office of an administrator.
"""

from digital_painschool.access import Access, access
from digital_painschool.catalogue import Catalogue, UnitTerms
from digital_painschool.enrolment import Enrolment, Phase, apply, replay
from digital_painschool.errors import (
    Conflict,
    DeliveryFailed,
    InvalidIdentity,
    InvalidProgram,
    InvalidValue,
    NotFound,
    NotPermitted,
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
from digital_painschool.settings import Settings

__all__ = [
    "Access",
    "Actor",
    "Catalogue",
    "Channel",
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
    "access",
    "apply",
    "connect",
    "open_school",
    "replay",
]
