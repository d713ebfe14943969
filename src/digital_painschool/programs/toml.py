"""Reading programs: from TOML text, from a file, from this package, and from what a storage kept.

Rule: D-04b, D-05c.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path

from digital_painschool.domain.limits import as_stored
from digital_painschool.domain.program import Program
from digital_painschool.errors import InvalidProgram, InvalidValue
from digital_painschool.programs.structuring import structured, unstructured
from digital_painschool.serialization.text_files import LONGEST, read_text, require_no_nul, toml_table


def read_program(text: str, source: str) -> Program:
    """Read a program from TOML text.

    Nothing is guessed or converted: a whole number is no text and `true` is no number. Rule: D-04b.

    Args:
        text: TOML, at most two million characters.
        source: What the text is called in an error, such as a file name.

    Raises:
        InvalidProgram: Every fault at once, each with its path. Items of a list go by number, key or title
            (`forms[halsoskattning].questions[smarta].highest`), and by place (`modules[#3]`) where those are
            missing or not unique. Whether the parts fit together is judged when each is sound by itself.
    """
    if len(text) > LONGEST:
        raise InvalidProgram(source, (f"it is longer than {LONGEST} characters; is it a program?",))
    try:
        require_no_nul(text)
        table = toml_table(text)
    except InvalidValue as error:
        problem = str(error)
    else:
        return structured(table, source)
    raise InvalidProgram(source, (problem,))


def load_program(path: Path) -> Program:
    """Read a program from a TOML file in UTF-8. Rule: D-04b.

    Raises:
        InvalidProgram: The file cannot be read, or what `read_program` says of its text.
    """
    source = str(path)
    try:
        text = read_text(path)
    except InvalidValue as error:
        problem = str(error)
    else:
        return read_program(text, source)
    raise InvalidProgram(source, (problem,))


@cache
def bundled_program() -> Program:
    """Return the program of this package: example content, not for patients. Rule: M-01, M-04, D-04b."""
    name = "digitala_smartskolan.toml"
    return read_program(files("digital_painschool.programs").joinpath(name).read_text("utf-8"), name)


def program_to_data(program: Program) -> dict[str, object]:
    """Describe a program in what JSON can hold, defaults included, so that a version stays as it was. Rule: D-05c.

    Raises:
        InvalidValue: A text holds NUL or half of a surrogate pair, which not every storage can keep.
    """
    return unstructured(program)


def program_from_data(data: object, source: str) -> Program:
    """Make the program that `program_to_data` described. Rule: D-05c.

    The limits of keys, texts and numbers do not hold here: a patient goes on with a version that was kept before.

    Args:
        data: What `program_to_data` gave, also after a way through JSON.
        source: What the data is called in an error.

    Raises:
        InvalidProgram: Every fault of the types and of how the parts fit together, as `read_program` names them.
    """
    with as_stored():
        return structured(data, source)
