"""The lifecycle machine, in memory and on SQLite: it stops at the first broken law and says which it is."""

from datetime import timedelta

from hypothesis import settings

from digital_painschool.domain.pace import ChannelPace
from digital_painschool.testing.environment import at_a_pace, in_memory, on_sqlite
from digital_painschool.testing.lifecycle import LifecycleMachine


class InMemory(LifecycleMachine):
    """A school in memory; nothing to compare it with, as the reference would have the same bug."""

    ports_factory = staticmethod(in_memory)
    reference = False


class OnSqlite(LifecycleMachine):
    """A school on SQLite, compared with one in memory."""

    ports_factory = staticmethod(on_sqlite)


class AtAPace(LifecycleMachine):
    """A school in memory whose inbox takes six notices in a forenoon, by twos with a pause."""

    ports_factory = staticmethod(
        at_a_pace(ChannelPace(interval=timedelta(seconds=2), round_size=2, pause=timedelta(minutes=70)))
    )
    reference = False
    focuses = ("messages",)


TestAtAPace = AtAPace.TestCase
TestAtAPace.settings = settings(max_examples=80, stateful_step_count=30)
TestInMemory = InMemory.TestCase
TestInMemory.settings = settings(max_examples=80, stateful_step_count=30)
TestOnSqlite = OnSqlite.TestCase
TestOnSqlite.settings = settings(max_examples=40, stateful_step_count=30)
