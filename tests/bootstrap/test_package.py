"""The package as it is installed: what it loads, what it needs, what it exports."""

import ast
import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import digital_painschool

ROOT = Path(__file__).parents[2]
HEAVY = ("sqlalchemy", "alembic", "orjson", "psycopg", "click", "rich", "hypothesis", "pytest")

CORE_JOB = """
import json, sys
from importlib.metadata import distributions
from digital_painschool import Actor, Role, ConfigurationError, open_school

nurse = Actor(hsa_id="SE2321000131-P000000123456", unit="SE2321000131-E000000000001", roles={Role.THERAPIST})
with open_school("memory://") as school:
    enrolment = school.therapist(nurse).start("850709-9805", program="digitala-smartskolan")
    school.patient("850709-9805").save_form(enrolment.id, "halsoskattning", {"smarta": 6})
    flags = len(school.therapist(nurse).to_handle(enrolment.id))
try:
    open_school("sqlite:///painschool.db")
    refused = ""
except ConfigurationError as error:
    refused = str(error)
installed = sorted({d.metadata["Name"].lower().replace("_", "-") for d in distributions()})
print(json.dumps({"flags": flags, "refused": refused, "installed": installed, "loaded": sorted(sys.modules)}))
"""


def loaded_after(statement: str) -> set[str]:
    """Return the modules that a fresh process has loaded after a statement."""
    script = f"{statement}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_import_loads_nothing_heavy() -> None:
    """A portal that imports the rules must not pay for databases, command lines and test tools."""
    assert set() == loaded_after("import digital_painschool").intersection(HEAVY)
    everything = "from digital_painschool import *"
    assert set() == loaded_after(everything).intersection(HEAVY)


def test_every_public_name_is_there_and_only_those() -> None:
    """A name that is listed but cannot be loaded fails at the host, not here."""
    for name in digital_painschool.__all__:
        assert getattr(digital_painschool, name) is not None
    assert sorted(digital_painschool.__all__) == digital_painschool.__all__
    assert dir(digital_painschool) == digital_painschool.__all__
    with pytest.raises(AttributeError, match="no attribute 'Enrollment'"):
        digital_painschool.Enrollment  # noqa: B018 - the asking is the test


def test_type_checkers_see_the_same_names_as_the_interpreter() -> None:
    """The names are written twice, for type checkers and for loading on demand; they must not drift apart."""
    tree = ast.parse(Path(digital_painschool.__file__).read_text("utf-8"))
    checked = {
        alias.name: node.module
        for branch in tree.body
        if isinstance(branch, ast.If)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    home = vars(digital_painschool)["_HOME"]
    assert checked == {name: f"digital_painschool.{module}" for name, module in home.items()}
    assert sorted(home) == digital_painschool.__all__


def test_core_installs_alone_and_works(tmp_path: Path) -> None:
    """With the core's five dependencies and nothing else, the main path must work and an extra be asked for clearly."""
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    constraints = str(ROOT / "constraints.txt")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", constraints]
    done = subprocess.run([*install, str(ROOT)], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    job = subprocess.run([str(python), "-c", CORE_JOB], capture_output=True, text=True, check=True, cwd=tmp_path)
    told = json.loads(job.stdout)
    core = {"attrs", "cattrs", "digital-painschool", "pluggy", "python-dateutil", "tzdata"}
    theirs = {"six", "typing-extensions"}  # what the five bring along
    assert core <= set(told["installed"])
    assert set(told["installed"]) <= core | theirs | {"pip", "setuptools"}
    assert 1 == told["flags"]
    assert "digital_painschool[sql]" in told["refused"]
    assert set() == set(told["loaded"]).intersection(HEAVY)
    command = subprocess.run(
        [str(tmp_path / "env" / "bin" / "digital-painschool"), "demo"], capture_output=True, text=True, check=False
    )
    assert 2 == command.returncode
    assert "digital_painschool[cli]" in command.stderr
