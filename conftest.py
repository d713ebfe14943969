"""What all tests share: the marker of a rule, and new and empty databases, each for one test."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from benchmarks.servers import SERVER, database, postgresql
from tests.databases import skip_without_a_server

# A busy machine is no failure.
settings.register_profile("searching", deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("the same", settings.get_profile("searching"), derandomize=True)
settings.load_profile("the same")
# Each change is judged by the same examples, so that what fails is the change. To look for more, and for as long as you
# like: `--hypothesis-profile=searching`, again and again.


_UNMEASURED = (
    "proofs",
    "tests/adapters/sql/test_canonical_hsa_ids.py",
    "tests/adapters/sql/test_drift.py",
    "tests/adapters/sql/test_forks.py",
    "tests/adapters/sql/test_older_data.py",
    "tests/application/test_text_subclasses.py",
    "tests/application/test_tracebacks.py",
    "tests/bootstrap/test_package.py",
    "tests/domain/test_masking.py",
    "tests/kit/test_first_try.py",
    "tests/laws/test_desk_permissions.py",
)
"""Files and folders of slow tests whose lines of the package other tests run too."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that run without coverage."""
    slow = [config.rootpath / path for path in _UNMEASURED]
    for item in items:
        if any(item.path.is_relative_to(path) for path in slow):
            item.add_marker("unmeasured")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers: the rule of the manual that a test is tied to, and what runs without coverage."""
    config.addinivalue_line("markers", "rule(id): the rule that the test is an example of, such as M-17 or D-13a")
    config.addinivalue_line(
        "markers", "search: a long search that runs without coverage, which would slow it threefold"
    )
    config.addinivalue_line(
        "markers", "unmeasured: runs without coverage, because other tests run the same lines; see conftest.py"
    )
    config.addinivalue_line(
        "markers", "nightly: a search of half a minute and more, of what a shorter one beside it tries too"
    )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, to be copied."""
    from digital_painschool.adapters.sql import migrate

    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A new SQLite file with the schema."""
    path = tmp_path / "painschool.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server's own database: one that is there already, or one for this run alone."""
    if not os.environ.get(SERVER):
        skip_without_a_server()
    with postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[str]:
    """A PostgreSQL database with the schema, to be cloned."""
    from digital_painschool.adapters.sql import migrate

    with database(postgresql_server) as url:
        migrate(url)
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """A new PostgreSQL database with the schema."""
    with database(postgresql_server, postgresql_template) as url:
        yield url


@pytest.fixture
def empty_postgresql_url(postgresql_server: str) -> Iterator[str]:
    """A new PostgreSQL database without a schema."""
    with database(postgresql_server) as url:
        yield url


@pytest.fixture
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let those who met at one enrolment try again at once."""
    monkeypatch.setattr("digital_painschool.application.executor.sleep", lambda _: None)
