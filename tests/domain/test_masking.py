"""Nothing personal or secret is shown: every value class of the package, filled with a mark, printed in every way.

The classes are found, not listed. Every text in a value is taken for a person's, unless its name says that it is a key,
an id or a fact (`SHOWN`) or it is what a unit offers (`CONTENT`). So a new class that forgets is found as well.
"""

import copy
import io
import json
import logging
import os
import pickle
import pprint
import subprocess
import sys
import traceback
import typing
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Any, NamedTuple
from unittest import TestCase
from zoneinfo import ZoneInfo

import attrs
import cattrs
import pytest
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from digital_painschool.adapters.elks.options import ElksOptions
from digital_painschool.adapters.elks.reports import Reply
from digital_painschool.adapters.http.calls import Verdict
from digital_painschool.adapters.ldap_directory.options import LdapOptions
from digital_painschool.adapters.ldap_directory.options import Server as LdapServer
from digital_painschool.adapters.smtp import Server
from digital_painschool.adapters.webhook_inbox.options import WebhookOptions
from digital_painschool.application.caseload import CaseSelection
from digital_painschool.application.pages import Span
from digital_painschool.application.program_catalogue import UnitTerms
from digital_painschool.delivery.log_lines import LogLine
from digital_painschool.domain.form import Form, Question, Text
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Program
from digital_painschool.ports.messaging import Address
from tests.modules import modules

MARK, OTHER = "Q7Z3", "K5X1"
"""Part of everything that nobody may see, and of the same of another person."""

SHOWN = frozenset(
    "action after attempted by cancelled command default_heading digest digest_id end_reason enrolment_id form id key "  # noqa: SIM905
    "discarded_drafts handed_by kind link name next noted notification notification_id notifications offered plan_id "
    "plugin program question program_version purged reason scheme result secrets settled sha256 started_by superseded "
    "title token attribute base filter headers passwords "
    "extensions sender undelivered unit unreadable version ways "
    "alerting_options facts question_text unit_label".split()
)
"""What a text is called that is no person's: ids, keys, who acted, and the words of a program."""

CONTENT = ("digital_painschool.domain.form", "digital_painschool.domain.program", "digital_painschool.domain.policy")
"""Where what a unit offers is defined: it is the same for every patient."""

NO_VALUES = tuple(
    f"digital_painschool.{name}"
    for name in (
        "adapters.memory.storage",
        "adapters.smtp.answers",
        "adapters.smtp.messenger",
        "adapters.own_texts",
        "adapters.smtp.texts",
        "adapters.swedish_identity",
        "adapters.toml_directory",
        "adapters.plugin",
        "application.export_layout",
        "adapters.elks.options",
        "adapters.webhook_inbox.options",
        "bootstrap.composition",
        "bootstrap.settings_toml",
        "decisions.statement",
        "decisions.texts",
        "delivery.log_lines",
        "domain.checks",
        "domain.limits",
        "serialization.problems",
    )
)
"""What is made with attrs and is no value, or holds the texts of the package and of a policy alone."""

UNPICKLED = ("Catalogue", "AdapterConfig", "Settings")
"""What holds a read-only view of a mapping, which Python does not pickle."""

PLACES = frozenset({"folder", "path", "reference"})
"""Texts of the unit's own: where its files lie, and the decision that a purge rests on, without a number."""


MADE_UP = ("digital_painschool.testing", "digital_painschool.cli", "pytest_plugin", "migrations")
"""What knows made-up people alone: the proof kit, the command line."""


def is_value(found: object) -> bool:
    """Return whether something is a class of values."""
    return isinstance(found, type) and (attrs.has(found) or (issubclass(found, tuple) and hasattr(found, "_fields")))


VALUES = sorted(
    {
        found
        for module in modules(*MADE_UP)
        for found in vars(module).values()
        if is_value(found) and found.__module__ == module.__name__ and module.__name__ not in (*CONTENT, *NO_VALUES)
    },
    key=lambda class_: (class_.__module__, class_.__qualname__),
)


def filled(class_: type, mark: str = MARK) -> Any:
    """Return a value of a class, with the mark in everything that may be a person's."""
    if class_ in LEAVES:
        return LEAVES[class_](mark)
    hints = typing.get_type_hints(class_)
    if attrs.has(class_):
        asked = [(field.alias, field.name) for field in attrs.fields(class_) if field.init]
        asked = [(alias, name) for alias, name in asked if hints.get(name) != class_ | None]  # no end of one in another
    else:
        asked = [(name, name) for name in class_._fields]  # type: ignore[attr-defined]
    return class_(**{alias: _any_of(hints.get(name, object), alias, mark) for alias, name in asked})


LEAVES: Mapping[object, Callable[[str], object]] = {
    PersonId: lambda mark: PersonId("personnummer", f"19121212{mark}"),
    Address: lambda mark: Address(f"{mark}@example.org"),
    HsaId: lambda _: HsaId("SE2321000131-E000000000001"),
    int: lambda _: 1,
    bool: lambda _: True,
    float: lambda _: 1.5,
    bytes: lambda mark: f"text {mark}".encode(),
    datetime: lambda _: datetime(2026, 3, 2, tzinfo=UTC),
    timedelta: lambda _: timedelta(minutes=5),
    date: lambda _: date(2026, 3, 2),
    time: lambda _: time(9),
    ZoneInfo: lambda _: ZoneInfo("Europe/Stockholm"),
    Path: lambda _: Path("folder"),
    Policy: lambda _: Policy(),
    UnitTerms: lambda _: UnitTerms(),
    CaseSelection: lambda _: CaseSelection(program="visible"),  # of open ones or of ended ones
    Form: lambda _: Form(key="f", title="Form", questions=(Text(key="q", text="?"),)),
    Server: lambda mark: Server(host="mail.example", sender="a@b.se", user=f"u{mark}", password=f"p{mark}"),
    ElksOptions: lambda mark: ElksOptions(username=f"u{mark}", password=f"p{mark}", sender="Skolan"),
    WebhookOptions: lambda mark: WebhookOptions(url="https://a.b", reach_url="https://a.b", secret=f"whsec_{mark}"),
    LdapOptions: lambda mark: LdapOptions(uris=("ldaps://a.b",), user="cn=a", password=f"env:{mark}", base="dc=b"),
    LdapServer: lambda _: LdapServer("ldaps", "a.b", 636),
    Verdict: lambda _: Verdict("an answer of a table"),
    LogLine: lambda _: LogLine(20, "a text of a table", ()),
    Reply: lambda _: Reply(200, "a text of ours"),
    Question: lambda _: Text(key="q", text="?"),
    Span: lambda _: Span(since=None, until=None, by="patient", newest_first=True),
}


def _any_of(wanted: Any, name: str, mark: str) -> Any:
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted in LEAVES:
        return LEAVES[wanted](mark)
    if wanted in (str, object, Any):
        return _text_of(name, mark)
    if origin in (typing.Union, UnionType):
        return _any_of(str if str in inner else inner[0], name, mark)
    if origin is Masked:
        return _any_of(inner[0], name, mark)
    if origin is tuple:
        return tuple(_any_of(one, name, mark) for one in inner if one not in (Ellipsis, Program))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {_any_of(HsaId if name == "units" else inner[0], "key", mark): _any_of(inner[1], name, mark)}
    if isinstance(origin, type) and issubclass(origin, Collection):
        return (
            origin([_any_of(inner[0], name, mark)])
            if origin in (list, set, frozenset)
            else (_any_of(inner[0], name, mark),)
        )
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return next(iter(wanted))
    if is_value(origin or wanted):
        return filled(origin or wanted, mark)
    return None


def _text_of(name: str, mark: str) -> str:
    if name == "receipt_key":
        return "env:RECEIPT_KEY"  # where the secret is: no other text is taken
    return "visible" if name in SHOWN | PLACES else f"text {mark}"


def _by_rich(value: object) -> str:
    shown = io.StringIO()
    Console(file=shown, width=400).print(value)
    return shown.getvalue() + pretty_repr(value, expand_all=True)


def _raised(value: object) -> Exception:
    kept = {"it": value, "them": [value]}
    try:
        raise ValueError(len(kept))  # noqa: TRY301 - the frame's locals are what is looked at
    except ValueError as error:
        return error


def _by_rich_traceback(value: object) -> str:
    error, shown = _raised(value), io.StringIO()
    found = Traceback.from_exception(
        type(error), error, error.__traceback__, show_locals=True, locals_max_string=10_000
    )
    Console(file=shown, width=400).print(found)
    return shown.getvalue()


def _by_traceback(value: object) -> str:
    return "".join(traceback.TracebackException.from_exception(_raised(value), capture_locals=True).format())


def _by_logging(value: object) -> str:
    return logging.Formatter().format(logging.LogRecord("x", 20, "x", 1, "%s %r", (value, value), None))


def _by_unittest(value: object) -> str:
    for left, right in ((value, None), ([value], [None]), ({"it": value}, {})):
        with pytest.raises(AssertionError) as failed:
            TestCase().assertEqual(left, right)  # noqa: PT009 - how unittest shows it
    return str(failed.value)


def _as_data(value: Any) -> str:
    if not attrs.has(type(value)):
        return repr(value._asdict())
    plain = [attrs.asdict(value), attrs.astuple(value), cattrs.unstructure(value)]
    return repr(plain) + json.dumps(repr(plain)) + pprint.pformat(plain) + pretty_repr(plain)


PRINTERS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "repr": repr,
        "str": str,
        "format": lambda value: f"{value} {value!r:>300} {[value]} { ({'it': value}) }",
        "pprint": lambda value: pprint.pformat(value) + pprint.pformat({"it": [value]}),
        "rich": _by_rich,
        "rich's traceback with locals": _by_rich_traceback,
        "traceback with locals": _by_traceback,
        "logging": _by_logging,
        "unittest": _by_unittest,
        "as data": _as_data,
        "vars": lambda value: repr(vars(value)) if hasattr(value, "__dict__") else "",
        "json": lambda value: json.dumps({"it": value}, default=str),
        "rich of vars": lambda value: pretty_repr(vars(value)) if hasattr(value, "__dict__") else "",
    }
)


def leaks(value: object) -> list[str]:
    """Return the names of the printers that show what nobody may see."""
    return [name for name, printed in PRINTERS.items() if MARK in printed(value)]


@pytest.mark.parametrize("class_", VALUES, ids=lambda class_: f"{class_.__module__}.{class_.__qualname__}")
def test_no_printer_shows_what_is_a_persons(class_: type) -> None:
    """Otherwise a screen, a log or a test report would show numbers, answers, messages or addresses."""
    assert [] == leaks(filled(class_))


def test_a_class_that_forgets_is_found() -> None:
    """Otherwise the sweep would pass whatever it looks at."""

    @attrs.frozen
    class Letter:
        number: int
        draft: str = attrs.field(repr=False)

    class Sent(NamedTuple):
        person: PersonId
        body: Mapping[int, str | Mapping[str, str]]

    assert {"rich", "rich's traceback with locals", "pprint", "repr"} <= set(leaks(filled(Sent)))
    assert ["as data"] == leaks(filled(Letter))
    found = {class_.__name__ for class_ in VALUES}
    assert {
        "PersonId",
        "Address",
        "Submission",
        "Message",
        "History",
        "Change",
        "AdapterConfig",
        "WaitingMessage",
    } <= found


def test_what_is_masked_is_masked_in_a_text_with_columns() -> None:
    """Otherwise a table in a log line would show it."""
    assert "|    ****|" == f"|{Masked(MARK):>8}|"


def test_the_one_name_still_gives_what_is_within() -> None:
    """Otherwise a mask would keep a message from its reader, or two patients would be one."""
    for class_ in VALUES:
        value, other = filled(class_), filled(class_, OTHER)
        assert value == filled(class_)
        assert (value == other) == (MARK not in _revealed(value)), class_
        for copied in (
            copy.copy(value),
            *([copy.deepcopy(value), _pickled(value)] if class_.__name__ not in UNPICKLED else []),
        ):
            assert value == copied
            assert _revealed(value) == _revealed(copied)
    person = filled(PersonId)
    assert (f"19121212{MARK}", "19121212-****") == (person.value, f"{person}")
    assert hash(person) == hash(_pickled(person))
    assert person == attrs.evolve(person)
    assert f"19121212{OTHER}" == attrs.evolve(person, value=f"19121212{OTHER}").value


def _pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))  # noqa: S301


def _within(value: Any) -> Any:
    if isinstance(value, Masked):
        return _within(value.reveal())
    if isinstance(value, tuple | list):
        return [_within(one) for one in value]
    if isinstance(value, Mapping):
        return [_within(one) for one in value.items()]
    if attrs.has(type(value)):
        return [_within(getattr(value, field.name)) for field in attrs.fields(type(value))]
    return value


def _revealed(value: object) -> str:
    return repr(_within(value))


COMPARING = """
import pytest
from tests.domain.test_masking import OTHER, VALUES, filled

@pytest.mark.parametrize("number", range(len(VALUES)))
def test_compared(number):
    left, right = filled(VALUES[number]), filled(VALUES[number], OTHER)
    more = {"left": left, "right": [right]}
    assert left == right
    assert more is None
"""


def test_pytest_shows_nothing_of_what_it_compares(tmp_path: Path) -> None:
    """Otherwise a failed test of a portal would print two patients' numbers into its report."""
    (tmp_path / "test_compared.py").write_text(COMPARING)
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "pytest", "-vv", "-l", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [*command, "-c", os.devnull, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": root},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert f"{len(VALUES)} failed" in done.stdout, done.stdout[-2000:] + done.stderr
    assert [] == [line for line in done.stdout.splitlines() if MARK in line or OTHER in line]
