"""The package stays easy to walk: short files, shallow classes, a folder of tests for each folder."""

import ast
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from statistics import median

from tests.modules import modules

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "digital_painschool"
FOLDERS = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()}
"""The folders of the package. `testing` is the proof kit, whose tests are in `tests/kit`."""


def sources() -> dict[str, int]:
    """Return how many lines each file has."""
    files = PACKAGE.rglob("*.py")
    return {path.relative_to(PACKAGE).as_posix(): len(path.read_text("utf-8").splitlines()) for path in files}


def classes() -> Iterator[type]:
    """Yield every class that is defined outside the proof kit."""
    for module in modules("digital_painschool.testing", "digital_painschool.cli.__main__", ".migrations"):
        yield from (c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__)


def depth(class_: type) -> int:
    """Return how many classes of the package a class is made of, one above the other; a port counts as one."""
    if getattr(class_, "_is_protocol", False):
        return 1
    ours = [base for base in class_.__bases__ if base.__module__.startswith("digital_painschool.")]
    return 1 + max(map(depth, ours), default=0)


def test_files_are_short() -> None:
    """Otherwise a file would again hold several subjects, and a reader would not know where to look."""
    lines = sources()
    assert {} == {name: count for name, count in lines.items() if count > 300}
    assert median(lines.values()) <= 120


def test_classes_are_composed() -> None:
    """Otherwise a reader would have to read a chain of parents to know what a method does."""
    deep = {c.__qualname__ for c in classes() if not issubclass(c, (BaseException, Enum)) and depth(c) > 2}
    assert set() == deep


def test_every_folder_has_its_tests() -> None:
    """Otherwise a contributor would not find the tests of what they change."""
    there = {folder.name for folder in (ROOT / "tests").iterdir() if folder.is_dir()}
    assert set() == (FOLDERS - {"testing"}) - there
    assert "kit" in there


def test_no_file_is_only_handed_on() -> None:
    """Nothing is imported under an old name: a module that only imports is the face of a folder."""
    for path in PACKAGE.rglob("*.py"):
        body = ast.parse(path.read_text("utf-8")).body
        code = [node for node in body if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr))]
        assert code or path.name in {"__init__.py", "__main__.py"}, path


def test_every_path_that_a_change_goes_to_exists() -> None:
    """Otherwise whoever looks where a change goes would be sent to a file of yesterday."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = text.partition("## Where a change goes\n")[2].partition("\n## ")[0]
    paths = re.findall(r"`([a-z_/]+(?:/|\.py|\.toml|\.md))`", table)
    assert 60 < len(paths)
    missing = [path for path in paths if not (PACKAGE / path).exists() and not (ROOT / path).exists()]
    assert [] == missing
