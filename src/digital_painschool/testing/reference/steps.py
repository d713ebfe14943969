"""The steps of a history in the model: for each kind the law that speaks of it, its refusal and its effect."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from digital_painschool.domain.enrolment import WithdrawalReason
from digital_painschool.domain.people import Author
from digital_painschool.domain.policy import Terms
from digital_painschool.errors import NotFound, NotPermitted, PainSchoolError, Reason
from digital_painschool.testing import history as h
from digital_painschool.testing.reference import refusals
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment as Model
from digital_painschool.testing.reference.forms import reached_thresholds
from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.reference.permissions import DESK, may
from digital_painschool.testing.reference.refusals import Refusal

_ORDER, _UNREAD, _ACCESS = Law.ORDER_IS_KEPT, Law.UNREAD_IS_SAVED_LESS_READ, Law.ACCESS_FOLLOWS_THE_TABLE
_PATIENT, _THERAPIST = Author.PATIENT, Author.THERAPIST


class StepKind(NamedTuple):
    """A kind of step in the model.

    Args:
        law: The law that is broken when the step is done, or refused, wrongly.
        refusal: Returns why an actor who is permitted to take the step is refused, or None.
        effect: Changes the model as the step changes the enrolment; for a message or a submission it returns the
            ordinal.
    """

    law: Law
    refusal: Callable[[Model, Any, datetime], Refusal | None]
    effect: Callable[[Model, Any, datetime], object]


def _ended(e: Model, _step: object, _now: datetime) -> Reason | None:
    return refusals.closed(e)


def _ending(e: Model, step: h.End, _now: datetime) -> Reason | None:
    if not e.is_open:
        return refusals.closed(e)
    reasons = {reason.key for reason in Terms(e.program, e.policy).end_reasons}
    return None if step.reason in reasons else Reason.UNKNOWN_END_REASON


Refuses = Callable[[Model, Any, datetime], Refusal | None]
"""A function that returns why a step is refused, or None."""


def _from_view(own: Refuses) -> Refuses:
    """Return the refusal of a step that may follow from a view: its own, or that the view is old."""
    return lambda e, s, now: refusals.unknown_view(e, s.expected) or own(e, s, now) or refusals.old_view(e, s.expected)


def _unknown(e: Model, conversation: int) -> Reason | None:
    """Return why a conversation cannot be named; 0 is a new one."""
    return refusals.unknown_conversation(e, conversation) if conversation else None


def _unknown_form(e: Model, step: h.OpenForm, _now: datetime) -> Reason | None:
    return None if e.program.form(step.form) else Reason.UNKNOWN_FORM


def _closed(e: Model, step: h.SaveForm | h.SaveDraft | h.ReadDraft | h.DiscardDraft, now: datetime) -> Reason | None:
    return refusals.saving(e, step.form, now)


def _from_page(e: Model, step: h.SaveDraft | h.DiscardDraft, now: datetime) -> Reason | None:
    return _closed(e, step, now) or refusals.old_page(e, step.form, step.replaces)


def _save(e: Model, step: h.SaveForm, now: datetime) -> int:
    form = e.program.form(step.form)
    assert form is not None
    return e.save_form(step.form, step.answers, now, reached=reached_thresholds(form, step.answers))


def _up_to(e: Model, step: h.MarkRead) -> int:
    return e.submissions(step.form).sent if step.up_to is None else step.up_to


KINDS: Mapping[type[h.EnrolmentStep], StepKind] = MappingProxyType(
    {
        h.OpenModule: StepKind(
            _ORDER,
            lambda e, s, now: refusals.opening(e, s.module, now),
            lambda e, s, now: e.open_module(s.module, now),
        ),
        h.ReadPage: StepKind(
            _ORDER,
            lambda e, s, now: refusals.reading_a_page(e, s.module, s.page, now),
            lambda e, s, now: e.read_page(s.module, s.page, now),
        ),
        h.CompleteModule: StepKind(
            _ORDER,
            lambda e, s, now: refusals.completing(e, s.module, now),
            lambda e, s, now: e.complete_module(s.module, now),
        ),
        h.ReleaseModule: StepKind(
            _ORDER,
            lambda e, s, _: refusals.releasing(e, s.module, out_of_order=bool(s.out_of_order)),
            lambda e, s, now: e.release_module(s.module, now),
        ),
        h.SaveForm: StepKind(_ACCESS, _closed, _save),
        h.SaveDraft: StepKind(_ACCESS, _from_page, lambda e, s, now: e.save_draft(s.form, s.answers, now)),
        h.ReadDraft: StepKind(_ACCESS, _closed, lambda _e, _s, _now: None),
        h.DiscardDraft: StepKind(_ACCESS, _from_page, lambda e, s, _: e.discard_draft(s.form)),
        h.OpenForm: StepKind(
            _UNREAD, _unknown_form, lambda e, s, now: e.mark_read(s.form, e.submissions(s.form).sent, now)
        ),
        h.MarkRead: StepKind(
            _UNREAD,
            lambda e, s, _: refusals.marking(e, s.form, _up_to(e, s)),
            lambda e, s, now: e.mark_read(s.form, _up_to(e, s), now),
        ),
        h.MarkHandled: StepKind(
            _UNREAD,
            lambda e, s, _: refusals.handling(e, s.flag, s.expected),
            lambda e, s, now: e.mark_handled(s.flag, now, s.expected),
        ),
        h.PatientWrites: StepKind(
            _ACCESS,
            lambda e, s, now: _unknown(e, s.conversation) or refusals.writing(e, now),
            lambda e, s, now: e.write(s.conversation, _PATIENT, now),
        ),
        h.PatientReads: StepKind(
            _ACCESS,
            lambda e, s, now: refusals.reading(e, now) or refusals.unknown_conversation(e, s.conversation),
            lambda e, s, now: e.read(s.conversation, _PATIENT, now),
        ),
        h.PatientRenames: StepKind(
            _ACCESS,
            lambda e, s, now: refusals.writing(e, now) or refusals.unknown_conversation(e, s.conversation),
            lambda e, s, now: e.rename(s.conversation, s.heading, _PATIENT, now),
        ),
        h.TherapistWrites: StepKind(
            _ACCESS,
            _from_view(lambda e, s, now: _unknown(e, s.conversation) or refusals.reading(e, now)),
            lambda e, s, now: e.write(s.conversation, _THERAPIST, now),
        ),
        h.TherapistReads: StepKind(
            _UNREAD,
            lambda e, s, _: refusals.unknown_conversation(e, s.conversation),
            lambda e, s, now: e.read(s.conversation, _THERAPIST, now),
        ),
        h.TherapistRenames: StepKind(
            _ACCESS,
            lambda e, s, now: refusals.reading(e, now) or refusals.unknown_conversation(e, s.conversation),
            lambda e, s, now: e.rename(s.conversation, s.heading, _THERAPIST, now),
        ),
        h.Review: StepKind(_UNREAD, _ended, lambda e, _, now: e.review(now)),
        h.HandOver: StepKind(
            Law.PERMISSIONS_HOLD,
            _from_view(lambda e, s, _: refusals.transferring(e, s.to, s.by)),
            lambda e, s, now: e.hand_over(s.to.hsa_id, s.by.hsa_id, now),
        ),
        h.Maintain: StepKind(
            _ACCESS,
            _from_view(lambda e, s, now: refusals.maintaining(e, s.days, s.modules, now, shortens=s.shortens)),
            lambda e, s, now: e.maintain(s.days, s.modules, now),
        ),
        h.Reactivate: StepKind(
            _ACCESS,
            _from_view(lambda e, s, now: refusals.reactivating(e, now, shortens=bool(s.shortens))),
            lambda e, _, now: e.reactivate(now),
        ),
        h.End: StepKind(_ACCESS, _from_view(_ending), lambda e, _, now: e.end(now)),
        h.Withdraw: StepKind(
            _ACCESS,
            _from_view(lambda e, s, _: refusals.withdrawing(e, s.reason)),
            lambda e, s, now: e.end(now, WithdrawalReason(s.reason)),
        ),
    }
)
"""Every kind of step that concerns one enrolment."""


def refusal(enrolment: Model, step: h.EnrolmentStep, now: datetime) -> Refusal | None:
    """Return why a step is refused, or None when it must be done. Texts and answers are not looked at."""
    return denial(enrolment, step) or KINDS[type(step)].refusal(enrolment, step, now)


_METHODS: Mapping[type[h.EnrolmentStep], str] = MappingProxyType({h.HandOver: "hand_over", h.Withdraw: "withdraw"})


def denial(enrolment: Model, step: h.EnrolmentStep) -> type[PainSchoolError] | None:
    """Return why an actor may not take a step; a withdrawn enrolment is to patients as if there were none."""
    if isinstance(step, h.PatientStep):
        if enrolment.is_withdrawn:
            return NotFound
        return None if step.by in {None, enrolment.number} else NotPermitted
    assert isinstance(step, h.TherapistStep)
    method = DESK[_METHODS.get(type(step), "review")]
    is_granted = may(step.by, method.scopes, enrolment.unit, enrolment.therapist, enrolment.started_by)
    return None if is_granted else NotPermitted


def execute(enrolment: Model, step: h.EnrolmentStep, now: datetime) -> object:
    """Execute a step in the model; return the ordinal of a message or a submission."""
    return KINDS[type(step)].effect(enrolment, step, now)
