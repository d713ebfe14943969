"""Writing out what is kept of ended enrolments, as CSV and JSON Lines, a few enrolments in memory at a time.

Rule: M-21, D-21a.
"""

import csv
import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from enum import Enum
from pathlib import Path
from types import NoneType, TracebackType
from typing import IO, Self

from digital_painschool.border import Answer
from digital_painschool.errors import StorageFailed
from digital_painschool.events import ConversationRenamed, ConversationStarted, Event, FormSaved, MessageSent
from digital_painschool.ports.storage import Content, Entry, History
from digital_painschool.purging import ExportedFile
from digital_painschool.serialization import KIND_OF, event_to_data


class Format(Enum):
    """How an export is written.

    `CSV` gives `enrolments.csv` (a line an enrolment) and `answers.csv` (a line an answer); `JSON_LINES` gives
    `enrolments.jsonl` with everything that is kept, an enrolment a line.
    """

    CSV = "csv"
    JSON_LINES = "json-lines"


ENROLMENT_COLUMNS = (
    "enrolment",
    "person",
    "scheme",
    "program",
    "program_version",
    "therapist",
    "started_at",
    "ended_at",
    "end_reason",
    "done_at",
    "completed_modules",
    "forms_saved",
    "messages_from_patient",
    "messages_from_therapist",
)
ANSWER_COLUMNS = ("enrolment", "form", "number", "saved_at", "question", "answer", "score", "alert")

_WRITTEN: Mapping[type[Event], tuple[type, str]] = {
    FormSaved: (Mapping, "answers"),
    ConversationStarted: (str, "words"),
    ConversationRenamed: (str, "words"),
    MessageSent: (str, "words"),
}
"""What must be there beside an entry: what an export left out would be lost with the purge that follows it."""

_LINE_BREAKS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""What some readers take for the end of a line, within JSON's strings."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Answer | None) -> str:
    """Give a value as the text of a CSV cell; a text that a spreadsheet would run as a formula gets an apostrophe."""
    return _CELLS.get(type(value), str)(value)


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value


_CELLS: Mapping[type, Callable[..., str]] = {
    NoneType: lambda _: "",
    str: _text,
    tuple: lambda value: _text(" ".join(value)),
}


def enrolment_row(history: History) -> list[str]:
    """Give an enrolment's line of `enrolments.csv`, in the order of `ENROLMENT_COLUMNS`."""
    e = history.enrolment
    return [
        e.id,
        e.person.value,
        e.person.scheme,
        e.program,
        e.program_version,
        e.therapist,
        e.started_at.isoformat(),
        e.ended_at.isoformat() if e.ended_at else "",
        cell(e.end_reason),
        e.done_at.isoformat() if e.done_at else "",
        " ".join(map(str, sorted(e.completed))),
        str(sum(form.saved for form in e.forms)),
        str(sum(conversation.from_patient for conversation in e.conversations)),
        str(sum(conversation.from_therapist for conversation in e.conversations)),
    ]


def answer_rows(history: History) -> Iterator[list[str]]:
    """Give an enrolment's lines of `answers.csv`, in the order of `ANSWER_COLUMNS`."""
    for entry in history.timeline:
        event = entry.event
        if not isinstance(event, FormSaved):
            continue
        answers = _written(history, entry)
        assert isinstance(answers, Mapping)
        start = (history.enrolment.id, event.form, str(event.number), event.at.isoformat())
        end = (cell(event.score), "1" if event.alert else "0")
        for question, answer in answers.items():
            yield [*start, question, cell(answer), *end]


def json_line(history: History) -> str:
    """Give everything that is kept of an enrolment as one line of JSON."""
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
    """Give what a person wrote with an entry; None where nothing is written."""
    content = history.documents.get(entry.seq)
    if type(entry.event) not in _WRITTEN:
        return None
    form, name = _WRITTEN[type(entry.event)]
    if not isinstance(content, form):
        raise StorageFailed(f"the {name} of timeline entry {entry.seq} are missing; restore them from a backup")
    return content


class _HashedFile:
    """A text file that counts its lines and hashes its bytes while they are written, and is there only when whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(path.name + ".partial")
        if path.exists():
            raise FileExistsError(errno.EEXIST, f"{path.name} is there already", path)
        self._hash = hashlib.sha256()
        self._file: IO[bytes] = open(self._partial, "wb", opener=_for_the_owner_alone)  # noqa: SIM115
        self._waiting: list[str] = []
        self.write = self._waiting.append
        """Takes a line or several; they are in the file after `flush`."""
        self.lines = 0

    def flush(self) -> None:
        data = "".join(self._waiting).encode()
        self._waiting.clear()
        self._hash.update(data)
        self._file.write(data)

    def finish(self) -> ExportedFile:
        self.flush()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return ExportedFile(name=self._path.name, lines=self.lines, sha256=self._hash.hexdigest())

    def publish(self) -> None:
        self._partial.replace(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._partial.unlink(missing_ok=True)


Writer = Callable[[History], None]
Opened = tuple[list[_HashedFile], Writer]


def _csv(stack: ExitStack, folder: Path) -> Opened:
    enrolments, answers = (stack.enter_context(_HashedFile(folder / f"{n}.csv")) for n in ("enrolments", "answers"))
    write_enrolment, write_answer = csv.writer(enrolments), csv.writer(answers)
    write_enrolment.writerow(ENROLMENT_COLUMNS)
    write_answer.writerow(ANSWER_COLUMNS)

    def write(history: History) -> None:
        write_enrolment.writerow(enrolment_row(history))
        enrolments.lines += 1
        rows = list(answer_rows(history))
        write_answer.writerows(rows)
        answers.lines += len(rows)

    return [enrolments, answers], write


def _json_lines(stack: ExitStack, folder: Path) -> Opened:
    lines = stack.enter_context(_HashedFile(folder / "enrolments.jsonl"))

    def write(history: History) -> None:
        lines.write(json_line(history) + "\n")
        lines.lines += 1

    return [lines], write


_FORMATS: Mapping[Format, Callable[[ExitStack, Path], Opened]] = {Format.CSV: _csv, Format.JSON_LINES: _json_lines}
_ALL = frozenset(KIND_OF)
_KINDS: Mapping[Format, frozenset[type[Event]]] = {Format.CSV: frozenset({FormSaved}), Format.JSON_LINES: _ALL}


def kinds_for(formats: Iterable[Format]) -> frozenset[type[Event]] | None:
    """Give the kinds of entries that an export in these formats is written from; None for all."""
    kinds = frozenset[type[Event]]().union(*(_KINDS[format_] for format_ in formats))
    return None if kinds == _ALL else kinds


def is_whole(history: History, kinds: Iterable[type[Event]] | None) -> bool:
    """Tell whether a history has all that its state counts: an entry whose row is damaged may be in no list at all.

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


def write_export(folder: Path, formats: Iterable[Format], histories: Iterable[History]) -> tuple[ExportedFile, ...]:
    """Write an export into a folder; a file stands under its name only when all of it is written.

    Raises:
        StorageFailed: A file could not be written, or one of that name is there already; none is left half done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            opened = [_FORMATS[format_](stack, folder) for format_ in dict.fromkeys(formats)]
            for history in histories:
                for files, write in opened:
                    write(history)
                    for file in files:
                        file.flush()
            written = [file for files, _ in opened for file in files]
            finished = tuple(file.finish() for file in written)
            for file in written:
                file.publish()
            return finished
    except OSError as error:
        raise StorageFailed(f"the export could not be written: {error.strerror}; choose another folder") from None


def _for_the_owner_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
