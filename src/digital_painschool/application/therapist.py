"""The therapist's desk: "Mina", "Hantera", "Meddelande", "Tidslinje" and "Min profil"."""

from collections.abc import Collection, Iterable
from typing import get_args

from digital_painschool.application.arguments import members
from digital_painschool.application.caseload import CasePage, Cursor, case_page
from digital_painschool.application.executor import Executor
from digital_painschool.application.messages import Messages
from digital_painschool.application.once import once_of
from digital_painschool.application.own_profile import OwnProfile, own_profile, update_own_profile
from digital_painschool.application.results import SentMessage
from digital_painschool.application.treatment import Treatment
from digital_painschool.application.views import ConversationView, Submission, submissions
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event, FormSaved
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import NotificationRecord, Notify
from digital_painschool.domain.people import Actor, PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import EndReason, Program
from digital_painschool.domain.validation import plain_text
from digital_painschool.errors import InvalidValue, Reason, RuleViolation
from digital_painschool.ports.storage import Entry, load_notifications, load_timeline
from digital_painschool.rules import flags, ordering
from digital_painschool.rules.flags import Flag
from digital_painschool.rules.permissions import Action


class TherapistDesk:
    """The actions of a therapist, or a patient administrator, at the unit. Made by `PainSchool.therapist`.

    Every method raises `NotPermitted` when the permission table does not grant it, `NotFound` when there is no such
    enrolment, `RuleViolation` when a rule refuses, `Conflict` when others saved first again and again, and
    `StorageError` when the storage fails; in each case nothing is changed. `OutcomeUnknown`: the connection was lost
    during commit. The change was saved completely or not at all; reload before retrying, or call again with the same
    `once`.

    `once` is the host's key for a call, such as a UUID: the same key returns the first result again and changes nothing
    (D-24a). `expected` is the version of the state that a view was drawn from: a step is refused when something came
    since that raises a flag, and the refusal says what. Marking settles up to it, and is never refused (D-19b).
    """

    def __init__(self, executor: Executor, actor: Actor) -> None:
        if not isinstance(actor, Actor):
            raise InvalidValue(f"a therapist's desk is for an Actor, not {type(actor).__name__}")
        self._executor = executor
        self._actor = actor
        self._messages = Messages(executor, actor)
        self._treatment = Treatment(executor, actor)

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

    def start(self, number: str, *, program: str, therapist: str | None = None, once: str | None = None) -> Enrolment:
        """Start a program for a patient ("Starta nytt moment"). Rule: M-07, D-05c, D-07a.

        Args:
            number: The identity number, in any accepted spelling.
            program: The program's key on the unit's list.
            therapist: The HSA-id of the one who gets the patient; left out, the actor, who must then be a therapist.
            once: The host's key for the call.

        Raises:
            InvalidIdentity: The number is not one.
            NotFound: The program is not on the unit's list.
        """
        return self._treatment.start(number, program, therapist, once)

    def find(self, number: str) -> tuple[Enrolment, ...]:
        """Return a person's enrolments that the actor may see, open and ended, oldest first. Rule: M-08, D-09a.

        An unreadable one is left out, and a log line names it, as in the list of patients.

        Raises:
            StorageError: None of them can be read.
            InvalidIdentity: The number is of no accepted scheme.
            NotPermitted: No role of the actor may see any enrolment.
        """
        return self._executor.persons.find(self._actor, number)

    def caseload(self, after: Cursor | None = None, *, limit: int = 50) -> CasePage:
        """Return a page of "Mina": the therapist's own patients with their flags, priority first. Rule: M-08, M-09."""
        action, own = Action.LIST_OWN_PATIENTS, self._actor.hsa_id
        return case_page(self._executor, self._actor, action, therapist=own, after=after, limit=limit)

    def unit_caseload(self, after: Cursor | None = None, *, limit: int = 50) -> CasePage:
        """Return a page of all the unit's patients, so that no flag is lost when a therapist is away. Rule: D-09a."""
        return case_page(self._executor, self._actor, Action.LIST_UNIT, therapist=None, after=after, limit=limit)

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
        self,
        enrolment_id: EnrolmentId,
        form: str,
        *,
        up_to: int | None = None,
        opened: bool = False,
        once: str | None = None,
    ) -> Enrolment:
        """Mark a form as read ("the small box"). Rule: M-15, D-15a.

        Args:
            enrolment_id: The enrolment.
            form: The form's key.
            up_to: The ordinal of the last submission to mark: the `total` of the view in which it was marked. A later
                one stays unread. Left out, all that are saved now.
            opened: True when the answers were shown.
            once: The host's key for the call.
        """
        return self._treatment.mark_read(enrolment_id, form, up_to, once, opened=opened)

    def mark_handled(
        self, enrolment_id: EnrolmentId, flag: FlagKind, *, expected: int | None = None, once: str | None = None
    ) -> Enrolment:
        """Settle the program done, or undelivered notifications, up to `expected`. Rule: D-15b, D-17a, D-19b."""
        return self._treatment.mark_handled(enrolment_id, flag, expected, once)

    def conversations(self, enrolment_id: EnrolmentId) -> tuple[ConversationView, ...]:
        """List the conversations with their headings and unread counts. Rule: M-10, M-11."""
        return self._messages.conversations(enrolment_id)

    def read_conversation(self, enrolment_id: EnrolmentId, conversation: int) -> ConversationView:
        """Return a conversation, and mark the patient's messages in it as read. Rule: M-10, D-17a."""
        return self._messages.read(enrolment_id, conversation)

    def start_conversation(
        self,
        enrolment_id: EnrolmentId,
        text: str,
        *,
        heading: str | None = None,
        notify: Notify = Notify.NONE,
        once: str | None = None,
    ) -> SentMessage:
        """Begin a conversation with a first message ("Skapa ny konversation"). Rule: M-10 to M-12.

        Args:
            enrolment_id: The enrolment.
            text: The message.
            heading: The heading; left out, the unit's default ("Min konversation").
            notify: How the patient is notified: not at all, directly, or with the day's collected notifications.
            once: The host's key for the call.
        """
        title = self._executor.policy(self._actor.unit).heading if heading is None else heading
        asked = once_of(once, "start_conversation", text=text, heading=heading, notify=notify)
        return self._messages.start(enrolment_id, text, heading=title, notify=notify, once=asked)

    def write(
        self,
        enrolment_id: EnrolmentId,
        conversation: int,
        text: str,
        *,
        notify: Notify = Notify.NONE,
        once: str | None = None,
    ) -> SentMessage:
        """Write a message in a conversation. Rule: M-10, M-12."""
        key = once_of(once, "write", conversation=conversation, text=text, notify=notify)
        return self._messages.write(enrolment_id, conversation, text, notify=notify, once=key)

    def rename_conversation(
        self, enrolment_id: EnrolmentId, conversation: int, heading: str, *, once: str | None = None
    ) -> Enrolment:
        """Change a conversation's heading. Rule: M-11."""
        return self._messages.rename(enrolment_id, conversation, heading, once=once)

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

    def review(self, enrolment_id: EnrolmentId, *, once: str | None = None) -> Enrolment:
        """Record that the patient's progress has been reviewed. Rule: M-09."""
        return self._treatment.review(enrolment_id, once)

    def hand_over(
        self, enrolment_id: EnrolmentId, therapist: str, *, expected: int | None = None, once: str | None = None
    ) -> Enrolment:
        """Hand a patient over to another therapist of the unit; for patient administrators. Rule: D-09a, D-19b."""
        return self._treatment.hand_over(enrolment_id, therapist, expected, once)

    def release_module(self, enrolment_id: EnrolmentId, module: int, *, once: str | None = None) -> Enrolment:
        """Release the next module to the patient, where the program is released module by module. Rule: D-04a."""
        return self._treatment.release_module(enrolment_id, module, once)

    def maintain(
        self,
        enrolment_id: EnrolmentId,
        *,
        days: int,
        modules: Collection[int],
        expected: int | None = None,
        once: str | None = None,
    ) -> Enrolment:
        """Maintain an enrolment: some modules stay readable ("Vidmakthåll"); also renews. Rule: M-18, D-18a, D-19b."""
        return self._treatment.maintain(enrolment_id, days, modules, expected, once)

    def end(
        self, enrolment_id: EnrolmentId, *, reason: str, expected: int | None = None, once: str | None = None
    ) -> Enrolment:
        """End an enrolment, for good ("Avsluta"); drops what waits to be sent. Rule: M-19, D-19a, D-19b."""
        return self._treatment.end(enrolment_id, reason, expected, once)

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
