"""The CSV files of an export for a program, and for a spreadsheet in a language."""

import csv
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import attrs
import pytest

from digital_painschool.application.export import Format, write_export
from digital_painschool.application.export_layout import LAYOUTS
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import EndReason, Program
from digital_painschool.errors import InvalidValue, RuleViolation
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.storage import History
from digital_painschool.testing.faults import Answers, Fault, FaultPlan, watched
from digital_painschool.testing.people import ANNA, BO
from digital_painschool.testing.scenario import Scenario
from tests.application import test_export

school, found = test_export.school, test_export.found


@pytest.mark.rule("M-21", "D-24d")
@pytest.mark.parametrize(
    ("language", "start", "score"),
    [
        (None, "enrolment,person,scheme,", ",0.5,7.25,0"),
        ("en", "\ufeffEnrolment id,Personal identity number,", ",0.5,7.25,0"),
        ("sv", "\ufeffMomentets id;Personnummer;", ";0,5;7,25;0"),
    ],
)
def test_the_csv_files_are_for_a_program_or_a_spreadsheet(
    found: History, tmp_path: Path, language: Language | None, start: str, score: str
) -> None:
    """Otherwise a person would read codes, or a program that reads the files would stop working."""
    saved: Any = found.timeline[1].event
    entry = attrs.evolve(found.timeline[1], event=attrs.evolve(saved, score=7.25))
    kept = attrs.evolve(
        found, timeline=(found.timeline[0], entry, *found.timeline[2:]), documents={**found.documents, 2: {"q": 0.5}}
    )
    write_export(tmp_path, [*Format], [kept], LAYOUTS[language])
    assert (tmp_path / "enrolments.csv").read_text("utf-8").startswith(start)
    assert (tmp_path / "answers.csv").read_text("utf-8").splitlines()[1].endswith(score)
    write_export(tmp_path / "plain", [Format.JSON_LINES], [kept])
    whole = [folder / "enrolments.jsonl" for folder in (tmp_path, tmp_path / "plain")]
    assert whole[0].read_bytes() == whole[1].read_bytes()


@pytest.mark.rule("M-21", "D-19a", "D-24d")
def test_a_spreadsheet_says_why_an_enrolment_ended_in_words(tmp_path: Path) -> None:
    """Otherwise the unit's follow-up would be a table of keys; a program needs them, and no lost list stops it."""
    own = (EndReason(key="flytt", title="Flyttat; =1"), EndReason(key="annan", title="Annan"))
    plan, policy = FaultPlan(), Policy(end_reasons=own)
    school = Scenario(lambda here: here.ports(storage=watched(here.storage, plan)), policy=policy)
    for number, reason in ((ANNA, "flytt"), (BO, "annan")):
        school.desk.end(school.start(number), reason=reason)

    def reasons(name: str, language: str | None) -> list[str]:
        school.office.export(tmp_path / name, language=language)
        with (tmp_path / name / "enrolments.csv").open(newline="", encoding="utf-8-sig") as file:
            return [row[8] for row in csv.reader(file, delimiter=";" if language == "sv" else ",")][1:]

    assert ["flytt", "annan"] == reasons("program", None)
    assert ["Flyttat; '=1", "Annan"] == reasons("sv", "sv") == reasons("en", "en")
    school.restart(attrs.evolve(school.catalogue, policy=Policy(end_reasons=own[:1])))
    assert ["Flyttat; '=1", "annan"] == reasons("shorter", "sv")
    plan.inject(Fault("load_record", of=lambda call: call.args[0].kind is Program, does=Answers(None), times=None))
    school.restart()
    assert ["flytt", "annan"] == reasons("lost", "sv")


@pytest.mark.rule("M-21", "D-24a", "D-24d")
def test_an_export_and_a_download_in_a_language_are_the_same(school: Scenario, tmp_path: Path) -> None:
    """Otherwise a portal would give others words than the command line; a key of a version without them is known."""
    asked = (("export", None, "p"), ("word", "sv", "s"))
    first, again = (
        [school.office.export(tmp_path / name, language=language, once=once) for name, language, once in asked]
        for _ in range(2)
    )
    assert first == again
    with pytest.raises(RuleViolation):
        school.office.export(tmp_path / "export", language="sv", once="p")
    download = school.office.download(language=Language.SWEDISH)
    with ZipFile(BytesIO(b"".join(download))) as archive:
        for name in archive.namelist():
            assert (tmp_path / "word" / name).read_bytes() == archive.read(name)
    for wrong in ("fi", 7):
        with pytest.raises(InvalidValue, match="there are no labels in"):
            school.office.export(tmp_path / "wrong", language=wrong)  # type: ignore[arg-type]
