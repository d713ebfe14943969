"""The therapist's desk: "Mina", "Hantera", "Meddelande", "Tidslinje" and "Min profil"."""

from collections.abc import Collection, Iterable
from typing import TypeVar, get_args

from attrs import evolve, frozen

from digital_painschool.application.caseload import CasePage, Cursor, case_page
from digital_painschool.application.executor import Check, Command, Executor
from digital_painschool.application.views import (
    ConversationView,
    Submission,
    conversation_view,
    conversations,
    submissions,
)
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import ConversationRenamed, ConversationStarted, Event, FormSaved, MessageSent
from digital_painschool.domain.notification import Channel, NotificationRecord, Notify, Profile
from digital_painschool.domain.people import Actor, Author, HsaId, PersonId, Role
from digital_painschool.domain.policy import FlagKind, Terms
from digital_painschool.domain.program import EndReason, Program
from digital_painschool.domain.validation import plain_text
from digital_painschool.errors import InvalidValue, Reason, RuleViolation
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.storage import Entry
from digital_painschool.rules import conversations as talk
from digital_painschool.rules import flags, lifecycle, ordering
from digital_painschool.rules.flags import Flag
from digital_painschool.rules.notifications import update_preferences
from digital_painschool.rules.permissions import Action

_T = TypeVar("_T")


def _all_of(given: object, choices: Collection[_T], name: str, what: str) -> frozenset[_T]:
    items = list(given) if isinstance(given, Iterable) else [given]
    if not all(item in choices for item in items):
        raise InvalidValue(f"{name} is a collection of {what}")
    return frozenset(choice for choice in choices if choice in items)


def _has_form(rule: str, form: object) -> Check:
    def require_form(_: Enrolment, terms: Terms) -> None:
        if terms.program.form(plain_text(form, "a form's key")) is None:
            raise RuleViolation(rule, Reason.UNKNOWN_FORM)

    return require_form


@frozen(kw_only=True)
class OwnProfile:
    """What "Min profil" shows. Rule: M-22, M-23, D-23a.

    Args:
        directory: The addresses as the staff directory has them; None when it does not know the person.
        chosen: The flags to be notified of, by channel.
        on_offer: The flags that can be chosen.
        channels: The ways that can be chosen: those that a messenger serves.
    """

    directory: StaffEntry | None
    chosen: Profile
    on_offer: frozenset[FlagKind]
    channels: frozenset[Channel]


class TherapistDesk:
    """What a therapist, or a patient administrator, can do at the unit. Made by `PainSchool.therapist`.

    Every method raises `NotPermitted` when the permission table does not give it, `NotFound` when there is no such
    enrolment, `RuleViolation` when a rule refuses, `Conflict` when others were faster again and again, and
    `StorageError` when the storage cannot do it; in each case nothing is changed. `OutcomeUnknown`: the connection
    was lost during commit. The change was saved completely or not at all; reload before retrying.
    """

    def __init__(self, executor: Executor, actor: Actor) -> None:
        if not isinstance(actor, Actor):
            raise InvalidValue(f"a therapist's desk is for an Actor, not {type(actor).__name__}")
        self._executor = executor
        self._actor = actor

    def programs(self) -> tuple[Program, ...]:
        """Return the list "Moment": the programs that can be started at the unit. Rule: M-07."""
        self._executor.permit(Action.SEE_PROGRAM, self._actor)
        return self._executor.catalogue.offered(self._actor.unit)

    def identify(self, number: str) -> PersonId:
        """Read an identity number, to be shown in full before a start: ten digits can be ambiguous. Rule: D-07a.

        Raises:
            InvalidIdentity: It is no number of an accepted scheme.
        """
        return self._executor.identified(Action.START, self._actor, number)

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

        return self._executor.judge(Action.START, self._actor, started, person=person)

    def find(self, number: str) -> tuple[Enrolment, ...]:
        """Return a person's enrolments that the actor may see, open and ended, oldest first. Rule: M-08, D-09a.

        One that cannot be read is left out, and a log line names it; the list of patients does so too.

        Raises:
            StorageError: None of them can be read.
            InvalidIdentity: It is no number of an accepted scheme.
            NotPermitted: No role of the actor may see any enrolment.
        """
        return self._executor.find(self._actor, self._executor.identified(Action.SEE_ENROLMENT, self._actor, number))

    def caseload(self, after: Cursor | None = None, *, limit: int = 50) -> CasePage:
        """Return a page of "Mina": the therapist's own patients with their flags, priority first. Rule: M-08, M-09."""
        action, own = Action.LIST_OWN_PATIENTS, self._actor.hsa_id
        return case_page(self._executor, self._actor, action, therapist=own, after=after, limit=limit)

    def unit_caseload(self, after: Cursor | None = None, *, limit: int = 50) -> CasePage:
        """Return a page of all the unit's patients, so that no flag is lost when a therapist is away. Rule: D-09a."""
        return case_page(self._executor, self._actor, Action.LIST_UNIT, therapist=None, after=after, limit=limit)

    def enrolment(self, enrolment_id: str) -> Enrolment:
        """Return an enrolment's state: progress, counts, dates. Rule: M-08."""
        return self._executor.read(Action.SEE_ENROLMENT, self._actor, enrolment_id)

    def program(self, enrolment_id: str) -> Program:
        """Return the program that an enrolment runs, to open its pages and see what they contain. Rule: M-01, D-05c."""
        return self._executor.terms(self.enrolment(enrolment_id)).program

    def end_reasons(self, enrolment_id: str) -> tuple[EndReason, ...]:
        """Return the reasons to choose from when ending. Rule: M-19, D-19a."""
        return self._executor.terms(self.enrolment(enrolment_id)).end_reasons

    def next_module(self, enrolment_id: str) -> int | None:
        """Return the module that is recommended to the patient next; None when all are completed. Rule: M-04, D-04a."""
        enrolment = self.enrolment(enrolment_id)
        return ordering.next_module(enrolment, self._executor.terms(enrolment).program)

    def to_handle(self, enrolment_id: str) -> tuple[Flag, ...]:
        """Return the box of current events: what waits, each once, with its counts. Rule: M-15, D-15a, D-17a."""
        return flags.to_handle(self._executor.read(Action.SEE_FLAGS, self._actor, enrolment_id), self._executor.now())

    def open_form(self, enrolment_id: str, form: str) -> tuple[Submission, ...]:
        """Read the answers to a form, all fillings-in, oldest first; makes those read that are given. Rule: M-15, M-16.

        What the patient saves meanwhile stays unread.
        """
        found = self.answers(enrolment_id, form)
        self.mark_read(enrolment_id, form, up_to=len(found), opened=True)
        return found

    def answers(self, enrolment_id: str, form: str) -> tuple[Submission, ...]:
        """Read the answers to a form again, all fillings-in, oldest first; marks nothing. Rule: M-16."""
        enrolment = self._executor.read(Action.READ_ANSWERS, self._actor, enrolment_id, _has_form("M-15", form))
        return submissions(self._executor.storage, enrolment, form)

    def mark_read(self, enrolment_id: str, form: str, *, up_to: int | None = None, opened: bool = False) -> Enrolment:
        """Mark a form as read ("the small box"). Rule: M-15, D-15a.

        Args:
            enrolment_id: Which enrolment.
            form: The form's key.
            up_to: The `total` of the view in which it was marked; what was saved after that stays unread. Left out, all
                that are saved now.
            opened: True when the answers were shown.
        """
        at = self._executor.now()
        return self._take(
            Action.MARK_FORM_READ,
            enrolment_id,
            lambda e, terms: flags.mark_read(e, terms, form, up_to, opened=opened, by=self._actor, at=at),
        )

    def mark_handled(self, enrolment_id: str, flag: FlagKind) -> Enrolment:
        """Settle a flag that nothing else settles: the program done, or notifications not delivered. Rule: D-17a."""
        at = self._executor.now()
        return self._take(
            Action.MARK_FLAG_HANDLED,
            enrolment_id,
            lambda e, terms: flags.mark_handled(e, terms, flag, by=self._actor, at=at),
        )

    def conversations(self, enrolment_id: str) -> tuple[ConversationView, ...]:
        """List the conversations with their headings and unread counts. Rule: M-10, M-11."""
        enrolment = self._executor.read(Action.READ_CONVERSATION, self._actor, enrolment_id)
        return conversations(self._executor.storage, enrolment, Author.THERAPIST)

    def read_conversation(self, enrolment_id: str, conversation: int) -> ConversationView:
        """Read a conversation; makes those of the patient's messages read that are given. Rule: M-10, D-17a."""
        enrolment = self._executor.read(
            Action.READ_CONVERSATION, self._actor, enrolment_id, lambda e, _: talk.find(e, conversation)
        )
        found = talk.find(enrolment, conversation)
        view = conversation_view(self._executor.storage, enrolment, found, Author.THERAPIST)
        at = self._executor.now()
        self._take(
            Action.READ_CONVERSATION,
            enrolment_id,
            lambda e, terms: talk.read(e, terms, conversation, found.from_patient, by=self._actor, at=at),
        )
        return view

    def start_conversation(
        self, enrolment_id: str, text: str, *, heading: str | None = None, notify: Notify = Notify.NONE
    ) -> int:
        """Begin a conversation with a first message ("Skapa ny konversation"); gives its number. Rule: M-10 to M-12.

        Args:
            enrolment_id: Which enrolment.
            text: The message.
            heading: The heading; left out, the unit's default ("Min konversation").
            notify: How the patient is told: not at all, directly, or with the day's collected ones.
        """
        default = self._executor.policy(self._actor.unit).heading
        title = default if heading is None else self._text(Action.WRITE_MESSAGE, enrolment_id, heading, "a heading")
        body = self._text(Action.WRITE_MESSAGE, enrolment_id, text, "a message")
        at = self._executor.now()
        after = self._take(
            Action.WRITE_MESSAGE,
            enrolment_id,
            lambda e, terms: talk.start_conversation(e, terms, body, title, notify=notify, by=self._actor, at=at),
            {ConversationStarted: title, MessageSent: body},
        )
        return len(after.conversations)

    def write(self, enrolment_id: str, conversation: int, text: str, *, notify: Notify = Notify.NONE) -> Enrolment:
        """Write a message in a conversation. Rule: M-10, M-12."""
        body = self._text(Action.WRITE_MESSAGE, enrolment_id, text, "a message")
        at = self._executor.now()
        return self._take(
            Action.WRITE_MESSAGE,
            enrolment_id,
            lambda e, terms: talk.send(e, terms, conversation, body, notify=notify, by=self._actor, at=at),
            {MessageSent: body},
        )

    def rename_conversation(self, enrolment_id: str, conversation: int, heading: str) -> Enrolment:
        """Change a conversation's heading. Rule: M-11."""
        title = self._text(Action.RENAME_CONVERSATION, enrolment_id, heading, "a heading")
        at = self._executor.now()
        return self._take(
            Action.RENAME_CONVERSATION,
            enrolment_id,
            lambda e, terms: talk.rename(e, terms, conversation, title, by=self._actor, at=at),
            {ConversationRenamed: title},
        )

    def timeline(
        self, enrolment_id: str, kinds: Iterable[type[Event]] | None = None, *, form: str | None = None
    ) -> tuple[Entry, ...]:
        """Return the timeline, oldest first, all of it or a part. Rule: M-16.

        Args:
            enrolment_id: Which enrolment.
            kinds: Only events of these types.
            form: Only the fillings-in of this form.
        """
        wanted = self._executor.given(
            Action.SEE_TIMELINE,
            self._actor,
            enrolment_id,
            lambda: None if kinds is None else _all_of(kinds, get_args(Event), "kinds", "event types"),
        )
        rule = None if form is None else _has_form("M-16", form)
        self._executor.read(Action.SEE_TIMELINE, self._actor, enrolment_id, rule)
        if form is None:
            return self._executor.storage.timeline(enrolment_id, wanted)
        saved = self._executor.storage.timeline(enrolment_id, [FormSaved])
        return tuple(entry for entry in saved if isinstance(entry.event, FormSaved) and entry.event.form == form)

    def notifications(self, enrolment_id: str) -> tuple[NotificationRecord, ...]:
        """Return the notifications that an enrolment asked for, and what has become of each. Rule: D-13b, D-13d."""
        self._executor.read(Action.SEE_NOTIFICATIONS, self._actor, enrolment_id)
        return self._executor.storage.notifications(enrolment_id)

    def review(self, enrolment_id: str) -> Enrolment:
        """Record that the patient's progress has been reviewed. Rule: M-09."""
        at = self._executor.now()
        return self._take(
            Action.REVIEW, enrolment_id, lambda e, terms: lifecycle.review(e, terms, by=self._actor, at=at)
        )

    def hand_over(self, enrolment_id: str, therapist: str) -> Enrolment:
        """Return a patient to another therapist of the unit; for patient administrators. Rule: D-09a."""
        whose = self._executor.given(Action.HAND_OVER, self._actor, enrolment_id, lambda: HsaId(therapist))
        at = self._executor.now()
        return self._take(
            Action.HAND_OVER,
            enrolment_id,
            lambda e, terms: lifecycle.hand_over(e, terms, whose, by=self._actor, at=at),
        )

    def release_module(self, enrolment_id: str, module: int) -> Enrolment:
        """Let the patient open the next module, where the program is released module by module. Rule: D-04a."""
        at = self._executor.now()
        return self._take(
            Action.RELEASE_MODULE,
            enrolment_id,
            lambda e, terms: ordering.release_module(e, terms, module, by=self._actor, at=at),
        )

    def maintain(self, enrolment_id: str, *, days: int, modules: Collection[int]) -> Enrolment:
        """Let the patient read some modules for some more days ("Vidmakthåll"); also renews. Rule: M-18, D-18a."""
        at = self._executor.now()
        return self._take(
            Action.MAINTAIN,
            enrolment_id,
            lambda e, terms: lifecycle.maintain(e, terms, days, modules, by=self._actor, at=at),
        )

    def end(self, enrolment_id: str, *, reason: str) -> Enrolment:
        """End an enrolment, for good ("Avsluta"); drops its pending notifications with it. Rule: M-19, D-19a."""
        at = self._executor.now()
        cancellable = self._executor.storage.cancellable
        return self._take(
            Action.END,
            enrolment_id,
            lambda e, terms: lifecycle.end(e, terms, reason, cancellable(e.id), by=self._actor, at=at),
        )

    def profile(self) -> OwnProfile:
        """Return "Min profil": the addresses of the staff directory, and what is chosen. Rule: M-22, M-23."""
        self._executor.permit(Action.KEEP_PROFILE, self._actor)
        return OwnProfile(
            directory=self._executor.ports.directory.find(self._actor.hsa_id),
            chosen=self._executor.storage.profile(self._actor.unit, self._actor.hsa_id),
            on_offer=self._executor.policy(self._actor.unit).staff_flags,
            channels=frozenset(messenger.channel for messenger in self._executor.ports.messengers),
        )

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
        before = self.profile()

        def choice() -> Profile:
            chosen = update_preferences(
                self._executor.policy(self._actor.unit),
                email=email,
                sms=sms,
                flags=before.on_offer if flags is None else _all_of(flags, tuple(FlagKind), "flags", "FlagKind"),
                has_email=before.directory is not None and before.directory.email is not None,
                has_sms=before.directory is not None and before.directory.sms is not None,
            )
            for channel in (Channel.EMAIL, Channel.SMS):
                if chosen.wants(channel) and channel not in before.channels:
                    raise RuleViolation("D-23a", Reason.NOT_ON_OFFER, channel=channel.value)
            return chosen

        chosen = self._executor.judge(Action.KEEP_PROFILE, self._actor, choice)
        entry = self._executor.access_entry(Action.KEEP_PROFILE, self._actor, self._executor.now())
        self._executor.storage.save_profile(self._actor.unit, self._actor.hsa_id, chosen, entry)
        return evolve(before, chosen=chosen)

    def _text(self, action: Action, enrolment_id: str, text: str, what: str) -> str:
        return self._executor.given(action, self._actor, enrolment_id, lambda: plain_text(text, what))

    def _take(
        self,
        action: Action,
        enrolment_id: str,
        step: Command,
        documents: dict[type[Event], str] | None = None,
    ) -> Enrolment:
        return self._executor.execute(action, self._actor, enrolment_id, step, documents=documents)
