"""A server process with very many open files."""

import os
import resource
from collections.abc import Iterator
from contextlib import closing

import pytest

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.ports.storage import load_enrolment


@pytest.fixture
def many_files() -> Iterator[None]:
    """So many open files that the next one has a number above 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2048 if hard == resource.RLIM_INFINITY else min(2048, hard)
    if wanted < 2048:
        pytest.skip("this machine allows no more than 1024 open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    opened = [os.open(os.devnull, os.O_RDONLY)]
    while opened[-1] < 1100:
        opened.append(os.dup(opened[0]))
    yield
    for file in opened:
        os.close(file)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_a_connection_with_a_high_number_is_used_again(postgresql_url: str) -> None:
    """Otherwise a web server with a thousand visitors would lose its storage at the second step."""
    with closing(SqlStorage(postgresql_url)) as storage:
        assert [None, None] == [load_enrolment(storage, EnrolmentId("e-1")) for _ in range(2)]
