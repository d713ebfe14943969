"""What an error must not tell: it ends up in a log, or with an error collector, with all that hangs on it."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


def assert_silent(error: BaseException, *secrets: str) -> None:
    """Assert that an error, and those that it came from, contain none of some texts, in small letters or capitals."""
    said = " ".join(f"{one} {one!r} {vars(one)}" for one in _chain(error)).casefold()
    for secret in secrets:
        # No operand is shown: it would put what must not be said into the failure.
        told = secret.casefold() in said
        assert not told, "the error says whose data it was, or a secret"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    if error is not None:
        yield error
        yield from _chain(error.__cause__)
        yield from _chain(error.__context__)


@contextmanager
def assert_says_nothing(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], *secrets: str
) -> Iterator[None]:
    """Assert that what is logged, printed or warned of within a `with` block contains none of some texts."""
    caplog.clear()
    capfd.readouterr()
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield
    said = " ".join((caplog.text, *capfd.readouterr(), *(str(one.message) for one in warned))).casefold()
    for secret in secrets:
        told = secret.casefold() in said
        assert not told, (
            "a line of the log, a warning or the output says whose data it was, or a secret "
            "(a server that a test runs in this process counts too: silence its log)"
        )
