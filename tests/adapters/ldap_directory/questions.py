"""The questions of the port about people whom the directory knows, and what every failure keeps to."""

from collections.abc import Callable
from functools import partial

import pytest

from digital_painschool import DeliveryError
from digital_painschool.ports.directory import Directory
from digital_painschool.testing.contracts.directory import DirectoryContract
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.people import NURSE, UNIT
from tests.adapters.ldap_directory.conftest import SECRETS
from tests.adapters.ldap_directory.slapd import ACCOUNT

ENTRY = DirectoryContract.known[NURSE.hsa_id]
SHORT = {"connect_seconds": 0.3, "seconds": 0.4}
"""Limits for what never answers."""
HANGS, ENDS = ("did not answer in time",), ("the connection was lost", "or ended the handshake")


def failure_of(question: Callable[[], object]) -> str:
    """Return the text of the failure of a question; assert that it hides what it is about, and can be tried again."""
    with pytest.raises(DeliveryError) as caught:
        question()
    assert not caught.value.permanent
    assert_silent(caught.value, *SECRETS, ACCOUNT, str(NURSE.hsa_id))
    return str(caught.value)


def questions(directory: Directory) -> dict[str, Callable[[], object]]:
    """Return every question of the port, by its name."""
    return {
        "find": partial(directory.find, NURSE.hsa_id),
        "works_at": partial(directory.works_at, UNIT, NURSE.hsa_id),
        "staff_of": partial(directory.staff_of, UNIT, 9),
    }
