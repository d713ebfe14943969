"""The simulated region: the same seed has the same outcome, findings stop nothing, and the report says all of it."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from time import sleep
from types import SimpleNamespace
from typing import cast
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve

from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.application import access_control
from digital_painschool.application.results import SentMessage
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event, NotificationDropped, NotificationUndelivered
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import (
    Channel,
    Notification,
    NotificationRecord,
    Notify,
    Status,
    Template,
    TriggeringEntry,
)
from digital_painschool.domain.people import Author
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import ConfigurationError
from digital_painschool.ports.storage import Storage
from digital_painschool.rules import flags, permissions
from digital_painschool.rules.flags import Flag
from digital_painschool.testing.environment import PortsFactory, in_memory, on_sqlite, stored_at
from digital_painschool.testing.faults import When
from digital_painschool.testing.reference.arrivals import Arrival
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.notifications import Excuses
from digital_painschool.testing.reference.steps import KINDS
from digital_painschool.testing.simulation import (
    Finding,
    Law,
    Outcome,
    Region,
    offices,
    patients,
    simulate,
    simulate_unit,
    therapists,
    unit_run,
)
from digital_painschool.testing.simulation.audit import check_enrolment
from digital_painschool.testing.simulation.chance import Chance
from digital_painschool.testing.simulation.days import holidays, is_working_day, working_day
from digital_painschool.testing.simulation.figures import quantile
from digital_painschool.testing.simulation.findings import Enough
from digital_painschool.testing.simulation.habits import Habits, Mishaps, StaffHabits
from digital_painschool.testing.simulation.region import person
from digital_painschool.testing.simulation.report import command, findings, tables, write
from digital_painschool.testing.simulation.scene import Scene
from digital_painschool.testing.simulation.storages import ports_factory_of
from digital_painschool.testing.simulation.taking import Steps
from digital_painschool.testing.simulation.unit_run import UnitRun
from digital_painschool.testing.simulation.worker import Worker
from proofs.seeded_bugs.kit.simulation import FORGETFUL, ROUGH, TINY

SMALL = Region(
    patients=24,
    years=1.2,
    seed=7,
    patients_per_therapist=6,
    therapists_per_unit=2,
    habits=Habits(
        staff=StaffHabits(maintains=0.9, maintains_early=0.3, goes_back=0.8, slips=0.2),
        mishaps=Mishaps(killed=0.08, overlaps=0.1, inbox_outages=0.1),
    ),
)
"""Two units, and a little more than a year, so that the year's end comes."""
SHORTEST = Region(patients=1, years=0.003)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def small() -> Outcome:
    """The small region, simulated once."""
    return simulate(SMALL)


class TestTheSameSeed:
    """The same seed has the same outcome, however it is run."""

    def test_nothing_is_found_in_the_library_as_it_is(self, small: Outcome) -> None:
        """Otherwise the library has a bug, or the reference has one."""
        assert () == small.findings

    def test_people_do_everything_that_there_is_to_do(self, small: Outcome) -> None:
        """Otherwise nothing was found because nothing happened."""
        done = {step for step, number in small.figures.steps.items() if number > small.figures.refused[step]}
        looks = {"PatientDesk.overview", "a call again under its key"}
        looks |= {f"TherapistDesk.{name}" for name in ("start", "to_handle", "enrolment", "caseload", "unit_caseload")}
        never = {"ReleaseModule", "TherapistRenames"}
        assert {kind.__name__ for kind in KINDS} - never | looks <= done
        fates = {"collected, delivered", "collected, dropped", "direct, delivered", "to staff, delivered"}
        assert fates <= small.figures.fates.keys()
        assert {"runs missed", "workers that overlapped", "processes that crashed"} <= small.figures.events.keys()

    @pytest.mark.search
    def test_again_and_on_two_processes_it_has_the_same_digest(self, small: Outcome) -> None:
        """Otherwise a finding could not be seen again, or would depend on the machine."""
        seen: list[int] = []
        again = simulate(SMALL, workers=2, progress=seen.append)
        assert (small.digest, small.figures) == (again.digest, again.figures)
        assert [unit.digest for unit in small.units] == [unit.digest for unit in again.units]
        assert [12, 24] == seen

    @pytest.mark.search
    def test_a_unit_alone_has_the_outcome_that_it_has_among_others(self, small: Outcome) -> None:
        """Otherwise `--unit` would not show the finding that it is asked for."""
        alone = simulate(SMALL, units=(2,))
        assert [small.units[1].digest] == [unit.digest for unit in alone.units]

    def test_a_shorter_run_is_the_beginning_of_the_longer_one(self, small: Outcome) -> None:
        """Otherwise `--until` would narrow a run to something else."""
        short = simulate(evolve(SMALL, until=date(2026, 2, 20)))
        first = {key: number for key, number in small.figures.by_day.items() if key[1] < 44 and number}
        assert first == {key: number for key, number in short.figures.by_day.items() if key[1] < 44 and number}

    @pytest.mark.search
    @pytest.mark.parametrize("storage", ["sqlite", "postgresql"])
    def test_every_storage_has_the_same_digest(self, storage: str, request: pytest.FixtureRequest) -> None:
        """Otherwise law 8 does not hold, or the digest depends on the storage."""
        there = on_sqlite if storage == "sqlite" else stored_at(request.getfixturevalue("postgresql_url"))
        short = evolve(SMALL, years=0.25, habits=ROUGH, patients=6)
        assert simulate_unit(short, 1).digest == simulate_unit(short, 1, there).digest

    @pytest.mark.search
    def test_the_digest_is_of_the_seed_and_of_what_is_stored(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Otherwise two different outcomes would pass for one, or the seed would be of no use."""
        short = evolve(SMALL, years=0.2)
        before = simulate_unit(short, 1)
        assert before.digest != simulate_unit(evolve(short, seed=8), 1).digest
        monkeypatch.setattr(patients, "_QUESTION", "Hej, hur gör jag med provningen?")
        assert before.digest != simulate_unit(short, 1).digest


def _it_refuses_now_and_then(patch: pytest.MonkeyPatch) -> None:
    asked = count(1)
    allowed = permissions.allowed
    patch.setattr(access_control, "allowed", lambda *who: next(asked) % 3 > 0 and allowed(*who))


def _there_is_a_flag_for_nothing(patch: pytest.MonkeyPatch) -> None:
    to_handle = flags.to_handle

    def one_more(state: Enrolment, now: datetime) -> tuple[Flag, ...]:
        talks = [
            Flag(kind=FlagKind.MESSAGE_RECEIVED, since=now, conversation=talk.number) for talk in state.conversations
        ]
        return (*to_handle(state, now), *talks, Flag(kind=FlagKind.PROGRAM_DONE, since=now))

    patch.setattr(flags, "to_handle", one_more)


def _refuses(*actions: permissions.Action) -> Callable[[pytest.MonkeyPatch], None]:
    def bug(patch: pytest.MonkeyPatch) -> None:
        allowed = permissions.allowed
        patch.setattr(access_control, "allowed", lambda action, *who: action not in actions and allowed(action, *who))

    return bug


class TestItGoesOn:
    """A finding stops nothing, up to a limit. That bugs are found, `proofs/seeded_bugs` shows."""

    @pytest.mark.parametrize(
        "bug",
        [
            _it_refuses_now_and_then,
            _there_is_a_flag_for_nothing,
            _refuses(permissions.Action.PLAN_PURGE, permissions.Action.HAND_OVER, permissions.Action.RELEASE_MODULE),
            _refuses(permissions.Action.EXPORT, permissions.Action.APPROVE_PURGE, permissions.Action.SEE_ENROLMENT),
            _refuses(permissions.Action.MARK_FORM_READ, permissions.Action.READ_ANSWERS),
            _refuses(permissions.Action.PURGE, permissions.Action.LIST_OWN_PATIENTS),
        ],
    )
    def test_a_unit_is_run_to_its_end_whatever_is_found(
        self, bug: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Otherwise one finding would hide all others."""
        for module in (offices, therapists):
            monkeypatch.setattr(module, "_PAGE", 1)
        bug(monkeypatch)
        outcome = simulate_unit(evolve(TINY, most_findings=10_000), 3)
        assert 1 < len(outcome.findings)
        assert outcome.digest

    def test_a_unit_stops_at_the_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Otherwise a library that is broken throughout would fill the screen and the memory with findings."""
        _there_is_a_flag_for_nothing(monkeypatch)
        outcome = simulate_unit(evolve(TINY, most_findings=2), 1)
        assert (2, "") == (len(outcome.findings), outcome.digest)
        assert 1 == outcome.figures.events["units that were stopped"]

    def test_purges_happen_where_the_export_is_made(self) -> None:
        """Otherwise law 7 would be proved of purges that there are not."""
        purged, left = "enrolments purged", "planned, and left as the rules ask"
        careful, forgetful = simulate_unit(TINY, 3).figures.events, simulate_unit(FORGETFUL, 3).figures.events
        assert (careful[purged] > 0, forgetful[purged], forgetful[left] > 0) == (True, 0, True)

    def test_a_unit_with_one_therapist_hands_nothing_over(self) -> None:
        """Otherwise looking for a colleague would stop the run."""
        alone = simulate_unit(evolve(TINY, therapists_per_unit=1, patients_per_therapist=4, years=0.2), 1)
        assert (0, ()) == (alone.figures.steps["HandOver"], alone.findings)

    def test_the_memory_of_a_process_is_shown_where_the_system_tells_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Otherwise the command would fail on a system without `resource`."""
        assert 10_000_000 < unit_run.peak_memory()
        monkeypatch.setitem(sys.modules, "resource", None)
        assert 0 == unit_run.peak_memory()


class TestTheReport:
    """The report of a run."""

    def test_its_tables(self, small: Outcome) -> None:
        """Otherwise nobody could say what was done, what it cost and how to do it again."""
        shown = tables(small)
        assert ["What was simulated", "Steps", "What became of the notifications"] == [*shown][:3]
        assert {"patients": "24", "units": "2", "seed": "7", "digest": small.digest}.items() <= shown[
            "What was simulated"
        ].items()
        assert small.memory > 10_000_000

    def test_the_command_names_what_is_not_the_default(self) -> None:
        """Otherwise the command would simulate another region."""
        assert "digital-painschool simulate --patients 10000 --years 2 --seed 7" == command(Region())
        other = Region(seed=1, begins=date(2027, 3, 1), until=date(2027, 4, 1), therapists_per_unit=2)
        assert command(other, unit=4).endswith(
            "--seed 1 --therapists-per-unit 2 --begins 2027-03-01 --until 2027-04-01 --unit 4"
        )

    def test_findings_are_shown_up_to_a_number(self, small: Outcome) -> None:
        """Otherwise a long list would hide of what kind the rest is."""
        some = tuple(
            Finding(law=Law.ORDER_IS_KEPT, unit=1, enrolment=f"1-{n}", at=NOW, sentence="open") for n in range(25)
        )
        broken = evolve(small, units=(evolve(small.units[0], findings=some), *small.units[1:]))
        shown = findings(broken)
        assert 21 == len(shown)
        assert shown[0].startswith("law 3, unit 1, enrolment 1-0, 2026-03-02 12:00:00Z: open\n    digital-painschool")
        assert "5 more of law 3" == shown[-1]

    def test_the_file_and_the_plots(self, small: Outcome, tmp_path: Path) -> None:
        """Otherwise the report would not open, or its plots would be empty."""
        broken = evolve(small.units[0], findings=(Finding(law=Law(0), unit=0, enrolment=None, at=NOW, sentence="odd"),))
        for name, outcome in (("well", small), ("ill", evolve(small, units=(broken,)))):
            write(outcome, tmp_path / name)
            for plot in ("activity", "waiting"):
                drawn = ET.parse(tmp_path / name / f"{plot}.svg")  # noqa: S314 - our own
                lines = [line for line in drawn.iter() if line.tag.endswith(("polyline", "rect"))]
                assert 8 < len(lines)
        assert "No findings: every law held." in (tmp_path / "well" / "report.md").read_text("utf-8")
        report = (tmp_path / "ill" / "report.md").read_text("utf-8")
        assert "law 0, unit 0, 2026-03-02 12:00:00Z: odd" in report
        assert "--unit 1\n" in report

    def test_a_report_of_next_to_nothing(self, tmp_path: Path) -> None:
        """Otherwise a run so short that nothing was late would end with an error after all its work."""
        outcome = simulate(SHORTEST)
        write(outcome, tmp_path)
        assert (tmp_path / "waiting.svg").stat().st_size > 500
        assert ["later than 25 h, after a run that was missed"] == [*tables(outcome)["How long it took"]]


def test_each_unit_has_a_storage_of_its_own(tmp_path: Path) -> None:
    """Otherwise units at different times in one database would deliver each other's notifications."""
    assert in_memory is ports_factory_of("memory://", 1)
    assert on_sqlite is ports_factory_of("sqlite://", 1)
    (tmp_path / "0001.db").touch()
    for url in ("sqlite:///region.db", f"sqlite:///{tmp_path.as_posix()}/{{unit}}.db"):
        with pytest.raises(ConfigurationError):
            ports_factory_of(url, 1)
    assert ports_factory_of("postgresql://db/unit_{unit}", 1) is not None


def refuse_the_first(place: Path, unit: int) -> PortsFactory:
    """Note that a unit was begun; the first cannot be opened, and the others take their time."""
    (place / str(unit)).touch()
    if unit == 1:
        raise ConfigurationError("no")
    sleep(0.2)
    return in_memory


def test_a_run_that_cannot_go_on_stops_at_once(tmp_path: Path) -> None:
    """Otherwise a mistyped storage, or Ctrl-C, would be noticed after all units of a long run."""
    region = evolve(SHORTEST, patients=12, patients_per_therapist=1, therapists_per_unit=1)
    with pytest.raises(ConfigurationError):
        simulate(region, workers=2, ports_factory=partial(refuse_the_first, tmp_path))
    assert len([*tmp_path.iterdir()]) < 10


def interrupt(_: int) -> PortsFactory:
    """Be interrupted, as everybody is by Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)
    return in_memory


def test_a_process_that_is_interrupted_ends() -> None:
    """Otherwise it would take Ctrl-C for an error of its unit and go on with the next one."""
    with pytest.raises(BrokenProcessPool):
        simulate(SHORTEST, workers=2, ports_factory=interrupt)


@pytest.fixture
def run() -> Iterator[UnitRun]:
    """A unit with a worker before anything has happened, at noon of 2 March, after the forenoon."""
    made = UnitRun(TINY, evolve(TINY.unit(1), policy=SMALL.unit(6).policy), in_memory)
    made.scene.scenario.now = NOW
    yield made
    made.scene.scenario.close()


@pytest.fixture
def scene(run: UnitRun) -> Scene:
    """The scene of that unit."""
    return run.scene


def model_of(scene: Scene, scheme: str = "personnummer") -> ReferenceEnrolment:
    """Return the model of an enrolment that has just begun, with a message that the patient has not read."""
    model = ReferenceEnrolment(
        id=EnrolmentId("1-1"),
        person=person(0, scheme),
        unit=scene.unit.id,
        therapist=scene.unit.therapists[0].hsa_id,
        program=scene.unit.programs[0],
        policy=scene.policy,
        started_at=NOW,
    )
    model.write(0, Author.THERAPIST, NOW)
    scene.models[model.id] = model
    return model


RUN = datetime(2026, 3, 3, 8, tzinfo=UTC)
"""Nine o'clock in Stockholm, on the day after."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class OneMessage:
    """A unit in which one message was sent at noon, and the findings about its notification."""

    def __init__(self, run: UnitRun, notify: Notify = Notify.COLLECTED, scheme: str = "personnummer") -> None:
        self.scene, self.model, self.notifications = run.scene, model_of(run.scene, scheme), run.notifications
        self.excuses: Excuses = run.notifications
        self.notifications._versions["1-1"] = 3
        self.notifications.sent(self.model, SentMessage(conversation=1, number=1), notify)
        ((self.key, self.expected),) = self.notifications.oracle.expected.items()
        self.id = "1-1.3.inbox.20260302"

    def at(self, at: datetime) -> "OneMessage":
        self.scene.scenario.now = at
        return self

    def disturbed(self) -> "OneMessage":
        self.notifications.disturb()
        return self

    def arrived(self) -> None:
        to = self.model.person
        self.notifications.arrived(Arrival(self.scene.now, Channel.INBOX, to, Template.MESSAGE_TO_READ, f"{self.id}.x"))

    def noted(self, kind: Callable[..., Event], by: str = "system") -> None:
        event = kind(at=self.scene.now, by=by, notification=self.id, channel=Channel.INBOX)
        self.notifications.saved(cast("Enrolment", SimpleNamespace(id="1-1", version=4)), (event,))

    def judged(self, status: Status, *, owed: bool = False) -> list[str]:
        record = NotificationRecord(
            notification=Notification(
                id=NotificationId(self.id),
                unit=self.model.unit,
                channel=Channel.INBOX,
                recipient=self.model.person,
                template=Template.MESSAGE_TO_READ,
                due_at=self.expected.due_at,
                collected=self.expected.collected,
                trigger=TriggeringEntry(enrolment_id=EnrolmentId("1-1"), seq=3, conversation=1, number=1),
            ),
            status=status,
            attempts=1,
            settled_at=None if status is Status.PENDING else self.scene.now,
        )
        stored = SimpleNamespace(notifications=lambda _, **__: (record,), unnoted=lambda: (record,) if owed else ())
        self.scene.scenario.storage = cast("Storage", stored)
        self.notifications.judge()
        return [finding.sentence for finding in self.scene.findings.values()]


class TestWhatFaultsExcuse:
    """A fault excuses what follows from it, and nothing else."""

    @pytest.mark.parametrize(("notify", "late"), [(Notify.COLLECTED, RUN + DAY), (Notify.DIRECT, NOW + 3 * HOUR)])
    @pytest.mark.parametrize("excused", [False, True])
    def test_a_late_notice(self, run: UnitRun, notify: Notify, late: datetime, excused: bool) -> None:
        """Otherwise a run that was forgotten would look like a run that was missed."""
        one = OneMessage(run, notify).at(RUN if notify is Notify.COLLECTED else NOW)
        if excused:
            one.disturbed()
        one.at(late).arrived()
        assert excused is not any("after it was asked for" in found for found in one.judged(Status.DELIVERED))

    @pytest.mark.parametrize(("notify", "in_time"), [(Notify.COLLECTED, RUN), (Notify.DIRECT, NOW + HOUR)])
    def test_a_notification_that_waits(self, run: UnitRun, notify: Notify, in_time: datetime) -> None:
        """Otherwise it would wait for ever, and nobody would know."""
        one = OneMessage(run, notify)
        assert [] == one.at(in_time).judged(Status.PENDING)
        (late,) = one.at(in_time + HOUR).judged(Status.PENDING)
        assert "still waits after the run" in late

    def test_a_note_that_a_later_run_writes(self, run: UnitRun) -> None:
        """Otherwise a worker that crashes would be taken for one that forgets, or the other way round."""
        one = OneMessage(run).disturbed()
        assert [] == one.judged(Status.DROPPED, owed=True)
        one.at(RUN + DAY)
        (missing,) = one.judged(Status.DROPPED, owed=True)
        assert "the timeline does not say so" in missing

    @pytest.mark.parametrize(
        ("read", "disturbed", "by", "wrong"),
        [
            (False, False, "system", True),
            (True, False, "system", False),
            (False, True, "system", False),
            (False, False, "SE2321000131-P000000000001", False),
        ],
    )
    def test_a_drop(self, run: UnitRun, read: bool, disturbed: bool, by: str, wrong: bool) -> None:
        """Otherwise nobody would be notified of an unread message."""
        one = OneMessage(run).at(RUN)
        if read:
            one.model.read(1, Author.PATIENT, RUN)
        if disturbed:
            one.disturbed()
        one.noted(NotificationDropped, by)
        assert wrong is any("with something left to tell" in found for found in one.judged(Status.DROPPED))

    @pytest.mark.parametrize(
        ("scheme", "is_down", "wrong"),
        [("personnummer", False, True), ("personnummer", True, False), ("vgr-reservnummer", False, False)],
    )
    def test_giving_up(self, run: UnitRun, scheme: str, is_down: bool, wrong: bool) -> None:
        """Otherwise one failure would be taken for the last."""
        one = OneMessage(run, scheme=scheme).at(RUN)
        run.scene.region = cast("Region", SimpleNamespace(outages=((NOW, RUN),) if is_down else ()))
        one.noted(partial(NotificationUndelivered, status=Status.FAILED))
        run.scene.region = TINY
        assert wrong is any("wrongly" in found for found in one.judged(Status.FAILED))


class TestOneAtATime:
    """What happens seldom, by itself."""

    def test_a_visit_to_a_purged_enrolment(self, scene: Scene) -> None:
        """Otherwise the patient would stop the run, or be let in."""
        model = model_of(scene)
        model.purged = True
        patients.PatientLife(scene, Steps(scene), model, Chance(1)).visit()
        assert (1, {}) == (scene.figures.refused["PatientDesk.overview"], scene.findings)

    @pytest.mark.parametrize(("within", "sent"), [(True, 1), (False, 0)])
    def test_a_run_within_a_run_does_not_crash_of_its_fault(self, run: UnitRun, within: bool, sent: int) -> None:
        """Otherwise both workers would crash of one fault, and nobody could say of which."""
        scene = run.scene
        scene.region = evolve(TINY, habits=Habits(mishaps=Mishaps(killed=0.0, pass_missed=0.0, worker_away=0.0)))
        worker = Worker(scene, run.processes, run.notifications)
        desk = scene.school.therapist(scene.unit.therapists[0])
        started = desk.start(person(0, "personnummer").value, program="digitala-smartskolan")
        desk.start_conversation(started.id, "Hej", notify=Notify.DIRECT)
        run.processes.crash(0, When.BEFORE)
        worker._running = within
        scene.guard(worker.run)
        assert (sent, 1 - sent) == (scene.figures.runs["sent"], scene.figures.events["processes that crashed"])

    def test_an_enrolment_that_is_gone(self, run: UnitRun) -> None:
        """Otherwise nobody would miss it."""
        check_enrolment(run.scene, run.notifications, model_of(run.scene))
        assert [Law.REPLAY_GIVES_THE_STATE] == [finding.law for finding in run.scene.findings.values()]

    def test_of_one_law_and_enrolment_only_the_first_is_noted(self, scene: Scene) -> None:
        """Otherwise what follows from the first would push out what is found elsewhere."""
        for sentence in ("first", "second"):
            scene.find(Law.NOTIFIED_ONCE_IN_TIME, "1-1", sentence)
            scene.find(Law.NOTIFIED_ONCE_IN_TIME, None, sentence)
        assert ["first", "first", "second"] == [finding.sentence for finding in scene.findings.values()]
        scene.region = evolve(TINY, most_findings=4)
        with pytest.raises(Enough):
            scene.find(Law.NOTIFIED_ONCE_IN_TIME, "1-2", "first")

    def test_an_error_that_nobody_foresaw(self, scene: Scene) -> None:
        """Otherwise an error of the library's own would stop the run, or pass for a refusal."""
        scene.guard(lambda: int("x"))
        [finding] = scene.findings.values()
        assert Law.NOTHING_UNFORESEEN is finding.law
        assert "raised ValueError" in finding.sentence


class TestChanceAndDays:
    """Random numbers, working days and identity numbers."""

    def test_chance_is_named_and_the_same_everywhere(self) -> None:
        """Otherwise the same seed would mean something else on another machine or version."""
        chance = Chance(7, "somebody")
        assert [94, 47, 84] == [chance.whole(1, 100) for _ in range(3)]
        assert Chance(7, "a").whole(0, 10**6) != Chance(7, "b").whole(0, 10**6)
        assert {"a", "b", "c"} == {chance.weighed(("a", 0.3), ("b", 0.3), ("c", 0)) for _ in range(50)}
        assert 1 == chance.whole(1, 1)
        assert timedelta(0) <= chance.time(timedelta(0), HOUR) <= HOUR

    def test_days_off_in_sweden(self) -> None:
        """Otherwise therapists would work on Christmas Eve and be away on days on which everybody works."""
        off = ((4, 3), (4, 6), (5, 14), (6, 19), (12, 24), (3, 1))
        assert not any(is_working_day(date(2026, month, day)) for month, day in off)
        assert len(holidays(2026)) == 12
        assert date(2026, 4, 7) == working_day(date(2026, 4, 3))

    def test_numbers_are_right_of_test_series_and_all_different(self) -> None:
        """Otherwise a start would be refused, or a number would be somebody's."""
        for scheme in ("personnummer", "samordningsnummer", "vgr-reservnummer"):
            some = [person(index, scheme) for index in (*range(200), 9_999, 59_999)]
            assert len(set(some)) == len(some)
            for one in some:
                assert one == SwedishIdentity((scheme,)).parse(one.value, today=date(2026, 1, 7))
        assert {"980", "981", "982"} == {person(index, "personnummer").value[8:11] for index in range(9)}

    def test_quantiles(self) -> None:
        """Otherwise the report would show a lateness that nothing had."""
        counts = Counter({1: 50, 4: 45, 9: 5})
        assert (1, 4, 9) == tuple(quantile(counts, share) for share in (0.5, 0.95, 1.0))
        assert quantile(Counter(), 0.5) is None
