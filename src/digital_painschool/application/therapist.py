"""The therapist's desk: "Mina", "Hantera", "Meddelande", "Tidslinje" and "Min profil"."""

from collections.abc import Collection, Iterable
from functools import partial
from typing import get_args

from digital_painschool.application.arguments import members
from digital_painschool.application.caseload import OPEN_CASES, CasePage, CaseSelection, case_page, case_totals
from digital_painschool.application.commands import Rule
from digital_painschool.application.executor import Executor
from digital_painschool.application.messages import Messages
from digital_painschool.application.own_profile import OwnProfile, own_profile, update_own_profile
from digital_painschool.application.results import SentMessage
from digital_painschool.application.views import ConversationView, Submission, submissions
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event, FormSaved
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import NotificationRecord, Notify
from digital_painschool.domain.people import Actor, HsaId, PersonId, Role
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import EndReason, Program
from digital_painschool.domain.validation import plain_text
from digital_painschool.errors import InvalidValue, Reason, RuleViolation
from digital_painschool.ports.storage import CaseTotals, Entry, find_cancellable, load_notifications, load_timeline
from digital_painschool.rules import flags, lifecycle, ordering
from digital_painschool.rules.flags import Flag
from digital_painschool.rules.permissions import Action


class TherapistDesk:
    """The actions of a therapist, or a patient administrator, at the unit. Made by `PainSchool.therapist`.

    Every method raises `NotPermitted` when the permission table does not grant it, `NotFound` when there is no such
    enrolment, `RuleViolation` when a rule refuses, `Conflict` when others saved first again and again, and
    `StorageError` when the storage fails; in each case nothing is changed. `OutcomeUnknown`: the connection was lost
    during commit. The change was saved completely or not at all; reload before retrying.
    """

    def __init__(self, executor: Executor, actor: Actor) -> None:
        if not isinstance(actor, Actor):
            raise InvalidValue(f"a therapist's desk is for an Actor, not {type(actor).__name__}")
        self._executor = executor
        self._actor = actor
        self._messages = Messages(executor, actor)

    def programs(self) -> tuple[Program, ...]:
        """Return the list "Moment": the programs that can be started at the unit. Rule: M-07."""
        self._executor.access.permit(Action.SEE_PROGRAM, self._actor)
        return self._executor.catalogue.offered(self._actor.unit)

    def identify(self, number: str) -> PersonId:
        """Return the person of an identity number, to be shown in full: ten digits can be ambiguous. Rule: D-07a.

        Raises:
            InvalidIdentity: The number is of no accepted scheme.
        """
        return self._executor.persons.identify(Action.START, self._actor, number)

    def start(self, number: str, *, program: str, therapist: str | None = None) -> Enrolment:
        """Start a program for a patient ("Starta nytt moment"). Rule: M-07, D-05c, D-07a.

        Args:
            number: The identity number, in any accepted spelling.
            program: The program's key on the unit's list.
            therapist: The HSA-id of the one who gets the patient; left out, the actor, who must then be a therapist.

        Raises:
            InvalidIdentity: The number is not one.
            NotFound: The program is not on the unit's list.
        """
        person = self.identify(number)

        def started() -> Enrolment:
            if therapist is None and Role.THERAPIST not in self._actor.roles:
                raise InvalidValue("name the therapist who gets the patient: the actor is none")
            chosen = self._executor.catalogue.program(self._actor.unit, plain_text(program, "a program's key"))
            whose = self._actor.hsa_id if therapist is None else HsaId(therapist)
            return self._executor.start(chosen, person, therapist=whose, by=self._actor)

        return self._executor.access.judge(Action.START, self._actor, started, person=person)

    def find(self, number: str) -> tuple[Enrolment, ...]:
        """Return a person's enrolments that the actor may see, open and ended, oldest first. Rule: M-08, D-09a.

        An unreadable one is left out, and a log line names it, as in the list of patients.

        Raises:
            StorageError: None of them can be read.
            InvalidIdentity: The number is of no accepted scheme.
            NotPermitted: No role of the actor may see any enrolment.
        """
        return self._executor.persons.find(self._actor, number)

    def caseload(self, after: str | None = None, *, limit: int = 50, show: CaseSelection = OPEN_CASES) -> CasePage:
        """Return a page of "Mina": the therapist's own patients with their flags. Rule: M-08, M-09, D-15b."""
        return case_page(self._executor, self._actor, Action.LIST_OWN_PATIENTS, show, after=after, limit=limit)

    def unit_caseload(self, after: str | None = None, *, limit: int = 50, show: CaseSelection = OPEN_CASES) -> CasePage:
        """Return a page of all the unit's patients, so that no flag is lost when a therapist is away. Rule: D-09a."""
        return case_page(self._executor, self._actor, Action.LIST_UNIT, show, after=after, limit=limit)

    def counts(self) -> CaseTotals:
        """Return the totals of "Mina", for a badge: own patients, those with flags, and what waits. Rule: M-08."""
        return case_totals(self._executor, self._actor, Action.COUNT_OWN_PATIENTS)

    def unit_counts(self) -> CaseTotals:
        """Return the totals of the unit's list. Rule: D-09a."""
        return case_totals(self._executor, self._actor, Action.COUNT_UNIT)

    def enrolment(self, enrolment_id: EnrolmentId) -> Enrolment:
        """Return an enrolment's state: progress, counts, dates. Rule: M-08."""
        return self._executor.read(Action.SEE_ENROLMENT, self._actor, enrolment_id)

    def program(self, enrolment_id: EnrolmentId) -> Program:
        """Return the program version that an enrolment runs, with all its pages. Rule: M-01, D-05c."""
        return self._executor.terms.of(self.enrolment(enrolment_id)).program

    def end_reasons(self, enrolment_id: EnrolmentId) -> tuple[EndReason, ...]:
        """Return the reasons to choose from when ending. Rule: M-19, D-19a."""
        return self._executor.terms.of(self.enrolment(enrolment_id)).end_reasons

    def next_module(self, enrolment_id: EnrolmentId) -> int | None:
        """Return the module that is recommended to the patient next; None when all are completed. Rule: M-04, D-04a."""
        enrolment = self.enrolment(enrolment_id)
        return ordering.next_module(enrolment, self._executor.terms.of(enrolment).program)

    def to_handle(self, enrolment_id: EnrolmentId) -> tuple[Flag, ...]:
        """Return the flags of the box of current events, each once, with its counts. Rule: M-15, D-15a, D-17a."""
        return flags.to_handle(self._executor.read(Action.SEE_FLAGS, self._actor, enrolment_id), self._executor.now())

    def open_form(self, enrolment_id: EnrolmentId, form: str) -> tuple[Submission, ...]:
        """Return all submissions of a form, oldest first, and mark them as read. Rule: M-15, M-16.

        A submission that the patient saves meanwhile stays unread.
        """
        found = self.answers(enrolment_id, form)
        self.mark_read(enrolment_id, form, up_to=len(found), opened=True)
        return found

    def answers(self, enrolment_id: EnrolmentId, form: str) -> tuple[Submission, ...]:
        """Return all submissions of a form, oldest first; marks nothing. Rule: M-16."""

        def found(enrolment: Enrolment) -> Enrolment:
            self._require_form("M-15", enrolment, form)
            return enrolment

        enrolment = self._executor.read(Action.READ_ANSWERS, self._actor, enrolment_id, found)
        return submissions(self._executor.storage, enrolment, form)

    def mark_read(
        self, enrolment_id: EnrolmentId, form: str, *, up_to: int | None = None, opened: bool = False
    ) -> Enrolment:
        """Mark a form as read ("the small box"). Rule: M-15, D-15a.

        Args:
            enrolment_id: The enrolment.
            form: The form's key.
            up_to: The ordinal of the last submission to mark: the `total` of the view in which it was marked. A later
                one stays unread. Left out, all that are saved now.
            opened: True when the answers were shown.
        """
        return self._execute(
            Action.MARK_FORM_READ,
            enrolment_id,
            lambda e, terms, at: flags.mark_read(e, terms, form, up_to, opened=opened, by=self._actor, at=at),
        )

    def mark_handled(self, enrolment_id: EnrolmentId, flag: FlagKind) -> Enrolment:
        """Settle a flag that nothing else settles: the program done, or notifications not delivered. Rule: D-17a."""
        return self._execute(
            Action.MARK_FLAG_HANDLED,
            enrolment_id,
            lambda e, terms, at: flags.mark_handled(e, terms, flag, by=self._actor, at=at),
        )

    def conversations(self, enrolment_id: EnrolmentId) -> tuple[ConversationView, ...]:
        """List the conversations with their headings and unread counts. Rule: M-10, M-11."""
        return self._messages.conversations(enrolment_id)

    def read_conversation(self, enrolment_id: EnrolmentId, conversation: int) -> ConversationView:
        """Return a conversation, and mark the patient's messages in it as read. Rule: M-10, D-17a."""
        return self._messages.read(enrolment_id, conversation)

    def start_conversation(
        self, enrolment_id: EnrolmentId, text: str, *, heading: str | None = None, notify: Notify = Notify.NONE
    ) -> SentMessage:
        """Begin a conversation with a first message ("Skapa ny konversation"). Rule: M-10 to M-12.

        Args:
            enrolment_id: The enrolment.
            text: The message.
            heading: The heading; left out, the unit's default ("Min konversation").
            notify: How the patient is notified: not at all, directly, or with the day's collected notifications.
        """
        title = self._executor.policy(self._actor.unit).heading if heading is None else heading
        return self._messages.start(enrolment_id, text, heading=title, notify=notify)

    def write(
        self, enrolment_id: EnrolmentId, conversation: int, text: str, *, notify: Notify = Notify.NONE
    ) -> SentMessage:
        """Write a message in a conversation. Rule: M-10, M-12."""
        return self._messages.write(enrolment_id, conversation, text, notify=notify)

    def rename_conversation(self, enrolment_id: EnrolmentId, conversation: int, heading: str) -> Enrolment:
        """Change a conversation's heading. Rule: M-11."""
        return self._messages.rename(enrolment_id, conversation, heading)

    def timeline(
        self, enrolment_id: EnrolmentId, kinds: Iterable[type[Event]] | None = None, *, form: str | None = None
    ) -> tuple[Entry, ...]:
        """Return the timeline, oldest first, all of it or a part. Rule: M-16.

        Args:
            enrolment_id: The enrolment.
            kinds: Only events of these types.
            form: Only the submissions of this form.
        """

        def wanted(enrolment: Enrolment) -> frozenset[type[Event]] | None:
            only = None if kinds is None else members(kinds, get_args(Event), "kinds", "event types")
            if form is not None:
                self._require_form("M-16", enrolment, form)
            return only

        only = self._executor.read(Action.SEE_TIMELINE, self._actor, enrolment_id, wanted)
        if form is None:
            return load_timeline(self._executor.storage, enrolment_id, only)
        saved = load_timeline(self._executor.storage, enrolment_id, [FormSaved])
        return tuple(entry for entry in saved if isinstance(entry.event, FormSaved) and entry.event.form == form)

    def notifications(self, enrolment_id: EnrolmentId) -> tuple[NotificationRecord, ...]:
        """Return the notifications of an enrolment, each with its status. Rule: D-13b, D-13d."""
        self._executor.read(Action.SEE_NOTIFICATIONS, self._actor, enrolment_id)
        return load_notifications(self._executor.storage, enrolment_id)

    def review(self, enrolment_id: EnrolmentId) -> Enrolment:
        """Record that the patient's progress has been reviewed. Rule: M-09."""
        return self._execute(
            Action.REVIEW, enrolment_id, lambda e, terms, at: lifecycle.review(e, terms, by=self._actor, at=at)
        )

    def hand_over(self, enrolment_id: EnrolmentId, therapist: str) -> Enrolment:
        """Hand a patient over to another therapist of the unit; for patient administrators. Rule: D-09a."""
        return self._execute(
            Action.HAND_OVER,
            enrolment_id,
            lambda e, terms, at: lifecycle.hand_over(e, terms, HsaId(therapist), by=self._actor, at=at),
        )

    def release_module(self, enrolment_id: EnrolmentId, module: int) -> Enrolment:
        """Release the next module to the patient, where the program is released module by module. Rule: D-04a."""
        return self._execute(
            Action.RELEASE_MODULE,
            enrolment_id,
            lambda e, terms, at: ordering.release_module(e, terms, module, by=self._actor, at=at),
        )

    def maintain(self, enrolment_id: EnrolmentId, *, days: int, modules: Collection[int]) -> Enrolment:
        """Maintain an enrolment: some modules stay readable ("Vidmakthåll"); also renews. Rule: M-18, D-18a."""
        return self._execute(
            Action.MAINTAIN,
            enrolment_id,
            lambda e, terms, at: lifecycle.maintain(e, terms, days, modules, by=self._actor, at=at),
        )

    def end(self, enrolment_id: EnrolmentId, *, reason: str) -> Enrolment:
        """End an enrolment, for good ("Avsluta"); drops its pending notifications with it. Rule: M-19, D-19a."""
        cancellable = partial(find_cancellable, self._executor.storage)
        return self._execute(
            Action.END,
            enrolment_id,
            lambda e, terms, at: lifecycle.end(e, terms, reason, cancellable(e.id), by=self._actor, at=at),
        )

    def profile(self) -> OwnProfile:
        """Return "Min profil": the addresses in the staff directory, and the chosen flags. Rule: M-22, M-23."""
        return own_profile(self._executor, self._actor)

    def receive_notifications(
        self, *, email: bool, sms: bool = False, flags: Iterable[FlagKind] | None = None
    ) -> OwnProfile:
        """Tick or untick "Ta emot notifieringar". Rule: M-22, M-23, D-23a.

        Args:
            email: By e-mail, to the directory's address.
            sms: By SMS, to the directory's number.
            flags: For which flags; left out, for all that are on offer.

        Raises:
            RuleViolation: There is no address or number in the directory, or a flag or channel is not on offer.
        """
        return update_own_profile(self._executor, self._actor, email=email, sms=sms, flags=flags)

    def _require_form(self, rule: str, enrolment: Enrolment, form: str) -> None:
        if self._executor.terms.of(enrolment).program.form(plain_text(form, "a form's key")) is None:
            raise RuleViolation(rule, Reason.UNKNOWN_FORM)

    def _execute(self, action: Action, enrolment_id: EnrolmentId, rule: Rule) -> Enrolment:
        return self._executor.execute_rule(action, self._actor, enrolment_id, rule)
