"""The lifecycle machine with a messenger whose channel recognises no key, and with the server that it sends to.

Law 5 reads otherwise there: never more than one message more than answers that were lost, and workers that died between
the send and its result. The kit counts the workers. Whose answers were lost, the server of the test knows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from attrs import evolve, field, frozen
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from digital_painschool.domain.notification import Channel
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import DeliveryError
from digital_painschool.ports import Messenger, Ports
from digital_painschool.testing import history as h
from digital_painschool.testing.environment import Environment
from digital_painschool.testing.faults import Call, Fails, Fault, When, recipient_of
from digital_painschool.testing.lifecycle import LifecycleMachine, passes
from digital_painschool.testing.lifecycle.base import ENROLMENT, THERAPISTS
from digital_painschool.testing.lifecycle.options import POLICIES
from digital_painschool.testing.lifecycle.schools import STRIKES
from digital_painschool.testing.reference.arrivals import Arrival
from digital_painschool.testing.reference.laws import Law, LawViolation, require, unequal, unless
from tests.kit.wrong.mistake import Mistake, last

QUICK = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    max_examples=10,
    derandomize=True,
    stateful_step_count=10,
    database=None,
    phases=[Phase.generate],
)
"""Few examples, and always the same ones."""
SENDS_TWICE = Mistake(
    "sent-again-when-it-was-accepted",
    "Messenger.send",
    "send",
    lambda right, _, *args, **options: last(right(*args, **options), right(*args, **options)),
)
"""The mistake of a messenger that sends each message twice."""
_WORKERS = ("dies", "dies before", "hangs", "hangs, another worker", "another worker")
"""What goes wrong with the workers, whatever the server does."""


@frozen(repr=False)
class Within(Fails):
    """A call that is made while a server has a fault: it fails as the adapter says, or does not fail."""

    fault: Callable[[], AbstractContextManager[object]] = field(kw_only=True)

    def around(self, call: Call, when: When) -> object:
        with self.fault():
            return call.go()


class Taken(NamedTuple):
    """A message that a server has taken: under which key, as far as the server sees one, and for whom."""

    key: str
    to: str


class Trouble(NamedTuple):
    """What a server does with one message, as a context, and whether the sender hears nothing of what it has taken."""

    during: Callable[[], AbstractContextManager[object]]
    loses_answers: bool = False
    permanent: bool = False


@frozen
class Gateway:
    """The server of a test.

    Args:
        channel: The channel that it serves.
        taken: Returns the messages that it has taken, in order.
        clear: Forgets them.
        seen: Returns what it sees of a key.
        troubles: What it does with a message, by name.
        lost: The messages that it has taken and whose answer it has lost.
        done: How often it did which of its troubles.
    """

    channel: Channel
    taken: Callable[[], Sequence[Taken]]
    clear: Callable[[], object]
    seen: Callable[[str], str]
    troubles: Mapping[str, Trouble]
    lost: list[Taken] = field(factory=list)
    done: Counter[str] = field(factory=Counter)

    def faults(self) -> Mapping[str, tuple[Fault]]:
        """Return its troubles as faults of the messenger, by name."""
        return {
            name: (
                Fault(
                    "send",
                    does=Within(DeliveryError(name, permanent=one.permanent), fault=partial(self._doing, name)),
                    of=lambda call: call.port == "messenger" and self._serves(call),
                ),
            )
            for name, one in self.troubles.items()
        }

    def _serves(self, call: Call) -> bool:
        return ("@" in recipient_of(call).value) is (self.channel is Channel.EMAIL)

    @contextmanager
    def _doing(self, name: str) -> Iterator[None]:
        trouble, before = self.troubles[name], len(self.taken())
        self.done[name] += 1
        try:
            with trouble.during():
                yield
        finally:
            self.lost.extend(self.taken()[before:] if trouble.loses_answers else ())

    def violations(self, attempts: Iterable[Arrival], accepted: Iterable[Arrival]) -> Iterator[LawViolation]:
        """Yield what the server has taken otherwise than once for each acceptance and each answer that was lost."""
        law, expected = Law.NOTIFIED_ONCE_IN_TIME, Counter(self._of(accepted)) + Counter(self.lost)
        yield from unequal(law, expected, Counter(self.taken()), "the server has not taken what was sent")
        strangers = {*self.lost} - {*self._of(attempts)}
        yield from unless(not strangers, law, "the server has taken what nobody has sent")

    def _of(self, arrivals: Iterable[Arrival]) -> Iterable[Taken]:
        return (Taken(self.seen(one.key), one.to.value) for one in arrivals if one.channel is self.channel)


def run_machine(gateway: Gateway, open_messenger: Callable[[], Messenger], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the lifecycle machine with a messenger, whose server goes wrong now and then.

    Raises:
        LawViolation: A law does not hold.
    """
    monkeypatch.setattr(passes, "TROUBLES", {**passes.TROUBLES, **gateway.faults()})
    worlds = list[Environment]()

    def open_ports(environment: Environment) -> Ports:
        if worlds != [environment]:
            worlds[:] = [environment]
            gateway.clear()
            gateway.lost.clear()
        others = [one for one in (environment.email, environment.sms) if one.channel is not gateway.channel]
        return environment.ports(messengers=(open_messenger(), *others))

    class Machine(LifecycleMachine):
        """The machine, with messages to staff whenever a patient writes."""

        ports_factory = staticmethod(open_ports)
        reference = False
        focuses = ("messages",)
        policies = MappingProxyType({"usual": evolve(POLICIES["usual"], staff_flags=frozenset(FlagKind))})

        @rule(
            enrolment=ENROLMENT,
            troubles=st.permutations([*gateway.troubles, *_WORKERS, *STRIKES]),
            second=st.booleans(),
            write=st.integers(2, 6),
            minutes=st.sampled_from([5, 15, 180]),
        )
        def a_patient_writes(
            self,
            enrolment: int,
            troubles: list[str],
            second: bool,
            write: int,
            minutes: int,
        ) -> None:
            """Let a patient write to a therapist who is notified; each time something goes wrong in another way.

            Args:
                enrolment: The patient's enrolment.
                troubles: What goes wrong, one after the other.
                second: Whether the patient writes twice, and it goes wrong with the second message.
                write: Which write of the worker's storage goes wrong, where one does.
                minutes: How much later another run is made, with nothing wrong.
            """
            of = self.nth(enrolment)
            name = next((name for name, one in THERAPISTS.items() if one.hsa_id == of.therapist), "elsewhere")
            if not of.is_open or name == "elsewhere":
                return
            self.tick(name, email=True, sms=True, summary=False)
            for trouble in troubles:
                for _ in range(1 + second):
                    self.take(of, h.PatientWrites(conversation=min(1, len(of.conversations))))
                struck, sends = (trouble, "none") if trouble in STRIKES else ("no", trouble)
                self.make_pass(["none"] * second + [sends], struck, write)
                self.move(self.now + timedelta(minutes=minutes))
                self.make_pass()

        another_patient_writes = and_a_third = and_a_fourth = a_patient_writes
        """The same, so that it comes four times as often."""

        def make_pass(self, *args: Any, **options: Any) -> None:
            """Make a pass, and look at the server after it."""
            super().make_pass(*args, **options)
            recording = self.asked.recordings[0]
            require(gateway.violations(recording.attempts, recording.arrivals))

    run_state_machine_as_test(Machine, settings=QUICK)
