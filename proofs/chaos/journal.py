"""What a process was asked and what it answered, in a file that outlives it."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import time
from traceback import format_exc
from typing import Any

from attrs import field, frozen

from digital_painschool import errors
from digital_painschool.application.results import SentMessage
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.errors import PainSchoolError

Facts = Mapping[str, Any]

UNKNOWN = frozenset({None, "OutcomeUnknown" if hasattr(errors, "OutcomeUnknown") else "StorageError"})
"""What leaves open whether it was done: no answer, and that the connection broke while it was being kept."""


def name_of(error: Exception) -> str:
    """Return the name that an error has for a host: that of the public class."""
    if not isinstance(error, PainSchoolError):
        return type(error).__name__
    return next(one.__name__ for one in type(error).__mro__ if not one.__name__.startswith("_"))


class Journal:
    """Writes down what is asked before it is begun, and what came of it when it is over.

    What was asked is on the disk before anything else is done.

    Args:
        folder: Where.
        life: The number of the process; each has a file of its own.
        kind: What kind of process it is.
    """

    def __init__(self, folder: Path, life: int, kind: str) -> None:
        self._file = os.open(folder / f"{kind}-{life:05}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._last = 0

    def asked(self, what: str, **facts: object) -> int:
        """Note that something is going to be done; gives its number."""
        self._last += 1
        self._write({"number": self._last, "asked": what, "time": time(), **facts})
        os.fdatasync(self._file)
        return self._last

    def answered(self, number: int, answer: str, **facts: object) -> None:
        """Note what came of it."""
        self._write({"number": number, "answer": answer, "time": time(), **facts})

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _write(self, facts: Facts) -> None:
        os.write(self._file, json.dumps(facts, default=str).encode() + b"\n")


def answered(journal: Journal, asked: int, call: Callable[[], object]) -> object:
    """Make a desk call and note what came of it; gives the answer, or the error of a type that the library promises."""
    came: object
    try:
        came = call()
    except PainSchoolError as refusal:
        journal.answered(asked, name_of(refusal), why=str(refusal))
        return refusal
    except Exception:  # noqa: BLE001 - the audit tells of it
        journal.answered(asked, "untyped", why=format_exc())
        return None
    journal.answered(asked, "ok", **_facts_of(came))
    return came


def _facts_of(result: object) -> dict[str, object]:
    if isinstance(result, Enrolment):
        return {"enrolment": result.id, "version": result.version}
    if isinstance(result, SentMessage):
        return {"conversation": result.conversation, "message": result.number}
    return {}


@frozen(kw_only=True)
class Noted:
    """Something that was asked, and its answer.

    Args:
        life: Of which process.
        kind: Of which kind of process.
        number: The how many-eth thing that the process did.
        what: What it was.
        facts: What it was done with.
        asked: When, in seconds.
        answer: What came of it: `"ok"`, the name of an error, or None when the process did not live to see it.
        came: What else was answered.
        answered: When, in seconds; None when it was not.
    """

    life: int
    kind: str
    number: int
    what: str
    facts: Facts = field(repr=False)
    asked: float
    answer: str | None = None
    came: Facts = field(factory=dict, repr=False)
    answered: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether one can tell from the answer if it was done."""
        return self.answer not in UNKNOWN


def noted(folder: Path) -> tuple[Noted, ...]:
    """Read all journals, in the order in which things were asked."""
    found = [one for file in folder.glob("*.jsonl") for one in _of(file)]
    return tuple(sorted(found, key=lambda one: (one.asked, one.life, one.number)))


def _of(file: Path) -> Iterator[Noted]:
    kind, _, life = file.stem.rpartition("-")
    asked: dict[int, dict[str, Any]] = {}
    answers: dict[int, dict[str, Any]] = {}
    for text in file.read_text("utf-8").splitlines(keepends=True):
        if not text.endswith("\n"):
            break  # it was killed while it wrote this: nobody has got the answer
        line = json.loads(text)
        (asked if "asked" in line else answers)[line["number"]] = line
    for number, line in asked.items():
        came = answers.get(number, {})
        yield Noted(
            life=int(life),
            kind=kind,
            number=number,
            what=line["asked"],
            facts=line,
            asked=line["time"],
            answer=came.get("answer"),
            came=came,
            answered=came.get("time"),
        )
