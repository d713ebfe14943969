"""The order of modules: the next module, and opening, completing and releasing a module.

Rule: M-03, M-04, D-04a, D-04b, D-05b.
"""

from datetime import datetime

from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.events import Event, ModuleCompleted, ModuleOpened, ModuleReleased, ProgramDone
from digital_painschool.domain.people import AnyActor
from digital_painschool.domain.policy import Terms
from digital_painschool.domain.program import Ordering, Program
from digital_painschool.domain.validation import whole_number
from digital_painschool.errors import Reason, RuleViolation
from digital_painschool.rules.access import access, incomplete_predecessors, module_refusal, refusal


def next_module(enrolment: Enrolment, program: Program) -> int | None:
    """Return the recommended module: the first incomplete one of the reading order, then of the others, or None.

    Rule: M-04, D-04a, D-04b.
    """
    others = (module.number for module in program.modules if module.number not in program.reading_order)
    for number in (*program.reading_order, *others):
        if number not in enrolment.completed:
            return number
    return None


def open_module(enrolment: Enrolment, terms: Terms, module: int, *, by: AnyActor, at: datetime) -> tuple[Event, ...]:
    """Open a module to read it; the first opening out of order is marked as such.

    Rule: M-03, M-04, M-18, D-04a.

    Raises:
        RuleViolation: There is no such module, the ordering keeps it closed, it was not chosen for the maintenance, or
            access is over.
        InvalidValue: The module is not a whole number.
    """
    whole_number(module, "module")
    why = module_refusal(enrolment, terms.program, module, at)
    if why is not None:
        raise why
    out_of_order = (
        module not in enrolment.opened
        and enrolment.phase is Phase.ACTIVE
        and bool(incomplete_predecessors(enrolment, terms.program, module))
    )
    return (ModuleOpened(at=at, by=by.signature, module=module, out_of_order=out_of_order),)


def complete_module(
    enrolment: Enrolment, terms: Terms, module: int, *, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """Complete a module; the last required module completes the program. Completing it again changes nothing.

    Rule: M-04, D-04a, D-05b. A module that was never opened is opened too.

    Raises:
        RuleViolation: There is no such module, the ordering keeps it closed, or the patient may only read.
        InvalidValue: The module is not a whole number.
    """
    whole_number(module, "module")
    if not access(enrolment, at).fill_in_forms:
        raise refusal(enrolment, at)
    if module in enrolment.completed:
        return ()
    # An opened module stays open as long as modules can be completed.
    opened = () if module in enrolment.opened else open_module(enrolment, terms, module, by=by, at=at)
    events: tuple[Event, ...] = (*opened, ModuleCompleted(at=at, by=by.signature, module=module))
    if enrolment.done_at is None and {*enrolment.completed, module}.issuperset(terms.program.required):
        return (*events, ProgramDone(at=at, by=by.signature))
    return events


def releasable(enrolment: Enrolment, program: Program) -> tuple[int, ...]:
    """Return the modules that wait for a release, in reading order; the first one is open without. Rule: D-04a."""
    if enrolment.phase is Phase.ENDED or program.ordering is not Ordering.RELEASED:
        return ()
    return tuple(module for module in program.reading_order[1:] if module not in enrolment.released)


def release_module(enrolment: Enrolment, terms: Terms, module: int, *, by: AnyActor, at: datetime) -> tuple[Event, ...]:
    """Release a module of the reading order to the patient; releasing it again changes nothing. Rule: D-04a.

    Raises:
        RuleViolation: The program's modules are not released one by one, there is no such module, or the enrolment has
            ended.
        InvalidValue: The module is not a whole number.
    """
    whole_number(module, "module")
    if enrolment.phase is Phase.ENDED:
        raise refusal(enrolment, at)
    if terms.program.ordering is not Ordering.RELEASED:
        raise RuleViolation("D-04a", Reason.NOT_RELEASED_BY_THERAPIST)
    if module not in terms.program.reading_order:
        raise RuleViolation("D-04a", Reason.UNKNOWN_MODULE, module=module)
    if module in enrolment.released:
        return ()
    return (ModuleReleased(at=at, by=by.signature, module=module),)
