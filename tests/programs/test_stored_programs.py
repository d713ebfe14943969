"""Programs that were stored before keys, texts and numbers had limits: whoever runs one goes on with it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.limits import as_stored
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.program import EndReason, Module, Pace, Page, Program
from digital_painschool.errors import InvalidProgram
from digital_painschool.ports.storage import load_program
from digital_painschool.programs import program_from_data, program_to_data
from digital_painschool.programs.structuring import structured
from digital_painschool.testing.environment import PortsFactory, in_memory, with_adapters
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM
from digital_painschool.testing.people import ANNA, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.databases import execute
from tests.programs.illegal import KEYS

OLD_KEYS = [key for key in KEYS if key.strip() == key and 0 < len(key) < 100] + ["smärt skola\n"]

FAR = 10**11


def of_old(key: str = "smart\u00a0skola", version: str = "1\u200b") -> Program:
    """Return a program as it could be started before there were limits."""
    pain, daily = PROGRAM.form(PAIN), PROGRAM.form(DAILY)
    assert pain is not None
    assert daily is not None
    with as_stored():
        (question,) = pain.questions
        asked = evolve(pain, key="a b", questions=(evolve(question, key="=1+1", text="Hur\x1bont?"),))
        return evolve(
            PROGRAM,
            key=key,
            version=version,
            title="Smärt\tskola",
            forms=(asked, daily),
            modules=(
                Module(number=1, title="Ett\n", pages=(Page(title="Sida\x07", text="", forms=("a b",)),)),
                Module(number=FAR, title="Två", pages=(Page(title="Sida", text="", forms=(DAILY,)),)),
            ),
            reading_order=(1, FAR),
            required=(1, FAR),
            pace=Pace(modules_a_week=FAR),
            end_reasons=(EndReason(key="är klar", title="Klar\n"),),
        )


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def school(request: pytest.FixtureRequest) -> Iterator[Scenario]:
    """A school on each storage, with a patient who runs a program of old; the list has the present one alone."""
    ports_factory: PortsFactory = in_memory
    if request.param != "memory":
        ports_factory = with_adapters(storage=SqlStorage(request.getfixturevalue(f"{request.param}_url")))
    with Scenario(ports_factory, programs=(of_old(),)) as scenario:
        scenario.start(key=of_old().key)
        scenario.restart(Catalogue(programs=(PROGRAM,)))
        yield scenario


@pytest.mark.rule("D-05c")
def test_a_patient_who_runs_one_is_reached_by_every_call_and_can_be_ended(school: Scenario) -> None:
    """Otherwise a patient would be stuck: found by no call, not to be ended, and not to be started again."""
    desk, room, id_ = school.desk, school.room, EnrolmentId("e-0001")
    assert of_old() == desk.program(id_)
    assert [id_] == [overview.enrolment_id for overview in room.enrolments()]
    assert "Ett\n" == room.open_module(id_, 1).title
    assert 1 == room.save_form(id_, "a b", {"=1+1": 9}).number
    assert {"=1+1": 9} == desk.open_form(id_, "a b")[0].answers
    room.open_module(id_, FAR)
    room.complete_module(id_, FAR)
    assert 1 == desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED).conversation
    assert [id_] == [row.enrolment_id for row in desk.caseload().rows]
    desk.maintain(id_, days=30, modules=(FAR,), shortens=True)
    assert Phase.ENDED is desk.end(id_, reason="är klar").phase
    assert Phase.ACTIVE is desk.start(ANNA, program=PROGRAM.key).phase


@pytest.mark.rule("D-05c")
@pytest.mark.parametrize("old", OLD_KEYS, ids=ascii)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_stored_key_is_found_by_its_exact_text(request: pytest.FixtureRequest, database: str, old: str) -> None:
    """Otherwise a key that is refused today would hide what was stored under it."""
    program = of_old(old, old)
    url = request.getfixturevalue(f"{database}_url")
    storage = SqlStorage(url)
    insert = "INSERT INTO programs (unit, key, version, data) VALUES (?, ?, ?, ?)"
    # As the version before wrote it: nothing of the present code has judged the row.
    execute(
        url,
        insert if database == "sqlite" else insert.replace("?", "%s"),
        (UNIT, old, old, json.dumps(program_to_data(program))),
    )
    assert program == load_program(storage, UNIT, old, old)
    assert None is load_program(storage, UNIT, old.strip() + "x", old)
    storage.close()


def test_what_is_stored_is_read_and_the_same_in_a_file_is_refused() -> None:
    """Otherwise the limits would either lock patients out, or not hold."""
    data: Any = json.loads(json.dumps(program_to_data(of_old())))
    assert of_old() == program_from_data(data, "stored")
    with pytest.raises(InvalidProgram) as refused:
        structured(data, "a file")
    places = [problem.split(": ")[0] for problem in refused.value.problems]
    assert [
        "key",
        "version",
        "title",
        "modules[1].title",
        "modules[1].pages[Sida\\x07].title",
        "modules[1].pages[Sida\\x07].forms",
        "modules[100000000000].number",
        "forms[a b].key",
        "forms[a b].questions[=1+1].key",
        "forms[a b].questions[=1+1].text",
        "reading_order",
        "required",
        "end_reasons[är klar].key",
        "end_reasons[är klar].title",
        "pace.modules_a_week",
    ] == sorted(places, key=places.index)
    with pytest.raises(InvalidProgram):
        evolve(of_old(), title="Ny")
