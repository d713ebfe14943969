"""Codes for a screen to translate: of what a person typed wrongly, and of the actions in the access log.

No code repeats what was typed. Rule: M-06, M-14, D-07a, D-24d.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum
from types import MappingProxyType

from attrs import field, frozen


class AnswerCode(Enum):
    """The code of a problem with an answer to a form; stable. `label` has the words for it. Rule: M-14, D-24d."""

    REQUIRED = "required"
    NOT_ON_SCALE = "not-on-scale"
    NOT_AN_OPTION = "not-an-option"
    NOT_A_LIST_OF_OPTIONS = "not-a-list-of-options"
    NOT_AMONG_OPTIONS = "not-among-options"
    NOTHING_CHOSEN = "nothing-chosen"
    NOT_A_NUMBER_WITHIN = "not-a-number-within"
    NOT_A_WHOLE_NUMBER_WITHIN = "not-a-whole-number-within"
    NOT_A_TEXT = "not-a-text"
    TEXT_TOO_LONG = "text-too-long"
    NOT_A_DATE = "not-a-date"
    UNKNOWN_QUESTIONS = "unknown-questions"


class IdentityReason(Enum):
    """The reason why a typed text is no identity number; stable. `label` has the words for it. Rule: D-07a, D-24d."""

    NOT_A_NUMBER = "not-a-number"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    WRONG_FORM = "wrong-form"
    SIGN_CONTRADICTS_YEAR = "sign-contradicts-year"
    NO_SUCH_DAY = "no-such-day"
    BORN_IN_THE_FUTURE = "born-in-the-future"
    BORN_TOO_LONG_AGO = "born-too-long-ago"
    SERIAL_NEVER_GIVEN = "serial-never-given"
    WRONG_CHECK_DIGIT = "wrong-check-digit"
    SCHEME_NOT_ACCEPTED = "scheme-not-accepted"
    ANOTHER_SCHEME = "another-scheme"


class ValueReason(Enum):
    """The reason why a value that a person typed is refused; stable. `label` has the words for it. Rule: D-24d."""

    TEXT_TOO_LONG = "text-too-long"
    UNREADABLE_CHARACTER = "unreadable-character"
    HIDDEN_CHARACTER = "hidden-character"
    NUMBER_TOO_LARGE = "number-too-large"
    NOT_AN_HSA_ID = "not-an-hsa-id"
    HOLDS_IDENTITY_NUMBER = "holds-identity-number"


Limits = Mapping[str, int | float]
"""The figures that a value must keep to, by name, such as `lowest` and `highest`."""


def _frozen(limits: Limits) -> Limits:
    return MappingProxyType(dict(limits))


@frozen
class AnswerProblem:
    """A problem with one answer to a form; it never repeats the answer. Rule: M-14.

    Args:
        question: The question's key; None for answers to no question of the form, whose keys may be personal.
        code: The problem, as a code that a screen can translate.
        limits: The figures that the answer must keep to: `lowest` and `highest`, `limit` of characters, or `count`.
    """

    question: str | None
    code: AnswerCode
    limits: Limits = field(factory=dict, converter=_frozen, hash=False, repr=lambda limits: repr(dict(limits)))

    def __reduce__(self) -> tuple[object, ...]:
        return AnswerProblem, (self.question, self.code, dict(self.limits))


class Action(StrEnum):
    """An action at a desk; the value names it in the access log."""

    START = "start"
    LIST_OWN_PATIENTS = "list-own-patients"
    LIST_UNIT = "list-unit"
    COUNT_OWN_PATIENTS = "count-own-patients"
    COUNT_UNIT = "count-unit"
    LIST_STAFF = "list-staff"
    FIND_WITHDRAWABLE = "find-withdrawable"
    SEE_ENROLMENT = "see-enrolment"
    SEE_FLAGS = "see-flags"
    SEE_TIMELINE = "see-timeline"
    SEE_NOTIFICATIONS = "see-notifications"
    SEE_PROGRAM = "see-program"
    HAND_OVER = "hand-over"
    REVIEW = "review"
    MAINTAIN = "maintain"
    REACTIVATE = "reactivate"
    END = "end"
    WITHDRAW = "withdraw"
    OPEN_MODULE = "open-module"
    READ_PAGE = "read-page"
    COMPLETE_MODULE = "complete-module"
    RELEASE_MODULE = "release-module"
    SAVE_FORM = "save-form"
    SAVE_DRAFT = "save-draft"
    READ_DRAFT = "read-draft"
    DISCARD_DRAFT = "discard-draft"
    READ_ANSWERS = "read-answers"
    MARK_FORM_READ = "mark-form-read"
    MARK_FLAG_HANDLED = "mark-flag-handled"
    READ_CONVERSATION = "read-conversation"
    WRITE_MESSAGE = "write-message"
    RENAME_CONVERSATION = "rename-conversation"
    UPDATE_PROFILE = "keep-profile"
    EXPORT = "export"
    PLAN_PURGE = "plan-purge"
    APPROVE_PURGE = "approve-purge"
    PURGE = "purge"
    SEE_PLANS = "see-plans"
    SEE_ACCESS_LOG = "see-access-log"
    DELIVER = "deliver"
    SEE_DEAD_LETTERS = "see-dead-letters"
    RESOLVE_DEAD_LETTER = "resolve-dead-letter"


class OtherAction(str):
    """The name of an action that another version of the library logged; its label is the name itself."""

    __slots__ = ()


_ACTIONS = {action.value: action for action in Action}


def action_of(name: str) -> Action | OtherAction:
    """Return the action of a name in the access log."""
    return _ACTIONS.get(name) or OtherAction(name)
