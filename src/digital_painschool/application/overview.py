"""The overview: one enrolment as its patient sees it."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from attrs import frozen

from digital_painschool.application.input_limits import InputLimits, input_limits
from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.local_time import last_day, time_of_end
from digital_painschool.domain.people import Author, HsaId
from digital_painschool.domain.policy import Terms
from digital_painschool.domain.program import Module, Pace
from digital_painschool.rules import ordering
from digital_painschool.rules.access import Access, access, is_open_ended, module_refusal
from digital_painschool.rules.ordering import Place


@frozen(kw_only=True)
class ModuleStatus:
    """A module as the patient sees it in the overview. Rule: M-03, M-04, D-04a, D-04c.

    Args:
        number: The module's number.
        title: The module's title.
        open: True when it can be read now.
        opened: True when it has been opened.
        completed: True when it has been completed.
        pages: How many pages it has.
        pages_read: How many of them have been read.
        next_page: The number of the first page that was not read; None when all were.
    """

    number: int
    title: str
    open: bool
    opened: bool
    completed: bool
    pages: int
    pages_read: int
    next_page: int | None


@frozen(kw_only=True)
class FormStatus:
    """A form as the patient sees it in the overview. Rule: M-14.

    Args:
        form: The form's key.
        title: The form's title.
        modules: The numbers of the modules whose pages carry it.
        saved: How many times the patient has filled it in.
    """

    form: str
    title: str
    modules: tuple[int, ...]
    saved: int


@frozen(kw_only=True)
class Overview:
    """One enrolment as its patient sees it.

    Args:
        enrolment_id: The enrolment.
        unit: The unit that gives the treatment.
        zone: The unit's zone, in which a screen shows times.
        therapist: The present therapist.
        title: The program's title.
        example: True when the content is made up and not for patients.
        phase: The enrolment's phase.
        access: What the patient may do now.
        started_at: When the enrolment began, UTC.
        access_until: When the time of the access is over, UTC (M-05, D-18a).
        last_day: The last local day before it.
        last_time: The local time of day at which the access ends on that day: a year after its start it is the start's.
            None for the whole day (M-05, D-18a).
        open_ended: True when the access goes on after that day, until the therapist maintains or ends (D-05d).
        pace: Advice (M-02).
        modules: All modules in the order of their numbers.
        next_module: The module that is recommended next; None when all are completed, or in maintenance and after.
        place: The page at which the patient goes on, in the reading order where one of its modules is open and
            incomplete; None when there is no such page (M-04, D-04c).
        done: True when every required module is completed (D-05b).
        forms: The program's forms, each with the modules that carry it and how often it was filled in (M-14).
        unread_messages: The number of unread messages from staff.
        limits: What may be typed at the unit (M-10, M-11).
    """

    enrolment_id: EnrolmentId
    unit: HsaId
    zone: ZoneInfo
    therapist: HsaId
    title: str
    example: bool
    phase: Phase
    access: Access
    started_at: datetime
    access_until: datetime
    last_day: date
    last_time: time | None
    open_ended: bool
    pace: Pace
    modules: tuple[ModuleStatus, ...]
    next_module: int | None
    place: Place | None
    done: bool
    forms: tuple[FormStatus, ...]
    unread_messages: int
    limits: InputLimits


def overview_of(enrolment: Enrolment, terms: Terms, now: datetime) -> Overview:
    """Return the overview of an enrolment at an instant. Rule: M-02 to M-05, D-04a, D-04c."""
    allowed = access(enrolment, terms.policy, now)
    program = terms.program
    return Overview(
        enrolment_id=enrolment.id,
        unit=enrolment.unit,
        zone=terms.policy.zone,
        therapist=enrolment.therapist,
        title=program.title,
        example=program.example,
        phase=enrolment.phase,
        access=allowed,
        started_at=enrolment.started_at,
        access_until=enrolment.access_until,
        last_day=last_day(enrolment.access_until, terms.policy.zone),
        last_time=time_of_end(enrolment.access_until, terms.policy.zone),
        open_ended=is_open_ended(enrolment, terms.policy),
        pace=program.pace,
        modules=tuple(_status(enrolment, terms, module, now) for module in program.modules),
        next_module=ordering.next_module(enrolment, program) if allowed.fill_in_forms else None,
        place=ordering.place(enrolment, terms, now),
        done=enrolment.done_at is not None,
        forms=tuple(
            FormStatus(
                form=form.key,
                title=form.title,
                modules=program.carriers(form.key),
                saved=enrolment.form(form.key).saved,
            )
            for form in program.forms
        ),
        unread_messages=sum(c.unread(Author.PATIENT) for c in enrolment.conversations),
        limits=input_limits(terms.policy),
    )


def _status(enrolment: Enrolment, terms: Terms, module: Module, now: datetime) -> ModuleStatus:
    unread = ordering.unread_pages(enrolment, module)
    return ModuleStatus(
        number=module.number,
        title=module.title,
        open=module_refusal(enrolment, terms, module.number, now) is None,
        opened=module.number in enrolment.opened,
        completed=module.number in enrolment.completed,
        pages=len(module.pages),
        pages_read=len(module.pages) - len(unread),
        next_page=unread[0] if unread else None,
    )
