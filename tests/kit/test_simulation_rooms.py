"""A region in a box, room by room: its books, its audit, and what happens seldom, each by itself."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from attrs import evolve

from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.application.caseload import Case
from digital_painschool.domain.events import AccessEnded, Event
from digital_painschool.domain.notification import (
    Channel,
    Notification,
    NotificationRecord,
    Notify,
    Status,
    Template,
    TriggeringEntry,
)
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import NotPermitted, Reason
from digital_painschool.ports.storage import Entry, Storage, Timeline
from digital_painschool.testing.environment import in_memory
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM
from digital_painschool.testing.simulation import Law, Region, audit, patients
from digital_painschool.testing.simulation import region as region_module
from digital_painschool.testing.simulation.alarms import alarms
from digital_painschool.testing.simulation.audit import check_account, check_rows
from digital_painschool.testing.simulation.chance import Chance
from digital_painschool.testing.simulation.days import clock_changes, holidays, instant, is_working_day, working_day
from digital_painschool.testing.simulation.figures import Figures, quantile
from digital_painschool.testing.simulation.habits import Habits, Mishaps
from digital_painschool.testing.simulation.notification_oracle import Tellings
from digital_painschool.testing.simulation.reference_model import Account, Stage
from digital_painschool.testing.simulation.region import STOCKHOLM, person
from digital_painschool.testing.simulation.scene import Scene
from digital_painschool.testing.simulation.worker import Worker

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FEW = Region(patients=12, years=0.4, seed=3, patients_per_therapist=2, therapists_per_unit=2, begins=date(2026, 5, 25))
TREATMENT = region_module._treatments(Ordering.GUIDED)[0]
UNIT = HsaId("SE2321000131-E000000000001")
THERAPIST = HsaId("SE2321000131-P000000000001")


def account(scheme: str = "personnummer", started: datetime = NOW) -> Account:
    """Return an account of an enrolment that has just begun."""
    who = PersonId(scheme, "198507099805")
    return Account("1-1", who, UNIT, THERAPIST, TREATMENT, STOCKHOLM, started)


def record(status: Status, *, settled_at: datetime | None = None, **other: Any) -> NotificationRecord:
    """Return a notification as the library's books have it: of the first message of the first conversation."""
    values: dict[str, Any] = {
        "id": "n-1",
        "unit": UNIT,
        "channel": Channel.INBOX,
        "recipient": account().person,
        "template": Template.MESSAGE_TO_READ,
        "due_at": NOW,
        "trigger": TriggeringEntry(enrolment_id="1-1", seq=3, conversation=1, number=1),
    }
    one = Notification(**{**values, **other})
    return NotificationRecord(notification=one, status=status, attempts=1, settled_at=settled_at)


class Ledger:
    """Books of notifications with what they have found, at noon of Monday 2 March, after the forenoon."""

    def __init__(self, *outages: tuple[datetime, datetime]) -> None:
        self.found: list[str] = []
        self.figures = Figures(NOW)
        self.account = account()
        self.books = Tellings(Policy(), lambda _, sentence: self.found.append(sentence), self.figures, outages)

    def sent(self, notify: Notify = Notify.COLLECTED, *kept: NotificationRecord) -> datetime | None:
        return self.books.expect(self.account, 1, 1, NOW, notify, kept or (record(Status.PENDING),))

    def judged(self, at: datetime, *kept: NotificationRecord) -> list[str]:
        self.books.judge(lambda _: kept, at)
        return self.found


RUN = datetime(2026, 3, 3, 8, tzinfo=UTC)
"""Nine o'clock in Stockholm, on the day after."""
HOUR = timedelta(hours=1)


class TestTheBooksOfNotifications:
    """Each way in which a notification can go wrong is told from those in which it goes right."""

    def test_a_message_belongs_to_one_notification_or_none(self) -> None:
        """A message that asks twice, or not at all, would pass."""
        assert RUN == Ledger().sent()
        assert NOW == Ledger().sent(Notify.DIRECT)
        without, twice, none = Ledger(), Ledger(), Ledger()
        without.sent(Notify.NONE)
        assert ["a message without notification asked for one"] == without.found
        twice.sent(Notify.DIRECT, record(Status.PENDING), record(Status.PENDING))
        assert ["a message belongs to 2 notifications, not one"] == twice.found
        none.sent(Notify.DIRECT, record(Status.PENDING, channel=Channel.EMAIL))
        assert ["a message belongs to 0 notifications, not one"] == none.found

    def test_a_notice_that_nobody_asked_for(self) -> None:
        """A patient would be called to read nothing."""
        books = Ledger()
        books.books.arrive("n-9.1", books.account.person, NOW)
        assert ["a notice came that no message to that person asked for"] == books.found

    @pytest.mark.parametrize(
        ("at", "words"),
        [
            (RUN, []),
            (RUN - HOUR, ["a collected notice came at 08:00 local time"]),
            (RUN + 4 * HOUR, ["a collected notice came at 13:00 local time"]),
            (RUN - timedelta(days=1), ["a collected notice came before the run that it was to go with"]),
        ],
    )
    def test_a_collected_one_comes_in_the_forenoon_of_its_day(self, at: datetime, words: list[str]) -> None:
        """Patients would be woken, or told before the run."""
        books = Ledger()
        books.sent()
        books.books.arrive("n-1.1", books.account.person, at)
        assert words == books.found

    def test_two_on_one_day_and_one_for_nothing(self) -> None:
        """The same would be told twice."""
        books = Ledger()
        books.sent()
        books.books.arrive("n-1.1", books.account.person, RUN)
        books.books.read(books.account, 1, 1, RUN)
        books.books.read(books.account, 1, 2, RUN + HOUR)
        books.books.arrive("n-1.2", books.account.person, RUN + HOUR)
        second, nothing = "a second notice of one kind came to one patient on one day", "there was nothing left to read"
        assert [f"{second}", f"a collected notice came although {nothing}"] == books.found

    def test_drops_are_on_record_once_and_for_a_reason(self) -> None:
        """A message that is unread would be told of by nobody."""
        books = Ledger()
        books.sent()
        books.books.drop(books.account, "n-1", RUN, by_system=True)
        books.books.drop(books.account, "n-1", RUN, by_system=False)
        unread, twice = "a notification was dropped although its message is unread", "noted as dropped twice"
        assert [f"{unread}", f"one notification was {twice}"] == books.found

    def test_given_up_only_when_nobody_can_be_reached(self) -> None:
        """One failure would be taken for the last."""
        books, down = Ledger(), Ledger((NOW, RUN))
        books.books.give_up(books.account, "n-1", RUN)
        assert ["given up although the inbox was up and knows the person"] == books.found
        down.books.give_up(down.account, "n-1", RUN)
        down.books.give_up(account("vgr-reservnummer"), "n-2", RUN)
        assert [] == down.found

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (Status.DELIVERED, "told by the library's books, and nothing came"),
            (Status.DROPPED, "dropped, and the timeline does not say so"),
            (Status.FAILED, "failed, and the timeline does not say so"),
            (Status.PENDING, "a notification still waits after its last run"),
        ],
    )
    def test_what_the_library_says_is_held_against_what_was_seen(self, status: Status, words: str) -> None:
        """The library's books would be believed."""
        books = Ledger()
        books.sent()
        assert [f"{words}"] == books.judged(RUN + HOUR, record(status))

    def test_one_that_is_gone_from_the_books(self) -> None:
        """A notification that was lost would be asked for by nobody."""
        books = Ledger()
        books.sent()
        assert ["a notification is not in the books any more"] == books.judged(RUN)

    def test_a_note_that_a_later_run_writes(self) -> None:
        """A worker that dies would be taken for one that forgets, or the other way round."""
        books = Ledger()
        books.sent()
        books.books.went_wrong(NOW)
        dropped = record(Status.DROPPED, settled_at=NOW)
        assert [] == books.judged(RUN, dropped)
        assert ["dropped, and the timeline does not say so"] == books.judged(RUN + 24 * HOUR, dropped)

    def test_a_late_one_is_excused_by_a_mishap_alone(self) -> None:
        """A run that was forgotten would look like a run that was missed."""
        late, excused = Ledger(), Ledger()
        for books in (late, excused):
            books.sent()
            books.books.arrive("n-1.1", books.account.person, RUN + 24 * HOUR)
        excused.books.went_wrong(RUN)
        done = record(Status.DELIVERED, settled_at=RUN + 24 * HOUR)
        assert ["told 1 day, 20:00:00 after the message, and nothing was missed"] == late.judged(RUN + 24 * HOUR, done)
        assert [] == excused.judged(RUN + 24 * HOUR, done)

    def test_a_direct_one_comes_with_the_next_pass(self) -> None:
        """Direct would come to mean some day."""
        books, disturbed = Ledger(), Ledger()
        for one in (books, disturbed):
            one.sent(Notify.DIRECT)
            one.books.arrive("n-1.1", one.account.person, NOW + 3 * HOUR)
        disturbed.books.went_wrong(NOW)
        done = record(Status.DELIVERED, settled_at=NOW + 3 * HOUR)
        assert ["told 3:00:00 after the message, and nothing was missed"] == books.judged(NOW + 4 * HOUR, done)
        assert [] == disturbed.judged(NOW + 4 * HOUR, done)

    def test_a_direct_one_that_waits(self) -> None:
        """It would wait for ever, and nobody would know."""
        books = Ledger()
        books.sent(Notify.DIRECT)
        assert [] == books.judged(NOW + HOUR, record(Status.PENDING))
        late = books.judged(NOW + 2 * HOUR, record(Status.PENDING))
        assert ["a notification still waits after its last run"] == late


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A unit before anything has happened."""
    made = Scene(FEW, FEW.unit(1), in_memory)
    yield made
    made.close()


class TestOneAtATime:
    """What happens seldom, by itself."""

    def test_a_visit_to_what_was_purged(self, scene: Scene) -> None:
        """The patient of a purged enrolment would stop the run, or be let in."""
        gone = account()
        gone.purged = True
        patients.PatientLife(scene, gone, Chance(1)).visit()
        assert (1, []) == (scene.figures.refused["look at what was purged"], scene.findings.all)

    def test_a_pass_within_a_pass_goes_well(self, scene: Scene) -> None:
        """Both workers would die of one mishap, and nobody could say of which."""
        scene.region = evolve(FEW, habits=Habits(mishaps=Mishaps(killed=1.0, pass_missed=0.0, worker_away=0.0)))
        worker = Worker(scene)
        worker.make_pass()
        worker._running = True
        scene.surroundings.fuse = 3
        worker.make_pass()
        assert (2, 3) == (scene.figures.passes["passes"], scene.surroundings.fuse)


class TestTheAudit:
    """What is kept is held against the books, entry by entry."""

    def test_what_is_not_there_any_more(self, scene: Scene) -> None:
        """An enrolment that was lost would not be missed."""
        check_account(scene, account())
        assert [Law.REPLAY_GIVES_THE_STATE] == [finding.law for finding in scene.findings.all]

    @pytest.mark.parametrize(
        ("kept", "sent", "words"),
        [
            ((record(Status.PENDING), record(Status.PENDING)), {}, "one message belongs to two notifications"),
            ((), {}, "notifications to the therapist: 1 by the books, and it is 0"),
            ((Status.DELIVERED,), {}, "to the therapist: delivered, by the way otherwise"),
            ((Status.DROPPED,), {"n-1": NOW}, "to the therapist: dropped, by the way otherwise"),
            ((Status.PENDING,), {}, "to the therapist: waits for more than two days"),
        ],
    )
    def test_notifications(self, scene: Scene, kept: tuple[Any, ...], sent: dict[str, datetime], words: str) -> None:
        """A therapist would be told twice, or never, or of somebody else's patient."""
        to_staff: dict[str, Any] = {
            "channel": Channel.EMAIL,
            "recipient": THERAPIST,
            "trigger": TriggeringEntry(enrolment_id="1-1", seq=2),
        }
        records_ = [record(one, **to_staff) if isinstance(one, Status) else one for one in kept]
        about = account()
        about.staff_notices = 0 if "two notifications" in words else 1
        scene.environment.now = NOW + timedelta(days=100)
        scene.surroundings.sent = sent
        scene.storage = cast("Storage", SimpleNamespace(notifications=lambda _: records_))
        audit._check_notifications(scene, about)
        assert [words] == [finding.sentence for finding in scene.findings.all]

    def test_who_was_told_had_the_patient(self, scene: Scene) -> None:
        """A therapist would be told of a patient who is somebody else's now."""
        about, later = account(), HsaId("SE2321000131-P000000000002")
        about.hand_over(later, NOW)
        assert (THERAPIST, later) == (about.therapist_at(NOW), about.therapist_at(NOW + HOUR))
        about.staff_notices = 1
        done = record(Status.DELIVERED, channel=Channel.SMS, recipient=THERAPIST)
        scene.storage = cast("Storage", SimpleNamespace(notifications=lambda _: [done]))
        scene.surroundings.sent = {"n-1": NOW + HOUR}
        audit._check_notifications(scene, about)
        assert ["a therapist was told who did not have the patient any more"] == [
            f.sentence for f in scene.findings.all
        ]

    def test_what_a_purge_left(self, scene: Scene) -> None:
        """A record would outlive its purge, and the receipt would be believed."""
        left = Timeline(entries=(Entry(seq=1, event=cast("Event", None)),))

        def timelines(ids: Iterable[str], _: object, documents: Iterable[int]) -> Mapping[str, Timeline]:
            return {} if [*documents] else dict.fromkeys(ids, left)

        kept = SimpleNamespace(
            load_many=lambda ids: {id_: SimpleNamespace(id=id_) for id_ in ids},
            load_timelines=timelines,
            notifications=lambda _: (),
        )
        scene.storage = cast("Storage", kept)
        audit.check_purged(scene, account())
        assert ["purged, and left: state, timeline"] == [finding.sentence for finding in scene.findings.all]

    def test_the_end_of_access_is_noted_once_and_where_it_is(self, scene: Scene) -> None:
        """A patient would be let in after the end, or kept out before it."""
        about = account()
        about.noted.append(NOW)
        scene._note_access_ended(about, cast("AccessEnded", SimpleNamespace(access_until=NOW)))
        assert {Law.ACCESS_FOLLOWS_THE_TABLE} == {finding.law for finding in scene.findings.all}

    def test_what_nobody_foresaw(self, scene: Scene) -> None:
        """An error of the library's own would stop the run, or pass for a refusal."""
        scene.guard(lambda: int("x"))
        [finding] = scene.findings.all
        assert Law.NOTHING_UNFORESEEN is finding.law
        assert "raised ValueError" in finding.sentence

    def test_a_list_with_a_row_too_few(self, scene: Scene) -> None:
        """A patient would be missing from the list and from nobody's mind."""
        check_rows(scene, [], [account()])
        assert "a list's row: (2, '1-1', 0, 0, False, 0, False, False" in scene.findings.all[0].sentence

    def test_a_list_in_another_order(self, scene: Scene) -> None:
        """An alarm would stand at the end of the list."""
        first, second = account(), account()
        second.id = "1-2"
        rows = [cast("Case", _case(one.row(scene.now, 21 * timedelta(days=1)))) for one in (second, first)]
        check_rows(scene, rows, [first, second])
        assert [Law.UNREAD_IS_SAVED_LESS_READ] == [finding.law for finding in scene.findings.all]


def _case(row: tuple[Any, ...]) -> object:
    rank, id_, forms, messages, done, undelivered, first, ending, due = row
    counts = {"unread_forms": forms, "unread_messages": messages, "done": done, "undelivered": undelivered}
    return SimpleNamespace(**counts, priority=first, ending=ending, review_due=due, key=(rank, id_))


class TestWhatAllRestsOn:
    """Chance, days, numbers and the books of an enrolment."""

    def test_chance_is_named_and_the_same_everywhere(self) -> None:
        """The same seed would give something else on another machine or version."""
        chance = Chance(7, "somebody")
        assert [94, 47, 84] == [chance.whole(1, 100) for _ in range(3)]
        assert Chance(7, "a").whole(0, 10**6) != Chance(7, "b").whole(0, 10**6)
        assert {"a", "b", "c"} == {chance.weighed(("a", 0.3), ("b", 0.3), ("c", 0)) for _ in range(50)}
        assert 1 == chance.whole(1, 1)
        assert timedelta(0) <= chance.time(timedelta(0), HOUR) <= HOUR

    def test_days_off_in_sweden(self) -> None:
        """Therapists would work on Christmas Eve and be away on days on which everybody works."""
        off = (
            date(2026, 4, 3),
            date(2026, 4, 6),
            date(2026, 5, 14),
            date(2026, 6, 19),
            date(2026, 12, 24),
            date(2026, 3, 1),
        )
        assert not any(map(is_working_day, off))
        assert len(holidays(2026)) == 12
        assert date(2026, 4, 7) == working_day(date(2026, 4, 3))
        assert (date(2026, 3, 29), date(2026, 10, 25)) == clock_changes(STOCKHOLM, 2026)
        assert datetime(2026, 7, 1, 7, tzinfo=UTC) == instant(date(2026, 7, 1), time(9), STOCKHOLM)

    def test_numbers_are_right_of_test_series_and_all_different(self) -> None:
        """A start would be refused, or a number would be somebody's."""
        schemes = ("personnummer", "samordningsnummer", "vgr-reservnummer")
        for scheme in schemes:
            some = [person(index, scheme) for index in (*range(200), 9_999, 59_999)]
            assert len(set(some)) == len(some)
            for one in some:
                assert one == SwedishIdentity((scheme,)).parse(one.value, today=date(2026, 1, 7))
        assert {"980", "981", "982"} == {person(index, "personnummer").value[8:11] for index in range(9)}

    def test_what_alarms(self) -> None:
        """An alarm that the library misses would be missed here too."""
        pain, daily = (PROGRAM.form(key) for key in (PAIN, DAILY))
        assert pain is not None
        assert daily is not None
        assert [False, True] == [alarms(pain, {"smarta": number}) for number in (8, 9)]
        assert alarms(daily, {"hemma": "ring"})
        assert not alarms(daily, {"hemma": "svart", "var": ("rygg",)})
        assert alarms(daily, {"hemma": "svart", "var": ("rygg", "axel")})
        assert alarms(daily, {"hemma": "bra", "steg": 6, "timmar": 24})

    def test_what_the_staff_may_do(self) -> None:
        """Who does not have the patient would be expected to be let in."""
        about = account()
        assert (None, NotPermitted) == (about.staff_shut(THERAPIST), about.staff_shut(HsaId("SE2321000131-P9")))
        about.stage = Stage.ENDED
        assert (Reason.ALREADY_ENDED, None) == (
            about.staff_shut(THERAPIST),
            about.staff_shut(THERAPIST, after_end=True),
        )
        assert ([], None) == (about.flags(NOW), about.oldest_wait())

    def test_quantiles(self) -> None:
        """The report would tell of a lateness that nothing had."""
        counts = Counter({1: 50, 4: 45, 9: 5})
        assert (1, 4, 9) == tuple(quantile(counts, share) for share in (0.5, 0.95, 1.0))
        assert quantile(Counter(), 0.5) is None
