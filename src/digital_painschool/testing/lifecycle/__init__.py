"""`LifecycleMachine`: random histories on any adapters, and the laws checked after every step.

`machine` composes the rules of `treatment`, `clock`, `delivering`, `days`, `retention` and `unauthorised`; each is a
class of its own on the `base`, which takes a step in the `schools` and in the `model`. `passes` runs the delivery
workers. The laws, and what they are compared with, are in `digital_painschool.testing.reference`.
"""

from digital_painschool.testing.lifecycle.machine import LifecycleMachine

__all__ = ["LifecycleMachine"]
