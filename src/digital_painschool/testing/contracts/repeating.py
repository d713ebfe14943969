"""What the contracts of the inbox and of the messengers ask of keys: what is repeated is sent once."""

import os
import signal
from collections.abc import Callable, Sequence
from functools import partial
from time import sleep
from typing import Any

import pytest

from digital_painschool.ports.inbox import Delivered
from digital_painschool.testing.contracts.base import Adapter
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import (
    PATIENCE,
    PROCESSES,
    THREADS,
    Child,
    Tell,
    in_processes,
    in_threads,
    refusal_or,
)
from digital_painschool.testing.contracts.lines import Line, before_each_line
from digital_painschool.testing.contracts.sending import ACCEPTED, DUPLICATE, KEYS, TURNS, SendingContract

ODD_KEYS = ("key.1", "KEY.1", "key/1", "../key.1", "key.1 ", "key%2E1", "key:1", "k\u00e5", "ka\u030a", "k" * 120)
"""Keys that are different, whatever a file system or a database would make of them."""
MANY = 300
"""So many keys come between a key and its repetition."""
DEATHS = 40
"""At so many lines of a call a process is killed, at most."""


def assert_once_each(results: Sequence[Sequence[Delivered]]) -> None:
    """Assert that each of `KEYS` was accepted once, and known to all others."""
    for result in results:
        assert not isinstance(result, Exception), f"a sender got {result!r}"
    for key, answers in zip(KEYS, zip(*results, strict=True), strict=True):
        assert [ACCEPTED] == [one for one in answers if one is not DUPLICATE], f"{key} was accepted otherwise than once"


class RepeatingContract(SendingContract[Adapter]):
    """The clauses of a key that is sent again."""

    @pytest.mark.usefixtures("remembering")
    @proves("{port}: idempotent")
    def test_a_key_is_sent_once_whatever_the_number_of_attempts(self, adapter: Any) -> None:
        """Otherwise a worker that died after sending would send the same again, also to a corrected address."""
        first, second = self.recipients()
        assert ACCEPTED is self.send(adapter, "key-1", first)
        assert [DUPLICATE] * 2 == [self.send(adapter, "key-1", to) for to in (first, second)]

    @proves("{port}: idempotent")
    def test_another_key_is_another_notice(self, adapter: Any) -> None:
        """Otherwise the second day's notice, or the second patient who is done, would be passed over in silence."""
        assert [ACCEPTED] * 2 == [self.send(adapter, key) for key in ("key-1", "key-2")]

    @proves("{port}: idempotent")
    def test_keys_are_opaque_to_the_letter(self, adapter: Any) -> None:
        """Otherwise a key with a sign that a file name or a database folds would be taken for another's, and lost."""
        assert [ACCEPTED] * len(ODD_KEYS) == [self.send(adapter, key) for key in ODD_KEYS]
        if self._knows_keys(adapter):
            assert [DUPLICATE] * len(ODD_KEYS) == [self.send(adapter, key) for key in ODD_KEYS]
            self.assert_forgets(adapter, ODD_KEYS[1:], len(ODD_KEYS) - 1)
            assert DUPLICATE is self.send(adapter, ODD_KEYS[0])

    def _send_all(self, adapter: Any) -> list[Delivered]:
        return [self.send(adapter, key) for key in KEYS]

    @pytest.mark.usefixtures("remembering")
    @proves("{port}: idempotent", "{port}: threads")
    def test_many_threads_send_a_key_once(self, adapter: Any) -> None:
        """Otherwise two workers with the same notice at the same time would both send it."""
        assert_once_each(in_threads([partial(self._send_all, adapter)] * THREADS, taking_turns=adapter))

    @pytest.mark.usefixtures("remembering")
    @proves("{port}: idempotent")
    def test_many_processes_send_a_key_once(self, forked_place: object) -> None:
        """Otherwise two workers on two machines would both send the same notice."""

        def work(wait: Callable[[], object]) -> list[Delivered]:
            with self.opened(forked_place) as adapter:
                wait()
                return self._send_all(adapter)

        assert_once_each(in_processes([work] * PROCESSES))

    @pytest.mark.usefixtures("remembering")
    @proves("{port}: idempotent")
    def test_a_key_is_known_after_a_restart(self, lasting_place: object) -> None:
        """Otherwise everybody would be told again after each update."""
        with self.opened(lasting_place) as adapter:
            assert ACCEPTED is self.send(adapter, "key-1")
        with self.opened(lasting_place) as adapter:
            assert DUPLICATE is self.send(adapter, "key-1")
            self.assert_forgets(adapter, ["key-1"], 1)

    @pytest.mark.usefixtures("remembering")
    @proves("{port}: idempotent")
    def test_a_process_that_is_killed_has_sent_what_it_acknowledged(self, forked_place: object) -> None:
        """Otherwise a worker that died right after sending would make the recipient get the same again."""

        def work(tell: Tell) -> None:
            with self.opened(forked_place) as adapter:
                tell(self._send_all(adapter))
                sleep(PATIENCE)

        with Child(work) as child:
            assert [ACCEPTED] * len(KEYS) == next(child.messages())
            child.kill()
        with self.opened(forked_place) as adapter:
            assert [DUPLICATE] * len(KEYS) == self._send_all(adapter)
            assert ACCEPTED is self.send(adapter, "another")

    @pytest.mark.usefixtures("remembering")
    @proves("{port}: forks")
    def test_a_forked_process_sends_right_or_not_at_all(self, forked_place: Any) -> None:
        """Otherwise two processes would read each other's answers, and what nobody got would count as delivered."""
        with self.opened(forked_place) as adapter:
            assert ACCEPTED is self.send(adapter, "known")

            def work(wait: Callable[[], object]) -> list[Delivered | None]:
                wait()
                keys = [key for turn in range(TURNS) for key in (f"new-{os.getpid()}-{turn}", "known")]
                answers = [refusal_or(partial(self.send, adapter, key)) for key in keys]
                return [one if isinstance(one, Delivered) else None for one in answers]

            for answers in in_processes([work] * PROCESSES):
                assert not isinstance(answers, Exception), f"a forked process got {answers!r}"
                assert {*answers[::2]} <= {None, ACCEPTED}, f"new keys were answered {answers[::2]} in a forked process"
                assert {*answers[1::2]} <= {None, DUPLICATE}, f"a known key was answered {answers[1::2]} in one"
            assert [DUPLICATE, ACCEPTED] == [self.send(adapter, key) for key in ("known", "another")]

    @pytest.mark.usefixtures("remembering")
    @proves("{port}: idempotent")
    def test_a_key_is_known_after_many_others(self, adapter: Any) -> None:
        """Otherwise a worker that lost an answer would send the same again on a busy morning."""
        assert [ACCEPTED] * MANY == [self.send(adapter, f"key-{number}") for number in range(MANY)]
        assert DUPLICATE is self.send(adapter, "key-0"), f"a key is unknown again after {MANY - 1} others"

    @pytest.mark.usefixtures("remembering")
    @proves("{port}: idempotent", "{port}: as given")
    def test_a_process_that_dies_at_any_line_has_sent_it_whole_or_not_begun(self, forked_place: Any) -> None:
        """Otherwise a worker that died in the middle would leave a known key, and half a notice or none."""
        to, _ = self.recipients()
        with self.opened(forked_place) as adapter:
            self.arrived(forked_place, adapter)  # without the hook nothing is proved
        lines = self._lines_of_a_send(forked_place, "key-0")
        keys = [f"key-{number}" for number, _ in enumerate(lines, start=1)]
        for key, line in zip(keys, lines, strict=True):
            with Child(partial(self._die_at, forked_place, key, line)) as child:
                assert [] == [*child.messages()], "the process was to die, and went on"
            with self.opened(forked_place) as adapter:
                self.send(adapter, key)
        with self.opened(forked_place) as adapter:
            self.assert_arrived(forked_place, adapter, *[self.sent(to)] * (len(lines) + 1))

    def _lines_of_a_send(self, place: Any, key: str) -> Sequence[Line]:
        """Return the lines at which a process is to die: each once, or as many as there is time for."""

        def work(tell: Tell) -> None:
            lines: dict[Line, None] = {}
            with self.opened(place) as adapter:
                with before_each_line(adapter, lines.setdefault):
                    self.send(adapter, key)
                tell([*lines])

        with Child(work) as child:
            [lines] = child.messages()
        return [line for number, line in enumerate(lines) if number % (1 + len(lines) // DEATHS) == 0]

    def _die_at(self, place: Any, key: str, line: Line, tell: Tell) -> None:
        def die(now: Line) -> None:
            if now == line:
                os.kill(os.getpid(), signal.SIGKILL)

        with self.opened(place) as adapter, before_each_line(adapter, die):
            tell(self.send(adapter, key))
