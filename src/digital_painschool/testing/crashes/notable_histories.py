"""Histories that are worth being killed in: between them everything that a school does, told in a few short ones."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from attrs import evolve, field, frozen

from digital_painschool.domain.digest import batch_key
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.domain.policy import BOX_FLAGS, POINTED_OUT, FlagKind, Policy
from digital_painschool.ports.storage import load_notifications
from digital_painschool.testing import history as h
from digital_painschool.testing.crashes.run import Step
from digital_painschool.testing.environment import PortsFactory, in_memory, local
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.faults import Call, Fault, with_faults
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
        h.ReceiveNotifications(email=True, sms=True),
        h.Start(once="1"),
        h.TherapistWrites("Välkommen!", once="2"),
        h.OpenModule(1),
        h.SaveDraft(PAIN, {"smarta": 8}),
        h.SaveForm(PAIN, {"smarta": 9}, once="3"),
        h.OpenForm(PAIN),
        h.SaveDraft(PAIN, {}, replaces=h.Shown(), once="9"),
        h.DiscardDraft(PAIN, replaces=h.Shown({}), once="10"),
        h.TherapistWrites("Hur går det?", 1, notify=_DIRECT),
        h.Deliver(),
        h.PatientReads(1),
        h.PatientWrites("Bra!", 1),
        h.TherapistReads(1),
        h.TherapistRenames("Början", 1),
        h.PatientRenames("Min början", 1),
        h.Review(),
        h.CompleteModule(1),
        h.ReadPage(2),
        h.CompleteModule(2),
        h.SaveForm(DAILY, {"hemma": "svart", "var": ["rygg"]}),
        h.MarkRead(DAILY, once="4"),
        h.ReadPage(3),
        h.CompleteModule(3, once="5"),
        h.Advance(hours=2),
        h.Deliver(),
        report_failed_sms,
        h.Deliver(),
        h.MarkHandled(FlagKind.PROGRAM_DONE),
        h.PatientWrites("En fråga"),
        h.HandOver(COLLEAGUE),
        h.Deliver(),
        h.TherapistWrites("Ett svar", 1, notify=_COLLECTED, by=COLLEAGUE),
        h.SaveDraft(DAILY, {"hemma": "bra"}),
        h.At("2027-03-03 09:00"),
        h.Deliver(),
        h.Maintain(30, (1, 2), by=COLLEAGUE, once="6"),
        h.OpenModule(2),
        h.At("2027-04-05 09:00"),
        h.Deliver(),
        h.End("klar", by=COLLEAGUE, once="7"),
    ]
)
"""One patient from the start to the end: forms, messages of all kinds, done, handed over, maintained, ended.

An SMS to the therapist fails after it was sent."""

_WEEK = NotableHistory(
    [
        h.Start(),
        h.Start(program="somnskola"),
        h.Start(BO),
        h.Start(RESERVE_NUMBER),
        h.TherapistWrites("Ett", notify=_COLLECTED),
        h.TherapistWrites("Två", which=2, notify=_COLLECTED),
        h.TherapistWrites("Tre", who=BO, notify=_COLLECTED),
        h.TherapistWrites("Fyra", who=RESERVE_NUMBER, notify=_DIRECT),
        h.Deliver(),
        h.At("2026-03-02 09:00"),
        h.Deliver(),
        h.TherapistWrites("Fem", 1, notify=_COLLECTED),
        h.TherapistWrites("Sex", 1, which=2, notify=_COLLECTED),
        h.PatientReads(1),
        h.PatientReads(1, which=2),
        h.TherapistWrites("Sju", 1, who=BO, notify=_COLLECTED),
        h.End(who=BO),
        h.Start(CILLA),
        h.TherapistWrites("Fel person", who=CILLA, notify=_COLLECTED),
        h.TherapistWrites("Fel person", 1, who=CILLA, notify=_DIRECT),
        h.Deliver(),
        h.At("2026-03-02 10:00"),
        h.SaveDraft(PAIN, {"smarta": 4}, who=CILLA),
        h.Withdraw(who=CILLA, once="8"),
        h.Start(CILLA),
        h.At("2026-03-03 09:00"),
        h.Deliver(),
        h.TherapistWrites("Åtta", 1, notify=_COLLECTED),
        h.TherapistWrites("Nio", 1, which=2, notify=_COLLECTED),
        h.End("avbruten", which=2),
        h.At("2026-03-04 09:00"),
        h.Deliver(),
    ]
)
"""Two enrolments of a patient and two others: what is shared, read in time, dropped by an end, or cannot be reached.

A fourth person's start is withdrawn after a notice of it, which the inbox forgets."""

_OUTAGE = NotableHistory(
    [
        h.Start(),
        h.Start(BO),
        h.TherapistWrites("Ett", notify=_COLLECTED),
        h.TherapistWrites("Två", who=BO, notify=_DIRECT),
        h.At("2026-03-02 09:00"),
        h.Deliver(),
        h.TherapistWrites("Tre", 1, notify=_COLLECTED),
        h.At("2026-03-02 10:00"),
        h.Deliver(),
        h.At("2026-03-03 09:00"),
        h.Deliver(),
        h.TherapistWrites("Fyra", 1, who=BO, notify=_DIRECT),
        h.Deliver(),
    ],
    outages=(("2026-03-02 08:00", "2026-03-02 11:00"),),
)
"""The inbox is out of order for a forenoon: what was tried is tried again, and goes as one with the next day's."""

_GIVEN_UP = NotableHistory(
    [
        h.Start(),
        h.TherapistWrites("Ett", notify=_DIRECT),
        h.Deliver(),
        h.At("2026-03-02 10:00"),
        h.Deliver(),
        h.At("2026-03-03 10:00"),
        h.Deliver(),
        h.MarkHandled(FlagKind.UNDELIVERED),
        h.End(),
    ],
    policy=_HASTY,
    outages=(("2026-03-02 07:00", "2026-03-05 11:00"),),
)
"""The inbox is out of order for so long that a notification is given up, and the therapist handles the flag."""

_PURGE = NotableHistory(
    [
        h.Start(),
        h.Start(BO),
        h.Start(CILLA),
        h.SaveForm(PAIN, {"smarta": 3}),
        h.TherapistWrites("Ett", notify=_DIRECT),
        h.TherapistWrites("Två", who=BO, notify=_DIRECT),
        h.TherapistWrites("Tre", who=CILLA, notify=_DIRECT),
        h.Deliver(),
        h.TherapistWrites("Fyra", 1, notify=_COLLECTED),
        h.SaveDraft(PAIN, {"smarta": 4}),
        h.End(once="1"),
        h.At("2027-04-01 10:00"),
        h.Export(),
        h.End("avbruten", who=BO),
        h.At("2028-05-01 10:00"),
        h.Deliver(),
        h.PlanPurge(),
        h.ApprovePurge("Beslut 2"),
        h.Purge(),
        h.Export(),
        h.PlanPurge(),
        h.ApprovePurge("Beslut 3"),
        h.Purge(),
        h.Purge(),
        h.Start(),
    ]
)
"""Export, plan, approve and purge, twice: one that was not exported yet is left and named, and an open one stays."""

_SILENCE = NotableHistory(
    [
        h.ReceiveNotifications(email=True),
        h.Start(),
        h.Start(BO),
        h.Advance(days=15),
        h.Deliver(),
        h.OpenModule(1),
        h.Advance(days=15),
        h.Deliver(),
        h.At("2027-02-10 08:00"),
        h.Deliver(),
        h.Maintain(90),
        h.Deliver(),
    ],
    policy=evolve(_POLICY, staff_flags=POINTED_OUT),
)
"""Silent patients and coming ends, where the unit chose to notify of them."""

NOTABLE_HISTORIES: Mapping[str, NotableHistory] = MappingProxyType(
    {"year": _YEAR, "week": _WEEK, "outage": _OUTAGE, "given up": _GIVEN_UP, "purge": _PURGE, "silence": _SILENCE}
)
"""Histories for `kill_at_every_call`, by name: a year, a week, an outage, a long outage, a purge, a silence."""
