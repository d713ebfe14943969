"""Drafts of forms, as a patient saves, loads and discards them. Rule: D-14a."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from attrs import frozen

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.enrolment_loading import load
from digital_painschool.application.executor import Executor, back_off
from digital_painschool.application.once import Once, conflict_if_completed, once_of
from digital_painschool.domain.draft import Draft, draft_tag
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.form import Form
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Patient
from digital_painschool.domain.validation import normalise_answers, plain_text
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import CompletedCall, load_draft
from digital_painschool.rules.drafts import check_draft, require_shown
from digital_painschool.rules.forms import form_to_fill_in
from digital_painschool.rules.permissions import Action


@frozen(kw_only=True)
class FormPage:
    """A form to fill in, with what the patient has begun. Rule: M-14, D-14a.

    Args:
        form: The form, with its questions.
        draft: The draft, or None.
    """

    form: Form
    draft: Draft | None

    @property
    def tag(self) -> str:
        """The tag of the draft, or of there being none: what a page sends as `replaces` when it saves or discards."""
        return draft_tag(self.draft)


class DraftDesk:
    """The drafts of one patient. A draft is no event: nothing of it reaches timelines, flags, lists or exports.

    Args:
        executor: Has the storage, the terms and the access control.
        patient: The patient.
    """

    def __init__(self, executor: Executor, patient: Patient) -> None:
        self._executor = executor
        self._patient = patient

    def save(
        self,
        enrolment_id: EnrolmentId,
        form: str,
        answers: Mapping[str, object],
        replaces: str | None,
        once: str | None,
    ) -> str:
        """Save a draft in place of an earlier one, and return its tag.

        Raises:
            Conflict: Others changed the enrolment or its drafts each time.
        """
        at = self._executor.now()

        def draft_in(definition: Form) -> Draft:
            normalised = normalise_answers(answers)
            check_draft(definition, normalised)
            return Draft(form=definition.key, saved_at=at, answers=normalised)

        asked = once_of(once, "save_draft", form=form, answers=answers, replaces=replaces)
        self._write(Action.SAVE_DRAFT, enrolment_id, form, draft_in, replaces, asked, at)
        return draft_tag(Draft(form=form, saved_at=at, answers=normalise_answers(answers)))

    def page(self, enrolment_id: EnrolmentId, form: str) -> FormPage:
        """Return a form, and its draft if there is one."""
        at = self._executor.now()
        found = self._executor.read(
            Action.READ_DRAFT, self._patient, enrolment_id, lambda enrolment: self._form(enrolment, form, at)
        )
        return FormPage(form=found, draft=load_draft(self._executor.storage, enrolment_id, found.key))

    def discard(self, enrolment_id: EnrolmentId, form: str, replaces: str | None, once: str | None) -> None:
        """Delete the draft of a form where there is one.

        Raises:
            Conflict: Others changed the draft each time.
        """
        asked = once_of(once, "discard_draft", form=form, replaces=replaces)
        at = self._executor.now()
        self._write(Action.DISCARD_DRAFT, enrolment_id, form, lambda _: None, replaces, asked, at)

    def _write(
        self,
        action: Action,
        enrolment_id: EnrolmentId,
        form: str,
        draft_in: Callable[[Form], Draft | None],
        replaces: str | None,
        once: Once | None,
        at: datetime,
    ) -> None:
        """Save or delete a draft. After a conflict the rule decides again, on the fresh state and the fresh draft."""
        storage, access = self._executor.storage, self._executor.access

        def rule(enrolment: Enrolment) -> tuple[str, Draft | None]:
            definition = self._form(enrolment, form, at)
            draft = draft_in(definition)
            if replaces is not None:
                require_shown(definition, load_draft(storage, enrolment.id, definition.key), replaces)
            return definition.key, draft

        for attempt in range(self._executor.attempts):
            enrolment = load(storage, enrolment_id)
            access.permit(action, self._patient, enrolment)
            entry = access_entry(action, self._patient, at, enrolment)
            find: Callable[[], CompletedCall | None] | None = None
            if once is not None:
                find = partial(
                    once.first_call, storage, action, self._patient, unit=enrolment.unit, enrolment_id=enrolment.id
                )
                if access.judge(action, self._patient, find, enrolment, at=at) is not None:
                    return storage.log((entry,))
            decide = partial(conflict_if_completed, partial(rule, enrolment), find)
            completed = None if once is None else once.completed(action, self._patient, enrolment)
            try:
                key, draft = access.judge(action, self._patient, decide, enrolment, at=at)
                return storage.save_draft(enrolment, key, draft, entry, replaces=replaces, completed=completed)
            except Conflict:
                back_off(attempt)
        raise Conflict("the draft could not be saved or discarded: others changed it at the same time; try again")

    def _form(self, enrolment: Enrolment, form: str, at: datetime) -> Form:
        key = plain_text(form, "a form's key")
        return form_to_fill_in(enrolment, self._executor.terms.of(enrolment), key, at)
