"""A database as an earlier version of the schema had it: made back from the present one, to be migrated in tests."""

from digital_painschool.adapters.sql.revisions import VERSION_TABLE
from digital_painschool.adapters.sql.schema import METADATA
from tests.databases import execute

LATER_TABLES = ("completed_calls", "drafts", "desk_calls", "delivery_workers", "paces")
"""The tables that came after version 0004."""
LATER_INDEXES = (
    "ix_purge_plans_unit",
    "ix_access_log_author",
    "ix_digest_notifications_given_up",
    "ix_digests_due",
    "ix_exports_unit",
    "ix_enrolments_withdrawn",
)
"""The indexes of older tables that came after version 0004."""
_DIGEST_TABLES = ("digest_superseded_keys", "digest_notifications", "digests")
NEW_TABLES = (*_DIGEST_TABLES, *LATER_TABLES)
"""The tables that came after version 0003."""
OLD_TABLES = ("notifications", "notification_causes")
LATER_COLUMNS = {
    "enrolments": ("waiting_since", "has_drafts", "handed_over", "noted_silence", "noted_ending", "reactivated_at"),
    "purge_plan_items": ("reason",),
    "digest_notifications": ("flag", "reason", "reports"),
    "digests": ("oldest_due_at",),
    "notices": ("language",),
    "staff_messages": ("language",),
}
"""The columns that came after version 0004, by table."""
_EARLIER_INDEX = "CREATE INDEX ix_digests_next ON digests (next_at, id) WHERE next_at IS NOT NULL"

_NOTIFICATIONS = """
    CREATE TABLE notifications AS
    SELECT n.id, n.unit, d.channel, d.recipient_scheme, d.recipient_value, d.template,
           CASE WHEN d.collected THEN substr(CAST(n.due_at AS TEXT), 1, 10) ELSE n.id END AS "window",
           CASE WHEN n.attempts = 0 THEN '' ELSE n.id END AS slot,
           CASE WHEN d.collected THEN n.unit || '.' || d.recipient_scheme || '.' || d.recipient_value ELSE n.id END
               AS lane,
           n.due_at, d.collected, n.status, n.attempts, CAST(NULL AS TEXT) AS token,
           CASE WHEN n.attempts > 0 THEN n.due_at END AS held_until, n.settled_at
      FROM digest_notifications AS n JOIN digests AS d ON d.id = n.digest_id
"""
_CAUSES = """
    CREATE TABLE notification_causes AS
    SELECT id AS notification_id, 1 AS place, unit, enrolment_id, seq, conversation, number AS message
      FROM digest_notifications
"""


def columns_of(table: str) -> list[str]:
    """Return the columns that a table has had from version 0003 on."""
    later = LATER_COLUMNS.get(table, ())
    return [column.name for column in METADATA.tables[table].c if column.name not in later]


def back_to_0004(url: str) -> None:
    """Take away the tables, the columns and the indexes that came after version 0004."""
    for index in LATER_INDEXES:
        execute(url, f"DROP INDEX {index}")
    for table in LATER_TABLES:
        execute(url, f"DROP TABLE {table}")
    for table, columns in LATER_COLUMNS.items():
        for column in columns:
            execute(url, f"ALTER TABLE {table} DROP COLUMN {column}")
    execute(url, _EARLIER_INDEX)
    execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '0004'")  # noqa: S608 - a constant


def back_to_0003(url: str) -> None:
    """Put the notifications back into the tables of version 0003, each with one cause."""
    back_to_0004(url)
    for statement in (_NOTIFICATIONS, _CAUSES, *(f"DROP TABLE {table}" for table in _DIGEST_TABLES)):
        execute(url, statement)
    execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '0003'")  # noqa: S608 - a constant
