"""No statement needs a row of another unit: the database itself hides those, and everything works all the same.

So units can lie on different servers of a cluster. PostgreSQL's row-level security shows, and lets write, the rows of
one unit only; what is done for that unit then, by all roles and by the worker, must come out as it does in memory.
"""

from urllib.parse import quote

import psycopg
import pytest

from benchmarks.region import Size, load
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import StorageError
from digital_painschool.ports import Ports
from digital_painschool.ports.storage import load_enrolment
from digital_painschool.testing.environment import Environment, PortsFactory, in_memory
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, ARCHIVIST, BO, COLLEAGUE, OTHER_UNIT, UNIT
from digital_painschool.testing.scenario import Scenario

_ROLE = "one_unit_alone"
_OF_NO_UNIT = {"staff_messages", "delivery_workers", "paces"}
"""What a gateway fetches, addresses and no unit's record; the signs of life of workers, and the latest slots of
channels, which serve all units."""


def hide_other_units(url: str) -> None:
    """Let a role see and write the rows of one unit only, which each connection names."""
    with psycopg.connect(url, autocommit=True) as connection:
        there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (_ROLE,)).fetchone()
        if there is None:
            connection.execute(f"CREATE ROLE {_ROLE}".encode())
        connection.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {_ROLE}".encode())
        for table in METADATA.sorted_tables:
            if table.name not in _OF_NO_UNIT:
                assert "unit" in table.c
                connection.execute(f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY".encode())
                mine = "unit = current_setting('painschool.unit')"
                connection.execute(f"CREATE POLICY one_unit ON {table.name} TO {_ROLE} USING ({mine})".encode())


def as_unit(url: str, unit: str) -> str:
    """Return the URL whose connections see one unit only."""
    options = quote(f"-c role={_ROLE} -c painschool.unit={unit}")
    return f"{url}{'&' if '?' in url else '?'}options={options}"


def opened_at(url: str) -> PortsFactory:
    """Return an opening of a database that is up to date already."""

    def open_there(environment: Environment) -> Ports:
        return environment.ports(storage=SqlStorage(url))

    return open_there


def years_of_a_unit(ports_factory: PortsFactory) -> object:
    """Let everything happen that happens at a unit, from a start to a purge; give what is kept along the way."""
    policy = Policy(retention_years=1, retention_decision="RS 2026-1")
    with Scenario(ports_factory, policy=policy) as school:
        found: list[object] = []
        desk, colleague = school.desk, school.school.therapist(COLLEAGUE)
        pain, sleep, other = school.start(ANNA), school.start(ANNA, "somnskola"), school.start(BO)
        desk.receive_notifications(email=True)
        for id_ in (pain, sleep):
            school.room.open_module(id_, 1)
            desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
        school.room.save_form(pain, PAIN, {"smarta": 9})
        found.append(school.deliver())
        school.advance(days=1)
        found.append(school.deliver())
        school.room.read_conversation(pain, 1)
        desk.write(pain, 1, "Hej igen", notify=Notify.DIRECT)
        desk.open_form(pain, PAIN)
        school.coordinator.hand_over(other, COLLEAGUE.hsa_id)
        found.append((desk.caseload(), colleague.caseload(), school.coordinator.unit_caseload(), desk.find(ANNA)))
        desk.maintain(sleep, days=30, modules=[1], shortens=True)
        school.advance(days=40)
        found.append(school.deliver())
        for of, id_ in ((desk, pain), (desk, sleep), (colleague, other)):
            of.end(id_, reason="klar")
        found.append(school.kept())
        school.advance(days=800)
        office = school.school.administrator(ARCHIVIST)
        found.append(office.export(school.environment.folder / "export"))
        plan = office.plan_purge()
        office.approve(plan, decision="RS 2026-1")
        receipt = office.purge(plan)
        found += [plan, receipt, office.replay(receipt), office.receipts(), school.kept()]
        found.append([entry for _, entry in office.access_log(limit=10_000)])
        return found


def test_a_unit_needs_no_row_of_another(empty_postgresql_url: str) -> None:
    """Otherwise units could not lie on different servers, nor one unit's fault stay its own."""
    load(empty_postgresql_url, Size.of(50))
    hide_other_units(empty_postgresql_url)
    assert years_of_a_unit(in_memory) == years_of_a_unit(opened_at(as_unit(empty_postgresql_url, UNIT)))


def test_what_the_database_hides_is_hidden(empty_postgresql_url: str) -> None:
    """Otherwise the test above would show nothing."""
    load(empty_postgresql_url, Size.of(50))
    hide_other_units(empty_postgresql_url)
    with Scenario(opened_at(as_unit(empty_postgresql_url, OTHER_UNIT))) as school:
        assert None is load_enrolment(school.storage, EnrolmentId("0" * 32))
        with pytest.raises(StorageError):
            school.start(ANNA)
