"""Which revisions of the schema there are, known without loading Alembic."""

VERSION_TABLE = "painschool_version"

REVISIONS = ("0001", "0002", "0003", "0004")
"""Oldest first; the last is the one that this version works with."""

MIGRATION_LOCK = 7031620190
"""The advisory lock that whoever migrates on PostgreSQL holds: one at a time in a database, whatever the schema."""

MISSING = "the database has no schema yet; run `digital-painschool migrate`"
OLDER = "the schema is an older version's; run `digital-painschool migrate`"
NEWER = "the schema was written by a newer version; update digital_painschool"
