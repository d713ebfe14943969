"""Writing out what is kept of ended enrolments, as CSV and JSON Lines, a few enrolments in memory at a time.

Rule: M-21, D-21a.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import IO

from digital_painschool.application.csv_cells import cell
from digital_painschool.application.export_layout import ANSWER_COLUMNS, ENROLMENT_COLUMNS, FOR_PROGRAMS, Layout
from digital_painschool.application.publishing import publication
from digital_painschool.domain.events import ConversationRenamed, ConversationStarted, Event, FormSaved, MessageSent
from digital_painschool.domain.retention import ExportedFile, Held
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import Content, Entry, History
from digital_painschool.serialization.events import KIND_OF, event_to_data


class Format(Enum):
    """The format of an export.

    `CSV` gives `enrolments.csv` (a line an enrolment) and `answers.csv` (a line an answer); `JSON_LINES` gives
    `enrolments.jsonl` with everything that is kept, an enrolment a line.
    """

    CSV = "csv"
    JSON_LINES = "json-lines"


_WRITTEN: Mapping[type[Event], tuple[type, str]] = {
    FormSaved: (Mapping, "answers"),
    ConversationStarted: (str, "words"),
    ConversationRenamed: (str, "words"),
    MessageSent: (str, "words"),
}
"""What must be there beside an entry: what an export left out would be lost with the purge that follows it."""

_LINE_BREAKS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""What some readers take for the end of a line, within JSON's strings."""


def enrolment_row(history: History, layout: Layout = FOR_PROGRAMS) -> list[str]:
    """Return an enrolment's line of `enrolments.csv`, in the order of `ENROLMENT_COLUMNS`."""
    e = history.enrolment
    return [
        *map(cell, (e.id, e.person.value, e.person.scheme, e.program, e.program_version, e.therapist)),
        e.started_at.isoformat(),
        e.ended_at.isoformat() if e.ended_at else "",
        cell(layout.end_reason(e)),
        e.done_at.isoformat() if e.done_at else "",
        " ".join(map(str, sorted(e.completed))),
        str(sum(form.saved for form in e.forms)),
        str(sum(conversation.from_patient for conversation in e.conversations)),
        str(sum(conversation.from_therapist for conversation in e.conversations)),
    ]


def answer_rows(history: History, layout: Layout = FOR_PROGRAMS) -> Iterator[list[str]]:
    """Yield an enrolment's lines of `answers.csv`, in the order of `ANSWER_COLUMNS`."""
    for entry in history.timeline:
        event = entry.event
        if not isinstance(event, FormSaved):
            continue
        answers = _written(history, entry)
        assert isinstance(answers, Mapping)
        start = (cell(history.enrolment.id), cell(event.form), str(event.number), event.at.isoformat())
        end = (layout.cell(event.score), "1" if event.alert else "0")
        for question, answer in answers.items():
            yield [*start, cell(question), layout.cell(answer), *end]


def json_line(history: History) -> str:
    """Return everything that is kept of an enrolment as one line of JSON."""
    e = history.enrolment
    data = {
        "enrolment": e.id,
        "person": {"scheme": e.person.scheme, "value": e.person.value},
        "unit": e.unit,
        "timeline": [
            {
                "seq": entry.seq,
                "at": entry.event.at.isoformat(),
                "by": entry.event.by,
                "kind": KIND_OF[type(entry.event)],
                **event_to_data(entry.event),
                **_document(history, entry),
            }
            for entry in history.timeline
        ],
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_LINE_BREAKS)


def _document(history: History, entry: Entry) -> dict[str, object]:
    content = _written(history, entry)
    if content is None:
        return {}
    return {"document": content if isinstance(content, str) else dict(content)}


def _written(history: History, entry: Entry) -> Content | None:
    """Return what a person wrote with an entry; None where nothing is written."""
    content = history.documents.get(entry.seq)
    if type(entry.event) not in _WRITTEN:
        return None
    form, name = _WRITTEN[type(entry.event)]
    if not isinstance(content, form):
        raise StorageError(f"the {name} of timeline entry {entry.seq} are missing; restore them from a backup")
    return content


class _HashedFile:
    """A text file that counts its lines and hashes its bytes while they are written."""

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self._name = name
        self._file = file
        self._hash = hashlib.sha256()
        self._waiting: list[str] = []
        self.write = self._waiting.append
        """Takes a line or several; they are in the file after `flush`."""
        self.lines = 0

    def flush(self) -> None:
        # Half of a surrogate pair, which only damaged rows have, becomes the escape that JSON has for it.
        data = "".join(self._waiting).encode(errors="backslashreplace")
        self._waiting.clear()
        self._hash.update(data)
        self._file.write(data)

    def finish(self) -> ExportedFile:
        self.flush()
        holds = FILES[self._name]
        return ExportedFile(name=self._name, lines=self.lines, sha256=self._hash.hexdigest(), holds=holds)


_ENROLMENTS_CSV, _ANSWERS_CSV, _JSON_LINES = "enrolments.csv", "answers.csv", "enrolments.jsonl"

FILES: Mapping[str, tuple[Held, ...]] = {
    _ENROLMENTS_CSV: (Held.FIGURES,),
    _ANSWERS_CSV: (Held.ANSWERS,),
    _JSON_LINES: tuple(Held),
}
"""What each file of an export holds of an enrolment."""

FILES_OF: Mapping[Format, tuple[str, ...]] = {
    Format.CSV: (_ENROLMENTS_CSV, _ANSWERS_CSV),
    Format.JSON_LINES: (_JSON_LINES,),
}
"""The files of each format."""

Writer = Callable[[History], None]


def _csv(layout: Layout, enrolments: _HashedFile, answers: _HashedFile) -> Writer:
    for file in (enrolments, answers):
        file.write(layout.mark)
    write_enrolment, write_answer = (csv.writer(file, delimiter=layout.delimiter) for file in (enrolments, answers))
    write_enrolment.writerow(layout.headings(ENROLMENT_COLUMNS))
    write_answer.writerow(layout.headings(ANSWER_COLUMNS))

    def write(history: History) -> None:
        write_enrolment.writerow(enrolment_row(history, layout))
        enrolments.lines += 1
        rows = list(answer_rows(history, layout))
        write_answer.writerows(rows)
        answers.lines += len(rows)

    return write


def _json_lines(_: Layout, lines: _HashedFile) -> Writer:
    def write(history: History) -> None:
        lines.write(json_line(history) + "\n")
        lines.lines += 1

    return write


_FORMATS: Mapping[Format, Callable[..., Writer]] = {Format.CSV: _csv, Format.JSON_LINES: _json_lines}
_ALL = frozenset(KIND_OF)
_KINDS: Mapping[Format, frozenset[type[Event]]] = {Format.CSV: frozenset({FormSaved}), Format.JSON_LINES: _ALL}


def kinds_for(formats: Iterable[Format]) -> frozenset[type[Event]] | None:
    """Return the kinds of entries that an export in these formats is written from; None for all."""
    kinds = frozenset[type[Event]]().union(*(_KINDS[format_] for format_ in formats))
    return None if kinds == _ALL else kinds


def is_whole(history: History, kinds: Iterable[type[Event]] | None) -> bool:
    """Return whether a history has all that its state counts: an entry whose row is damaged may be in no list at all.

    Args:
        history: What is to be exported.
        kinds: The kinds of entries that were asked for; None for all.
    """
    enrolment = history.enrolment
    if kinds is None:
        numbers = [entry.seq for entry in history.timeline]
        if numbers != [*range(1, enrolment.version + 1)]:
            return False
    elif FormSaved in kinds:
        saved = sum(isinstance(entry.event, FormSaved) for entry in history.timeline)
        if saved != sum(form.saved for form in enrolment.forms):
            return False
    written = (entry for entry in history.timeline if type(entry.event) in _WRITTEN)
    return all(isinstance(history.documents.get(e.seq), _WRITTEN[type(e.event)][0]) for e in written)


class ExportWriter:
    """The writer of an export: it writes enrolments into the files of some formats.

    Args:
        formats: The formats.
        open_file: Returns the file of a name, to be written.
        layout: The layout of the CSV files.
    """

    def __init__(
        self, formats: Iterable[Format], open_file: Callable[[str], IO[bytes]], layout: Layout = FOR_PROGRAMS
    ) -> None:
        opened = {
            format_: [_HashedFile(name, open_file(name)) for name in FILES_OF[format_]]
            for format_ in dict.fromkeys(formats)
        }
        self._files = [file for files in opened.values() for file in files]
        self._writers = [_FORMATS[format_](layout, *files) for format_, files in opened.items()]

    def write(self, history: History) -> None:
        """Write an enrolment into each file."""
        for write in self._writers:
            write(history)
        for file in self._files:
            file.flush()

    def finish(self) -> tuple[ExportedFile, ...]:
        """Write what is left, and return what was written."""
        return tuple(file.finish() for file in self._files)


def file_names(formats: Iterable[Format]) -> tuple[str, ...]:
    """Return the names of the files of some formats, each once."""
    return tuple(dict.fromkeys(name for format_ in formats for name in FILES_OF[format_]))


def write_export(
    folder: Path, formats: Iterable[Format], histories: Iterable[History], layout: Layout = FOR_PROGRAMS
) -> tuple[ExportedFile, ...]:
    """Write an export into a folder; its files appear there together when all is written, and replace nothing.

    A folder takes one export at a time. What a killed export has left in it is deleted first.

    Raises:
        StorageError: A file could not be written, one of that name is there already, or another export is being
            written into the folder; no file of this export is left.
    """
    chosen = tuple(formats)
    try:
        with publication(folder, file_names(chosen), FILES) as published:
            writer = ExportWriter(chosen, published.open, layout)
            for history in histories:
                writer.write(history)
            finished = writer.finish()
            published.publish()
            return finished
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise StorageError(f"the export could not be written: {why}; choose another folder") from None
