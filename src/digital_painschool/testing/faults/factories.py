"""Openings with faults."""

from collections.abc import Iterable

from digital_painschool.ports import Ports
from digital_painschool.testing.environment import Environment, PortsFactory
from digital_painschool.testing.faults.wrapping import Fault, faulty


def with_faults(
    ports_factory: PortsFactory,
    *,
    storage: Iterable[Fault] = (),
    identity: Iterable[Fault] = (),
    inbox: Iterable[Fault] = (),
    directory: Iterable[Fault] = (),
    messengers: Iterable[Fault] = (),
    observers: Iterable[Fault] = (),
) -> PortsFactory:
    """Return a ports factory whose ports have faults; each port counts its calls, anew from each restart.

    Every port counts its calls, also one without faults: ask `calls_of`.
    """
    given = [tuple(faults) for faults in (storage, identity, inbox, directory, messengers, observers)]

    def open_faulty(environment: Environment) -> Ports:
        ports = ports_factory(environment)
        of_storage, of_identity, of_inbox, of_directory, of_messengers, of_observers = given
        return Ports(
            storage=faulty(ports.storage, *of_storage, environment=environment),
            identity=faulty(ports.identity, *of_identity, environment=environment),
            inbox=faulty(ports.inbox, *of_inbox, environment=environment),
            directory=faulty(ports.directory, *of_directory, environment=environment),
            messengers=tuple(faulty(way, *of_messengers, environment=environment) for way in ports.messengers),
            observers=tuple(faulty(observer, *of_observers, environment=environment) for observer in ports.observers),
        )

    return open_faulty
