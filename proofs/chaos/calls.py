"""What people do: each call with the entries that it may leave on a timeline, and its lines in the access log."""

from collections.abc import Callable, Iterable, Mapping
from random import Random
from types import MappingProxyType

from attrs import field, frozen

from digital_painschool.application.patient import PatientDesk
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor
from digital_painschool.domain.policy import FlagKind
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.example import DAILY
from proofs.chaos.cast import House

Kinds = tuple[str, ...]
"""The names of events in a row."""
WITH_TEXT = frozenset({"FormSaved", "MessageSent", "ConversationStarted", "ConversationRenamed"})
"""The events that have what was written as their document."""


@frozen(kw_only=True)
class Visit:
    """Somebody who is about to do something in an enrolment.

    Args:
        school: Through which.
        random: Decides what is left open.
        house: The unit that it is at.
        enrolment: The enrolment as it was when this process saw it last.
        text: What is written, if something is; nobody else writes the same.
        notify: How the patient is told, if there is something to tell.
        once: The key of the host's, for a step; None for none.
    """

    school: PainSchool
    random: Random
    house: House
    enrolment: Enrolment
    text: str
    notify: Notify
    once: str | None = None

    @property
    def id(self) -> EnrolmentId:
        """Which enrolment."""
        return self.enrolment.id

    @property
    def room(self) -> PatientDesk:
        """The patient's."""
        return self.school.patient(self.enrolment.person)

    @property
    def therapist(self) -> Actor:
        """Who has the patient, as far as this process knows."""
        return next(
            (one for one in self.house.therapists if one.hsa_id == self.enrolment.therapist), self.house.therapists[0]
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
    def conversation(self) -> int:
        """A conversation; when there is none, the first."""
        return self.random.randint(1, max(1, len(self.enrolment.conversations)))

    @property
    def module(self) -> int:
        """A module."""
        return self.random.randint(1, 4)


def _rows(given: Iterable[str]) -> frozenset[Kinds]:
    return frozenset(tuple(names.split()) for names in given)


@frozen
class Doing:
    """Something that people do.

    Args:
        by: The actor: the patient, the therapist or the coordinator (a patient administrator).
        action: The action in the access log.
        call: The call of a desk.
        leaves: The events that it may leave on the timeline, each row as one text; `""` where it may leave nothing.
        weight: How often it is done.
        lines: How many lines of that action are in the access log afterwards; None when it depends.
    """

    by: str
    action: Action
    call: Callable[[Visit], object]
    leaves: frozenset[Kinds] = field(default=("",), converter=_rows)
    weight: int = field(default=4, kw_only=True)
    lines: int | None = field(default=1, kw_only=True)

    @property
    def takes_step(self) -> bool:
        """Whether it always leaves something: then it is done under a key."""
        return () not in self.leaves

    @property
    def writes(self) -> bool:
        """Whether somebody writes a text."""
        return any(not WITH_TEXT.isdisjoint(row) for row in self.leaves)


def _answers(visit: Visit) -> Mapping[str, object]:
    hemma = visit.random.choice(("bra", "svart", "ring"))
    return {"hemma": hemma, "steg": visit.random.randint(0, 50), "fritext": visit.text}


def _flag(visit: Visit) -> FlagKind:
    return visit.random.choice((FlagKind.UNDELIVERED, FlagKind.PROGRAM_DONE, FlagKind.HANDED_OVER))


def _maintain(visit: Visit) -> object:
    days = visit.random.choice((1, 2, 20))
    return visit.desk.maintain(visit.id, days=days, modules=(visit.module,), shortens=True, once=visit.once)


def _begin(visit: Visit) -> object:
    return visit.desk.start_conversation(visit.id, visit.text, heading=visit.text, notify=visit.notify, once=visit.once)


def _hand_over(visit: Visit) -> object:
    return visit.office.hand_over(visit.id, visit.random.choice(visit.house.therapists).hsa_id, once=visit.once)


_BEGUN = ("ConversationStarted MessageSent",)
_READ = ("", "MessagesRead")

DOINGS: Mapping[str, Doing] = MappingProxyType(
    {
        "open_module": Doing(
            "patient", Action.OPEN_MODULE, lambda v: v.room.open_module(v.id, v.module), ["", "ModuleOpened"]
        ),
        "read_page": Doing(
            "patient",
            Action.READ_PAGE,
            lambda v: v.room.read_page(v.id, v.module, v.random.randint(1, 2)),
            ["", "PageRead", "ModuleOpened PageRead"],
        ),
        "complete_module": Doing(
            "patient",
            Action.COMPLETE_MODULE,
            lambda v: v.room.complete_module(v.id, v.module),
            ["", "ModuleCompleted", "ModuleCompleted ProgramDone"],
        ),
        "save_form": Doing(
            "patient",
            Action.SAVE_FORM,
            lambda v: v.room.save_form(v.id, DAILY, _answers(v), once=v.once),
            ["FormSaved"],
            weight=8,
        ),
        "patient_begins": Doing(
            "patient",
            Action.WRITE_MESSAGE,
            lambda v: v.room.write(v.id, v.text, heading=v.text, once=v.once),
            _BEGUN,
            weight=1,
        ),
        "patient_writes": Doing(
            "patient",
            Action.WRITE_MESSAGE,
            lambda v: v.room.write(v.id, v.text, conversation=v.conversation, once=v.once),
            ["MessageSent"],
            weight=6,
        ),
        "patient_reads": Doing(
            "patient",
            Action.READ_CONVERSATION,
            lambda v: v.room.read_conversation(v.id, v.conversation),
            _READ,
            lines=2,
        ),
        "overview": Doing("patient", Action.SEE_ENROLMENT, lambda v: v.room.overview(v.id)),
        "therapist_begins": Doing("therapist", Action.WRITE_MESSAGE, _begin, _BEGUN, weight=2),
        "therapist_writes": Doing(
            "therapist",
            Action.WRITE_MESSAGE,
            lambda v: v.desk.write(v.id, v.conversation, v.text, notify=v.notify, once=v.once),
            ["MessageSent"],
            weight=14,
        ),
        "therapist_reads": Doing(
            "therapist",
            Action.READ_CONVERSATION,
            lambda v: v.desk.read_conversation(v.id, v.conversation),
            _READ,
            lines=2,
        ),
        "rename": Doing(
            "therapist",
            Action.RENAME_CONVERSATION,
            lambda v: v.desk.rename_conversation(v.id, v.conversation, v.text, once=v.once),
            ["ConversationRenamed"],
            weight=1,
        ),
        "open_form": Doing(
            "therapist", Action.MARK_FORM_READ, lambda v: v.desk.open_form(v.id, DAILY), ["", "FormRead"]
        ),
        "mark_handled": Doing(
            "therapist",
            Action.MARK_FLAG_HANDLED,
            lambda v: v.desk.mark_handled(v.id, _flag(v), once=v.once),
            ["FlagHandled"],
            weight=1,
        ),
        "review": Doing("therapist", Action.REVIEW, lambda v: v.desk.review(v.id, once=v.once), ["Reviewed"], weight=1),
        "maintain": Doing("therapist", Action.MAINTAIN, _maintain, ["Maintained"], weight=1),
        "reactivate": Doing(
            "therapist",
            Action.REACTIVATE,
            lambda v: v.desk.reactivate(v.id, shortens=True, once=v.once),
            ["Reactivated"],
            weight=1,
        ),
        "end": Doing(
            "therapist",
            Action.END,
            lambda v: v.desk.end(v.id, reason=v.random.choice(("klar", "avbruten")), once=v.once),
            ["Ended"],
            weight=1,
        ),
        "to_handle": Doing("therapist", Action.SEE_FLAGS, lambda v: v.desk.to_handle(v.id), weight=2),
        "timeline": Doing("therapist", Action.SEE_TIMELINE, lambda v: v.desk.timeline(v.id), weight=1),
        "notifications": Doing("therapist", Action.SEE_NOTIFICATIONS, lambda v: v.desk.notifications(v.id), weight=1),
        "caseload": Doing("therapist", Action.LIST_OWN_PATIENTS, lambda v: v.desk.caseload(), weight=1, lines=None),
        "hand_over": Doing("coordinator", Action.HAND_OVER, _hand_over, ["HandedOver"], weight=1),
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

EVERYTHING: Mapping[str, Doing] = MappingProxyType(
    {**DOINGS, "start": Doing("coordinator", Action.START, lambda _: None, ["Started"])}
)
"""All of it, and the start of an enrolment, which a worker calls in another way."""
