"""The storage's contract on a storage in one file: the right one passes, and others are caught."""

from collections.abc import Sequence
from pathlib import Path
from time import sleep

import pytest

from digital_painschool.adapters.memory import MemoryStorage
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Change, load_enrolment
from digital_painschool.testing.contracts import (
    StorageContract,
)
from tests.kit.contract_runs import caught, contract_of, run
from tests.kit.pickled import (
    CountsAnew,
    InPlace,
    Lazy,
    LonelyStorage,
    PickledStorage,
    Remembering,
    TwoFiles,
    Unlocked,
    stop_writing,
)


def test_a_storage_that_is_spoilt_has_to_refuse(tmp_path: Path) -> None:
    """Otherwise a damaged file would look like a unit without patients."""

    def spoil(_: object, place: Path) -> None:
        (place / "books.pickle").write_bytes(b"damaged")

    def remove(_: object, place: Path) -> None:
        (place / "books.pickle").unlink()

    test = "an_unreadable_storage_is_refused"
    for folder in ("spoilt", "removed"):
        (tmp_path / folder).mkdir()
    run(contract_of(StorageContract, PickledStorage, spoil=spoil), test, tmp_path / "spoilt")
    with pytest.raises(pytest.fail.Exception):
        run(contract_of(StorageContract, PickledStorage, spoil=remove), test, tmp_path / "removed")


WRONG: Sequence[tuple[type[PickledStorage], str]] = [
    (Lazy, "what_one_opening_has_saved_every_other_sees"),
    (Unlocked, "no_step_is_lost"),
    (Unlocked, "of_many_on_the_same_version_exactly_one_wins"),
    (Unlocked, "of_many_who_start_the_same_person_exactly_one_wins"),
    (Unlocked, "no_digest_is_claimed_by_two"),
    (CountsAnew, "a_token_is_never_given_again"),
    (CountsAnew, "no_digest_is_claimed_by_two"),
    (Remembering, "what_one_opening_has_saved_every_other_sees"),
    (Remembering, "what_one_opening_has_purged_is_gone_for_every_other"),
    (PickledStorage, "a_step_takes_no_longer_on_a_long_timeline"),
]


@pytest.mark.parametrize(("wrong", "test"), WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_a_storage_that_is_wrong_is_caught(wrong: type[PickledStorage], test: str, tmp_path: Path) -> None:
    """Otherwise an adapter would pass by luck that loses, doubles or mixes up what patients write."""
    assert caught(contract_of(StorageContract, wrong), test, tmp_path, how="processes")


STOPPED = "a_call_that_is_stopped_between_two_writes_is_done_or_not_begun"


@pytest.mark.parametrize(
    ("wrong", "test"),
    [(InPlace, STOPPED), (TwoFiles, STOPPED), (Lazy, "a_process_that_is_killed_has_kept_all_that_it_acknowledged")],
)
def test_a_storage_that_writes_in_pieces_or_late_is_caught(
    wrong: type[PickledStorage], test: str, tmp_path: Path
) -> None:
    """Otherwise half a step would be found after a crash, on some disks on some days."""
    hook = {"before_each_write": lambda _, storage, stop: stop_writing(storage, stop)}
    assert caught(contract_of(StorageContract, wrong, **hook), test, tmp_path, call="step")


def test_a_storage_for_one_process_has_to_refuse_the_second(tmp_path: Path) -> None:
    """Otherwise `shared = False` would be a way around the clauses of processes."""
    test = "a_second_process_is_refused_where_one_alone_may_have_it_open"
    for folder in ("one", "many"):
        (tmp_path / folder).mkdir()
    run(contract_of(StorageContract, LonelyStorage, shared=False), test, tmp_path / "one")
    with pytest.raises(AssertionError):
        run(contract_of(StorageContract, PickledStorage, shared=False), test, tmp_path / "many")


class Tearing(MemoryStorage):
    """Lets others in between reading and writing."""

    def save(self, change: Change) -> None:
        """Look first, and write then."""
        stored = load_enrolment(self, change.enrolment.id)
        if (stored.version if stored else 0) != change.before:
            raise Conflict("somebody else was faster")
        sleep(0)
        with self._open() as parts:
            parts.enrolments.save(change)
            parts.access_log.log((change.access,))


@pytest.mark.parametrize("test", ["no_step_is_lost", "of_many_on_the_same_version_exactly_one_wins"])
def test_a_storage_that_lets_others_in_between_is_caught(test: str, tmp_path: Path) -> None:
    """Otherwise one of two steps at the same moment would be lost."""
    assert caught(contract_of(StorageContract, lambda _: Tearing(), durable=False), test, tmp_path, how="threads")
