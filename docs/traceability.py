"""Write the tests that prove each rule into rules.md, and check that rules, functions and tests belong together.

    python docs/traceability.py --write
    python docs/traceability.py --check

The tests are read, not run: those marked with `@pytest.mark.rule("M-17")`, also on a class or as `pytestmark`.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from pkgutil import resolve_name

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PAGE = DOCS / "rules.md"

RULES = (
    *(f"M-{number:02}" for number in range(1, 24)),
    *("D-04a", "D-04b", "D-04c", "D-04d", "D-05a", "D-05b", "D-05c", "D-05d", "D-06b", "D-07a", "D-07b"),
    *("D-08a", "D-09a", "D-09b", "D-13a", "D-13b", "D-13c", "D-13d", "D-13e", "D-14a", "D-15a", "D-15b", "D-17a"),
    *("D-17b", "D-18a", "D-18b", "D-18c", "D-19a", "D-19b"),
    *("D-21a", "D-21b", "D-21c", "D-23a", "D-23b", "D-24a", "D-24d"),
)
"""Every rule of the manual (M) and every decision where it is silent (D)."""

_ROW = re.compile(r"^\| \[([MD]-\d\d[a-z]?)\]\(#\S+\) \|(.*)\|([^|]*)\|[^|]*\|$", re.MULTILINE)
_HOLDER = re.compile(r"\(#digital_painschool\.([\w.]+)\)|(?<!\[)`([\w.]+)`")
_TESTS = re.compile(r"(<!-- tests -->\n).*?(<!-- end of tests -->)", re.DOTALL)

Tests = Mapping[str, list[tuple[str, str]]]
"""By rule: the file and the name of each test, in the order of files and lines."""


def marked_tests(root: Path = ROOT / "tests") -> Tests:
    """Return the tests that are marked with a rule."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        constants = dict(_constants(tree))
        for name, rules in _marked(tree.body, "", _module_rules(tree, constants), constants):
            for rule in rules:
                found[rule].append((path.relative_to(root.parent).as_posix(), name))
    return found


def holders() -> Mapping[str, tuple[str, ...]]:
    """Return the functions that the page names for each rule, as paths within the package."""
    rows = _ROW.finditer(PAGE.read_text("utf-8"))
    return {row[1]: tuple(linked or plain for linked, plain in _HOLDER.findall(row[3])) for row in rows}


def problems() -> Iterator[str]:
    """Yield a sentence for each rule, function or test that does not fit the others."""
    held, tests = holders(), marked_tests()
    yield from (f"{rule}: is not in {PAGE.name}" for rule in RULES if rule not in held)
    yield from (f"{rule}: is no rule, but {PAGE.name} has it" for rule in held if rule not in RULES)
    yield from (f"{rule}: is no rule, but {tests[rule][0]} is marked with it" for rule in tests if rule not in RULES)
    yield from (f"{rule}: no test is marked with it" for rule in RULES if not tests.get(rule))
    for rule, names in held.items():
        if not names:
            yield f"{rule}: nothing is named that holds it"
        for name in names:
            try:
                it = resolve_name(f"digital_painschool.{name}")
            except (AttributeError, ImportError):
                yield f"{rule}: there is no {name}"
                continue
            if rule not in (it.__doc__ or ""):
                yield f"{rule}: the docstring of {name} does not mention it"
    if PAGE.read_text("utf-8") != fresh(tests):
        yield f"{PAGE.name} is not in step with the tests: run python docs/traceability.py --write"


def fresh(tests: Tests) -> str:
    """Return the text of the page as it should be."""
    text = PAGE.read_text("utf-8")
    text = _ROW.sub(
        lambda row: f"| [{row[1]}](#{row[1].lower()}) |{row[2]}|{row[3]}| {len(tests.get(row[1], ()))} |", text
    )
    lists = "".join(_list(row[1], row[2].strip(), tests) for row in _ROW.finditer(text))
    return _TESTS.sub(lambda match: f"{match[1]}\n{lists}{match[2]}", text)


def _list(rule: str, what_holds: str, tests: Tests) -> str:
    by_file: dict[str, list[str]] = defaultdict(list)
    for file, name in tests.get(rule, ()):
        by_file[file].append(name)
    lines = [f"* {file}: {', '.join(f'`{name}`' for name in names)}\n" for file, names in by_file.items()]
    listed = "".join(lines) or "No test is marked with it.\n"
    return f"### {rule}\n\n{what_holds}\n\n{listed}\n"


def _marked(
    body: list[ast.stmt], prefix: str, outer: tuple[str, ...], constants: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        own = (rule for decorator in node.decorator_list for rule in _rules(decorator, constants))
        rules = tuple(dict.fromkeys((*outer, *own)))
        if isinstance(node, ast.ClassDef):
            yield from _marked(node.body, f"{prefix}{node.name}.", rules, constants)
        elif rules and node.name.startswith("test"):
            yield prefix + node.name, rules


def _module_rules(tree: ast.Module, constants: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name("pytestmark")], value=ast.List(marks) | ast.Tuple(marks)):
                return tuple(rule for mark in marks for rule in _rules(mark, constants))
            case ast.Assign(targets=[ast.Name("pytestmark")], value=mark):
                return tuple(_rules(mark, constants))
    return ()


def _rules(mark: ast.expr, constants: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    match mark:
        case ast.Call(func=ast.Attribute(ast.Attribute(ast.Name("pytest"), "mark"), "rule"), args=args):
            for argument in args:
                match argument:
                    case ast.Constant(str(rule)):
                        yield rule
                    case ast.Starred(ast.Name(name)):
                        yield from constants[name]


def _constants(tree: ast.Module) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=ast.Tuple(items) | ast.List(items)):
                yield name, tuple(item.value for item in items if isinstance(item, ast.Constant))  # type: ignore[misc]


def main(arguments: list[str]) -> str | None:
    """Write or check the page; return what is wrong."""
    if arguments == ["--write"]:
        PAGE.write_text(fresh(marked_tests()), "utf-8")
        return None
    if arguments == ["--check"]:
        return "\n".join(problems()) or None
    return __doc__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
