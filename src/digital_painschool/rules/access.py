"""What the patient may do now, by one truth table, and why not."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from attrs import frozen

from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.program import Ordering, Program
from digital_painschool.errors import Reason, RuleViolation


class Reading(Enum):
    """Which modules the patient may read."""

    ALL = "all"
    CHOSEN = "chosen"
    NONE = "none"


@frozen
class Access:
    """What the patient may do now.

    Args:
        read_modules: Which modules; `ALL` is still subject to the program's ordering (D-04a).
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
    }
)
"""The truth table: phase, and whether it is before `access_until`. Rule: M-05, M-18, D-05a, D-18a, D-19a."""


def access(enrolment: Enrolment, now: datetime) -> Access:
    """Return what the patient may do at an instant, by the truth table `ACCESS`.

    Rule: M-05, M-18, D-05a, D-18a, D-19a. At `access_until` itself access is over.
    """
    return ACCESS[enrolment.phase, now < enrolment.access_until]


def refusal(enrolment: Enrolment, now: datetime) -> RuleViolation:
    """Return why the truth table refuses what the patient wants.

    Rule: D-19a after the end, D-05a or D-18a when access is over, M-18 in maintenance.
    """
    if enrolment.phase is Phase.ENDED:
        return RuleViolation("D-19a", Reason.ALREADY_ENDED)
    if now >= enrolment.access_until:
        return RuleViolation("D-05a" if enrolment.phase is Phase.ACTIVE else "D-18a", Reason.ACCESS_IS_OVER)
    return RuleViolation("M-18", Reason.READ_ONLY_IN_MAINTENANCE)


def module_refusal(enrolment: Enrolment, program: Program, module: int, now: datetime) -> RuleViolation | None:
    """Return why the patient may not read a module at an instant, or None when the module is open.

    Rule: M-03, M-04, M-18, D-04a, D-04b. Modules outside the reading order are open at any time; so is every module
    once the first pass is done, and one that was completed before.
    """
    if program.module(module) is None:
        return RuleViolation("M-01", Reason.UNKNOWN_MODULE, module=module)
    reading = access(enrolment, now).read_modules
    if reading is not Reading.ALL:
        if reading is Reading.NONE:
            return refusal(enrolment, now)
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
    """Return the modules that the reading order puts before this one and that are not completed. Rule: M-04, D-04b."""
    before = program.before(module)
    if enrolment.completed.issuperset(before):
        return ()
    return tuple(earlier for earlier in before if earlier not in enrolment.completed)
