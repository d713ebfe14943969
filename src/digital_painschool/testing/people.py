"""People for tests: public test numbers that belong to nobody, and staff of two units that do not exist."""

from collections.abc import Mapping
from types import MappingProxyType

from digital_painschool.domain.people import Actor, HsaId, Patient, PersonId, Role

UNIT = HsaId("SE2321000131-E000000000001")
OTHER_UNIT = HsaId("SE2321000131-E000000000002")

ANNA = "198507099805"
BO = "200002292399"
CILLA = "195704289999"
NUMBERS = (ANNA, BO, CILLA, "194608239986", "190901219931", "200004059937")
"""Personnummer of Skatteverket's public test series, given to nobody."""
COORDINATION_NUMBER = "191401682396"
"""A samordningsnummer of the same series."""
RESERVE_NUMBER = "19810829M071"
"""A reserve number of the region; the national inbox does not take it."""
PERSON = PersonId("personnummer", ANNA)
PATIENT = Patient(PERSON)


def staff(number: int, *roles: Role, unit: HsaId = UNIT) -> Actor:
    """Return a member of staff, told from others by the number."""
    return Actor(hsa_id=HsaId(f"SE2321000131-P{number:012}"), unit=unit, roles=frozenset(roles))


NURSE = staff(123456, Role.THERAPIST)
COLLEAGUE = staff(2, Role.THERAPIST)
COORDINATOR = staff(3, Role.PATIENT_ADMINISTRATOR)
ARCHIVIST = staff(4, Role.DATA_ADMINISTRATOR)
OPERATOR = staff(7, Role.OPERATOR)
STRANGER = staff(5, Role.THERAPIST, unit=OTHER_UNIT)
OTHER_ARCHIVIST = staff(6, Role.DATA_ADMINISTRATOR, unit=OTHER_UNIT)

SERIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "personnummer": (*NUMBERS, "191212121212", "196101182803", "189602029812", "200302022389", "190905271474"),
        "samordningsnummer": (COORDINATION_NUMBER, "196109732393"),
        "nationellt-reservnummer": ("22790814AA01", "25780404KHD5", "00342145BZ31"),
        "vgr-reservnummer": (RESERVE_NUMBER, "19450829K088", "19930829X802"),
    }
)
"""Numbers by scheme: public test numbers of Skatteverket and Inera, and examples from the reserve numbers' papers.

Add none from a generator: what it makes may belong to somebody.
"""
