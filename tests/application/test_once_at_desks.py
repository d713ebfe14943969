"""Calls under a key of the host's that concern no single enrolment: the administrator's, and those on the profile."""

from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryDirectory
from digital_painschool.application.executor import Executor
from digital_painschool.application.unit_records import UnitRecords
from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Profile, ResolutionReason
from digital_painschool.domain.retention import PurgeReceipt, Skip, Skipped
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.environment import AT_WORK, with_adapters
from digital_painschool.testing.faults import Call, Dies, Fault, FaultPlan, Killed, watched
from digital_painschool.testing.people import ARCHIVIST, NURSE, OPERATOR
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.snapshot import difference
from tests.application.desk_calls import APPROVED, PEOPLE, E, lived
from tests.application.test_bad_input import RECEIPT
from tests.application.test_once import ONCE
from tests.delivery.test_dead_letters import REPAIRED, given_up, letter_of
from tests.scenario import beside


@pytest.mark.rule("D-24a", "D-23a")
def test_what_needs_no_address_waits_for_no_directory() -> None:
    """Otherwise nobody could untick a box, or get a lost answer again, while the directory is away."""
    entry, plan = StaffEntry(email=Address("n@example.org")), FaultPlan()
    directory = watched(MemoryDirectory({NURSE.hsa_id: entry}, staff=AT_WORK), plan)
    school = Scenario(with_adapters(directory=directory))
    first = school.desk.receive_notifications(email=True, once="k")
    plan.inject(Fault("find", does=DeliveryError("the directory is away"), times=None))
    again = school.desk.receive_notifications(email=True, once="k")
    assert (first.chosen, None) == (again.chosen, again.directory)
    with school.unchanged(), pytest.raises(DeliveryError):
        school.desk.receive_notifications(email=True)
    assert Profile() == school.desk.receive_notifications(email=False, sms=False).chosen
    with pytest.raises(DeliveryError):
        school.desk.profile()


@pytest.mark.rule("M-20", "D-21a")
def test_an_inbox_that_is_away_keeps_no_messenger_from_forgetting() -> None:
    """Otherwise e-mail and SMS would keep what they sent for as long as an inbox is down."""
    asked: list[str] = []

    def listen(call: Call) -> object:
        if call.method == "forget":
            asked.append(call.port)
            if call.port == "inbox":
                raise DeliveryError("the inbox is away")
        return call.go()

    school = lived()
    ports = evolve(
        school.ports,
        inbox=watched(school.ports.inbox, listen, name="inbox"),
        messengers=tuple(watched(one, listen, name=one.channel.value) for one in school.ports.messengers),
    )
    records = UnitRecords(Executor(ports, school.catalogue, lambda: school.now, lambda _: "e-1"), ARCHIVIST)
    with pytest.raises(DeliveryError, match="the inbox is away"):
        records.forget(iter(["key-1"]))
    assert ["inbox", "email", "sms"] == asked


@pytest.mark.rule("D-24a", "D-21a")
def test_an_interrupted_purge_continues_under_its_key() -> None:
    """Otherwise the key of a purge whose process died would stop the purge for ever."""
    school = lived()
    death = Fault("save_record", of=lambda call: call.args[0].kind is PurgeReceipt, does=Dies())
    dying = beside(school, FaultPlan(death))
    with pytest.raises(Killed):
        dying.administrator(ARCHIVIST).purge(APPROVED, once="k")
    receipt = school.office.purge(APPROVED, once="k")
    assert (EnrolmentId("e-0001"),) == receipt.purged
    with school.unchanged():
        assert receipt == school.office.purge(APPROVED, once="k")


@pytest.mark.rule("D-24a", "D-21a")
def test_a_repeated_replay_says_what_the_first_one_did() -> None:
    """Otherwise a host whose connection was lost would take the replay for one of which nothing was there."""
    school = lived()
    restored = evolve(RECEIPT, purged=(EnrolmentId("e-0001"), E))
    left: list[Skipped] = []
    first = school.office.replay(restored, left=left.append, once="k")
    assert (1, [Skipped(enrolment_id=E, why=Skip.NOT_ENDED)]) == (first, left)
    with school.unchanged():
        assert first == school.office.replay(restored, left=left.append, once="k")
    assert left[:1] == left[1:]


def _dead_letter(method: str, reason: ResolutionReason) -> tuple[Scenario, Callable[[PainSchool], object]]:
    school, id_ = given_up()
    name = letter_of(school).notification_id
    return school, lambda of: getattr(of.operator(OPERATOR), method)(id_, name, reason=reason, once="k")


def _at_a_desk(method: str) -> tuple[Scenario, Callable[[PainSchool], object]]:
    who, _, name = method.partition(".")
    return lived(), lambda of: getattr(PEOPLE[who][1](of), name)(**ONCE[method], once="k")


_RACING = sorted(ONCE.keys() - {"office.export"})
"""The calls that may meet their twin at any point; a folder takes one export at a time, and refuses the other."""


@pytest.mark.rule("D-24a", "D-13d")
@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize(
    "prepared",
    [
        *(partial(_at_a_desk, method) for method in _RACING),
        partial(_dead_letter, "send_again", REPAIRED),
        partial(_dead_letter, "drop", ResolutionReason.NOT_NEEDED),
    ],
    ids=[*_RACING, "operator.send_again", "operator.drop"],
)
def test_a_double_click_gets_the_first_result_wherever_the_other_one_comes(
    prepared: Callable[[], tuple[Scenario, Callable[[PainSchool], Any]]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Otherwise a call would count twice, or one that reads what its twin has just saved be refused."""

    def met_before(number: int) -> tuple[list[object], tuple[str, ...]]:
        """Return what the second call got, and the first one where there was one; and what is stored then."""
        (folder := tmp_path / str(number)).mkdir()
        monkeypatch.chdir(folder)
        school, act = prepared()
        calls, got = count(1), list[object]()

        def around(ours: Call) -> object:
            if next(calls) == number:
                got.append(act(school.school))
            return ours.go()

        second = act(beside(school, around))
        return [second, *got], school.kept().numbered()

    _, once = met_before(0)
    for number in count(1):
        (second, *first), kept = met_before(number)
        if not first:
            return
        assert second == first[0]
        assert once == kept, difference(once, kept)
