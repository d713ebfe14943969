"""The contract says of the tutorial's first try what is wrong with it, and has nothing against the second."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTRACT = """
from folder_inbox.{module} import {name}
from digital_painschool.testing.contracts import InboxContract

class TestIt(InboxContract):
    def open(self, place):
        return {name}(place)
"""


TUTORIAL = (ROOT / "docs" / "adapter-tutorial.md").read_text("utf-8")
NAMED = set(re.findall(r"^FAILED (\w+)$", TUTORIAL, re.MULTILINE))
RACES = {"test_many_threads_send_a_key_once", "test_many_processes_send_a_key_once"}
"""What may go well by luck."""


def run_pytest(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the test file in a folder."""
    call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rf", "--tb=no", "test_it.py"]
    path = {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'examples'}", "PATH": "/usr/bin:/bin"}
    return subprocess.run(call, cwd=folder, env=path, capture_output=True, text=True, check=False)


def broken_clauses(folder: Path, module: str, name: str) -> set[str]:
    """Run the contract on one of the two, and give the tests that fail."""
    (folder / "test_it.py").write_text(CONTRACT.format(module=module, name=name), "utf-8")
    done = run_pytest(folder)
    return {line.split("::")[2].split(" ")[0] for line in done.stdout.splitlines() if line.startswith("FAILED ")}


def test_the_second_try_keeps_every_clause(tmp_path: Path) -> None:
    """Otherwise the tutorial would end with an adapter that is not one."""
    assert set() == broken_clauses(tmp_path, "inbox", "FolderInbox")


def test_the_first_try_breaks_the_clauses_that_the_tutorial_names(tmp_path: Path) -> None:
    """Otherwise the tutorial would tell of failures that nobody sees."""
    broken = broken_clauses(tmp_path, "first_try", "FirstTry")
    assert NAMED - RACES <= broken <= NAMED
    assert NAMED


def test_the_inbox_with_a_server_of_the_docs_keeps_every_clause(tmp_path: Path) -> None:
    """Otherwise an author would copy a contract that fails, or a server that forked processes cannot reach."""
    page = (ROOT / "docs" / "how-to" / "prove-an-integration.md").read_text("utf-8")
    section = page.partition("### A server behind the adapter")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    (tmp_path / "test_it.py").write_text("\n".join(blocks), "utf-8")
    done = run_pytest(tmp_path)
    assert re.search(r"^\d\d passed, \d+ skipped", done.stdout, re.MULTILINE), done.stdout + done.stderr
    assert re.findall(r"give the contract `(\w+)`", done.stdout.partition("NOT PROVED by")[2]) == ["hanging"]
