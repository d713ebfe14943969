"""The catalogue of seeded bugs, read from the files `*.diff` beside this one.

A file begins with a sentence that says what its bugs are about. Then each bug is written like this:

    @@ its-name in the.module.without.the.package
    what it would do to people
    -the lines of the module, as they stand there exactly once
    +the lines that somebody could write instead
    by tests/test_something.py::test_what_must_notice says a regular expression of what its output must say

Lines that stay begin with a space. What follows `by` is told at `Catcher`: `from seed 3` may stand after the test, and
what its output must say on a line of its own. A second `by` names what must notice too.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from proofs.seeded_bugs.bug import Bug, Catcher

_BY = re.compile(r"^by (?P<test>.+?)(?: from seed (?P<seed>\d+))?(?:\s+says (?P<says>.+))?$", re.MULTILINE)


def _bugs_in(text: str) -> Iterator[Bug]:
    _, *entries = text.split("\n@@ ")
    for entry in entries:
        head, harm, *lines = entry.rstrip("\n").split("\n")
        first = next(number for number, line in enumerate(lines) if line.startswith("by "))
        name, _, module = head.partition(" in ")
        yield Bug(
            name=name,
            harm=harm,
            module=module,
            old="".join(f"{line[1:]}\n" for line in lines[:first] if not line.startswith("+")),
            new="".join(f"{line[1:]}\n" for line in lines[:first] if not line.startswith("-")),
            caught_by=tuple(map(_catcher, _BY.finditer("\n".join(lines[first:])))),
        )


def _catcher(found: re.Match[str]) -> Catcher:
    test, says, seed = found["test"], found["says"], int(found["seed"] or 1)
    return Catcher(test, seed=seed) if says is None else Catcher(test, says, seed)


BUGS: tuple[Bug, ...] = tuple(
    bug for file in sorted(Path(__file__).parent.glob("*.diff")) for bug in _bugs_in(file.read_text("utf-8"))
)
