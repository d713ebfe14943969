"""Drafts of forms: their table, and the column that tells a step whether an enrolment may have one. Rule: D-14a.

Revision: 0007.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the table of drafts. No enrolment has one yet."""
    op.add_column("enrolments", sa.Column("has_drafts", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "drafts",
        sa.Column("enrolment_id", _TEXT, nullable=False),
        sa.Column("form", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("saved_at", _INSTANT, nullable=False),
        sa.Column("answers", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name="fk_drafts_enrolment_id"),
        sa.PrimaryKeyConstraint("enrolment_id", "form", name="pk_drafts"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Refuse: no table before it can hold a draft."""
    raise NotImplementedError("the table of drafts is not taken away: the drafts would be lost")
