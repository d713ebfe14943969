"""A run from beginning to end: chaos, the quiet passes, the audit, the report."""

from collections.abc import Callable

from proofs.chaos.audit import findings
from proofs.chaos.conductor import Conductor
from proofs.chaos.evidence import read_evidence
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
    evidence = read_evidence(done)
    return Report(setting=done, evidence=evidence, figures=conductor.figures, findings=findings(evidence))
