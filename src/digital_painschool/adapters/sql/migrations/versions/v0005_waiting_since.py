"""The caseload's rows say since when their oldest flag waits. Rule: D-15b.

The instants are those of the timelines, in SQL alone: an administrator may run the migration by hand. An entry whose
data is damaged has no number and no form.

Revision: 0005.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

_INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the column, and fill it for the rows in which something waits."""
    op.add_column("enrolments", sa.Column("waiting_since", _INSTANT, nullable=True))
    waiting = "\n UNION ALL ".join(_waiting(op.get_context().dialect.name))
    op.execute(
        f"UPDATE enrolments SET waiting_since = (SELECT min(found.at) FROM ({waiting}) AS found)"  # noqa: S608 - as below
        " WHERE ended_at IS NULL AND (unread_forms > 0 OR unread_messages > 0 OR done OR undelivered > 0)"
    )


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("the column is not taken away again")


def _waiting(dialect: str) -> Iterator[str]:
    """Yield the queries for the instants of an enrolment's unread submissions and messages, and of its other flags."""
    number, form = _NUMBER[dialect].format, _FORM[dialect].format
    ordinal, read = number(row="one", key="number"), f"max({number(row='other', key='up_to')})"
    read_forms = _entries("other", "form-read", select=read)
    yield (
        f"{_entries('one', 'form-saved')} AND {ordinal} >"
        f" coalesce(({read_forms} AND {form(row='other')} = {form(row='one')}), 0)"
    )
    conversations = [number(row=row, key="conversation") for row in ("one", "other")]
    read_messages = _entries("other", "messages-read", "reader", "therapist", select=read)
    yield (
        f"{_entries('one', 'message-sent', 'author', 'patient')} AND {ordinal} >"
        f" coalesce(({read_messages} AND {' = '.join(conversations)}), 0)"
    )
    for kind, flag in (("program-done", "program-done"), ("notification-undelivered", "undelivered")):
        handled = _entries("other", "flag-handled", "flag", flag)
        yield f"{_entries('one', kind)} AND NOT EXISTS ({handled} AND other.seq > one.seq)"


def _entries(row: str, kind: str, key: str = "", value: str = "", *, select: str | None = None) -> str:
    """Return the query for an enrolment's entries of a kind, of those alone whose data has a value if one is given."""
    query = (
        f"SELECT {select or f'{row}.at'} FROM timeline AS {row}"  # noqa: S608 - every part is a constant of this file
        f" WHERE {row}.enrolment_id = enrolments.id AND {row}.kind = '{kind}'"
    )
    return f'{query} AND {row}.data LIKE \'%"{key}":"{value}"%\'' if key else query


# The data of an entry is JSON without blanks, and quotation marks within its texts are escaped: `"key":` is nothing but
# the key. The form is the first of its entry's keys.
_NUMBER = {
    "sqlite": "CAST(substr({row}.data, instr({row}.data, '\"{key}\":') + length('\"{key}\":')) AS INTEGER)",
    "postgresql": "CAST(substring({row}.data from '\"{key}\":([0-9]{{1,9}})') AS INTEGER)",
}
_FORM = {
    "sqlite": "substr({row}.data, 1, instr({row}.data, ','))",
    "postgresql": "substr({row}.data, 1, strpos({row}.data, ','))",
}
