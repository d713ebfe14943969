"""Parse adapter options: check types, reject unknown keys, read secrets from where the settings say they are."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TypeVar

from cattrs import BaseValidationError, Converter

from digital_painschool.adapters.paths import absolute
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.validation import control_characters
from digital_painschool.errors import ConfigurationError, InvalidValue
from digital_painschool.serialization.converter import strict_converter
from digital_painschool.serialization.problems import Problems, UnexpectedValue
from digital_painschool.serialization.text_files import decoded, read_text

T = TypeVar("T")

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_options(options: Mapping[str, object], adapter: str, wanted: type[T]) -> T:
    """Return the options of an adapter as a value: types are checked, and unknown options are refused.

    Args:
        options: What the settings say about the adapter, without its name.
        adapter: What the adapter is called in an error.
        wanted: A class made with attrs, whose fields are the options. What may hold a password is a `Masked[str]`.

    Raises:
        ConfigurationError: An option is unknown, missing or of another type; each is named, and no value is shown.
    """
    with _LOCK:
        structure = _CONVERTER.get_structure_hook(wanted)
    try:
        found: T = structure(dict(options), wanted)
    except BaseValidationError as error:
        found_problems = [f"option {problem}" for problem in Problems().of(error, options)]
        problems = "; ".join(one.removeprefix("option the top: ") for one in found_problems)
    else:
        return found
    # Raised out here, so that no option hangs on the error as its context.
    raise ConfigurationError(f"{adapter}: {problems}")


def _path(value: object, _: object) -> Path:
    if not isinstance(value, str):
        raise UnexpectedValue("a path, as text", value)
    return absolute(value)


def _masked(value: object, _: object) -> Masked[str]:
    if not isinstance(value, str):
        raise UnexpectedValue("text", value)
    return Masked(value)


def _converter() -> Converter:
    converter = strict_converter()
    converter.register_structure_hook(Path, _path)
    converter.register_structure_hook_func(lambda wanted: wanted == Masked[str], _masked)
    return converter


_CONVERTER, _LOCK = _converter(), Lock()
"""The hooks of an adapter's options are made when the adapter is first chosen, by one thread at a time."""


def is_reference(text: str) -> bool:
    """Return whether a text is a reference to a secret (`env:NAME`, `file:PATH`) and not the secret itself."""
    return text.startswith(("env:", "file:"))


def secret(text: str, folder: Path | None = None) -> str:
    """Return the secret that a text refers to: `env:NAME` a variable, `file:PATH` a file; any other text is itself.

    Of a variable or a file, the first line counts, without blanks around it and without a byte order mark.

    Args:
        text: The text.
        folder: Where a relative path after `file:` counts from; None: the working folder.

    Raises:
        ConfigurationError: The variable is not set, the file cannot be read, or what they hold is no secret in UTF-8.
            No error shows what they hold.
    """
    if not is_reference(text):
        return text
    kind, _, where = text.partition(":")
    whence, problem = "a secret that the settings name", ""
    try:
        if kind == "env":
            content = _variable(where)
            whence = f"the environment variable {where}, which the settings name"
            return _line(decoded(content))
        if "://" in where:
            raise InvalidValue("is a URL, and should be a path")  # noqa: TRY301 - one way out, so that no secret hangs on the error
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
