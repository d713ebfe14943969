"""The wrong person's inbox forgets what was sent of a withdrawn start."""

from collections.abc import Callable, Iterable

import pytest

from digital_painschool.adapters.memory import MemoryInbox
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.domain.retention import Skip
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.people import ANNA, BO
from digital_painschool.testing.scenario import Scenario

pytestmark = pytest.mark.rule("D-07b")


class Inbox(MemoryInbox):
    """An inbox that may be away, during whose deliveries something may happen, and that counts what it forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.asked = 0
        self.meanwhile: Callable[[], object] | None = None

    def deliver(self, notice: Notice) -> Delivered:
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        return super().deliver(notice)

    def forget(self, keys: Iterable[str]) -> int:
        if self.is_away:
            raise DeliveryError("the inbox is away")
        self.asked += 1
        return super().forget(keys)


def opened() -> tuple[Scenario, Inbox]:
    """Return a school with such an inbox."""
    inbox = Inbox()
    return Scenario(with_adapters(inbox=inbox), policy=Policy(staff_flags=frozenset(FlagKind))), inbox


def written_to(school: Scenario, number: str, notify: Notify = Notify.DIRECT) -> EnrolmentId:
    """Start the program for somebody, and write."""
    id_ = school.start(number)
    school.desk.start_conversation(id_, "Välkommen!", notify=notify)
    return id_


def test_the_notice_is_forgotten_at_the_next_pass_and_the_inbox_is_left_alone_then() -> None:
    """Otherwise the wrong person would read of a treatment until the purge, or an inbox be asked for ever."""
    school, inbox = opened()
    slip, right = written_to(school, ANNA), written_to(school, BO)
    school.deliver()
    assert 2 == len(inbox.delivered)
    school.desk.withdraw(slip, "wrong-person")
    version = school.state(slip).version
    school.deliver()
    assert [school.state(right).person] == [notice.person for notice in inbox.delivered]
    assert version == school.state(slip).version
    school.advance(minutes=31)  # two leases of any worker
    school.deliver()
    asked = inbox.asked
    school.advance(days=1)
    school.deliver()
    assert asked == inbox.asked
    assert 1 == len(inbox.delivered)


def test_an_inbox_that_is_away_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise an outage in that minute would leave the notice for years; or would stop what others wait for."""
    school, inbox = opened()
    slip = written_to(school, ANNA)
    school.deliver()
    school.desk.withdraw(slip, "wrong-person")
    inbox.is_away = True
    written_to(school, BO)
    school.advance(hours=5)
    assert 1 == school.deliver().delivered
    assert f"notices of the withdrawn enrolment {slip} are not forgotten yet: the inbox is away" in caplog.text
    inbox.is_away = False
    school.deliver()
    assert [BO] == [notice.person.value for notice in inbox.delivered]


def test_a_worker_that_was_sending_during_the_withdrawal_leaves_nothing_either() -> None:
    """Otherwise a notice that was on its way would arrive after the others were forgotten, and stay."""
    school, inbox = opened()
    slip = written_to(school, ANNA)

    def withdrawn_and_forgotten() -> None:
        school.desk.withdraw(slip, "wrong-person")
        school.deliver()
        school.advance(minutes=20)  # longer than a lease, and yet the call lasts
        school.deliver()

    inbox.meanwhile = withdrawn_and_forgotten
    school.deliver()
    school.advance(minutes=20)
    school.deliver()
    assert () == inbox.delivered


def test_what_another_enrolment_of_the_person_shares_stays_until_it_is_over() -> None:
    """Otherwise the person would lose the notice of the treatment that they do have."""
    school, inbox = opened()
    right = school.start(ANNA, "somnskola")
    school.desk.start_conversation(right, "Hej", notify=Notify.COLLECTED)
    slip = written_to(school, ANNA, Notify.COLLECTED)
    school.advance(hours=2)
    school.deliver()
    assert 1 == len(inbox.delivered)
    school.desk.withdraw(slip, "wrong-program")
    for _ in range(3):
        school.advance(hours=1)
        school.deliver()
    assert (1, 0) == (len(inbox.delivered), inbox.asked)
    school.desk.end(right, reason="klar")
    school.deliver()
    assert 0 == len(inbox.delivered)


@pytest.mark.rule("D-13b", "D-21a")
def test_a_batch_in_doubt_is_dropped_after_the_withdrawal_and_costs_a_purge_no_more_than_a_new_plan() -> None:
    """Otherwise the late note of the drop would keep a record of the wrong person from every purge."""
    inbox = Inbox()
    school = Scenario(with_adapters(inbox=inbox), policy=Policy(export_before_purge=False))

    def unknown() -> None:
        raise DeliveryError("the answer was lost")

    slip = written_to(school, ANNA)
    inbox.meanwhile = unknown
    assert 1 == school.deliver().retried
    school.desk.withdraw(slip, "wrong-person")
    withdrawn = school.state(slip)
    school.advance(hours=1)
    early = school.office.approve(school.office.plan_purge(), decision="RS 1")
    assert 1 == school.deliver().dropped
    assert withdrawn.version + 1 == school.state(slip).version
    assert 0 == school.deliver().dropped
    assert [Skip.CHANGED] == [one.why for one in school.office.purge(early).skipped]
    late = school.office.approve(school.office.plan_purge(), decision="RS 2")
    assert (slip,) == school.office.purge(late).purged
