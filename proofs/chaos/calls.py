"""What people do: each thing with the entries that it may leave on a timeline, and the lines in the access log."""

from collections.abc import Callable, Iterable, Mapping
from random import Random
from types import MappingProxyType

from attrs import field, frozen

from digital_painschool.application.patient import PatientDesk
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor
from digital_painschool.domain.policy import FlagKind
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.example import DAILY
from proofs.chaos.cast import House

Kinds = tuple[str, ...]
"""The names of events in a row."""


@frozen(kw_only=True)
class Visit:
    """Somebody who is about to do something in an enrolment.

    Args:
        school: Through which.
        random: Decides what is left open.
        house: The unit that it is at.
        course: The enrolment as it was when this process saw it last.
        text: What is written, if something is; nobody else writes the same.
        notify: How the patient is told, if there is something to tell.
    """

    school: PainSchool
    random: Random
    house: House
    course: Enrolment
    text: str
    notify: Notify

    @property
    def id(self) -> str:
        """Which enrolment."""
        return self.course.id

    @property
    def room(self) -> PatientDesk:
        """The patient's."""
        return self.school.patient(self.course.person)

    @property
    def therapist(self) -> Actor:
        """Who has the patient, as far as this process knows."""
        return next(
            (one for one in self.house.therapists if one.hsa_id == self.course.therapist), self.house.therapists[0]
        )

    @property
    def desk(self) -> TherapistDesk:
        """The therapist's."""
        return self.school.therapist(self.therapist)

    @property
    def office(self) -> TherapistDesk:
        """The patient administrator's desk."""
        return self.school.therapist(self.house.coordinator)

    @property
    def talk(self) -> int:
        """A conversation; when there is none, the first."""
        return self.random.randint(1, max(1, len(self.course.conversations)))

    @property
    def module(self) -> int:
        """A module."""
        return self.random.randint(1, 4)


def _rows(given: Iterable[Kinds]) -> frozenset[Kinds]:
    return frozenset(given)


def _names(given: Iterable[str]) -> frozenset[str]:
    return frozenset(given)


@frozen(kw_only=True)
class Doing:
    """Something that people do.

    Args:
        by: Who: the patient, the therapist or the office (a patient administrator).
        action: What the access log calls it.
        does: Does it.
        leaves: What it may leave on the timeline; an empty row where it may be that there is nothing to say.
        weight: How often it is done.
        lines: How many lines of that action are in the access log afterwards; None when it depends.
        written: Which of the events have what was written as their document.
    """

    by: str
    action: Action
    does: Callable[[Visit], object]
    leaves: frozenset[Kinds] = field(default=frozenset({()}), converter=_rows)
    weight: int = 4
    lines: int | None = 1
    written: frozenset[str] = field(default=frozenset(), converter=_names)

    @property
    def only_looks(self) -> bool:
        """Whether it never leaves anything."""
        return self.leaves == {()}


def _answers(visit: Visit) -> Mapping[str, object]:
    hemma = visit.random.choice(("bra", "svart", "ring"))
    return {"hemma": hemma, "steg": visit.random.randint(0, 50), "fritext": visit.text}


def _other(visit: Visit) -> str:
    return visit.random.choice(visit.house.therapists).hsa_id


def _reason(visit: Visit) -> str:
    return visit.random.choice(("klar", "avbruten"))


_NOTHING: Kinds = ()
_BEGUN: Kinds = ("ConversationStarted", "MessageSent")
_COMPLETED = tuple(
    (*opened, "ModuleCompleted", *done) for opened in ((), ("ModuleOpened",)) for done in ((), ("ProgramDone",))
)
_READ = (_NOTHING, ("MessagesRead",))
_WRITTEN = ("ConversationStarted", "MessageSent")

DOINGS: Mapping[str, Doing] = MappingProxyType(
    {
        "open_module": Doing(
            by="patient",
            action=Action.OPEN_MODULE,
            does=lambda v: v.room.open_module(v.id, v.module),
            leaves=[("ModuleOpened",)],
        ),
        "complete_module": Doing(
            by="patient",
            action=Action.COMPLETE_MODULE,
            does=lambda v: v.room.complete_module(v.id, v.module),
            leaves=[_NOTHING, *_COMPLETED],
        ),
        "save_form": Doing(
            by="patient",
            action=Action.SAVE_FORM,
            does=lambda v: v.room.save_form(v.id, DAILY, _answers(v)),
            leaves=[("FormSaved",)],
            weight=8,
            written=["FormSaved"],
        ),
        "patient_begins": Doing(
            by="patient",
            action=Action.WRITE_MESSAGE,
            does=lambda v: v.room.write(v.id, v.text, heading=v.text),
            leaves=[_BEGUN],
            weight=1,
            written=_WRITTEN,
        ),
        "patient_writes": Doing(
            by="patient",
            action=Action.WRITE_MESSAGE,
            does=lambda v: v.room.write(v.id, v.text, conversation=v.talk),
            leaves=[("MessageSent",)],
            weight=6,
            written=["MessageSent"],
        ),
        "patient_reads": Doing(
            by="patient",
            action=Action.READ_CONVERSATION,
            does=lambda v: v.room.read_conversation(v.id, v.talk),
            leaves=_READ,
            lines=2,
        ),
        "overview": Doing(by="patient", action=Action.SEE_ENROLMENT, does=lambda v: v.room.overview(v.id)),
        "therapist_begins": Doing(
            by="therapist",
            action=Action.WRITE_MESSAGE,
            does=lambda v: v.desk.start_conversation(v.id, v.text, heading=v.text, notify=v.notify),
            leaves=[_BEGUN],
            weight=2,
            written=_WRITTEN,
        ),
        "therapist_writes": Doing(
            by="therapist",
            action=Action.WRITE_MESSAGE,
            does=lambda v: v.desk.write(v.id, v.talk, v.text, notify=v.notify),
            leaves=[("MessageSent",)],
            weight=14,
            written=["MessageSent"],
        ),
        "therapist_reads": Doing(
            by="therapist",
            action=Action.READ_CONVERSATION,
            does=lambda v: v.desk.read_conversation(v.id, v.talk),
            leaves=_READ,
            lines=2,
        ),
        "rename": Doing(
            by="therapist",
            action=Action.RENAME_CONVERSATION,
            does=lambda v: v.desk.rename_conversation(v.id, v.talk, v.text),
            leaves=[("ConversationRenamed",)],
            weight=1,
            written=["ConversationRenamed"],
        ),
        "open_form": Doing(
            by="therapist",
            action=Action.MARK_FORM_READ,
            does=lambda v: v.desk.open_form(v.id, DAILY),
            leaves=[_NOTHING, ("FormRead",)],
        ),
        "mark_handled": Doing(
            by="therapist",
            action=Action.MARK_FLAG_HANDLED,
            does=lambda v: v.desk.mark_handled(v.id, v.random.choice((FlagKind.UNDELIVERED, FlagKind.PROGRAM_DONE))),
            leaves=[("FlagHandled",)],
            weight=1,
        ),
        "review": Doing(
            by="therapist", action=Action.REVIEW, does=lambda v: v.desk.review(v.id), leaves=[("Reviewed",)], weight=1
        ),
        "maintain": Doing(
            by="therapist",
            action=Action.MAINTAIN,
            does=lambda v: v.desk.maintain(v.id, days=v.random.choice((1, 2, 20)), modules=(v.module,)),
            leaves=[("Maintained",)],
            weight=1,
        ),
        "end": Doing(
            by="therapist",
            action=Action.END,
            does=lambda v: v.desk.end(v.id, reason=_reason(v)),
            leaves=[("Ended",)],
            weight=1,
        ),
        "to_handle": Doing(by="therapist", action=Action.SEE_FLAGS, does=lambda v: v.desk.to_handle(v.id), weight=2),
        "timeline": Doing(by="therapist", action=Action.SEE_TIMELINE, does=lambda v: v.desk.timeline(v.id), weight=1),
        "notifications": Doing(
            by="therapist", action=Action.SEE_NOTIFICATIONS, does=lambda v: v.desk.notifications(v.id), weight=1
        ),
        "caseload": Doing(
            by="therapist",
            action=Action.LIST_OWN_PATIENTS,
            does=lambda v: v.desk.caseload(),
            weight=1,
            lines=None,
        ),
        "hand_over": Doing(
            by="coordinator",
            action=Action.HAND_OVER,
            does=lambda v: v.office.hand_over(v.id, _other(v)),
            leaves=[("HandedOver",)],
            weight=1,
        ),
    }
)
"""What is done in an enrolment that is there already."""

FIRST: Mapping[str, str] = MappingProxyType(
    {
        "patient_writes": "patient_begins",
        "patient_reads": "therapist_begins",
        "therapist_writes": "therapist_begins",
        "therapist_reads": "patient_begins",
        "rename": "therapist_begins",
    }
)
"""What is done instead while there is no conversation."""

START = Doing(
    by="coordinator",
    action=Action.START,
    does=lambda v: None,
    leaves=[("Started",)],
)
"""What begins one; it is done in another way, for want of an enrolment."""

EVERYTHING: Mapping[str, Doing] = MappingProxyType({**DOINGS, "start": START})
