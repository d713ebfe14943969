"""A guided internet treatment for long-term pain: its rules, and the ports that they need.

Begin with `open_school`, or give `PainSchool` the adapters yourself; then ask it for the desk of a therapist, the room
of a patient, or the office of an administrator.

Each name is loaded when it is first asked for: importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digital_painschool.application.export import Format
    from digital_painschool.application.program_catalogue import Catalogue, UnitTerms
    from digital_painschool.bootstrap.plugins import connect, open_school
    from digital_painschool.bootstrap.school import PainSchool
    from digital_painschool.bootstrap.settings import AdapterConfig, Settings
    from digital_painschool.bootstrap.settings_toml import read_settings
    from digital_painschool.domain.enrolment import Enrolment, Phase
    from digital_painschool.domain.events import Event
    from digital_painschool.domain.fold import apply, replay
    from digital_painschool.domain.notification import Channel, Notify
    from digital_painschool.domain.people import Actor, Author, HsaId, PersonId, Role
    from digital_painschool.domain.policy import FlagKind, Policy
    from digital_painschool.domain.program import Ordering, Program
    from digital_painschool.errors import (
        AdapterError,
        ConfigurationError,
        Conflict,
        DeliveryError,
        InvalidIdentity,
        InvalidProgram,
        InvalidValue,
        NotFound,
        NotPermitted,
        OutcomeUnknown,
        PainSchoolError,
        Reason,
        RuleViolation,
        StorageError,
    )
    from digital_painschool.ports import Ports
    from digital_painschool.rules.access import Access

__all__ = [
    "Access",
    "Actor",
    "AdapterConfig",
    "AdapterError",
    "Author",
    "Catalogue",
    "Channel",
    "ConfigurationError",
    "Conflict",
    "DeliveryError",
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
    "PainSchoolError",
    "PersonId",
    "Phase",
    "Policy",
    "Ports",
    "Program",
    "Reason",
    "Role",
    "RuleViolation",
    "Settings",
    "StorageError",
    "UnitTerms",
    "apply",
    "connect",
    "open_school",
    "read_settings",
    "replay",
]

_HOME = {
    "Access": "rules.access",
    "Actor": "domain.people",
    "AdapterConfig": "bootstrap.settings",
    "AdapterError": "errors",
    "Author": "domain.people",
    "Catalogue": "application.program_catalogue",
    "Channel": "domain.notification",
    "ConfigurationError": "errors",
    "Conflict": "errors",
    "DeliveryError": "errors",
    "Enrolment": "domain.enrolment",
    "Event": "domain.events",
    "FlagKind": "domain.policy",
    "Format": "application.export",
    "HsaId": "domain.people",
    "InvalidIdentity": "errors",
    "InvalidProgram": "errors",
    "InvalidValue": "errors",
    "NotFound": "errors",
    "NotPermitted": "errors",
    "Notify": "domain.notification",
    "Ordering": "domain.program",
    "OutcomeUnknown": "errors",
    "PainSchool": "bootstrap.school",
    "PainSchoolError": "errors",
    "PersonId": "domain.people",
    "Phase": "domain.enrolment",
    "Policy": "domain.policy",
    "Ports": "ports",
    "Program": "domain.program",
    "Reason": "errors",
    "Role": "domain.people",
    "RuleViolation": "errors",
    "Settings": "bootstrap.settings",
    "StorageError": "errors",
    "UnitTerms": "application.program_catalogue",
    "apply": "domain.fold",
    "connect": "bootstrap.plugins",
    "open_school": "bootstrap.plugins",
    "read_settings": "bootstrap.settings_toml",
    "replay": "domain.fold",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
