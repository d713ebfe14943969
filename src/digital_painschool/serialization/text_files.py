"""Text files that were made elsewhere: read strictly, in UTF-8, or refused in one line that says why.

No error of this module repeats the content in its text, its cause or its context: a file may hold a secret.
"""

import codecs
import json
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path

from digital_painschool.errors import InvalidValue

LONGEST = 2_000_000
"""The most bytes of a text file that a person writes."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32 (little endian)"),
    (codecs.BOM_UTF32_BE, "UTF-32 (big endian)"),
    (codecs.BOM_UTF16_LE, "UTF-16 (little endian)"),
    (codecs.BOM_UTF16_BE, "UTF-16 (big endian)"),
)
"""Byte order marks, the longer before those that begin in the same way."""

_ZEROS = {
    (1, 2, 3): "UTF-32 (little endian)",
    (0, 1, 2): "UTF-32 (big endian)",
    (1, 3): "UTF-16 (little endian)",
    (0, 2): "UTF-16 (big endian)",
}
"""By the bytes of each four that are mostly zero, the encoding of a text without a mark."""


def read_text(path: Path, longest: int = LONGEST) -> str:
    """Return the content of a text file in UTF-8, without its byte order mark.

    Args:
        path: The file.
        longest: The most bytes of the file.

    Raises:
        InvalidValue: The file cannot be read, is longer, or is in another encoding, which is named.
    """
    return decoded(_content(path, longest), longest)


def decoded(content: bytes, longest: int = LONGEST) -> str:
    """Return the text of bytes in UTF-8, without a byte order mark.

    Args:
        content: The bytes.
        longest: The most bytes.

    Raises:
        InvalidValue: The bytes are more, are in another encoding, which is named, or have a NUL character.
    """
    if len(content) > longest:
        raise InvalidValue(f"it is longer than {longest} bytes; is it the right file?")
    if (encoding := _wide_encoding(content)) is not None:
        raise InvalidValue(f"it is in {encoding}; save the file as UTF-8")
    start = -1
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = error.start
    if start >= 0:  # outside of the except clause, so that the content does not hang on the error as its context
        line = content.count(b"\n", 0, start) + 1
        raise InvalidValue(f"line {line} is not UTF-8 (Windows-1252 or Latin-1, perhaps); save the file as UTF-8")
    require_no_nul(text)
    return text


def require_no_nul(text: str) -> None:
    """Refuse a text with a NUL character.

    Raises:
        InvalidValue: It has one; the error names its line.
    """
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise InvalidValue(f"line {line} holds a NUL character; remove it")


def toml_table(text: str) -> dict[str, object]:
    """Return the table that a text in TOML describes.

    Raises:
        InvalidValue: The text is not TOML, or is nested too deeply, or holds a number with too many digits.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = f"not valid TOML: {error}"
    except RecursionError:
        problem = "not usable TOML: lists or tables are nested too deeply"
    except ValueError:
        problem = "not usable TOML: a number has too many digits"
    raise InvalidValue(problem)


def json_value(text: str) -> object:
    """Return the value that a text in JSON describes, read strictly.

    Raises:
        InvalidValue: The text is not JSON, is nested too deeply, names a key twice, or holds NaN or Infinity.
    """
    problem = "not JSON"
    try:
        return json.loads(text, object_pairs_hook=_table_of, parse_constant=_no_constant)
    except InvalidValue as error:
        problem = f"not usable JSON: {error}"
    except json.JSONDecodeError as error:
        problem = f"not JSON: {error.msg} (at line {error.lineno}, column {error.colno})"
    except RecursionError:
        problem = "not usable JSON: it is nested too deeply"
    except ValueError:
        problem = "not usable JSON: a number has too many digits"
    raise InvalidValue(problem)


def _table_of(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    listed = list(pairs)
    table = dict(listed)
    if len(table) < len(listed):
        raise InvalidValue("a key is there twice in one object")
    return table


def _no_constant(name: str) -> object:
    raise InvalidValue(f"{name} is no number")


def _content(path: Path, longest: int) -> bytes:
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            return file.read(longest + 1)
    except OSError as error:
        problem = error.strerror or "input error"
    except ValueError:
        problem = "no file can have this name"
    raise InvalidValue(f"the file cannot be read: {problem}")


def _without_waiting(path: str, flags: int) -> int:
    # A blocking open of a FIFO without a writer would hang. Without blocking, the FIFO is empty.
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(descriptor, True)
    return descriptor


def _wide_encoding(content: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    quarter = len(content) // 4
    if not quarter or b"\x00" not in content:
        return None
    mostly = tuple(index for index in range(4) if content[index : quarter * 4 : 4].count(0) * 2 > quarter)
    return _ZEROS.get(mostly)
