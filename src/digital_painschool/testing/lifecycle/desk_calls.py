"""The rule of calls that come twice under one key: administrator, operator, own profile. Rule: D-24a."""

from collections.abc import Callable
from typing import Any

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.errors import PainSchoolError
from digital_painschool.testing.lifecycle.base import MachineBase, during
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law, require, unequal, unless
from digital_painschool.testing.scenario import Scenario

_LAW = Law.ONE_KEY_HAS_ONE_EFFECT


@frozen
class KeyedDeskCall:
    """A call that was completed under a key.

    Args:
        what: Who does what.
        by: The HSA-id of the caller.
        call: The call, with its key.
        answer: What it returned.
        about: The enrolment that it concerns, or None.
    """

    what: str
    by: str
    call: Callable[[Scenario], object]
    answer: object
    about: ReferenceEnrolment | None = None


class RepeatedDeskCalls(MachineBase):
    """Double clicks and lost answers at the administrator's and the operator's desk, and on the own profile."""

    def __init__(self) -> None:
        super().__init__()
        self.desk_calls: list[KeyedDeskCall] = []
        self._desk_keys = 0

    def ask_under_key(
        self, law: Law, what: str, call: Callable[[Scenario, str], object], *, by: str, **about: Any
    ) -> bool:
        """Call every school under a new key, as `ask` does, and note a completed call: it may come again."""
        self._desk_keys += 1
        key = f"desk-key-{self._desk_keys}"

        def keyed(school: Scenario) -> object:
            return self.answered(call(school, key))

        self.answers.clear()
        is_done = self.ask(law, what, keyed, by=by, **about)
        if is_done and self.answers:
            self.desk_calls.append(KeyedDeskCall(what, by, keyed, self.answers[0], about.get("about")))
        return is_done

    @rule(call=st.integers(0, 9))
    @during("messages", "records")
    @precondition(lambda self: self.desk_calls)
    def repeat_a_desk_call(self, call: int) -> None:
        """Make a call again under its key: it returns the first result, and has no second effect."""
        one = self.desk_calls[-1 - call % len(self.desk_calls)]
        before = self.asked.snapshot()
        self.answers.clear()
        what = f"{one.what}, again under the key"
        of = one.about
        refusal = PainSchoolError if of is not None and of.purged else None
        if self.ask(_LAW, what, one.call, by=one.by, is_logged=True, about=None if refusal else of, refusal=refusal):
            require(unless(before == self.asked.snapshot(), _LAW, f"{what}: it had a second effect"))
            require(unequal(_LAW, one.answer, self.answers[0], f"{what}: the result"))
