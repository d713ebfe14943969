"""The step of a history that withdraws a start. Rule: D-07b."""

from attrs import field, frozen

from digital_painschool.testing.history.step import TherapistStep

__all__ = ["Withdraw"]


@frozen(repr=False)
class Withdraw(TherapistStep):
    """A start that was entered in error is withdrawn by the one who started it, or by a patient administrator."""

    call = "withdraw"
    reason: str = "wrong-person"
    expected: int | None = field(default=None, kw_only=True)
