"""The package as it is installed: what it loads, what it needs, what it exports."""

import ast
import inspect
import json
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import NewType, get_args, get_type_hints

import pytest
from attrs import has

import digital_painschool
from digital_painschool import (
    AdministratorDesk,
    Delivery,
    Event,
    PainSchool,
    PatientDesk,
    Ports,
    Question,
    TherapistDesk,
)

ROOT = Path(__file__).parents[2]
PUBLIC: list[str] = vars(digital_painschool)["__all__"]
HEAVY = (
    "sqlalchemy",
    "alembic",
    "orjson",
    "psycopg",
    "httpx2",
    "standardwebhooks",
    "click",
    "rich",
    "hypothesis",
    "pytest",
)

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
    cli = "import digital_painschool, digital_painschool.cli"
    assert set() == loaded_after(cli).intersection(HEAVY)
    everything = "from digital_painschool import *"
    assert set() == loaded_after(everything).intersection(HEAVY)


def test_every_public_name_is_there_and_only_those() -> None:
    """A name that is listed but cannot be loaded fails at the host, not here."""
    for name in PUBLIC:
        assert getattr(digital_painschool, name) is not None
    assert sorted(PUBLIC) == PUBLIC
    assert dir(digital_painschool) == PUBLIC
    with pytest.raises(AttributeError, match="no attribute 'Enrollment'"):
        digital_painschool.Enrollment  # type: ignore[attr-defined]  # noqa: B018 - the asking is the test


def test_type_checkers_see_the_same_names_as_the_interpreter() -> None:
    """The names are written twice, for type checkers and for loading on demand; they must not drift apart."""
    stub = Path(digital_painschool.__file__).with_suffix(".pyi")
    checked = {
        (alias.name, alias.asname): node.module
        for node in ast.parse(stub.read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    home = vars(digital_painschool)["_HOME"]
    assert checked == {(name, name): f"digital_painschool.{module}" for name, module in home.items()}
    assert sorted(home) == PUBLIC


def named_in(annotation: object) -> Iterator[type | NewType]:
    """Yield the classes of ours, and the types of ids, that an annotation names."""
    if isinstance(annotation, list):
        for item in annotation:
            yield from named_in(item)
    elif parts := get_args(annotation):
        for part in parts:
            yield from named_in(part)
    elif isinstance(annotation, (type, NewType)) and annotation.__module__.startswith("digital_painschool."):
        yield annotation


def touched(annotation: object, seen: set[type | NewType]) -> None:
    """Add the classes that a host touches through a value of this annotation: its own, and those of its attributes."""
    for class_ in named_in(annotation):
        if class_ in seen:
            continue
        seen.add(class_)
        if class_ is Ports or isinstance(class_, NewType) or not has(class_):
            continue  # the protocols of the ports are for the authors of adapters
        hints = get_type_hints(class_)
        for name, hint in hints.items():
            if not name.startswith("_"):
                touched(hint, seen)
        for name, member in vars(class_).items():
            if isinstance(member, property) and not name.startswith("_"):
                touched(get_type_hints(member.fget)["return"], seen)


def test_every_class_that_a_host_touches_is_a_public_name() -> None:
    """Otherwise a host that annotates what a desk returns would import from modules that may move."""
    desks = (AdministratorDesk, Delivery, PainSchool, PatientDesk, TherapistDesk)
    seen: set[type | NewType] = set(desks)
    for desk in desks:
        for name, method in inspect.getmembers(desk, inspect.isfunction):
            if not name.startswith("_"):
                for hint in get_type_hints(method).values():
                    touched(hint, seen)
    for hint in get_type_hints(PainSchool.__init__).values():
        touched(hint, seen)
    touched(Event, seen)
    touched(Question, seen)
    assert [] == sorted(class_.__name__ for class_ in seen if class_.__name__ not in PUBLIC)
    assert all(getattr(digital_painschool, class_.__name__) is class_ for class_ in seen)


def test_the_reference_lists_every_public_name_once() -> None:
    """Otherwise a host would find a name by reading the code alone."""
    page = (ROOT / "docs" / "reference.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]
    assert sorted(re.findall(r"`(\w+)`", "".join(rows))) == PUBLIC


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
