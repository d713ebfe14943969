"""Openings with faults."""

from collections.abc import Iterable

from digital_painschool.ports import Ports
from digital_painschool.testing.faults.wrapping import Fault, faulty
from digital_painschool.testing.world import Opening, World


def with_faults(
    opening: Opening,
    *,
    storage: Iterable[Fault] = (),
    identity: Iterable[Fault] = (),
    inbox: Iterable[Fault] = (),
    directory: Iterable[Fault] = (),
    messengers: Iterable[Fault] = (),
    observers: Iterable[Fault] = (),
) -> Opening:
    """Return an opening whose ports have faults; calls are counted anew from each restart, and for each port by itself.

    Every port counts its calls, also one without faults: ask `calls_of`.
    """
    given = [tuple(faults) for faults in (storage, identity, inbox, directory, messengers, observers)]

    def open_faulty(world: World) -> Ports:
        ports = opening(world)
        of_storage, of_identity, of_inbox, of_directory, of_messengers, of_observers = given
        return Ports(
            storage=faulty(ports.storage, *of_storage, world=world),
            identity=faulty(ports.identity, *of_identity, world=world),
            inbox=faulty(ports.inbox, *of_inbox, world=world),
            directory=faulty(ports.directory, *of_directory, world=world),
            messengers=tuple(faulty(way, *of_messengers, world=world) for way in ports.messengers),
            observers=tuple(faulty(observer, *of_observers, world=world) for observer in ports.observers),
        )

    return open_faulty
