"""The contracts themselves: every clause has its tests, and what is not proved is said."""

import re
from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import Any, get_args

import pytest

from digital_painschool.domain.events import Event
from digital_painschool.errors import Conflict
from digital_painschool.ports.messaging import Address
from digital_painschool.testing import contracts
from digital_painschool.testing.contracts import (
    Arrival,
    DirectoryContract,
    IdentityContract,
    InboxContract,
    MessengerContract,
    ObserverContract,
    StorageContract,
    base,
    concurrency,
)
from digital_painschool.testing.contracts.base import Contract, options_of
from digital_painschool.testing.contracts.clauses import PORTS, all_tests_of, clauses_of, proofs_of, proves
from digital_painschool.testing.contracts.concurrency import Child, in_processes
from digital_painschool.testing.contracts.observer import a_whole_life
from tests.kit.contract_runs import Skipped

CONTRACTS: Sequence[type[Contract[Any]]] = [
    *(StorageContract, InboxContract, MessengerContract, DirectoryContract, IdentityContract, ObserverContract)
]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_clause_of_a_port_is_proven_by_a_test(contract: type[Contract[Any]]) -> None:
    """Otherwise a promise would stand in a docstring, and nobody would notice an adapter that breaks it."""
    assert sorted(clauses_of(contract.about)) == sorted(proofs_of(contract))


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_test_of_a_contract_proves_a_clause(contract: type[Contract[Any]]) -> None:
    """Otherwise a contract would ask for what no docstring promises."""
    assert all_tests_of(contract) == {test for named in proofs_of(contract).values() for test in named}


def test_every_contract_on_offer_has_its_clauses() -> None:
    """Otherwise a port that is added later would have a contract without clauses."""
    assert {getattr(contracts, name) for name in contracts.__all__} - {Arrival} == set(CONTRACTS)
    assert {port for contract in CONTRACTS for port in contract.about} == set(PORTS)


def test_a_clause_without_a_name_is_found() -> None:
    """Otherwise a bullet that is added without one would be passed over."""

    class Port:
        """Something.

        Contract:
            * **named**: fine,
              over two lines.
            * forgotten.
        """

        def method(self) -> None:
            """Do it.

            Contract:
                * also forgotten.
            """

    expected = {"Port: named": "fine, over two lines.", "Port: ?": "forgotten.", "Port.method": "Do it."}
    assert {**expected, "Port.method: ?": "also forgotten."} == clauses_of((Port,))


def test_a_test_that_fails_says_the_broken_clause() -> None:
    """Otherwise an adapter's author would have to look up what a failed test is about."""

    @proves("Enrolments.save: optimistic", "Nobody.knows")
    def fails() -> None:
        """Otherwise nothing."""
        raise AssertionError

    with pytest.raises(AssertionError) as failed:
        fails()
    sentence = "the change is saved only when the stored version is `change.before`."
    said = [f"Broken clause: Enrolments.save: optimistic: {sentence}"]
    assert [
        *said,
        "Broken clause: Nobody.knows: (not in the docstring)",
        "Otherwise nothing.",
    ] == failed.value.__notes__


def test_the_long_history_has_every_kind_of_event() -> None:
    """Otherwise a kind that is added later would be left out of storage's and observer's contract."""
    assert set(get_args(Event)) == {type(event) for change in a_whole_life() for event in change.events}


def test_who_forgets_to_say_how_to_open_is_told() -> None:
    """Otherwise the author would look for a fixture that is not there."""
    with pytest.raises(NotImplementedError, match="StorageContract has to say how its adapter is opened"):
        StorageContract().open("anywhere")


@pytest.mark.parametrize(
    ("contract", "hooks"),
    [
        (StorageContract, [("spoil", 1), ("damage", 2)]),
        (InboxContract, [("spoil", 1), ("hanging", 1), ("arrived", 2)]),
        (MessengerContract, [("spoil", 1), ("hanging", 1), ("arrived", 2)]),
        (DirectoryContract, [("spoil", 1), ("mend", 1), ("change", 3), ("hanging", 1)]),
    ],
)
def test_what_an_author_has_not_said_is_skipped(contract: type[Any], hooks: list[tuple[str, int]]) -> None:
    """Otherwise a contract without its hook would pass in silence, or fail for no fault of the adapter."""
    for hook, arguments in hooks:
        with pytest.raises(Skipped, match=f"give the contract `{hook}`"):
            getattr(contract(), hook)(*[None] * arguments)


# --- several at once


def test_a_process_that_breaks_tells_how() -> None:
    """Otherwise a failure in another process would look like a missing answer."""

    def work(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        in_processes([work])


def test_a_refusal_in_a_process_is_a_result() -> None:
    """Otherwise the one who loses a race would break the test that counts the losers."""

    def work(_: object) -> None:
        raise Conflict("somebody else was faster")

    [refusal] = in_processes([work])
    assert isinstance(refusal, Conflict)


def test_a_silent_process_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an adapter that hangs would hang the whole run."""
    monkeypatch.setattr(concurrency, "PATIENCE", 0.01)
    with Child(lambda _: sleep(5)) as child, pytest.raises(TimeoutError, match="was silent"):
        next(child.messages())


def test_what_an_adapter_is_not_is_skipped_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an adapter in memory could never pass, or a machine that cannot fork would fail it."""
    skips = {
        "lasting_place": (
            type("InMemory", (StorageContract,), {"durable": False}),
            "keeps everything in its own memory",
        ),
        "shared_place": (type("Alone", (StorageContract,), {"shared": False}), "one process at a time"),
        "forked_place": (StorageContract, "no processes can be forked here"),
    }
    monkeypatch.setattr(base, "CAN_FORK", False)
    for fixture, (contract, reason) in skips.items():
        gate = getattr(contract, fixture)._get_wrapped_function()
        with pytest.raises(Skipped, match=reason):
            gate(contract(), "a place")


# --- what an author says


@pytest.mark.parametrize(
    ("contract", "wrong", "meant"),
    [
        (InboxContract, {"delets": False}, "deletes"),
        (InboxContract, {"answer_within": 3.0}, "answers_within"),
        (InboxContract, {"arived": lambda *_: []}, "arrived"),
        (MessengerContract, {"adress": Address("namn@vgregion.example")}, "address"),
        (MessengerContract, {"hangs": lambda *_: None, "hangin": lambda *_: None}, "hanging"),
        (DirectoryContract, {"changes": lambda *_: None}, "change"),
        (StorageContract, {"before_each_writes": lambda *_: None}, "before_each_write"),
        (IdentityContract, {"numbes": {}}, "numbers"),
        (ObserverContract, {"patienc": 1.0}, "patience"),
    ],
)
def test_a_misspelt_attribute_or_hook_is_refused(contract: type[Any], wrong: dict[str, object], meant: str) -> None:
    """Otherwise its author would think a clause proved, or an adapter would be asked for what it cannot do."""
    with pytest.raises(TypeError, match=f"is no option of the contract: did you mean '{meant}'"):
        type("OurContract", (contract,), wrong)


def test_a_value_that_no_contract_knows_is_refused() -> None:
    """Otherwise a word that is no near miss would be passed over."""
    with pytest.raises(TypeError, match="forgetful is no option of the contract: the options are about, "):
        type("OurContract", (InboxContract,), {"forgetful": True})


def test_a_contract_may_have_tests_and_helpers_of_its_own() -> None:
    """Otherwise nobody could add a test to the contract."""

    class OurInbox(InboxContract):
        pytestmark = pytest.mark.rule("D-13c")
        _helper = 1
        deletes = False

        @pytest.fixture
        def gateway(self) -> int:
            """A fixture."""
            return 1

        def test_places(self) -> None:
            """A test whose name is nearly that of a hook."""

        def read_back(self) -> None:
            """A helper."""

    assert not OurInbox.deletes


HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "prove-an-integration.md"


def test_the_docs_name_every_attribute_and_hook_of_every_contract() -> None:
    """Otherwise an author would find a hook by reading the kit, or look for one that is not there."""
    table = HOW_TO.read_text("utf-8").partition("| in the contract of |")[2].partition("\n\n")[0]
    named: dict[str, set[str]] = {}
    for row in table.splitlines()[2:]:
        _, ports, names, _ = row.split("|", 3)
        for port in ports.split(","):
            named.setdefault(port.strip(), set()).update(re.findall(r"`(\w+)", names))
    for contract in CONTRACTS:
        port = contract.__name__.removesuffix("Contract").lower()
        assert set(options_of(contract)) == named["every port"] | named[port], port
