"""Who takes part, and on what: people of two units, programs that end soon, and adapters on one database."""

from collections.abc import Callable, Mapping
from datetime import datetime, time

from attrs import evolve, frozen

from digital_painschool.adapters.memory import MemoryDirectory
from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage
from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.application.program_catalogue import Catalogue, UnitTerms
from digital_painschool.bootstrap.school import PainSchool, rising_id
from digital_painschool.domain.notification import Channel, Profile
from digital_painschool.domain.people import Actor, HsaId, Role
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import PainSchoolError
from digital_painschool.ports import Ports
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.testing.environment import AT_WORK, both_ways
from digital_painschool.testing.example import PROGRAM, SLEEP
from digital_painschool.testing.people import (
    COLLEAGUE,
    COORDINATOR,
    NURSE,
    OTHER_UNIT,
    SERIES,
    STRANGER,
    UNIT,
    staff,
)
from proofs.chaos.setting import Setting

NUMBERS = tuple(number for series in SERIES.values() for number in series)
"""Patients; some of them the inbox does not take."""
PROGRAMS = tuple(evolve(program, access_months=1) for program in (PROGRAM, SLEEP))
KEYS = tuple(program.key for program in PROGRAMS)
POLICIES: Mapping[HsaId, Policy] = {
    UNIT: Policy(staff_flags=frozenset(FlagKind)),
    OTHER_UNIT: Policy(collected_at=time(6, 30), forenoon_ends=time(11), staff_flags=frozenset(FlagKind)),
}
CATALOGUE = Catalogue(programs=PROGRAMS, units={unit: UnitTerms(policy=policy) for unit, policy in POLICIES.items()})


@frozen
class House:
    """Who works at a unit."""

    unit: HsaId
    therapists: tuple[Actor, ...]
    coordinator: Actor


HOUSES = (
    House(UNIT, (NURSE, COLLEAGUE), COORDINATOR),
    House(OTHER_UNIT, (STRANGER,), staff(7, Role.PATIENT_ADMINISTRATOR, unit=OTHER_UNIT)),
)
PROFILES: Mapping[HsaId, Profile] = {
    NURSE.hsa_id: Profile(email=frozenset(FlagKind)),
    COLLEAGUE.hsa_id: Profile(
        email=frozenset({FlagKind.MESSAGE_RECEIVED, FlagKind.UNDELIVERED}),
        sms=frozenset({FlagKind.UNDELIVERED, FlagKind.PROGRAM_DONE, FlagKind.ENDING}),
    ),
}
"""What staff want to be told of. The directory has no number for the colleague, so that every SMS is undelivered."""
_DIRECTORY: Mapping[str, StaffEntry] = {
    NURSE.hsa_id: both_ways("nurse"),
    COLLEAGUE.hsa_id: StaffEntry(email=both_ways("colleague").email),
}


def opened(
    setting: Setting,
    clock: Callable[[], datetime],
    around: Callable[[Ports], Ports] = lambda ports: ports,
    new_id: Callable[[datetime], str] = rising_id,
) -> PainSchool:
    """Open a school whose adapters are all on one database; again, when a connection was cut before it had begun."""
    while True:
        try:
            return PainSchool(around(_ports(setting.url)), catalogue=CATALOGUE, clock=clock, new_id=new_id)
        except PainSchoolError:
            if not setting.goes_on:
                raise


def _ports(url: str) -> Ports:
    return Ports(
        storage=SqlStorage(url, connections=3),
        identity=SwedishIdentity(),
        inbox=SqlInbox(url),
        directory=MemoryDirectory(_DIRECTORY, AT_WORK),
        messengers=tuple(SqlMessenger(channel, url) for channel in (Channel.EMAIL, Channel.SMS)),
    )
