"""The patient's room: modules to read, forms to fill in, messages to read and write."""

import logging
from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from digital_painschool.application.executor import Check, Command, Executor
from digital_painschool.application.views import ConversationView, conversation_view, conversations
from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.events import ConversationRenamed, ConversationStarted, Event, FormSaved, MessageSent
from digital_painschool.domain.form import Form
from digital_painschool.domain.people import Author, Patient, PersonId
from digital_painschool.domain.policy import Terms
from digital_painschool.domain.program import Module, Pace
from digital_painschool.domain.validation import normalise_answers, plain_text
from digital_painschool.errors import InvalidValue, NotFound, StorageError
from digital_painschool.ports.storage import Content
from digital_painschool.rules import conversations as talk
from digital_painschool.rules import forms, ordering
from digital_painschool.rules.access import Access, access, module_refusal, refusal
from digital_painschool.rules.permissions import Action

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class ModuleStatus:
    """A module as the patient sees it in the overview. Rule: M-03, M-04, D-04a.

    Args:
        number: What it is known by.
        title: What it is called.
        open: True when it can be read now.
        opened: True when it has been opened.
        completed: True when it has been completed.
    """

    number: int
    title: str
    open: bool
    opened: bool
    completed: bool


@frozen(kw_only=True)
class Overview:
    """One enrolment as its patient sees it.

    Args:
        enrolment_id: Which one.
        title: The program's title.
        example: True when the content is made up and not for patients.
        phase: Where it is in its life.
        access: What the patient may do now.
        access_until: When that is over, UTC (M-05, D-18a).
        pace: Advice (M-02).
        modules: All modules in the order of their numbers.
        next_module: The one that is recommended next; None when all are completed, or in maintenance and after.
        done: True when every required module is completed (D-05b).
        unread_messages: The messages from staff that are not read.
    """

    enrolment_id: str
    title: str
    example: bool
    phase: Phase
    access: Access
    access_until: datetime
    pace: Pace
    modules: tuple[ModuleStatus, ...]
    next_module: int | None
    done: bool
    unread_messages: int


class PatientDesk:
    """What a patient can do, in their own enrolments and no other. Made by `PainSchool.patient`.

    Every method raises `NotPermitted` for an enrolment that is not the patient's own, `NotFound` when there is no such
    enrolment, `RuleViolation` when a rule refuses, `Conflict` when others were faster again and again, and
    `StorageError` when the storage cannot do it; in each case nothing is changed. `OutcomeUnknown`: the connection
    was lost during commit. The change was saved completely or not at all; reload before retrying.
    """

    def __init__(self, executor: Executor, person: PersonId) -> None:
        self._executor = executor
        self._patient = Patient(person)

    def enrolments(self) -> tuple[Overview, ...]:
        """Return the patient's enrolments at all units, the open ones and the ended ones, oldest first.

        One that cannot be read is left out, and a log line names it.

        Raises:
            StorageError: None of them can be read.
        """
        found = self._executor.find_by_person(self._patient.person)
        now = self._executor.now()
        entries = [
            self._executor.access_entry(Action.SEE_ENROLMENT, self._patient, now, enrolment) for enrolment in found
        ]
        self._executor.storage.log(entries)
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

    def overview(self, enrolment_id: str) -> Overview:
        """Return one enrolment: its modules, what is recommended next, what may be done. Rule: M-02 to M-05, D-04a."""
        return self._overview(self._executor.read(Action.SEE_ENROLMENT, self._patient, enrolment_id))

    def open_module(self, enrolment_id: str, module: int) -> Module:
        """Open a module and give its pages. Rule: M-01, M-03, M-04, M-18, D-04a."""
        at = self._executor.now()
        after = self._take(
            Action.OPEN_MODULE,
            enrolment_id,
            lambda e, terms: ordering.open_module(e, terms, module, by=self._patient, at=at),
        )
        found = self._executor.terms(after).program.module(module)
        assert found is not None
        return found

    def complete_module(self, enrolment_id: str, module: int) -> Overview:
        """Complete a module; again changes nothing. Rule: M-04, D-05b."""
        at = self._executor.now()
        return self._overview(
            self._take(
                Action.COMPLETE_MODULE,
                enrolment_id,
                lambda e, terms: ordering.complete_module(e, terms, module, by=self._patient, at=at),
            )
        )

    def form(self, enrolment_id: str, form: str) -> Form:
        """Return a form with its questions, to be filled in. Rule: M-01, M-14, M-18, D-04a.

        Raises:
            RuleViolation: When it could not be saved either: in maintenance, after the end, or while its module is
                closed.
        """
        key = self._text(Action.SEE_PROGRAM, enrolment_id, form, "a form's key")
        now = self._executor.now()
        enrolment = self._executor.read(
            Action.SEE_PROGRAM, self._patient, enrolment_id, lambda e, terms: forms.form_to_fill_in(e, terms, key, now)
        )
        return forms.form_to_fill_in(enrolment, self._executor.terms(enrolment), key, now)

    def save_form(self, enrolment_id: str, form: str, answers: Mapping[str, object]) -> int:
        """Save a form; gives the how many-eth filling-in of it this is. Rule: M-14, D-17a.

        Args:
            enrolment_id: Which enrolment.
            form: The form's key.
            answers: From question keys to answers: `int` for a scale, an option's key for a choice, a collection of
                keys for several, `int` or `float` for a number, `str` for a text, `date` or ISO text for a date.

        Raises:
            RuleViolation: Also when answers are missing, wrong, or for no question of the form; its facts name them.
            InvalidValue: `answers` is no mapping, or holds what no form can keep.
        """
        key = self._text(Action.SAVE_FORM, enrolment_id, form, "a form's key")
        kept = self._executor.given(Action.SAVE_FORM, self._patient, enrolment_id, lambda: normalise_answers(answers))
        at = self._executor.now()
        after = self._take(
            Action.SAVE_FORM,
            enrolment_id,
            lambda e, terms: forms.save_form(e, terms, key, kept, by=self._patient, at=at),
            {FormSaved: kept},
        )
        return after.form(key).saved

    def conversations(self, enrolment_id: str) -> tuple[ConversationView, ...]:
        """List the conversations with their headings and unread counts. Rule: M-10, M-11, D-18a."""
        enrolment = self._look_at_messages(enrolment_id)
        return conversations(self._executor.storage, enrolment, Author.PATIENT)

    def read_conversation(self, enrolment_id: str, conversation: int) -> ConversationView:
        """Read a conversation; makes those of the staff's messages read that are given. Rule: M-10, D-13b, D-18a."""
        enrolment = self._look_at_messages(enrolment_id, lambda e, _: talk.find(e, conversation))
        found = talk.find(enrolment, conversation)
        view = conversation_view(self._executor.storage, enrolment, found, Author.PATIENT)
        at = self._executor.now()
        self._take(
            Action.READ_CONVERSATION,
            enrolment_id,
            lambda e, terms: talk.read(e, terms, conversation, found.from_therapist, by=self._patient, at=at),
        )
        return view

    def write(
        self, enrolment_id: str, text: str, *, conversation: int | None = None, heading: str | None = None
    ) -> int:
        """Write to the therapist; gives the conversation's number. Rule: M-10, D-17a.

        Args:
            enrolment_id: Which enrolment.
            text: The message.
            conversation: In which conversation; left out, a new one begins.
            heading: The heading of a new one; left out, the unit's default ("Min konversation").
        """
        body = self._text(Action.WRITE_MESSAGE, enrolment_id, text, "a message")
        at = self._executor.now()
        if conversation is not None:
            self._executor.given(Action.WRITE_MESSAGE, self._patient, enrolment_id, lambda: _require_none(heading))
            self._take(
                Action.WRITE_MESSAGE,
                enrolment_id,
                lambda e, terms: talk.send(e, terms, conversation, body, by=self._patient, at=at),
                {MessageSent: body},
            )
            return conversation
        title = (
            self._default_heading(enrolment_id)
            if heading is None
            else self._text(Action.WRITE_MESSAGE, enrolment_id, heading, "a heading")
        )
        after = self._take(
            Action.WRITE_MESSAGE,
            enrolment_id,
            lambda e, terms: talk.start_conversation(e, terms, body, title, by=self._patient, at=at),
            {ConversationStarted: title, MessageSent: body},
        )
        return len(after.conversations)

    def rename_conversation(self, enrolment_id: str, conversation: int, heading: str) -> None:
        """Change a conversation's heading. Rule: M-11."""
        title = self._text(Action.RENAME_CONVERSATION, enrolment_id, heading, "a heading")
        at = self._executor.now()
        self._take(
            Action.RENAME_CONVERSATION,
            enrolment_id,
            lambda e, terms: talk.rename(e, terms, conversation, title, by=self._patient, at=at),
            {ConversationRenamed: title},
        )

    def _text(self, action: Action, enrolment_id: str, text: str, what: str) -> str:
        return self._executor.given(action, self._patient, enrolment_id, lambda: plain_text(text, what))

    def _take(
        self, action: Action, enrolment_id: str, step: Command, documents: dict[type[Event], Content] | None = None
    ) -> Enrolment:
        return self._executor.execute(action, self._patient, enrolment_id, step, documents=documents)

    def _default_heading(self, enrolment_id: str) -> str:
        unit = self._executor.read(Action.SEE_ENROLMENT, self._patient, enrolment_id).unit
        return self._executor.policy(unit).heading

    def _look_at_messages(self, enrolment_id: str, rule: Check | None = None) -> Enrolment:
        now = self._executor.now()

        def require_readable(enrolment: Enrolment, terms: Terms) -> None:
            if not access(enrolment, now).read_messages:
                raise refusal(enrolment, now)
            if rule is not None:
                rule(enrolment, terms)

        return self._executor.read(Action.READ_CONVERSATION, self._patient, enrolment_id, require_readable)

    def _overview(self, enrolment: Enrolment) -> Overview:
        program = self._executor.terms(enrolment).program
        now = self._executor.now()
        may = access(enrolment, now)
        return Overview(
            enrolment_id=enrolment.id,
            title=program.title,
            example=program.example,
            phase=enrolment.phase,
            access=may,
            access_until=enrolment.access_until,
            pace=program.pace,
            modules=tuple(
                ModuleStatus(
                    number=module.number,
                    title=module.title,
                    open=module_refusal(enrolment, program, module.number, now) is None,
                    opened=module.number in enrolment.opened,
                    completed=module.number in enrolment.completed,
                )
                for module in program.modules
            ),
            next_module=ordering.next_module(enrolment, program) if may.fill_in_forms else None,
            done=enrolment.done_at is not None,
            unread_messages=sum(c.unread(Author.PATIENT) for c in enrolment.conversations),
        )


def _require_none(heading: object) -> None:
    if heading is not None:
        raise InvalidValue("a heading is for a new conversation; use rename_conversation for one that is there")
