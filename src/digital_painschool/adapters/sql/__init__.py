"""Reference adapters on SQL: SQLite, the embedded default, and PostgreSQL, with their schema and its migrations."""

from digital_painschool.adapters.sql.engine import migrate, migration_sql
from digital_painschool.adapters.sql.inbox import SqlInbox
from digital_painschool.adapters.sql.messaging import SqlMessenger, WaitingMessage
from digital_painschool.adapters.sql.storage import SqlStorage

__all__ = ["SqlInbox", "SqlMessenger", "SqlStorage", "WaitingMessage", "migrate", "migration_sql"]
