"""Masking of personal and secret values: every printer shows `****`, and only `reveal` returns the value."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Masked(Generic[T]):
    """A personal or secret value that no printer shows.

    A custom `repr` hides a field from the builtin printers only: `rich`, pytest's comparisons and `attrs.asdict` read
    the fields themselves. So the field holds a `Masked` under a private name, and a property returns the value.
    Equality, hash, copies and pickles are those of the value.

    Args:
        value: The personal or secret value, or a `Masked` of it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: "T | Masked[T]") -> None:
        self._value: T = value.reveal() if isinstance(value, Masked) else value

    def reveal(self) -> T:
        """Return the value."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return self._value == other._value if isinstance(other, Masked) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "****"

    def __format__(self, spec: str) -> str:
        return format("****", spec)

    def __reduce__(self) -> tuple[type["Masked[T]"], tuple[T]]:
        return Masked, (self._value,)


def masked_text(text: str | Masked[str]) -> Masked[str]:
    """Return the text as a `Masked`; a converter for fields."""
    return text if isinstance(text, Masked) else Masked(text)
