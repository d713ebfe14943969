"""Persons: from an identity number to a person, and from a person to the enrolments. Rule: M-07, D-07a."""

from digital_painschool.application.access_control import AccessControl, access_entry
from digital_painschool.application.enrolment_loading import find_by_person
from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.codes import IdentityReason
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.people import Actor, HsaId, PersonId
from digital_painschool.errors import InvalidIdentity, InvalidValue
from digital_painschool.ports import Clock
from digital_painschool.ports.identity import Identity
from digital_painschool.ports.storage import Storage
from digital_painschool.rules.permissions import Action, allowed, may_know_of


class PersonLookup:
    """A reader of identity numbers, which finds the enrolments of a person.

    Args:
        identity: Reads an identity number.
        storage: The enrolments and the access log.
        catalogue: The policies, with the zones of the units.
        access: Asks the permission table.
        clock: Returns the present instant, UTC.
    """

    def __init__(
        self, identity: Identity, storage: Storage, catalogue: Catalogue, access: AccessControl, clock: Clock
    ) -> None:
        self._identity = identity
        self._storage = storage
        self._catalogue = catalogue
        self._access = access
        self._clock = clock

    def person(self, number: str | PersonId, unit: HsaId | None = None) -> PersonId:
        """Read an identity number on the local day of a unit, or of the common policy. Rule: M-07, D-07a.

        Raises:
            InvalidIdentity: The number is of no accepted scheme.
            InvalidValue: The number is neither `str` nor `PersonId`.
        """
        policy = self._catalogue.policy if unit is None else self._catalogue.policy_of(unit)
        today = self._clock().astimezone(policy.zone).date()
        if not isinstance(number, PersonId):
            if not isinstance(number, str):
                raise InvalidValue(f"an identity number is text (str), not {type(number).__name__}")
            return self._identity.parse(number, today=today)
        if self._identity.parse(number.value, today=today) != number:
            raise InvalidIdentity(
                "the number is of another scheme than the one that it is given with",
                reason=IdentityReason.ANOTHER_SCHEME,
            )
        return number

    def is_identity_number(self, word: str) -> bool:
        """Return whether a word is an identity number of an accepted scheme, on the local day of the common policy."""
        try:
            self.person(word)
        except InvalidIdentity:
            return False
        return True

    def identify(self, action: Action, by: Actor, number: str | PersonId) -> PersonId:
        """Read the identity number of a person whom a member of staff may act on.

        The log entry of a refusal names the person, where the number is valid.

        Raises:
            InvalidIdentity: The number is of no accepted scheme.
            NotPermitted: The permission table does not grant the action, whatever the number is.
        """
        invalid: InvalidIdentity | None = None
        person: PersonId | None = None
        try:
            person = self.person(number, by.unit)
        except InvalidIdentity as error:
            invalid = error
        self._access.permit(action, by, person=person)
        if person is None:
            assert invalid is not None
            raise invalid
        return person

    def find(self, by: Actor, number: str | PersonId, action: Action = Action.SEE_ENROLMENT) -> tuple[Enrolment, ...]:
        """Return a person's enrolments on which a member of staff may perform an action, and log it for each.

        Raises:
            InvalidIdentity: The number is of no accepted scheme.
            NotPermitted: No role of the actor may perform the action on any enrolment.
            StorageError: None of them can be read, and the actor may know of one that cannot: an empty answer would
                mean that the person has none.
        """
        person = self.identify(action, by, number)
        present, unreadable = find_by_person(self._storage, person)
        found = tuple(e for e in present if allowed(action, by, e))
        at = self._clock()
        if not found and (hidden := [one for one in unreadable if may_know_of(action, by, one)]):
            self._access.refuse_unreadable(action, by, person, hidden)
        entries = [access_entry(action, by, at, enrolment) for enrolment in found]
        self._storage.log(entries or (access_entry(action, by, at, person=person, granted=False),))
        return found
