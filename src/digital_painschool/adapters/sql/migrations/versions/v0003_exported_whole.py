"""Exports that count before a purge: only those with everything that a purge deletes. Rule: D-21a.

Before, an export as CSV alone was noted as well. Which enrolment was in which export is not kept, so in a unit that has
exported so, every enrolment is to be exported again.

Revision: 0003.
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Delete the note from the enrolments of units that have an export without the file that holds everything."""
    op.execute(
        "UPDATE enrolments SET exported_version = 0 WHERE exported_version > 0 AND unit IN"
        " (SELECT unit FROM exports WHERE replace(data, 'enrolments.jsonl', '') = data)"
    )


def downgrade() -> None:
    """Refuse: what was noted before is not known any more."""
    raise NotImplementedError("what was noted as exported before is not kept")
