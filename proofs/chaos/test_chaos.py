"""A short run of chaos; the long one is `python -m proofs.chaos`."""

import logging
from pathlib import Path

import pytest

from proofs.chaos.running import run
from proofs.chaos.setting import Setting

pytestmark = pytest.mark.search


def test_chaos_loses_and_doubles_nothing(
    empty_postgresql_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a kill, a lost connection or a wrong clock would lose or double a message, or a notification of it."""
    caplog.set_level(logging.CRITICAL)
    report = run(Setting(url=empty_postgresql_url, folder=tmp_path, seconds=12))
    assert () == report.findings, report
    # That there was chaos at all; how much, depends on the machine.
    assert report.figures["kills"]
    assert report.figures["cuts"]
    assert report.calls["ok"] > 100
    assert report.calls["no answer"]
    assert report.passes["ok"]
    assert {"delivered", "dropped", "unreachable"} <= report.statuses.keys()
    assert "findings: none" in str(report)
