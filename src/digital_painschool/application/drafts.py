"""Drafts of forms, as a patient saves, loads and discards them. Rule: D-14a."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from attrs import frozen

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.enrolment_loading import load
from digital_painschool.application.executor import Executor, back_off
from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.form import Form
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Patient
from digital_painschool.domain.validation import normalise_answers, plain_text
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import load_draft
from digital_painschool.rules.drafts import check_draft
from digital_painschool.rules.forms import form_to_fill_in
from digital_painschool.rules.permissions import Action

_T = TypeVar("_T")


@frozen(kw_only=True)
class FormPage:
    """A form to fill in, with what the patient has begun. Rule: M-14, D-14a.

    Args:
        form: The form, with its questions.
        draft: The draft, or None.
    """

    form: Form
    draft: Draft | None


class DraftDesk:
    """The drafts of one patient. A draft is no event: nothing of it reaches timelines, flags, lists or exports.

    Args:
        executor: Has the storage, the terms and the access control.
        patient: The patient.
    """

    def __init__(self, executor: Executor, patient: Patient) -> None:
        self._executor = executor
        self._patient = patient

    def save(self, enrolment_id: EnrolmentId, form: str, answers: Mapping[str, object]) -> None:
        """Save a draft in place of an earlier one. After a conflict the rule decides again, on the fresh state.

        Raises:
            Conflict: Others changed the enrolment each time.
        """
        at = self._executor.now()

        def rule(enrolment: Enrolment) -> Draft:
            definition = self._form(enrolment, form, at)
            normalised = normalise_answers(answers)
            check_draft(definition, normalised)
            return Draft(form=definition.key, saved_at=at, answers=normalised)

        for attempt in range(self._executor.attempts):
            enrolment, draft = self._judged(Action.SAVE_DRAFT, enrolment_id, rule, at)
            entry = access_entry(Action.SAVE_DRAFT, self._patient, at, enrolment)
            try:
                return self._executor.storage.save_draft(enrolment, draft.form, draft, entry)
            except Conflict:
                back_off(attempt)
        raise Conflict("the draft could not be saved: others changed the enrolment at the same time; try again")

    def page(self, enrolment_id: EnrolmentId, form: str) -> FormPage:
        """Return a form, and its draft if there is one."""
        at = self._executor.now()
        found = self._executor.read(
            Action.READ_DRAFT, self._patient, enrolment_id, lambda enrolment: self._form(enrolment, form, at)
        )
        return FormPage(form=found, draft=load_draft(self._executor.storage, enrolment_id, found.key))

    def discard(self, enrolment_id: EnrolmentId, form: str) -> None:
        """Delete the draft of a form where there is one."""
        at = self._executor.now()
        enrolment, found = self._judged(
            Action.DISCARD_DRAFT, enrolment_id, lambda enrolment: self._form(enrolment, form, at), at
        )
        entry = access_entry(Action.DISCARD_DRAFT, self._patient, at, enrolment)
        self._executor.storage.save_draft(enrolment, found.key, None, entry)

    def _form(self, enrolment: Enrolment, form: str, at: datetime) -> Form:
        key = plain_text(form, "a form's key")
        return form_to_fill_in(enrolment, self._executor.terms.of(enrolment), key, at)

    def _judged(
        self, action: Action, enrolment_id: EnrolmentId, rule: Callable[[Enrolment], _T], at: datetime
    ) -> tuple[Enrolment, _T]:
        """Return an enrolment, and what a rule decides on it for the patient, if both table and rule permit it."""
        access = self._executor.access
        enrolment = load(self._executor.storage, enrolment_id)
        access.permit(action, self._patient, enrolment)
        return enrolment, access.judge(action, self._patient, lambda: rule(enrolment), enrolment, at=at)
