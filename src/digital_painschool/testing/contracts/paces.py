"""The storage's contract: workers keep to the pace of a channel together, and the most urgent goes first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.domain.digest import LONGEST_LEASE, LONGEST_WAIT, Claim
from digital_painschool.domain.ids import DigestId, EnrolmentId, NotificationId
from digital_painschool.domain.notification import Channel, Notify, Template
from digital_painschool.domain.pace import ChannelPace, DueCount
from digital_painschool.ports.storage import Storage, load_notifications
from digital_painschool.testing.contracts.changes import (
    DAY,
    HOUR,
    LEASE,
    MORNING,
    PERSONS,
    RUN,
    asking,
    begin,
    begun,
    converse,
    result,
    saved,
    sending,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.damage import DamageContract
from digital_painschool.testing.contracts.racing import RACERS, RacingContract, Wait, together
from digital_painschool.testing.people import NURSE, OTHER_UNIT, UNIT

SECOND = timedelta(seconds=1)
SPAN = 10 * SECOND
PACE = ChannelPace(interval=SECOND, round_size=3, pause=60 * SECOND)
INBOX = Channel.INBOX


def seconds(slots: Iterable[datetime]) -> list[float]:
    """Return how many seconds after the morning each slot is."""
    return [(slot - MORNING) / SECOND for slot in slots]


def assert_keeps(pace: ChannelPace, slots: Sequence[datetime]) -> None:
    """Assert that slots lie an interval apart, and that no more than a round follow each other without a pause."""
    in_round = 1
    for before, slot in pairwise(sorted(slots)):
        assert slot - before >= pace.interval, f"{slot - before} between two slots"
        in_round = 1 if slot - before >= pace.pause else in_round + 1
        assert pace.round_size is None or in_round <= pace.round_size, "a round goes on without its pause"


def owners_of(claims: Iterable[Claim]) -> list[str]:
    """Return whose notification is the first of each digest, by enrolment."""
    return [claim.digest.pending[0].notification.trigger.enrolment_id for claim in claims]


class PacesContract(DamageContract, RacingContract):
    """The slots of a channel, and the claims that they are for."""

    def damage_slot(self, place: Any, channel: Channel) -> None:  # noqa: ARG002 - whoever overrides it is given both
        """Make unreadable what is kept of the latest slot of a channel; override it. The storage is closed then."""
        self.not_proved("that an unreadable slot stops no channel", "damage_slot")

    @proves(
        "Paces.reserve_slots",
        "Paces.reserve_slots: apart",
        "Paces.reserve_slots: rounds",
        "Paces.reserve_slots: near",
    )
    def test_slots_follow_the_pace(self, storage: Storage) -> None:
        """Otherwise the national inbox would get more than it takes, and shut the region out (D-13e)."""

        def reserved(wanted: int, at: float, span: timedelta = SPAN, channel: Channel = INBOX) -> list[float]:
            return seconds(storage.reserve_slots(channel, PACE, wanted, MORNING + at * SECOND, span))

        assert [] == reserved(0, 0)
        assert [0, 1] == reserved(2, 0)
        assert [2] == reserved(9, 0)  # the round is full
        assert [62, 63, 64] == reserved(9, 0)
        assert [] == reserved(1, 0)  # another worker is at it
        assert [] == reserved(1, 54)
        assert [124] == reserved(1, 54.5)
        assert [125] == reserved(9, 124, span=SECOND / 2)
        assert [200, 201] == reserved(2, 200)  # unused slots are lost, and a quiet minute ends a round
        assert [202] == reserved(1, 200.25)
        assert [0, 1, 2] == reserved(3, 0, channel=Channel.SMS)

    @proves("Paces.reserve_slots: new pace")
    def test_another_pace_holds_at_once(self, storage: Storage) -> None:
        """Otherwise an operator who slows a channel down would have to wait until tomorrow."""
        storage.reserve_slots(INBOX, ChannelPace(interval=SECOND), 2, MORNING, SPAN)
        slow = evolve(PACE, interval=7 * SECOND)
        assert [8] == seconds(storage.reserve_slots(INBOX, slow, 9, MORNING, 6 * SECOND))
        quick = ChannelPace(interval=SECOND / 4)
        assert [8.25, 8.5] == seconds(storage.reserve_slots(INBOX, quick, 2, MORNING + 2 * SECOND, SPAN))
        hourly = ChannelPace(interval=HOUR)
        assert [3608.5] == seconds(storage.reserve_slots(INBOX, hourly, 9, MORNING + 2 * SECOND, SPAN))
        assert [63, 64] == seconds(storage.reserve_slots(INBOX, PACE, 2, MORNING + 3 * SECOND, SPAN))

    @proves("Paces.reserve_slots: clock", "Paces.reserve_slots: apart")
    def test_a_wrong_clock_neither_stops_a_channel_nor_hurries_it(self, storage: Storage) -> None:
        """Otherwise one server whose clock is a day ahead would silence all patients for a day."""
        storage.reserve_slots(INBOX, PACE, 2, MORNING + 5 * SECOND, SPAN)
        assert [7] == seconds(storage.reserve_slots(INBOX, PACE, 1, MORNING, SPAN))
        storage.reserve_slots(INBOX, PACE, 3, MORNING + DAY, SPAN)
        assert [80, 81, 82] == seconds(storage.reserve_slots(INBOX, PACE, 3, MORNING + 20 * SECOND, SPAN))

    @together
    @proves("Paces.reserve_slots: one transaction", "Storage: threads", "Storage: processes")
    def test_all_workers_keep_to_one_pace(self, place: object, how: str) -> None:
        """Otherwise each further worker would double what the inbox gets (D-13e)."""
        pace = ChannelPace(interval=SECOND, round_size=7, pause=60 * SECOND)

        def work(storage: Storage, wait: Wait) -> Any:
            found: list[datetime] = []
            for round_ in range(8):
                wait()
                found += storage.reserve_slots(INBOX, pace, 3, MORNING + round_ * 20 * SECOND, HOUR)
            return found

        with self.kept(place) as reopened:
            results = self.race(reopened, how, [work] * RACERS[how])
        slots = [slot for mine in results for slot in mine]
        assert len(slots) >= 8 * RACERS[how]
        assert_keeps(pace, slots)

    @proves("Paces.reserve_slots", "Storage: in place")
    def test_the_latest_slot_outlives_the_process(self, lasting_place: Any) -> None:
        """Otherwise cron, which starts a process a minute, would begin a round with each."""
        with self.opened(lasting_place) as storage:
            assert [0, 1] == seconds(storage.reserve_slots(INBOX, PACE, 2, MORNING, SPAN))
        with self.opened(lasting_place) as storage:
            assert [2] == seconds(storage.reserve_slots(INBOX, PACE, 2, MORNING, SPAN))

    @proves("Paces.reserve_slots: unreadable", "Storage: damaged")
    def test_an_unreadable_slot_counts_as_the_end_of_a_round(
        self, lasting_place: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Otherwise one bad row would silence all patients, or the pace would be forgotten."""
        with self.opened(lasting_place) as storage:
            storage.reserve_slots(INBOX, PACE, 2, MORNING, SPAN)
        self.damage_slot(lasting_place, INBOX)
        with self.opened(lasting_place) as storage:
            assert [65, 66] == seconds(storage.reserve_slots(INBOX, PACE, 2, MORNING + 5 * SECOND, SPAN))
        assert INBOX.value in caplog.text

    @proves("Outbox.claim: direct first", "Outbox.claim: oldest first")
    def test_direct_ones_come_first_and_then_the_oldest(self, storage: Storage) -> None:
        """Otherwise a direct message would wait behind hours of collected ones, or some wait for days (M-12)."""
        asking(storage, "late", PERSONS[0])
        [claim] = storage.claim(RUN, 10, LEASE)
        storage.complete([evolve(result(claim, at=RUN), next_at=RUN + DAY)])
        asking(storage, "0-fresh", PERSONS[1], at=MORNING + DAY)
        asking(storage, "direct", PERSONS[2], notify=Notify.DIRECT, at=RUN + DAY + HOUR)
        claimed = [storage.claim(RUN + DAY + HOUR, 1, LEASE) for _ in range(4)]
        assert [["direct"], ["late"], ["0-fresh"], []] == [owners_of(claims) for claims in claimed]

    @proves("Outbox.claim: oldest first")
    def test_a_digest_is_as_old_as_its_oldest_message(self, storage: Storage) -> None:
        """Otherwise whoever gets a message each day would never come first, or one told today go before the others."""
        told = asking(storage, "told", PERSONS[0])
        [claim] = storage.claim(RUN, 10, LEASE)
        storage.complete([evolve(result(claim, at=RUN), next_at=RUN + DAY)])
        saved(storage, write(told, notify=Notify.COLLECTED, at=MORNING + DAY))
        asking(storage, "0-fresh", PERSONS[1], at=MORNING + DAY)
        assert ["told"] == owners_of(storage.claim(RUN + DAY, 1, LEASE))
        [(fresh, _)] = begun(storage, RUN + DAY)
        storage.complete([evolve(result(fresh, at=RUN + DAY), next_at=RUN + DAY)])
        [again] = storage.claim(RUN + DAY, 10, LEASE)
        assert fresh.digest.id == again.digest.id

    @proves("Outbox.claim: channels", "Outbox.count_due", "Outbox.count_due: due")
    def test_each_channel_is_claimed_and_counted_by_itself(self, storage: Storage) -> None:
        """Otherwise a slow inbox would hold up every e-mail, or a plan promise what no worker can send (D-13e)."""
        change = converse(saved(storage, begin("staff", PERSONS[0])), notify=Notify.DIRECT, at=MORNING)
        [inbox] = change.notifications
        mail = evolve(
            inbox,
            id=NotificationId("mail"),
            channel=Channel.EMAIL,
            recipient=NURSE.hsa_id,
            template=Template.FORM_SAVED,
        )
        saved(storage, evolve(change, notifications=(inbox, mail)))
        asking(storage, "a", PERSONS[1])
        saved(
            storage,
            converse(saved(storage, begin("b", PERSONS[2], unit=OTHER_UNIT)), notify=Notify.COLLECTED, at=MORNING),
        )

        def counted(now: datetime) -> Counter[tuple[Any, ...]]:
            found: Iterable[DueCount] = storage.count_due(now)
            return Counter({(one.channel, one.unit, one.collected): one.number for one in found})

        direct = {(INBOX, UNIT, False): 1, (Channel.EMAIL, UNIT, False): 1}
        assert direct == counted(MORNING)
        assert {**direct, (INBOX, UNIT, True): 1, (INBOX, OTHER_UNIT, True): 1} == counted(RUN)
        assert () == storage.claim(RUN, 10, LEASE, ())
        assert () == storage.claim(RUN, 10, LEASE, {Channel.SMS})
        [claim] = storage.claim(RUN, 10, LEASE, {Channel.SMS, Channel.EMAIL})
        assert NURSE.hsa_id == claim.digest.recipient
        assert ["staff", "a"] == owners_of(storage.claim(RUN, 2, LEASE, [INBOX]))
        assert {(INBOX, OTHER_UNIT, True): 1} == counted(RUN + LEASE / 2)
        assert 4 == counted(RUN + LEASE).total()

    @proves("Outbox.claim: poison", "Outbox.claim: oldest first")
    def test_a_suspect_that_has_waited_a_day_has_its_place_again(self, storage: Storage) -> None:
        """Otherwise it would wait for ever where every forenoon is too short for all that is due."""
        for number, id_ in enumerate("abcd"):
            asking(storage, id_, PERSONS[number], notify=Notify.DIRECT, at=MORNING + number * HOUR)
        [_, *suspects] = storage.claim(MORNING + 2 * HOUR, 10, LEASE)
        storage.begin([(one, sending(one, now=MORNING + 2 * HOUR)) for one in suspects])
        tomorrow = MORNING + HOUR + DAY
        assert ["a", "d"] == owners_of(storage.claim(tomorrow - SECOND, 10, LEASE))
        tomorrow += 2 * HOUR
        assert ["a"] == owners_of(storage.claim(tomorrow, 10, LEASE))
        [poison] = storage.claim(tomorrow, 10, LEASE)
        storage.begin([(poison, sending(poison, now=tomorrow))])
        later = [owners_of(storage.claim(tomorrow + LEASE, 10, LEASE)) for _ in range(4)]
        assert [["b"], ["a"], ["c"], ["b"], ["d"]] == [owners_of([poison]), *later]

    @proves("Outbox.count_due: due", "Outbox.claim: channels", "Outbox.claim: poison")
    def test_a_suspect_counts_and_waits_for_its_channel(self, storage: Storage) -> None:
        """Otherwise a run would end before the one that it has to try last, or try it on another channel's turn."""
        asking(storage, "a", PERSONS[0], notify=Notify.DIRECT)
        begun(storage, MORNING)
        later = MORNING + LEASE
        assert [1] == [one.number for one in storage.count_due(later)]
        assert () == storage.claim(later, 10, LEASE, {Channel.EMAIL})
        assert [1] == [claim.lost for claim in storage.claim(later, 10, LEASE, {INBOX})]

    @proves("Outbox.count_due: unreadable", "Storage: damaged")
    def test_a_damaged_digest_hides_no_other_from_the_count(self, lasting_place: Any) -> None:
        """Otherwise one bad row would stop every channel that has a pace."""
        with self.opened(lasting_place) as storage:
            for id_, person in zip("abc", PERSONS, strict=False):
                asking(storage, id_, person)
            [first, *_] = load_notifications(storage, EnrolmentId("a"))
        self.damage(lasting_place, DigestId(first.notification.id))
        with self.opened(lasting_place) as storage:
            assert sum(one.number for one in storage.count_due(RUN)) in {2, 3}

    @proves("Outbox.claim: clock")
    def test_what_a_wrong_clock_has_written_stops_no_digest(self, storage: Storage) -> None:
        """Otherwise a worker whose clock was a year ahead for one run would silence all patients for that year."""
        asking(storage)
        [ahead] = storage.claim(RUN + 300 * DAY, 10, LEASE)
        assert 1 == sum(due.number for due in storage.count_due(RUN))
        [claim] = storage.claim(RUN, 10, LONGEST_LEASE)
        assert ahead.digest == claim.digest
        assert () == storage.claim(RUN, 10, LEASE), "the longest lease is held"
        storage.complete([evolve(result(claim, at=RUN), next_at=RUN + 300 * DAY)])
        [claim] = storage.claim(RUN, 10, LEASE)
        storage.complete([evolve(result(claim, at=RUN), next_at=RUN + LONGEST_WAIT)])
        assert () == storage.claim(RUN, 10, LEASE), "the longest wait is kept"
        assert 1 == len(storage.claim(RUN + LONGEST_WAIT, 10, LEASE))
