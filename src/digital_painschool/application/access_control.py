"""Who may do what, and the access-log entry that every access and every refusal leaves. Rule: M-06, D-21c."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Never, TypeVar

from digital_painschool.application.enrolment_loading import cannot_be_read
from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.from_checked import from_checked
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, AnyActor, Patient, PersonId, SystemActor
from digital_painschool.errors import InvalidValue, NotFound, NotPermitted, RuleViolation, StorageError
from digital_painschool.ports import Clock
from digital_painschool.ports.storage import AccessEntry, AccessLog, Activity
from digital_painschool.rules.permissions import Action, allowed, is_hidden, whom_to_ask

_T = TypeVar("_T")

_READING = frozenset(
    {
        Action.LIST_OWN_PATIENTS,
        Action.LIST_UNIT,
        Action.COUNT_OWN_PATIENTS,
        Action.COUNT_UNIT,
        Action.LIST_STAFF,
        Action.FIND_WITHDRAWABLE,
        Action.SEE_ENROLMENT,
        Action.SEE_FLAGS,
        Action.SEE_TIMELINE,
        Action.SEE_NOTIFICATIONS,
        Action.SEE_PROGRAM,
        Action.OPEN_MODULE,
        Action.READ_PAGE,
        Action.READ_DRAFT,
        Action.READ_ANSWERS,
        Action.READ_CONVERSATION,
        Action.SEE_PLANS,
        Action.SEE_ACCESS_LOG,
        Action.SEE_DEAD_LETTERS,
        Action.PLAN_PURGE,
    }
)
_ACTIVITY: Mapping[Action, Activity] = {
    **dict.fromkeys(Action, Activity.WRITE),
    **dict.fromkeys(_READING, Activity.READ),
    Action.EXPORT: Activity.PRINT,
    Action.PURGE: Activity.DELETE,
}


def access_entry(
    action: Action,
    by: AnyActor,
    at: datetime,
    enrolment: Enrolment | None = None,
    *,
    person: PersonId | None = None,
    granted: bool = True,
) -> AccessEntry:
    """Return the access-log entry of an action. Rule: M-06, D-21c.

    The unit is the enrolment's: an attempt from another unit is logged where the record is kept. Without an enrolment
    the unit is the actor's. The person is the enrolment's. Where a patient was refused, the person is that patient.
    """
    if enrolment is not None:
        unit = enrolment.unit
        person = by.person if isinstance(by, Patient) and not granted else enrolment.person
    else:
        assert isinstance(by, Actor), "only staff act for a unit as a whole"
        unit = by.unit
    return AccessEntry(
        at=at,
        by=by.signature,
        unit=unit,
        action=action,
        activity=_ACTIVITY[action],
        enrolment_id=None if enrolment is None else enrolment.id,
        person=person,
        granted=granted,
    )


def access_entries(
    action: Action, by: Actor, at: datetime, records: Iterable[tuple[EnrolmentId, PersonId | None]]
) -> tuple[AccessEntry, ...]:
    """Return the access-log entries of a granted action on many records, each with its enrolment's id and person."""
    alike = access_entry(action, by, at).__dict__
    return tuple(
        from_checked(AccessEntry, {**alike, "enrolment_id": enrolment_id, "person": person})
        for enrolment_id, person in records
    )


def unreadable_entries(
    action: Action, by: AnyActor, at: datetime, person: PersonId, hidden: Iterable[UnreadableEnrolment]
) -> tuple[AccessEntry, ...]:
    """Return the access-log entries of somebody who learns that a person's enrolments cannot be read."""
    return tuple(
        AccessEntry(
            at=at,
            by=by.signature,
            unit=one.unit,
            action=action,
            activity=_ACTIVITY[action],
            enrolment_id=one.enrolment_id,
            person=person,
        )
        for one in hidden
        if one.unit is not None  # otherwise nobody's log is its log
    )


class AccessControl:
    """The permission table and the rules, asked with a log of what they refuse.

    Args:
        log: The access log.
        clock: Returns the present instant, UTC.
    """

    def __init__(self, log: AccessLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def refuse_unreadable(
        self, action: Action, by: AnyActor, person: PersonId, hidden: Collection[UnreadableEnrolment], why: str = ""
    ) -> Never:
        """Log that somebody learns of a person's unreadable enrolments, and raise.

        Raises:
            StorageError: Always; it names the enrolments, and adds `why`.
        """
        self._log.log(unreadable_entries(action, by, self._clock(), person, hidden))
        raise StorageError(cannot_be_read(one.enrolment_id for one in hidden) + why)

    def permit(
        self, action: Action, by: AnyActor, enrolment: Enrolment | None = None, *, person: PersonId | None = None
    ) -> None:
        """Refuse an action that the permission table does not grant, and log the refusal.

        Raises:
            NotPermitted: The table does not grant the action.
            NotFound: The enrolment is hidden from the actor: the error is that of an unknown id (D-07b).
        """
        if enrolment is not None and is_hidden(by, enrolment):
            self._log.log((access_entry(action, by, self._clock(), enrolment, granted=False),))
            raise NotFound("enrolment")
        if not allowed(action, by, enrolment):
            entry = access_entry(action, by, self._clock(), enrolment, person=person, granted=False)
            self._log.log((entry,))
            raise NotPermitted(action.value, whom_to_ask(action))

    def judge(
        self,
        action: Action,
        by: AnyActor,
        rule: Callable[[], _T],
        enrolment: Enrolment | None = None,
        *,
        person: PersonId | None = None,
        at: datetime | None = None,
    ) -> _T:
        """Return what a rule returns; log a refusal before the caller learns of it. Rule: M-06, D-21c.

        A refusal can disclose that a person is in treatment, so each one is logged. The exception is the delivery
        worker: its refusals follow from what others did meanwhile, and no person sees them.

        Raises:
            RuleViolation: The rule refused.
            InvalidValue: An argument of the rule is wrong.
            NotFound: No record has the id or key.
            StorageError: The refusal could not be logged; the error discloses nothing of it.
        """
        try:
            return rule()
        except (RuleViolation, InvalidValue, NotFound) as error:
            refusal = error
        # Outside the handler, so that an error of the log does not carry the refusal as its context.
        if not isinstance(by, SystemActor):
            entry = access_entry(action, by, at or self._clock(), enrolment, person=person, granted=False)
            self._log.log((entry,))
        try:
            raise refusal
        finally:
            del refusal
