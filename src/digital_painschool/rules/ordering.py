"""The order of modules: the next module, the patient's place, and reading, completing and releasing a module.

Rule: M-03, M-04, D-04a to D-04d, D-05b.
"""

from datetime import datetime

from attrs import frozen

from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.events import Event, ModuleCompleted, ModuleOpened, ModuleReleased, PageRead, ProgramDone
from digital_painschool.domain.people import AnyActor
from digital_painschool.domain.policy import Terms
from digital_painschool.domain.program import Completion, Module, Ordering, Program
from digital_painschool.domain.validation import truth_value, whole_number
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


@frozen(kw_only=True)
class Place:
    """The page at which the patient goes on. Rule: D-04c.

    Args:
        module: The module's number.
        page: The number of the module's first unread page; of its last page when all are read.
    """

    module: int
    page: int


def find_module(program: Program, module: int) -> Module:
    """Return a module of the program, with its pages, whether or not it is open to a patient. Rule: M-01.

    Raises:
        RuleViolation: There is no such module.
        InvalidValue: The module is not a whole number.
    """
    found = program.module(whole_number(module, "module"))
    if found is None:
        raise RuleViolation("M-01", Reason.UNKNOWN_MODULE, module=module)
    return found


def unread_pages(enrolment: Enrolment, module: Module) -> tuple[int, ...]:
    """Return the numbers of the pages that the patient has not read. Rule: D-04c."""
    read = enrolment.pages_read_of(module.number)
    return tuple(number for number in range(1, len(module.pages) + 1) if number not in read)


def place(enrolment: Enrolment, terms: Terms, now: datetime) -> Place | None:
    """Return the place to resume at an instant, or None when no incomplete module is open there.

    Rule: M-04, D-04b, D-04c. The place is in the first module of the reading order that is open and incomplete,
    whatever was read out of order. Where there is none, it is in the module whose page was new last, and otherwise in
    the recommended one.
    """
    program = terms.program
    last_read = (read.module for read in enrolment.pages_read[-1:])
    for number in (*program.reading_order, *last_read, next_module(enrolment, program)):
        module = None if number is None else program.module(number)
        if module is None or module.number in enrolment.completed:
            continue
        if module_refusal(enrolment, terms, module.number, now) is None:
            page = next(iter(unread_pages(enrolment, module)), len(module.pages))
            return Place(module=module.number, page=page)
    return None


def open_module(enrolment: Enrolment, terms: Terms, module: int, *, by: AnyActor, at: datetime) -> tuple[Event, ...]:
    """Open a module to read it; opening it again changes nothing. An opening out of order is marked as such.

    Rule: M-03, M-04, M-18, D-04a, D-04d.

    Raises:
        RuleViolation: There is no such module, the ordering keeps it closed, it was not chosen for the maintenance, or
            access is over.
        InvalidValue: The module is not a whole number.
    """
    whole_number(module, "module")
    why = module_refusal(enrolment, terms, module, at)
    if why is not None:
        raise why
    if module in enrolment.opened:
        return ()
    out_of_order = enrolment.phase is Phase.ACTIVE and bool(incomplete_predecessors(enrolment, terms.program, module))
    return (ModuleOpened(at=at, by=by.signature, module=module, out_of_order=out_of_order),)


def read_page(
    enrolment: Enrolment, terms: Terms, module: int, page: int, *, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """Read a page of a module; the first reading is recorded, and opens the module. Reading again changes nothing.

    Rule: M-01, M-18, D-04a, D-04c, D-04d.

    Raises:
        RuleViolation: The module has no such page, or cannot be opened, as `open_module` says.
        InvalidValue: The module or the page is not a whole number.
    """
    whole_number(page, "page")
    opened = open_module(enrolment, terms, module, by=by, at=at)
    pages = find_module(terms.program, module).pages
    if not 1 <= page <= len(pages):
        raise RuleViolation("M-01", Reason.UNKNOWN_PAGE, module=module, page=page, pages=len(pages))
    if page in enrolment.pages_read_of(module):
        return ()
    return (*opened, PageRead(at=at, by=by.signature, module=module, page=page))


def completion_refusal(enrolment: Enrolment, terms: Terms, module: int, now: datetime) -> RuleViolation | None:
    """Return the violation for a module that the patient cannot complete at an instant, or None. Rule: M-18, D-04c."""
    program, policy = terms.program, terms.policy
    if not access(enrolment, policy, now).fill_in_forms:
        return refusal(enrolment, policy, now)
    if module in enrolment.completed:
        return None
    # One that was opened may be closed: maintenance offers modules out of order, and may go back to active (D-18b).
    closed = module_refusal(enrolment, terms, module, now)
    if closed is not None or module not in enrolment.opened:
        return closed or RuleViolation("D-04c", Reason.MODULE_NOT_OPENED, module=module)
    if program.completion is Completion.DECLARED:
        return None
    unread = unread_pages(enrolment, find_module(program, module))
    if not unread:
        return None
    return RuleViolation("D-04c", Reason.PAGES_NOT_READ, module=module, pages=unread, missing=len(unread))


def complete_module(
    enrolment: Enrolment, terms: Terms, module: int, *, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """Complete a module; the last required module completes the program. Completing it again changes nothing.

    Rule: M-04, D-04a, D-04c, D-05b.

    Raises:
        RuleViolation: There is no such module, the ordering keeps it closed, the patient has not opened it, or may only
            read; with `PAGES_READ` also when a page was not read.
        InvalidValue: The module is not a whole number.
    """
    whole_number(module, "module")
    why = completion_refusal(enrolment, terms, module, at)
    if why is not None:
        raise why
    if module in enrolment.completed:
        return ()
    events: tuple[Event, ...] = (ModuleCompleted(at=at, by=by.signature, module=module),)
    if enrolment.done_at is None and {*enrolment.completed, module}.issuperset(terms.program.required):
        return (*events, ProgramDone(at=at, by=by.signature))
    return events


def releasable(enrolment: Enrolment, program: Program) -> tuple[int, ...]:
    """Return the modules that wait for a release, in reading order; the first one is open without. Rule: D-04a."""
    if not enrolment.is_open or program.ordering is not Ordering.RELEASED:
        return ()
    return tuple(module for module in program.reading_order[1:] if module not in enrolment.released)


def release_module(
    enrolment: Enrolment, terms: Terms, module: int, *, out_of_order: bool = False, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """Release a module of the reading order to the patient; releasing it again changes nothing. Rule: D-04a.

    Args:
        enrolment: The enrolment.
        terms: Its terms.
        module: The module's number.
        out_of_order: True releases the module before its turn; the release is marked as such. In turn it means nothing.
        by: The therapist.
        at: The instant, UTC.

    Raises:
        RuleViolation: The program's modules are not released one by one, there is no such module, it is open from the
            start, earlier modules wait for a release, or the enrolment has ended.
        InvalidValue: The module is not a whole number, or `out_of_order` is neither True nor False.
    """
    whole_number(module, "module")
    truth_value(out_of_order, "out_of_order")
    if not enrolment.is_open:
        raise refusal(enrolment, terms.policy, at)
    if terms.program.ordering is not Ordering.RELEASED:
        raise RuleViolation("D-04a", Reason.NOT_RELEASED_BY_THERAPIST)
    if module not in terms.program.reading_order:
        find_module(terms.program, module)
        raise RuleViolation("D-04a", Reason.MODULE_OPEN_FROM_START, module=module)
    if module in enrolment.released:
        return ()
    order = terms.program.reading_order
    missing = tuple(earlier for earlier in order[1 : order.index(module)] if earlier not in enrolment.released)
    if missing and not out_of_order:
        raise RuleViolation("D-04a", Reason.RELEASE_EARLIER_MODULES_FIRST, module=module, missing=missing)
    return (ModuleReleased(at=at, by=by.signature, module=module, out_of_order=bool(missing)),)
