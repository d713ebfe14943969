"""A process that counts the calls that it makes of its ports, and dies where it is told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from attrs import field, frozen

from digital_painschool.testing.faults.calls import Around, Call
from digital_painschool.testing.faults.effects import Killed, When
from digital_painschool.testing.history.literals import short

Given = TypeVar("Given")


@frozen(repr=False, kw_only=True)
class CrashPoint:
    """Where in a history a process dies.

    Args:
        step: In the how many-eth step, from 1.
        call: At the how many-eth call of a port within that step, from 1.
        when: Before the call's effect, or after it.
        statement: Within the call: at the how many-eth statement of its database, from 1.
        unattended: True when nobody takes the step again: what a worker held is a later run's, perhaps on another day.
    """

    step: int
    call: int
    when: When = field(default=When.BEFORE)
    statement: int | None = field(default=None)
    unattended: bool = field(default=False)

    def __repr__(self) -> str:
        return short(self)


class Process:
    """One life of the school: from the moment at which it dies every call of every port is `Killed`.

    Args:
        answered: Told of each call and its answer, None when it raised.
    """

    def __init__(self, answered: Callable[[Call, object | None], None]) -> None:
        self.calls: list[str] = []
        self.statements: list[str] = []
        self.is_dead = False
        self.end: Callable[[], None] = self.die
        self.lasts: Callable[[], None] = lambda: None
        self.leaves: list[Callable[[], None]] = []
        self._answered = answered
        self._dies_at: CrashPoint | None = None
        self._is_in_call = False

    def begin(self, dies_at: CrashPoint | None = None) -> None:
        """Begin a step, to die at a place in it."""
        self.calls.clear()
        self._dies_at = dies_at

    def around(self, port: str) -> Around:
        """Return what is done in place of a port's calls."""

        def live(call: Call) -> object:
            if call.method == "close":  # what a dead process had open is let go of by its machine
                return call.go()
            self._go_on()
            self.calls.append(f"{port}.{call.method}")
            self.statements.clear()
            number = len(self.calls)
            self._come_to(number, When.BEFORE)
            try:
                with self._in_call(counts=port != "observer"):
                    answer = call.go()
            except Exception:
                self._answered(call, None)
                self._come_to(number, When.AFTER)
                raise
            self._answered(call, answer)
            self._come_to(number, When.AFTER)
            return answer

        return live

    def state(self, words: str, make: Callable[[], Given], *, lasting: Callable[[], bool]) -> Given:
        """Make a statement of the call that is under way; one of a look in between is no part of it.

        Args:
            words: What it is.
            make: Makes it, and gives what it gives.
            lasting: Whether what it did lasts now, so that dying after it is another thing than dying before the next.
        """
        if not self._is_in_call:
            return make()
        self._go_on()
        self.statements.append(words)
        number, statement = len(self.calls), len(self.statements)
        self._come_to(number, When.BEFORE, statement)
        given = make()
        if lasting():
            with self._in_call(counts=False):
                self.lasts()
            self._come_to(number, When.AFTER, statement)
        return given

    def die(self) -> None:
        """Be dead."""
        self.is_dead = True
        raise Killed

    def bury(self) -> None:
        """Let go of what it had open, as the machine does for a dead process; what was not lasting is undone."""
        self._is_in_call = False
        while self.leaves:
            self.leaves.pop()()

    @contextmanager
    def _in_call(self, *, counts: bool) -> Iterator[None]:
        before, self._is_in_call = self._is_in_call, counts
        try:
            yield
        finally:
            self._is_in_call = before

    def _go_on(self) -> None:
        if self.is_dead:
            raise Killed

    def _come_to(self, number: int, when: When, statement: int | None = None) -> None:
        at = self._dies_at
        if at is not None and (number, when, statement) == (at.call, at.when, at.statement):
            self.end()
