"""Why a step is refused, as the model has it: each function returns the refusal, or None for a step that must be done.

The reasons follow the documented truth table and the manual, in the order in which the library's rules give them.
"""

from collections.abc import Collection
from datetime import datetime

from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.people import Actor, HsaId
from digital_painschool.domain.policy import FlagKind, YearEnd
from digital_painschool.domain.program import Completion, Ordering
from digital_painschool.errors import NotPermitted, PainSchoolError, Reason
from digital_painschool.testing.history import Shown
from digital_painschool.testing.reference.calendar import midnight_after
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.texts import answers_as_read

Refusal = Reason | type[PainSchoolError]
"""How a step is refused: by a rule, for a reason; or by an error of a type."""


def reading(enrolment: ReferenceEnrolment, now: datetime) -> Reason | None:
    """Return why the patient may not read, and nobody may write to the patient."""
    if (why := closed(enrolment)) is not None:
        return why
    is_over = now >= enrolment.access_until and not enrolment.is_open_ended
    return Reason.ACCESS_IS_OVER if is_over else None


def closed(enrolment: ReferenceEnrolment) -> Reason | None:
    """Return why nothing goes on in an enrolment."""
    if enrolment.is_open:
        return None
    return Reason.ALREADY_WITHDRAWN if enrolment.is_withdrawn else Reason.ALREADY_ENDED


def withdrawing(enrolment: ReferenceEnrolment, reason: str = "wrong-person") -> Reason | None:
    """Return why the start cannot be withdrawn; one that has ended can."""
    if enrolment.is_withdrawn:
        return Reason.ALREADY_WITHDRAWN
    if enrolment.has_patient_writing:
        return Reason.PATIENT_HAS_WRITTEN
    choices = {choice.value for choice in enrolment.policy.withdrawal_reasons}
    return None if reason in choices else Reason.UNKNOWN_WITHDRAWAL_REASON


def writing(enrolment: ReferenceEnrolment, now: datetime) -> Reason | None:
    """Return why the patient may not write messages."""
    return reading(enrolment, now) if enrolment.policy.write_in_maintenance else working(enrolment, now)


def working(enrolment: ReferenceEnrolment, now: datetime) -> Reason | None:
    """Return why the patient may not complete modules or fill in forms."""
    in_maintenance = enrolment.phase is Phase.MAINTENANCE
    return reading(enrolment, now) or (Reason.READ_ONLY_IN_MAINTENANCE if in_maintenance else None)


def opening(enrolment: ReferenceEnrolment, module: int, now: datetime) -> Reason | None:
    """Return why a module is closed to the patient."""
    if module not in enrolment.modules:
        return Reason.UNKNOWN_MODULE
    closed = reading(enrolment, now)
    if closed is not None:
        return closed
    if enrolment.phase is Phase.MAINTENANCE:
        return None if module in enrolment.maintained else Reason.MODULE_NOT_IN_MAINTENANCE
    ordering = enrolment.program.ordering
    if ordering is Ordering.GUIDED or module in enrolment.completed:
        return None
    if ordering is Ordering.RELEASED:
        is_free = module not in enrolment.order[1:] or module in enrolment.released
        return None if is_free else Reason.MODULE_NOT_RELEASED
    return Reason.EARLIER_MODULES_FIRST if enrolment.incomplete_before(module) else None


def reading_a_page(enrolment: ReferenceEnrolment, module: int, page: int, now: datetime) -> Reason | None:
    """Return why a page cannot be read."""
    closed = opening(enrolment, module, now)
    if closed is not None:
        return closed
    return None if 1 <= page <= enrolment.pages[module] else Reason.UNKNOWN_PAGE


def completing(enrolment: ReferenceEnrolment, module: int, now: datetime) -> Reason | None:
    """Return why a module cannot be completed; one that was opened in maintenance may be closed again."""
    why = working(enrolment, now)
    if why or module in enrolment.completed:
        return why
    closed = opening(enrolment, module, now)
    if closed is not None or module not in enrolment.opened:
        return closed or Reason.MODULE_NOT_OPENED
    needs_pages = enrolment.program.completion is Completion.PAGES_READ
    return Reason.PAGES_NOT_READ if needs_pages and enrolment.unread_pages(module) else None


def saving(enrolment: ReferenceEnrolment, form: str, now: datetime) -> Reason | None:
    """Return why a form cannot be saved, whatever the answers."""
    why = working(enrolment, now)
    if why is not None:
        return why
    if form not in {defined.key for defined in enrolment.program.forms}:
        return Reason.UNKNOWN_FORM
    carriers = [m.number for m in enrolment.program.modules if any(form in page.forms for page in m.pages)]
    reasons = [opening(enrolment, module, now) for module in carriers]
    return None if not reasons or None in reasons else reasons[0]


def acting(enrolment: ReferenceEnrolment, hsa_id: HsaId, *, after_end: bool = False) -> Refusal | None:
    """Return why a step of the therapist's is refused to a therapist of the unit.

    Args:
        enrolment: The enrolment.
        hsa_id: The therapist who tries.
        after_end: True for a step that is possible after the end too.
    """
    if hsa_id != enrolment.therapist:
        return NotPermitted
    return None if after_end else closed(enrolment)


def releasing(enrolment: ReferenceEnrolment, module: int, *, out_of_order: bool) -> Reason | None:
    """Return why a module cannot be released."""
    if (why := closed(enrolment)) is not None:
        return why
    if enrolment.program.ordering is not Ordering.RELEASED:
        return Reason.NOT_RELEASED_BY_THERAPIST
    if module not in enrolment.order:
        return Reason.MODULE_OPEN_FROM_START if module in enrolment.modules else Reason.UNKNOWN_MODULE
    earlier = {*enrolment.order[1 : enrolment.order.index(module)]}
    in_turn = module in enrolment.released or earlier <= enrolment.released
    return None if in_turn or out_of_order else Reason.RELEASE_EARLIER_MODULES_FIRST


def maintaining(
    enrolment: ReferenceEnrolment,
    days: int,
    modules: Collection[int],
    now: datetime,
    *,
    shortens: bool,
) -> Reason | None:
    """Return why the enrolment cannot be maintained, or not without a confirmation that it shortens."""
    fewest, most = enrolment.policy.maintenance_days
    if (why := closed(enrolment)) is not None:
        return why
    if not fewest <= days <= most:
        return Reason.DAYS_OUT_OF_RANGE
    if not modules:
        return Reason.NO_MODULES_CHOSEN
    if not {*modules} <= {*enrolment.modules}:
        return Reason.UNKNOWN_MODULE
    if shortens:
        return None
    if enrolment.is_open_ended and now >= enrolment.access_until:
        return Reason.ACCESS_WOULD_END
    loses_time = midnight_after(now, days, enrolment.policy.zone) < enrolment.access_until
    return Reason.SHORTENS_ACCESS if loses_time else None


def reactivating(enrolment: ReferenceEnrolment, now: datetime, *, shortens: bool) -> Reason | None:
    """Return why the enrolment cannot go back to active."""
    if (why := closed(enrolment)) is not None:
        return why
    if enrolment.phase is Phase.ACTIVE:
        return Reason.NOT_IN_MAINTENANCE
    if enrolment.policy.year_end is YearEnd.FLAG_ONLY:
        return None
    if now >= enrolment.year_end:
        return Reason.FIRST_YEAR_OVER
    return Reason.SHORTENS_ACCESS if enrolment.access_until > enrolment.year_end and not shortens else None


def transferring(enrolment: ReferenceEnrolment, to: Actor, by: Actor) -> Reason | None:
    """Return why the patient cannot be transferred to a therapist: the directory knows each at their own unit."""
    if (why := closed(enrolment)) is not None:
        return why
    if to.hsa_id == enrolment.therapist:
        return Reason.SAME_THERAPIST
    return None if enrolment.unit == to.unit or to.hsa_id == by.hsa_id else Reason.THERAPIST_NOT_AT_UNIT


def marking(enrolment: ReferenceEnrolment, form: str, up_to: int) -> Reason | None:
    """Return why a form cannot be marked as read up to a submission, without opening it."""
    if not 0 <= up_to <= enrolment.submissions(form).sent:
        return Reason.NO_SUCH_SUBMISSION
    return closed(enrolment)


def handling(enrolment: ReferenceEnrolment, kind: FlagKind, view: int | None = None) -> Reason | None:
    """Return why a flag cannot be marked as handled; what was settled after the view was drawn refuses nothing."""
    waits = {
        FlagKind.PROGRAM_DONE: enrolment.done_waits,
        FlagKind.UNDELIVERED: bool(enrolment.undelivered),
        FlagKind.HANDED_OVER: enrolment.handed_at is not None,
    }
    if enrolment.is_open and waits.get(kind, False):
        return unknown_view(enrolment, view)
    is_later = kind in waits and view is not None and enrolment.settled.get(kind, 0) > view
    return unknown_view(enrolment, view) or (None if is_later else Reason.NO_SUCH_FLAG)


def unknown_view(enrolment: ReferenceEnrolment, view: int | None) -> Reason | None:
    """Return why no view can have been drawn from a version."""
    return None if view is None or 1 <= view <= enrolment.version else Reason.NO_SUCH_VERSION


def old_view(enrolment: ReferenceEnrolment, view: int | None) -> Reason | None:
    """Return why a step may not follow from a view: something came since that raises a flag."""
    return Reason.VIEW_IS_OLD if view is not None and enrolment.raised.after(view) else None


def old_page(enrolment: ReferenceEnrolment, form: str, shown: Shown | None) -> Reason | None:
    """Return why a draft may not be saved or discarded from a page: the page showed another draft, or none."""
    if shown is None:
        return None
    drawn = None if shown.answers is None else answers_as_read(shown.answers)
    _, present = enrolment.drafts.get(form, (None, None))
    return None if drawn == present else Reason.VIEW_IS_OLD


def unknown_conversation(enrolment: ReferenceEnrolment, conversation: int) -> Reason | None:
    """Return why a conversation cannot be named."""
    return None if 1 <= conversation <= len(enrolment.conversations) else Reason.UNKNOWN_CONVERSATION
