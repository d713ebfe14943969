"""Every statement finds its rows by an index: no call that a person waits for reads a whole table."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from benchmarks.region import Size, load
from benchmarks.servers import database
from digital_painschool.adapters.sql.access_log import _ENTRIES
from digital_painschool.adapters.sql.postgresql_connection import statements_for
from digital_painschool.adapters.sql.sqlite_connection import STATEMENTS
from tests.databases import path_of
from tests.statements import statements

GENERIC_PLAN = 160000


def scans(plan: Any) -> Iterator[Any]:
    """Yield the nodes of a plan that read a table."""
    if "Relation Name" in plan and "Scan" in plan["Node Type"]:
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans(part)


def conditions(plan: Any) -> Iterator[str]:
    """Yield what a scan, or the bitmaps below it, look up in an index."""
    yield plan.get("Index Cond", "")
    for part in plan.get("Plans", ()):
        yield from conditions(part)


@pytest.fixture(scope="module")
def connection(postgresql_server: str) -> Iterator[psycopg.Connection]:
    """Connect to a small region, whose planner reads a whole table only where nothing else is possible."""
    with database(postgresql_server) as url, psycopg.connect(url, autocommit=True) as connection:
        if connection.info.server_version < GENERIC_PLAN:
            pytest.skip("the server tells no plan without values: it is older than PostgreSQL 16")
        load(url, Size.of(2000))
        connection.execute("SET enable_seqscan = off")
        yield connection


def plan_of(connection: psycopg.Connection, sql: str) -> Any:
    """Ask for the plan of a statement whatever its values are."""
    (row,) = connection.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {sql}".encode()).fetchall()
    found = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return found[0]["Plan"]


def steps_of(url: str, statement: Any) -> list[str]:
    """Return the steps in which SQLite carries out a statement."""
    sql = STATEMENTS[statement].sql
    with closing(sqlite3.connect(path_of(url))) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]


@pytest.mark.parametrize("statement", [*statements()])
def test_every_statement_goes_by_an_index_on_postgresql(connection: psycopg.Connection, statement: Any) -> None:
    """Otherwise it would become slower with every patient, at every unit."""
    plan = plan_of(connection, statements_for(None)[statement].sql)
    whole = [scan for scan in scans(plan) if not any(conditions(scan))]
    assert [] == whole


def test_a_statement_without_an_index_is_found(connection: psycopg.Connection) -> None:
    """Otherwise the test above would pass whatever the plan is."""
    plan = plan_of(connection, "SELECT id FROM enrolments WHERE program = $1")
    assert ["enrolments"] == [scan["Relation Name"] for scan in scans(plan) if not any(conditions(scan))]


@pytest.mark.parametrize("statement", [*statements()])
def test_every_statement_goes_by_an_index_on_sqlite(sqlite_url: str, statement: Any) -> None:
    """Otherwise it would become slower with every patient, at every unit."""
    steps = steps_of(sqlite_url, statement)
    assert [] == [step for step in steps if step.startswith("SCAN") and not step.startswith("SCAN json_each")]


def fill_log(connection: psycopg.Connection, *, units: int) -> None:
    """Write lines of many authors at some units."""
    lines = f"""
        INSERT INTO access_log (at, by, unit, action, activity, granted)
        SELECT now(), 'author ' || n % 500, 'unit ' || n % {units}, 'see-flags', 'L\u00e4sa', true
          FROM generate_series(1, 50000) AS n
    """  # noqa: S608 - a number
    connection.execute("TRUNCATE access_log")
    connection.execute(lines.encode())
    connection.execute("ANALYZE access_log")


EXCERPTS = [
    pytest.param(_ENTRIES[False, of_author, newest_first, not of_author], of_author, id=f"{of_author} {newest_first}")
    for of_author in (True, False)
    for newest_first in (False, True)
]
"""The statements that list what one author did, whoever it was done with, or what was done at a time."""


@pytest.mark.parametrize(("statement", "of_author"), EXCERPTS)
def test_what_one_author_did_is_found_by_its_index_on_sqlite(sqlite_url: str, statement: Any, of_author: bool) -> None:
    """Otherwise few lines would be looked for in all lines of the unit, or its first line begin each page."""
    [step] = steps_of(sqlite_url, statement)
    index = "author (unit=? AND by=?" if of_author else "unit (unit=?"
    assert f"INDEX ix_access_log_{index} AND number>? AND number<?)" in step


def test_what_one_author_did_is_found_by_its_index_on_postgresql(connection: psycopg.Connection) -> None:
    """Otherwise few lines would be looked for in every line that the unit has written since."""
    for units, of_author, index in ((3, True, "ix_access_log_author"), (200, False, "ix_access_log_unit")):
        fill_log(connection, units=units)
        for newest_first in (False, True):
            statement = _ENTRIES[False, of_author, newest_first, not of_author]
            [scan] = scans(plan_of(connection, statements_for(None)[statement].sql))
            assert index == scan["Index Name"]
            assert of_author or all(condition in scan["Index Cond"] for condition in ("(at >= ", "(at < "))
