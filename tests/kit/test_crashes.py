"""For every step of every history: kill it at every point, start again, and nothing is lost or doubled."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest
from attrs import evolve
from sqlalchemy import delete

from digital_painschool.adapters.memory import outbox
from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.application.executor import Executor
from digital_painschool.delivery.sending import Sending
from digital_painschool.domain.digest import Action, Batch, Claim, DeliveryResult, batch_key
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import Channel, Notify, Status
from digital_painschool.ports import Inbox, Messenger, Observer, Ports, Storage
from digital_painschool.ports.guarded import WRITES
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.storage import AccessEntry, Activity, Change, Entry
from digital_painschool.rules import digests
from digital_painschool.testing.crashes import (
    NOTABLE_HISTORIES,
    CrashPoint,
    Doing,
    NotableHistory,
    NotSurvived,
    kill_at,
    kill_at_every_call,
)
from digital_painschool.testing.crashes.kill import play
from digital_painschool.testing.crashes.laws import stored_violations
from digital_painschool.testing.environment import Environment, PortsFactory, in_memory
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.faults import Call, Fault, When, watched, with_faults
from digital_painschool.testing.history import (
    Advance,
    Deliver,
    History,
    PatientReads,
    Restart,
    Review,
    SaveForm,
    Start,
    TherapistWrites,
)
from digital_painschool.testing.people import COLLEAGUE, UNIT
from digital_painschool.testing.scenario import Scenario

EVERY = pytest.mark.parametrize("name", NOTABLE_HISTORIES)
MESSAGE = NotableHistory([Start(), TherapistWrites("Hej", notify=Notify.DIRECT), Deliver()])

FIRST, SECOND = (f"{enrolment}.3.inbox.20260302T070000" for enrolment in ("e-0001", "e-0002"))
"""Ids of notifications: of the first message of each of two enrolments, at eight in the morning."""


@pytest.fixture(autouse=True)
def _in_memory_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the folders of environments where no disk is waited for: what a dead process wrote is there all the same."""
    if os.access("/dev/shm", os.W_OK):  # noqa: S108 - the kernel's own folder in memory
        monkeypatch.setattr("tempfile.tempdir", "/dev/shm")  # noqa: S108


@pytest.fixture
def all_on_copies(sqlite_template: Path) -> PortsFactory:
    """Open storage, inbox and messengers on a copy of an SQLite file with the schema."""

    def open_copy(environment: Environment) -> Ports:
        path = environment.folder / "painschool.db"
        if not path.exists():
            shutil.copyfile(sqlite_template, path)
        url = f"sqlite:///{path}"
        return environment.ports(
            storage=SqlStorage(url, synchronous="NORMAL"),
            inbox=SqlInbox(url, clock=lambda: environment.now),
            messengers=tuple(
                SqlMessenger(channel, url, clock=lambda: environment.now) for channel in (Channel.EMAIL, Channel.SMS)
            ),
        )

    return open_copy


@pytest.fixture
def on_postgresql(postgresql_url: str) -> PortsFactory:
    """Open the storage on one PostgreSQL database, which is emptied for each new environment."""
    known: WeakSet[Environment] = WeakSet()

    def empty(connection: Connection) -> None:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(EMPTY[table.name], {})

    def open_there(environment: Environment) -> Ports:
        storage = SqlStorage(postgresql_url)
        if environment not in known:
            storage._database.write(empty)
            known.add(environment)
        return environment.ports(storage=storage)

    return open_there


EMPTY = {table.name: delete(table) for table in METADATA.sorted_tables}


@pytest.mark.search
@EVERY
def test_killed_at_every_call_in_memory(name: str) -> None:
    """Otherwise a step could be lost, half done or done twice when a process dies."""
    survived = kill_at_every_call(in_memory, NOTABLE_HISTORIES[name])
    assert survived.points == survived.at.total() > 50


@pytest.mark.search
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.nightly] * (name in ("year", "purge", "week")))
        for name in NOTABLE_HISTORIES
    ],
)
def test_killed_at_every_call_on_sqlite(name: str, all_on_copies: PortsFactory) -> None:
    """Otherwise a file, an inbox or messages in SQL might not keep what memory does."""
    assert kill_at_every_call(all_on_copies, NOTABLE_HISTORIES[name]).points > 50


@pytest.mark.search
@pytest.mark.nightly
def test_killed_at_every_call_on_postgresql(on_postgresql: PortsFactory) -> None:
    """Otherwise a step that is one large statement, and what it leaves for the next process, would never be struck."""
    assert kill_at_every_call(on_postgresql, NOTABLE_HISTORIES["outage"]).points > 50


def test_the_histories_come_to_every_call_that_changes_anything() -> None:
    """Otherwise a call would never be struck, and nobody would notice."""
    steps = [step for history in NOTABLE_HISTORIES.values() for step in play(in_memory, history).steps]
    calls = {call.name for step in steps for call in step.calls}
    after = {step.name_of(point) for step in steps for point in step.points() if point.when is When.AFTER}
    ports = {"inbox": Inbox, "messenger": Messenger, "observer": Observer, "storage": Storage}
    every = {f"{name}.{method}" for name, port in ports.items() for method in dir(port) if method[0] != "_"}
    # A channel without a pace reserves nothing; tests/delivery/test_laws_at_a_pace.py strikes that call.
    storage = {f"storage.{method}" for method in WRITES - {"reserve_slots"}}
    changing = {"inbox.deliver", "inbox.forget", "messenger.send", "messenger.forget", "observer.notice"} | storage
    assert after == changing <= calls & every


def test_a_history_of_the_kit_and_plain_functions_can_be_killed_too() -> None:
    """Otherwise whoever has steps of their own could not use it."""

    def review(school: Scenario) -> None:
        school.desk.review(EnrolmentId("e-0001"))

    own = kill_at_every_call(in_memory, NotableHistory([Scenario.start, review]))
    kit = kill_at_every_call(in_memory, History((Start(), Review(), Restart(), SaveForm(PAIN, {"smarta": 11}))))
    assert {"storage.save": 4} == {call: times for call, times in own.at.items() if call == "storage.save"}
    assert 3 == kit.steps
    both = own + kit
    assert (own.points + kit.points, own.steps + kit.steps) == (both.points, both.steps)
    assert "review" == repr(Doing(review))
    assert both.resumed == own.resumed + kit.resumed > 0
    assert both.at == own.at + kit.at


def test_a_history_can_be_played_under_another_policy() -> None:
    """Otherwise a unit could not try its own."""
    policy = evolve(NOTABLE_HISTORIES["year"].policy, staff_flags=frozenset())
    assert policy == MESSAGE.scenario(policy=policy).catalogue.policy
    assert kill_at_every_call(in_memory, MESSAGE, policy=policy).points > 20


# What the harness is for: bugs that are put in, each of which it must name.


def the_kill_of(ports_factory: PortsFactory, history: NotableHistory | History = MESSAGE) -> str:
    """Return what the harness says of an opening or a school with a bug in it."""
    with pytest.raises(NotSurvived) as named:
        kill_at_every_call(ports_factory, history)
    return str(named.value)


def save_later(patch: pytest.MonkeyPatch, part: str) -> None:
    """Let a part of each step be saved in a transaction of its own, after the step."""
    change, late = Executor._change, list[Change]()
    nothing: dict[str, Any] = {part: ()}

    def without(self: Executor, *args: Any, **more: Any) -> Change:
        whole = change(self, *args, **more)
        late.append(whole)
        return evolve(whole, **nothing)

    def afterwards(self: Executor, *_: object) -> None:
        whole = late.pop()
        if getattr(whole, part):
            rest = evolve(whole, before=whole.enrolment.version, events=(), documents={}, notifications=(), noted=())
            self.storage.save(evolve(rest, **{part: getattr(whole, part)}))

    patch.setattr(Executor, "_change", without)
    patch.setattr(Executor, "_notify_observers", afterwards)


def test_notifications_that_are_saved_after_the_step_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a message could be saved and never be notified of."""
    save_later(monkeypatch, "notifications")
    said = the_kill_of(in_memory)
    assert "killed at step 2 (TherapistWrites('Hej', notify=Notify.DIRECT)), after storage.save (call 5)" in said
    assert "Law 5: e-0001: entry 3 has 0 notifications to the patient" in said


def test_what_is_settled_before_it_is_handed_over_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a notification could be lost that is stored as delivered."""
    send = Sending._send

    def settling_first(self: Sending, claim: Claim, decision: Any, batch: Batch, now: datetime) -> Any:
        settled = dict.fromkeys(batch.notifications, Status.DELIVERED)
        done = DeliveryResult(digest_id=claim.digest.id, token=claim.token, at=now, settled=settled)
        self._executor.storage.complete([done])
        return send(self, claim, decision, batch, now)

    monkeypatch.setattr(Sending, "_send", settling_first)
    said = the_kill_of(in_memory)
    assert "killed at step 3 (Deliver()), after storage.complete (call 6): after the restart: Law 5" in said
    assert f"{FIRST} is settled, and nothing arrived" in said


def test_a_note_of_what_was_dropped_that_is_made_twice_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a timeline would say twice that nobody was notified of a message."""
    save_later(monkeypatch, "noted")
    read = [Start(), TherapistWrites("Ett", notify=Notify.COLLECTED), PatientReads(1), Advance(hours=1), Deliver()]
    said = the_kill_of(in_memory, NotableHistory(read))
    assert "killed at step 5 (Deliver()), after storage.save (call" in said
    assert f"Law 5: e-0001: {FIRST} is dropped, and the timeline says otherwise" in said


COLLECTED = NotableHistory([Start(), TherapistWrites("Hej", notify=Notify.COLLECTED), Advance(hours=1), Deliver()])


def test_a_batch_in_doubt_that_goes_again_under_a_new_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a patient could be told twice a day of the same."""
    keys = count()
    monkeypatch.setattr(outbox, "batch_key", lambda digest_id, *_: f"{digest_id}.{next(keys)}")
    changed = {**digests.DECISIONS, (True, digests.Doubt.TODAY, False): Action.SEND}
    monkeypatch.setattr(digests, "DECISIONS", changed)
    with pytest.raises(NotSurvived, match="at the end: Law 5: a recipient was notified twice on 2026-03-02"):
        kill_at(in_memory, COLLECTED, CrashPoint(step=4, call=7, when=When.AFTER))


def test_what_goes_outside_the_forenoon_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a patient could be woken by what can wait."""
    monkeypatch.setattr(digests, "earliest_send_at", lambda now, *_: now)
    monkeypatch.setattr("digital_painschool.delivery.sending.earliest_send_at", lambda now, *_: now)
    late = NotableHistory([*COLLECTED.steps[:2], Advance(hours=6), Deliver()])
    with pytest.raises(
        AssertionError, match=r"without any crash: Law 5: .* arrived at 14:00:00.000000, not in the forenoon"
    ):
        kill_at_every_call(in_memory, late)


def open_forgetful(environment: Environment) -> Ports:
    """Open an inbox that does not know a key again."""

    def around(call: Call) -> object:
        answer = call.go()
        return Delivered.ACCEPTED if call.method == "deliver" else answer

    return environment.ports(inbox=watched(environment.inbox, around))


def test_an_inbox_that_does_not_know_a_key_again_is_named() -> None:
    """Otherwise a patient could be told twice of the same."""
    said = the_kill_of(open_forgetful)
    assert "killed at step 3 (Deliver()), after inbox.deliver (call 7)" in said
    assert f"Law 5: {batch_key(DigestId(FIRST), [FIRST])} was accepted as new twice" in said


def holding(storage: Storage, call: Call) -> object:
    """Claim for good, until it is completed: nobody else gets it when the lease is over."""
    held: set[str] = vars(storage).setdefault("held", set())
    answer: Any = call.go()
    if call.method == "claim":
        answer = tuple(one for one in answer if one.digest.id not in held)
        held.update(one.digest.id for one in answer)
    if call.method == "complete":
        held.difference_update(result.digest_id for result in call.args[0])
    return answer


def test_a_claim_that_outlives_its_worker_is_named() -> None:
    """Otherwise what a dead worker had claimed would wait for ever."""
    said = the_kill_of(lambda here: here.ports(storage=watched(here.storage, partial(holding, here.storage))))
    assert f"killed at step 3 (Deliver()), after storage.claim (call 3): at the end: Law 5: {FIRST} waits" in said


def test_an_access_log_that_is_written_later_is_named() -> None:
    """Otherwise it could be lost who has looked at a patient's data."""

    def looks(school: Scenario) -> None:
        school.desk.to_handle(EnrolmentId("e-0001"))

    def open_buffering(environment: Environment) -> Ports:
        buffer: list[AccessEntry] = []

        def around(call: Call) -> object:
            if call.method == "log":
                buffer.extend(call.args[0])
                return None
            if call.method == "access_entries":
                environment.storage.log(buffer)
                buffer.clear()
            return call.go()

        return environment.ports(storage=watched(environment.storage, around))

    said = the_kill_of(open_buffering, NotableHistory([Start(), looks, Review()]))
    assert "killed at step 2 (looks), after storage.log (call 2): the access log has lost" not in said
    assert "the access log has lost" in said


def test_an_access_log_with_what_nobody_did_is_named() -> None:
    """Otherwise somebody would be said to have looked who has not."""

    def open_and_log(environment: Environment) -> Ports:
        entry = AccessEntry(at=environment.now, by="x", unit=UNIT, action="open", activity=Activity.READ)
        environment.storage.log([entry])
        return environment.ports()

    said = the_kill_of(open_and_log, NotableHistory([Advance(hours=1), Start()]))
    assert "killed at step 2 (Start()), before storage" in said or "before identity" in said
    assert "the access log has what nobody did" in said


def test_a_storage_that_does_not_come_up_again_is_named() -> None:
    """Otherwise a lock that a dead process left would go unnoticed."""
    opened: WeakSet[Environment] = WeakSet()

    def open_once(environment: Environment) -> Ports:
        if environment in opened:
            raise sqlite3.OperationalError("locked")
        opened.add(environment)
        return environment.ports()

    assert "before identity.parse (call 1): OperationalError: locked" in the_kill_of(open_once)


def test_a_step_that_is_refused_after_the_restart_is_named() -> None:
    """Otherwise nobody could go on after a crash, and it would look like a refusal by a rule."""
    opened: WeakSet[Environment] = WeakSet()

    def open_failing(environment: Environment) -> Ports:
        again = environment in opened
        opened.add(environment)
        return with_faults(in_memory, storage=[Fault("save", times=int(again))])(environment)

    assert "Start() said 'StorageError: a fault that the test asked for' and not None" in the_kill_of(open_failing)


def test_a_step_that_does_more_when_it_is_taken_again_is_named() -> None:
    """Otherwise somebody who got no answer and tries again would do twice what they meant once."""

    def write_two(school: Scenario) -> None:
        for _ in range(2):
            school.desk.start_conversation(EnrolmentId("e-0001"), "Hej")

    said = the_kill_of(in_memory, NotableHistory([Start(), write_two]))
    assert "after storage.save (call 3): the step was taken again and left something else" in said
    assert "+#1 timeline: Entry(seq=6, event=ConversationStarted(" in said


def test_a_call_that_leaves_something_else_behind_is_named() -> None:
    """Otherwise what a call promised to do could be gone, and the next step would go on as if nothing was."""

    def open_forgetting(environment: Environment) -> Ports:
        """Keep the first step, and any other only until the process ends."""
        remembered: list[Change] = []

        def around(call: Call) -> object:
            if call.method == "save" and call.args[0].before:
                remembered[:] = call.args
                return None
            answer: Any = call.go()
            for change in remembered:
                added = (Entry(seq=2, event=change.events[0]),)
                if call.method == "load_many":
                    return dict.fromkeys(answer, change.enrolment)
                if call.method == "load_timelines":
                    return {id_: evolve(t, entries=t.entries + added) for id_, t in answer.items() if t.entries}
                if call.method == "list_caseload":
                    return tuple(evolve(row, counts=change.counts) for row in answer)
            return answer

        return environment.ports(storage=watched(environment.storage, around))

    said = the_kill_of(open_forgetting, NotableHistory([Start(), Review()]))
    assert "killed at step 2 (Review()), after storage.save (call 5): what is stored is not what the calls" in said
    assert "-#1 timeline: Entry(seq=2, event=Reviewed(" in said


def test_a_history_that_goes_another_way_each_time_is_named() -> None:
    """Otherwise a place that is never reached would count as survived."""
    times = iter(range(1000))

    def start_once(school: Scenario) -> None:
        if not next(times):
            school.start()

    said = the_kill_of(in_memory, NotableHistory([start_once]))
    assert "killed at step 1 (start_once), before identity.parse (call 1): the step went another way" in said


def test_a_place_can_be_tried_by_itself() -> None:
    """Otherwise somebody would have to wait for all the others to see a failure again."""
    place = CrashPoint(step=3, call=7, when=When.AFTER)
    assert "CrashPoint(step=3, call=7, when=When.AFTER)" == repr(place)
    kill_at(in_memory, MESSAGE, place)
    with pytest.raises(
        NotSurvived, match=r"Again: kill_at\(ports_factory, history, CrashPoint\(step=3, call=7, when=When.AFTER\)\)"
    ):
        kill_at(open_forgetful, MESSAGE, place)


def test_what_is_wrong_without_any_kill_is_told_as_that() -> None:
    """Otherwise somebody would look for a crash where there is none."""
    with pytest.raises(AssertionError, match="without any crash: Law 2"):
        kill_at_every_call(lambda here: here.ports(storage=Undocumented(here.storage)), MESSAGE)


# The laws that hold at rest, each broken by a storage that says something else.


Wrong = Callable[[Storage], Storage]
"""Returns a storage that says something else than the one behind it."""


def other(**answers: Callable[[Any, Any], Any]) -> Wrong:
    """Return a storage of which some methods give something made of the true answer and the first argument."""

    def around(call: Call) -> object:
        made = answers.get(call.method)
        return call.go() if made is None else made(call.go(), call.args[0])

    return lambda storage: watched(storage, around)


def written(change: Callable[[Mapping[int, Any]], Mapping[int, Any]]) -> Wrong:
    """Return a storage of which every timeline has other documents."""
    return other(load_timelines=lambda all_, _: {i: evolve(t, documents=change(t.documents)) for i, t in all_.items()})


Undocumented = written(lambda _: {})
A_WRONG_TALLY = other(
    list_caseload=lambda rows, _: tuple(evolve(r, counts=evolve(r.counts, unread_forms=7)) for r in rows)
)


def status(to: Status) -> Wrong:
    """Return a storage of which every notification has another fate."""
    return other(notifications=lambda records, _: tuple(evolve(record, status=to) for record in records))


BROKEN: dict[str, tuple[Wrong, str]] = {
    "state": (
        other(load_many=lambda all_, _: {i: evolve(e, therapist=COLLEAGUE.hsa_id) for i, e in all_.items()}),
        "Law 1: e-0001: the state is not",
    ),
    "timeline": (
        other(load_timelines=lambda all_, _: {i: evolve(t, entries=t.entries[:-1]) for i, t in all_.items()}),
        "Law 1: e-0001: version",
    ),
    "documents": (Undocumented, "Law 2: e-0001: the document of entry 2 is not there"),
    "strange": (written(lambda documents: {**documents, 1: "x"}), "Law 2: e-0001: document 1 has no entry"),
    "row": (A_WRONG_TALLY, "Law 4: e-0001: the caseload"),
    "lost": (other(notifications=lambda _, __: ()), "Law 5: e-0001: entry 3 has 0 notifications"),
    "unsaid": (status(Status.DROPPED), f"Law 5: e-0001: {FIRST} is dropped, and the timeline does not say so"),
    "otherwise": (status(Status.DELIVERED), f"Law 5: e-0002: {SECOND} is delivered, and the timeline says otherwise"),
    "waits": (status(Status.PENDING), "Law 5: e-0002: ended, and its notifications still wait"),
    "left": (
        other(load_many=lambda all_, _: {i: e for i, e in all_.items() if i == "e-0001"}),
        "Law 7: e-0002: gone, and its timeline are not",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_each_law_that_is_broken_at_rest_is_told(broken: str) -> None:
    """Otherwise a kill could leave something behind that the harness calls fine."""
    wrong, said = BROKEN[broken]
    with Scenario() as school:
        for id_ in (school.start(), school.start(key="somnskola")):
            school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
        school.desk.end(EnrolmentId("e-0002"), reason="klar")
        ids = ["e-0001", "e-0002"]
        assert () == tuple(stored_violations(school.storage, ids, school.now))
        found = [str(violation) for violation in stored_violations(wrong(school.storage), ids, school.now)]
        assert any(violation.startswith(said) for violation in found), found


def test_an_observer_that_is_told_too_early_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise statistics would count what was never saved."""
    change = Executor._change

    def notifying_first(self: Executor, *args: Any, **more: Any) -> Change:
        whole = change(self, *args, **more)
        Executor._notify_observers(self, whole.enrolment, whole.events)
        return whole

    monkeypatch.setattr(Executor, "_change", notifying_first)
    with pytest.raises(
        AssertionError, match="without any crash: Law 8: an observer was told twice, or of what is not saved"
    ):
        kill_at_every_call(in_memory, MESSAGE)
