"""Calls that were completed under an idempotency key of the host. Rule: D-24a.

Revision: 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table of completed calls, and the index by which a purge finds those of an enrolment."""
    op.create_table(
        "completed_calls",
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("caller", _TEXT, nullable=False),
        sa.Column("action", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("enrolment_id", _TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fingerprint", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name="fk_completed_calls_enrolment_id"),
        sa.PrimaryKeyConstraint("unit", "caller", "action", "key", name="pk_completed_calls"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_completed_calls_enrolment_id", "completed_calls", ["enrolment_id"])


def downgrade() -> None:
    """Refuse: repeated calls would have an effect again."""
    raise NotImplementedError("the table of completed calls is not taken away again")
