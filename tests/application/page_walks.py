"""A school whose lists are longer than a page, and the walk through the pages of a list."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.testing.environment import PortsFactory, in_memory
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, BO
from digital_painschool.testing.scenario import Scenario

E = EnrolmentId("e-0001")
Paged = Callable[..., Any]
"""A call that returns a page; a cursor is its first argument."""


def written_in(ports_factory: PortsFactory = in_memory) -> Scenario:
    """Return a school where Anna saves a form, writes and is answered six times; Bo is another patient."""
    school = Scenario(ports_factory)
    school.start(ANNA)
    school.start(BO)
    for number in range(6):
        school.advance(minutes=1)
        school.room.save_form(E, PAIN, {"smarta": number})
        school.room.write(E, f"Hej {number}", conversation=None if number < 3 else number - 2)
        school.advance(minutes=1)
        school.desk.write(E, 1, f"Svar {number}", notify=Notify.DIRECT)
        school.desk.review(E)
    return school


def pages(page: Paged, cursor: str | None = None, **filters: Any) -> Iterator[Any]:
    """Yield the pages of a walk, from a cursor on."""
    while True:
        shown = page(cursor, **filters)
        yield shown
        cursor = shown.next
        if cursor is None:
            return


def walked(page: Paged, **filters: Any) -> list[Any]:
    """Return the rows of all pages of a walk."""
    return [row for shown in pages(page, **filters) for row in shown.rows]


def timeline(school: Scenario) -> Paged:
    """Return the timeline's pages."""
    return partial(school.desk.pages.timeline, E)
