"""The table of screens says what is really called and written; the times in it are for people to read."""

from pathlib import Path

import pytest

from benchmarks.region import load
from benchmarks.screens import ONE_UNIT, SCREENS, cells, drawn

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "portal.md"


def told() -> list[tuple[str, ...]]:
    """Return the rows of the table: for each screen its name, calls and lines."""
    _, _, table = PAGE.read_text("utf-8").partition("| screen | calls | lines in the access log |")
    rows = table.partition("\n\n")[0].splitlines()[2:]
    return [tuple(cell.strip() for cell in row.split("|")[1:4]) for row in rows]


@pytest.mark.rule("D-08a")
@pytest.mark.rule("M-06")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_every_screen_is_drawn_by_the_calls_and_leaves_the_lines_that_the_page_tells(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Otherwise a host would find out in production what a screen writes about a patient."""
    url = f"sqlite:///{tmp_path}/unit.db" if database == "sqlite" else request.getfixturevalue("empty_postgresql_url")
    load(url, ONE_UNIT)
    assert [cells(one) for one in drawn(url, ONE_UNIT, most=2)] == told()


def test_the_table_names_each_screen_once() -> None:
    """Otherwise a screen that nobody draws could stand there."""
    assert [*SCREENS] == [name for name, *_ in told()]
