"""The page "Hantera": an enrolment as its therapist sees it, drawn from one state. Rule: M-08, M-15, D-08a."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from attrs import frozen

from digital_painschool.application.box import BoxLine, box_line
from digital_painschool.application.patient_head import PatientHead, patient_head
from digital_painschool.application.possible_actions import possible_actions
from digital_painschool.domain.enrolment import CaseloadCounts, Enrolment, Phase, WithdrawalReason
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, HsaId, PersonId
from digital_painschool.domain.policy import Terms
from digital_painschool.domain.program import EndReason, Ordering
from digital_painschool.rules import flags, ordering
from digital_painschool.rules.access import Access, is_open_ended
from digital_painschool.rules.flags import Flag
from digital_painschool.rules.lifecycle import is_review_due
from digital_painschool.rules.permissions import Action


@frozen(kw_only=True)
class ModuleProgress:
    """A module as staff see a patient's progress. Rule: M-04, D-04a, D-04c.

    Args:
        number: The module's number.
        title: The module's title.
        opened: True when the patient has opened it.
        completed: True when the patient has completed it.
        out_of_order: True when it was first opened out of order.
        released: True when the therapist has released it, or need not.
        maintained: True when it is readable in maintenance.
        pages: How many pages it has.
        pages_read: How many of them the patient has read.
    """

    number: int
    title: str
    opened: bool
    completed: bool
    out_of_order: bool
    released: bool
    maintained: bool
    pages: int
    pages_read: int


@frozen(kw_only=True)
class FormProgress:
    """A form of the program, with how often it was filled in. Rule: M-15, D-15a.

    Args:
        form: The form's key.
        title: The form's title.
        modules: The numbers of the modules whose pages carry it.
        saved: How many submissions the patient has saved.
        unread: How many of them wait for the therapist.
        priority: True when an unread submission reached an alert threshold.
    """

    form: str
    title: str
    modules: tuple[int, ...]
    saved: int
    unread: int
    priority: bool


@frozen(kw_only=True)
class PatientPage:
    """The page "Hantera". Everything on it is of one state, and one entry of the access log stands for it. Rule: D-08a.

    Args:
        head: The head of the page, as every tab has it.
        zone: The unit's zone, in which a screen shows times.
        enrolment_id: The enrolment.
        version: The number of timeline entries that the page was drawn from.
        drawn_at: The instant at which flags and access are judged, UTC.
        person: The patient; the `repr` is masked.
        therapist: The present therapist.
        program: The program's key.
        title: The program's title.
        phase: The phase of the life cycle.
        access: What the patient may do now: nothing when the access is over (D-05a).
        started_at: When the enrolment began, UTC.
        access_until: When the time of the patient's access is over, UTC (M-05, D-18a).
        last_day: The last local day before it.
        last_time: The local time of day at which the access ends on that day: a year after its start it is the start's.
            None for the whole day (M-05, D-18a).
        open_ended: True when the access goes on after that day, until the therapist maintains or ends (D-05d).
        last_seen_at: When the patient last did something, UTC; None for never.
        reviewed_at: When the therapist last reviewed, UTC; None for never (M-09).
        review_due: True when the last review is more than the policy's days ago (M-09).
        silent_since: When a silent patient last did something, or else the start, UTC; None for one who is not silent
            (D-17b).
        ends_on: The last local day of an access that ends soon; None for one that does not (D-17b).
        flags: The box of current events, priority first (M-15).
        box: The same, line by line ready to show: titles, thresholds in words, and what settles each flag (D-15b).
        counts: The counts of the box, as the caseload shows them.
        modules: All modules in the order of their numbers.
        next_module: The module that is recommended to the patient next; None when all are completed.
        done_at: When every required module was completed, UTC; None for not yet (D-05b).
        forms: The program's forms, in the order of the program.
        conversations: How many conversations there are.
        actions: What the actor may do now (see `possible_actions`).
        releasable: The modules that the therapist can release (D-04a).
        end_reasons: The reasons to choose from when ending (M-19, D-19a).
        maintenance_days: The fewest and the most days of a maintenance (D-18a).
        ended_at: When the enrolment ended, or was withdrawn, UTC; None while it is open.
        end_reason: The reason for which it ended, or None.
        withdrawal_reasons: The reasons to choose from when the start is withdrawn (D-07b).
        withdrawal: The reason for which the start was withdrawn, or None.
    """

    head: PatientHead
    zone: ZoneInfo
    enrolment_id: EnrolmentId
    version: int
    drawn_at: datetime
    person: PersonId
    therapist: HsaId
    program: str
    title: str
    phase: Phase
    access: Access
    started_at: datetime
    access_until: datetime
    last_day: date
    last_time: time | None
    open_ended: bool
    last_seen_at: datetime | None
    reviewed_at: datetime | None
    review_due: bool
    silent_since: datetime | None
    ends_on: date | None
    flags: tuple[Flag, ...]
    box: tuple[BoxLine, ...]
    counts: CaseloadCounts
    modules: tuple[ModuleProgress, ...]
    next_module: int | None
    done_at: datetime | None
    forms: tuple[FormProgress, ...]
    conversations: int
    actions: frozenset[Action]
    releasable: tuple[int, ...]
    end_reasons: tuple[EndReason, ...]
    maintenance_days: tuple[int, int]
    ended_at: datetime | None
    end_reason: EndReason | None
    withdrawal_reasons: tuple[WithdrawalReason, ...]
    withdrawal: WithdrawalReason | None


def patient_page(enrolment: Enrolment, terms: Terms, now: datetime, *, by: Actor) -> PatientPage:
    """Return the page of an enrolment as it is at an instant. Rule: M-08, M-15, D-08a.

    Args:
        enrolment: The state.
        terms: The program and the unit's policy.
        now: The instant at which flags and access are judged, an aware time.
        by: The member of staff who looks.
    """
    program, policy = terms.program, terms.policy
    is_open = enrolment.is_open
    head = patient_head(enrolment, terms, now)
    waiting = flags.to_handle(enrolment, now)
    return PatientPage(
        head=head,
        zone=policy.zone,
        enrolment_id=enrolment.id,
        version=enrolment.version,
        drawn_at=now,
        person=enrolment.person,
        therapist=enrolment.therapist,
        program=program.key,
        title=program.title,
        phase=enrolment.phase,
        access=head.access,
        started_at=enrolment.started_at,
        access_until=enrolment.access_until,
        last_day=head.last_day,
        last_time=head.last_time,
        open_ended=is_open_ended(enrolment, policy),
        last_seen_at=enrolment.last_seen_at,
        reviewed_at=enrolment.reviewed_at,
        review_due=is_open and is_review_due(enrolment.reviewed_at or enrolment.started_at, now, policy),
        silent_since=head.silent_since,
        ends_on=head.ends_on,
        flags=waiting,
        box=tuple(box_line(flag, program) for flag in waiting),
        counts=head.counts,
        modules=_modules(enrolment, terms),
        next_module=ordering.next_module(enrolment, program) if is_open else None,
        done_at=enrolment.done_at,
        forms=form_progress(enrolment, terms),
        conversations=len(enrolment.conversations),
        actions=possible_actions(by, enrolment, terms, now),
        releasable=ordering.releasable(enrolment, program),
        end_reasons=terms.end_reasons if is_open else (),
        maintenance_days=policy.maintenance_days,
        ended_at=enrolment.ended_at,
        end_reason=terms.end_reason(enrolment.end_reason),
        withdrawal_reasons=policy.withdrawal_reasons,
        withdrawal=enrolment.withdrawal,
    )


def _modules(enrolment: Enrolment, terms: Terms) -> tuple[ModuleProgress, ...]:
    waits = frozenset(terms.program.reading_order[1:] if terms.program.ordering is Ordering.RELEASED else ())
    return tuple(
        ModuleProgress(
            number=module.number,
            title=module.title,
            opened=module.number in enrolment.opened,
            completed=module.number in enrolment.completed,
            out_of_order=module.number in enrolment.out_of_order,
            released=module.number not in waits or module.number in enrolment.released,
            maintained=module.number in enrolment.maintained,
            pages=len(module.pages),
            pages_read=len(enrolment.pages_read_of(module.number)),
        )
        for module in terms.program.modules
    )


def form_progress(enrolment: Enrolment, terms: Terms) -> tuple[FormProgress, ...]:
    """Return the program's forms, each with how often it was filled in. Rule: M-15, D-15a."""
    open_ = enrolment.is_open
    return tuple(
        FormProgress(
            form=form.key,
            title=form.title,
            modules=terms.program.carriers(form.key),
            saved=count.saved,
            unread=count.unread if open_ else 0,
            priority=open_ and flags.has_priority(count),
        )
        for form in terms.program.forms
        for count in (enrolment.form(form.key),)
    )
