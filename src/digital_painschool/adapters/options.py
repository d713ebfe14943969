"""Reading an adapter's options: right types, no stranger, no secret in a settings file."""

import os
import re
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import TypeVar

from digital_painschool.adapters.paths import absolute
from digital_painschool.domain.validation import control_characters
from digital_painschool.errors import ConfigurationError, InvalidValue
from digital_painschool.serialization.text_files import decoded, read_text

T = TypeVar("T")

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_options(options: Mapping[str, object], adapter: str, kinds: Mapping[str, type[object]]) -> dict[str, object]:
    """Return the options after checking them against the kinds that the adapter knows.

    Raises:
        ConfigurationError: An option that the adapter does not know, or one of another type; every one is named.
    """
    problems = [
        f"option {name!r} is not known" if name not in kinds else f"option {name!r} is not {kinds[name].__name__}"
        for name, value in options.items()
        if name not in kinds or not _is_a(value, kinds[name])
    ]
    if problems:
        raise ConfigurationError(f"{adapter}: {'; '.join(problems)}; known are {', '.join(sorted(kinds)) or 'none'}")
    return dict(options)


def required(options: Mapping[str, object], adapter: str, name: str, kind: type[T]) -> T:
    """Return an option that must be there.

    Raises:
        ConfigurationError: It is missing or of another type.
    """
    value = options.get(name)
    if not isinstance(value, kind) or not _is_a(value, kind):
        raise ConfigurationError(f"{adapter}: option {name!r} is needed, {kind.__name__}")
    return value


def _is_a(value: object, kind: type[object]) -> bool:
    # True is no number, and neither are nan and inf.
    if isinstance(value, bool) and kind is not bool:
        return kind is object
    return isinstance(value, kind) and (not isinstance(value, float) or isfinite(value))


def is_elsewhere(text: str) -> bool:
    """Return whether a text says where a secret is, instead of being one."""
    return text.startswith(("env:", "file:"))


def secret(text: str, folder: Path | None = None) -> str:
    """Return what a text stands for: `env:NAME` an environment variable, `file:PATH` a file, else the text itself.

    The first line counts, without blanks around it, and without a byte order mark.

    Args:
        text: The text.
        folder: Where a relative path after `file:` counts from; None: the working folder.

    Raises:
        ConfigurationError: The variable is not set, the file cannot be read, or what they hold is no secret in UTF-8.
            No error shows what they hold.
    """
    if not is_elsewhere(text):
        return text
    kind, _, where = text.partition(":")
    whence, problem = "a secret that the settings name", ""
    try:
        if kind == "env":
            content = _variable(where)
            whence = f"the environment variable {where}, which the settings name"
            return _line(decoded(content))
        if "://" in where:
            raise InvalidValue("is a URL, and should be a path")  # noqa: TRY301 - one way out, so that no secret hangs on it
        path = absolute(where, folder)
        whence = f"the file {path}, which the settings name"
        return _line(read_text(path))
    except InvalidValue as error:
        problem = str(error)
    raise ConfigurationError(f"{whence}: {problem}")


def _variable(name: str) -> bytes:
    if not _VARIABLE.fullmatch(name):
        raise InvalidValue("is no name of an environment variable")
    if name not in os.environ:
        raise InvalidValue(f"the environment variable {name} is not set")
    return os.fsencode(os.environ[name])


def _line(text: str) -> str:
    line = text.partition("\n")[0].strip(" \t\r")
    if not line:
        raise InvalidValue("its first line is empty")
    if "\ufeff" in line or control_characters(line):
        raise InvalidValue("its first line holds a control character")
    return line
