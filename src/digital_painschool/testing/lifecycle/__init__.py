"""`LifecycleMachine`: the nine laws, for any adapters, after any history.

Rooms: `laws` (what must hold, and how a check says that it does not), `model` and `calendar` (what an enrolment is, and
when), `witness` (who notes what is handed over, and lets things go wrong), `ground` (how schools are asked). What
happens: `treatment`, `learning`, `talking`, `clock`, `delivering`, `days`, `records`, `strangers`. What is checked:
`books` (laws 1, 3, 4, 6, 8), `telling` with `wishes` (law 5), `records` (law 7), `strangers` with `permissions` (9).

Each class builds on the one before; `machine` gives the whole.
"""

from digital_painschool.testing.lifecycle.laws import LAWS, LawBroken
from digital_painschool.testing.lifecycle.machine import LifecycleMachine

__all__ = ["LAWS", "LawBroken", "LifecycleMachine"]
