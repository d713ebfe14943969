"""The tables of no enrolment: the inbox and messages to staff, adapters of their own, and the delivery workers."""

from typing import Any

from sqlalchemy import Column, Identity, Index, MetaData, Table, literal_column
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.column_types import Instant, SequenceNumber, Text
from digital_painschool.adapters.sql.constraints import NAMING, partial_index

METADATA = MetaData(naming_convention=NAMING)
"""The tables of this file; `schema` adds its own."""

notices = Table(
    "notices",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("person_scheme", Text, nullable=False),
    Column("person_value", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("delivered_at", Instant, nullable=False),
    Column("language", Text, nullable=False, server_default="sv"),
)
Index("ix_notices_person", notices.c.person_value, notices.c.person_scheme)

messages = Table(
    "staff_messages",
    METADATA,
    Column("number", SequenceNumber, Identity(), primary_key=True),
    Column("key", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("fetched_at", Instant),
    Column("language", Text, nullable=False, server_default="sv"),
)
Index("uq_staff_messages_key", messages.c.channel, messages.c.key, unique=True)
WAITING: ColumnElement[Any] = literal_column("fetched_at IS NULL")
partial_index("ix_staff_messages_waiting", messages.c.channel, messages.c.number, where=WAITING)

delivery_workers = Table(
    "delivery_workers",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("seen_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)
