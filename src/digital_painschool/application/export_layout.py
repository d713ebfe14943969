"""How the CSV files of an export are laid out: for a program, or for a spreadsheet in a language. Rule: M-21, D-24d."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from operator import attrgetter
from types import MappingProxyType

from attrs import frozen

from digital_painschool.application.csv_cells import cell
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.validation import Answer
from digital_painschool.labels.lookup import Language, label


class Column(Enum):
    """A column of the CSV files; the value is its heading for a program."""

    ENROLMENT = "enrolment"
    PERSON = "person"
    SCHEME = "scheme"
    PROGRAM = "program"
    PROGRAM_VERSION = "program_version"
    THERAPIST = "therapist"
    STARTED_AT = "started_at"
    ENDED_AT = "ended_at"
    END_REASON = "end_reason"
    DONE_AT = "done_at"
    COMPLETED_MODULES = "completed_modules"
    FORMS_SAVED = "forms_saved"
    MESSAGES_FROM_PATIENT = "messages_from_patient"
    MESSAGES_FROM_THERAPIST = "messages_from_therapist"
    FORM = "form"
    NUMBER = "number"
    SAVED_AT = "saved_at"
    QUESTION = "question"
    ANSWER = "answer"
    SCORE = "score"
    ALERT = "alert"


_OF_ANSWERS = (Column.FORM, Column.NUMBER, Column.SAVED_AT, Column.QUESTION, Column.ANSWER, Column.SCORE, Column.ALERT)

ENROLMENT_COLUMNS = tuple(column.value for column in Column if column not in _OF_ANSWERS)
"""The columns of `enrolments.csv`, in order."""
ANSWER_COLUMNS = tuple(column.value for column in (Column.ENROLMENT, *_OF_ANSWERS))
"""The columns of `answers.csv`, in order."""


@frozen
class Layout:
    """The layout of a CSV file.

    Args:
        language: The language of the headings; None for the columns' codes.
        delimiter: What stands between two cells.
        decimal: What stands before the decimals of a number.
        mark: What the file begins with: a spreadsheet takes a file without the byte order mark for another encoding.
        end_reason: Returns the reason of an enrolment's end as its cell has it: the key, or its words for a person.
    """

    language: Language | None = None
    delimiter: str = ","
    decimal: str = "."
    mark: str = ""
    end_reason: Callable[[Enrolment], str | None] = attrgetter("end_reason")

    def headings(self, columns: Iterable[str]) -> list[str]:
        """Return the headings of some columns."""
        return [name if self.language is None else label(Column(name), self.language) for name in columns]

    def cell(self, value: Answer | None) -> str:
        """Return a value as the text of a cell."""
        text = cell(value)
        return text.replace(".", self.decimal) if isinstance(value, float) else text


FOR_PROGRAMS = Layout()
"""The layout for a program that reads the file: it is the same in every language."""

LAYOUTS: Mapping[Language | None, Layout] = MappingProxyType(
    {
        None: FOR_PROGRAMS,
        Language.SWEDISH: Layout(Language.SWEDISH, delimiter=";", decimal=",", mark="\ufeff"),
        Language.ENGLISH: Layout(Language.ENGLISH, mark="\ufeff"),
    }
)
"""The layout of each language, as a spreadsheet in that language opens a file."""
