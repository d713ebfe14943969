"""Every place of the package that makes a file, so that a new one is looked at."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import digital_painschool

WRITERS = {
    "application.publishing": {"mkdir", "mkdtemp", "os.open"},  # exports
    "application.export_download": {"TemporaryFile", "open"},  # exports on their way: nameless, or within the zip
    "adapters.file_messenger": {"NamedTemporaryFile", "mkdir"},  # messages: 0600, a new name, then a link
    "adapters.sql.sqlite": {"os.open", "sqlite3.connect"},  # databases: 0600 before the first byte
    "cli.demo.files": {"mkdir", "os.open", "sqlite3.connect", "write_text"},  # people of a story, in a folder 0700
    "serialization.text_files": {"os.open"},  # to read alone, and not to wait for a FIFO
    "cli.__init__": {"os.open"},  # /dev/null in the place of a closed stream
    "cli.app": {"os.open"},  # the same
    "cli.demo.later_years": {"write_text"},  # a receipt, without personal data
    "cli.simulate": {"mkdir"},  # figures of test persons
    "testing.simulation.report": {"mkdir", "write_text"},
}
"""Every module that makes files, with what it calls for that.

Each was looked at: who may read the file, and whether a link in its place is followed.
"""

_MAKES = {"mkdir", "mkdtemp", "mkstemp", "makedirs", "NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile"}
_MAKES |= {"write_text", "write_bytes", "touch", "copytree", "copy2", "copyfile", "copyfileobj", "mkfifo", "FileIO"}


def _made_by(tree: ast.AST) -> Iterator[str]:
    """Yield the calls of a module that make or change files."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = ast.unparse(call.func)
        last = name.rpartition(".")[2]
        texts = [
            part.value for part in (*call.args, *(k.value for k in call.keywords)) if isinstance(part, ast.Constant)
        ]
        modes = [text for text in texts if isinstance(text, str) and re.fullmatch("[rwxabt+]{1,3}", text)]
        if name in ("os.open", "sqlite3.connect"):
            if "O_RDONLY" not in ast.unparse(call):
                yield name
        elif last == "open" and any(set(mode) & set("wxa+") for mode in modes):
            yield "open"
        elif last in _MAKES:
            yield last


def test_every_place_that_makes_files_is_known() -> None:
    """Otherwise a new one would write personal data where all can read it, or through somebody's link."""
    root = Path(digital_painschool.__file__).parent
    found = {}
    for path in sorted(root.rglob("*.py")):
        if made := {*_made_by(ast.parse(path.read_text("utf-8")))}:
            found[".".join(path.relative_to(root).with_suffix("").parts)] = made
    assert WRITERS == found
