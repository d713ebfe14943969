"""Texts of a type of the host's own: each is taken as the text that it holds, at every parameter, on every storage."""

from collections.abc import Mapping
from enum import Enum
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from digital_painschool.application.export_download import ExportDownload
from digital_painschool.domain.people import PersonId
from digital_painschool.testing.environment import PortsFactory, in_memory
from digital_painschool.testing.people import ANNA, NURSE
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.snapshot import StorageSnapshot, canonical
from tests.application.desk_calls import PEOPLE, E, lived
from tests.application.test_bad_input import GOOD, METHODS, good

OPTIONAL: dict[str, Any] = {
    "action": "start",
    "by": NURSE.hsa_id,
    "enrolment_id": E,
    "form": GOOD["form"],
    "heading": "Ny",
    "language": "en",
    "once": "k",
    "person": ANNA,
}
"""Texts for parameters that may be left out."""


def member_of(text: str) -> Any:
    """Return a text as the one member of an enumeration, which `str` writes out as something else."""

    class Word(str, Enum):  # noqa: UP042 - many hosts have these still
        ONE = text

    return Word.ONE


def as_members(value: Any) -> Any:
    """Return a value whose texts are members of enumerations."""
    if isinstance(value, Mapping):
        return {as_members(key): as_members(item) for key, item in value.items()}
    return member_of(value) if isinstance(value, str) else value


def arguments_of(method: str) -> dict[str, Any]:
    """Return good arguments for a method, with a text wherever one is taken."""
    return {
        one.name: good(method, one.name) if one.default is one.empty else OPTIONAL[one.name]
        for one in METHODS[method]
        if one.default is one.empty or one.name in OPTIONAL
    }


def outcome(school: Scenario, method: str, arguments: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what a call comes to, twice under its key: its results, its files, and all that is stored."""
    who, _, name = method.partition(".")
    desk: Any = PEOPLE[who][1](school.school)
    results = [attrgetter(name)(desk)(**arguments) for _ in range(2 if "once" in arguments else 1)]
    shown = [canonical(b"".join(one) if isinstance(one, ExportDownload) else one) for one in results]
    log = StorageSnapshot.of_access_log(school.storage)
    return shown, sorted(path.name for path in Path().iterdir()), (*school.kept().lines(), *log.lines())


@pytest.mark.parametrize("method", [method for method in METHODS if arguments_of(method)])
def test_a_text_of_a_subclass_is_taken_as_the_text(
    method: str, ports_factory: PortsFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a host's enumeration of question keys would be saved in memory, and be an unknown outcome in SQL."""
    arguments = arguments_of(method)
    found: list[object] = []
    for opened, given in ((in_memory, arguments), (ports_factory, as_members(arguments))):
        folder = tmp_path / f"{len(found)}"
        folder.mkdir()
        monkeypatch.chdir(folder)
        found.append(outcome(lived(opened), method, given))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["scheme", "value"])
def test_an_identity_number_of_a_subclass_is_the_number(name: str) -> None:
    """Otherwise a storage would write another text than the number."""
    texts = {"scheme": "personnummer", "value": ANNA}
    person = PersonId(**{**texts, name: member_of(texts[name])})
    assert (str, str) == (type(person.scheme), type(person.value))
