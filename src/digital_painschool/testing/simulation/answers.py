"""The answers that desks must give to steps, by the model: what it says before the step, compared when it is done."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from digital_painschool.application.results import CompletedModule, SavedForm, SentMessage
from digital_painschool.domain.people import Author
from digital_painschool.testing import history as h
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment as Model

Pair = tuple[object, object]
"""An expected answer, and the one that was found."""
Compare = Callable[[Any], Pair]
"""A function that is called with the answer when the step is done in the model too."""


def expectation(model: Model, step: h.EnrolmentStep) -> Compare:
    """Return the comparison of the answer to a step that is about to be done."""
    return _EXPECTATIONS.get(type(step), _version)(model, step)


def _version(model: Model, _: h.EnrolmentStep) -> Compare:
    return lambda state: (model.version, state.version)


def _nothing(_model: Model, _step: h.EnrolmentStep) -> Compare:
    return lambda _: (None, None)


def _sent(model: Model, step: h.PatientWrites | h.TherapistWrites) -> Compare:
    author = Author.PATIENT if isinstance(step, h.PatientWrites) else Author.THERAPIST
    conversation = step.conversation or len(model.conversations) + 1
    earlier = model.conversations[conversation - 1].sent_by(author).sent if step.conversation else 0
    return lambda answer: (SentMessage(conversation=conversation, number=earlier + 1), answer)


def _seen(model: Model, step: h.PatientReads | h.TherapistReads) -> Compare:
    other = Author.THERAPIST if isinstance(step, h.PatientReads) else Author.PATIENT
    one = model.conversations[step.conversation - 1]
    expected = (one.heading, one.sent_by(other).unread, one.from_therapist.sent + one.from_patient.sent)
    return lambda view: (expected, (view.heading, view.unread, len(view.messages)))


def _submissions(model: Model, step: h.OpenForm) -> Compare:
    saved = model.submissions(step.form)
    expected = (saved.sent, model.answers.get(step.form, {}), saved.alert == saved.sent)
    return lambda found: (expected, (len(found), dict(found[-1].answers), found[-1].alert) if found else (0, {}, True))


def _saved(model: Model, step: h.SaveForm) -> Compare:
    number = model.submissions(step.form).sent + 1
    return lambda answer: (SavedForm(form=step.form, number=number), answer)


def _page(model: Model, step: h.ReadPage) -> Compare:
    there = next(module for module in model.program.modules if module.number == step.module)
    return lambda page: (there.pages[step.page - 1], page)


def _drafted(model: Model, step: h.ReadDraft) -> Compare:
    expected = model.drafts.get(step.form)
    return lambda draft: (expected, None if draft is None else (draft.saved_at, dict(draft.answers)))


def _completed(model: Model, step: h.CompleteModule) -> Compare:
    def compare(answer: object) -> Pair:
        done = model.done_at is not None
        return CompletedModule(module=step.module, next_module=model.next_module, done=done), answer

    return compare


_EXPECTATIONS: Mapping[type[h.EnrolmentStep], Callable[[Model, Any], Compare]] = MappingProxyType(
    {
        h.PatientWrites: _sent,
        h.TherapistWrites: _sent,
        h.PatientReads: _seen,
        h.TherapistReads: _seen,
        h.OpenForm: _submissions,
        h.SaveForm: _saved,
        h.CompleteModule: _completed,
        h.OpenModule: _nothing,
        h.ReadPage: _page,
        h.PatientRenames: _nothing,
        h.SaveDraft: _nothing,
        h.ReadDraft: _drafted,
        h.DiscardDraft: _nothing,
    }
)
"""By the kind of step; every other step returns the state, whose version is compared."""
