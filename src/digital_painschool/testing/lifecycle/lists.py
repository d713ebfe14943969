"""Law 8 for lists in pages: whatever the size of the page, a walk shows the whole list, each entry once, and ends."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.application.caseload import CaseSelection
from digital_painschool.domain.events import MessageSent
from digital_painschool.domain.people import HsaId, Role
from digital_painschool.ports.storage import CaseSort, list_exports, load_notifications, load_timeline
from digital_painschool.testing.lifecycle.base import ENROLMENT, MachineBase, during
from digital_painschool.testing.lifecycle.schools import unchanged_violations
from digital_painschool.testing.people import staff
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.flags import ends_on, silent_since
from digital_painschool.testing.reference.laws import Law, LawViolation, require, unequal, unless
from digital_painschool.testing.scenario import Scenario

_LAW, _UNREAD = Law.STORAGES_AGREE, Law.UNREAD_IS_SAVED_LESS_READ
_MOST = 2
"""So many times in a history; it is much work."""
_ALL = 1_000_000
_MOST_PAGES = 2_000
"""A walk that has more pages does not end."""


class Lists(MachineBase):
    """Walks through all lists of an enrolment, and through its unit's access log."""

    def __init__(self) -> None:
        super().__init__()
        self._walks = 0

    @rule(enrolment=ENROLMENT, limit=st.sampled_from([1, 2, 7, 500]), newest_first=st.booleans())
    @during("treatment", "messages", "records")
    @precondition(lambda self: self._walks < _MOST)
    def walk(self, enrolment: int, limit: int, newest_first: bool) -> None:  # noqa: FBT001 - it is drawn
        """Read the lists page by page; that changes nothing."""
        self._walks += 1
        of = self.nth(enrolment)
        if of.purged:
            return
        before = self.asked.snapshot()
        for place, school in enumerate(self.asked.all):
            require(_violations(school, of, limit, newest_first=newest_first))
            require(_attention_violations(school, self.model.school.stored(of.unit), of.unit, limit))
            self.asked.read_log(place)
        require(unchanged_violations(before, self.asked.snapshot(), "lists were read"))


def _violations(school: Scenario, of: ReferenceEnrolment, limit: int, *, newest_first: bool) -> Iterator[LawViolation]:
    id_, storage = of.id, school.storage
    desk = school.school.therapist(of.therapist_actor).pages
    office = school.school.administrator(staff(4, Role.DATA_ADMINISTRATOR, unit=of.unit)).pages
    order: dict[str, Any] = {"newest_first": newest_first}
    timeline = load_timeline(storage, id_)
    walks: Sequence[tuple[str, Callable[[], Sequence[object]], Callable[..., Any]]] = (
        ("the timeline", lambda: timeline, partial(desk.timeline, id_, limit=limit, **order)),
        (
            "what the patient did",
            lambda: [entry for entry in timeline if entry.event.by == "patient"],
            partial(desk.timeline, id_, by="patient", limit=limit, **order),
        ),
        (
            "the notifications",
            lambda: load_notifications(storage, id_),
            partial(desk.notifications, id_, limit=limit, **order),
        ),
        (
            "the access log",
            lambda: storage.access_entries(of.unit, limit=_ALL),
            partial(office.access_log, limit=50 * min(limit, 10), **order),
        ),
        (
            "the exports",
            lambda: list_exports(storage, of.unit, newest_first=False, limit=_ALL),
            partial(office.exports, limit=limit, **order),
        ),
        (
            "the purge plans",
            lambda: storage.list_plans(of.unit, newest_first=False, limit=_ALL),
            partial(office.plans, limit=limit, **order),
        ),
        (
            "the access log of one enrolment",
            lambda: storage.access_entries(of.unit, enrolment_id=id_, limit=_ALL),
            partial(office.access_log, enrolment_id=id_, limit=20 * min(limit, 10), **order),
        ),
    )
    for what, rows, page in walks:
        whole = rows()  # asked for now: each walk adds to the access log
        expected = [*reversed(whole)] if newest_first else [*whole]
        yield from unequal(_LAW, expected, walked(page), f"{what} in pages", id_)
    last = {entry.event.conversation: entry.seq for entry in timeline if isinstance(entry.event, MessageSent)}
    shown = [view.number for view in walked(partial(desk.conversations, id_, limit=limit))]
    yield from unequal(_LAW, sorted(last, key=lambda number: -last[number]), shown, "conversations by activity", id_)


def _attention_violations(
    school: Scenario, models: Iterable[ReferenceEnrolment], unit: HsaId, limit: int
) -> Iterator[LawViolation]:
    """Check the lists of the silent and of the coming ends: their rows, and both orders. Rule: D-17b."""
    desk, now = school.school.therapist(staff(3, Role.PATIENT_ADMINISTRATOR, unit=unit)), school.now
    here = [one for one in models if one.is_open]
    silent = {one.id: silent_since(one, now) is not None for one in here}
    soon = {one.id: ends_on(one, now) is not None for one in here}
    for chosen in (True, False):
        for shown, expected in (
            (CaseSelection(silent=chosen), {id_ for id_ in silent if silent[id_] is chosen}),
            (CaseSelection(ends_soon=chosen), {id_ for id_ in soon if soon[id_] is chosen}),
        ):
            rows = walked(partial(desk.unit_caseload, limit=limit, show=shown))
            yield from unequal(_UNREAD, expected, {row.enrolment_id for row in rows}, f"the list of {shown}")
    orders = {
        CaseSort.SILENCE: lambda one: (not silent[one.id], one.quiet_since, one.id),
        CaseSort.END: lambda one: (not soon[one.id], one.access_until, one.id),
    }
    for sort, key in orders.items():
        found = [row.enrolment_id for row in desk.unit_caseload(limit=500, show=CaseSelection(sort=sort)).rows]
        yield from unequal(_UNREAD, [one.id for one in sorted(here, key=key)], found, f"the order {sort}")


def walked(page: Callable[[str | None], Any]) -> list[Any]:
    """Return the rows of all pages of a list."""
    rows: list[Any] = []
    cursor = None
    for _ in range(_MOST_PAGES):
        shown = page(cursor)
        rows += shown.rows
        cursor = shown.next
        if cursor is None:
            return rows
    require(unless(False, _LAW, "a walk through a list does not end"))
    return rows
