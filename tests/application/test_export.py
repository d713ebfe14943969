"""Exports: complete, safe to open, whole or not there."""

import csv
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from digital_painschool import Actor, Format, HsaId, InvalidValue, Notify, PainSchool, Role, StorageError, open_school
from digital_painschool.application.export import ANSWER_COLUMNS, ENROLMENT_COLUMNS, is_whole, write_export
from digital_painschool.domain.events import Ended, FormSaved
from digital_painschool.domain.masking import Masked
from digital_painschool.ports.storage import Content, History, load_histories, readable

UNIT = "SE2321000131-E000000000001"
NURSE = Actor(hsa_id="SE2321000131-P000000123456", unit=UNIT, roles=frozenset({Role.THERAPIST}))
CLERK = Actor(hsa_id="SE2321000131-P000000999999", unit=UNIT, roles=frozenset({Role.DATA_ADMINISTRATOR}))


@pytest.fixture
def school() -> Iterator[PainSchool]:
    """A school with one ended and one open enrolment."""
    now = [datetime(2026, 3, 2, 8, tzinfo=UTC)]
    with open_school("memory://", clock=lambda: now[0]) as opened:
        desk = opened.therapist(NURSE)
        ended = desk.start("850709-9805", program="digitala-smartskolan")
        desk.start("20000229-2399", program="digitala-smartskolan")
        room = opened.patient("850709-9805")
        room.save_form(ended.id, "halsoskattning", {"smarta": 9, "ovrigt": "=HYPERLINK(1)\n”å”;"})
        now[0] += timedelta(days=1)
        desk.start_conversation(ended.id, "Hej\u2028du", notify=Notify.DIRECT)
        desk.end(ended.id, reason="genomford")
        yield opened


def test_export_holds_every_ended_enrolment_and_no_open_one(school: PainSchool, tmp_path: Path) -> None:
    """What is missing in the export is lost with the purge (M-21); what is not ended must not be in it."""
    receipt = school.administrator(CLERK).export(tmp_path / "out")
    assert 1 == receipt.enrolments
    assert ["enrolments.csv", "answers.csv", "enrolments.jsonl"] == [file.name for file in receipt.files]
    with (tmp_path / "out" / "enrolments.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert set(ENROLMENT_COLUMNS) == set(row)
    assert ("198507099805", "genomford", "1") == (row["person"], row["end_reason"], row["forms_saved"])
    with (tmp_path / "out" / "answers.csv").open(newline="", encoding="utf-8") as file:
        answers = {answer["question"]: answer for answer in csv.DictReader(file)}
    assert set(ANSWER_COLUMNS) == set(answers["smarta"])
    assert ("9", "1") == (answers["smarta"]["answer"], answers["smarta"]["alert"])
    (line,) = (tmp_path / "out" / "enrolments.jsonl").read_text("utf-8").splitlines()[:1]
    kinds = [entry["kind"] for entry in json.loads(line)["timeline"]]
    assert ["started", "form-saved", "conversation-started", "message-sent", "ended"] == kinds[:5]
    texts = [entry.get("document") for entry in json.loads(line)["timeline"]]
    assert "Min konversation" in texts
    assert "Hej\u2028du" in texts


@pytest.mark.rule("M-21")
@pytest.mark.parametrize("damage", [None, "Hej"])
def test_answers_that_are_missing_stop_the_export(school: PainSchool, tmp_path: Path, damage: str | None) -> None:
    """An export that leaves answers out in silence would be followed by a purge, and they would be gone."""
    storage = school._executor.storage
    (found,) = readable(
        load_histories(storage, HsaId(UNIT), [ended.enrolment_id for ended in storage.ended(HsaId(UNIT))])
    )
    damaged = attrs.evolve(found, documents={} if damage is None else {2: damage})
    with pytest.raises(StorageError, match="the answers of timeline entry 2 are missing; restore them from a backup"):
        write_export(tmp_path, [Format.CSV, Format.JSON_LINES], [damaged])
    assert [] == list(tmp_path.iterdir())


@pytest.mark.rule("M-21")
@pytest.mark.parametrize(
    ("seq", "missing"),
    [(2, "answers of timeline entry 2"), (3, "words of timeline entry 3"), (4, "words of timeline entry 4")],
)
def test_what_anybody_wrote_is_in_the_export_or_there_is_none(
    school: PainSchool, tmp_path: Path, seq: int, missing: str
) -> None:
    """Otherwise a message that is lost in the storage would be noticed only when the rest is purged."""
    storage = school._executor.storage
    (found,) = readable(
        load_histories(storage, HsaId(UNIT), [ended.enrolment_id for ended in storage.ended(HsaId(UNIT))])
    )
    rest = {number: content for number, content in found.documents.items() if number != seq}
    assert len(rest) < len(found.documents)
    with pytest.raises(StorageError, match=missing):
        write_export(tmp_path, [Format.JSON_LINES], [attrs.evolve(found, documents=rest)])
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("mask", [0o022, 0])
def test_the_files_are_the_owner_s_alone(school: PainSchool, tmp_path: Path, mask: int) -> None:
    """Otherwise everybody with an account on the machine could read the patients' answers."""
    before = os.umask(mask)
    try:
        receipt = school.administrator(CLERK).export(tmp_path / "out")
    finally:
        os.umask(before)
    modes = {file.name: stat.S_IMODE((tmp_path / "out" / file.name).stat().st_mode) for file in receipt.files}
    assert dict.fromkeys(["enrolments.csv", "answers.csv", "enrolments.jsonl"], 0o600) == modes


def test_patients_text_is_never_a_formula(school: PainSchool, tmp_path: Path) -> None:
    """A text that begins with = would be run by the spreadsheet of whoever opens the export."""
    school.administrator(CLERK).export(tmp_path, formats=[Format.CSV])
    with (tmp_path / "answers.csv").open(newline="", encoding="utf-8") as file:
        texts = [row["answer"] for row in csv.DictReader(file)]
    assert "'=HYPERLINK(1)\n”å”;" in texts
    assert not any(text.startswith(("=", "+", "-", "@")) for text in texts)


def test_receipt_fits_the_files(school: PainSchool, tmp_path: Path) -> None:
    """A receipt that does not fit its files proves nothing before a purge (D-21a)."""
    for file in school.administrator(CLERK).export(tmp_path).files:
        content = (tmp_path / file.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256
    with (tmp_path / "answers.csv").open(newline="", encoding="utf-8") as written:
        assert 2 == len(list(csv.reader(written))) - 1


def test_file_that_is_there_is_not_overwritten(school: PainSchool, tmp_path: Path) -> None:
    """An earlier export may be the only copy of what was purged since."""
    (tmp_path / "answers.csv").write_text("the only copy")
    with pytest.raises(StorageError, match=r"answers\.csv is there already"):
        school.administrator(CLERK).export(tmp_path)
    assert ["answers.csv"] == [path.name for path in tmp_path.iterdir()]
    assert "the only copy" == (tmp_path / "answers.csv").read_text()


def test_interrupted_export_leaves_no_file(tmp_path: Path) -> None:
    """Half an export under its final name would be taken for a whole one."""

    def histories() -> Iterator[History]:
        yield from ()
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError):
        write_export(tmp_path, [Format.CSV, Format.JSON_LINES], histories())
    assert [] == list(tmp_path.iterdir())


def test_folder_that_cannot_be_written_is_a_typed_error(school: PainSchool, tmp_path: Path) -> None:
    """An OSError from deep within tells an administrator nothing."""
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match="the export could not be written"):
        school.administrator(CLERK).export(tmp_path / "file" / "folder")
    with pytest.raises(StorageError, match="the export could not be written"):
        school.administrator(CLERK).export("/dev/full/x")


def test_formats_are_formats(school: PainSchool, tmp_path: Path) -> None:
    """A misspelt format that is passed over would give an export without its main file."""
    for formats in ((), ("csv",)):
        with pytest.raises(InvalidValue, match="at least one Format"):
            school.administrator(CLERK).export(tmp_path, formats=formats)  # type: ignore[arg-type]


@pytest.mark.rule("M-21")
def test_no_column_holds_a_formula(school: PainSchool, tmp_path: Path) -> None:
    """Otherwise a key or an id from a program file or another system would be run where an answer is not."""
    storage = school._executor.storage
    ids = [ended.enrolment_id for ended in storage.ended(HsaId(UNIT))]
    (found,) = readable(load_histories(storage, HsaId(UNIT), ids))
    hostile = "=1;=2\n=3"
    values = attrs.asdict(found.enrolment, recurse=False)
    texts = {name for name, value in values.items() if isinstance(value, str)}
    assert {"id", "program", "program_version", "therapist", "end_reason"} <= texts
    person = attrs.evolve(found.enrolment.person)
    assert person is not found.enrolment.person
    object.__setattr__(person, "scheme", hostile)
    object.__setattr__(person, "_value", Masked(hostile))
    saved: Any = found.timeline[1].event
    entry = attrs.evolve(found.timeline[1], event=attrs.evolve(saved, form=hostile))
    timeline = (found.timeline[0], entry, *found.timeline[2:])
    documents: dict[int, Content] = {**found.documents, 2: {hostile: hostile, "q": (hostile, hostile)}}
    enrolment = attrs.evolve(found.enrolment, person=person)
    for name in texts:  # past what a value itself refuses
        object.__setattr__(enrolment, name, hostile)
    damaged = attrs.evolve(found, enrolment=enrolment, timeline=timeline, documents=documents)
    write_export(tmp_path, [Format.CSV], [damaged])
    for name in ("enrolments.csv", "answers.csv"):
        for separator in ",;\t":
            with (tmp_path / name).open(newline="", encoding="utf-8") as file:
                cells = [text for row in csv.reader(file, delimiter=separator) for text in row]
            assert [] == [text for text in cells if text.startswith("=")]
            assert any("'=1" in text for text in cells)


def test_half_of_a_surrogate_pair_is_written_as_json_writes_it(school: PainSchool, tmp_path: Path) -> None:
    """Otherwise one damaged answer would stop the export of all patients, with the answer in the error."""
    storage = school._executor.storage
    ids = [ended.enrolment_id for ended in storage.ended(HsaId(UNIT))]
    (found,) = readable(load_histories(storage, HsaId(UNIT), ids))
    answers = {"ovrigt": "a\\\ud83d"}
    write_export(tmp_path, [*Format], [attrs.evolve(found, documents={**found.documents, 2: answers})])
    entry = json.loads((tmp_path / "enrolments.jsonl").read_text("utf-8"))["timeline"][1]
    assert answers == entry["document"]
    assert "\\ud83d" in (tmp_path / "answers.csv").read_text("utf-8")


def test_what_is_missing_from_an_export_is_noticed_whatever_is_asked_for(school: PainSchool) -> None:
    """Otherwise answers whose timeline entry is damaged would be purged, and be in no file."""
    storage = school._executor.storage
    ids = [ended.enrolment_id for ended in readable(storage.ended(HsaId(UNIT)))]
    (found,) = readable(load_histories(storage, HsaId(UNIT), ids, {FormSaved}))
    assert is_whole(found, {FormSaved})
    assert not is_whole(attrs.evolve(found, timeline=(), documents={}), {FormSaved})
    assert is_whole(attrs.evolve(found, timeline=(), documents={}), {Ended})
