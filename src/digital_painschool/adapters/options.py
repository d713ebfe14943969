"""Reading an adapter's options: right types, no stranger, no secret in a settings file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from digital_painschool.errors import WiringError

T = TypeVar("T")


def take(options: Mapping[str, object], adapter: str, kinds: Mapping[str, type[object]]) -> dict[str, object]:
    """Give the options after checking them against the kinds that the adapter knows.

    Raises:
        WiringError: An option that the adapter does not know, or one of another type; every one is named.
    """
    problems = [
        f"option {name!r} is not known" if name not in kinds else f"option {name!r} is not {kinds[name].__name__}"
        for name, value in options.items()
        if name not in kinds or not isinstance(value, kinds[name])
    ]
    if problems:
        raise WiringError(f"{adapter}: {'; '.join(problems)}; known are {', '.join(sorted(kinds)) or 'none'}")
    return dict(options)


def required(options: Mapping[str, object], adapter: str, name: str, kind: type[T]) -> T:
    """Give an option that must be there.

    Raises:
        WiringError: It is missing or of another type.
    """
    value = options.get(name)
    if not isinstance(value, kind):
        raise WiringError(f"{adapter}: option {name!r} is needed, {kind.__name__}")
    return value


def secret(text: str) -> str:
    """Give what a text stands for: `env:NAME` an environment variable, `file:PATH` a file's first line, else itself.

    Raises:
        WiringError: The variable is not set, or the file cannot be read.
    """
    kind, _, where = text.partition(":")
    if kind == "env":
        if where not in os.environ:
            raise WiringError(f"the environment variable {where} is not set, and the settings name it")
        return os.environ[where]
    if kind == "file":
        try:
            return Path(where).read_text("utf-8").split("\n", 1)[0].strip()
        except OSError as error:
            raise WiringError(f"the file {where} cannot be read, and the settings name it: {error.strerror}") from None
    return text
