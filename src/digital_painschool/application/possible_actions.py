"""What a person may do with an enrolment now: the permission table and the rules, asked without trying. Rule: D-08a."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.people import Actor, AnyActor, Patient
from digital_painschool.domain.policy import Terms
from digital_painschool.rules import flags, lifecycle, ordering, withdrawal
from digital_painschool.rules.access import access, module_refusal
from digital_painschool.rules.permissions import Action, allowed
from digital_painschool.rules.transitions import is_allowed

Condition = Callable[[Enrolment, Terms, datetime], bool]
"""Whether the rules leave at least one right way to perform an action on an enrolment at an instant."""


def _always(_enrolment: Enrolment, _terms: Terms, _now: datetime) -> bool:
    return True


def _command(name: str) -> Condition:
    return lambda enrolment, _terms, _now: is_allowed(name, enrolment.phase)


def _can_be_withdrawn(enrolment: Enrolment, _terms: Terms, _now: datetime) -> bool:
    return withdrawal.can_be_withdrawn(enrolment)


def _has_unread_form(enrolment: Enrolment, _terms: Terms, _now: datetime) -> bool:
    return enrolment.is_open and any(count.unread for count in enrolment.forms)


def _has_flag_to_mark(enrolment: Enrolment, _terms: Terms, _now: datetime) -> bool:
    return bool(flags.markable(enrolment))


def _has_module_to_release(enrolment: Enrolment, terms: Terms, _now: datetime) -> bool:
    return bool(ordering.releasable(enrolment, terms.program))


def _can_be_read(enrolment: Enrolment, terms: Terms, now: datetime) -> bool:
    return access(enrolment, terms.policy, now).read_messages


def _can_be_answered(enrolment: Enrolment, terms: Terms, now: datetime) -> bool:
    return access(enrolment, terms.policy, now).write_messages


def _may_fill_in(enrolment: Enrolment, terms: Terms, now: datetime) -> bool:
    return access(enrolment, terms.policy, now).fill_in_forms


def _has_open_module(enrolment: Enrolment, terms: Terms, now: datetime) -> bool:
    return any(module_refusal(enrolment, terms, m.number, now) is None for m in terms.program.modules)


def _has_module_to_complete(enrolment: Enrolment, terms: Terms, now: datetime) -> bool:
    return any(ordering.completion_refusal(enrolment, terms, one, now) is None for one in enrolment.opened)


def _can_be_active_again(enrolment: Enrolment, terms: Terms, now: datetime) -> bool:
    return lifecycle.reactivation_refusal(enrolment, terms, now) is None


def _has_conversation(condition: Condition) -> Condition:
    return lambda enrolment, terms, now: bool(enrolment.conversations) and condition(enrolment, terms, now)


STAFF: Mapping[Action, Condition] = MappingProxyType(
    {
        Action.SEE_ENROLMENT: _always,
        Action.SEE_FLAGS: _always,
        Action.SEE_TIMELINE: _always,
        Action.SEE_NOTIFICATIONS: _always,
        Action.SEE_PROGRAM: _always,
        Action.READ_ANSWERS: _always,
        Action.READ_CONVERSATION: _always,
        Action.HAND_OVER: _command("hand_over"),
        Action.REVIEW: _command("review"),
        Action.MAINTAIN: _command("maintain"),
        Action.REACTIVATE: _can_be_active_again,
        Action.END: _command("end"),
        Action.WITHDRAW: _can_be_withdrawn,
        Action.RELEASE_MODULE: _has_module_to_release,
        Action.MARK_FORM_READ: _has_unread_form,
        Action.MARK_FLAG_HANDLED: _has_flag_to_mark,
        Action.WRITE_MESSAGE: _can_be_read,
        Action.RENAME_CONVERSATION: _has_conversation(_can_be_read),
    }
)
"""The actions of staff on one enrolment, each with the condition under which it is possible."""

PATIENT: Mapping[Action, Condition] = MappingProxyType(
    {
        Action.SEE_ENROLMENT: _always,
        Action.SEE_PROGRAM: _may_fill_in,
        Action.OPEN_MODULE: _has_open_module,
        Action.READ_PAGE: _has_open_module,
        Action.COMPLETE_MODULE: _has_module_to_complete,
        Action.SAVE_FORM: _may_fill_in,
        Action.SAVE_DRAFT: _may_fill_in,
        Action.READ_DRAFT: _may_fill_in,
        Action.DISCARD_DRAFT: _may_fill_in,
        Action.READ_ANSWERS: _can_be_read,
        Action.READ_CONVERSATION: _can_be_read,
        Action.WRITE_MESSAGE: _can_be_answered,
        Action.RENAME_CONVERSATION: _has_conversation(_can_be_answered),
    }
)
"""The actions of a patient in an enrolment of their own, each with the condition under which it is possible."""


def possible_actions(by: AnyActor, enrolment: Enrolment, terms: Terms, now: datetime) -> frozenset[Action]:
    """Return the actions on an enrolment that a person may perform now; a screen shows their buttons. Rule: D-08a.

    An action is in the result when the permission table grants it and the rules leave at least one right way to perform
    it. Nothing is tried, and nothing is logged.

    Args:
        by: The person.
        enrolment: The state that the screen is drawn from.
        terms: The program and the unit's policy.
        now: The instant of the view, an aware time.
    """
    conditions = STAFF if isinstance(by, Actor) else PATIENT if isinstance(by, Patient) else {}
    return frozenset(
        action
        for action, is_possible in conditions.items()
        if allowed(action, by, enrolment) and is_possible(enrolment, terms, now)
    )
