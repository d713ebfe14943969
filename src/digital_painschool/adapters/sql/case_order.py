"""The pages of the caseload in SQL: a statement for each order, for open and ended enrolments, own and the unit's."""

from enum import Enum
from itertools import product
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

from digital_painschool.adapters.sql.column_types import Instant, StrictBoolean
from digital_painschool.adapters.sql.schema import ENDED, NOT_ENDED, WITHDRAWN, enrolments
from digital_painschool.domain.enrolment import Phase
from digital_painschool.ports.storage import NO_INSTANT, CaseSort

_e = enrolments.c
PRIORITY, FLAGGED, QUIET = 0, 1, 2
"""The ranks: rows with a priority flag, with any flag, without one."""

IS_ENDING = _e.access_until <= bindparam("now", type_=Instant())
FLAG_RANK = case(
    (_e.priority, PRIORITY),
    (or_(_e.unread_forms > 0, _e.unread_messages > 0, _e.done, _e.undelivered > 0, _e.handed_over, IS_ENDING), FLAGGED),
    else_=QUIET,
)
"""The rank of an open enrolment."""
_OLDEST_FLAG = case(
    (and_(IS_ENDING, or_(_e.waiting_since.is_(None), _e.access_until < _e.waiting_since)), _e.access_until),
    else_=_e.waiting_since,
)
_SEEN = func.coalesce(_e.last_seen_at, _e.started_at, type_=Instant())
QUIET_SINCE = case((_e.reactivated_at > _SEEN, _e.reactivated_at), else_=_SEEN)
"""As `quiet_since` has it."""
_IS_ACTIVE: ColumnElement[Any] = _e.phase == Phase.ACTIVE.value
_IS_OPEN_ENDED = bindparam("open_ended", type_=StrictBoolean())
IS_SILENT = and_(
    _IS_ACTIVE, or_(not_(IS_ENDING), _IS_OPEN_ENDED), QUIET_SINCE < bindparam("seen_before", type_=Instant())
)
"""As `AttentionLimits.silent_since` has it for an open enrolment; NULL where no limit is set."""
ENDS_SOON = and_(
    not_(and_(_IS_ACTIVE, _IS_OPEN_ENDED)),
    not_(IS_ENDING),
    _e.access_until < bindparam("ends_before", type_=Instant()),
)
"""As `AttentionLimits.ends_soon` has it for an open enrolment; NULL where no limit is set."""


class readable_instant(ColumnElement[Any]):  # noqa: N801 - reads as an SQL function
    """An instant, or NULL where a stored one cannot be read: a damaged row has a position too."""

    inherit_cache = False
    type = Instant()

    def __init__(self, instant: ColumnElement[Any]) -> None:
        self.instant = instant


@compiles(readable_instant, "sqlite")
def _readable_on_sqlite(element: readable_instant, compiler: SQLCompiler, **kw: Any) -> str:
    # The days are those from 1900 to 9000. `julianday` reads text of other forms too, which does not sort like time.
    instant, form = compiler.process(element.instant, **kw), f"{'_' * 10}T{'_' * 15}Z"
    days = f"julianday({instant}) BETWEEN 2415020.5 AND 5008607"
    return f"CASE WHEN {instant} LIKE '{form}' AND {days} THEN {instant} END"


@compiles(readable_instant, "postgresql")
def _readable_on_postgresql(element: readable_instant, compiler: SQLCompiler, **kw: Any) -> str:
    instant = compiler.process(element.instant, **kw)
    return f"CASE WHEN {instant} BETWEEN '1900-01-02 UTC' AND '8999-12-31 UTC' THEN {instant} END"


def of_unit(statement: Select[Any], *, own: bool) -> Select[Any]:
    """Return a statement for the rows of a unit, or of one of its therapists."""
    return statement.where(_e.unit == bindparam("unit"), *[_e.therapist == bindparam("therapist")] * own)


_SHOWN = (
    *("id", "person_scheme", "person_value", "therapist", "program", "program_version", "phase"),
    *("started_at", "access_until", "reviewed_at", "last_seen_at", "reactivated_at"),
    *("unread_forms", "unread_messages", "done", "undelivered", "handed_over", "priority", "waiting_since"),
)
"""The columns of a page's rows, after rank and instant."""
_TYPES: dict[str, TypeEngine[Any]] = {
    **dict.fromkeys(("rank", "lowest", "highest", "limit"), Integer()),
    **dict.fromkeys(("id", "phase", "program"), _e.id.type),
    "instant": Instant(),
    **dict.fromkeys(("silent", "ends_soon"), StrictBoolean()),
}
_NOTHING: ColumnElement[Any] = cast(null(), Instant())
_ORDERS: dict[CaseSort, tuple[ColumnElement[Any], ColumnElement[Any]]] = {
    CaseSort.PRIORITY: (FLAG_RANK, _OLDEST_FLAG),
    CaseSort.OLDEST_FLAG: (case((FLAG_RANK < QUIET, 0), else_=1), _OLDEST_FLAG),
    CaseSort.LAST_SEEN: (case((_e.last_seen_at.is_(None), 0), else_=1), _e.last_seen_at),
    CaseSort.START: (literal_column("0", Integer), _e.started_at),
    CaseSort.SILENCE: (case((IS_SILENT, 0), else_=1), QUIET_SINCE),
    CaseSort.END: (case((ENDS_SOON, 0), else_=1), _e.access_until),
    CaseSort.ID: (literal_column("0", Integer), _NOTHING),
}
"""The rank and the instant of an open enrolment, by the order."""
_ORDERS_OF_ENDED = {
    **_ORDERS,
    CaseSort.PRIORITY: (literal_column(str(QUIET), Integer), _NOTHING),
    CaseSort.OLDEST_FLAG: (literal_column("1", Integer), _NOTHING),
    CaseSort.SILENCE: (literal_column("1", Integer), QUIET_SINCE),
    CaseSort.END: (literal_column("1", Integer), _e.access_until),
}


def _bounds(column: ColumnElement[Any], name: str) -> list[ColumnElement[bool]]:
    first, end = (bindparam(f"{name}_{which}", type_=Instant()) for which in ("from", "before"))
    return [or_(first.is_(None), column >= first), or_(end.is_(None), column < end)]


class Filter(Enum):
    """The conditions of a page, besides unit and therapist."""

    NONE = "none"
    """None at all, not even where the page begins: the first page of a list, which is drawn most."""
    STORED = "stored"
    """On stored columns; one whose parameter is NULL holds for every row."""
    ATTENTION = "attention"
    """Also on silence and on coming ends (D-17b)."""


def _page(sort: CaseSort, *, ended: bool, own: bool, filtered: Filter) -> Select[Any]:
    rank, instant = (_ORDERS_OF_ENDED if ended else _ORDERS)[sort]
    flag_rank = literal_column(str(QUIET), Integer) if ended else FLAG_RANK
    judged = {"silent": IS_SILENT, "ends_soon": ENDS_SOON} if filtered is Filter.ATTENTION else {}
    conditions = [(false() if ended else func.coalesce(one, false())).label(name) for name, one in judged.items()]
    positions = (rank.label("rank"), instant.label("stored"), flag_rank.label("flag_rank"), *conditions)
    listed = and_(ENDED, not_(WITHDRAWN)) if ended else NOT_ENDED
    rows = of_unit(select(*positions, *enrolments.c).where(listed), own=own).subquery("cases")
    case_, typed = rows.c, {name: bindparam(name, type_=type_) for name, type_ in _TYPES.items()}
    found = func.coalesce(readable_instant(case_.stored), literal(NO_INSTANT, Instant()), type_=Instant())
    position = (case_.rank, found, case_.id)
    filters = (
        tuple_(*position) > tuple_(typed["rank"], typed["instant"], typed["id"]),
        case_.flag_rank.between(typed["lowest"], typed["highest"]),
        case_.phase == func.coalesce(typed["phase"], case_.phase),
        case_.program == func.coalesce(typed["program"], case_.program),
        *_bounds(func.coalesce(case_.reviewed_at, case_.started_at, type_=Instant()), "reviewed"),
        *_bounds(case_.last_entry_at, "changed"),
        *(case_[name] == func.coalesce(typed[name], case_[name]) for name in judged),
    )
    page = select(case_.rank, found, *(case_[column] for column in _SHOWN))
    # By id alone, PostgreSQL would rather go through the enrolments of all units in their order.
    if filtered is not Filter.NONE or instant is _NOTHING:
        page = page.where(*filters)
    return page.order_by(*position).limit(typed["limit"])


PAGES = {
    (sort, ended, own, filtered): _page(sort, ended=ended, own=own, filtered=filtered)
    for sort, ended, own, filtered in product(CaseSort, (False, True), (False, True), Filter)
}
"""The statement of a page, by the order, whether the enrolments have ended, whether they are a therapist's own, and the
conditions."""
