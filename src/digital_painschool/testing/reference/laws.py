"""The laws, and the one error that says which of them is broken."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from types import MappingProxyType

from attrs import fields, has


class Law(Enum):
    """A law by its number in the documentation; 0 is any error that no law foresees."""

    NOTHING_UNFORESEEN = 0
    REPLAY_GIVES_THE_STATE = 1
    REFUSED_CHANGES_NOTHING = 2
    ORDER_IS_KEPT = 3
    UNREAD_IS_SAVED_LESS_READ = 4
    NOTIFIED_ONCE_IN_TIME = 5
    ACCESS_FOLLOWS_THE_TABLE = 6
    PURGE_TAKES_WHAT_IT_MAY = 7
    STORAGES_AGREE = 8
    PERMISSIONS_HOLD = 9
    ONE_KEY_HAS_ONE_EFFECT = 10
    A_VIEW_SHOWS_ONE_STATE = 11

    @property
    def sentence(self) -> str:
        """The law in one sentence."""
        return _SENTENCES[self]


_SENTENCES: Mapping[Law, str] = MappingProxyType(
    {
        Law.NOTHING_UNFORESEEN: "nothing is raised but what the ports and the desks promise",
        Law.REPLAY_GIVES_THE_STATE: "a timeline, replayed, gives the stored state",
        Law.REFUSED_CHANGES_NOTHING: "a refused step changes nothing",
        Law.ORDER_IS_KEPT: "modules open in the program's order, and what was out of order is marked",
        Law.UNREAD_IS_SAVED_LESS_READ: "what is unread is what was saved less what was read",
        Law.NOTIFIED_ONCE_IN_TIME: "every notification is sent once, in its time, or is dropped on record",
        Law.ACCESS_FOLLOWS_THE_TABLE: "a patient's access follows the truth table at every instant",
        Law.PURGE_TAKES_WHAT_IT_MAY: "only what may be purged is purged, and nothing of it is left",
        Law.STORAGES_AGREE: "every storage gives the same answers and holds the same, whichever process dies",
        Law.PERMISSIONS_HOLD: "nobody reads or changes more than the permission table allows, and all access is logged",
        Law.ONE_KEY_HAS_ONE_EFFECT: "a call that comes twice under one key has one effect and one result",
        Law.A_VIEW_SHOWS_ONE_STATE: "a view shows one state: its counts equal what its parts say",
    }
)


class LawViolation(AssertionError):
    """A law does not hold.

    Make one by `violation`: the violations of each law have a subclass of their own, such as `Law5Violation`.
    Hypothesis tells failures apart by their type and line, and so shrinks each law's failures by themselves.

    Args:
        law: The law.
        sentence: What was found, and what should have been. It carries no personal data.
        about: The id of the enrolment that it concerns, or None.
    """

    def __init__(self, law: Law, sentence: str, about: str | None = None) -> None:
        super().__init__(law, sentence, about)
        self.law = law
        self.sentence = sentence
        self.about = about

    def __str__(self) -> str:
        where = "" if self.about is None else f"{self.about}: "
        return f"Law {self.law.value}: {where}{self.sentence}\n({self.law.sentence})"

    def __reduce__(self) -> tuple[object, ...]:
        return violation, (self.law, self.sentence, self.about)


_OF_A_LAW: Mapping[Law, type[LawViolation]] = MappingProxyType(
    {law: type(f"Law{law.value}Violation", (LawViolation,), {}) for law in Law}
)


def violation(law: Law, sentence: str, about: str | None = None) -> LawViolation:
    """Return the violation of a law."""
    return _OF_A_LAW[law](law, sentence, about)


def unless(holds: object, law: Law, sentence: str, about: str | None = None) -> Iterator[LawViolation]:
    """Yield a violation unless something holds."""
    if not holds:
        yield violation(law, sentence, about)


def unequal(law: Law, expected: object, found: object, what: str, about: str | None = None) -> Iterator[LawViolation]:
    """Yield a violation when something is not as the model has it."""
    if expected != found:
        one, other = _apart(expected, found)
        yield violation(law, f"{what}\n  expected: {one!r}\n  found:    {other!r}", about)


def _apart(expected: object, found: object) -> tuple[object, object]:
    """Return two values; of two of one attrs class only the fields in which they differ."""
    kind = type(expected)
    if kind is not type(found) or not has(kind):
        return expected, found
    names = [field.name for field in fields(kind) if getattr(expected, field.name) != getattr(found, field.name)]
    return {name: getattr(expected, name) for name in names}, {name: getattr(found, name) for name in names}


def require(violations: Iterable[LawViolation]) -> None:
    """Check that there are no violations: raise the first of them.

    Raises:
        LawViolation: There is one.
    """
    for found in violations:
        raise found
