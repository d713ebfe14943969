"""The permission table: who may do what, for every desk method. Rule: M-06, M-08, M-20, D-07b, D-09a."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from digital_painschool.codes import Action
from digital_painschool.domain.enrolment import Enrolment, Phase, UnreadableEnrolment
from digital_painschool.domain.people import Actor, AnyActor, Patient, Role

__all__ = ["PATIENT", "STAFF", "SYSTEM", "Action", "Scope", "allowed", "is_hidden", "may_know_of", "whom_to_ask"]


class Scope(Enum):
    """The enrolments that a permission covers."""

    OWN = "own"
    STARTED = "started"
    UNIT = "unit"


_T, _P, _D, _O = Role.THERAPIST, Role.PATIENT_ADMINISTRATOR, Role.DATA_ADMINISTRATOR, Role.OPERATOR

STAFF: Mapping[Action, Mapping[Role, Scope]] = MappingProxyType(
    {
        Action.START: {_T: Scope.UNIT, _P: Scope.UNIT},
        Action.LIST_OWN_PATIENTS: {_T: Scope.UNIT},
        Action.LIST_UNIT: {_P: Scope.UNIT},
        Action.COUNT_OWN_PATIENTS: {_T: Scope.UNIT},
        Action.COUNT_UNIT: {_P: Scope.UNIT},
        Action.LIST_STAFF: {_T: Scope.UNIT, _P: Scope.UNIT},
        Action.FIND_WITHDRAWABLE: {_T: Scope.STARTED, _P: Scope.UNIT},
        Action.SEE_ENROLMENT: {_T: Scope.OWN, _P: Scope.UNIT},
        Action.SEE_FLAGS: {_T: Scope.OWN, _P: Scope.UNIT},
        Action.SEE_TIMELINE: {_T: Scope.OWN},
        Action.SEE_NOTIFICATIONS: {_T: Scope.OWN},
        Action.SEE_PROGRAM: {_T: Scope.UNIT, _P: Scope.UNIT, _D: Scope.UNIT},
        Action.HAND_OVER: {_P: Scope.UNIT},
        Action.REVIEW: {_T: Scope.OWN},
        Action.MAINTAIN: {_T: Scope.OWN},
        Action.REACTIVATE: {_T: Scope.OWN},
        Action.END: {_T: Scope.OWN},
        Action.WITHDRAW: {_T: Scope.STARTED, _P: Scope.UNIT},
        Action.RELEASE_MODULE: {_T: Scope.OWN},
        Action.READ_ANSWERS: {_T: Scope.OWN},
        Action.MARK_FORM_READ: {_T: Scope.OWN},
        Action.MARK_FLAG_HANDLED: {_T: Scope.OWN},
        Action.READ_CONVERSATION: {_T: Scope.OWN},
        Action.WRITE_MESSAGE: {_T: Scope.OWN},
        Action.RENAME_CONVERSATION: {_T: Scope.OWN},
        Action.UPDATE_PROFILE: {_T: Scope.UNIT},
        Action.EXPORT: {_D: Scope.UNIT},
        Action.PLAN_PURGE: {_D: Scope.UNIT},
        Action.APPROVE_PURGE: {_D: Scope.UNIT},
        Action.PURGE: {_D: Scope.UNIT},
        Action.SEE_PLANS: {_D: Scope.UNIT},
        Action.SEE_ACCESS_LOG: {_D: Scope.UNIT},
        Action.SEE_DEAD_LETTERS: {_O: Scope.UNIT},
        Action.RESOLVE_DEAD_LETTER: {_O: Scope.UNIT},
    }
)
"""The actions of each role. `OWN`: with the therapist's own patients; `STARTED`: with the enrolments that the actor
started, whoever has the patient now; `UNIT`: with every enrolment of the actor's unit.

An action without a row is allowed to nobody. No permission covers another unit.
"""

PATIENT: frozenset[Action] = frozenset(
    {
        Action.SEE_ENROLMENT,
        Action.SEE_PROGRAM,
        Action.OPEN_MODULE,
        Action.READ_PAGE,
        Action.COMPLETE_MODULE,
        Action.SAVE_FORM,
        Action.SAVE_DRAFT,
        Action.READ_DRAFT,
        Action.DISCARD_DRAFT,
        Action.READ_ANSWERS,
        Action.READ_CONVERSATION,
        Action.WRITE_MESSAGE,
        Action.RENAME_CONVERSATION,
    }
)
"""The actions of patients, in their own enrolments and no other."""

SYSTEM: frozenset[Action] = frozenset({Action.DELIVER})
"""The actions of the delivery worker."""


def allowed(action: Action, by: AnyActor, enrolment: Enrolment | None = None) -> bool:
    """Return whether an actor may perform an action.

    Rule: M-06, M-08, M-20, D-09a.

    Args:
        action: The action.
        by: The actor.
        enrolment: The enrolment that it concerns; None for the unit as a whole.
    """
    if isinstance(by, Actor):
        return any(_covers(scope, by, enrolment) for role, scope in STAFF.get(action, {}).items() if role in by.roles)
    if isinstance(by, Patient):
        return action in PATIENT and (enrolment is None or enrolment.person == by.person)
    return action in SYSTEM


def may_know_of(action: Action, by: Actor, hidden: UnreadableEnrolment) -> bool:
    """Return whether a member of staff who looks for a person may learn of an enrolment that cannot be read.

    Rule: M-06. Who started it cannot be read either, so that the patient's therapist alone stands for `STARTED`.
    """
    scopes = [scope for role, scope in STAFF.get(action, {}).items() if role in by.roles]
    return hidden.unit == by.unit and bool(scopes) and (Scope.UNIT in scopes or hidden.therapist == by.hsa_id)


PATIENTS_THERAPIST = "patients-therapist"
"""Stands among the codes of roles for the therapist who has the patient."""
WHO_STARTED = "who-started"
"""Stands among the codes of roles for whoever started the enrolment."""
_OF_ONE_PERSON: Mapping[Scope, str] = MappingProxyType({Scope.OWN: PATIENTS_THERAPIST, Scope.STARTED: WHO_STARTED})


def whom_to_ask(action: Action) -> tuple[str, ...]:
    """Return who of a unit's staff may perform an action: roles, `PATIENTS_THERAPIST`, `WHO_STARTED`. Rule: D-09b."""
    scopes = STAFF.get(action, {})
    return tuple(_OF_ONE_PERSON.get(scopes[role], role.value) for role in Role if role in scopes)


def _covers(scope: Scope, actor: Actor, enrolment: Enrolment | None) -> bool:
    if enrolment is None:
        return True
    if enrolment.unit != actor.unit:
        return False
    if scope is Scope.STARTED:
        return enrolment.started_by == actor.signature
    return scope is Scope.UNIT or enrolment.therapist == actor.hsa_id


def is_hidden(by: AnyActor, enrolment: Enrolment) -> bool:
    """Return whether an enrolment is, to an actor, as if there were none.

    Rule: D-07b. To a patient a withdrawn one is: a person in whose name it was started by mistake must not learn that
    there is such a treatment.
    """
    return isinstance(by, Patient) and enrolment.phase is Phase.WITHDRAWN
