"""What an error must not tell: it ends up in a log, or with an error collector, with all that hangs on it."""

from collections.abc import Iterator


def assert_silent(error: BaseException, *secrets: str) -> None:
    """Assert that an error, and those that it came from, contain none of some texts."""
    said = " ".join(f"{one} {one!r} {vars(one)}" for one in _chain(error))
    for secret in secrets:
        assert secret not in said, "the error says whose data it was"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    if error is not None:
        yield error
        yield from _chain(error.__cause__)
        yield from _chain(error.__context__)
