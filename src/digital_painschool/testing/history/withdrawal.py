"""The step of a history that withdraws a start. Rule: D-07b."""

from attrs import field, frozen

from digital_painschool.testing.history.step import TherapistStep, given
from digital_painschool.testing.scenario import Scenario

__all__ = ["Withdraw"]


@frozen(repr=False)
class Withdraw(TherapistStep):
    """A start that was entered in error is withdrawn by the one who started it, or by a patient administrator."""

    reason: str = "wrong-person"
    expected: int | None = field(default=None, kw_only=True)

    def take(self, scenario: Scenario) -> object:
        desk, enrolment = self.desk(scenario), self.enrolment(scenario)
        return desk.withdraw(enrolment, self.reason, **given(expected=self.expected, once=self.once))
