"""The audit of the answers: everybody got one in time, or the error of a type that the library promises."""

from collections import defaultdict
from collections.abc import Iterator

from proofs.chaos.evidence import Evidence

_MARKS = frozenset({"taken", "kill", "over"})
"""What is noted and has no answer."""


def calls_wrong(evidence: Evidence) -> Iterator[str]:
    """Tell of calls that hung, of errors without a type, and of deadlocks."""
    ends: dict[int, float] = defaultdict(float)
    for one in evidence.noted:
        life = one.facts["life"] if one.what == "kill" else one.life
        ends[life] = max(ends[life], one.answered or one.asked)
    for one in evidence.noted:
        where = f"{one.what} ({one.kind} {one.life}, number {one.number})"
        if one.answer == "untyped":
            yield f"{where}: {one.came['why']}"
        if one.what not in _MARKS and (one.answered or ends[one.life]) - one.asked > evidence.patience:
            yield f"{where}: no answer for {(one.answered or ends[one.life]) - one.asked:.0f} seconds"
        if one.what == "over" and one.facts["deadlocks"]:
            yield f"the database has had to end {one.facts['deadlocks']} deadlocks"
