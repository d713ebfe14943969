"""The rows of open enrolments say which silence and which coming end are noted. Rule: D-17b.

A note counts that is still about the present: the patient has done nothing since, and the end has not moved. So no
instant is read from a timeline, whose data may be damaged.

Revision: 0016.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

_INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
_TEXT = {
    "sqlite": "{}",
    "postgresql": "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
}
"""An instant as the data of an entry has it: JSON without blanks."""


def upgrade() -> None:
    """Add the columns, and fill them from the notes."""
    as_text = _TEXT[op.get_context().dialect.name].format
    for column, kind, key, instant in (
        ("noted_silence", "patient-silent", "since", "coalesce(last_seen_at, started_at)"),
        ("noted_ending", "access-ends-soon", "access_until", "access_until"),
    ):
        op.add_column("enrolments", sa.Column(column, _INSTANT, nullable=True))
        last = (
            f"SELECT data FROM timeline WHERE enrolment_id = enrolments.id AND kind = '{kind}'"  # noqa: S608 - constants
            " ORDER BY seq DESC LIMIT 1"
        )
        op.execute(
            f"UPDATE enrolments SET {column} = {instant} WHERE ended_at IS NULL"  # noqa: S608 - constants
            f" AND ({last}) LIKE '%\"{key}\":\"' || {as_text(instant)} || '\"%'"
        )


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("what this revision added is not taken away again")
