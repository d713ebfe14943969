"""The state of an enrolment as the reference model has it, in counters and sets, and what follows from it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import Factory, define, field

from digital_painschool.domain.enrolment import Phase, WithdrawalReason
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, HsaId, PersonId, Role
from digital_painschool.domain.policy import FlagKind, Policy, YearEnd
from digital_painschool.domain.program import Program
from digital_painschool.testing.reference.calendar import months_later
from digital_painschool.testing.reference.counts import Backlog, RaisedFlags, ReferenceConversation


@define(eq=False, repr=False, kw_only=True)
class ReferenceState:
    """One enrolment as the model has it.

    Args:
        id: The enrolment's id.
        person: The patient.
        unit: The unit that gives the treatment.
        therapist: The present therapist.
        program: The program, in the version that the enrolment was started with.
        policy: The unit's policy.
        started_at: When it began, UTC.
        started_by: Who started it; left out, the therapist.

    Attributes:
        pages: How many pages each module has.
        access_until: The first instant without access.
        entries: How many timeline entries the people's steps made.
        notes: How many the delivery worker made.
        pages_read: The pages that were read, by module; the module whose page was new last is the last.
        forms: The submissions, by form.
        answers: The answers of the last submission, by form.
        drafts: The drafts, by form: when each was saved, and its answers.
        undelivered: The notifications that could not be delivered and wait for the therapist.
        lost_at: The version that noted each undeliverable notification, and when it was found to be.
        reactivated_at: When the maintenance last went back to active.
        noted_silence: Since when the patient was silent, in the last note of it.
        noted_ending: The end of access in the last note that it comes soon.
        noted_by: By kind, the entry of the last note of it.
        handed_at: When somebody else gave the patient to the present therapist, until that is handled; None otherwise.
        handed_by: Who did so; None without that flag.
        settled: By kind of flag, the version that settled it last.
        exported: The version that counts as exported, 0 for none.
        purged: Whether it was purged.
        former_therapists: The earlier therapists, each with the instant of the handover.
    """

    id: EnrolmentId
    person: PersonId
    unit: HsaId
    therapist: HsaId
    program: Program
    policy: Policy
    started_at: datetime
    started_by: HsaId = field(default=Factory(lambda self: self.therapist, takes_self=True))
    phase: Phase = field(default=Phase.ACTIVE, init=False)
    access_until: datetime = field(init=False)
    last_entry_at: datetime = field(init=False)
    last_seen_at: datetime | None = field(default=None, init=False)
    reactivated_at: datetime | None = field(default=None, init=False)
    noted_silence: datetime | None = field(default=None, init=False)
    noted_ending: datetime | None = field(default=None, init=False)
    noted_by: dict[FlagKind, int] = field(factory=dict, init=False)
    reviewed_at: datetime | None = field(default=None, init=False)
    ended_at: datetime | None = field(default=None, init=False)
    done_at: datetime | None = field(default=None, init=False)
    done_handled: bool = field(default=False, init=False)
    handed_at: datetime | None = field(default=None, init=False)
    handed_by: HsaId | None = field(default=None, init=False)
    entries: int = field(default=1, init=False)
    notes: int = field(default=0, init=False)
    maintained: frozenset[int] = field(default=frozenset(), init=False)
    opened: set[int] = field(factory=set, init=False)
    pages_read: dict[int, set[int]] = field(factory=dict, init=False)
    completed: set[int] = field(factory=set, init=False)
    released: set[int] = field(factory=set, init=False)
    out_of_order: set[int] = field(factory=set, init=False)
    forms: dict[str, Backlog] = field(factory=dict, init=False)
    answers: dict[str, Mapping[str, object]] = field(factory=dict, init=False)
    drafts: dict[str, tuple[datetime, Mapping[str, object]]] = field(factory=dict, init=False)
    conversations: list[ReferenceConversation] = field(factory=list, init=False)
    undelivered: list[str] = field(factory=list, init=False)
    lost_at: dict[str, tuple[int, datetime]] = field(factory=dict, init=False)
    raised: RaisedFlags = field(factory=RaisedFlags, init=False)
    settled: dict[FlagKind, int] = field(factory=dict, init=False)
    exported: int = field(default=0, init=False)
    purged: bool = field(default=False, init=False)
    withdrawal: WithdrawalReason | None = field(default=None, init=False)
    is_renamed_by_patient: bool = field(default=False, init=False)
    former_therapists: list[tuple[datetime, HsaId]] = field(factory=list, init=False)
    order: tuple[int, ...] = field(init=False)
    modules: tuple[int, ...] = field(init=False)
    pages: dict[int, int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.access_until = self.year_end
        self.last_entry_at = self.started_at
        self.order = self.program.reading_order
        self.modules = tuple(module.number for module in self.program.modules)
        self.pages = {module.number: len(module.pages) for module in self.program.modules}

    @property
    def number(self) -> str:
        """The patient's identity number."""
        return self.person.value

    @property
    def version(self) -> int:
        """The number of timeline entries."""
        return self.entries + self.notes

    @property
    def quiet_since(self) -> datetime:
        """The latest of the start, the last visit, and the way back to active."""
        return max(filter(None, (self.started_at, self.last_seen_at, self.reactivated_at)))

    @property
    def is_open(self) -> bool:
        """True until it ends or is withdrawn."""
        return self.ended_at is None

    @property
    def is_withdrawn(self) -> bool:
        """True when its start was withdrawn."""
        return self.withdrawal is not None

    @property
    def has_patient_writing(self) -> bool:
        """True when there is a submission, or a message or a heading of the patient's."""
        messages = any(one.from_patient.sent for one in self.conversations)
        return (
            messages
            or self.is_renamed_by_patient
            or bool(self.completed)
            or any(saved.sent for saved in self.forms.values())
        )

    @property
    def year_end(self) -> datetime:
        """The end of the program's own time, which counts from the start."""
        return months_later(self.started_at, self.program.access_months, self.policy.zone)

    @property
    def is_open_ended(self) -> bool:
        """True when nothing but a therapist's step ends the access."""
        return self.phase is Phase.ACTIVE and self.policy.year_end is YearEnd.FLAG_ONLY

    @property
    def therapist_actor(self) -> Actor:
        """The present therapist, signed in at the unit."""
        return Actor(hsa_id=self.therapist, unit=self.unit, roles={Role.THERAPIST})

    def therapist_at(self, at: datetime) -> HsaId:
        """Return the therapist at an instant."""
        return next((former for until, former in self.former_therapists if at <= until), self.therapist)

    def incomplete_before(self, module: int) -> set[int]:
        """Return the modules before a module of the reading order that are not completed."""
        return {*self.order[: self.order.index(module)]} - self.completed if module in self.order else set()

    @property
    def next_module(self) -> int | None:
        """The recommended module: the first incomplete one of the reading order, then of the others."""
        others = [module for module in self.modules if module not in self.order]
        return next((module for module in (*self.order, *others) if module not in self.completed), None)

    def unread_pages(self, module: int) -> list[int]:
        """Return the numbers of the pages of a module that the patient has not read."""
        return sorted({*range(1, self.pages[module] + 1)} - self.pages_read.get(module, set()))

    @property
    def done_waits(self) -> bool:
        """True when the program is done and nobody has marked the flag as handled."""
        return self.done_at is not None and not self.done_handled

    def submissions(self, form: str) -> Backlog:
        """Return the submissions of a form; none for a form that was never saved."""
        return self.forms.get(form) or Backlog()

    def has_read(self, conversation: int, message: int) -> bool:
        """Return whether the patient has read a message of the therapist's."""
        return self.conversations[conversation - 1].from_therapist.read >= message

    def is_review_due(self, now: datetime) -> bool:
        """Return whether the last review, or the start without one, is too long ago."""
        return now - (self.reviewed_at or self.started_at) > timedelta(days=self.policy.review_after_days)

    # The steps: each changes the model as the step changed the enrolment.
