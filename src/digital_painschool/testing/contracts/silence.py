"""What an error must not tell: it ends up in a log, or with an error collector, with all that hangs on it."""

from collections.abc import Iterator


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
