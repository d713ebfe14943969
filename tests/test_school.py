"""The school made from objects: no settings, no plugins."""

import pytest

from digital_painschool import Actor, InvalidValue, PainSchool, Ports, Role
from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox, MemoryStorage
from digital_painschool.adapters.swedish_identity import SwedishIdentity

NURSE = Actor(hsa_id="SE2321000131-P000000123456", unit="SE2321000131-E000000000001", roles={Role.THERAPIST})


def test_ports_are_enough() -> None:
    """A test, or a portal with adapters of its own, must not need settings and plugins to begin."""
    ports = Ports(
        storage=MemoryStorage(), identity=SwedishIdentity(), inbox=MemoryInbox(), directory=MemoryDirectory({})
    )
    with PainSchool(ports) as school:
        enrolment = school.therapist(NURSE).start("850709-9805", program="digitala-smartskolan")
        (own,) = school.patient("850709-9805").enrolments()
        assert enrolment.id == own.enrolment_id
        assert own.example is True


def test_anything_else_is_refused() -> None:
    """A storage passed in place of the ports would fail much later, and unclearly."""
    with pytest.raises(InvalidValue, match="ports is a Ports, not MemoryStorage"):
        PainSchool(MemoryStorage())  # type: ignore[arg-type]
