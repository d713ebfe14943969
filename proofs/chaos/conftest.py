"""The story on a database of its own, told once; and copies of it that can be spoilt."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from benchmarks.servers import database
from proofs.chaos.setting import Setting
from proofs.chaos.story import tell


@pytest.fixture(scope="session")
def told(
    postgresql_server: str, postgresql_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Setting]]:
    """The story's database, to be copied; and what was run."""
    with database(postgresql_server, postgresql_template) as url:
        yield url, tell(url, tmp_path_factory.mktemp("journals"))


@pytest.fixture
def copied(postgresql_server: str, told: tuple[str, Setting]) -> Iterator[Setting]:
    """The story on a copy of its database, which can be spoilt."""
    there, setting = told
    with database(postgresql_server, there) as url:
        yield evolve(setting, url=url)


@pytest.fixture
def journals(told: tuple[str, Setting]) -> Path:
    """Where the story's journals are."""
    return told[1].folder
