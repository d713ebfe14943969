"""The contracts of identity and observer, on adapters that are right, and on others that are wrong in one way."""

import logging
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from threading import Lock
from time import sleep
from typing import ClassVar

import pytest

from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Ended, Event, Started
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import InvalidIdentity
from digital_painschool.ports import Identity, Observer
from digital_painschool.testing.contracts import (
    IdentityContract,
    ObserverContract,
)
from tests.kit.contract_runs import contract_of, run


class Repairing:
    """Reads whatever has twelve digits in it, wherever they are."""

    def parse(self, text: str, *, today: date) -> PersonId:
        """Pick the digits out."""
        digits = "".join(filter(str.isdigit, text))
        if not digits:
            raise InvalidIdentity(f"{text} is no number")
        return SwedishIdentity().parse(digits, today=today)


class Normalising:
    """Reads whatever looks like a number."""

    def parse(self, text: str, *, today: date) -> PersonId:
        """Take full-width digits for digits."""
        return SwedishIdentity().parse(unicodedata.normalize("NFKC", text), today=today)


class Dashing:
    """Takes a word processor's dash for a hyphen."""

    def parse(self, text: str, *, today: date) -> PersonId:
        """Put a hyphen in its place."""
        return SwedishIdentity().parse(text.replace("\u2013", "-"), today=today)


class ByTheClock:
    """Takes the century from the day on which it runs."""

    def parse(self, text: str, *, today: date) -> PersonId:
        """Read it today."""
        return SwedishIdentity().parse(text, today=date(2026, 1, 15))


class AsTyped:
    """Takes a number as it was typed for the number itself."""

    def parse(self, text: str, *, today: date) -> PersonId:
        """Take it."""
        try:
            return PersonId("personnummer", f"{text:0>12}")
        except ValueError:
            raise InvalidIdentity(f"{text[:8]} is no number") from None


IDENTITY_BUGS: Sequence[tuple[Callable[[], Identity], str]] = [
    (Repairing, "a_number_with_a_wrong_character_is_not_repaired"),
    (Repairing, "numbers_run_together_are_refused"),
    (Normalising, "what_looks_like_a_digit_or_a_hyphen_is_neither"),
    (Dashing, "what_looks_like_a_digit_or_a_hyphen_is_neither"),
    (ByTheClock, "the_given_day_decides_and_no_clock"),
    (ByTheClock, "nobody_is_read_before_the_birth"),
    (AsTyped, "every_accepted_spelling_gives_the_one_person"),
    (AsTyped, "numbers_run_together_are_refused"),
]


@pytest.mark.parametrize(("wrong", "test"), IDENTITY_BUGS, ids=lambda value: getattr(value, "__name__", value))
def test_an_identity_that_is_wrong_is_caught(wrong: Callable[[], Identity], test: str) -> None:
    """Otherwise two patients would be taken for one, or one for two."""
    with pytest.raises((AssertionError, InvalidIdentity)):
        run(contract_of(IdentityContract, lambda _: wrong()), test, None)


class Figures:
    """Counts what happens, under a lock: an observer that is right."""

    def __init__(self, _: object = None) -> None:
        self.counts: dict[str, int] = {}
        self._lock = Lock()

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Count."""
        with self._lock:
            for event in events:
                kind = type(event).__name__
                self.counts[kind] = self.counts.get(kind, 0) + 1


class TestFigures(ObserverContract):
    """An observer that is right, by the contract."""

    def open(self, place: Path) -> Observer:
        """Make one."""
        return Figures()


class OneAtATime(Figures):
    """Knows the enrolments that it saw begin, takes one event a step, and lets nobody in while it works."""

    def __init__(self, _: object = None) -> None:
        super().__init__()
        self._known: set[str] = set()
        self._working = False

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Count one event of an enrolment that is known."""
        assert not self._working
        self._working = True
        sleep(0.001)
        self._working = False
        [event] = events
        assert isinstance(event, Started) or enrolment.id in self._known
        assert not isinstance(event, Ended)
        self._known.add(enrolment.id)


class Slow(Figures):
    """Asks a server that is far away."""

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Wait for it."""
        sleep(0.06)


class Logging(Figures):
    """Writes down whom it was."""

    to: ClassVar[Callable[[str], object]] = logging.getLogger("observer").debug

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Write the number."""
        type(self).to(f"step of {enrolment.person.value}")


class Printing(Logging):
    """Prints whom it was."""

    to = print


class Warns(Logging):
    """Warns of whom it was."""

    to = warnings.warn


OBSERVER_BUGS: Sequence[tuple[type[Figures], str]] = [
    (OneAtATime, "it_takes_every_kind_of_event"),
    (OneAtATime, "it_takes_several_events_at_once"),
    (OneAtATime, "it_takes_a_step_whose_forerunners_it_was_never_told"),
    (OneAtATime, "many_threads_tell_it_at_once"),
    (Slow, "it_does_not_keep_the_step_waiting"),
    (Logging, "it_says_nothing_of_the_person"),
    (Printing, "it_says_nothing_of_the_person"),
    (Warns, "it_says_nothing_of_the_person"),
]


@pytest.mark.parametrize(("wrong", "test"), OBSERVER_BUGS, ids=lambda value: getattr(value, "__name__", value))
def test_an_observer_that_is_wrong_is_caught(
    wrong: type[Figures], test: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Otherwise an observer would pass that fails, or holds up every step, or tells on the first day of real use."""
    with pytest.raises((AssertionError, ValueError)):
        run(contract_of(ObserverContract, wrong), test, None, caplog=caplog, capfd=capfd)
