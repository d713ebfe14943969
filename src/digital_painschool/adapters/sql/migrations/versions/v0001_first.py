"""The first schema.

Revision: 0001.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "access_log",
        sa.Column("number", _NUMBER, sa.Identity(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("action", _TEXT, nullable=False),
        sa.Column("activity", _TEXT, nullable=False),
        sa.Column("enrolment_id", _TEXT, nullable=True),
        sa.Column("person_scheme", _TEXT, nullable=True),
        sa.Column("person_value", _TEXT, nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_access_log"),
    )
    op.create_index("ix_access_log_person", "access_log", ["unit", "person_value", "number"])
    op.create_index("ix_access_log_unit", "access_log", ["unit", "number"])
    op.create_table(
        "enrolments",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("person_scheme", _TEXT, nullable=False),
        sa.Column("person_value", _TEXT, nullable=False),
        sa.Column("program", _TEXT, nullable=False),
        sa.Column("program_version", _TEXT, nullable=False),
        sa.Column("therapist", _TEXT, nullable=False),
        sa.Column("phase", _TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("access_until", _INSTANT, nullable=False),
        sa.Column("noted_end", _INSTANT, nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("last_entry_at", _INSTANT, nullable=False),
        sa.Column("last_seen_at", _INSTANT, nullable=True),
        sa.Column("reviewed_at", _INSTANT, nullable=True),
        sa.Column("unread_forms", sa.Integer(), nullable=False),
        sa.Column("unread_messages", sa.Integer(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("undelivered", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Boolean(), nullable=False),
        sa.Column("exported_version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("state_shape", sa.Integer(), nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_enrolments"),
    )
    op.create_index(
        "ix_enrolments_access_ended",
        "enrolments",
        ["access_until"],
        **_where("ended_at IS NULL AND (noted_end IS NULL OR noted_end <> access_until)"),
    )
    op.create_index("ix_enrolments_caseload", "enrolments", ["unit", "therapist"], **_where("ended_at IS NULL"))
    op.create_index("ix_enrolments_ended", "enrolments", ["unit", "id"], **_where("ended_at IS NOT NULL"))
    op.create_index("ix_enrolments_person", "enrolments", ["person_value", "person_scheme"])
    op.create_index(
        "uq_enrolments_open",
        "enrolments",
        ["person_value", "person_scheme", "program", "unit"],
        unique=True,
        **_where("ended_at IS NULL"),
    )
    op.create_table(
        "exports",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("exported_at", _INSTANT, nullable=False),
        sa.Column("data", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
    )
    op.create_table(
        "notices",
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("person_scheme", _TEXT, nullable=False),
        sa.Column("person_value", _TEXT, nullable=False),
        sa.Column("template", _TEXT, nullable=False),
        sa.Column("link", _TEXT, nullable=False),
        sa.Column("delivered_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_notices"),
    )
    op.create_index("ix_notices_person", "notices", ["person_value", "person_scheme"])
    op.create_table(
        "notifications",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("channel", _TEXT, nullable=False),
        sa.Column("recipient_scheme", _TEXT, nullable=False),
        sa.Column("recipient_value", _TEXT, nullable=False),
        sa.Column("template", _TEXT, nullable=False),
        sa.Column("window", _TEXT, nullable=False),
        sa.Column("slot", _TEXT, nullable=False),
        sa.Column("lane", _TEXT, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("collected", sa.Boolean(), nullable=False),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", _TEXT, nullable=True),
        sa.Column("held_until", _INSTANT, nullable=True),
        sa.Column("settled_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
    )
    op.create_index("ix_notifications_due", "notifications", ["due_at", "id"], **_where("status = 'pending'"))
    op.create_index("ix_notifications_lane", "notifications", ["lane"], **_where("status = 'pending'"))
    op.create_index(
        "ix_notifications_told",
        "notifications",
        ["lane", "settled_at"],
        **_where("status = 'delivered' AND collected"),
    )
    op.create_index(
        "uq_notifications_window",
        "notifications",
        ["unit", "channel", "recipient_value", "recipient_scheme", "window", "slot"],
        unique=True,
        **_where("status = 'pending' AND token IS NULL"),
    )
    op.create_table(
        "profiles",
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("hsa_id", _TEXT, nullable=False),
        sa.Column("data", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("unit", "hsa_id", name="pk_profiles"),
    )
    op.create_table(
        "programs",
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("version", _TEXT, nullable=False),
        sa.Column("data", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("unit", "key", "version", name="pk_programs"),
    )
    op.create_table(
        "purge_plans",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("data", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_purge_plans"),
    )
    op.create_table(
        "purge_progress",
        sa.Column("plan_id", _TEXT, nullable=False),
        sa.Column("enrolment_id", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=True),
        sa.Column("skipped", _TEXT, nullable=True),
        sa.PrimaryKeyConstraint("plan_id", "enrolment_id", name="pk_purge_progress"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "purge_receipts",
        sa.Column("plan_id", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("purged_at", _INSTANT, nullable=False),
        sa.Column("data", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("plan_id", name="pk_purge_receipts"),
    )
    op.create_index("ix_purge_receipts_unit", "purge_receipts", ["unit", "purged_at"])
    op.create_table(
        "staff_messages",
        sa.Column("number", _NUMBER, sa.Identity(), nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("channel", _TEXT, nullable=False),
        sa.Column("recipient", _TEXT, nullable=False),
        sa.Column("template", _TEXT, nullable=False),
        sa.Column("link", _TEXT, nullable=False),
        sa.Column("sent_at", _INSTANT, nullable=False),
        sa.Column("fetched_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_staff_messages"),
    )
    op.create_index(
        "ix_staff_messages_waiting", "staff_messages", ["channel", "number"], **_where("fetched_at IS NULL")
    )
    op.create_index("uq_staff_messages_key", "staff_messages", ["channel", "key"], unique=True)
    op.create_table(
        "documents",
        sa.Column("enrolment_id", _TEXT, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("content", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "seq", name="pk_documents"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name="fk_documents_enrolment_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notification_causes",
        sa.Column("notification_id", _TEXT, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("enrolment_id", _TEXT, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("conversation", sa.Integer(), nullable=True),
        sa.Column("message", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("notification_id", "place", name="pk_notification_causes"),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notifications.id"], name="fk_notification_causes_notification_id"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_notification_causes_enrolment_id", "notification_causes", ["enrolment_id"])
    op.create_table(
        "purge_plan_items",
        sa.Column("plan_id", _TEXT, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("enrolment_id", _TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=False),
        sa.Column("last_entry_at", _INSTANT, nullable=False),
        sa.Column("exported", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "place", name="pk_purge_plan_items"),
        sa.ForeignKeyConstraint(["plan_id"], ["purge_plans.id"], name="fk_purge_plan_items_plan_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "timeline",
        sa.Column("enrolment_id", _TEXT, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("shape", sa.Integer(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("data", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "seq", name="pk_timeline"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name="fk_timeline_enrolment_id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Refuse: dropping the first schema would delete every record."""
    raise NotImplementedError("the first schema is not taken away again")
