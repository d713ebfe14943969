"""The people of the example: staff who can be chosen at the sign-in, and the names of patients.

A real portal asks its sign-in who somebody is, and a population register for names. Nobody here exists: the identity
numbers are test numbers of the Swedish tax agency.
"""

from attrs import frozen

from digital_painschool import Actor, Role, UnitStaff

UNIT = "SE2321000131-E000000000001"


@frozen(kw_only=True)
class Colleague:
    """A member of staff who can be chosen at the sign-in.

    Args:
        name: The name that the portal shows.
        actor: Who the library is told acts.
    """

    name: str
    actor: Actor

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles at the unit, in the order of the sign-in page."""
        return tuple(role for role in Role if role in self.actor.roles)


def _colleague(number: int, name: str, role: Role) -> Colleague:
    return Colleague(name=name, actor=Actor(hsa_id=f"SE2321000131-P{number:012}", unit=UNIT, roles={role}))


ANNA = _colleague(1, "Anna Åberg", Role.THERAPIST)
BJORN = _colleague(2, "Björn Berg", Role.THERAPIST)
CARIN = _colleague(3, "Carin Clason", Role.PATIENT_ADMINISTRATOR)
DAVID = _colleague(4, "David Dahl", Role.DATA_ADMINISTRATOR)
EVA = _colleague(5, "Eva Engdahl", Role.OPERATOR)

STAFF = {colleague.actor.hsa_id: colleague for colleague in (ANNA, BJORN, CARIN, DAVID, EVA)}
THERAPISTS = tuple(colleague for colleague in STAFF.values() if Role.THERAPIST in colleague.actor.roles)

PATIENTS = {
    "198507099805": "Elsa Ek",
    "200002292399": "Filip Fors",
    "195704289999": "Gun Gran",
    "191401682396": "Hjalmar Holm",
    "190901219931": "Ida Is",
}
"""Names by identity number. The person whose number is not here is shown by the number alone."""

_ADDRESSES = {
    ANNA: 'email = "anna.aberg@example.org"\nsms = "+46700000001"\n',
    CARIN: 'email = "carin.clason@example.org"\n',
}
DIRECTORY = "\n".join(
    f"""["{one.actor.hsa_id}"]\nname = "{one.name}"\nunits = ["{UNIT}"]\n{_ADDRESSES.get(one, "")}"""
    for one in STAFF.values()
)
"""The staff directory in TOML. Björn has no address in it: he cannot tick "Ta emot notifieringar"."""


def choices(staff: UnitStaff) -> list[tuple[str, str]]:
    """Return the therapists among a unit's staff, as choices of a field: the directory knows no roles."""
    therapists = {one.actor.hsa_id for one in THERAPISTS}
    return [(one.hsa_id, one.name or one.hsa_id) for one in staff.members if one.hsa_id in therapists]
