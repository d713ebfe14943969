"""Programs: valid ones of every shape, and ones that are valid but for one named fault."""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from attrs import evolve, frozen
from hypothesis import strategies as st

from digital_painschool.domain.program import Completion, EndReason, Module, Ordering, Pace, Page, Program
from digital_painschool.programs import program_to_data
from digital_painschool.testing.strategies.forms import forms
from digital_painschool.testing.strategies.texts import ILLEGAL_KEYS, ILLEGAL_TITLES, keys, prose, titles

Data = dict[str, Any]
"""A program as `program_to_data` gives it."""


_FORMS = forms()
_CARRIED = st.lists(st.sampled_from(["smarta", "somn", "vardag", "K.e_y-1"]), max_size=3, unique=True)
_NUMBERS = st.lists(st.sampled_from([*range(1, 12), 998]), min_size=1, max_size=6, unique=True).map(sorted)
_TITLES = titles("Tema", "Smärtans språk")
_KEYS = keys("program", "smartskola")
_VERSIONS = keys("1", "2026-03")
_END_REASONS = st.lists(
    st.builds(EndReason, key=keys("klar", "avbruten"), title=_TITLES),
    min_size=1,
    max_size=3,
    unique_by=lambda reason: reason.key,
).map(tuple)
_PACES = st.builds(
    Pace,
    modules_a_week=st.integers(1, 7) | st.just(100),
    hours_from=st.integers(1, 6),
    hours_to=st.integers(6, 20) | st.just(168),
)
_MONTHS = st.sampled_from([12, 1, 120]) | st.integers(1, 120)


def end_reasons() -> st.SearchStrategy[tuple[EndReason, ...]]:
    """Return one reason to end or more, no key twice."""
    return _END_REASONS


@st.composite
def programs(draw: st.DrawFn, *, key: str | None = None, ordering: Ordering | None = None) -> Program:
    """Return a valid program: every ordering and completion, every kind of question.

    Its modules are in the reading order and outside it. Where a key or an ordering is given, it has that.
    """
    strict = draw(st.sampled_from(Ordering)) if ordering is None else ordering
    numbers = draw(_NUMBERS)
    some = st.lists(st.sampled_from(numbers), unique=True).map(tuple)
    order = draw(some) if strict is Ordering.GUIDED else draw(some) or (numbers[0],)
    required = draw(some) or (() if order else (numbers[0],))
    carried = draw(_CARRIED)
    pages = _pages(tuple(carried))
    return Program(
        key=draw(_KEYS) if key is None else key,
        version=draw(_VERSIONS),
        title=draw(_TITLES),
        modules=tuple(Module(number=number, title=draw(_TITLES), pages=draw(pages)) for number in numbers),
        forms=tuple(evolve(draw(_FORMS), key=form) for form in carried),
        reading_order=order,
        required=required,
        ordering=strict,
        completion=draw(st.sampled_from(Completion)),
        end_reasons=draw(_END_REASONS),
        access_months=draw(_MONTHS),
        pace=draw(_PACES),
        example=draw(st.booleans()),
    )


@cache
def _pages(carried: tuple[str, ...]) -> st.SearchStrategy[tuple[Page, ...]]:
    some: st.SearchStrategy[tuple[str, ...]] = (
        st.lists(st.sampled_from(carried), unique=True).map(tuple) if carried else st.just(())
    )
    page = st.builds(Page, title=_TITLES, text=prose(200), forms=some)
    return st.lists(page, min_size=1, max_size=2).map(tuple)


@frozen(kw_only=True)
class BrokenProgram:
    """The data of a program that is valid but for one fault.

    Args:
        fault: The fault's name.
        data: For `programs.strict.structured`, which judges as a program file is judged.
        speaks_of: Stands in the one problem that `InvalidProgram` names.
    """

    fault: str
    data: Data
    speaks_of: str


_SCALE: Data = {"kind": "scale", "key": "s", "text": "Hur ont?"}
_CHOICE: Data = {"kind": "choice", "key": "c", "text": "Hur?", "options": [{"key": "bra", "text": "Bra"}]}
_NUMBER: Data = {"kind": "number", "key": "n", "text": "Hur många?"}
_TEXT: Data = {"kind": "text", "key": "t", "text": "Vad?"}

Fault = Callable[[Data], str]
"""Breaks the data of a valid program, and says what the problem speaks of."""


def _change(**changes: object) -> Fault:
    """Return other values at the top; the problem speaks of the last of them."""

    def fault(data: Data) -> str:
        data.update(changes)
        return list(changes)[-1]

    return fault


def _form(speaks_of: str, *asked: Data, **changes: object) -> Fault:
    """Add a form that is wrong."""

    def fault(data: Data) -> str:
        data["forms"].append({"key": "trasig", "title": "Trasig", "questions": list(asked), **changes})
        return speaks_of

    return fault


def _module(speaks_of: str, *, first: bool = False, later: int = 1, **changes: object) -> Fault:
    """Add a module that is wrong, or in the wrong place: its number lies that much after the last one's."""

    def fault(data: Data) -> str:
        number = data["modules"][-1]["number"] + later
        module = {"number": number, "title": "Trasig", "pages": [{"title": "Sida", "text": ""}], **changes}
        data["modules"].insert(0 if first else len(data["modules"]), module)
        return speaks_of

    return fault


def _page(speaks_of: str, **changes: object) -> Fault:
    """Add a module whose page is wrong."""
    return _module(speaks_of, pages=[{"title": "Sida", "text": "", **changes}])


def _listed(key: str, speaks_of: str, stranger: int | None = None) -> Fault:
    """List a module again, or one that there is not."""

    def fault(data: Data) -> str:
        listed = data[key] or [data["modules"][0]["number"]]
        data[key] = [*listed, listed[0] if stranger is None else stranger]
        return f"{key}: {speaks_of}"

    return fault


def _twice(key: str) -> Fault:
    """List the first of a list once more."""

    def fault(data: Data) -> str:
        data[key] = [*data[key], data[key][0]]
        return f"{key}: {data[key][0]['key']!r} comes twice"

    return fault


def _form_twice(data: Data) -> str:
    form = {"key": "trasig", "title": "Trasig", "questions": [_SCALE]}
    data["forms"] += [form, form]
    return "forms: 'trasig' comes twice"


def _missing(key: str) -> Fault:
    def fault(data: Data) -> str:
        del data[key]
        return f"{key}: is missing"

    return fault


def _no_order(data: Data) -> str:
    data.update(ordering="enforced", reading_order=[], required=[data["modules"][0]["number"]])
    return "reading_order: ordering 'enforced' needs one"


PROGRAM_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        **{f"key: {name}": _change(key=illegal) for name, illegal in ILLEGAL_KEYS.items()},
        **{f"version: {name}": _change(version=illegal) for name, illegal in ILLEGAL_KEYS.items()},
        **{f"title: {name}": _change(title=illegal) for name, illegal in ILLEGAL_TITLES.items()},
        "key of an end reason": _change(end_reasons=[{"key": "a b", "title": "Klar"}]),
        "title of an end reason": _change(end_reasons=[{"key": "klar", "title": "Klar\x1b"}]),
        "key of a form on a page": _page("forms: #1: must be 1 to 64", forms=["a b"]),
        "title of a page": _page("title: holds a control", title="Sida\n"),
        "text of a page": _page("text: holds a control", text="rad\x1b[2J"),
        "title of a module": _module("title: holds a control", title="Trasig\x07"),
        "key of a form": _form("key: must be 1 to 64", _SCALE, key="a b"),
        "title of a form": _form("title: holds a control", _SCALE, title="Tra\tsig"),
        "key of a question": _form("key: must be 1 to 64", {**_SCALE, "key": "a b"}),
        "text of a question": _form("text: holds a control", {**_SCALE, "text": "Hur\ront?"}),
        "label of a scale": _form("high_label: holds a control", {**_SCALE, "high_label": "a\nb"}),
        "label of a number": _form("unit_label: holds a control", {**_NUMBER, "unit_label": "\x1b"}),
        "key of an option": _form("key: must be 1 to 64", {**_CHOICE, "options": [{"key": "a b", "text": "A"}]}),
        "text of an option": _form("text: holds a control", {**_CHOICE, "options": [{"key": "a", "text": "\x7fA"}]}),
        "score beyond": _form(
            "score: must be", {**_CHOICE, "options": [{"key": "a", "text": "A", "score": 1_000_001}]}
        ),
        "scale beyond": _form("highest: must be -1000000 to 1000000", {**_SCALE, "highest": 1_000_001}),
        "number beyond": _form("lowest: must be", {**_NUMBER, "lowest": -(10**15) - 1}),
        "threshold beyond": _form("alert_from: must be", _SCALE, alert_from=2**63),
        "text that is too long": _form("longest: must be 1 to 100000", {**_TEXT, "longest": 100_001}),
        "module number beyond": _module("number: must be 1 to 999", number=2**63),
        "pace beyond": _change(pace={"modules_a_week": 2**64}),
        "hours beyond a week": _change(pace={"hours_to": 169}),
        "access for ever": _change(access_months=2**63),
        "too many options": _form(
            "options: must be at most 1000",
            {**_CHOICE, "options": [{"key": f"o{number}", "text": "A"} for number in range(1001)]},
        ),
        "blank key": _change(key=" "),
        "blank version": _change(version=""),
        "blank title": _change(title="\t"),
        "access for no time": _change(access_months=0),
        "access for too long": _change(access_months=121),
        "pace without modules": _change(pace={"modules_a_week": 0}),
        "pace that runs backwards": _change(pace={"hours_from": 3, "hours_to": 2}),
        "no end reason": _change(end_reasons=[]),
        "end reason twice": _twice("end_reasons"),
        "blank end reason": _change(end_reasons=[{"key": "klar", "title": " "}]),
        "nothing required": _change(ordering="guided", reading_order=[], required=[]),
        "strict without an order": _no_order,
        "module twice": _module("modules: numbers", later=0),
        "modules in the wrong order": _module("modules: numbers", first=True),
        "module number zero": _module("number: must be 1 to 999", first=True, number=0),
        "module without a page": _module("pages: a module has at least one page", pages=[]),
        "blank title of a module": _module("title: is empty", title=" "),
        "unknown module in the reading order": _listed("reading_order", "there is no module 99", 99),
        "module twice in the reading order": _listed("reading_order", "'"),
        "unknown module required": _listed("required", "there is no module 99", 99),
        "module required twice": _listed("required", "'"),
        "blank title of a page": _page("title: is empty", title=""),
        "unknown form on a page": _page("there is no form 'saknas'", forms=["saknas"]),
        "form twice": _form_twice,
        "form without a question": _form("questions: a form has at least one"),
        "question twice": _form("questions: 's' comes twice", _SCALE, _SCALE),
        "blank question": _form("text: is empty", {**_SCALE, "text": " "}),
        "scale upside down": _form("highest: must be above lowest", {**_SCALE, "lowest": 5, "highest": 4}),
        "alert off the scale": _form("alert_from: must lie on the scale", {**_SCALE, "alert_from": 11}),
        "no option": _form("options: there must be at least one", {**_CHOICE, "options": []}),
        "option twice": _form("options: 'bra' comes twice", {**_CHOICE, "options": _CHOICE["options"] * 2}),
        "bounds that cross": _form("highest: must be above lowest", {**_NUMBER, "lowest": 1, "highest": 1}),
        "alert out of bounds": _form("alert_from: must lie between", {**_NUMBER, "highest": 5, "alert_from": 6}),
        "decimals that are scored": _form("scored: only a whole number", {**_NUMBER, "scored": True}),
        "text of no length": _form("longest: must be 1 to", {**_TEXT, "longest": 0}),
        "alert without a score": _form("alert_from: no question of the form is scored", _TEXT, alert_from=3),
        "no such kind of question": _form("kind: expected one of", {**_TEXT, "kind": "essay"}),
        "no such ordering": _change(ordering="chaotic"),
        "no such completion": _change(completion="guessed"),
        "unknown key": _change(colour="red"),
        "missing key": _missing("title"),
        "number as text": _change(access_months="12"),
        "truth as a number": _change(access_months=True),
        "text as a number": _change(version=1),
        "list as a table": _change(modules={}),
        "text that no storage keeps": _change(title="Noll\x00"),
    }
)
"""What can be wrong with a program, by name."""


@st.composite
def broken_programs(draw: st.DrawFn, *faults: str) -> BrokenProgram:
    """Return the data of a program that is valid but for one fault, of `PROGRAM_FAULTS` or of those named."""
    name = draw(st.sampled_from(faults or tuple(PROGRAM_FAULTS)))
    data = program_to_data(draw(programs()))
    return BrokenProgram(fault=name, speaks_of=PROGRAM_FAULTS[name](data), data=data)
