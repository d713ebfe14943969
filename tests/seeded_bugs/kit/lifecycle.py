"""The lifecycle machine, in memory and on SQLite: it stops at the first broken law and says which it is."""

from hypothesis import HealthCheck, Phase, settings

from digital_painschool.testing.lifecycle import LifecycleMachine
from digital_painschool.testing.world import in_memory, on_sqlite

# The same histories for the same --hypothesis-seed; not made shorter, which takes long.
_ALIKE = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    stateful_step_count=30,
)


class InMemory(LifecycleMachine):
    """A school in memory; nothing to compare it with, as the reference would have the same bug."""

    opening = staticmethod(in_memory)
    reference = False


class OnSqlite(LifecycleMachine):
    """A school on SQLite, compared with one in memory."""

    opening = staticmethod(on_sqlite)


TestInMemory = InMemory.TestCase
TestInMemory.settings = settings(_ALIKE, max_examples=80)
TestOnSqlite = OnSqlite.TestCase
TestOnSqlite.settings = settings(_ALIKE, max_examples=40)
