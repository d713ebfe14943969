"""The lines of an adapter: a function is called before each of them, whatever the adapter is made of."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

Line = tuple[str, int]
"""A file, and the number of a line in it."""
_OURS = "digital_painschool"


def package_of(adapter: object) -> str:
    """Return the package whose lines are the adapter's own: the first part of the module that its class is in."""
    parts = type(adapter).__module__.split(".")
    return ".".join(parts[: 2 if parts[0] == _OURS else 1])


@contextmanager
def before_each_line(adapter: object, work: Callable[[Line], object]) -> Iterator[None]:
    """Call a function before each line of an adapter that this thread executes within a `with` block."""
    package = package_of(adapter)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        module = str(frame.f_globals.get("__name__"))
        if module != package and not module.startswith(f"{package}."):
            return None
        if event == "line":
            work((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)
