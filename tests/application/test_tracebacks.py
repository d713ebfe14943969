"""A traceback that is kept with its variables names nobody and repeats no text that the host has not passed itself."""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from digital_painschool import Channel, PainSchool
from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage
from digital_painschool.adapters.sql.pool import ConnectionPool
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.domain.notification import Notify
from digital_painschool.errors import DeliveryError, PainSchoolError, StorageError
from digital_painschool.ports.inbox import Delivered
from digital_painschool.testing.environment import Environment
from digital_painschool.testing.example import DAILY
from digital_painschool.testing.people import ANNA, BO, CILLA, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.application import desk_calls
from tests.application.desk_calls import APPROVED, GRANTED, PEOPLE, E
from tests.databases import execute
from tests.tracebacks import shown_by

TEXT, HEADING, ANSWER = "Secret words", "Secret heading", "Secret answer"
SECRETS = (*(number[2:] for number in (ANNA, BO, CILLA)), TEXT, HEADING, ANSWER, "46700000000", "nurse@")

DAMAGES = {
    "a document is gone": "DELETE FROM documents WHERE seq = (SELECT max(seq) FROM documents)",
    "the first document is gone": "DELETE FROM documents WHERE seq = (SELECT min(seq) FROM documents)",
    "documents are another kind": "UPDATE documents SET content = '{\"Secret answer\": 1}'",
    "documents are cut": "UPDATE documents SET content = substr(content, 1, length(content) - 1)",
    "the timeline is cut": "UPDATE timeline SET data = '{\"Secret words\"'",
    "the states are cut": "UPDATE enrolments SET state = substr(state, 1, length(state) - 1)",
    "the programs are cut": "UPDATE programs SET data = substr(data, 1, length(data) - 1)",
    "the drafts are cut": "UPDATE drafts SET answers = substr(answers, 1, length(answers) - 1)",
    "the plans are cut": "UPDATE purge_plans SET unit = 'Secret words'",
}


def opened(url: str) -> Callable[[Environment], Any]:
    """Return an opening of everything on one database."""

    def open_there(environment: Environment) -> Any:
        clock = lambda: environment.now  # noqa: E731
        return environment.ports(
            storage=SqlStorage(url),
            inbox=SqlInbox(url, clock=clock),
            messengers=(SqlMessenger(Channel.EMAIL, url, clock=clock), SqlMessenger(Channel.SMS, url, clock=clock)),
        )

    return open_there


@pytest.fixture(params=["sqlite_url", "postgresql_url"])
def lived(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[tuple[str, Scenario]]:
    """A school with one of everything, and its database."""
    url = request.getfixturevalue(request.param)
    monkeypatch.chdir(tmp_path)
    school = desk_calls.lived(opened(url))
    school.desk.receive_notifications(email=True, sms=True)
    school.desk.start_conversation(E, TEXT, heading=HEADING, notify=Notify.DIRECT)
    school.room.write(E, TEXT, conversation=2)
    school.room.save_form(E, DAILY, {"hemma": "bra", "fritext": ANSWER})
    school.room.save_draft(E, DAILY, {"fritext": ANSWER})
    yield url, school
    for adapter in (school.storage, school.ports.inbox, *school.ports.messengers):
        adapter.close()  # type: ignore[attr-defined]


def calls(school: Scenario, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield every call of every desk that is granted, and those of the worker and of the office."""
    for name, (call, _) in GRANTED.items():
        yield name, lambda call=call, name=name: call(PEOPLE[name.partition(".")[0]][1](school.school))  # type: ignore[misc]
    yield "read", lambda: school.desk.read_conversation(E, 2)
    yield "answers", lambda: school.desk.answers(E, DAILY)
    yield "own answers", lambda: school.room.form_answers(E, DAILY)
    yield "draft", lambda: school.room.form_page(E, DAILY)
    yield "rooms", school.room.enrolments
    yield "deliver", school.deliver
    yield "status", lambda: school.school.delivery().status()
    yield "dead letters", school.operator.dead_letters
    yield "export", lambda: school.office.export(folder / os.urandom(8).hex())
    yield "purge", lambda: school.office.purge(APPROVED)


def shown(school: Scenario, folder: Path) -> tuple[int, set[tuple[str, str, str]]]:
    """Make every call, and return how many failed, and the variables that show somebody or a text."""
    failed, found = 0, set[tuple[str, str, str]]()
    for _, call in calls(school, folder):
        try:
            call()
        except PainSchoolError as error:
            failed += 1
            found |= shown_by(error, SECRETS)
    return failed, found


@pytest.mark.rule("M-06")
def test_a_table_that_fails_shows_nobody(lived: tuple[str, Scenario], tmp_path: Path) -> None:
    """Otherwise one full disk would send the numbers of a whole list to the collector of errors."""
    url, school = lived
    for table in METADATA.tables:
        execute(url, f"ALTER TABLE {table} RENAME TO lost_{table}")
        school.restart()
        failed, found = shown(school, tmp_path)
        assert (table, set()) == (table, found)
        assert failed or table in {"paces", "workers"}, table
        execute(url, f"ALTER TABLE lost_{table} RENAME TO {table}")


@pytest.mark.rule("M-06")
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_cannot_be_read_shows_nobody(lived: tuple[str, Scenario], damage: str, tmp_path: Path) -> None:
    """Otherwise one damaged record would send what patients wrote to the collector of errors."""
    url, school = lived
    execute(url, damage)
    school.restart()
    failed, found = shown(school, tmp_path)
    assert set() == found
    assert failed


@pytest.mark.rule("M-06")
def test_a_commit_that_fails_shows_nobody(
    lived: tuple[str, Scenario], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a disk that fills up would send what a call has read, or claimed, to the collector of errors."""
    _, school = lived
    left: list[int] = []
    take = ConnectionPool.take

    def take_failing(pool: ConnectionPool) -> Any:
        connection: Any = take(pool)
        if "commit" not in vars(connection):
            connection.commit = partial(commit, connection.commit)
        return connection

    def commit(really: Callable[[], None]) -> None:
        if left and left.pop() == 0:
            raise StorageError("the disk is full")
        really()

    monkeypatch.setattr(ConnectionPool, "take", take_failing)
    made = dict(calls(school, tmp_path))
    failures, found = 0, set[tuple[str, str, str]]()
    for name in sorted(made, key=lambda name: name != "deliver"):  # before the calls that end the treatment
        for before in range(8):
            if name == "deliver":
                school.desk.start_conversation(E, TEXT, notify=Notify.DIRECT)
            left[:] = range(before + 1)  # the commits that are left; the one at 0 fails
            try:
                made[name]()
            except PainSchoolError as failed:
                failures += not left
                found |= shown_by(failed, SECRETS)
            if left:  # it makes no more commits
                break
    left.clear()
    assert set() == found
    assert failures


class _Broken:
    """A messenger that fails."""

    channel = Channel.SMS
    remembers_keys = True

    def send(self, *_: object, **__: object) -> Delivered:
        raise DeliveryError("the gateway is down")

    def forget(self, keys: Iterable[str]) -> int:
        raise DeliveryError("the gateway is down")


def test_a_gateway_that_fails_shows_nobody() -> None:
    """Otherwise a gateway that is down would send the addresses of staff to the collector of errors."""
    school = desk_calls.lived()
    ports = evolve(school.ports, messengers=(_Broken(),))
    broken = PainSchool(ports, catalogue=school.catalogue, clock=lambda: school.now)
    with pytest.raises(DeliveryError) as failed:
        broken.try_messenger(NURSE.hsa_id, Channel.SMS, unit=UNIT)
    assert set() == shown_by(failed.value, SECRETS)
