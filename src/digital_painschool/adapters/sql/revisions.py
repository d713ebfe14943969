"""The revisions of the schema, known without loading Alembic."""

VERSION_TABLE = "painschool_version"

REVISIONS = (
    *("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010"),
    *("0012", "0013", "0014", "0015", "0016", "0017", "0018", "0019", "0020"),
)
"""Oldest first; this version works with the last one."""

MIGRATION_LOCK = 7031620190
"""The advisory lock of a migration on PostgreSQL: one at a time in a database, whatever the schema."""

MISSING = "the database has no schema yet; run `digital-painschool migrate`"
OLDER = "the schema is an older version's; run `digital-painschool migrate`"
NEWER = "the schema was written by a newer version; update digital_painschool"
