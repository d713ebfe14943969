"""The patient's access: one truth table, and the refusals that follow from it."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from attrs import frozen

from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.policy import Policy, Terms, YearEnd
from digital_painschool.domain.program import Ordering, Program
from digital_painschool.errors import Fact, Reason, RuleViolation


class Reading(Enum):
    """The modules that the patient may read."""

    ALL = "all"
    CHOSEN = "chosen"
    NONE = "none"


@frozen
class Access:
    """The patient's access at an instant.

    Args:
        read_modules: The readable modules; `ALL` is still subject to the program's ordering (D-04a).
        fill_in_forms: Whether forms can be saved and modules completed.
        write_messages: Whether messages can be written.
        read_messages: Whether conversations can be read.
    """

    read_modules: Reading
    fill_in_forms: bool
    write_messages: bool
    read_messages: bool


_CLOSED = Access(Reading.NONE, False, False, False)

ACCESS: Mapping[tuple[Phase, bool], Access] = MappingProxyType(
    {
        (Phase.ACTIVE, True): Access(Reading.ALL, True, True, True),
        (Phase.MAINTENANCE, True): Access(Reading.CHOSEN, False, False, True),
        (Phase.ACTIVE, False): _CLOSED,
        (Phase.MAINTENANCE, False): _CLOSED,
        (Phase.ENDED, True): _CLOSED,
        (Phase.ENDED, False): _CLOSED,
        (Phase.WITHDRAWN, True): _CLOSED,
        (Phase.WITHDRAWN, False): _CLOSED,
    }
)
"""The truth table: phase, and whether the access lasts. Rule: M-05, M-18, D-05a, D-07b, D-18a, D-19a."""

WRITING_IN_MAINTENANCE = Access(Reading.CHOSEN, False, True, True)
"""The row of the maintenance at a unit whose policy lets the patient write in it. Rule: D-18c."""

_CLOSED_BY: Mapping[Phase, tuple[str, Reason]] = MappingProxyType(
    {Phase.ENDED: ("D-19a", Reason.ALREADY_ENDED), Phase.WITHDRAWN: ("D-07b", Reason.ALREADY_WITHDRAWN)}
)


def is_open_ended(enrolment: Enrolment, policy: Policy) -> bool:
    """Return whether the access goes on after `access_until` until the therapist maintains or ends. Rule: D-05d."""
    return enrolment.phase is Phase.ACTIVE and policy.year_end is YearEnd.FLAG_ONLY


def access(enrolment: Enrolment, policy: Policy, now: datetime) -> Access:
    """Return the patient's access at an instant, by the truth table `ACCESS` and the unit's policy of today.

    Rule: M-05, M-18, D-05a, D-05d, D-18a, D-18c, D-19a. The access lasts until `access_until`, or longer where it is
    open-ended.
    """
    lasts = now < enrolment.access_until or is_open_ended(enrolment, policy)
    if lasts and enrolment.phase is Phase.MAINTENANCE and policy.write_in_maintenance:
        return WRITING_IN_MAINTENANCE
    return ACCESS[enrolment.phase, lasts]


def refusal(enrolment: Enrolment, policy: Policy, now: datetime) -> RuleViolation:
    """Return the violation with which the truth table refuses a patient's command.

    Rule: D-19a after the end, D-07b after a withdrawal, D-05a or D-18a when access is over, M-18 in maintenance.
    """
    if not enrolment.is_open:
        return closed_refusal(enrolment)
    if access(enrolment, policy, now) is _CLOSED:
        return RuleViolation("D-05a" if enrolment.phase is Phase.ACTIVE else "D-18a", Reason.ACCESS_IS_OVER)
    return RuleViolation("M-18", Reason.READ_ONLY_IN_MAINTENANCE)


def closed_refusal(enrolment: Enrolment, **facts: Fact) -> RuleViolation:
    """Return the violation with which a closed enrolment refuses a command of anybody. Rule: D-07b, D-19a."""
    rule, reason = _CLOSED_BY[enrolment.phase]
    return RuleViolation(rule, reason, **facts)


def module_refusal(enrolment: Enrolment, terms: Terms, module: int, now: datetime) -> RuleViolation | None:
    """Return the violation for a module that is closed to the patient at an instant, or None when it is open.

    Rule: M-03, M-04, M-18, D-04a, D-04b. Modules outside the reading order are open at any time. So are completed
    modules, and every module once the reading order is completed.
    """
    program, policy = terms.program, terms.policy
    if program.module(module) is None:
        return RuleViolation("M-01", Reason.UNKNOWN_MODULE, module=module)
    reading = access(enrolment, policy, now).read_modules
    if reading is not Reading.ALL:
        if reading is Reading.NONE:
            return refusal(enrolment, policy, now)
        if module in enrolment.maintained:
            return None
        return RuleViolation("M-18", Reason.MODULE_NOT_IN_MAINTENANCE, module=module)
    if program.ordering is Ordering.GUIDED or module in enrolment.completed:
        return None
    if program.ordering is Ordering.RELEASED:
        if module not in program.reading_order[1:] or module in enrolment.released:
            return None
        return RuleViolation("D-04a", Reason.MODULE_NOT_RELEASED, module=module)
    missing = incomplete_predecessors(enrolment, program, module)
    return RuleViolation("D-04a", Reason.EARLIER_MODULES_FIRST, module=module, missing=missing) if missing else None


def incomplete_predecessors(enrolment: Enrolment, program: Program, module: int) -> tuple[int, ...]:
    """Return the incomplete modules that precede a module in the reading order. Rule: M-04, D-04b."""
    before = program.before(module)
    if enrolment.completed.issuperset(before):
        return ()
    return tuple(earlier for earlier in before if earlier not in enrolment.completed)
