"""The bundled program, and program files: what is read, what is refused, and how a fault is named."""

import json
import re
from collections.abc import Callable
from datetime import date
from itertools import combinations, product
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
from hypothesis import example, given

from digital_painschool.domain.form import (
    Choice,
    Form,
    Question,
    Scale,
    Text,
    is_scored,
)
from digital_painschool.domain.limits import as_stored
from digital_painschool.domain.program import EndReason, Module, Ordering, Pace, Page, Program
from digital_painschool.errors import InvalidProgram, InvalidValue
from digital_painschool.programs import (
    bundled_program,
    load_program,
    program_from_data,
    program_to_data,
    read_program,
)
from digital_painschool.programs.structuring import structured
from digital_painschool.serialization.problems import Problems
from digital_painschool.testing.strategies import programs
from tests.programs.illegal import KEYS, TITLES

SMALL = """
key = "liten"
version = "1"
title = "Liten"
reading_order = [1, 2]
end_reasons = [{ key = "klar", title = "Klar" }]

[[modules]]
number = 1
title = "Ett"
pages = [{ title = "Sida", text = "Läs.", forms = ["dagbok"] }]

[[modules]]
number = 2
title = "Två"
pages = [{ title = "Sida", text = "Läs mer." }]

[[forms]]
key = "dagbok"
title = "Dagbok"

[[forms.questions]]
kind = "scale"
key = "smarta"
text = "Hur ont har du?"

[[forms.questions]]
kind = "number"
key = "timmar"
text = "Hur länge sov du?"
lowest = 0
highest = 24

[[forms.questions]]
kind = "choice"
key = "dagen"
text = "Hur var dagen?"
options = [{ key = "bra", text = "Bra" }, { key = "svar", text = "Svår" }]
"""


def problems_of(text: str) -> tuple[str, ...]:
    """Return the problems that a program file is refused with."""
    with pytest.raises(InvalidProgram) as refused:
        read_program(text, "liten.toml")
    assert "liten.toml" == refused.value.source
    return refused.value.problems


# --- The bundled program ----------------------------------------------------------------------------------------------


@pytest.mark.rule("M-01", "M-02", "M-05", "D-04b", "D-05b")
def test_the_bundled_program_is_the_one_that_the_manual_describes_and_says_that_it_is_an_example() -> None:
    """Otherwise a patient would be led otherwise than the manual says, or made-up content pass for the treatment."""
    bundled = bundled_program()
    assert bundled is bundled_program()  # read once, and not with every request of a host
    modules = bundled.modules
    assert list(range(1, 12)) == [module.number for module in modules]
    assert 11 == len({module.title for module in modules})
    for module in modules:
        assert module == bundled.module(module.number)
        assert 2 <= len(module.pages) <= 4
        assert len(module.pages) == len({page.title for page in module.pages})
        assert all(page.title and len(page.text) > 100 for page in module.pages)
        assert module.pages[0].text.startswith("Exempelinnehåll")
    assert (1, 2, 3, 4, 5, 6, 7, 8) == bundled.reading_order == bundled.required
    assert (True, 12, Ordering.GUIDED) == (bundled.example, bundled.access_months, bundled.ordering)
    assert Pace(modules_a_week=1, hours_from=2, hours_to=6) == bundled.pace
    assert "Genomfört enligt plan" == {reason.key: reason.title for reason in bundled.end_reasons}["genomford"]
    assert all(re.fullmatch("[a-z]+(-[a-z]+)*", reason.key) for reason in bundled.end_reasons)
    shown = attrs.evolve(bundled, version="7")
    assert "Program(key='digitala-smartskolan', version='7', modules=11)" == repr(shown)


@pytest.mark.rule("M-14", "D-17a")
def test_the_bundled_forms_differ_are_carried_and_ask_every_kind_of_question() -> None:
    """Otherwise there would be a form that nobody finds or tells from another, or a kind or alert that nobody meets."""
    bundled = bundled_program()
    assert () == tuple(form.key for form in bundled.forms if not bundled.carriers(form.key))
    assert {*get_args(Question)} == {type(question) for form in bundled.forms for question in form.questions}
    assert len(bundled.forms) >= 4
    for one, other in combinations(bundled.forms, 2):
        assert one.title != other.title
        assert {question.key for question in one.questions} != {question.key for question in other.questions}
    scored = bundled.form("vardag")
    assert scored is not None
    assert scored.alert_from is not None
    assert all(is_scored(question) for question in scored.questions)
    highest = sum(max(o.score or 0 for o in q.options) for q in scored.questions if isinstance(q, Choice))
    assert 0 < scored.alert_from <= highest


def test_m14_the_health_form_needs_nothing_but_the_pain() -> None:
    """Otherwise a patient in pain would have to answer more than one question before saving."""
    form = bundled_program().form("halsoskattning")
    assert form is not None
    assert "Hälsoskattning" == form.title
    assert ["smarta"] == [question.key for question in form.questions if question.required]
    pain = form.questions[0]
    assert isinstance(pain, Scale)
    assert (0, 10, 9) == (pain.lowest, pain.highest, pain.alert_from)


# --- Reading files ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("D-04a")
@pytest.mark.parametrize("ordering", list(Ordering))
def test_a_sound_file_becomes_the_program_it_describes(ordering: Ordering) -> None:
    """Otherwise a unit's own file would mean something else than it says, or be labelled as made up."""
    program = read_program(f'ordering = "{ordering.value}"\n{SMALL}', "liten.toml")
    assert ("liten", "1", "Liten", (1, 2)) == (program.key, program.version, program.title, program.required)
    assert (ordering, False) == (program.ordering, program.example)
    assert (EndReason(key="klar", title="Klar"),) == program.end_reasons
    assert Page(title="Sida", text="Läs.", forms=("dagbok",)) == program.modules[0].pages[0]
    assert Scale(key="smarta", text="Hur ont har du?") == program.forms[0].questions[0]


S, T, D = (f"forms[dagbok].questions[{key}]" for key in ("smarta", "timmar", "dagen"))
KINDS = "one of scale, choice, many-choices, number, text, date"
FAULTS = [
    # (what to replace, by what, how the problem that names it begins)
    ('key = "liten"', "", "key: is missing; expected text"),
    ('title = "Liten"', "title = 5", "title: expected text, got the whole number 5"),
    ('title = "Liten"', 'title = "\\u0000"', "title: the text holds a NUL character; remove it"),
    ('title = "Liten"', "title = 2026-11-22", "title: expected text, got a date"),
    ('title = "Liten"', 'title = "\\t"', "title: is empty"),
    ('version = "1"', 'version = "1"\nexample = "ja"', "example: expected true or false, got text 'ja'"),
    ('version = "1"', 'version = "1"\nexample = 1', "example: expected true or false, got the whole number 1"),
    ('version = "1"', 'version = "1"\naccess_months = 0', "access_months: must be 1 to 120"),
    ('version = "1"', 'version = "1"\naccess_months = 1.0', "access_months: expected a whole number, got the number 1"),
    (
        'version = "1"',
        'version = "1"\nordering = "x"',
        "ordering: expected one of guided, enforced, released, got text",
    ),
    ('version = "1"', 'version = "1"\npace = 1', "pace: expected a table of keys, got the whole number 1"),
    ('version = "1"', 'version = "1"\npace.hours_from = 7', "pace.hours_to: must be at least hours_from"),
    ("[1, 2]", '[1, "2"]', "reading_order[#2]: expected a whole number, got text '2'"),
    ("[1, 2]", "[1, true]", "reading_order[#2]: expected a whole number, got true"),
    ("[1, 2]", "1", "reading_order: expected a list, got the whole number 1"),
    ("[1, 2]", "{}", "reading_order: expected a list, got a table of keys"),
    ("[1, 2]", "[1, 3]", "reading_order: there is no module 3"),
    ("[1, 2]", "[1, 1]", "reading_order: '1' comes twice"),
    ("[1, 2]", "[]", "required: name the modules that make the patient done, or a reading_order"),
    ("[1, 2]", '[]\nrequired = [1]\nordering = "enforced"', "reading_order: ordering 'enforced' needs one"),
    ('[{ key = "klar", title = "Klar" }]', "[]", "end_reasons: there must be at least one to choose"),
    ('key = "klar", title = "Klar"', 'key = "klar"', "end_reasons[klar].title: is missing; expected text"),
    ('title = "Klar"', 'title = " "', "end_reasons[klar].title: is empty"),
    ("number = 2", "number = true", "modules[Två].number: expected a whole number, got true"),
    ("number = 2", "number = 1", "modules: numbers start at 1 or above, rise, and none comes twice"),
    ('title = "Två"', 'titel = "Två"', "modules[2].titel: unknown key; the keys here are number, title, pages"),
    ('title = "Två"', 'title = ""', "modules[2].title: is empty"),
    ('text = "Läs mer."', "text = []", "modules[2].pages[Sida].text: expected text, got a list"),
    ('title = "Sida", text = "Läs mer."', "", "modules[2].pages[#1].title: is missing; expected text"),
    ('[{ title = "Sida", text = "Läs mer." }]', '"Sida"', "modules[2].pages: expected a list, got text 'Sida'"),
    ('[{ title = "Sida", text = "Läs mer." }]', "[7]", "modules[2].pages[#1]: expected a table of keys, got the whole"),
    ('[{ title = "Sida", text = "Läs mer." }]', "[]", "modules[2].pages: a module has at least one page"),
    ('["dagbok"]', '["dagbog"]', "modules[1].pages[Sida].forms: there is no form 'dagbog'"),
    ('["dagbok"]', '["dagbok", "dagbok"]', "modules[1].pages[Sida].forms: 'dagbok' comes twice"),
    (
        "[[modules]]",
        '[[forms]]\nkey = "x"\ntitle = "X"\nquestions = []\n[[modules]]',
        "forms[x].questions: a form has at",
    ),
    ('title = "Dagbok"', 'title = ""', "forms[dagbok].title: is empty"),
    ('title = "Dagbok"', 'title = "D"\nalert_from = 5', "forms[dagbok].alert_from: no question of the form is scored"),
    ('kind = "scale"', 'kind = "slider"', f"{S}.kind: expected {KINDS}, got text 'slider'"),
    ('kind = "scale"', "", f"{S}.kind: expected {KINDS}, got nothing"),
    ('kind = "scale"', "kind = []", f"{S}.kind: expected {KINDS}, got a list"),
    ('kind = "scale"', 'kind = "scale"\nwhole = true', f"{S}.whole: unknown key; the keys here are kind, key, text, "),
    ('kind = "scale"', 'kind = "scale"\nhighest = "10"', f"{S}.highest: expected a whole number, got text '10'"),
    ('kind = "scale"', 'kind = "scale"\nhighest = 0', f"{S}.highest: must be above lowest"),
    ('kind = "scale"', f'kind = "scale"\nhighest = 1{"0" * 16}', f"{S}.highest: must be -1000000 to 1000000"),
    ('kind = "scale"', 'kind = "scale"\nalert_from = 11', f"{S}.alert_from: must lie on the scale"),
    ('kind = "scale"', 'kind = "text"\nlongest = 0', f"{S}.longest: must be 1 to 100000"),
    ('text = "Hur ont har du?"', 'text = ""', f"{S}.text: is empty"),
    ('key = "timmar"', 'key = "smarta"', "forms[dagbok].questions: 'smarta' comes twice"),
    ("lowest = 0", "lowest = true", f"{T}.lowest: expected a number, got true"),
    ("lowest = 0", "lowest = nan", f"{T}.lowest: expected a finite number, got the number nan"),
    ("lowest = 0", "lowest = 24", f"{T}.highest: must be above lowest"),
    ("lowest = 0", "lowest = -1e16", f"{T}.lowest: must be -1000000000000000 to 1000000000000000"),
    ("lowest = 0", "scored = true", f"{T}.scored: only a whole number can be scored; set whole too"),
    ("lowest = 0", "alert_from = 25", f"{T}.alert_from: must lie between lowest and highest"),
    ('{ key = "svar", text = "Svår" }', '"svar"', f"{D}.options[#2]: expected a table of keys, got text 'svar'"),
    ('[{ key = "bra", text = "Bra" }, { key = "svar", text = "Svår" }]', "[]", f"{D}.options: there must be at least"),
    ('text = "Svår"', 'text = ""', f"{D}.options[svar].text: is empty"),
    ('text = "Svår"', 'text = "Svår", score = 1.5', f"{D}.options[svar].score: expected a whole number"),
    ('text = "Svår"', f'text = "Svår", score = 1{"0" * 16}', f"{D}.options[svar].score: must be -1000000 to 1000000"),
    ('key = "svar"', 'key = "bra"', f"{D}.options: 'bra' comes twice"),
    # Keys, titles and texts have a limit wherever they stand.
    ('key = "klar"', 'key = "a b"', "end_reasons[a b].key: must be 1 to 64"),
    ('"Klar" }', '"Klar\\u001b" }', "end_reasons[klar].title: holds a control"),
    ('["dagbok"]', '["a b"]', "modules[1].pages[Sida].forms: #1: must be 1 to 64"),
    ('"Sida", text = "Läs."', '"Si\\u0007da", text = ""', "modules[1].pages[Si\\x07da].title: holds a control"),
    ('text = "Läs."', 'text = "Läs\\u001b[2J"', "modules[1].pages[Sida].text: holds a control"),
    ('title = "Ett"', 'title = "Ett\\u0007"', "modules[1].title: holds a control"),
    ('key = "dagbok"', 'key = "dag bok"', "forms[dag bok].key: must be 1 to 64"),
    ('title = "Dagbok"', 'title = "Dag\\tbok"', "forms[dagbok].title: holds a control"),
    ('key = "smarta"', 'key = "a b"', "forms[dagbok].questions[a b].key: must be 1 to 64"),
    ('text = "Hur ont har du?"', 'text = "Hur\\ront?"', f"{S}.text: holds a control"),
    ('kind = "scale"', 'kind = "scale"\nhigh_label = "a\\nb"', f"{S}.high_label: holds a control"),
    ("lowest = 0", 'unit_label = "\\u001b"', f"{T}.unit_label: holds a control"),
    ('key = "svar"', 'key = "s v"', f"{D}.options[s v].key: must be 1 to 64"),
    ('text = "Svår"', 'text = "\\u007fA"', f"{D}.options[svar].text: holds a control"),
    # So do numbers and lists.
    ("number = 2", "number = 0", "modules[0].number: must be 1 to 999"),
    ("number = 2", f"number = {2**63}", f"modules[{2**63}].number: must be 1 to 999"),
    ('version = "1"', 'version = "1"\naccess_months = 121', "access_months: must be 1 to 120"),
    ('version = "1"', f'version = "1"\npace.modules_a_week = {2**64}', "pace.modules_a_week: must be "),
    ('version = "1"', 'version = "1"\npace.modules_a_week = 0', "pace.modules_a_week: must be "),
    ('version = "1"', 'version = "1"\npace.hours_to = 169', "pace.hours_to: must be "),
    ('version = "1"', 'version = "1"\nrequired = [99]', "required: there is no module 99"),
    ('version = "1"', 'version = "1"\nrequired = [1, 1]', "required: '1' comes twice"),
    ('title = "Dagbok"', f'title = "D"\nalert_from = {2**63}', "forms[dagbok].alert_from: must be "),
    ('kind = "scale"', 'kind = "text"\nlongest = 100001', f"{S}.longest: must be 1 to 100000"),
    (
        '{ key = "svar", text = "Svår" }',
        ", ".join(f'{{ key = "o{number}", text = "A" }}' for number in range(1000)),
        f"{D}.options: must be at most 1000",
    ),
]


@pytest.mark.parametrize(("sound", "broken", "problem"), FAULTS, ids=[problem[:70] for _, _, problem in FAULTS])
def test_a_fault_is_named_with_its_path_and_what_was_expected(sound: str, broken: str, problem: str) -> None:
    """Otherwise whoever wrote the file would have to search it for what is wrong."""
    assert sound in SMALL
    named = problems_of(SMALL.replace(sound, broken, 1))
    assert any(line.startswith(problem) for line in named), named


@pytest.mark.parametrize(
    ("name", "illegal"),
    [*product(("key", "version"), KEYS), *(("title", text) for text in TITLES)],
    ids=lambda text: ascii(text)[:40],
)
def test_what_is_no_key_or_title_is_refused_for_that_alone(name: str, illegal: str) -> None:
    """Otherwise two programs would look the same, or a key break a path, a table or a screen."""
    sound: Any = program_to_data(read_program(SMALL, "liten.toml"))
    with pytest.raises(InvalidProgram) as refused:
        structured({**sound, name: illegal}, "data")
    (problem,) = refused.value.problems
    assert problem.startswith(f"{name}: ")


def test_a_single_fault_is_named_once_and_alone() -> None:
    """Otherwise one slip would look like many."""
    assert ("version: is missing; expected text",) == problems_of(SMALL.replace('version = "1"', ""))


def test_faults_of_several_kinds_are_named_together() -> None:
    """Otherwise a file would have to be mended and read again once for every fault."""
    broken = (
        SMALL.replace('version = "1"', "")
        .replace("[1, 2]", '["1", 2]')
        .replace('text = "Läs."', "text = 1")
        .replace('kind = "number"', 'kind = "tal"')
        .replace("lowest = 0", "lowest = 0\nfarg = 1")
        .replace('key = "svar"', "key = 7")
    )
    assert (
        "version: is missing; expected text",
        "modules[1].pages[Sida].text: expected text, got the whole number 1",
        (
            "forms[dagbok].questions[timmar].kind: expected one of scale, choice, many-choices, number, text, date, "
            "got text 'tal'"
        ),
        "forms[dagbok].questions[dagen].options[7].key: expected text, got the whole number 7",
        "reading_order[#1]: expected a whole number, got text '1'",
    ) == problems_of(broken)


def test_parts_that_do_not_fit_together_are_named_together() -> None:
    """Otherwise a file with sound parts would give away its faults one at a time."""
    broken = SMALL.replace("[1, 2]", "[1, 9]").replace('["dagbok"]', '["x"]').replace("highest = 24", "highest = -1")
    assert (
        "reading_order: there is no module 9",
        "forms[dagbok].questions[timmar].highest: must be above lowest",
        "modules[1].pages[Sida].forms: there is no form 'x'",
    ) == problems_of(broken)


def test_an_empty_file_is_told_every_key_it_needs() -> None:
    """Otherwise a first file would have to be guessed key by key."""
    assert ["key", "version", "title", "modules", "end_reasons"] == [line.split(":")[0] for line in problems_of("")]


def test_items_with_the_same_key_go_by_their_place() -> None:
    """Otherwise a path could mean either of two questions."""
    broken = SMALL.replace('key = "timmar"', 'key = "smarta"').replace("lowest = 0", "lowest = []")
    assert ("forms[dagbok].questions[#2].lowest: expected a number, got a list",) == problems_of(broken)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('key = "a"\ntitle = \n', r"not valid TOML: .*line 2, column 9"),
        ('key = "a"\nkey = "b"\n', r"not valid TOML: .*line 2, column 10"),
        ('key = "a"\n# \x00', r"line 2 holds a NUL character; remove it"),
        ("key = " + "[" * 5000 + "]" * 5000, r"not (usable|valid) TOML: "),
        ("key = 1" + "0" * 5000, r"not usable TOML: a number has too many digits"),
        ("#" * 2_000_001, r"it is longer than 2000000 characters"),
    ],
    ids=["syntax", "key twice", "NUL", "too deep", "too many digits", "enormous"],
)
def test_text_that_is_no_toml_is_refused_with_where_and_why(text: str, problem: str) -> None:
    """Otherwise a slip of the pen would end in a traceback, or a hostile text in a crash."""
    (named,) = problems_of(text)
    assert re.match(problem, named), named


@pytest.mark.parametrize("broken", ["x" * 500, "\\u001b[31m" * 99, "å\\n" * 99], ids=["long", "escapes", "lines"])
def test_no_value_or_key_is_echoed_at_length_or_raw(broken: str) -> None:
    """Otherwise an error could fill a log, or carry control characters into it."""
    files = (
        f'example = "{broken}"\n{SMALL}',
        f'"{broken}" = 1\n{SMALL}',
        SMALL.replace("Läs mer.", broken).replace("number = 2", "number = []").replace("Två", broken),
        SMALL.replace('["dagbok"]', f'["{broken}"]'),
    )
    for file in files:
        for named in problems_of(file):
            assert named.isprintable()
            assert len(named) <= 301


def test_a_file_is_read_as_utf8_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    """Otherwise å, ä and ö would be garbled, or a file saved by an office editor refused."""
    for encoding in ("utf-8", "utf-8-sig"):
        path = tmp_path / f"{encoding}.toml"
        path.write_text(SMALL, encoding=encoding, newline="\r\n")
        assert "Två" == load_program(path).modules[1].title


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "the file cannot be read: No such file or directory"),
        (
            b'key = "a"\ntitle = "Tv\xe5"',
            "line 2 is not UTF-8 (Windows-1252 or Latin-1, perhaps); save the file as UTF-8",
        ),
        (b"#" * 2_000_001, "it is longer than 2000000 bytes; is it the right file?"),
    ],
    ids=["missing", "latin-1", "enormous"],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(tmp_path: Path, content: bytes | None, problem: str) -> None:
    """Otherwise a wrong path or encoding would end in a traceback that names no file."""
    path = tmp_path / "liten.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidProgram) as refused:
        load_program(path)
    assert (str(path), (problem,)) == (refused.value.source, refused.value.problems)


@pytest.mark.parametrize("name", [".", "a\x00b"])
def test_a_path_that_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    """Otherwise a folder or an impossible name would end in a traceback."""
    with pytest.raises(InvalidProgram, match="the file cannot be read: "):
        load_program(tmp_path / name)


def test_an_error_that_is_no_fault_of_the_data_is_not_taken_for_one() -> None:
    """Otherwise a mistake in the library would be blamed on whoever wrote the file."""
    with pytest.raises(ZeroDivisionError):
        list(Problems().of(ZeroDivisionError(), {}))


# --- As data, and back ------------------------------------------------------------------------------------------------


@given(programs())
@example(bundled_program())
def test_d05c_a_program_kept_as_json_comes_back_the_same(program: Program) -> None:
    """Otherwise an enrolment would go on in another program than the one that it was started with."""
    kept = json.dumps(program_to_data(program))
    assert program == program_from_data(program_to_data(program), "kept")
    assert program == program_from_data(json.loads(kept), "kept")
    assert kept == json.dumps(program_to_data(program_from_data(json.loads(kept), "kept")))


def test_d05c_defaults_are_kept_with_the_program() -> None:
    """Otherwise a default that changes in the library would change programs that patients have begun."""
    data: Any = program_to_data(read_program(SMALL, "liten.toml"))
    assert {field.name for field in attrs.fields(Program) if field.init} == data.keys()
    assert {"modules_a_week": 1, "hours_from": 2, "hours_to": 6} == data["pace"]
    assert "scale" == data["forms"][0]["questions"][0]["kind"]


def test_what_is_handed_out_can_be_changed_without_changing_the_program() -> None:
    """Otherwise a storage that edits its copy would edit the program of every patient."""
    data: Any = program_to_data(bundled_program())
    data["modules"].clear()
    assert 11 == len(bundled_program().modules)


def test_text_that_no_storage_can_keep_is_refused_before_it_is_kept() -> None:
    """Otherwise an enrolment could be started in a program that cannot be read back."""
    program = read_program(SMALL, "liten.toml")
    with as_stored():
        damaged = attrs.evolve(program, title="Li\x00ten")
    with pytest.raises(InvalidValue, match="NUL"):
        program_to_data(damaged)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ([], "the top: expected a table of keys, got a list"),
        (None, "the top: expected a table of keys, got nothing"),
        ({"key": None}, "key: expected text, got nothing"),
        ({"key": "\ud800"}, "key: the text holds half of a surrogate pair; decode it properly first"),
        ({"modules": ({},)}, "modules: expected a list, got a list"),
        ({"modules": [{"title": "A", "number": 1, "pages": 10**5000}]}, "modules[1].pages: expected a list, got an"),
        ({"modules": [{"number": 10**5000, "title": []}]}, "modules[#1].title: expected text, got a list"),
        ({"pace": {"hours_to": date(2026, 11, 22)}}, "pace.hours_to: expected a whole number, got a date"),
        ({1: 2}, "1: unknown key; the keys here are key, version,"),
    ],
)
def test_kept_data_that_is_broken_is_refused_with_paths(data: object, problem: str) -> None:
    """Otherwise a damaged store would end in a traceback that says nothing about where."""
    with pytest.raises(InvalidProgram) as refused:
        program_from_data(data, "kept")
    assert any(line.startswith(problem) for line in refused.value.problems), refused.value.problems


@pytest.mark.rule("D-05c")
@pytest.mark.parametrize(
    ("part", "told"),
    [
        (lambda: Module(number="1", title="Två", pages=()), "number: expected a whole number, got a str"),  # type: ignore[arg-type]
        (lambda: Module(number=1, title=None, pages=()), "title: expected text, got nothing"),  # type: ignore[arg-type]
        (lambda: EndReason(key=3, title="x"), "key: expected text, got a int"),  # type: ignore[arg-type]
        (lambda: Form(key="f", title="F", questions=["x"]), "questions: expected a tuple"),  # type: ignore[arg-type]
        (lambda: Text(key="t", text="T", required=1), "required: expected bool, got a int"),  # type: ignore[arg-type]
    ],
)
def test_a_part_made_in_code_is_judged_as_one_from_a_file(part: Callable[[], object], told: str) -> None:
    """Otherwise a program made in code would be started and could not be read again from the storage."""
    with pytest.raises(InvalidProgram, match=re.escape(told)):
        part()
