"""The nine laws, and how a check says which of them is broken."""

from collections.abc import Mapping

LAWS: Mapping[int, str] = {
    1: "a timeline, replayed, gives the state that is kept",
    2: "a refused step changes nothing",
    3: "modules open in the program's order, and what was out of order is marked",
    4: "what is unread is what was saved less what was read",
    5: "every notification goes once, in its time, or is dropped on record",
    6: "a patient's access follows the truth table at every instant",
    7: "only what may be purged is purged, and nothing of it is left",
    8: "every storage gives the same answers and keeps the same, whatever dies",
    9: "nobody reads or changes what the permission table does not give, and every access is logged",
}
"""What must hold after any history, by number."""


class LawBroken(AssertionError):
    """A law does not hold; the message begins with its number. Each law has a class of its own, `Law5Broken`."""


_BROKEN: Mapping[int, type[LawBroken]] = {number: type(f"Law{number}Broken", (LawBroken,), {}) for number in LAWS}


def broken(law: int, sentence: str) -> LawBroken:
    """Return the error that says in one sentence what is wrong, and by which law."""
    return _BROKEN[law](f"Law {law}: {sentence}\n({LAWS[law]})")


def holds(law: int, is_so: object, sentence: str) -> None:
    """Expect that something is so.

    Raises:
        LawBroken: It is not.
    """
    if not is_so:
        raise broken(law, sentence)


def same(law: int, expected: object, found: object, sentence: str) -> None:
    """Expect that what was found is what the model says.

    Raises:
        LawBroken: It is not; the message shows both.
    """
    if expected != found:
        raise broken(law, f"{sentence}\n  expected: {expected!r}\n  found:    {found!r}")
