"""The docs run, are in step with the code, and name rules, functions, tests and commands that there are."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import attrs
import click
import pytest
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

from digital_painschool import Settings
from digital_painschool.adapters.sql import migration_sql
from digital_painschool.cli.app import app
from digital_painschool.domain.policy import Policy
from docs import tables, traceability

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "src" / "digital_painschool"
DOOR = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
PAGES = [*DOOR, *sorted(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)]
SETTINGS = DOCS / "how-to" / "settings.md"


class TomlFiles(CodeBlockParser):
    """Writes each TOML block that begins with a file's name, such as `# painschool.toml`, to where Python finds it."""

    language = "toml"

    def evaluate(self, example: Example) -> None:
        """Write the file into the working directory."""
        text = str(example.parsed)
        if name := re.match(r"# ([\w-]+\.toml)\n", text):
            Path(name[1]).write_text(text, "utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """Return the code blocks of a page in a language."""
    document = Sybil(parsers=[CodeBlockParser(language, lambda _: None)]).parse(page)
    return [str(example.parsed) for example in document.examples()]


def commands() -> Iterator[tuple[str, str]]:
    """Yield each call of the command line that the pages show, with its page."""
    for page in PAGES:
        shown = "\n".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
        if page.name == "command-line.md":
            shown += re.findall(r"`(digital-painschool .*?)`", page.read_text("utf-8"))
        for line in shown:
            if "digital-painschool " in line:
                yield page.name, line[line.index("digital-painschool ") :]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who follows the page would otherwise meet an error that the page does not speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAINSCHOOL_URL", "")  # the pages may set it; taken back afterwards
    for name in re.findall(r'"([\w-]+\.toml)"\]', page.read_text("utf-8")):
        bundled = files("digital_painschool.programs").joinpath("digitala_smartskolan.toml")
        Path(name).write_text(bundled.read_text("utf-8"), "utf-8")
    for example in Sybil(parsers=[PythonCodeBlockParser(), TomlFiles()]).parse(page).examples():
        example.evaluate()


def test_the_settings_example_has_every_key() -> None:
    """A key that is not in the example would be found by nobody."""
    example = tomllib.loads(blocks(SETTINGS, "toml")[0])
    sections = {attribute.name for attribute in attrs.fields(Settings)} - {"offered"} | {"policy_set"}
    assert sections == example.keys()
    assert {"files", "offered"} == example["programs"].keys()
    (unit,) = example["units"].values()
    assert {"policy", "programs"} == unit.keys()
    assert {attribute.name for attribute in attrs.fields(Policy)} == example["policy"].keys() | unit["policy"].keys()


def test_tables_are_in_step_with_the_code() -> None:
    """A page would otherwise tell of permissions, defaults or errors that are not so."""
    assert [] == tables.stale(), "run: python docs/tables.py --write"


def test_a_table_that_has_changed_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that never fails would be none."""
    page = tmp_path / "page.md"
    page.write_text("<!-- table: access -->\nold\n<!-- end of table -->\n", "utf-8")
    monkeypatch.setattr(tables, "DOCS", tmp_path)
    assert [page] == tables.stale()
    assert tables.main(["--check"]) is not None
    assert tables.main(["--write"]) is None
    assert [] == tables.stale()


def test_the_first_lines_of_the_readme_show_code_and_count_the_rules() -> None:
    """A developer who decides in a minute would otherwise read prose, or a number that is out of date."""
    first = (ROOT / "README.md").read_text("utf-8").splitlines()[:25]
    start = first.index("```python")
    assert 8 >= first[start + 1 :].index("```") > 0
    assert f"* **{len(traceability.RULES)} rules" in "\n".join(first)


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_a_file_that_a_page_names_is_there(page: Path) -> None:
    """A reader who looks for it would otherwise find nothing."""
    named = re.findall(r"`((\w+)/[\w./-]*)`", page.read_text("utf-8"))
    paths = [root / path for path, first in named for root in (ROOT, PACKAGE) if (root / first).is_dir()]
    assert [] == [path for path in paths if not path.exists() and path != DOCS / "_build" / "html"]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_a_table_of_the_database_that_a_page_names_is_there(page: Path) -> None:
    """An administrator who copies a statement would otherwise be told that there is no such table."""
    text = page.read_text("utf-8")
    named = re.findall(r"\b(?:FROM|UPDATE|ALTER TABLE|VACUUM \(FULL\)) ([a-z_]+)\b", text)
    made = re.findall(r"CREATE TABLE (\w+)", migration_sql("sqlite"))
    assert set() == set(named) - {*made, "painschool_version"}


def test_every_rule_is_held_and_proved() -> None:
    """A rule that nothing holds or proves, or a name that is no more, would stand in the table all the same."""
    assert [] == list(traceability.problems())


def test_a_broken_row_of_the_rules_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that never fails would be none."""
    page = tmp_path / "rules.md"
    page.write_text(
        "| [M-01](#m-01) | x | [`x`](#digital_painschool.rules.access.nothing), `rules.access.access` | 0 |\n", "utf-8"
    )
    monkeypatch.setattr(traceability, "PAGE", page)
    found = list(traceability.problems())
    assert "M-01: there is no rules.access.nothing" in found
    assert "M-01: the docstring of rules.access.access does not mention it" in found
    assert "M-02: is not in rules.md" in found


def test_marks_are_found_on_functions_classes_and_modules(tmp_path: Path) -> None:
    """A test whose mark is passed over would be missing in the table."""
    (tmp_path / "test_one.py").write_text(
        "import pytest\n"
        "LATER = ('M-03', 'M-04')\n"
        "pytestmark = pytest.mark.rule('M-01')\n"
        "@pytest.mark.rule('M-02')\n"
        "def test_a(): ...\n"
        "@pytest.mark.rule(*LATER)\n"
        "class TestB:\n"
        "    def test_c(self): ...\n"
        "    def helper(self): ...\n",
        "utf-8",
    )
    file = f"{tmp_path.name}/test_one.py"
    assert {
        "M-01": [(file, "test_a"), (file, "TestB.test_c")],
        "M-02": [(file, "test_a")],
        "M-03": [(file, "TestB.test_c")],
        "M-04": [(file, "TestB.test_c")],
    } == traceability.marked_tests(tmp_path)


@pytest.mark.parametrize(("page", "line"), [pytest.param(*shown, id=shown[1]) for shown in dict.fromkeys(commands())])
def test_a_command_that_is_shown_is_one(page: str, line: str) -> None:
    """A reader who copies it would otherwise be told that there is no such command or option."""
    words = shlex.split(line, comments=True)[1:]
    command: click.Command = app
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    assert not isinstance(command, click.Group), f"{page}: {line}"
    known = {name for parameter in command.params for name in parameter.opts}
    assert set() == {word for word in words if word.startswith("--")} - known, f"{page}: {line}"
