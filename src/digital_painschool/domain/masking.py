"""What is personal or secret within a value: shown as `****` by every printer, and given by one name alone."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Masked(Generic[T]):
    """A personal or secret value that no printer shows.

    A `repr` of one's own hides a field from the builtin printers alone: `rich`, pytest's comparisons and `attrs.asdict`
    read the fields themselves. So the field holds a `Masked` under a private name, and a property gives what is within.
    Equality, hash, copies and pickles are those of what is within.

    Args:
        within: What is personal or secret; of another `Masked`, what is within that one.
    """

    __slots__ = ("_within",)

    def __init__(self, within: "T | Masked[T]") -> None:
        self._within: T = within.reveal() if isinstance(within, Masked) else within

    def reveal(self) -> T:
        """Return what is within."""
        return self._within

    def __eq__(self, other: object) -> bool:
        return self._within == other._within if isinstance(other, Masked) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._within)

    def __repr__(self) -> str:
        return "****"

    def __format__(self, spec: str) -> str:
        return format("****", spec)

    def __reduce__(self) -> tuple[type["Masked[T]"], tuple[T]]:
        return Masked, (self._within,)


def masked_text(text: str | Masked[str]) -> Masked[str]:
    """Return a text masked: a converter for fields."""
    return text if isinstance(text, Masked) else Masked(text)
