"""The clauses of the ports' docstrings, and the decorator that ties a test to those that it proves.

A clause is a method (`Enrolments.load`), a bullet under `Contract:` of a method (`Enrolments.save: optimistic`) or of
the port itself (`Storage: threads`), when a method of a port that delivers fails (`Inbox.reach: DeliveryError`), or the
description of an argument of `Change` (`Change.cancelled`).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from inspect import getdoc, isfunction
from typing import Any, ParamSpec

import pytest

from digital_painschool.ports import Directory, Identity, Inbox, Messenger, Observer
from digital_painschool.ports.observer import DeliveryObserver
from digital_painschool.ports.storage import (
    AccessLog,
    Caseload,
    Change,
    Drafts,
    Enrolments,
    Operations,
    Outbox,
    Paces,
    Records,
    Retention,
    Storage,
)

STORAGE = (
    Change,
    Enrolments,
    Drafts,
    Caseload,
    Outbox,
    Operations,
    Paces,
    AccessLog,
    Records,
    Retention,
    Storage,
)
"""The protocols of the storage, and the value with promises."""
PORTS = (*STORAGE, Inbox, Messenger, Directory, Identity, Observer, DeliveryObserver)

_FAILING = re.compile(r"^    DeliveryError: (.+(?:\n {8}.+)*)", re.MULTILINE)
_Arguments = ParamSpec("_Arguments")
_BULLET = re.compile(r"^( *)\* (?:\*\*(.+?)\*\*)?(.*(?:\n\1  .*)*)", re.MULTILINE)
_ARGUMENT = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)


def clauses_of(ports: Iterable[type]) -> Mapping[str, str]:
    """Return the sentence of every clause of some ports, by its name; a bullet without a name is called `?`."""
    return {name: " ".join(sentence.split()) for port in ports for name, sentence in _clauses(port)}


def _clauses(port: type) -> Iterator[tuple[str, str]]:
    if port is Change:
        yield from ((f"{port.__name__}.{name}", text) for name, text in _ARGUMENT.findall(getdoc(port) or ""))
        return
    yield from _bullets(port.__name__, port)
    for name, method in vars(port).items():
        if not name.startswith("_") and (isfunction(method) or isinstance(method, property)):
            yield f"{port.__name__}.{name}", (getdoc(method) or "").partition("\n\n")[0]
            yield from _bullets(f"{port.__name__}.{name}", method)
            failing = _FAILING.findall(getdoc(method) or "")
            yield from ((f"{port.__name__}.{name}: DeliveryError", text) for text in failing)


def _bullets(name: str, documented: object) -> Iterator[tuple[str, str]]:
    for _, bullet, text in _BULLET.findall(getdoc(documented) or ""):
        yield f"{name}: {bullet or '?'}", text.lstrip(",: ")


def proves(*clauses: str) -> Callable[[Callable[_Arguments, None]], Callable[_Arguments, None]]:
    """Mark a test with the clauses that it proves; when the test fails, the failure says them.

    Args:
        clauses: The names of the clauses; `{port}` stands for the port that the contract is about, `{send}` for the
            method that sends.
    """

    def decorate(test: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
        @wraps(test)
        def proving(*args: _Arguments.args, **options: _Arguments.kwargs) -> None:
            __tracebackhide__ = True
            try:
                test(*args, **options)
            except (Exception, pytest.fail.Exception) as failure:
                sentences = clauses_of(PORTS)
                for clause in _named(clauses, args[0] if args else None):
                    failure.add_note(f"Broken clause: {clause}: {sentences.get(clause, '(not in the docstring)')}")
                failure.add_note(" ".join((getdoc(test) or "").split()))
                raise

        proving.clauses = clauses  # type: ignore[attr-defined]
        return proving

    return decorate


def _named(clauses: Iterable[str], contract: Any) -> list[str]:
    port = next(iter(getattr(contract, "about", ())), None)
    names = {"port": getattr(port, "__name__", ""), "send": getattr(contract, "_method", "")}
    return [clause.format_map(names) for clause in clauses]


def all_tests_of(contract: type) -> frozenset[str]:
    """Return the names of the tests of a contract."""
    return frozenset(name for name in dir(contract) if name.startswith("test_"))


def proofs_of(contract: type) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the tests that prove each clause, by the clause's name."""
    proofs: dict[str, tuple[str, ...]] = {}
    for name in sorted(all_tests_of(contract)):
        test: Any = getattr(contract, name)
        for clause in _named(getattr(test, "clauses", ()), contract):
            proofs[clause] = (*proofs.get(clause, ()), name)
    return proofs
