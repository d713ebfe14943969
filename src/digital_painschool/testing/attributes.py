"""The check of the class attributes of a subclass: a misspelt one would silently test something else."""

from collections.abc import Callable, Collection
from difflib import get_close_matches


def check_attributes(
    subclass: type, options: Collection[str], of: str, is_right: Callable[[str], bool] = lambda _: True
) -> None:
    """Refuse a subclass with an unknown or a wrong class attribute.

    A subclass may add methods, unless the name of one is nearly that of an option; a helper value begins with `_`.

    Args:
        subclass: The subclass.
        options: The names of the attributes and hooks that a subclass may override.
        of: What has these options, for the error's text.
        is_right: A function that returns whether the subclass's value of an option is right.

    Raises:
        TypeError: There is such an attribute; the message names it, and the option that may have been meant.
    """
    inherited = {name for base in subclass.__mro__[1:] for name in vars(base)} | {"pytestmark"}
    for name, value in vars(subclass).items():
        if name in options:
            if not is_right(name):
                raise TypeError(f"{subclass.__name__}.{name} must not be {value!r}")
        elif not name.startswith(("_", "test_")) and name not in inherited:
            near = get_close_matches(name, options, n=1, cutoff=0.7)
            if near or not callable(value) or isinstance(value, staticmethod):
                meant = f"did you mean {near[0]!r}?" if near else f"the options are {', '.join(options)}"
                raise TypeError(f"{subclass.__name__}.{name} is no option of the {of}: {meant}")
