"""A short run of chaos; the long one is `python -m proofs.chaos`."""

import logging
from pathlib import Path

import pytest

from benchmarks.servers import database
from proofs.chaos.report import Report
from proofs.chaos.running import run
from proofs.chaos.setting import Setting

pytestmark = pytest.mark.search


def test_chaos_loses_and_doubles_nothing(
    postgresql_server: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a kill, a lost connection or a wrong clock would lose or double a message, or a notification of it."""
    caplog.set_level(logging.CRITICAL)
    # How much chaos there is in a time depends on the machine: where it was too little, a longer run shows it.
    for seconds in (12, 30, 90):
        folder = tmp_path / str(seconds)
        folder.mkdir()
        with database(postgresql_server) as url:
            report = run(Setting(url=url, folder=folder, seconds=seconds))
        assert () == report.findings, report
        assert "findings: none" in str(report)
        if was_chaos(report):
            return
    pytest.fail(f"there was no chaos to speak of: {report}")


def was_chaos(report: Report) -> bool:
    """Return whether all that can go wrong went wrong."""
    return (
        all(report.figures[trouble] for trouble in ("kills", "cuts"))
        and all(report.calls[answer] for answer in ("ok", "no answer"))
        and bool(report.repeated["ok"])
        and {"delivered", "dropped", "unreachable"} <= report.statuses.keys()
    )
