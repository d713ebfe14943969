"""Histories that are worth being killed in: between them everything that a school does, told in a few short ones."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from attrs import evolve, field, frozen

from digital_painschool.domain.digest import batch_key
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.domain.policy import BOX_FLAGS, POINTED_OUT, FlagKind, Policy
from digital_painschool.ports.storage import load_notifications
from digital_painschool.testing.crashes.run import Step
from digital_painschool.testing.environment import PortsFactory, in_memory, local
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.faults import Call, Fault, with_faults
from digital_painschool.testing.history import (
    Advance,
    ApprovePurge,
    At,
    CompleteModule,
    Deliver,
    DiscardDraft,
    End,
    Export,
    HandOver,
    Maintain,
    MarkHandled,
    MarkRead,
    OpenForm,
    OpenModule,
    PatientReads,
    PatientRenames,
    PatientWrites,
    PlanPurge,
    Purge,
    ReadPage,
    ReceiveNotifications,
    Review,
    SaveDraft,
    SaveForm,
    Shown,
    Start,
    TherapistReads,
    TherapistRenames,
    TherapistWrites,
    Withdraw,
)
from digital_painschool.testing.people import BO, CILLA, COLLEAGUE, RESERVE_NUMBER
from digital_painschool.testing.scenario import Scenario

_POLICY = Policy(staff_flags=BOX_FLAGS, retention_years=1, retention_decision="Beslut 1")
_HASTY = Policy(retry_minutes=(30,))


@frozen(repr=False)
class Doing:
    """Something that is done in a scenario, as a step of a history.

    Args:
        do: Does it; its name stands for it.
    """

    do: Callable[[Scenario], object]

    def take(self, scenario: Scenario) -> object:
        """Execute the function."""
        return self.do(scenario)

    def __repr__(self) -> str:
        return getattr(self.do, "__name__", repr(self.do))


def _steps(given: Iterable[Step | Callable[[Scenario], object]]) -> tuple[Step, ...]:
    return tuple(Doing(step) if callable(step) else step for step in given)


@frozen(repr=False)
class NotableHistory:
    """A history, the policy that it is played under, and when the patients' inbox is out of order in it.

    Args:
        steps: In order: steps of `digital_painschool.testing.history`, or functions of a scenario.
        policy: Of every unit.
        outages: From when and until when, in local time, the inbox takes nothing.
    """

    steps: tuple[Step, ...] = field(converter=_steps)
    policy: Policy = field(default=_POLICY, kw_only=True)
    outages: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)

    def scenario(self, ports_factory: PortsFactory = in_memory, *, policy: Policy | None = None) -> Scenario:
        """Open a school for it.

        Args:
            ports_factory: Opens the adapters.
            policy: Another policy than the history's own.
        """
        if self.outages:
            ports_factory = with_faults(ports_factory, inbox=[Fault("deliver", times=None, of=self._is_out)])
        return Scenario(ports_factory, policy=policy or self.policy)

    def _is_out(self, call: Call) -> bool:
        assert call.environment is not None
        return any(local(first) <= call.environment.now < local(last) for first, last in self.outages)


def report_failed_sms(scenario: Scenario) -> None:
    """Report every SMS that was sent as failed, as a gateway does later."""
    delivery = scenario.school.delivery()
    for record in (one for id_ in scenario.ids for one in load_notifications(scenario.storage, EnrolmentId(id_))):
        id_ = record.notification.id
        if record.notification.channel is Channel.SMS:
            delivery.reject(batch_key(DigestId(id_), [id_]))


_DIRECT, _COLLECTED = Notify.DIRECT, Notify.COLLECTED

_YEAR = NotableHistory(
    [
        ReceiveNotifications(email=True, sms=True),
        Start(once="1"),
        TherapistWrites("Välkommen!", once="2"),
        OpenModule(1),
        SaveDraft(PAIN, {"smarta": 8}),
        SaveForm(PAIN, {"smarta": 9}, once="3"),
        OpenForm(PAIN),
        SaveDraft(PAIN, {}, replaces=Shown(), once="9"),
        DiscardDraft(PAIN, replaces=Shown({}), once="10"),
        TherapistWrites("Hur går det?", 1, notify=_DIRECT),
        Deliver(),
        PatientReads(1),
        PatientWrites("Bra!", 1),
        TherapistReads(1),
        TherapistRenames("Början", 1),
        PatientRenames("Min början", 1),
        Review(),
        CompleteModule(1),
        ReadPage(2),
        CompleteModule(2),
        SaveForm(DAILY, {"hemma": "svart", "var": ["rygg"]}),
        MarkRead(DAILY, once="4"),
        ReadPage(3),
        CompleteModule(3, once="5"),
        Advance(hours=2),
        Deliver(),
        report_failed_sms,
        Deliver(),
        MarkHandled(FlagKind.PROGRAM_DONE),
        PatientWrites("En fråga"),
        HandOver(COLLEAGUE),
        Deliver(),
        TherapistWrites("Ett svar", 1, notify=_COLLECTED, by=COLLEAGUE),
        SaveDraft(DAILY, {"hemma": "bra"}),
        At("2027-03-03 09:00"),
        Deliver(),
        Maintain(30, (1, 2), by=COLLEAGUE, once="6"),
        OpenModule(2),
        At("2027-04-05 09:00"),
        Deliver(),
        End("klar", by=COLLEAGUE, once="7"),
    ]
)
"""One patient from the start to the end: forms, messages of all kinds, done, handed over, maintained, ended.

An SMS to the therapist fails after it was sent."""

_WEEK = NotableHistory(
    [
        Start(),
        Start(program="somnskola"),
        Start(BO),
        Start(RESERVE_NUMBER),
        TherapistWrites("Ett", notify=_COLLECTED),
        TherapistWrites("Två", which=2, notify=_COLLECTED),
        TherapistWrites("Tre", who=BO, notify=_COLLECTED),
        TherapistWrites("Fyra", who=RESERVE_NUMBER, notify=_DIRECT),
        Deliver(),
        At("2026-03-02 09:00"),
        Deliver(),
        TherapistWrites("Fem", 1, notify=_COLLECTED),
        TherapistWrites("Sex", 1, which=2, notify=_COLLECTED),
        PatientReads(1),
        PatientReads(1, which=2),
        TherapistWrites("Sju", 1, who=BO, notify=_COLLECTED),
        End(who=BO),
        Start(CILLA),
        TherapistWrites("Fel person", who=CILLA, notify=_COLLECTED),
        TherapistWrites("Fel person", 1, who=CILLA, notify=_DIRECT),
        Deliver(),
        At("2026-03-02 10:00"),
        SaveDraft(PAIN, {"smarta": 4}, who=CILLA),
        Withdraw(who=CILLA, once="8"),
        Start(CILLA),
        At("2026-03-03 09:00"),
        Deliver(),
        TherapistWrites("Åtta", 1, notify=_COLLECTED),
        TherapistWrites("Nio", 1, which=2, notify=_COLLECTED),
        End("avbruten", which=2),
        At("2026-03-04 09:00"),
        Deliver(),
    ]
)
"""Two enrolments of a patient and two others: what is shared, read in time, dropped by an end, or cannot be reached.

A fourth person's start is withdrawn after a notice of it, which the inbox forgets."""

_OUTAGE = NotableHistory(
    [
        Start(),
        Start(BO),
        TherapistWrites("Ett", notify=_COLLECTED),
        TherapistWrites("Två", who=BO, notify=_DIRECT),
        At("2026-03-02 09:00"),
        Deliver(),
        TherapistWrites("Tre", 1, notify=_COLLECTED),
        At("2026-03-02 10:00"),
        Deliver(),
        At("2026-03-03 09:00"),
        Deliver(),
        TherapistWrites("Fyra", 1, who=BO, notify=_DIRECT),
        Deliver(),
    ],
    outages=(("2026-03-02 08:00", "2026-03-02 11:00"),),
)
"""The inbox is out of order for a forenoon: what was tried is tried again, and goes as one with the next day's."""

_GIVEN_UP = NotableHistory(
    [
        Start(),
        TherapistWrites("Ett", notify=_DIRECT),
        Deliver(),
        At("2026-03-02 10:00"),
        Deliver(),
        At("2026-03-03 10:00"),
        Deliver(),
        MarkHandled(FlagKind.UNDELIVERED),
        End(),
    ],
    policy=_HASTY,
    outages=(("2026-03-02 07:00", "2026-03-05 11:00"),),
)
"""The inbox is out of order for so long that a notification is given up, and the therapist handles the flag."""

_PURGE = NotableHistory(
    [
        Start(),
        Start(BO),
        Start(CILLA),
        SaveForm(PAIN, {"smarta": 3}),
        TherapistWrites("Ett", notify=_DIRECT),
        TherapistWrites("Två", who=BO, notify=_DIRECT),
        TherapistWrites("Tre", who=CILLA, notify=_DIRECT),
        Deliver(),
        TherapistWrites("Fyra", 1, notify=_COLLECTED),
        SaveDraft(PAIN, {"smarta": 4}),
        End(once="1"),
        At("2027-04-01 10:00"),
        Export(),
        End("avbruten", who=BO),
        At("2028-05-01 10:00"),
        Deliver(),
        PlanPurge(),
        ApprovePurge("Beslut 2"),
        Purge(),
        Export(),
        PlanPurge(),
        ApprovePurge("Beslut 3"),
        Purge(),
        Purge(),
        Start(),
    ]
)
"""Export, plan, approve and purge, twice: one that was not exported yet is left and named, and an open one stays."""

_SILENCE = NotableHistory(
    [
        ReceiveNotifications(email=True),
        Start(),
        Start(BO),
        Advance(days=15),
        Deliver(),
        OpenModule(1),
        Advance(days=15),
        Deliver(),
        At("2027-02-10 08:00"),
        Deliver(),
        Maintain(90),
        Deliver(),
    ],
    policy=evolve(_POLICY, staff_flags=POINTED_OUT),
)
"""Silent patients and coming ends, where the unit chose to notify of them."""

NOTABLE_HISTORIES: Mapping[str, NotableHistory] = MappingProxyType(
    {"year": _YEAR, "week": _WEEK, "outage": _OUTAGE, "given up": _GIVEN_UP, "purge": _PURGE, "silence": _SILENCE}
)
"""Histories for `kill_at_every_call`, by name: a year, a week, an outage, a long outage, a purge, a silence."""
