"""A mistake in one method of an adapter, as a value."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

Wrong = Callable[..., Any]


@frozen
class Mistake:
    """A mistake in one method of an adapter.

    Args:
        name: The mistake in a few words.
        clause: The clause that it breaks.
        method: The method that is wrong.
        wrong: The function that takes its place; its arguments are the right method, the adapter, and those of the
            call: `lambda right, self, unit, ids: right(unit, sorted(ids))`.
    """

    name: str
    clause: str
    method: str
    wrong: Wrong

    def within(self, adapter: type) -> type:
        """Return a class of adapters with the mistake."""

        def wrong(this: Any, *args: Any, **options: Any) -> Any:
            return self.wrong(getattr(super(class_, this), self.method), this, *args, **options)

        class_ = type(f"Wrong{adapter.__name__}", (adapter,), {self.method: wrong})
        return class_


Mistakes = Mapping[tuple[str, str], Mapping[str, Wrong]]
"""Mistakes as they are written: by the wrong method and the clause that it breaks, what takes its place, by name."""


def mistakes_of(table: Mistakes) -> Iterator[Mistake]:
    """Yield the mistakes of a table."""
    for (method, clause), wrong in table.items():
        for name, function in wrong.items():
            yield Mistake(name, clause, method, function)


def on(kind: type, wrong: Wrong) -> Wrong:
    """Return a mistake that is made with the records of one kind alone."""

    def made(right: Wrong, adapter: Any, key: Any, *args: Any, **options: Any) -> Any:
        is_of_kind = getattr(key, "kind", key) is kind
        return wrong(right, adapter, key, *args, **options) if is_of_kind else right(key, *args, **options)

    return made


def saying(say: Callable[[str], object]) -> Wrong:
    """Return a method that says whom it is about: to a log, on the screen, in a warning."""

    def wrong(right: Wrong, _: Any, about: Any, *args: Any, **options: Any) -> Any:
        whom = getattr(about, "person", about)
        say(f"asked about {getattr(whom, 'value', whom)}")
        return right(about, *args, **options)

    return wrong


def records_of(storage: Any) -> Any:
    """Return the records of a memory storage, by key."""
    return storage._parts.records._records


def notification_rows(storage: Any) -> Any:
    """Return the rows of a memory storage's notifications, by id."""
    return storage._parts.outbox._rows


def first(*answers: Any) -> Any:
    """Return the first of some answers, which were asked for in order."""
    return answers[0]


def last(*answers: Any) -> Any:
    """Return the last of some answers, which were asked for in order."""
    return answers[-1]


def each(work: Callable[[Any], object], values: Iterable[Any]) -> Any:
    """Do something with each of some values."""
    for value in values:
        work(value)


def put(thing: Any, name: str, value: object) -> Any:
    """Set an attribute."""
    setattr(thing, name, value)
