"""Exports: their figures are those of the timelines, counted a second time here; safe to open, whole or not there."""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest
from hypothesis import example, given, settings

from digital_painschool.application.csv_cells import text_of
from digital_painschool.application.export import Format, is_whole, write_export
from digital_painschool.application.export_layout import ANSWER_COLUMNS, ENROLMENT_COLUMNS
from digital_painschool.domain.enrolment import Phase, UnreadableEnrolment
from digital_painschool.domain.events import (
    Ended,
    Event,
    FormSaved,
    HandedOver,
    MessageSent,
    ModuleCompleted,
    ProgramDone,
    Started,
)
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Author
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import (
    Content,
    Entry,
    History,
    load_documents,
    load_enrolment,
    load_histories,
    load_timeline,
    readable,
)
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.faults import Call
from digital_painschool.testing.history import (
    CompleteModule,
    HandOver,
    MarkHandled,
    OpenModule,
    PatientRenames,
    PatientWrites,
    SaveForm,
    Start,
    TherapistWrites,
)
from digital_painschool.testing.history import History as Lived
from digital_painschool.testing.people import ARCHIVIST, BO, UNIT
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.strategies import histories
from tests.scenario import beside

pytestmark = pytest.mark.rule("M-21")

LIVED = Lived(
    (
        Start(),
        Start(BO),
        SaveForm(PAIN, {"smarta": 0}),
        SaveForm(DAILY, {"hemma": "bra", "var": ("rygg", "axel"), "fritext": "=HYPERLINK(1)\n”å”;"}),
        SaveForm(DAILY, {"hemma": "svart", "timmar": 7.5, "dag": "2026-03-02"}),
        SaveForm(PAIN, {"smarta": 9}),
        TherapistWrites("Hej\u2028du"),
        PatientWrites("Hej", conversation=1),
        PatientWrites("mer", conversation=1),
        PatientRenames("Ny rubrik"),
        *(step(number) for number in (1, 2, 3) for step in (OpenModule, CompleteModule)),
        HandOver(),
        OpenModule(1, who=BO),
        CompleteModule(1, who=BO),
        MarkHandled(by=HandOver().to),
    )
)
"""One of everything that an export counts, and a nought among the answers and the scores."""


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the lines of a CSV file, its cells as the texts that they were."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: text_of(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def text(answer: object) -> str:
    """Return what a cell says of an answer, or of nothing."""
    return "" if answer is None else " ".join(answer) if isinstance(answer, tuple) else str(answer)


def of_type(kind: type[Event], events: Iterable[Event]) -> list[Any]:
    """Return the events of a type."""
    return [event for event in events if isinstance(event, kind)]


def enrolment_row(events: tuple[Event, ...]) -> list[str]:
    """Return an enrolment's line, counted on its timeline."""
    (started,), (ended,) = of_type(Started, events), of_type(Ended, events)
    messages = of_type(MessageSent, events)
    return [
        started.enrolment_id,
        started.person.value,
        started.person.scheme,
        started.program,
        started.program_version,
        [started, *of_type(HandedOver, events)][-1].therapist,
        started.at.isoformat(),
        ended.at.isoformat(),
        ended.reason,
        "".join(done.at.isoformat() for done in of_type(ProgramDone, events)),
        " ".join(map(str, sorted(completed.module for completed in of_type(ModuleCompleted, events)))),
        str(len(of_type(FormSaved, events))),
        *(str(sum(message.author is author for message in messages)) for author in (Author.PATIENT, Author.THERAPIST)),
    ]


def answer_rows(id_: EnrolmentId, timeline: Iterable[Entry], documents: Mapping[int, Content]) -> Iterator[list[str]]:
    """Yield a line for each answer on a timeline; a form's submissions are counted from 1."""
    saved: dict[str, int] = {}
    for entry in timeline:
        if isinstance(event := entry.event, FormSaved):
            saved[event.form] = saved.get(event.form, 0) + 1
            start = [id_, event.form, str(saved[event.form]), event.at.isoformat()]
            answers: Any = documents[entry.seq]
            for question, answer in answers.items():
                yield [*start, question, text(answer), text(event.score), str(int(event.alert))]


def json_line(id_: EnrolmentId, timeline: Iterable[Entry], documents: Mapping[int, Content]) -> dict[str, object]:
    """Return what a line of JSON says at least."""
    return {
        "enrolment": id_,
        "timeline": [
            {"seq": entry.seq, "at": entry.event.at.isoformat(), "by": entry.event.by}
            | ({"document": json.loads(json.dumps(documents[entry.seq]))} if entry.seq in documents else {})
            for entry in timeline
        ],
    }


def ended(school: Scenario, ids: Iterable[EnrolmentId]) -> None:
    """End what is open, all but the youngest, which no export holds."""
    for id_ in sorted(ids)[:-1]:
        state = school.state(id_)
        if state.is_open:
            desk = school.colleague if state.therapist != school.desk._actor.hsa_id else school.desk
            desk.end(id_, reason="klar")


@settings(max_examples=50)
@given(histories())
@example(LIVED)
def test_the_figures_of_an_export_are_those_of_the_timelines(history: Lived) -> None:
    """Otherwise a figure would be wrong, and what it was made from is deleted."""
    with history.scenario() as school, TemporaryDirectory() as folder:
        history.play(school)
        here = [EnrolmentId(f"e-{number:04}") for number in range(1, 100)]
        ended(school, [id_ for id_ in here if load_enrolment(school.storage, id_) is not None])
        stored = {
            id_: (
                load_timeline(school.storage, id_),
                load_documents(school.storage, id_, range(1, state.version + 1)),
            )
            for id_ in here
            if (state := load_enrolment(school.storage, id_)) is not None and state.phase is Phase.ENDED
        }
        receipt = school.office.export(folder)
        files = [Path(folder, name) for name in ("enrolments.csv", "answers.csv", "enrolments.jsonl")]
        enrolments, answers = map(rows_of, files[:2])
        whole = [json.loads(line) for line in files[2].read_text("utf-8").splitlines()]
        assert [enrolment_row(tuple(e.event for e in timeline)) for timeline, _ in stored.values()] == [
            [row[name] for name in ENROLMENT_COLUMNS] for row in enrolments
        ]
        assert [
            row for id_, (timeline, documents) in stored.items() for row in answer_rows(id_, timeline, documents)
        ] == [[row[name] for name in ANSWER_COLUMNS] for row in answers]
        for (id_, (timeline, documents)), line in zip(stored.items(), whole, strict=True):
            expected = json_line(id_, timeline, documents)
            names = ("seq", "at", "by", "document")
            found = [{name: entry[name] for name in names if name in entry} for entry in line["timeline"]]
            assert expected == {"enrolment": line["enrolment"], "timeline": found}
        assert (len(stored), ()) == (receipt.enrolments, receipt.unreadable)
        assert (UNIT, ARCHIVIST.hsa_id, school.now) == (receipt.unit, receipt.exported_by, receipt.exported_at)
        counts = [len(enrolments), len(answers), len(whole)]
        hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        assert [*zip([file.name for file in files], counts, hashes, strict=True)] == [
            (file.name, file.lines, file.sha256) for file in receipt.files
        ]


@pytest.fixture
def school() -> Scenario:
    """A school with one ended and one open enrolment."""
    made = Scenario()
    id_ = made.start()
    made.start(BO)
    made.room.save_form(id_, DAILY, {"hemma": "bra", "fritext": "=HYPERLINK(1)\n”å”;"})
    made.desk.start_conversation(id_, "Hej\u2028du", notify=Notify.DIRECT)
    made.desk.end(id_, reason="klar")
    return made


@pytest.fixture
def found(school: Scenario) -> History:
    """The history of the ended enrolment."""
    (history,) = readable(load_histories(school.storage, UNIT, [EnrolmentId("e-0001")]))
    return history


@pytest.mark.parametrize(
    ("seq", "instead", "missing"),
    [(2, {}, "answers"), (2, {2: "Hej"}, "answers"), (3, {}, "words"), (4, {}, "words"), (4, {4: {}}, "words")],
)
def test_what_anybody_wrote_is_in_the_export_or_there_is_none(
    found: History, tmp_path: Path, seq: int, instead: dict[int, Content], missing: str
) -> None:
    """Otherwise what is lost in the storage would be noticed only when the rest is purged."""
    rest = {number: content for number, content in found.documents.items() if number != seq}
    assert len(rest) < len(found.documents)
    damaged = attrs.evolve(found, documents=rest | instead)
    with pytest.raises(
        StorageError, match=f"{missing} of timeline entry {seq} are missing; restore them from a backup"
    ):
        write_export(tmp_path, [Format.CSV, Format.JSON_LINES], [damaged])
    assert [] == list(tmp_path.iterdir())


def test_what_is_missing_from_an_export_is_noticed_whatever_is_asked_for(school: Scenario) -> None:
    """Otherwise answers whose timeline entry is damaged would be purged, and be in no file."""
    (found,) = readable(load_histories(school.storage, UNIT, [EnrolmentId("e-0001")], {FormSaved}))
    assert is_whole(found, {FormSaved})
    assert not is_whole(attrs.evolve(found, timeline=(), documents={}), {FormSaved})
    assert is_whole(attrs.evolve(found, timeline=(), documents={}), {Ended})


@pytest.mark.rule("D-21a", "D-21c")
def test_what_cannot_be_read_is_in_no_file_counted_nowhere_and_named(school: Scenario, tmp_path: Path) -> None:
    """Otherwise a receipt would say exported of what is in no file, and the purge take it."""
    school.school.patient(BO).save_form(EnrolmentId("e-0002"), PAIN, {"smarta": 3})
    school.desk.end(EnrolmentId("e-0002"), reason="klar")

    def around(call: Call) -> object:
        found: Any = call.go()
        if call.method == "load_timelines" and "e-0001" in found:
            return {**found, "e-0001": UnreadableEnrolment(enrolment_id=EnrolmentId("e-0001"), unit=UNIT)}
        return found

    damaged = beside(school, around)
    receipt = damaged.administrator(ARCHIVIST).export(tmp_path / "export")
    assert (1, ("e-0001",), [1, 1, 1]) == (receipt.enrolments, receipt.unreadable, [f.lines for f in receipt.files])
    assert "e-0001" not in "".join(file.read_text("utf-8") for file in (tmp_path / "export").iterdir())
    logged = [entry.enrolment_id for _, entry in school.storage.access_entries(UNIT) if entry.action == "export"]
    assert ["e-0002"] == logged
    assert {"e-0001": False, "e-0002": True} == {
        e.enrolment_id: e.exported > 0 for e in readable(school.storage.ended(UNIT))
    }


def test_no_column_holds_a_formula(found: History, tmp_path: Path) -> None:
    """Otherwise what a patient wrote, or a key of another system, would be run by whoever opens the export."""
    hostile = "=1;=2\n=3"
    texts = {name for name, value in attrs.asdict(found.enrolment, recurse=False).items() if isinstance(value, str)}
    assert {"id", "program", "program_version", "therapist", "end_reason"} <= texts
    person = attrs.evolve(found.enrolment.person)
    object.__setattr__(person, "scheme", hostile)
    object.__setattr__(person, "_value", Masked(hostile))
    saved: Any = found.timeline[1].event
    entry = attrs.evolve(found.timeline[1], event=attrs.evolve(saved, form=hostile))
    documents: dict[int, Content] = {**found.documents, 2: {hostile: hostile, "q": (hostile, hostile)}}
    enrolment = attrs.evolve(found.enrolment, person=person)
    for name in texts:  # past what a value itself refuses
        object.__setattr__(enrolment, name, hostile)
    timeline = (found.timeline[0], entry, *found.timeline[2:])
    write_export(
        tmp_path, [Format.CSV], [attrs.evolve(found, enrolment=enrolment, timeline=timeline, documents=documents)]
    )
    for name in ("enrolments.csv", "answers.csv"):
        for separator in ",;\t":
            with (tmp_path / name).open(newline="", encoding="utf-8") as file:
                cells = [text for row in csv.reader(file, delimiter=separator) for text in row]
            assert [] == [text for text in cells if text.startswith(("=", "+", "-", "@"))]
            assert any("'=1" in text for text in cells)


def test_half_of_a_surrogate_pair_is_written_as_json_writes_it(found: History, tmp_path: Path) -> None:
    """Otherwise one damaged answer would stop the export of all patients, with the answer in the error."""
    answers = {"ovrigt": "a\\\ud83d"}
    write_export(tmp_path, [*Format], [attrs.evolve(found, documents={**found.documents, 2: answers})])
    entry = json.loads((tmp_path / "enrolments.jsonl").read_text("utf-8"))["timeline"][1]
    assert answers == entry["document"]
    assert "\\ud83d" in (tmp_path / "answers.csv").read_text("utf-8")
