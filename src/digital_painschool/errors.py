"""The errors of this library: each says what to do, and none carries personal data."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import Enum
from types import MappingProxyType

from digital_painschool.codes import AnswerProblem, IdentityReason, Limits, ValueReason


class PainSchoolError(Exception):
    """The base of every error that this library raises on purpose."""


class Reason(Enum):
    """The reason of a refusal. The value is a stable code that a screen can translate; `advice` is English."""

    ALREADY_OPEN = "already-open"
    ALREADY_ENDED = "already-ended"
    SAME_THERAPIST = "same-therapist"
    ACCESS_IS_OVER = "access-is-over"
    DAYS_OUT_OF_RANGE = "days-out-of-range"
    NO_MODULES_CHOSEN = "no-modules-chosen"
    SHORTENS_ACCESS = "shortens-access"
    ACCESS_WOULD_END = "access-would-end"
    NOT_IN_MAINTENANCE = "not-in-maintenance"
    FIRST_YEAR_OVER = "first-year-over"
    UNKNOWN_MODULE = "unknown-module"
    UNKNOWN_END_REASON = "unknown-end-reason"
    MODULE_NOT_IN_MAINTENANCE = "module-not-in-maintenance"
    READ_ONLY_IN_MAINTENANCE = "read-only-in-maintenance"
    EARLIER_MODULES_FIRST = "earlier-modules-first"
    MODULE_NOT_OPENED = "module-not-opened"
    UNKNOWN_PAGE = "unknown-page"
    PAGES_NOT_READ = "pages-not-read"
    MODULE_NOT_RELEASED = "module-not-released"
    NOT_RELEASED_BY_THERAPIST = "not-released-by-therapist"
    MODULE_OPEN_FROM_START = "module-open-from-start"
    RELEASE_EARLIER_MODULES_FIRST = "release-earlier-modules-first"
    UNKNOWN_FORM = "unknown-form"
    FORM_NOT_IN_MODULE = "form-not-in-module"
    INVALID_ANSWERS = "invalid-answers"
    NO_SUCH_SUBMISSION = "no-such-submission"
    NO_SUCH_FLAG = "no-such-flag"
    UNKNOWN_CONVERSATION = "unknown-conversation"
    NO_SUCH_MESSAGE = "no-such-message"
    EMPTY_TEXT = "empty-text"
    TEXT_TOO_LONG = "text-too-long"
    ONLY_MESSAGES_TO_THE_PATIENT_NOTIFY = "only-messages-to-the-patient-notify"
    NO_ADDRESS_IN_DIRECTORY = "no-address-in-directory"
    NOT_ON_OFFER = "not-on-offer"
    NOT_APPROVED = "not-approved"
    DECISION_MISSING = "decision-missing"
    ANOTHER_UNITS_PLAN = "another-units-plan"
    RECEIPT_OF_ANOTHER_PLAN = "receipt-of-another-plan"
    RECEIPT_NOT_OURS = "receipt-not-ours"
    KEY_OF_ANOTHER_CALL = "key-of-another-call"
    KEY_OF_PURGED_START = "key-of-purged-start"
    THERAPIST_NOT_AT_UNIT = "therapist-not-at-unit"
    DIRECTORY_UNAVAILABLE = "directory-unavailable"
    VIEW_IS_OLD = "view-is-old"
    NO_SUCH_VERSION = "no-such-version"
    ALREADY_WITHDRAWN = "already-withdrawn"
    PATIENT_HAS_WRITTEN = "patient-has-written"
    UNKNOWN_WITHDRAWAL_REASON = "unknown-withdrawal-reason"
    NO_DEAD_LETTER = "no-dead-letter"

    @property
    def advice(self) -> str:
        """One English sentence that says what is wrong and what to do about it."""
        return _ADVICE[self]


_ADVICE: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.ALREADY_OPEN: "the person has an open enrolment in the program at the unit; ask its therapist",
        Reason.ALREADY_ENDED: "the enrolment has ended and cannot be changed or reopened; start a new one",
        Reason.SAME_THERAPIST: "the therapist already has the patient; name another therapist",
        Reason.ACCESS_IS_OVER: "the patient's access is over; the therapist can maintain the enrolment or end it",
        Reason.DAYS_OUT_OF_RANGE: "give a whole number of days within the unit's limits",
        Reason.NO_MODULES_CHOSEN: "choose at least one module that is to stay readable",
        Reason.SHORTENS_ACCESS: "the patient has access until a later day; give more days, or confirm that it shortens",
        Reason.ACCESS_WOULD_END: "the patient has access without a last day; confirm that the access is to have one",
        Reason.NOT_IN_MAINTENANCE: "the enrolment is active already; only one in maintenance goes back to active",
        Reason.FIRST_YEAR_OVER: "the program's own time is over; renew the maintenance or end the enrolment",
        Reason.UNKNOWN_MODULE: "the program has no module with that number; choose one that it has",
        Reason.UNKNOWN_END_REASON: "choose a reason from the list of end reasons",
        Reason.MODULE_NOT_IN_MAINTENANCE: "only the modules chosen for the maintenance can be read",
        Reason.READ_ONLY_IN_MAINTENANCE: "in maintenance the patient only reads and, where allowed, writes messages",
        Reason.EARLIER_MODULES_FIRST: "complete the earlier modules of the reading order first",
        Reason.MODULE_NOT_OPENED: "open the module before completing it",
        Reason.UNKNOWN_PAGE: "the module has no page with that number; choose one that it has",
        Reason.PAGES_NOT_READ: "read every page of the module before completing it",
        Reason.MODULE_NOT_RELEASED: "the therapist has not released this module yet",
        Reason.NOT_RELEASED_BY_THERAPIST: "this program's modules are not released one by one; do not release it",
        Reason.MODULE_OPEN_FROM_START: "the module is outside the reading order and open from the start",
        Reason.RELEASE_EARLIER_MODULES_FIRST: "release the earlier modules first, or say that this one is out of order",
        Reason.UNKNOWN_FORM: "the program has no form with that key; choose one that it has",
        Reason.FORM_NOT_IN_MODULE: "no page of that module carries the form; name a module that does, or none",
        Reason.INVALID_ANSWERS: "correct the answers named in the facts and save again",
        Reason.NO_SUCH_SUBMISSION: "count up to a submission that has been saved",
        Reason.NO_SUCH_FLAG: "no such flag waits for this enrolment, or another command settles it",
        Reason.UNKNOWN_CONVERSATION: "the enrolment has no conversation with that number",
        Reason.NO_SUCH_MESSAGE: "count up to a message that has been sent",
        Reason.EMPTY_TEXT: "write something: the text is empty",
        Reason.TEXT_TOO_LONG: "shorten the text to the limit in the facts",
        Reason.ONLY_MESSAGES_TO_THE_PATIENT_NOTIFY: "a patient's message raises a flag and needs no notification",
        Reason.NO_ADDRESS_IN_DIRECTORY: "no address in the staff directory; the unit's directory manager corrects it",
        Reason.NOT_ON_OFFER: "the unit does not offer staff notifications of that kind",
        Reason.NOT_APPROVED: "approve the plan, naming the decision (gallringsbeslut), before purging",
        Reason.DECISION_MISSING: "name the decision (gallringsbeslut) that the purge rests on",
        Reason.ANOTHER_UNITS_PLAN: "the plan or receipt is another unit's; only its data administrator can continue",
        Reason.RECEIPT_OF_ANOTHER_PLAN: "the receipt is not the stored plan's; pass its own receipt, or plan anew",
        Reason.RECEIPT_NOT_OURS: "the receipt's digest does not match: it was changed or has another key; plan anew",
        Reason.KEY_OF_ANOTHER_CALL: "the key was used for a call with other arguments; make a new key for a new call",
        Reason.KEY_OF_PURGED_START: "the start under this key was made and purged; nothing was started again",
        Reason.THERAPIST_NOT_AT_UNIT: "the staff directory does not know the therapist at the unit; choose another, "
        "or ask the unit's directory manager to correct it",
        Reason.DIRECTORY_UNAVAILABLE: "the staff directory does not answer, so no other therapist can be named; "
        "try again in a while",
        Reason.VIEW_IS_OLD: "what the facts name has come or changed since the view was drawn; look at it and "
        "decide again",
        Reason.NO_SUCH_VERSION: "name the version of the state that the view was drawn from",
        Reason.ALREADY_WITHDRAWN: "the start was withdrawn and nothing can be added to it; start a new one",
        Reason.PATIENT_HAS_WRITTEN: "the patient has written in it, and what is written is kept; end it instead",
        Reason.UNKNOWN_WITHDRAWAL_REASON: "choose a reason from the unit's list of reasons to withdraw",
        Reason.NO_DEAD_LETTER: "no such notification waits to be resolved; read the list of dead letters again",
    }
)

Fact = str | int | date | tuple[str, ...] | tuple[int, ...] | tuple[AnswerProblem, ...]


class RuleViolation(PainSchoolError):
    """A rule refused the command; nothing was changed.

    Args:
        rule: The id of the rule in the docs' table, such as `"M-18"` or `"D-07a"`.
        reason: The reason, as a code that a screen can translate.
        facts: The figures, keys and local days that the reason concerns; never personal data.
    """

    def __init__(self, rule: str, reason: Reason, /, **facts: Fact) -> None:
        super().__init__(rule, reason, facts)
        self.rule = rule
        self.reason = reason
        self.facts: Mapping[str, Fact] = MappingProxyType(facts)

    @property
    def problems(self) -> tuple[AnswerProblem, ...]:
        """The problems with the answers to a form, which are also in the facts; empty for every other reason."""
        problems = self.facts.get("problems", ())
        return tuple(one for one in problems if isinstance(one, AnswerProblem)) if isinstance(problems, tuple) else ()

    def __str__(self) -> str:
        shown = {name: str(fact) if isinstance(fact, date) else repr(fact) for name, fact in self.facts.items()}
        facts = ", ".join(f"{name}={text}" for name, text in shown.items())
        return f"{self.rule}: {self.reason.advice}" + (f" ({facts})" if facts else "")

    def __reduce__(self) -> tuple[object, ...]:
        return _rule_violation, (self.rule, self.reason, dict(self.facts))


def _rule_violation(rule: str, reason: Reason, facts: dict[str, Fact]) -> RuleViolation:
    return RuleViolation(rule, reason, **facts)


class NotPermitted(PainSchoolError):
    """The permission table does not allow the action; nothing was read or changed.

    Args:
        action: The action, as in the access log.
        whom: Whom of the staff to ask, by code: a `Role`, `"patients-therapist"` or `"who-started"`; the same for every
            patient.
    """

    def __init__(self, action: str, /, whom: tuple[str, ...] = ()) -> None:
        super().__init__(action, whom)
        self.action = action
        self.whom = whom

    def __str__(self) -> str:
        whom = f": {', '.join(self.whom)}" if self.whom else ""
        return f"not permitted: {self.action}; ask someone whose role at the unit allows it{whom}"


class NotFound(PainSchoolError):
    """No record has the id or key."""

    def __init__(self, what: str, /) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"no such {self.what}; check the id"


class InvalidValue(PainSchoolError, ValueError):
    """A value that is refused before any rule sees it: wrong type, a time without zone, a text with NUL in it.

    Args:
        text: What is wrong, in English, for a developer; never the value.
        reason: The reason, where a person typed the value; None where the host's code is wrong.
        limits: The figures that the value must keep to.
    """

    def __init__(
        self, text: str = "", /, *, reason: "ValueReason | IdentityReason | None" = None, **limits: float
    ) -> None:
        super().__init__(text)
        self.reason = reason
        self.limits: Limits = MappingProxyType(limits)

    def __reduce__(self) -> tuple[object, ...]:
        return _invalid_value, (type(self), str(self), self.reason, dict(self.limits))


def _invalid_value(
    error: type[InvalidValue], text: str, reason: ValueReason | None, limits: dict[str, float]
) -> object:
    return error(text, reason=reason, **limits)


class InvalidIdentity(InvalidValue):
    """The text is not an identity number of an accepted scheme.

    Args:
        text: What is wrong, in English; never a part of the number.
        reason: The reason; `NOT_A_NUMBER` from an adapter that gives none.
    """

    reason: IdentityReason

    def __init__(self, text: str = "", /, *, reason: IdentityReason = IdentityReason.NOT_A_NUMBER) -> None:
        super().__init__(text, reason=reason)


class InvalidProgram(InvalidValue):
    """A program definition is not usable; `problems` names every wrong key and what was expected there."""

    def __init__(self, source: str, problems: Sequence[str], /) -> None:
        super().__init__(source)
        self.source = source
        self.problems = tuple(problems)
        self.args = (source, self.problems)

    def __reduce__(self) -> tuple[object, ...]:
        return InvalidProgram, self.args

    def __str__(self) -> str:
        return "\n  ".join((f"{self.source} is not a usable program:", *self.problems))


class ConfigurationError(PainSchoolError):
    """The settings and the installed adapters do not match; the text names the installed adapters and their plugins."""


class Conflict(PainSchoolError):
    """Other writers changed the same record in every attempt; nothing was changed. Try again."""


class StorageError(PainSchoolError):
    """The storage failed (closed, full, unreachable, of another version); nothing was changed."""


class OutcomeUnknown(PainSchoolError):
    """The connection was lost during commit. The change was saved completely or not at all; reload before retrying."""


class AdapterError(PainSchoolError):
    """An adapter, the clock or the id generator failed or returned an invalid value; nothing was changed."""


class DeliveryError(PainSchoolError):
    """An adapter could not send a notification, or answer a question that a call has asked.

    Args:
        why: The reason in short, without personal data.
        permanent: True when trying again cannot help.
        retry_after: How long the server behind the adapter asks to wait before another attempt; None for no wish.
    """

    def __init__(self, why: str, /, *, permanent: bool = False, retry_after: timedelta | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.permanent = permanent
        self.retry_after = retry_after
