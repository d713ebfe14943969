"""Turns of the channels: what is slow or silent holds up no other, and a killed worker has one message at hand."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from attrs import evolve

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import DeliveryError
from digital_painschool.ports import Ports
from digital_painschool.ports.inbox import Delivered
from digital_painschool.testing.environment import Environment
from digital_painschool.testing.faults import Call, watched
from digital_painschool.testing.people import ANNA, BO, CILLA, NUMBERS
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import NINE, asking

MESSAGES = 250
"""More than a worker claims at a time, all to the therapist, and all before what patients wait for."""


class Turns(Scenario):
    """A school whose therapist is told of each message; its mail server knows no key again.

    Attributes:
        sent: The keys that the mail server was asked to send.
        doing: What inbox and mail server do before a call, by its name.
    """

    def __init__(self, messages: int = 0) -> None:
        self.sent: list[str] = []
        self.doing: dict[str, Callable[[], object]] = {}
        super().__init__(self._slow_ports, policy=Policy(staff_flags=frozenset({FlagKind.MESSAGE_RECEIVED})))
        self.desk.receive_notifications(email=True, sms=False, flags=[FlagKind.MESSAGE_RECEIVED])
        self.writer = self.start(ANNA, "somnskola")
        for _ in range(messages):
            self.room.write(self.writer, "Hej")

    def _slow_ports(self, environment: Environment) -> Ports:
        inbox = watched(environment.inbox, self._call, name="inbox")
        return environment.ports(inbox=inbox, messengers=(watched(environment.email, self._call, name="mail"),))

    def _call(self, call: Call) -> object:
        if call.name == "mail.send":
            self.sent.append(call.options["key"])
        self.doing.get(call.name, lambda: None)()
        return Delivered.ACCEPTED if call.name == "mail.send" else call.go()

    def slow(self, seconds: int, error: DeliveryError | None = None) -> Callable[[], object]:
        """Return what lasts so long, and then fails."""

        def call() -> None:
            self.advance(seconds=seconds)
            if error is not None:
                raise error

        return call


@pytest.mark.rule("D-13a", "D-13d")
def test_a_mail_server_that_does_not_answer_is_left_alone_until_the_next_run(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a server that hangs would keep all notices of patients from a forenoon."""
    school = Turns(MESSAGES)
    for number in (ANNA, BO, CILLA):
        asking(school, number)
    school.now = NINE
    school.doing["mail.send"] = school.slow(45, DeliveryError("it did not answer in time"))
    school.deliver()
    assert (3, 2) == (len(school.environment.inbox.delivered), len(school.sent))
    assert school.now < NINE + timedelta(minutes=2)
    assert "email does not answer, and is left alone until the next run" in caplog.text
    school.doing["mail.send"] = lambda: None
    school.sent.clear()
    school.advance(minutes=6)
    assert MESSAGES == school.deliver().delivered == len({*school.sent})


@pytest.mark.rule("D-13a", "D-13d")
def test_a_server_that_answers_each_time_is_not_left_alone() -> None:
    """Otherwise refusals of single addresses would stop all others."""
    school = Turns(9)
    school.doing["mail.send"] = school.slow(45, DeliveryError("no such user", permanent=True))
    assert (9, 9) == (school.deliver().undelivered, len(school.sent))


@pytest.mark.rule("D-13a", "D-13e")
def test_a_slow_mail_server_has_its_turn_and_patients_have_theirs() -> None:
    """Otherwise patients would be told when the last member of staff has been, in the afternoon."""
    school = Turns(MESSAGES)
    told: list[datetime] = []
    for number in (ANNA, BO, CILLA):
        asking(school, number)
    school.now = NINE
    school.doing["inbox.deliver"] = lambda: told.append(school.now)
    school.doing["mail.send"] = school.slow(20)
    assert MESSAGES + 3 == school.deliver().delivered
    assert MESSAGES == len({*school.sent}) == len(school.sent)
    assert 3 == len(told)
    assert max(told) - NINE <= timedelta(minutes=2)


@pytest.mark.rule("D-13d")
def test_a_worker_that_dies_has_one_message_at_hand() -> None:
    """Otherwise a restart would send two hundred e-mails a second time: no mail server knows a key again."""
    school = Turns(60)

    def dies() -> None:
        if len(school.sent) == 40:
            raise KeyboardInterrupt

    school.doing["mail.send"] = dies
    with pytest.raises(KeyboardInterrupt):
        school.deliver()
    for _ in range(2):
        school.advance(minutes=16)
        school.deliver()
    assert (61, 60) == (len(school.sent), len({*school.sent}))


@pytest.mark.rule("D-13d", "D-13e")
def test_messages_that_take_longer_than_a_lease_are_sent_once() -> None:
    """Otherwise the worker of the next quarter of an hour would send what the first has in its hands."""
    school = Turns(31)
    other = school.another(evolve(school.ports))

    def slow() -> None:
        school.advance(seconds=30)
        if len(school.sent) in {30, 31}:
            school.doing["mail.send"] = lambda: None
            other.delivery().run()

    school.doing["mail.send"] = slow
    school.deliver()
    school.advance(minutes=31)
    school.deliver()
    assert 31 == len(school.sent) == len({*school.sent})


def withdrawn(school: Scenario, number: str) -> EnrolmentId:
    """Withdraw a start of which a notice was sent."""
    id_ = school.start(number)
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    school.deliver()
    school.desk.withdraw(id_, "wrong-person")
    return id_


@pytest.mark.rule("D-07b")
def test_an_inbox_that_does_not_answer_is_not_asked_for_each_withdrawn_start() -> None:
    """Otherwise forty wrong starts would keep a worker for a quarter of an hour at each run."""
    school = Turns()
    for number in NUMBERS[1:]:
        withdrawn(school, number)
    began = school.now
    school.doing["inbox.forget"] = school.slow(30, DeliveryError("it did not answer in time"))
    school.deliver()
    assert timedelta(minutes=1) == school.now - began


@pytest.mark.rule("D-07b")
def test_an_inbox_that_cannot_forget_keeps_no_messenger_from_it() -> None:
    """Otherwise what a messenger has of the wrong person would stay as long as an inbox is away."""
    asked: list[str] = []
    school = Turns()
    id_ = withdrawn(school, BO)
    school.doing["mail.forget"] = lambda: asked.append(id_)
    school.doing["inbox.forget"] = school.slow(0, DeliveryError("it is away"))
    school.deliver()
    assert [id_] == asked
