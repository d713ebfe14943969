"""Adapters whose libraries come with an extra."""

from collections.abc import Iterator
from contextlib import contextmanager

from digital_painschool.errors import ConfigurationError


@contextmanager
def asking_for(extra: str, what: str) -> Iterator[None]:
    """Name the extra that is missing when an import within fails.

    Args:
        extra: The extra.
        what: What needs it, with its verb.

    Raises:
        ConfigurationError: A library is missing.
    """
    try:
        yield
    except ImportError:
        raise ConfigurationError(f"{what} the extra: pip install 'digital_painschool[{extra}]'") from None
