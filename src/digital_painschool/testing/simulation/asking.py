"""The calls of desks: each answer, and each refusal, is compared with the expected one."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from digital_painschool.application.caseload import Case, CasePage
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import NotPermitted, PainSchoolError, Reason, RuleViolation
from digital_painschool.ports.storage import load_enrolment, load_notifications
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.simulation.scene import Scene

T = TypeVar("T")


def ask(
    scene: Scene,
    by: str,
    call: partial[T],
    about: ReferenceEnrolment | None = None,
    refusal: Refusal | None = None,
    *,
    name: str = "",
    law: Law = Law.REFUSED_CHANGES_NOTHING,
) -> T | None:
    """Call a desk, and compare its answer or refusal with the expected one.

    Args:
        scene: The unit.
        by: The HSA-id of the caller, or `"patient"`.
        call: A method of a desk, with its arguments.
        about: The enrolment that it concerns.
        refusal: The expected refusal; None when the call must succeed.
        name: The name under which it is counted; left out, that of the method.
        law: The law that is broken when it is done, or refused, wrongly.

    Returns:
        The answer of the desk; None when it was refused, or should have been.
    """
    id_ = None if about is None else about.id
    desk = getattr(call.func, "__self__", None)
    name = name or f"{type(desk).__name__}.{call.func.__name__}"
    scene.figures.steps[name] += 1
    scene.figures.by_day["patients" if by == "patient" else "staff", scene.figures.day(scene.now)] += 1
    before = stored(scene, about) if refusal is not None else None
    try:
        answer = call()
    except PainSchoolError as error:
        found: Refusal = error.reason if isinstance(error, RuleViolation) else type(error)
        scene.figures.refused[name] += 1
        if found is not refusal:
            broken = _law_of(found, law if isinstance(error, RuleViolation) else Law.NOTHING_UNFORESEEN)
            scene.find(broken, id_, f"{name}: refused with {_name(found)}, expected {_name(refusal)}")
        if refusal is not None and before != stored(scene, about):
            scene.find(Law.REFUSED_CHANGES_NOTHING, id_, f"{name}: refused, and something was changed")
        is_hidden = about is not None and about.is_withdrawn and not about.purged
        if isinstance(error, (NotPermitted, RuleViolation)) or is_hidden:
            scene.refusals.append((scene.now, by))
        return None
    if refusal is None:
        return answer
    scene.find(_law_of(refusal, law), id_, f"{name}: done, expected {_name(refusal)}")
    return None


def walk(scene: Scene, by: HsaId, list_page: Callable[..., CasePage], limit: int) -> list[Case] | None:
    """Return all rows of a caseload, page by page, each as it was shown last; None when it was refused."""
    rows: list[Case] = []
    after: str | None = None
    while (page := ask(scene, by, partial(list_page, after, limit=limit))) is not None:
        rows += page.rows
        after = page.next
        if after is None:
            return _as_shown_last(rows)
    return None


def stored(scene: Scene, about: ReferenceEnrolment | None) -> object:
    """Return all that is stored of an enrolment."""
    state = None if about is None else load_enrolment(scene.storage, about.id)
    if about is None or state is None:
        return None
    timeline = scene.storage.load_timelines([about.id])
    return state, timeline, load_notifications(scene.storage, about.id)


def _as_shown_last(rows: list[Case]) -> list[Case]:
    repeated = [row for row in rows if row.repeated]
    if not repeated:
        return rows
    last = {row.enrolment_id: row for row in rows}
    return sorted(last.values(), key=lambda row: (row.rank, row.waiting_since or row.started_at, row.enrolment_id))


def _law_of(refusal: Refusal, law: Law) -> Law:
    return Law.PERMISSIONS_HOLD if refusal is NotPermitted else law


def _name(refusal: Refusal | None) -> str:
    if refusal is None:
        return "no refusal"
    return refusal.value if isinstance(refusal, Reason) else refusal.__name__
