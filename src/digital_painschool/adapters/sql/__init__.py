"""Reference adapters on SQL: SQLite, the embedded default, and PostgreSQL, with their schema and its migrations."""

from digital_painschool.adapters.sql.engine import migrate, migration_sql
from digital_painschool.adapters.sql.inbox import SqlInbox
from digital_painschool.adapters.sql.messaging import SqlMessenger, WaitingMessage
from digital_painschool.adapters.sql.storage import SqlStorage
from digital_painschool.adapters.sql.table_names import is_own_table

__all__ = ["SqlInbox", "SqlMessenger", "SqlStorage", "WaitingMessage", "is_own_table", "migrate", "migration_sql"]
