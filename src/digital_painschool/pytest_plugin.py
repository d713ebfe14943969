"""The pytest plugin of the proof kit: installed with the package, it costs nothing until one of its fixtures is used.

It stands beside `digital_painschool.testing`, not in it, so that a pytest without the extra is left alone.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from digital_painschool.domain.policy import Policy
    from digital_painschool.domain.program import Program
    from digital_painschool.testing import Environment, PortsFactory, Scenario

pytest.register_assert_rewrite("digital_painschool.testing")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says where scenarios keep their records."""
    parser.getgroup("digital_painschool").addoption(
        "--painschool-storage",
        metavar="URL",
        default="memory://",
        help="storage of the fixture painschool_ports_factory: memory:// (default), or a URL such as "
        "sqlite:///{folder}/painschool.db, where {folder} becomes a new folder for each scenario",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what the contracts have not proved because an adapter's author has not given a hook."""
    skips = [report for report in terminalreporter.stats.get("skipped", ()) if isinstance(report.longrepr, tuple)]
    reasons = [
        (report.nodeid.rpartition("::")[0], str(report.longrepr[2]).partition("NOT PROVED: ")[2]) for report in skips
    ]
    missing = sorted({f"{contract}: {reason}" for contract, reason in reasons if reason})
    if missing:
        terminalreporter.section("NOT PROVED by the contracts", yellow=True)
        for line in missing:
            terminalreporter.line(line)


@pytest.fixture
def painschool_ports_factory(request: pytest.FixtureRequest) -> "PortsFactory":
    """The function that opens the adapters; override it in your conftest.py to test on your own adapters.

    Left alone, all is in memory, or the storage is where `--painschool-storage` says.
    """
    from digital_painschool.testing import in_memory, stored_at

    url: str = request.config.getoption("--painschool-storage")
    if url == "memory://":
        return in_memory
    if "{folder}" not in url:
        raise pytest.UsageError(
            "--painschool-storage would keep the records of all tests in one database, beside what is there: put "
            "{folder} into the URL, or override painschool_ports_factory with empty databases of your own"
        )
    return stored_at(url)


@pytest.fixture
def painschool_programs() -> "tuple[Program, ...]":
    """The programs on every unit's list; override it to test with your own."""
    from digital_painschool.testing import PROGRAM, SLEEP

    return PROGRAM, SLEEP


@pytest.fixture
def painschool_policy() -> "Policy":
    """Every unit's policy; override it to test with your own."""
    from digital_painschool import Policy

    return Policy()


@pytest.fixture
def painschool_scenario(
    painschool_ports_factory: "PortsFactory", painschool_programs: "tuple[Program, ...]", painschool_policy: "Policy"
) -> "Iterator[Scenario]":
    """A school with a clock that moves and people by role, on `painschool_ports_factory`; closed after the test."""
    from digital_painschool.testing import Scenario

    with Scenario(painschool_ports_factory, programs=painschool_programs, policy=painschool_policy) as scenario:
        yield scenario


@pytest.fixture
def painschool_environment(painschool_scenario: "Scenario") -> "Environment":
    """The environment of `painschool_scenario`: its clock, its folder, and adapters in memory to look into."""
    return painschool_scenario.environment
