"""A region in a box: the same seed gives the same, it finds what is wrong, and its report says so."""

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from time import sleep
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import enrolments, outbox
from digital_painschool.adapters.memory import retention as memory_retention
from digital_painschool.application import access_control, executor, overview
from digital_painschool.application.access_control import AccessControl
from digital_painschool.delivery import notes, worker
from digital_painschool.domain import digest, fold
from digital_painschool.domain.digest import DeliveryResult
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import AccessEnded, FormSaved
from digital_painschool.domain.notification import Notification, Status
from digital_painschool.domain.people import Role
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.domain.program import Ordering
from digital_painschool.domain.retention import EndedEnrolment
from digital_painschool.errors import ConfigurationError, NotPermitted
from digital_painschool.rules import access, digests, flags, lifecycle, notifications, ordering, permissions, retention
from digital_painschool.rules.access import ACCESS, Access
from digital_painschool.rules.flags import Flag
from digital_painschool.testing.environment import PortsFactory, in_memory, on_sqlite
from digital_painschool.testing.simulation import (
    Finding,
    Law,
    Outcome,
    Region,
    offices,
    patients,
    running,
    simulate,
    simulate_unit,
    therapists,
)
from digital_painschool.testing.simulation import region as region_module
from digital_painschool.testing.simulation.findings import Enough, Findings
from digital_painschool.testing.simulation.habits import Habits, Mishaps, PatientHabits, StaffHabits
from digital_painschool.testing.simulation.region import Treatment
from digital_painschool.testing.simulation.report import command, findings, parts, write
from digital_painschool.testing.simulation.storages import opening_of

SMALL = Region(
    patients=24,
    years=1.2,
    seed=7,
    patients_per_therapist=6,
    therapists_per_unit=2,
    habits=Habits(staff=StaffHabits(maintains=0.9), mishaps=Mishaps(killed=0.05, overlaps=0.1, inbox_outages=0.1)),
)
"""Two units, and a little more than a year, so that the year's end comes."""
ROUGH = Habits(
    patients=PatientHabits(
        comes_again=1.0,
        renames=0.3,
        leaves_early=0.5,
        returns=1.0,
        returns_after_days=(5, 60),
        reserve_numbers=0.2,
        second_program=0.4,
        out_of_order=0.4,
        paces=(((1, 3), 1.0),),
    ),
    staff=StaffHabits(
        writes_again=0.5,
        small_box=0.5,
        on_the_stroke=0.3,
        about_clock_changes=0.3,
        wants_email=1.0,
        saves_meanwhile=0.5,
        silent_days=9,
        ends_silent=0.6,
        says_goodbye=1.0,
        hands_over=1.0,
        double_click=0.2,
        maintains_early=0.3,
    ),
    mishaps=Mishaps(
        strangers=1.0,
        inbox_outages=0.1,
        pass_missed=0.05,
        killed=0.2,
        overlaps=0.2,
        slow=0.05,
        slowness=(timedelta(minutes=10), timedelta(minutes=25)),
        worker_away=0.05,
        directory_gaps=0.1,
    ),
)
"""Everything goes wrong often, so that little time is enough to see it."""
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def small() -> Outcome:
    """The small region, simulated once."""
    return simulate(SMALL)


class TestTheSameSeed:
    """The same seed gives the same, however it is run."""

    def test_nothing_is_found_in_the_library_as_it_is(self, small: Outcome) -> None:
        """Otherwise the library has a bug, or the books have one."""
        assert () == small.findings

    def test_people_do_everything_that_there_is_to_do(self, small: Outcome) -> None:
        """Otherwise nothing was found because nothing happened."""
        done = {kind for kind, number in small.figures.steps.items() if number > small.figures.refused[kind]}
        everything = {"start", "open a module", "complete a module", "save a form", "write to the therapist", "answer"}
        everything |= {"open a form", "mark a form read", "read a message", "review", "maintain", "end", "hand over"}
        assert everything <= done
        assert {"collected, told", "collected, dropped", "direct, told"} <= small.figures.fates.keys()
        assert {"passes missed", "workers that overlapped", "processes that died"} <= small.figures.events.keys()

    @pytest.mark.search
    def test_again_and_on_two_processes_it_gives_the_same_digest(self, small: Outcome) -> None:
        """Otherwise a finding could not be seen again, or would depend on the machine."""
        seen: list[int] = []
        again = simulate(SMALL, workers=2, progress=seen.append)
        assert small.digest == again.digest
        assert small.figures == again.figures
        assert [unit.digest for unit in small.units] == [unit.digest for unit in again.units]
        assert [12, 24] == seen

    @pytest.mark.search
    def test_a_unit_alone_gives_what_it_gives_among_others(self, small: Outcome) -> None:
        """Otherwise `--unit` would not show the finding that it is asked for."""
        alone = simulate(SMALL, units=(2,))
        assert [small.units[1].digest] == [unit.digest for unit in alone.units]

    @pytest.mark.search
    def test_another_seed_gives_another_digest(self) -> None:
        """Otherwise the seed would be of no use, or the digest of nothing."""
        short = evolve(SMALL, years=0.1)
        assert simulate(short).digest != simulate(evolve(short, seed=8)).digest

    def test_a_shorter_run_is_the_beginning_of_the_longer_one(self, small: Outcome) -> None:
        """Otherwise `--until` would narrow a run to something else."""
        short = simulate(evolve(SMALL, until=date(2026, 2, 20)))
        for (what, day), number in short.figures.by_day.items():
            if day < 44:
                assert small.figures.by_day[what, day] == number

    @pytest.mark.search
    def test_memory_and_sqlite_keep_the_same(self) -> None:
        """Otherwise law 8 does not hold, or the digest depends on the storage."""
        short = evolve(SMALL, years=0.25, habits=ROUGH, patients=6)
        assert simulate_unit(short, 1).digest == simulate_unit(short, 1, on_sqlite).digest

    @pytest.mark.search
    def test_the_digest_is_of_what_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Otherwise two different outcomes would pass for one."""
        short = evolve(SMALL, years=0.2)
        before = simulate_unit(short, 1)
        monkeypatch.setattr(patients, "_QUESTION", "Hej, hur gör jag med provningen?")
        assert before.digest != simulate_unit(short, 1).digest


# The bugs below are of one or two lines each, and of every law.


def _a_batch_in_doubt_goes_again_under_a_new_key(patch: pytest.MonkeyPatch) -> None:
    keys = count()
    patch.setattr(outbox, "batch_key", lambda digest_id, _: f"{digest_id}.{next(keys)}")
    patch.setattr(digests, "DECISIONS", dict.fromkeys(digests.DECISIONS, digest.Action.SEND))


def _a_drop_is_not_noted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(notes, "drop", lambda *_, **__: ())


def _the_run_is_of_utc(patch: pytest.MonkeyPatch) -> None:
    def next_digest_at(at: datetime, policy: Policy) -> datetime:
        run = datetime.combine(at.date(), policy.collected_at, UTC)
        return run if at < run else run + timedelta(days=1)

    patch.setattr(notifications, "next_digest_at", next_digest_at)


def _a_missed_run_is_caught_up_at_any_hour(patch: pytest.MonkeyPatch) -> None:
    for module in (worker, digests):
        patch.setattr(module, "earliest_send_at", lambda now, *_: now)


def _it_is_settled_before_it_is_handed_over(patch: pytest.MonkeyPatch) -> None:
    send = worker.Delivery._send

    def hasty(self: worker.Delivery, claim: Any, decision: Any, batch: Any, now: datetime, report: Any) -> Any:
        settled = dict.fromkeys(batch.notifications, Status.DELIVERED)
        done = DeliveryResult(digest_id=claim.digest.id, token=claim.token, at=now, settled=settled)
        self._executor.storage.complete([done])
        return send(self, claim, decision, batch, now, report)

    patch.setattr(worker.Delivery, "_send", hasty)


def _what_is_read_is_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(worker, "is_obsolete", lambda *_: False)


def _all_is_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(worker, "is_obsolete", lambda *_: True)


def _nobody_is_told_of_the_unreachable(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(notes, "mark_undeliverable", lambda *_, **__: ())


def _ending_drops_nothing(patch: pytest.MonkeyPatch) -> None:
    end = lifecycle.end
    patch.setattr(lifecycle, "end", lambda e, terms, reason, _=(), **who: end(e, terms, reason, (), **who))


def _a_digest_takes_one_message_alone(patch: pytest.MonkeyPatch) -> None:
    add = outbox.MemoryOutbox._add

    def forgetful(self: outbox.MemoryOutbox, one: Notification) -> None:
        if not self._digest_for(one).notifications:
            add(self, one)

    patch.setattr(outbox.MemoryOutbox, "_add", forgetful)


def _a_form_is_not_flagged(patch: pytest.MonkeyPatch) -> None:
    to_handle = flags.to_handle
    patch.setattr(flags, "to_handle", lambda e, now: tuple(f for f in to_handle(e, now) if f.unread < 2))


def _the_small_box_reads_what_came_later(patch: pytest.MonkeyPatch) -> None:
    mark_read = flags.mark_read
    patch.setattr(flags, "mark_read", lambda e, terms, form, _=None, **who: mark_read(e, terms, form, None, **who))


def _the_list_forgets_what_could_not_be_delivered(patch: pytest.MonkeyPatch) -> None:
    counts_of = flags.caseload_counts
    patch.setattr(executor, "caseload_counts", lambda e: evolve(counts_of(e), undelivered=0))


def _any_module_is_open(patch: pytest.MonkeyPatch) -> None:
    for module in (access, overview, ordering):
        patch.setattr(module, "module_refusal", lambda *_: None)


def _out_of_order_is_not_marked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ordering, "incomplete_predecessors", lambda *_: ())


def _access_ends_a_moment_late(patch: pytest.MonkeyPatch) -> None:
    def late(state: Enrolment, now: datetime) -> Access:
        return ACCESS[state.phase, now <= state.access_until]

    for module in (access, ordering):
        patch.setattr(module, "access", late)


def _a_year_is_365_days(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lifecycle, "months_later", lambda at, months, _: at + timedelta(days=months * 365 / 12))


def _the_end_of_access_is_noted_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fold, "_CHANGES", {**fold._CHANGES, AccessEnded: lambda *_: {"noted_end": None}})


def _open_ones_are_purged(patch: pytest.MonkeyPatch) -> None:
    ended = memory_retention.MemoryRetention._ended

    def any_of_them(self: memory_retention.MemoryRetention, state: Enrolment) -> Any:
        if state.ended_at is not None:
            return ended(self, state)
        return EndedEnrolment(
            enrolment_id=state.id,
            version=state.version,
            ended_at=state.last_entry_at,
            last_entry_at=state.last_entry_at,
            exported=state.version,
        )

    patch.setattr(memory_retention.MemoryRetention, "_ended", any_of_them)


def _a_purge_leaves_documents(patch: pytest.MonkeyPatch) -> None:
    delete = enrolments.MemoryEnrolments.delete

    def careless(self: enrolments.MemoryEnrolments, state: Enrolment) -> None:
        documents = self._documents[state.id]
        delete(self, state)
        self._documents[state.id] = documents

    patch.setattr(enrolments.MemoryEnrolments, "delete", careless)


def _a_refused_step_leaves_something(patch: pytest.MonkeyPatch) -> None:
    permit = AccessControl.permit

    def leaky(self: AccessControl, action: Any, by: Any, state: Enrolment | None = None, **whose: Any) -> None:
        try:
            permit(self, action, by, state, **whose)
        except NotPermitted:
            if state is not None:
                self._log._parts.enrolments._enrolments[state.id] = evolve(state, reviewed_at=self._clock())  # type: ignore[attr-defined]
            raise

    patch.setattr(AccessControl, "permit", leaky)


def _colleagues_may_read_answers(patch: pytest.MonkeyPatch) -> None:
    hole = {Role.THERAPIST: permissions.Scope.UNIT}
    patch.setattr(permissions, "STAFF", {**permissions.STAFF, permissions.Action.READ_ANSWERS: hole})


def _other_units_may(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(permissions, "_covers", lambda *_: True)


def _a_refusal_is_not_logged(patch: pytest.MonkeyPatch) -> None:
    def silent(_: AccessControl, action: Any, by: Any, state: Enrolment | None = None, **__: object) -> None:
        if not permissions.allowed(action, by, state):
            raise NotPermitted(action.value)

    patch.setattr(AccessControl, "permit", silent)


def _a_state_is_not_what_the_timeline_says(patch: pytest.MonkeyPatch) -> None:
    save = enrolments.MemoryEnrolments.save

    def otherwise(self: enrolments.MemoryEnrolments, change: Any) -> None:
        save(self, change)
        if any(isinstance(event, FormSaved) for event in change.events):
            self._timelines[change.enrolment.id].pop()

    patch.setattr(enrolments.MemoryEnrolments, "save", otherwise)


def _something_breaks(patch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    patch.setattr(lifecycle, "review", broken)


BUGS: tuple[tuple[Law, Callable[[pytest.MonkeyPatch], None]], ...] = (
    (Law.NOTHING_UNFORESEEN, _something_breaks),
    (Law.REPLAY_GIVES_THE_STATE, _a_state_is_not_what_the_timeline_says),
    (Law.REFUSED_CHANGES_NOTHING, _a_refused_step_leaves_something),
    (Law.ORDER_IS_KEPT, _any_module_is_open),
    (Law.ORDER_IS_KEPT, _out_of_order_is_not_marked),
    (Law.UNREAD_IS_SAVED_LESS_READ, _a_form_is_not_flagged),
    (Law.UNREAD_IS_SAVED_LESS_READ, _the_small_box_reads_what_came_later),
    (Law.UNREAD_IS_SAVED_LESS_READ, _the_list_forgets_what_could_not_be_delivered),
    (Law.TOLD_ONCE_IN_TIME, _a_batch_in_doubt_goes_again_under_a_new_key),
    (Law.TOLD_ONCE_IN_TIME, _a_drop_is_not_noted),
    (Law.TOLD_ONCE_IN_TIME, _the_run_is_of_utc),
    (Law.TOLD_ONCE_IN_TIME, _a_missed_run_is_caught_up_at_any_hour),
    (Law.TOLD_ONCE_IN_TIME, _it_is_settled_before_it_is_handed_over),
    (Law.TOLD_ONCE_IN_TIME, _what_is_read_is_told),
    (Law.TOLD_ONCE_IN_TIME, _all_is_dropped),
    (Law.TOLD_ONCE_IN_TIME, _nobody_is_told_of_the_unreachable),
    (Law.TOLD_ONCE_IN_TIME, _ending_drops_nothing),
    (Law.TOLD_ONCE_IN_TIME, _a_digest_takes_one_message_alone),
    (Law.ACCESS_FOLLOWS_THE_TABLE, _access_ends_a_moment_late),
    (Law.ACCESS_FOLLOWS_THE_TABLE, _a_year_is_365_days),
    (Law.ACCESS_FOLLOWS_THE_TABLE, _the_end_of_access_is_noted_for_ever),
    (Law.PURGE_TAKES_WHAT_IT_MAY, _open_ones_are_purged),
    (Law.PURGE_TAKES_WHAT_IT_MAY, _a_purge_leaves_documents),
    (Law.STRANGERS_ARE_REFUSED_AND_LOGGED, _colleagues_may_read_answers),
    (Law.STRANGERS_ARE_REFUSED_AND_LOGGED, _other_units_may),
    (Law.STRANGERS_ARE_REFUSED_AND_LOGGED, _a_refusal_is_not_logged),
)


@pytest.fixture
def _short_treatments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every treatment be over after a month, so that its end is seen soon."""
    treatments = region_module._treatments

    def short(order: Ordering) -> tuple[Treatment, ...]:
        return tuple(evolve(t, program=evolve(t.program, access_months=1)) for t in treatments(order))

    monkeypatch.setattr(region_module, "_treatments", short)


TINY = Region(
    begins=date(2026, 5, 25),
    patients=12,
    years=0.4,
    seed=3,
    patients_per_therapist=2,
    therapists_per_unit=2,
    habits=ROUGH,
    most_findings=6,
)
"""Three units with the three orderings; the third purges at once, and exports before it."""


@pytest.mark.search
@pytest.mark.usefixtures("_short_treatments")
class TestWhatItFinds:
    """It finds what it is made to find."""

    def test_without_a_bug_there_is_nothing_to_find(self) -> None:
        """Otherwise what is found below would say nothing."""
        outcome = simulate(TINY)
        assert () == outcome.findings
        assert 0 < outcome.figures.events["enrolments purged"]

    def test_what_was_not_exported_is_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Units that forget the export would not be told from those that lose what they should have exported."""
        forgetful = evolve(TINY, habits=evolve(ROUGH, staff=evolve(ROUGH.staff, cares_for_retention=0.0)))
        outcome = simulate_unit(forgetful, 3)
        assert () == outcome.findings
        assert 0 < outcome.figures.events["planned, and left as the rules ask"]
        recheck = retention.recheck
        monkeypatch.setattr(
            retention,
            "recheck",
            lambda planned, present, policy, now: recheck(
                planned, present, evolve(policy, export_before_purge=False), now
            ),
        )
        assert {Law.PURGE_TAKES_WHAT_IT_MAY} == {finding.law for finding in simulate_unit(forgetful, 3).findings}

    @pytest.mark.parametrize(("law", "bug"), BUGS, ids=[bug.__name__.lstrip("_") for _, bug in BUGS])
    def test_a_bug_is_found(self, law: Law, bug: Callable[[pytest.MonkeyPatch], None]) -> None:
        """Otherwise the simulation would run for hours and prove nothing of this law."""
        with pytest.MonkeyPatch.context() as patch:
            bug(patch)
            found = (finding.law for unit in (1, 2, 3) for finding in simulate_unit(TINY, unit).findings)
            assert law in found


def _it_refuses_now_and_then(patch: pytest.MonkeyPatch) -> None:
    asked = count(1)
    allowed = permissions.allowed
    patch.setattr(access_control, "allowed", lambda *who: next(asked) % 3 > 0 and allowed(*who))


def _there_is_a_flag_for_nothing(patch: pytest.MonkeyPatch) -> None:
    to_handle = flags.to_handle

    def one_more(state: Enrolment, now: datetime) -> tuple[Flag, ...]:
        talks = [Flag(kind=FlagKind.MESSAGE_RECEIVED, conversation=talk.number) for talk in state.conversations]
        extra = Flag(kind=FlagKind.PROGRAM_DONE)
        return (*to_handle(state, now), *talks, extra)

    patch.setattr(flags, "to_handle", one_more)


def _refuses(*actions: permissions.Action) -> Callable[[pytest.MonkeyPatch], None]:
    def bug(patch: pytest.MonkeyPatch) -> None:
        allowed = permissions.allowed
        patch.setattr(access_control, "allowed", lambda action, *who: action not in actions and allowed(action, *who))

    return bug


@pytest.mark.usefixtures("_short_treatments")
class TestItGoesOn:
    """What is found stops nothing, up to a limit."""

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
        """One finding would hide all others."""
        for module in (offices, therapists):
            monkeypatch.setattr(module, "_PAGE", 1)
        bug(monkeypatch)
        outcome = simulate_unit(evolve(TINY, most_findings=10_000), 3)
        assert 1 < len(outcome.findings)
        assert outcome.digest

    def test_a_unit_stops_at_the_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A library that is broken throughout would fill the screen and the memory with findings."""
        _all_is_dropped(monkeypatch)
        outcome = simulate_unit(evolve(TINY, most_findings=2), 1)
        assert (2, "") == (len(outcome.findings), outcome.digest)
        assert 1 == outcome.figures.events["units that were stopped"]

    def test_of_one_law_and_enrolment_only_the_first_is_noted(self) -> None:
        """What follows from the first would push out what is found elsewhere."""
        found = Findings(4, 10)
        for sentence in ("first", "second"):
            found.add(Law.TOLD_ONCE_IN_TIME, "4-1", NOW, sentence)
            found.add(Law.TOLD_ONCE_IN_TIME, None, NOW, sentence)
        assert ["first", "first", "second"] == [finding.sentence for finding in found.all]
        with pytest.raises(Enough):
            Findings(1, 1).add(Law.TOLD_ONCE_IN_TIME, None, NOW, "")

    def test_the_memory_of_a_process_is_told_where_the_system_tells_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The command would fail on a system without `resource`."""
        assert 10_000_000 < running.peak_memory()
        monkeypatch.setitem(sys.modules, "resource", None)
        assert 0 == running.peak_memory()

    def test_a_unit_with_one_therapist_hands_nothing_over(self) -> None:
        """There is no colleague to hand over to, and looking for one would stop the run."""
        alone = simulate_unit(evolve(TINY, therapists_per_unit=1, patients_per_therapist=4, years=0.2), 1)
        assert (0, ()) == (alone.figures.steps["hand over"], alone.findings)


class TestTheReport:
    """What is written down of a run."""

    def test_its_tables(self, small: Outcome) -> None:
        """Nobody could say what was done, what it cost and how to do it again."""
        titles = [part.title for part in parts(small) if part.rows]
        assert ["What was simulated", "Steps", "What became of the notifications"] == titles[:3]
        rows = {name: value for part in parts(small) for name, value in part.rows}
        assert ("24", "2", "7", small.digest) == tuple(rows[name] for name in ("patients", "units", "seed", "digest"))
        assert small.memory > 10_000_000

    def test_tables_of_next_to_nothing(self) -> None:
        """A run so short that nothing was late would end with an error."""
        outcome = simulate(Region(patients=1, years=0.003))
        rows = {name for part in parts(outcome) for name, _ in part.rows}
        assert "half of collected notifications came within" not in rows

    def test_the_command_names_what_is_not_the_default(self) -> None:
        """The command would simulate another region."""
        assert "digital-painschool simulate --patients 10000 --years 2 --seed 7" == command(Region())
        other = Region(seed=1, begins=date(2027, 3, 1), until=date(2027, 4, 1), therapists_per_unit=2)
        assert command(other, unit=4).endswith(
            "--seed 1 --therapists-per-unit 2 --begins 2027-03-01 --until 2027-04-01 --unit 4"
        )

    def test_findings_are_told_up_to_a_number(self, small: Outcome) -> None:
        """A long list would hide of what kind the rest is."""
        some = tuple(
            Finding(law=Law.ORDER_IS_KEPT, unit=1, enrolment=f"1-{n}", at=NOW, sentence="open") for n in range(25)
        )
        broken = evolve(small, units=(evolve(small.units[0], findings=some), *small.units[1:]))
        told = findings(broken)
        assert 21 == len(told)
        assert told[0].startswith("law 3, unit 1, enrolment 1-0, 2026-03-02 12:00:00Z: open\n    digital-painschool")
        assert "5 more of law 3" == told[-1]

    def test_the_file_and_the_plots(self, small: Outcome, tmp_path: Path) -> None:
        """The report would not open, or its plots would be empty."""
        broken = evolve(small.units[0], findings=(Finding(law=Law(0), unit=0, enrolment=None, at=NOW, sentence="odd"),))
        for name, outcome in (("well", small), ("ill", evolve(small, units=(broken,)))):
            write(outcome, tmp_path / name)
            for plot in ("activity", "waiting"):
                drawn = ET.parse(tmp_path / name / f"{plot}.svg")  # noqa: S314 - our own
                lines = [line for line in drawn.iter() if line.tag.endswith(("polyline", "rect"))]
                assert 8 < len(lines)
        assert "No findings: every law held." in (tmp_path / "well" / "report.md").read_text("utf-8")
        assert "law 0, unit 0, 2026-03-02 12:00:00Z: odd" in (tmp_path / "ill" / "report.md").read_text("utf-8")
        assert "--unit 1\n" in (tmp_path / "ill" / "report.md").read_text("utf-8")

    def test_plots_of_next_to_nothing(self, tmp_path: Path) -> None:
        """A short run would end with an error after all its work."""
        write(simulate(Region(patients=1, years=0.003)), tmp_path)
        assert (tmp_path / "waiting.svg").stat().st_size > 500


def test_each_unit_has_a_storage_of_its_own(tmp_path: Path) -> None:
    """Units at different times in one database would deliver each other's notifications."""
    assert in_memory is opening_of("memory://", 1)
    assert on_sqlite is opening_of("sqlite://", 1)
    (tmp_path / "0001.db").touch()
    for url in ("sqlite:///region.db", f"sqlite:///{tmp_path.as_posix()}/{{unit}}.db"):
        with pytest.raises(ConfigurationError):
            opening_of(url, 1)
    assert opening_of("postgresql://db/unit_{unit}", 1) is not None


def refuse_the_first(place: Path, unit: int) -> PortsFactory:
    """Note that a unit was begun; the first cannot be opened, and the others take their time."""
    (place / str(unit)).touch()
    if unit == 1:
        raise ConfigurationError("no")
    sleep(0.2)
    return in_memory


def test_what_cannot_go_on_stops_at_once(tmp_path: Path) -> None:
    """Whoever mistypes the storage of a long run, or stops it, would wait for all of its units."""
    region = Region(patients=12, years=0.003, patients_per_therapist=1, therapists_per_unit=1)
    with pytest.raises(ConfigurationError):
        simulate(region, workers=2, ports_factory=partial(refuse_the_first, tmp_path))
    assert len([*tmp_path.iterdir()]) < 10


def interrupt(_: int) -> PortsFactory:
    """Be interrupted, as everybody is by Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)
    return in_memory


def test_a_process_that_is_interrupted_ends() -> None:
    """It would take Ctrl-C for an error of its unit and go on with the next one."""
    with pytest.raises(BrokenProcessPool):
        simulate(Region(patients=1, years=0.003), workers=2, ports_factory=interrupt)
