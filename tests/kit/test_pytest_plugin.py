"""The pytest plugin, as somebody else's test run sees it."""

import subprocess
import sys
from pathlib import Path

import pytest

SCENARIO = """
from digital_painschool import Notify
from digital_painschool.adapters.{adapter}

def test_it(painschool_scenario, painschool_environment):
    enrolment = painschool_scenario.start()
    painschool_scenario.desk.start_conversation(enrolment, "Hej", notify=Notify.DIRECT)
    assert 1 == painschool_scenario.deliver().delivered
    (told,) = painschool_scenario.outbox
    assert "inbox" == told.channel.value
    assert isinstance(painschool_scenario.storage, {storage})
    assert painschool_environment is painschool_scenario.environment
"""
MEMORY = SCENARIO.format(adapter="memory import MemoryStorage", storage="MemoryStorage")
SQL = SCENARIO.format(adapter="sql import SqlStorage", storage="SqlStorage")


def run(folder: Path, *options: str, **files: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder with these files, in a process of its own."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *options]
    return subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)


def test_a_scenario_is_at_hand_without_any_import(tmp_path: Path) -> None:
    """Otherwise somebody who tests their portal would have to build a school first."""
    done = run(tmp_path, test_one=MEMORY)
    assert "1 passed" in done.stdout, done.stdout


def test_the_storage_can_be_chosen_on_the_command_line(tmp_path: Path) -> None:
    """Otherwise the same tests could not be run on the database that is used for real."""
    pytest.importorskip("sqlalchemy", reason="SQLite is not there: install digital_painschool[sql]")
    done = run(tmp_path, "--painschool-storage", "sqlite:///{folder}/painschool.db", test_one=SQL)
    assert "1 passed" in done.stdout, done.stdout


@pytest.mark.parametrize("url", ["sqlite:///{there}/in-use.db", "postgresql://nobody@127.0.0.1:1/in-use"])
def test_a_database_that_is_in_use_gets_no_patients_of_a_test(url: str, tmp_path: Path) -> None:
    """Otherwise the database of the settings, given by mistake, would be migrated and get patients who do not exist."""
    done = run(tmp_path, "--painschool-storage", url.format(there=tmp_path), test_one=SQL)
    assert "put {folder} into the URL" in done.stdout, done.stdout
    assert not (tmp_path / "in-use.db").exists()


def test_adapters_programs_and_policy_can_be_overridden(tmp_path: Path) -> None:
    """Otherwise the fixtures would be of no use for adapters of one's own."""
    conftest = """
import pytest
from digital_painschool import Policy
from digital_painschool.adapters.memory import MemoryInbox
from digital_painschool.testing import SLEEP, with_adapters

class OurInbox(MemoryInbox): ...

@pytest.fixture
def painschool_ports_factory():
    return with_adapters(inbox=OurInbox())

@pytest.fixture
def painschool_programs():
    return (SLEEP,)

@pytest.fixture
def painschool_policy():
    return Policy(heading="En fråga")
"""
    test = """
def test_it(painschool_scenario):
    assert "OurInbox" == type(painschool_scenario.ports.inbox).__name__
    assert ["somnskola"] == [program.key for program in painschool_scenario.desk.programs()]
    enrolment = painschool_scenario.start(key="somnskola")
    painschool_scenario.desk.start_conversation(enrolment, "Hej")
    assert "En fråga" == painschool_scenario.desk.conversations(enrolment)[0].heading
"""
    done = run(tmp_path, conftest=conftest, test_one=test)
    assert "1 passed" in done.stdout, done.stdout


def test_the_help_names_every_fixture(tmp_path: Path) -> None:
    """Otherwise nobody would find them."""
    shown = run(tmp_path, "--fixtures").stdout
    fixtures = {"painschool_scenario", "painschool_ports_factory", "painschool_environment", "painschool_programs"}
    for fixture in fixtures | {"painschool_policy"}:
        _, found, described = shown.partition(f"\n{fixture} -- ")
        assert found
        assert "no docstring available" not in described.split("\n\n")[0]
    assert "--painschool-storage=URL" in run(tmp_path, "--help").stdout


def test_asserts_of_the_kit_say_what_was_found(tmp_path: Path) -> None:
    """Otherwise a contract that fails would say AssertionError and nothing else."""
    test = """
from digital_painschool.adapters.memory import MemoryInbox
from digital_painschool.ports.inbox import Delivered
from digital_painschool.testing.contracts.inbox import InboxContract

class Forgetful(MemoryInbox):
    def deliver(self, notice):
        return Delivered.ACCEPTED

class TestForgetful(InboxContract):
    def open(self, place):
        return Forgetful()
"""
    done = run(tmp_path, test_one=test)
    assert "test_a_key_is_sent_once" in done.stdout
    assert "assert <Delivered.DUPLICATE" in done.stdout, done.stdout


def test_without_the_extra_the_kit_says_what_to_install() -> None:
    """Otherwise somebody would be told of a module that they never asked for."""
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "try: import digital_painschool.testing\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = "digital_painschool.testing needs its extra, and hypothesis is not there: "
    assert f"{expected}pip install 'digital_painschool[testing]'\n" == done.stdout


def test_a_pytest_without_the_extra_is_left_alone(tmp_path: Path) -> None:
    """Otherwise installing the library would break the test runs of everybody who has no use for the kit."""
    conftest = "import sys\nsys.modules['hypothesis'] = None\n"
    done = run(tmp_path, "-p", "no:hypothesispytest", conftest=conftest, test_one="def test_it(): pass\n")
    assert "1 passed" in done.stdout, done.stdout + done.stderr
