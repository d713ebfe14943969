"""Reading programs: from TOML text, from a file, from this package, and from what a storage kept.

Rule: D-04b, D-05c.
"""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

from digital_painschool.errors import InvalidProgram
from digital_painschool.limits import as_stored
from digital_painschool.program import Program
from digital_painschool.programs.strict import structured, unstructured

_LONGEST = 2_000_000


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
    if len(text) > _LONGEST:
        raise _too_long(source)
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise InvalidProgram(source, (f"line {line} holds a NUL character; remove it",))
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidProgram(source, (f"not valid TOML: {error}",)) from None
    except RecursionError:
        raise InvalidProgram(source, ("not usable TOML: lists or tables are nested too deeply",)) from None
    except ValueError:
        raise InvalidProgram(source, ("not usable TOML: a number has too many digits",)) from None
    return structured(data, source)


def load_program(path: Path) -> Program:
    """Read a program from a TOML file in UTF-8. Rule: D-04b.

    Raises:
        InvalidProgram: The file cannot be read, or what `read_program` says of its text.
    """
    source = str(path)
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise InvalidProgram(source, (f"the file cannot be read: {error.strerror or 'input error'}",)) from error
    except ValueError as error:
        raise InvalidProgram(source, (f"the file cannot be read: {error}",)) from error
    if len(content) > _LONGEST:
        raise _too_long(source)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidProgram(source, (f"line {line} is not UTF-8; save the file as UTF-8",)) from None
    return read_program(text, source)


@cache
def bundled_program() -> Program:
    """Give the program of this package: example content, not for patients. Rule: M-01, M-04, D-04b."""
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


def _too_long(source: str) -> InvalidProgram:
    return InvalidProgram(source, (f"longer than {_LONGEST} characters or bytes; is it a program?",))
