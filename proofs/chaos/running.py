"""A run from beginning to end: chaos, the quiet passes, the audit, the report."""

from collections.abc import Callable

from proofs.chaos.audit import findings
from proofs.chaos.books import read_books
from proofs.chaos.conductor import Conductor
from proofs.chaos.report import Report
from proofs.chaos.setting import Setting


def run(setting: Setting, tell: Callable[[str], object] = lambda _: None) -> Report:
    """Run a setting on an empty database, and audit what it leaves.

    Args:
        setting: What to run.
        tell: Told how far it is, every ten seconds.
    """
    conductor = Conductor(setting, tell)
    done = conductor.run()
    books = read_books(done)
    return Report(setting=done, books=books, figures=conductor.figures, findings=findings(books))
