"""The table of the channels' latest slots."""

from sqlalchemy import Column, Integer, Table

from digital_painschool.adapters.sql.column_types import Instant, Text
from digital_painschool.adapters.sql.message_tables import METADATA

paces = Table(
    "paces",
    METADATA,
    Column("channel", Text, primary_key=True),
    Column("latest_at", Instant, nullable=False),
    Column("in_round", Integer, nullable=False),
    sqlite_with_rowid=False,
)
