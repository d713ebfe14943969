"""Drafts in SQL: no statement more where there is none, and a damaged one that stops nobody."""

from collections.abc import Callable
from contextlib import closing

import pytest
from attrs import evolve

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.sql.postgresql_connection import PostgresqlConnection
from digital_painschool.adapters.sql.sqlite_connection import SqliteConnection
from digital_painschool.domain.draft import draft_tag
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import load_draft
from digital_painschool.testing.contracts.changes import (
    MORNING,
    access_entry,
    begin,
    draft_of,
    fill_in,
    finish,
    keep_draft,
    saved,
)
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.people import NURSE
from tests.databases import execute

pytestmark = pytest.mark.rule("D-14a")
A = EnrolmentId("a")
NONE: frozenset[str] = frozenset()


class Counted:
    """Counts the statements of any connection."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements = 0
        for kind in (SqliteConnection, PostgresqlConnection):
            for name in ("fetch_all", "fetch_each", "execute", "execute_many"):
                monkeypatch.setattr(kind, name, self._counting(getattr(kind, name)))

    def _counting(self, method: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object) -> object:
            self.statements += 1
            return method(*args)

        return counted

    def reset(self) -> int:
        """Return the count so far, and begin anew."""
        found, self.statements = self.statements, 0
        return found


def test_who_has_no_draft_pays_nothing_for_drafts(storage: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise every form and every end would take a statement more, for a draft that most never keep."""
    counted = Counted(monkeypatch)
    e = saved(storage, begin("a"))
    costs = []
    for discarded in (NONE, frozenset({PAIN})):
        counted.reset()
        e = saved(storage, evolve(fill_in(e, at=MORNING), discarded_drafts=discarded))
        costs.append(counted.reset())
    assert costs[0] == costs[1] > 0
    keep_draft(storage, e, draft_of())
    counted.reset()
    e = saved(storage, evolve(fill_in(e, at=MORNING), discarded_drafts=frozenset({PAIN})))
    assert counted.reset() > costs[0]
    e = saved(storage, evolve(fill_in(e, at=MORNING), discarded_drafts=frozenset({PAIN})))
    assert costs[0] == counted.reset(), "once the draft is gone, a step costs what it did before"
    saved(storage, evolve(finish(e, at=MORNING), discarded_drafts=frozenset({PAIN, DAILY})))
    assert costs[0] == counted.reset()


@pytest.mark.parametrize("content", ["HEMLIGT", '"HEMLIGT"', '{"smarta": null}', "[]"])
def test_a_damaged_draft_is_refused_in_silence_and_can_be_replaced_or_discarded(url: str, content: str) -> None:
    """Otherwise a patient could not go on with the form, or a log would hold what was written in it."""
    entry = access_entry(NURSE, MORNING)
    with closing(SqlStorage(url)) as storage:
        e = saved(storage, begin("a"))
        ways: tuple[Callable[[], object], ...] = (
            lambda: keep_draft(storage, e, draft_of()),
            lambda: storage.save_draft(e, PAIN, None, entry),
        )
        for mend in ways:
            keep_draft(storage, e, draft_of())
            execute(url, f"UPDATE drafts SET answers = '{content}'")  # noqa: S608 - constants
            with pytest.raises(StorageError) as failed:
                load_draft(storage, A, PAIN)
            assert_silent(failed.value, "HEMLIGT")
            assert (None, None) == (failed.value.__cause__, failed.value.__context__)
            for left in (draft_of(), None):
                with pytest.raises(StorageError) as failed:
                    storage.save_draft(e, PAIN, left, entry, replaces=draft_tag(draft_of()))
                assert_silent(failed.value, "HEMLIGT")
            mend()
            assert load_draft(storage, A, PAIN) in (draft_of(), None)
        e = saved(storage, evolve(fill_in(e, at=MORNING), discarded_drafts=frozenset({PAIN})))
        assert None is load_draft(storage, A, PAIN)
