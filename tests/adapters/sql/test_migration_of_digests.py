"""A database of the version before digests, left in every state that it had, is brought up to date and worked off."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from digital_painschool.adapters.sql import SqlStorage, migrate, migration_sql
from digital_painschool.adapters.sql.migrations import configured
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.notification import Channel, Status, Template
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.ports.inbox import Notice
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import find_cancellable, load_notifications
from digital_painschool.testing.environment import Environment, PortsFactory, stored_at
from digital_painschool.testing.people import NUMBERS, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.databases import execute, run_script, upgrade_to
from tests.drift import drift
from tests.older_schema import columns_of

DIGESTS = "0004"
MONDAY, TUESDAY = "2026-03-02", "2026-03-03"
RUN = f"{TUESDAY}T08:00:00.000000Z"
"""09:00 in Stockholm."""
RETRY = f"{TUESDAY}T08:20:00.000000Z"


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """The URLs of a database of this version, and of an empty one, of each kind in turn."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_url"), f"sqlite:///{tmp_path}/earlier.db"
    return request.getfixturevalue("postgresql_url"), request.getfixturevalue("empty_postgresql_url")


def before_digests() -> str:
    """Return the revision before the digests'."""
    found = ScriptDirectory.from_config(configured()).get_revision(DIGESTS).down_revision
    assert isinstance(found, str)
    return found


def at_once(url: str) -> None:
    """Migrate as a program does."""
    migrate(url)


def by_hand(url: str) -> None:
    """Migrate as a database administrator does."""
    run_script(url, migration_sql(url, since=before_digests()))


def copy_enrolments(source: str, target: str) -> None:
    """Copy what has not changed with the digests."""
    for table in ("enrolments", "timeline", "documents", "programs"):
        columns = ", ".join(f'"{name}"' for name in columns_of(table))
        for row in execute(source, f"SELECT {columns} FROM {table}"):  # noqa: S608 - our own names
            insert(target, f"{table} ({columns})", row)


def insert(url: str, table: str, row: Sequence[object]) -> None:
    """Add a row to a table."""
    marks = ", ".join(["?" if url.startswith("sqlite") else "%s"] * len(row))
    execute(url, f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - our own names


class Earlier:
    """Writes notifications as the version before digests has kept them."""

    def __init__(self, url: str) -> None:
        self._url = url

    def add(
        self,
        whose: tuple[str, str],
        *seqs: int,
        and_of: tuple[str, int] | None = None,
        window: str | None = None,
        due_at: str = RUN,
        status: str = "pending",
        attempts: int = 0,
        held_until: str | None = None,
        channel: Channel = Channel.INBOX,
    ) -> str:
        """Add a notification of an enrolment's entries, collected when it has a window; return its id, its key too."""
        enrolment_id, to = whose
        id_ = f"{enrolment_id}.{seqs[0]}.{channel.value}.20260302T070000"
        patient = channel is Channel.INBOX
        scheme, template = ("personnummer", "message-to-read") if patient else ("hsa-id", "message-received")
        lane = id_ if window is None else f"{UNIT}.{scheme}.{to}"
        token, settled_at = held_until and "token", None if status == "pending" else due_at
        slot = id_ if attempts else ""
        sent = (id_, UNIT, channel.value, scheme, to, template, window or id_, slot, lane, due_at, window is not None)
        insert(self._url, "notifications", (*sent, status, attempts, token, held_until, settled_at))
        causes = [(enrolment_id, seq) for seq in seqs] + ([] if and_of is None else [and_of])
        for place, (asking, seq) in enumerate(causes, start=1):
            message = (1, seq - 2) if patient else (None, None)
            insert(self._url, "notification_causes", (id_, place, UNIT, asking, seq, *message))
        return id_


def _ticked(ports: PortsFactory) -> Scenario:
    """Return a school whose therapist is notified of messages by e-mail and by SMS."""
    school = Scenario(ports, policy=Policy(staff_flags=frozenset({FlagKind.MESSAGE_RECEIVED})))
    school.desk.receive_notifications(email=True, sms=True)
    return school


@pytest.mark.parametrize("how", [at_once, by_hand])
def test_whatever_waited_is_told_once_and_under_the_key_that_the_inbox_may_have(
    urls: tuple[str, str], how: Callable[[str], None]
) -> None:
    """Otherwise an update would lose notices, or tell patients twice (D-13a, law 5)."""
    source, url = urls
    with Scenario(stored_at(source)) as school:
        ids = [school.start(number) for number in NUMBERS] + [school.start(NUMBERS[0], "somnskola")]
        for id_ in ids:
            school.desk.start_conversation(id_, "Hej")
            for _ in range(5):
                school.desk.write(id_, 1, "Hej")
        school.school.patient(NUMBERS[5]).write(ids[5], "Hej", conversation=1)
    upgrade_to(url, before_digests())
    copy_enrolments(source, url)
    old, environment = Earlier(url), Environment()
    anna, bo, cilla, told, lanes, direct = zip(ids, NUMBERS, strict=False)

    old.add(anna, 3, 4, window=TUESDAY, and_of=(ids[6], 3))
    claimed = old.add(bo, 3, window=TUESDAY, attempts=1, held_until=RETRY)
    old.add(bo, 4, window=TUESDAY)
    put_back = old.add(cilla, 3, window=TUESDAY, due_at=RETRY, attempts=1)
    old.add(told, 3, window=MONDAY, status="merged", attempts=1)
    old.add(told, 4, window=TUESDAY, status="delivered", attempts=1)
    old.add(told, 5, window=TUESDAY)
    first = old.add(lanes, 3, window=MONDAY, due_at=RETRY, attempts=2)
    second = old.add(lanes, 4, window=TUESDAY, due_at=RETRY, attempts=1)
    for seq, status in enumerate(("failed", "unreachable", "dropped"), start=3):
        old.add(direct, seq, window=MONDAY, status=status, attempts=5 - seq)
    old.add(direct, 6)
    direct_claimed = old.add(direct, 7, attempts=1, held_until=RETRY)
    direct_put_back = old.add(direct, 8, due_at=RETRY, attempts=1)
    old.add((ids[5], NURSE.hsa_id), 9, channel=Channel.EMAIL)
    staff_claimed = old.add((ids[5], NURSE.hsa_id), 9, channel=Channel.SMS, attempts=1, held_until=RETRY)
    for key, number in ((claimed, bo[1]), (second, lanes[1]), (direct_claimed, direct[1])):
        environment.inbox.deliver(notice(key, number))
    environment.sms.send(
        Address("+46700000000"), Template.MESSAGE_RECEIVED, "https://b.example", key=staff_claimed, unit=UNIT
    )
    before = Counter(one.person.value for one in environment.inbox.delivered)

    how(url)
    assert [] == drift(url)
    with _ticked(lambda _: environment.ports(storage=SqlStorage(url))) as school:
        records = {id_: load_notifications(school.storage, id_) for id_ in ids}
        assert [2, 2, 1, 3, 2, 8, 1] == [len(found) for found in records.values()]
        assert [2, 1, 0, 1, 0, 2, 1] == [len(find_cancellable(school.storage, id_)) for id_ in ids]
        school.at(f"{TUESDAY} 09:25")
        # Anna, Cilla, two of the direct ones, and staff by e-mail; what the inbox and the telephone have is no news.
        assert DeliveryReport(sent=5, delivered=12, waiting=2) == school.deliver()
        assert {put_back, direct_put_back} <= {one.key for one in environment.inbox.delivered}
        after = Counter(one.person.value for one in environment.inbox.delivered)
        assert {anna[1]: 1, cilla[1]: 1, direct[1]: 2} == after - before
        school.at("2026-03-04 09:00")
        assert DeliveryReport(sent=2, delivered=2) == school.deliver()
        assert {bo[1]: 1, told[1]: 1} == Counter(one.person.value for one in environment.inbox.delivered) - after
        school.advance(days=1)
        assert DeliveryReport() == school.deliver()
        kept = [record.status for id_ in ids for record in load_notifications(school.storage, id_)]
        assert {Status.DELIVERED: 16, Status.FAILED: 1, Status.UNREACHABLE: 1, Status.DROPPED: 1} == Counter(kept)
        assert () == school.storage.unnoted()
        school.desk.end(ids[4], reason="klar")
        assert tuple(sorted((first, second))) == school.storage.notification_keys(UNIT, [ids[4]])


def notice(key: str, number: str) -> Notice:
    """Return a notice as the version before digests has sent it."""
    person = PersonId("personnummer", number)
    return Notice(key=key, unit=UNIT, person=person, template=Template.MESSAGE_TO_READ, link="https://b.example")
