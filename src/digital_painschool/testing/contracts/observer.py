"""The contract of the observer port: what an observer must bear."""

from collections.abc import Iterator
from functools import cache, partial
from itertools import product
from statistics import median
from time import perf_counter
from typing import Any, ClassVar

import pytest

from digital_painschool.adapters.memory import MemoryStorage
from digital_painschool.domain.notification import Channel, FailureReason, Template
from digital_painschool.ports.observer import DeliveryObserver, DeliveryOutcome, Observer, Outcome
from digital_painschool.ports.storage import Change
from digital_painschool.testing.contracts.base import Contract
from digital_painschool.testing.contracts.changes import MORNING, PERSONS, begin, converse, fill_in, joined, saved
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import THREADS, in_threads
from digital_painschool.testing.contracts.lifetime import long_history
from digital_painschool.testing.contracts.silence import assert_says_nothing
from digital_painschool.testing.contracts.withdrawals import withdrawn
from digital_painschool.testing.people import PERSON


class _Listening(MemoryStorage):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Change] = []

    def save(self, change: Change) -> None:
        super().save(change)
        self.heard.append(change)


@cache
def a_whole_life() -> tuple[Change, ...]:
    """Return every kind of step that there is, in the life of one enrolment and of one that was withdrawn."""
    storage = _Listening()
    long_history(storage)
    withdrawn(storage, "withdrawn")
    return tuple(storage.heard)


@cache
def many_lives() -> tuple[tuple[Change, ...], ...]:
    """Return the first steps of several enrolments."""
    storage = _Listening()
    for number, person in enumerate(PERSONS):
        e = saved(storage, fill_in(saved(storage, begin(f"e{number}", person)), at=MORNING))
        saved(storage, converse(e, at=MORNING))
    return tuple(tuple(c for c in storage.heard if c.enrolment.person == person) for person in PERSONS)


def every_outcome() -> tuple[DeliveryOutcome, ...]:
    """Return every kind of outcome, of every channel and for every reason."""
    reasons = {outcome: [None] for outcome in Outcome} | {Outcome.GIVEN_UP: [None, *FailureReason]}
    return tuple(
        DeliveryOutcome(channel=channel, template=template, outcome=outcome, reason=reason, notifications=number)
        for number, (channel, template, outcome) in enumerate(product(Channel, Template, Outcome), start=1)
        for reason in reasons[outcome]
    )


class ObserverContract(Contract[Observer]):
    """Every clause of the observer port: say how yours is opened, and run pytest.

        class TestOurObserver(ObserverContract):
            def open(self, place: Path) -> Observer:
                return OurObserver(place / "figures.csv")

    What `Contract` says of `open` and `place` holds here; `durable` and `shared` have no meaning.

    Attributes:
        patience: The most seconds that a step may be held up, as the median of many.
    """

    about: ClassVar[tuple[type, ...]] = (Observer, DeliveryObserver)
    patience: ClassVar[float] = 0.05

    @pytest.fixture
    def observer(self, place: Any) -> Iterator[Observer]:
        """A new observer."""
        with self.opened(place) as observer:
            yield observer

    @proves("Observer: every kind", "Observer.notice")
    def test_it_takes_every_kind_of_event(self, observer: Observer) -> None:
        """Otherwise the first patient who takes a rare step would fill the log, and be missing from the statistics."""
        for change in a_whole_life():
            assert None is observer.notice(change.enrolment, change.events)  # type: ignore[func-returns-value]

    @proves("Observer: every kind")
    def test_it_takes_several_events_at_once(self, observer: Observer) -> None:
        """Otherwise what comes with another event, such as a module that makes the program done, would be missed."""
        life = joined(a_whole_life())
        observer.notice(life.enrolment, life.events)

    @proves("Observer: every kind", "Observer: gaps")
    def test_it_takes_the_steps_of_many_enrolments_in_any_order(self, observer: Observer) -> None:
        """Otherwise it would work in a test of one patient alone."""
        for step_of_each in zip(*many_lives(), strict=True):
            for change in step_of_each[::-1]:
                observer.notice(change.enrolment, change.events)

    @proves("Observer: gaps")
    def test_it_takes_a_step_whose_forerunners_it_was_never_told(self, observer: Observer) -> None:
        """Otherwise each restart, and each process that died, would leave enrolments that it fails on for ever."""
        for change in a_whole_life()[::-2]:
            observer.notice(change.enrolment, change.events)

    @proves("DeliveryObserver.notice_deliveries")
    def test_one_that_observes_deliveries_takes_every_outcome(self, observer: Observer) -> None:
        """Otherwise the first channel that is out of order would be missing from the figures."""
        if isinstance(observer, DeliveryObserver):
            assert None is observer.notice_deliveries(every_outcome())  # type: ignore[func-returns-value]

    @proves("Observer: threads")
    def test_many_threads_tell_it_at_once(self, observer: Observer) -> None:
        """Otherwise two steps at the same moment would spoil what it keeps, or make it raise."""

        def tell(life: tuple[Change, ...]) -> None:
            for change in life * 5:
                observer.notice(change.enrolment, change.events)

        lives = many_lives()
        works = [partial(tell, lives[number % len(lives)]) for number in range(THREADS)]
        assert [None] * THREADS == in_threads(works)

    @proves("Observer: quick")
    def test_it_does_not_keep_the_step_waiting(self, observer: Observer) -> None:
        """Otherwise a statistics server that is slow would make every patient's every step slow."""
        taken: list[float] = []
        for change in a_whole_life():
            began = perf_counter()
            observer.notice(change.enrolment, change.events)
            taken.append(perf_counter() - began)
        assert median(taken) <= self.patience

    @proves("Observer: silent")
    def test_it_says_nothing_of_the_person(
        self, observer: Observer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Otherwise identity numbers would end up in a log that anybody may read."""
        with assert_says_nothing(caplog, capfd, PERSON.value[2:]):
            for change in a_whole_life():
                observer.notice(change.enrolment, change.events)
