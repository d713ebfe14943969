"""The school made from objects: no settings, no plugins."""

from datetime import UTC, datetime
from typing import Any

import pytest

from digital_painschool import Actor, InvalidValue, PainSchool, Ports, Role, open_school
from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox, MemoryStorage
from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.testing.environment import Environment

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


def test_a_clock_is_a_function() -> None:
    """A clock that is none would be found at the first patient, not when the school is opened."""
    ports = Ports(
        storage=MemoryStorage(), identity=SwedishIdentity(), inbox=MemoryInbox(), directory=MemoryDirectory({})
    )
    for wrong in (None, 5, datetime(2026, 3, 2, tzinfo=UTC)):
        with pytest.raises(InvalidValue, match="clock and new_id are functions"):
            PainSchool(ports, clock=wrong)  # type: ignore[arg-type]
        with pytest.raises(InvalidValue, match="clock and new_id are functions"):
            PainSchool(ports, new_id=wrong)  # type: ignore[arg-type]
        with pytest.raises(InvalidValue, match="clock and new_id are functions"):
            open_school("memory://", clock=wrong)  # type: ignore[arg-type]


def test_every_adapter_is_closed_with_the_school() -> None:
    """Otherwise a host that opens schools again and again would run out of connections."""
    closed: list[str] = []

    class Closing:
        """An adapter that notes that it is closed."""

        def __init__(self, name: str, port: object = None) -> None:
            self._name, self._port = name, port

        def __getattr__(self, name: str) -> Any:
            return getattr(self._port, name)

        def close(self) -> None:
            closed.append(self._name)

        def notice(self, enrolment: object, events: object) -> None:
            """Take no notice."""

    made = Environment().ports()
    single: Any = {name: Closing(name, getattr(made, name)) for name in ("storage", "identity", "inbox", "directory")}
    several: Any = tuple(Closing(messenger.channel.value, messenger) for messenger in made.messengers)
    observer: Any = Closing("observer")
    with PainSchool(Ports(**single, messengers=several, observers=(observer,))):
        assert [] == closed
    assert ["directory", "email", "identity", "inbox", "observer", "sms", "storage"] == sorted(closed)
