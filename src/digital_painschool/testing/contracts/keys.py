"""Keys that several hand over at the same time, of which each may arrive once."""

from collections.abc import Sequence

from digital_painschool.ports.inbox import Delivered

KEYS = tuple(f"key-{number}" for number in range(25))
"""So many that those who hand them over in step meet at some."""
ODD_KEYS = ("key.1", "KEY.1", "key/1", "../key.1", "key.1 ", "key%2E1", "key:1", "k" * 120)
"""Keys that are different, whatever a file system or a database would make of them."""


def assert_once_each(results: Sequence[Sequence[Delivered]]) -> None:
    """Find each key new to exactly one, and known to all others."""
    for result in results:
        assert not isinstance(result, Exception), result
    for key, told in zip(KEYS, zip(*results, strict=True), strict=True):
        assert [Delivered.ACCEPTED] == [one for one in told if one is not Delivered.DUPLICATE], key
