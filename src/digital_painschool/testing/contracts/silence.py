"""What an error must not tell: it ends up in a log, or with an error collector, with all that hangs on it."""

from collections.abc import Iterator


def assert_silent(error: BaseException, *secrets: str) -> None:
    """Find none of some texts in an error, nor in the errors that it came from."""
    told = " ".join(f"{one} {one!r} {vars(one)}" for one in _chain(error))
    for secret in secrets:
        assert secret not in told


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    if error is not None:
        yield error
        yield from _chain(error.__cause__)
        yield from _chain(error.__context__)
