"""The calls of P2 and P3 on SQLAlchemy's ORM."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    UniqueConstraint,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.types import TypeDecorator

from benchmarks.database import MESSAGE, PROGRAM, SHORT_ANSWERS, SHORT_FORM
from benchmarks.host_service import (
    CONVERSATION,
    ENTRIES_OF_A_START,
    THERAPIST,
    UNIT,
    next_forenoon,
    require_fillable,
    require_writable,
)
from benchmarks.same_rules import Answers

_ID = BigInteger().with_variant(Integer, "sqlite")


class _Instant(TypeDecorator[datetime]):
    """An instant, which SQLite keeps without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base's signature
        """Return the instant in UTC."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class _Base(DeclarativeBase):
    type_annotation_map = {datetime: _Instant, dict[str, Any]: JSON}  # noqa: RUF012 - as it is documented


class Treatment(_Base):
    """A treatment with its counts; its version is checked at each update."""

    __tablename__ = "treatment"
    id: Mapped[int] = mapped_column(_ID, primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    person: Mapped[str] = mapped_column(index=True)
    unit: Mapped[str]
    therapist: Mapped[str] = mapped_column(index=True)
    program: Mapped[str]
    phase: Mapped[str]
    started_at: Mapped[datetime]
    access_until: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]
    unread_forms: Mapped[int] = mapped_column(default=0)
    unread_messages: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[datetime | None]
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012 - as it is documented


class Submission(_Base):
    """A submission of a form, with its answers."""

    __tablename__ = "submission"
    id: Mapped[int] = mapped_column(_ID, primary_key=True)
    treatment: Mapped[int] = mapped_column(ForeignKey("treatment.id"), index=True)
    form: Mapped[str]
    number: Mapped[int]
    answers: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("treatment", "form", "number"),)


class Conversation(_Base):
    """A conversation, with the number of its messages."""

    __tablename__ = "conversation"
    treatment: Mapped[int] = mapped_column(ForeignKey("treatment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    heading: Mapped[str]
    messages: Mapped[int]


class Message(_Base):
    """A message."""

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(_ID, primary_key=True)
    treatment: Mapped[int] = mapped_column(ForeignKey("treatment.id"), index=True)
    conversation: Mapped[int]
    number: Mapped[int]
    author: Mapped[str]
    text: Mapped[str]
    sent_at: Mapped[datetime]


class Entry(_Base):
    """An entry of the timeline."""

    __tablename__ = "entry"
    treatment: Mapped[int] = mapped_column(ForeignKey("treatment.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    data: Mapped[dict[str, Any]]


class Access(_Base):
    """A line of the access log."""

    __tablename__ = "access"
    id: Mapped[int] = mapped_column(_ID, primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]
    unit: Mapped[str] = mapped_column(index=True)
    action: Mapped[str]
    treatment: Mapped[int]
    person: Mapped[str]
    granted: Mapped[bool]


class Notification(_Base):
    """A notification that waits for its forenoon."""

    __tablename__ = "notification"
    id: Mapped[int] = mapped_column(_ID, primary_key=True)
    treatment: Mapped[int] = mapped_column(ForeignKey("treatment.id"), index=True)
    recipient: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[str]


class SqlalchemyHost:
    """The service on SQLAlchemy's ORM.

    Args:
        url: The database's URL, with the driver.
        synchronous: How durable SQLite is to be; None for another database.
        create: Whether the tables are made.
    """

    def __init__(self, url: str, *, synchronous: str | None = None, create: bool = True) -> None:
        self._engine = create_engine(url)
        if synchronous is not None:
            event.listen(self._engine, "connect", lambda connection, _: _settle(connection, synchronous))
        if create:
            _Base.metadata.create_all(self._engine)
        self._session = sessionmaker(self._engine, expire_on_commit=False)

    def close(self) -> None:
        self._engine.dispose()

    def start(self, number: str, at: datetime) -> int:
        with self._session.begin() as session:
            treatment = Treatment(
                version=1,
                person=number,
                unit=UNIT,
                therapist=THERAPIST,
                program=PROGRAM.key,
                phase="active",
                started_at=at,
                access_until=at.replace(year=at.year + 1),
            )
            session.add(treatment)
            session.flush()
            id_ = treatment.id
            session.add_all(
                [
                    Submission(treatment=id_, form=SHORT_FORM, number=1, answers=SHORT_ANSWERS, saved_at=at),
                    Conversation(treatment=id_, number=CONVERSATION, heading="", messages=1),
                    Message(treatment=id_, conversation=1, number=1, author="therapist", text=MESSAGE, sent_at=at),
                ]
            )
            session.add_all(
                Entry(treatment=id_, seq=seq, kind="Started", at=at, by=THERAPIST, data={})
                for seq in range(1, ENTRIES_OF_A_START + 1)
            )
        return id_

    def save_form(self, treatment: int, person: str, form: str, answers: Answers, at: datetime) -> None:
        with self._session.begin() as session:
            found = session.get_one(Treatment, treatment)
            is_own = found.person == person
            require_fillable(
                is_own=is_own, phase=found.phase, access_until=found.access_until, form=form, answers=answers, at=at
            )
            saved = select(func.count()).where(Submission.treatment == treatment, Submission.form == form)
            number = session.scalars(saved).one() + 1
            session.add(Submission(treatment=treatment, form=form, number=number, answers=dict(answers), saved_at=at))
            found.unread_forms += 1
            found.last_seen_at = at
            found.waiting_since = found.waiting_since or at
            _note(session, found, "FormSaved", "patient", "save-form", at, {"form": form, "number": number})

    def write(self, treatment: int, therapist: str, text: str, at: datetime) -> None:
        with self._session.begin() as session:
            found = session.get_one(Treatment, treatment)
            is_own = found.unit == UNIT
            require_writable(is_own=is_own, phase=found.phase, access_until=found.access_until, text=text, at=at)
            conversation = session.get_one(Conversation, (treatment, CONVERSATION))
            conversation.messages += 1
            number = conversation.messages
            session.add_all(
                [
                    Message(
                        treatment=treatment,
                        conversation=CONVERSATION,
                        number=number,
                        author="therapist",
                        text=text,
                        sent_at=at,
                    ),
                    Notification(
                        treatment=treatment, recipient=found.person, due_at=next_forenoon(at), status="pending"
                    ),
                ]
            )
            facts = {"conversation": CONVERSATION, "number": number}
            _note(session, found, "MessageSent", therapist, "write-message", at, facts)


def _note(
    session: Session, treatment: Treatment, kind: str, by: str, action: str, at: datetime, data: Mapping[str, Any]
) -> None:
    seq = ENTRIES_OF_A_START + treatment.version
    treatment.version += 1
    line = Access(
        at=at, by=by, unit=treatment.unit, action=action, treatment=treatment.id, person=treatment.person, granted=True
    )
    session.add_all([Entry(treatment=treatment.id, seq=seq, kind=kind, at=at, by=by, data=dict(data)), line])


def _settle(connection: Any, synchronous: str) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
