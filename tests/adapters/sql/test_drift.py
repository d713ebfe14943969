"""A migrated database is what the statements are written for; and whatever differs is found."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.databases import run_script
from tests.drift import drift

KINDS = ("sqlite_url", "postgresql_url")


def test_the_migrations_give_the_schema(url: str) -> None:
    """Otherwise an updated database would differ from what the statements are written for."""
    assert [] == drift(url)


_OTHER_CONDITION = """DROP INDEX uq_enrolments_open;
CREATE UNIQUE INDEX uq_enrolments_open ON enrolments (person_value, person_scheme, program, unit){}"""

_BROKEN = {
    "a table more": "CREATE TABLE letters (id TEXT)",
    "a table less": "DROP TABLE exports",
    "a column more": "ALTER TABLE enrolments ADD COLUMN note TEXT",
    "a column less": "ALTER TABLE enrolments DROP COLUMN reviewed_at",
    "a column by another name": "ALTER TABLE exports RENAME COLUMN data TO content",
    "an index less": "DROP INDEX ix_enrolments_person",
    "an index more": "CREATE INDEX ix_enrolments_phase ON enrolments (phase)",
    "an index of other columns": "DROP INDEX ix_notices_person;"
    "CREATE INDEX ix_notices_person ON notices (person_value)",
    "an index in another order": "DROP INDEX ix_notices_person;"
    "CREATE INDEX ix_notices_person ON notices (person_value DESC, person_scheme)",
    "an index that is not unique": "DROP INDEX uq_staff_messages_key;"
    "CREATE INDEX uq_staff_messages_key ON staff_messages (channel, key)",
    "an index without its condition": _OTHER_CONDITION.format(""),
    "an index with another condition": _OTHER_CONDITION.format(" WHERE ended_at IS NOT NULL"),
}

_BROKEN_ON_POSTGRESQL = {
    "another type": "ALTER TABLE timeline ALTER COLUMN at TYPE TIMESTAMP",
    "another order of letters": 'ALTER TABLE enrolments ALTER COLUMN unit TYPE TEXT COLLATE "default"',
    "a column that may be empty": "ALTER TABLE enrolments ALTER COLUMN state DROP NOT NULL",
    "a default less": "ALTER TABLE enrolments ALTER COLUMN exported_version DROP DEFAULT",
    "another default": "ALTER TABLE enrolments ALTER COLUMN exported_version SET DEFAULT 1",
    "no rising number": "ALTER TABLE access_log ALTER COLUMN number DROP IDENTITY",
    "a key less": "ALTER TABLE documents DROP CONSTRAINT pk_documents",
    "a foreign key less": "ALTER TABLE timeline DROP CONSTRAINT fk_timeline_enrolment_id",
    "a foreign key that deletes": "ALTER TABLE timeline DROP CONSTRAINT fk_timeline_enrolment_id,"
    " ADD CONSTRAINT fk_timeline_enrolment_id FOREIGN KEY (enrolment_id) REFERENCES enrolments ON DELETE CASCADE",
    "a check more": "ALTER TABLE enrolments ADD CONSTRAINT grown CHECK (version > 0)",
    "a table that a crash empties": "ALTER TABLE profiles SET UNLOGGED",
    "rows that are hidden": "ALTER TABLE enrolments ENABLE ROW LEVEL SECURITY",
    "a trigger": "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER sly BEFORE INSERT ON timeline FOR EACH ROW EXECUTE FUNCTION nothing()",
}

_TIMELINE = """DROP TABLE timeline; CREATE TABLE timeline (enrolment_id TEXT NOT NULL, seq INTEGER NOT NULL,
unit TEXT NOT NULL, kind TEXT NOT NULL, shape INTEGER NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, data TEXT NOT NULL,
CONSTRAINT pk_timeline PRIMARY KEY (enrolment_id, seq){}"""
_REFERENCES = ", CONSTRAINT fk_timeline_enrolment_id FOREIGN KEY(enrolment_id) REFERENCES enrolments (id)"


def _exports(key: str = "TEXT NOT NULL PRIMARY KEY", unit: str = "TEXT NOT NULL", data: str = "TEXT NOT NULL") -> str:
    return (
        f"DROP TABLE exports; CREATE TABLE exports (id {key}, unit {unit}, exported_at TEXT NOT NULL, data {data});"
        "CREATE INDEX ix_exports_unit ON exports (unit, exported_at, id)"
    )


_BROKEN_ON_SQLITE = {
    "another type": _exports(data="BLOB NOT NULL"),
    "a column that may be empty": _exports(unit="TEXT"),
    "a default": _exports(data="TEXT NOT NULL DEFAULT 'x'"),
    "a key less": _exports(key="TEXT NOT NULL"),
    "a check more": _exports(data="TEXT NOT NULL CHECK (data <> '')"),
    "another order of letters": _exports(key="TEXT COLLATE NOCASE NOT NULL PRIMARY KEY"),
    "a foreign key less": _TIMELINE.format(") WITHOUT ROWID"),
    "a foreign key that deletes": _TIMELINE.format(_REFERENCES + " ON DELETE CASCADE) WITHOUT ROWID"),
    "a table with row numbers": _TIMELINE.format(_REFERENCES + ")"),
    "a trigger": "CREATE TRIGGER sly AFTER INSERT ON timeline BEGIN SELECT 1; END",
}


def _breaks() -> Iterator[Any]:
    for kind, more in zip(KINDS, (_BROKEN_ON_SQLITE, _BROKEN_ON_POSTGRESQL), strict=True):
        for name, script in (_BROKEN | more).items():
            yield pytest.param(kind, script, id=f"{kind.partition('_')[0]}: {name}")


@pytest.mark.parametrize(("kind", "script"), list(_breaks()))
def test_a_drift_is_found(kind: str, script: str, request: pytest.FixtureRequest) -> None:
    """Otherwise the check would pass whatever a migration forgot."""
    url = request.getfixturevalue(kind)
    run_script(url, script)
    assert [] != drift(url)


def test_a_table_that_is_made_as_it_was_is_no_drift(sqlite_url: str) -> None:
    """Otherwise the tests above would find a drift in the writing alone."""
    run_script(sqlite_url, _TIMELINE.format(_REFERENCES + ") WITHOUT ROWID"))
    run_script(sqlite_url, _exports())
    assert [] == drift(sqlite_url)
