"""Stored data that cannot be read: the error names it, and repeats nothing of it."""

import json

import pytest

from digital_painschool.errors import StorageError
from digital_painschool.serialization.stored import read_stored
from digital_painschool.testing.contracts.silence import assert_silent


def test_what_cannot_be_read_hangs_on_no_error() -> None:
    """Otherwise an error collector would get the record of a patient with the parser's own error."""
    with pytest.raises(StorageError, match="profile 1 cannot be read") as refused:
        read_stored("profile 1", json.loads, '{"text": "Hemligt')
    assert_silent(refused.value, "Hemligt")
    assert (None, None) == (refused.value.__cause__, refused.value.__context__)
