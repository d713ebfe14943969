"""One mutant: what it is known by, and whether it breaks code that runs."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple, Self

Position = tuple[int, int]


class Mutant(NamedTuple):
    """One line of code that was changed.

    Args:
        module: The file, from the package's folder on.
        within: The function or class that the line is in or decorates, empty for none.
        line: The line as it stands, without what is around it.
        becomes: The line as it was changed, empty where it was taken out.
    """

    module: str
    within: str
    line: str
    becomes: str

    @classmethod
    def read(cls, module: str, within: str | None, diff: str) -> Self:
        """Read it from the diff that cosmic-ray keeps."""
        lines = diff.splitlines()[3:]  # a title, and the names of the two files
        was, is_now = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
        return cls(module.rpartition("digital_painschool/")[2], within or _decorated(diff), was, is_now)

    def stands_in(self, source: str) -> bool:
        """Return whether the line is there, in the function or class that it is said to be in."""
        lines = source.splitlines()
        return any(self.line in map(str.strip, lines[first:last]) for first, last in _places(source, self.within))


def is_sensible(operator: str, position: Position, source: str) -> bool:
    """Return whether a mutation breaks code that runs.

    cosmic-ray takes the `|` of an annotation, the bare `*` of a signature and the `**` of a mapping for arithmetic.
    Such mutants are errors of syntax or type before any test has run: to count them as killed would be flattery.
    """
    return "BinaryOperator" not in operator or any(start <= position < end for start, end in _arithmetic(source))


def _decorated(diff: str) -> str:
    found = re.search(r"^-@.*\n(?:[+ ]@.*\n)* (?:class|def) (\w+)", diff, re.MULTILINE)
    return found[1] if found else ""


def _arithmetic(source: str) -> Iterator[tuple[Position, Position]]:
    tree = ast.parse(source)
    said = {id(part) for note in _annotations(tree) for part in ast.walk(note)}
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and id(node) not in said:
            assert node.left.end_lineno is not None
            assert node.left.end_col_offset is not None
            yield (node.left.end_lineno, node.left.end_col_offset), (node.right.lineno, node.right.col_offset)


def _annotations(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            note = getattr(node, name, None)
            if isinstance(note, ast.expr):
                yield note


def _places(source: str, within: str) -> Iterator[tuple[int, int]]:
    if not within:
        yield 0, len(source.splitlines())
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == within:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield first - 1, node.end_lineno or first
