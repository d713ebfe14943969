"""The tables, written once for SQLite and PostgreSQL.

Every row of a unit's data names the unit, and the enrolment where there is one. Each value that a list selects or sorts
by has a column of its own. Everything else is JSON text: both databases return it byte by byte as it was written, and a
person who opens the file can read it.
"""

from typing import Any

from sqlalchemy import Column, ForeignKey, Identity, Index, Integer, Table, false, literal_column
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql import message_tables, pace_table, retention_tables  # noqa: F401 - their tables join `METADATA`
from digital_painschool.adapters.sql.column_types import Instant, SequenceNumber, StrictBoolean, Text
from digital_painschool.adapters.sql.constraints import partial_index

METADATA = message_tables.METADATA
"""All tables: those of this file, of `message_tables`, `pace_table` and `retention_tables`."""

enrolments = Table(
    "enrolments",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("person_scheme", Text, nullable=False),
    Column("person_value", Text, nullable=False),
    Column("program", Text, nullable=False),
    Column("program_version", Text, nullable=False),
    Column("therapist", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("access_until", Instant, nullable=False),
    Column("noted_end", Instant),
    Column("ended_at", Instant),
    Column("last_entry_at", Instant, nullable=False),
    Column("last_seen_at", Instant),
    Column("reviewed_at", Instant),
    Column("unread_forms", Integer, nullable=False),
    Column("unread_messages", Integer, nullable=False),
    Column("done", StrictBoolean, nullable=False),
    Column("undelivered", Integer, nullable=False),
    Column("priority", StrictBoolean, nullable=False),
    Column("waiting_since", Instant),
    Column("exported_version", Integer, nullable=False, server_default="0"),
    Column("state_shape", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("has_drafts", StrictBoolean, nullable=False, server_default=false()),
    Column("handed_over", StrictBoolean, nullable=False, server_default=false()),
    Column("noted_silence", Instant),
    Column("noted_ending", Instant),
    Column("reactivated_at", Instant),
)

NOT_ENDED: ColumnElement[Any] = literal_column("ended_at IS NULL")
ENDED: ColumnElement[Any] = literal_column("ended_at IS NOT NULL")
"""Ended or withdrawn: closed for good."""
WITHDRAWN: ColumnElement[Any] = literal_column("phase = 'withdrawn'")
END_NOT_NOTED: ColumnElement[Any] = literal_column(
    "ended_at IS NULL AND (noted_end IS NULL OR noted_end <> access_until)"
)

partial_index(
    "uq_enrolments_open",
    enrolments.c.person_value,
    enrolments.c.person_scheme,
    enrolments.c.program,
    enrolments.c.unit,
    where=NOT_ENDED,
    unique=True,
)
partial_index("ix_enrolments_caseload", enrolments.c.unit, enrolments.c.therapist, where=NOT_ENDED)
partial_index("ix_enrolments_access_ended", enrolments.c.access_until, where=END_NOT_NOTED)
partial_index("ix_enrolments_withdrawn", enrolments.c.id, where=WITHDRAWN)
partial_index("ix_enrolments_ended", enrolments.c.unit, enrolments.c.id, where=ENDED)
Index("ix_enrolments_person", enrolments.c.person_value, enrolments.c.person_scheme)

timeline = Table(
    "timeline",
    METADATA,
    Column("enrolment_id", Text, ForeignKey("enrolments.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("unit", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("shape", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("data", Text, nullable=False),
    sqlite_with_rowid=False,
)

documents = Table(
    "documents",
    METADATA,
    Column("enrolment_id", Text, ForeignKey("enrolments.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("unit", Text, nullable=False),
    Column("content", Text, nullable=False),
    sqlite_with_rowid=False,
)

completed_calls = Table(
    "completed_calls",
    METADATA,
    *(Column(part, Text, primary_key=True) for part in ("unit", "caller", "action", "key")),
    Column("enrolment_id", Text, ForeignKey("enrolments.id"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("fingerprint", Text, nullable=False),
    sqlite_with_rowid=False,
)

desk_calls = Table(
    "desk_calls",
    METADATA,
    *(Column(part, Text, primary_key=True) for part in ("unit", "caller", "action", "key")),
    Column("result", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    sqlite_with_rowid=False,
)

drafts = Table(
    "drafts",
    METADATA,
    Column("enrolment_id", Text, ForeignKey("enrolments.id"), primary_key=True),
    Column("form", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
    Column("answers", Text, nullable=False),
    sqlite_with_rowid=False,
)

digests = Table(
    "digests",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient_scheme", Text, nullable=False),
    Column("recipient_value", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("collected", StrictBoolean, nullable=False),
    Column("told_on", Text),
    Column("batch_key", Text),
    Column("attempted_on", Text),
    Column("next_at", Instant),
    Column("token", Text),
    Column("lease_until", Instant),
    Column("begun", StrictBoolean, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("oldest_due_at", Instant),
)

COLLECTED: ColumnElement[Any] = literal_column("collected")
"""A recipient's collected notifications at a unit share one digest."""

partial_index(
    "uq_digests_recipient",
    digests.c.unit,
    digests.c.recipient_value,
    digests.c.recipient_scheme,
    digests.c.channel,
    digests.c.template,
    where=COLLECTED,
    unique=True,
)
partial_index(
    "ix_digests_due",
    *(digests.c[name] for name in ("collected", "oldest_due_at", "next_at", "id")),
    where=literal_column("next_at IS NOT NULL"),
)

notifications = Table(
    "digest_notifications",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("digest_id", Text, ForeignKey("digests.id"), nullable=False),
    Column("unit", Text, nullable=False),
    Column("enrolment_id", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("conversation", Integer),
    Column("number", Integer),
    Column("form", Text),
    Column("flag", Text),
    Column("due_at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("batch_key", Text),
    Column("settled_at", Instant),
    Column("noted", StrictBoolean, nullable=False),
    Column("reason", Text),
    Column("reports", Integer, nullable=False, server_default="0"),
)

PENDING: ColumnElement[Any] = literal_column("status = 'pending'")
UNNOTED: ColumnElement[Any] = literal_column("NOT noted")
"""Settled, and its timeline entry is not written yet."""

GIVEN_UP: ColumnElement[Any] = literal_column("status IN ('unreachable', 'failed')")

partial_index("ix_digest_notifications_given_up", notifications.c.settled_at, notifications.c.id, where=GIVEN_UP)
partial_index("ix_digest_notifications_pending", notifications.c.digest_id, where=PENDING)
partial_index("ix_digest_notifications_unnoted", notifications.c.id, where=UNNOTED)
Index("ix_digest_notifications_digest", notifications.c.digest_id, notifications.c.batch_key)
Index("ix_digest_notifications_enrolment", notifications.c.enrolment_id)

superseded_keys = Table(
    "digest_superseded_keys",
    METADATA,
    Column("digest_id", Text, ForeignKey("digests.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    sqlite_with_rowid=False,
)

profiles = Table(
    "profiles",
    METADATA,
    Column("unit", Text, primary_key=True),
    Column("hsa_id", Text, primary_key=True),
    Column("data", Text, nullable=False),
)

access_log = Table(
    "access_log",
    METADATA,
    Column("number", SequenceNumber, Identity(), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("activity", Text, nullable=False),
    Column("enrolment_id", Text),
    Column("person_scheme", Text),
    Column("person_value", Text),
    Column("granted", StrictBoolean, nullable=False),
)
Index("ix_access_log_unit", access_log.c.unit, access_log.c.number)
Index("ix_access_log_person", access_log.c.unit, access_log.c.person_value, access_log.c.number)
Index("ix_access_log_author", access_log.c.unit, access_log.c.by, access_log.c.number)

programs = Table(
    "programs",
    METADATA,
    Column("unit", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("data", Text, nullable=False),
)
