"""Histories as values: what people, time and machines do, played on any scenario, printed as the code that makes them.

history = History((Start(), SaveForm(PAIN, {"smarta": 9}), Advance(weeks=1), OpenForm(PAIN)))
history.play(history.scenario(open_ours))
print(history)
"""

from digital_painschool.testing.history import drafts, retention, steps, withdrawal
from digital_painschool.testing.history.drafts import *  # noqa: F403 - the vocabulary, by its own list
from digital_painschool.testing.history.playing import Done, Happened, History, Refused, take
from digital_painschool.testing.history.retention import *  # noqa: F403 - the vocabulary, by its own list
from digital_painschool.testing.history.step import (
    Advance,
    At,
    Deliver,
    EnrolmentStep,
    PatientStep,
    Restart,
    Step,
    TherapistStep,
)
from digital_painschool.testing.history.steps import *  # noqa: F403 - the vocabulary, by its own list
from digital_painschool.testing.history.withdrawal import *  # noqa: F403 - the vocabulary, by its own list

__all__ = ["Advance", "At", "Deliver", "Done", "EnrolmentStep", "Happened", "History"]
__all__ += ["PatientStep", "Refused", "Restart", "Step", "TherapistStep", "take"]
__all__ += drafts.__all__
__all__ += retention.__all__
__all__ += steps.__all__
__all__ += withdrawal.__all__
