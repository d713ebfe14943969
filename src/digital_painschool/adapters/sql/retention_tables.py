"""The tables of exports, and of the purge: plans, their enrolments, the progress, and the receipts."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from digital_painschool.adapters.sql.column_types import Instant, StrictBoolean, Text
from digital_painschool.adapters.sql.message_tables import METADATA

exports = Table(
    "exports",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("exported_at", Instant, nullable=False),
    Column("data", Text, nullable=False),
)

Index("ix_exports_unit", exports.c.unit, exports.c.exported_at, exports.c.id)

plans = Table(
    "purge_plans",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("approved", StrictBoolean, nullable=False),
    Column("data", Text, nullable=False),
)

Index("ix_purge_plans_unit", plans.c.unit, plans.c.made_at, plans.c.id)

plan_items = Table(
    "purge_plan_items",
    METADATA,
    Column("plan_id", Text, ForeignKey("purge_plans.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("unit", Text, nullable=False),
    Column("enrolment_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("last_entry_at", Instant, nullable=False),
    Column("exported", Integer, nullable=False),
    Column("reason", Text, nullable=False, server_default="period-over"),
    sqlite_with_rowid=False,
)

progress = Table(
    "purge_progress",
    METADATA,
    Column("plan_id", Text, primary_key=True),
    Column("enrolment_id", Text, primary_key=True),
    Column("unit", Text),
    Column("skipped", Text),
    sqlite_with_rowid=False,
)

receipts = Table(
    "purge_receipts",
    METADATA,
    Column("plan_id", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("purged_at", Instant, nullable=False),
    Column("data", Text, nullable=False),
)
Index("ix_purge_receipts_unit", receipts.c.unit, receipts.c.purged_at)
