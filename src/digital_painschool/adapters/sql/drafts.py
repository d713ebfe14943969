"""Drafts of forms in SQL.

`enrolments.has_drafts` is true from the first draft until a step that discards drafts leaves none. Such a step asks for
it in the UPDATE that it makes anyway. So a step costs no statement more where there is no draft, and no draft that is
saved at the same time outlives the step.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, bindparam, delete, exists, select, true, update
from sqlalchemy.dialects.postgresql import insert

from digital_painschool.adapters.sql.access_log import ADD_ACCESS, access_values
from digital_painschool.adapters.sql.array_params import any_of
from digital_painschool.adapters.sql.completed_calls import ADD_CALL, call_values
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.adapters.sql.schema import drafts, enrolments
from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import AccessEntry, CompletedCall, require_tag
from digital_painschool.serialization.stored import read_stored
from digital_painschool.serialization.values import content_from_data

_OF_ENROLMENT = enrolments.c.id == bindparam("enrolment_id")
_ANNOUNCE = (
    update(enrolments).where(_OF_ENROLMENT, enrolments.c.version == bindparam("before")).values(has_drafts=true())
)
_inserted = insert(drafts).inline().values({c.name: bindparam(c.name, type_=c.type) for c in drafts.c})
_SAVE = _inserted.on_conflict_do_update(
    index_elements=[drafts.c.enrolment_id, drafts.c.form],
    set_={name: _inserted.excluded[name] for name in ("saved_at", "answers")},
)
_DRAFT = select(drafts.c.form, drafts.c.saved_at, drafts.c.answers).where(
    drafts.c.enrolment_id == bindparam("enrolment_id"), drafts.c.form == bindparam("form")
)
_LOCK_DRAFT = _DRAFT.with_for_update()
_DISCARD = delete(drafts).where(drafts.c.enrolment_id == bindparam("enrolment_id"), any_of(drafts.c.form, "forms"))
_NOTE_REST = (
    update(enrolments)
    .where(_OF_ENROLMENT)
    .values(has_drafts=exists(select(drafts.c.form).where(drafts.c.enrolment_id == enrolments.c.id)))
)


class SqlDrafts:
    """The protocol `Drafts` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_draft(
        self,
        enrolment: Enrolment,
        form: str,
        draft: Draft | None,
        access: AccessEntry,
        *,
        replaces: str | None = None,
        completed: CompletedCall | None = None,
    ) -> None:
        def work(connection: Connection) -> None:
            if draft is not None:
                _announce(connection, enrolment)
            if replaces is not None:
                require_tag(_read(connection, _LOCK_DRAFT, enrolment.id, form), replaces)
            if draft is None:
                connection.execute(_DISCARD, {"enrolment_id": enrolment.id, "forms": [form]})
            else:
                _save(connection, enrolment, draft)
            if completed is not None:
                connection.execute(ADD_CALL, call_values(completed))
            connection.execute(ADD_ACCESS, access_values(access))

        self._database.write(work)


def _announce(connection: Connection, enrolment: Enrolment) -> None:
    """Note in the enrolment's row that there are drafts. Whoever saves another one waits for this transaction."""
    if connection.execute(_ANNOUNCE, {"enrolment_id": enrolment.id, "before": enrolment.version}) != 1:
        raise Conflict("the enrolment was changed by somebody else; load it and decide again")


def _save(connection: Connection, enrolment: Enrolment, draft: Draft) -> None:
    row = {
        "enrolment_id": enrolment.id,
        "form": draft.form,
        "unit": str(enrolment.unit),
        "saved_at": draft.saved_at,
        "answers": to_json(draft.answers),
    }
    connection.execute(_SAVE, row)


def read_draft(connection: Connection, enrolment_id: str, form: str) -> Draft | None:
    """Return the draft of a form in an enrolment, or None."""
    return _read(connection, _DRAFT, enrolment_id, form)


def _read(connection: Connection, statement: Select[Any], enrolment_id: str, form: str) -> Draft | None:
    rows = connection.fetch_all(statement, {"enrolment_id": enrolment_id, "form": form})
    return read_stored(f"a draft of enrolment {enrolment_id}", _draft, rows.pop()) if rows else None


def discard_drafts(connection: Connection, enrolment_id: EnrolmentId, forms: Collection[str]) -> None:
    """Delete the drafts of some forms, in the transaction of a step that has changed the enrolment's row."""
    connection.execute(_DISCARD, {"enrolment_id": enrolment_id, "forms": sorted(forms)})
    connection.execute(_NOTE_REST, {"enrolment_id": enrolment_id})


def _draft(row: Row) -> Draft:
    form, saved_at, text = row
    answers = content_from_data(from_json(text))
    if isinstance(answers, str):
        raise TypeError("the answers of a draft are no text")
    return Draft(form=form, saved_at=saved_at, answers=answers)
