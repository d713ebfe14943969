"""The options of a machine: class attributes that are checked when a subclass is made."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

Checks = Mapping[str, Callable[[Any], bool]]
"""Whether the value of an option is right, by the option's name."""


def check_options(subclass: type, checks: Checks) -> None:
    """Refuse a subclass with an unknown or a wrong class attribute: it would silently test something else.

    A subclass may add methods, unless the name of one is nearly that of an option; a helper value begins with `_`.

    Raises:
        TypeError: There is such an attribute; the message names it, and the option that may have been meant.
    """
    inherited = {name for base in subclass.__mro__[1:] for name in vars(base)}
    for name, value in vars(subclass).items():
        if name in checks:
            if not checks[name](getattr(subclass, name)):
                raise TypeError(f"{subclass.__name__}.{name} must not be {value!r}")
        elif not name.startswith("_") and name not in inherited:
            near = get_close_matches(name, checks, n=1, cutoff=0.75)
            if near or not callable(value) or isinstance(value, staticmethod):
                meant = f"did you mean {near[0]!r}?" if near else f"the options are {', '.join(checks)}"
                raise TypeError(f"{subclass.__name__}.{name} is no option of the machine: {meant}")
