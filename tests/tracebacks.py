"""What a traceback with its variables shows, as `rich`, Sentry and `cgitb` keep it."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from rich.pretty import pretty_repr

import digital_painschool

_LIBRARY = str(Path(digital_painschool.__file__).parent)
_KIT = str(Path(_LIBRARY, "testing"))
_GIVEN = frozenset({"number", "person"})
"""The variables with what the host has passed to the call itself: it has that in variables of its own."""


def shown_by(error: BaseException, secrets: Iterable[str]) -> set[tuple[str, str, str]]:
    """Return the variables of the library, in all frames of an error's chain, that show one of some texts.

    Each is named by its file, its function and its name. No value is returned: it would stand in the test's failure.
    """
    secret = tuple(secrets)
    return {where for where, value in _variables(error, set()) if any(one in _shown(value) for one in secret)}


def _variables(error: BaseException | None, seen: set[int]) -> Iterator[tuple[tuple[str, str, str], object]]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename.startswith(_LIBRARY) and not code.co_filename.startswith(_KIT):
            for name, value in step.tb_frame.f_locals.items():
                if not (name in _GIVEN and isinstance(value, str | tuple)):
                    yield (str(Path(code.co_filename).relative_to(_LIBRARY)), code.co_name, name), value
        step = step.tb_next
    yield from _variables(error.__cause__, seen)
    yield from _variables(error.__context__, seen)


def _shown(value: object) -> str:
    # A value of the library hides its fields from `rich` too (tests/domain/test_masking.py), and may be a whole school.
    return pretty_repr(value, max_length=50) if isinstance(value, Collection) else repr(value)
