"""Kill a history at every point, start again, and see that nothing is lost or doubled.

`kill_everywhere(open_ours, history)` is for any adapters; `TELLING` has histories that are worth it.
"""

from digital_painschool.testing.crashes.everywhere import NotSurvived, Survived, kill_at, kill_everywhere
from digital_painschool.testing.crashes.process import Place
from digital_painschool.testing.crashes.telling import TELLING, Doing, Telling

__all__ = ["TELLING", "Doing", "NotSurvived", "Place", "Survived", "Telling", "kill_at", "kill_everywhere"]
