"""The therapist's desk: "Mina", "Hantera", "Meddelande", "Tidslinje" and "Min profil"."""

from digital_painschool.application.executor import Executor
from digital_painschool.application.messages import Messages
from digital_painschool.application.record_pages import RecordPages
from digital_painschool.application.therapist.answers import Answers
from digital_painschool.application.therapist.handling import Handling
from digital_painschool.application.therapist.messages import TherapistMessages
from digital_painschool.application.therapist.patients import PatientLists
from digital_painschool.application.therapist.profile import StaffProfile
from digital_painschool.application.therapist.timeline import TimelineTab
from digital_painschool.domain.people import Actor
from digital_painschool.errors import InvalidValue


class TherapistDesk(PatientLists, Handling, Answers, TherapistMessages, TimelineTab, StaffProfile):
    """The actions of a therapist, or a patient administrator, at the unit. Made by `PainSchool.therapist`.

    Every method raises `NotPermitted` when the permission table does not grant it, `NotFound` when there is no such
    enrolment, `RuleViolation` when a rule refuses, `Conflict` when others saved first again and again, and
    `StorageError` when the storage fails; in each case nothing is changed. `OutcomeUnknown`: the connection was lost
    during commit. The change was saved completely or not at all; reload before retrying, or call again with the same
    `once`.

    `once` is the host's key for a call, such as a UUID: the same key returns the first result again and changes nothing
    (D-24a). `expected` is the version of the state that a view was drawn from: a step is refused when something came
    since that raises a flag, and the refusal says what. Marking settles up to it, and is never refused (D-19b).

    Attributes:
        pages: The lists of an enrolment in pages: timeline, conversations, messages, notifications.
    """

    def __init__(self, executor: Executor, actor: Actor) -> None:
        if not isinstance(actor, Actor):
            raise InvalidValue(f"a therapist's desk is for an Actor, not {type(actor).__name__}")
        self._executor = executor
        self._actor = actor
        self._messages = Messages(executor, actor)
        self.pages = RecordPages(executor, actor)
