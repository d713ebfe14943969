"""The patient's desk: modules to read, forms to fill in, messages to read and write."""

import logging
from collections.abc import Mapping

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.commands import CommandResult
from digital_painschool.application.drafts import DraftDesk, FormPage
from digital_painschool.application.enrolment_loading import find_by_person
from digital_painschool.application.executor import Executor
from digital_painschool.application.form_answers import FormAnswers, form_answers, require_form
from digital_painschool.application.input_limits import InputLimits, input_limits
from digital_painschool.application.message_pages import MessagePages
from digital_painschool.application.messages import Messages, require_readable
from digital_painschool.application.once import once_of
from digital_painschool.application.overview import Overview, overview_of
from digital_painschool.application.results import CompletedModule, SavedForm, SentMessage
from digital_painschool.application.views import ConversationView
from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.form import Form
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Patient, PersonId
from digital_painschool.domain.policy import Terms
from digital_painschool.domain.program import Module, Page
from digital_painschool.domain.validation import normalise_answers, plain_str, plain_text
from digital_painschool.errors import NotFound, StorageError
from digital_painschool.rules import forms, ordering
from digital_painschool.rules.permissions import Action

_log = logging.getLogger(__name__)


class PatientDesk:
    """The actions of a patient, in their own enrolments and no other. Made by `PainSchool.patient`.

    Every method raises `NotPermitted` for an enrolment that is not the patient's own, `NotFound` when there is no such
    enrolment, `RuleViolation` when a rule refuses, `Conflict` when others saved first again and again, and
    `StorageError` when the storage fails; in each case nothing is changed. `OutcomeUnknown`: the connection was lost
    during commit. The change was saved completely or not at all; reload before retrying, or call again with the same
    `once`.

    `once` is the host's key for a call, such as a UUID: the same key returns the first result again and changes nothing
    (D-24a).

    Attributes:
        pages: Conversations, and the messages of each, in pages.
    """

    def __init__(self, executor: Executor, person: PersonId) -> None:
        self._executor = executor
        self._patient = Patient(person)
        self._messages = Messages(executor, self._patient)
        self.pages = MessagePages(executor, self._patient)
        self._drafts = DraftDesk(executor, self._patient)

    def enrolments(self) -> tuple[Overview, ...]:
        """Return the patient's enrolments at all units, the open ones and the ended ones, oldest first.

        An unreadable one is left out, and a log line names it.

        Raises:
            StorageError: None of them can be read.
        """
        found, hidden = find_by_person(self._executor.storage, self._patient.person)
        if hidden and not found:
            self._executor.access.refuse_unreadable(Action.SEE_ENROLMENT, self._patient, self._patient.person, hidden)
        now = self._executor.now()
        self._executor.storage.log([access_entry(Action.SEE_ENROLMENT, self._patient, now, one) for one in found])
        overviews: list[Overview] = []
        failures: list[StorageError | NotFound] = []
        for enrolment in found:
            try:
                overviews.append(self._overview(enrolment))
            except (StorageError, NotFound) as failure:  # its program, which the others may not share
                _log.error("enrolment %s cannot be shown: %s", enrolment.id, failure)
                failures.append(failure)
        if failures and not overviews:
            raise failures[0]
        return tuple(overviews)

    def overview(self, enrolment_id: EnrolmentId) -> Overview:
        """Return one enrolment: its modules, the next one, the patient's place and access.

        Rule: M-02 to M-05, D-04a, D-04c.
        """
        return self._overview(self._executor.read(Action.SEE_ENROLMENT, self._patient, enrolment_id))

    def open_module(self, enrolment_id: EnrolmentId, module: int) -> Module:
        """Open a module and return it with its pages; opening it again changes nothing.

        Rule: M-01, M-03, M-04, M-18, D-04a, D-04d.
        """
        after = self._executor.execute_rule(
            Action.OPEN_MODULE,
            self._patient,
            enrolment_id,
            lambda e, terms, at: ordering.open_module(e, terms, module, by=self._patient, at=at),
        )
        return ordering.find_module(self._executor.terms.of(after).program, module)

    def read_page(self, enrolment_id: EnrolmentId, module: int, page: int) -> Page:
        """Return a page of a module, and record its first reading, which opens the module too.

        Rule: M-01, M-18, D-04a, D-04c, D-04d.

        Args:
            enrolment_id: The enrolment.
            module: The module's number.
            page: The page's number in its module, from 1.
        """
        after = self._executor.execute_rule(
            Action.READ_PAGE,
            self._patient,
            enrolment_id,
            lambda e, terms, at: ordering.read_page(e, terms, module, page, by=self._patient, at=at),
        )
        return ordering.find_module(self._executor.terms.of(after).program, module).pages[page - 1]

    def complete_module(self, enrolment_id: EnrolmentId, module: int, *, once: str | None = None) -> CompletedModule:
        """Complete a module that was opened; completing it again changes nothing. Rule: M-04, D-04c, D-05b."""
        after = self._executor.execute_rule(
            Action.COMPLETE_MODULE,
            self._patient,
            enrolment_id,
            lambda e, terms, at: ordering.complete_module(e, terms, module, by=self._patient, at=at),
            once=once_of(once, "complete_module", module=module),
        )
        program = self._executor.terms.of(after).program
        next_module = ordering.next_module(after, program)
        return CompletedModule(module=module, next_module=next_module, done=after.done_at is not None)

    def limits(self, enrolment_id: EnrolmentId) -> InputLimits:
        """Return what may be typed at the enrolment's unit, such as the lengths of texts. Rule: M-10, M-11."""
        enrolment = self._executor.read(Action.SEE_PROGRAM, self._patient, enrolment_id)
        return input_limits(self._executor.policy(enrolment.unit))

    def form(self, enrolment_id: EnrolmentId, form: str) -> Form:
        """Return a form with its questions, to be filled in. Rule: M-01, M-14, M-18, D-04a.

        Raises:
            RuleViolation: The form could not be saved either: in maintenance, after the end, or while its module is
                closed.
        """
        now = self._executor.now()

        def found(enrolment: Enrolment) -> Form:
            key = plain_text(form, "a form's key")
            return forms.form_to_fill_in(enrolment, self._executor.terms.of(enrolment), key, now)

        return self._executor.read(Action.SEE_PROGRAM, self._patient, enrolment_id, found)

    def form_page(self, enrolment_id: EnrolmentId, form: str) -> FormPage:
        """Return a form to fill in together with its draft, for the screen of a form. Rule: M-14, D-14a.

        Raises:
            RuleViolation: As `form`.
        """
        return self._drafts.page(enrolment_id, form)

    def form_answers(self, enrolment_id: EnrolmentId, form: str) -> FormAnswers:
        """Return the patient's own earlier answers to a form, with its questions. Rule: M-14, M-18, D-18a.

        They can be read as long as conversations can: also in maintenance, and not when access is over.
        """
        now = self._executor.now()

        def found(enrolment: Enrolment) -> Enrolment:
            require_readable(self._patient, enrolment, self._executor.policy(enrolment.unit), now)
            require_form(self._executor, "M-14", enrolment, form)
            return enrolment

        enrolment = self._executor.read(Action.READ_ANSWERS, self._patient, enrolment_id, found)
        return form_answers(self._executor, enrolment, form)

    def save_form(
        self,
        enrolment_id: EnrolmentId,
        form: str,
        answers: Mapping[str, object],
        *,
        module: int | None = None,
        once: str | None = None,
    ) -> SavedForm:
        """Save a submission of a form. Rule: M-14, D-17a.

        Args:
            enrolment_id: The enrolment.
            form: The form's key.
            answers: From question keys to answers: `int` for a scale, an option's key for a choice, a collection of
                keys for several, `int` or `float` for a number, `str` for a text, `date` or ISO text for a date.
            once: The host's key for the call.
            module: The number of the module that it was filled in from, where several carry the form.

        Raises:
            RuleViolation: Also when answers are missing, wrong, or for no question of the form; its facts name them.
            InvalidValue: `answers` is no mapping, or holds what no form can keep.
        """
        at = self._executor.now()

        def command(enrolment: Enrolment, terms: Terms) -> CommandResult:
            key = plain_text(form, "a form's key")
            normalised = normalise_answers(answers)
            events = forms.save_form(enrolment, terms, key, normalised, module=module, by=self._patient, at=at)
            return CommandResult(events, {0: normalised})

        asked = once_of(once, "save_form", form=form, answers=answers, module=module)
        after = self._executor.execute(Action.SAVE_FORM, self._patient, enrolment_id, command, at=at, once=asked)
        return SavedForm(form=plain_str(form), number=after.form(form).saved)

    def save_draft(
        self,
        enrolment_id: EnrolmentId,
        form: str,
        answers: Mapping[str, object],
        *,
        replaces: str | None = None,
        once: str | None = None,
    ) -> str:
        """Save a draft of a form, for the patient alone, in place of an earlier one; return its tag. Rule: D-14a.

        Saving the form, maintenance and the end delete the draft.

        Args:
            enrolment_id: The enrolment.
            form: The form's key.
            answers: The answers so far, as for `save_form`; answers may be missing and numbers out of range.
            replaces: The tag of what the page showed, a draft or none (`FormPage.tag`), or of what it saved last; left
                out, the draft replaces whatever is stored.
            once: The host's key for the call.

        Raises:
            RuleViolation: The form could not be saved either, the page showed another draft than the stored one
                (`VIEW_IS_OLD`), or an answer is of another type or too long; the facts name the questions.
            InvalidValue: `answers` is no mapping, or holds what no form can keep.
        """
        return self._drafts.save(enrolment_id, form, answers, replaces, once)

    def draft(self, enrolment_id: EnrolmentId, form: str) -> Draft | None:
        """Return the draft of a form, or None. Rule: D-14a.

        Raises:
            RuleViolation: The form could not be saved either.
        """
        return self._drafts.page(enrolment_id, form).draft

    def discard_draft(
        self, enrolment_id: EnrolmentId, form: str, *, replaces: str | None = None, once: str | None = None
    ) -> None:
        """Delete the draft of a form; `replaces` is as for `save_draft`, and left out it is any draft. Rule: D-14a.

        Raises:
            RuleViolation: The form could not be saved either, or the page showed another draft (`VIEW_IS_OLD`).
        """
        self._drafts.discard(enrolment_id, form, replaces, once)

    def conversations(self, enrolment_id: EnrolmentId) -> tuple[ConversationView, ...]:
        """List the conversations with their headings and unread counts. Rule: M-10, M-11, D-18a."""
        return self._messages.conversations(enrolment_id)

    def read_conversation(self, enrolment_id: EnrolmentId, conversation: int) -> ConversationView:
        """Return a conversation, and mark the staff's messages in it as read. Rule: M-10, D-13b, D-18a."""
        return self._messages.read(enrolment_id, conversation)

    def write(
        self,
        enrolment_id: EnrolmentId,
        text: str,
        *,
        conversation: int | None = None,
        heading: str | None = None,
        once: str | None = None,
    ) -> SentMessage:
        """Write to the therapist. Rule: M-10, D-17a.

        Args:
            enrolment_id: The enrolment.
            text: The message.
            conversation: The number of the conversation; left out, a new one begins.
            heading: The heading of a new one; left out, the unit's default ("Min konversation").
            once: The host's key for the call.
        """
        asked = once_of(once, "write", text=text, conversation=conversation, heading=heading)
        if conversation is not None:
            return self._messages.write(enrolment_id, conversation, text, heading=heading, once=asked)
        title = self._default_heading(enrolment_id) if heading is None else heading
        return self._messages.start(enrolment_id, text, heading=title, once=asked)

    def rename_conversation(
        self, enrolment_id: EnrolmentId, conversation: int, heading: str, *, once: str | None = None
    ) -> None:
        """Change a conversation's heading. Rule: M-11."""
        self._messages.rename(enrolment_id, conversation, heading, once=once)

    def _default_heading(self, enrolment_id: EnrolmentId) -> str:
        unit = self._executor.read(Action.SEE_ENROLMENT, self._patient, enrolment_id).unit
        return self._executor.policy(unit).heading

    def _overview(self, enrolment: Enrolment) -> Overview:
        return overview_of(enrolment, self._executor.terms.of(enrolment), self._executor.now())
