"""The steps of a history as values: who does what in which enrolment."""

from collections.abc import Mapping

from attrs import evolve, field, frozen

from digital_painschool.application.patient import PatientDesk
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.application.views import ConversationView
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor
from digital_painschool.domain.policy import FlagKind
from digital_painschool.testing.history.step import PatientStep, Step, TherapistStep, given
from digital_painschool.testing.people import ANNA, COLLEAGUE, COORDINATOR, NURSE
from digital_painschool.testing.scenario import Scenario

__all__ = [
    "CompleteModule",
    "End",
    "HandOver",
    "Maintain",
    "MarkHandled",
    "MarkRead",
    "OpenForm",
    "OpenModule",
    "PatientReads",
    "PatientRenames",
    "PatientWrites",
    "Reactivate",
    "ReadPage",
    "ReceiveNotifications",
    "ReleaseModule",
    "Review",
    "SaveForm",
    "Start",
    "TherapistReads",
    "TherapistRenames",
    "TherapistWrites",
]


@frozen(repr=False)
class Start(Step):
    """The start of a program for a patient; it returns the enrolment's id."""

    who: str = ANNA
    program: str = "smartskola"
    by: Actor = field(default=NURSE, kw_only=True)
    once: str | None = field(default=None, kw_only=True)

    def take(self, scenario: Scenario) -> EnrolmentId:
        if self.by == NURSE and self.once is None:
            return scenario.start(self.who, self.program)
        return scenario.school.therapist(self.by).start(self.who, program=self.program, **given(once=self.once)).id


@frozen(repr=False)
class OpenModule(PatientStep):
    """The opening of a module by the patient."""

    call = "open_module"
    module: int


@frozen(repr=False)
class ReadPage(PatientStep):
    """The reading of a page by the patient."""

    call = "read_page"
    module: int
    page: int = 1


@frozen(repr=False)
class CompleteModule(PatientStep):
    """The completion of a module by the patient."""

    call = "complete_module"
    module: int


def _copied(answers: Mapping[str, object]) -> dict[str, object]:
    return dict(answers)


@frozen(repr=False)
class SaveForm(PatientStep):
    """A submission of the patient's."""

    call = "save_form"
    form: str
    answers: Mapping[str, object] = field(converter=_copied)


@frozen(repr=False)
class PatientWrites(PatientStep):
    """A message of the patient's, in a conversation or, with 0, in a new one."""

    text: str = "Hej!"
    conversation: int = 0

    def take(self, scenario: Scenario) -> object:
        desk, enrolment = self.desk(scenario), self.enrolment(scenario)
        if self.conversation:
            return desk.write(enrolment, self.text, conversation=self.conversation, **given(once=self.once))
        return desk.write(enrolment, self.text, **given(once=self.once))


@frozen(repr=False)
class PatientReads(PatientStep):
    """The reading of a conversation by the patient, as a whole or, with a limit, in pages."""

    conversation: int = 1
    limit: int = field(default=0, kw_only=True)

    def take(self, scenario: Scenario) -> ConversationView:
        return _read(self.desk(scenario), self.enrolment(scenario), self.conversation, self.limit)


@frozen(repr=False)
class PatientRenames(PatientStep):
    """Another heading of a conversation, by the patient."""

    call = "rename_conversation"
    heading: str
    conversation: int = 1


@frozen(repr=False)
class TherapistWrites(TherapistStep):
    """A message of the therapist's, in a conversation or, with 0, in a new one."""

    text: str = "Hej!"
    conversation: int = 0
    notify: Notify = field(default=Notify.NONE, kw_only=True)
    expected: int | None = field(default=None, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        desk, enrolment = self.desk(scenario), self.enrolment(scenario)
        asked = given(notify=self.notify, expected=self.expected, once=self.once)
        if self.conversation:
            return desk.write(enrolment, self.conversation, self.text, **asked)
        return desk.start_conversation(enrolment, self.text, **asked)


@frozen(repr=False)
class TherapistReads(TherapistStep):
    """The reading of a conversation by the therapist, as a whole or, with a limit, in pages."""

    conversation: int = 1
    limit: int = field(default=0, kw_only=True)

    def take(self, scenario: Scenario) -> ConversationView:
        return _read(self.desk(scenario), self.enrolment(scenario), self.conversation, self.limit)


@frozen(repr=False)
class TherapistRenames(TherapistStep):
    """Another heading of a conversation, by the therapist."""

    call = "rename_conversation"
    heading: str
    conversation: int = 1


@frozen(repr=False)
class OpenForm(TherapistStep):
    """The reading of the answers to a form."""

    call = "open_form"
    form: str


@frozen(repr=False)
class MarkRead(TherapistStep):
    """A form that is marked as read, all of it or up to a submission."""

    call = "mark_read"
    form: str
    up_to: int | None = field(default=None, kw_only=True)


@frozen(repr=False)
class MarkHandled(TherapistStep):
    """A flag that the therapist settles."""

    call = "mark_handled"
    flag: FlagKind = FlagKind.PROGRAM_DONE
    expected: int | None = field(default=None, kw_only=True)


@frozen(repr=False)
class ReleaseModule(TherapistStep):
    """The release of a module; `out_of_order` releases it before its turn."""

    call = "release_module"
    module: int
    out_of_order: bool | None = field(default=None, kw_only=True)


@frozen(repr=False)
class Review(TherapistStep):
    """A review of the patient's progress."""

    call = "review"


@frozen(repr=False)
class HandOver(TherapistStep):
    """The transfer of the patient to another therapist, by a patient administrator."""

    to: Actor = COLLEAGUE
    by: Actor = field(default=COORDINATOR, kw_only=True)
    expected: int | None = field(default=None, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        desk, enrolment = self.desk(scenario), self.enrolment(scenario)
        return desk.hand_over(enrolment, self.to.hsa_id, **given(expected=self.expected, once=self.once))


@frozen(repr=False)
class Maintain(TherapistStep):
    """Maintenance, or its renewal."""

    call = "maintain"
    days: int
    modules: tuple[int, ...] = (1,)
    shortens: bool = field(default=False, kw_only=True)
    expected: int | None = field(default=None, kw_only=True)


@frozen(repr=False)
class Reactivate(TherapistStep):
    """The way back from maintenance to active; `shortens` confirms that the maintenance would last longer."""

    call = "reactivate"
    shortens: bool | None = field(default=None, kw_only=True)
    expected: int | None = field(default=None, kw_only=True)


@frozen(repr=False)
class End(TherapistStep):
    """The end of the enrolment."""

    call = "end"
    reason: str = "klar"
    expected: int | None = field(default=None, kw_only=True)


@frozen(repr=False)
class ReceiveNotifications(Step):
    """A therapist's choice under "Ta emot notifieringar"."""

    email: bool = field(default=True, kw_only=True)
    sms: bool = field(default=False, kw_only=True)
    by: Actor = field(default=NURSE, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        return scenario.school.therapist(self.by).receive_notifications(email=self.email, sms=self.sms)


def _read(
    desk: PatientDesk | TherapistDesk, enrolment_id: EnrolmentId, conversation: int, limit: int
) -> ConversationView:
    """Read a conversation as a whole, or in pages of at most so many messages; the answer is the same."""
    if not limit:
        return desk.read_conversation(enrolment_id, conversation)
    pages = [desk.pages.messages(enrolment_id, conversation, limit=limit)]
    while (cursor := pages[-1].next) is not None:
        pages.append(desk.pages.messages(enrolment_id, conversation, cursor, limit=limit))
    shown = [message for page in pages for message in page.conversation.messages]
    return evolve(pages[0].conversation, messages=tuple(reversed(shown)))
