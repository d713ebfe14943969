"""The staff of a unit: the list for a screen, and whether a patient may be given to somebody. Rule: D-09a, D-09b."""

from collections.abc import Callable
from functools import cache

from attrs import frozen

from digital_painschool.application.executor import Executor
from digital_painschool.domain.people import Actor, HsaId, Role
from digital_painschool.errors import InvalidValue, PainSchoolError
from digital_painschool.ports.directory import StaffMember
from digital_painschool.rules.lifecycle import require_colleague
from digital_painschool.rules.permissions import Action

STAFF_LIMIT = 500
"""The most members of staff in a list; one who is not in it can still be given by HSA-id."""


@frozen(kw_only=True)
class UnitStaff:
    """The staff of a unit, for a screen where a therapist is chosen. Rule: D-09b.

    Args:
        members: The members of staff by name; those without a name come last, by HSA-id.
        is_complete: False when the unit has more than the list.
    """

    members: tuple[StaffMember, ...]
    is_complete: bool


def unit_staff(executor: Executor, actor: Actor) -> UnitStaff:
    """Return the staff of the actor's unit. It says nothing about patients, so only a refusal is logged.

    Raises:
        RuleViolation: The staff directory does not answer.
    """
    executor.access.permit(Action.LIST_STAFF, actor)
    try:
        found = executor.ports.directory.staff_of(actor.unit, STAFF_LIMIT + 1)
    except PainSchoolError:
        found = None
    if found is None:
        require_colleague(works_at_unit=None)
    members = sorted(found or (), key=lambda one: (one.name is None, (one.name or "").casefold(), one.hsa_id))
    return UnitStaff(members=tuple(members[:STAFF_LIMIT]), is_complete=len(members) <= STAFF_LIMIT)


def colleague_check(executor: Executor, actor: Actor) -> Callable[[HsaId], None]:
    """Return a check that refuses to give a patient to somebody who is not known at the actor's unit.

    The check asks the staff directory once about each person, and not about the actor, whose sign-in vouches for them:
    it says whether they are a therapist.
    It is called outside of every transaction of the storage. Rule: D-09b.
    """

    @cache
    def works_at_unit(therapist: HsaId) -> bool | None:
        try:
            return executor.ports.directory.works_at(actor.unit, therapist)
        except PainSchoolError:
            return None

    def check(therapist: HsaId) -> None:
        if therapist != actor.hsa_id:
            require_colleague(works_at_unit=works_at_unit(therapist))
        elif Role.THERAPIST not in actor.roles:
            raise InvalidValue("name the therapist who gets the patient: the actor is none")

    return check
