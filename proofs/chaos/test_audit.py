"""The audit finds what is wrong: exact evidence is spoilt on purpose, one way at a time."""

import re
from pathlib import Path

import psycopg
import pytest

from proofs.chaos.audit import findings
from proofs.chaos.evidence import read_evidence
from proofs.chaos.setting import Setting

SPOILT = {
    name: (statements, says)
    for name, says, statements in re.findall(
        r"^-- (.+) \| (.+)\n((?:.+\n)+)", (Path(__file__).parent / "spoilt.sql").read_text("utf-8"), re.MULTILINE
    )
}
"""The statements that spoil the database, one way each, and what the audit must say of it."""


def test_exact_evidence_is_found_exact(told: tuple[str, Setting]) -> None:
    """Otherwise the audit would cry wolf, and nobody would listen when it matters."""
    evidence = read_evidence(told[1])
    assert () == findings(evidence)
    assert {"delivered", "dropped", "unreachable"} == {row["status"] for row in evidence.notifications.values()}
    assert {"ok", "NotPermitted", "RuleViolation"} == {one.answer for one in evidence.noted if one.kind == "web"}


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_evidence_is_found(copied: Setting, name: str) -> None:
    """Otherwise ten minutes of chaos without a finding would say nothing."""
    by, says = SPOILT[name]
    with psycopg.connect(copied.url, autocommit=True) as connection:
        connection.execute(by.encode())
    found = findings(read_evidence(copied))
    assert any(says in finding for finding in found), found
