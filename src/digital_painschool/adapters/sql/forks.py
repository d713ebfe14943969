"""Forks of the process: pools drain before a fork where their driver needs it, and start empty in the child."""

from os import register_at_fork
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """A pool of connections, as a fork sees it."""

    @property
    def drains_before_fork(self) -> bool:
        """Whether the process may fork only while the pool has no connection open."""
        ...

    def drain(self) -> None:
        """Close all connections, and open none until `resume`."""
        ...

    def resume(self) -> None:
        """Allow connections to be opened again."""
        ...

    def leave_to_parent(self) -> bool:
        """Start empty in the child; return whether the parent had a connection open."""
        ...


_POOLS: WeakSet[Forkable] = WeakSet()
_INHERITED: list[object] = []
"""The parent's connections. A child never touches them: closing one would send a message in the parent's name."""
_FORKED_IN_USE: list[bool] = []
"""Not empty in a process that was forked while SQLite was in use: the state of SQLite's locks is unknown."""


def watch(pool: Forkable) -> None:
    """Call a pool before and after each fork, for as long as the pool exists."""
    _POOLS.add(pool)


def keep_for_parent(inherited: object) -> None:
    """Store the parent's connections, so that the garbage collector closes none of them in the child."""
    _INHERITED.append(inherited)


def was_forked_in_use() -> bool:
    """Return whether this process was forked while a driver that drains had a connection open."""
    return bool(_FORKED_IN_USE)


def _before_fork() -> None:
    for pool in tuple(_POOLS):
        if pool.drains_before_fork:
            pool.drain()


def _after_fork_in_parent() -> None:
    for pool in tuple(_POOLS):
        pool.resume()


def _after_fork_in_child() -> None:
    in_use = [pool.leave_to_parent() and pool.drains_before_fork for pool in tuple(_POOLS)]
    _FORKED_IN_USE.extend(filter(None, in_use))


register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
