"""A step of a desk and a host's own rows in one transaction, as real hosts run it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest
from attrs import evolve

from digital_painschool import open_school
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.bootstrap.composition import connect
from digital_painschool.bootstrap.joined_school import JoinedSchool
from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.bootstrap.settings import Settings
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.notification import Notify
from digital_painschool.errors import Conflict, NotPermitted, Reason, RuleViolation, StorageError
from digital_painschool.ports.storage import load_enrolment
from digital_painschool.testing.contracts.changes import begin
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, ARCHIVIST, BO, NURSE, STRANGER
from tests.adapters.sql.hosts import HOSTS, PROGRAM, Host, host
from tests.scenario import refused

ANSWERS = {"smarta": 4}


class _TakenBackError(Exception):
    """What a host's code raises when it changes its mind."""


class _Seen:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        self.kinds += [type(event).__name__ for event in events]


@pytest.fixture(params=HOSTS)
def portal(request: pytest.FixtureRequest, url: str) -> Iterator[Host]:
    """A host of each kind in turn, on a database of each kind."""
    with host(request.param, url) as made:
        yield made


@pytest.fixture
def seen() -> _Seen:
    """The observer of the school."""
    return _Seen()


@pytest.fixture
def school(url: str, seen: _Seen) -> Iterator[PainSchool]:
    """The school on the host's database."""
    with PainSchool(evolve(connect(Settings.from_url(url)), observers=(seen,))) as opened:
        yield opened


@pytest.fixture
def enrolment(school: PainSchool, seen: _Seen) -> Enrolment:
    """An enrolment that was there before."""
    started = school.therapist(NURSE).start(ANNA, program=PROGRAM)
    seen.kinds.clear()
    return started


@contextmanager
def taken_back(school: PainSchool, portal: Host) -> Iterator[JoinedSchool]:
    """Yield the school in a transaction of the host's, which the host then rolls back."""
    with (
        suppress(_TakenBackError),
        school.joined(portal.connection, portal.begin(), on_commit=portal.on_commit) as joined,
    ):
        yield joined
        raise _TakenBackError


def state(school: PainSchool, enrolment: Enrolment) -> Enrolment:
    """Return the state that is committed."""
    return school.therapist(NURSE).enrolment(enrolment.id)


def lines(school: PainSchool) -> list[tuple[str, bool]]:
    """Return the actions in the access log, and whether they were granted, without those of looking at the log."""
    log = school.administrator(ARCHIVIST).access_log()
    return [(entry.action, entry.granted) for _, entry in log if entry.action != "see-access-log"]


def test_steps_and_rows_are_committed_together(portal: Host, school: PainSchool, enrolment: Enrolment) -> None:
    """Otherwise a booking would be there without its message, or the message without its booking."""
    with school.joined(portal.connection, portal.begin(), on_commit=portal.on_commit) as joined:
        portal.insert("before")
        joined.therapist(NURSE).start_conversation(enrolment.id, "Välkommen!", notify=Notify.COLLECTED)
        joined.patient(ANNA).save_form(enrolment.id, PAIN, ANSWERS)
        started = joined.therapist(NURSE).start(BO, program=PROGRAM)
        assert enrolment.version + 3 == joined.therapist(NURSE).enrolment(enrolment.id).version
        portal.insert("after")
    assert (["before", "after"], enrolment.version + 3) == (portal.notes, state(school, enrolment).version)
    assert started == state(school, started)
    assert 1 == len(school.therapist(NURSE).notifications(enrolment.id))


def test_a_rollback_takes_the_steps_back(portal: Host, school: PainSchool, enrolment: Enrolment, seen: _Seen) -> None:
    """Otherwise a patient would be told of what the host took back, and its key would be spent on nothing."""
    with taken_back(school, portal) as joined:
        portal.insert("taken back")
        desk = joined.therapist(NURSE)
        desk.start_conversation(enrolment.id, "Välkommen!", notify=Notify.DIRECT, once="key")
        room = joined.patient(ANNA)
        shown = room.form_page(enrolment.id, PAIN).tag
        tag = room.save_draft(enrolment.id, PAIN, ANSWERS, replaces=shown, once="draft")
        with pytest.raises(RuleViolation):
            room.save_draft(enrolment.id, PAIN, {}, replaces=shown)
        assert tag == room.save_draft(enrolment.id, PAIN, ANSWERS, replaces=shown, once="draft")
        desk.start(BO, program=PROGRAM)
    own = school.therapist(NURSE)
    assert ([], enrolment, ()) == (portal.notes, state(school, enrolment), own.notifications(enrolment.id))
    assert (None, ()) == (school.patient(ANNA).draft(enrolment.id, PAIN), own.find(BO))
    assert [] == seen.kinds
    assert tag != school.patient(ANNA).save_draft(enrolment.id, PAIN, {}, replaces=shown, once="draft")
    sent = own.start_conversation(enrolment.id, "Något annat", once="key")
    assert (1, ["ConversationStarted", "MessageSent"]) == (sent.conversation, seen.kinds)
    assert own.start(BO, program=PROGRAM).version == enrolment.version


def test_what_was_read_or_refused_stays_in_the_log(portal: Host, school: PainSchool, enrolment: Enrolment) -> None:
    """Otherwise whoever rolls back could read, and try what is forbidden, without a trace."""
    before = lines(school)
    with taken_back(school, portal) as joined:
        joined.therapist(NURSE).review(enrolment.id)  # the step, and its line with it, is taken back
        joined.therapist(NURSE).to_handle(enrolment.id)
        with pytest.raises(NotPermitted):
            joined.therapist(STRANGER).to_handle(enrolment.id)
        with pytest.raises(RuleViolation):
            joined.therapist(NURSE).maintain(enrolment.id, days=0, modules=(1,))
    kept = [("see-flags", True), ("see-flags", False), ("maintain", False)]
    assert kept == lines(school)[len(before) :]


def test_a_line_is_written_once_when_the_host_commits(portal: Host, school: PainSchool, enrolment: Enrolment) -> None:
    """Otherwise an access would be counted twice, or be missing."""
    before = lines(school)
    with school.joined(portal.connection, portal.begin(), on_commit=portal.on_commit) as joined:
        joined.therapist(NURSE).to_handle(enrolment.id)
        joined.therapist(NURSE).review(enrolment.id)
    assert [("review", True), ("see-flags", True)] == sorted(lines(school)[len(before) :])


def test_a_refused_step_leaves_the_host_s_rows(portal: Host, school: PainSchool, enrolment: Enrolment) -> None:
    """Otherwise a form with a wrong answer would cost the host all that it has written so far."""
    with school.joined(portal.connection, portal.begin(), on_commit=portal.on_commit) as joined:
        portal.insert("before")
        with refused("D-07a", Reason.ALREADY_OPEN):
            joined.therapist(NURSE).start(ANNA, program=PROGRAM)
        joined.therapist(NURSE).review(enrolment.id)
        portal.insert("after")
    assert (["before", "after"], enrolment.version + 1) == (portal.notes, state(school, enrolment).version)


def test_a_failed_save_leaves_the_host_s_rows(portal: Host, url: str) -> None:
    """Otherwise PostgreSQL would refuse all that the host does after a key that is taken."""
    with closing(SqlStorage(url)) as storage:
        first = begin()
        with storage.joined(portal.connection, portal.begin()) as joined:
            portal.insert("before")
            joined.save(first)
            with pytest.raises(Conflict):
                joined.save(begin("enrolment-2"))  # the person has an open one: a unique index refuses
            portal.insert("after")
        assert first.enrolment == load_enrolment(storage, first.enrolment.id)
    assert ["before", "after"] == portal.notes


def test_observers_are_notified_after_the_commit(
    portal: Host, school: PainSchool, enrolment: Enrolment, seen: _Seen
) -> None:
    """Otherwise a screen would show what is not there yet."""
    with school.joined(portal.connection, portal.begin(), on_commit=portal.on_commit) as joined:
        joined.therapist(NURSE).review(enrolment.id)
        joined.patient(ANNA).save_form(enrolment.id, PAIN, ANSWERS)
        assert [] == seen.kinds
    portal.after_the_commit()
    assert ["Reviewed", "FormSaved"] == seen.kinds


def test_what_reads_and_marks_is_done_outside(portal: Host, school: PainSchool, enrolment: Enrolment) -> None:
    """Otherwise a rollback would take back that a message was read, and the line that says so."""
    school.patient(ANNA).write(enrolment.id, "Hej")
    before = state(school, enrolment)
    with school.joined(portal.connection, portal.begin(), on_commit=portal.on_commit) as joined:
        with pytest.raises(StorageError, match="before the transaction or after it"):
            joined.therapist(NURSE).read_conversation(enrolment.id, 1)
        portal.insert("after")
    assert (["after"], before) == (portal.notes, state(school, enrolment))


def test_nothing_is_done_after_the_transaction(portal: Host, school: PainSchool, enrolment: Enrolment) -> None:
    """Otherwise a step would be saved that no transaction of the host's keeps."""
    with school.joined(portal.connection, portal.begin(), on_commit=portal.on_commit) as joined:
        desk = joined.therapist(NURSE)
    with pytest.raises(StorageError, match="closed"):
        desk.review(enrolment.id)
    with portal.begin():
        portal.insert("after")
    assert (["after"], enrolment) == (portal.notes, state(school, enrolment))


def test_a_savepoint_of_the_host_takes_its_steps_back(url: str, school: PainSchool, seen: _Seen) -> None:
    """Otherwise a nested `atomic` of Django's would keep a step that it has rolled back, and tell observers of it."""
    with host("django", url) as portal:
        with school.joined(portal.connection, portal.begin(), on_commit=portal.on_commit) as joined:
            desk = joined.therapist(NURSE)
            with suppress(_TakenBackError), portal.begin():
                desk.start(BO, program=PROGRAM)
                raise _TakenBackError
            started = desk.start(BO, program=PROGRAM)  # its version of the program, too, is saved again
        assert (started,) == school.therapist(NURSE).find(BO)
        assert ["Started"] == seen.kinds
    with open_school(url) as another:
        assert PROGRAM == another.therapist(NURSE).program(started.id).key


def test_within_a_transaction_of_a_server_the_outer_one_decides(postgresql_url: str) -> None:
    """Otherwise a view of Django's with `ATOMIC_REQUESTS` would keep a step that its request has rolled back."""
    seen = _Seen()
    ports = evolve(connect(Settings.from_url(postgresql_url)), observers=(seen,))
    with PainSchool(ports) as school, host("django", postgresql_url) as portal:
        with portal.begin():
            with school.joined(portal.connection, portal.begin(), on_commit=portal.on_commit) as joined:
                joined.therapist(NURSE).start(ANNA, program=PROGRAM)
            assert [] == seen.kinds
        with suppress(_TakenBackError), portal.begin():
            with school.joined(portal.connection, portal.begin(), on_commit=portal.on_commit) as joined:
                joined.therapist(NURSE).start(BO, program=PROGRAM)
            raise _TakenBackError
        assert ["Started"] == seen.kinds
        assert (1, ()) == (len(school.therapist(NURSE).find(ANNA)), school.therapist(NURSE).find(BO))
