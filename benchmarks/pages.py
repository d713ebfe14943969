"""P4: every list that a portal draws, in regions of two sizes, beside the best query by hand for the same rows."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import frozen

from benchmarks.database import POLICY, PROGRAM
from benchmarks.measuring import Timings, calls, interleaved
from benchmarks.raw_lists import MORE, PAGE, RAW_LISTS, Raw, Values
from benchmarks.region import Size, enrolment_id, load, therapist, unit
from benchmarks.sample_data import NOW, school_on
from benchmarks.servers import database, postgresql
from benchmarks.table import Row
from digital_painschool import Actor, CaseSelection, CaseSort, PainSchool, Phase, Role
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import NotificationRecord
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage import (
    CaseQuery,
    Entry,
    Excerpt,
    load_enrolments,
    load_notifications,
    load_timeline,
)
from digital_painschool.rules.attention import attention_limits

_PLACES = 200
"""So many people are asked for in turn."""
_DONE = 7
"""Of ten patients of a therapist this one has the longest timeline."""
_NEWEST = Excerpt(newest_first=True)
_LIMITS = attention_limits(POLICY, NOW)
_DUE_BEFORE = NOW - timedelta(days=POLICY.review_after_days)


@frozen(kw_only=True)
class Place:
    """The people whose lists are drawn: a therapist at a unit, and one of the enrolments."""

    actor: Actor
    enrolment_id: EnrolmentId


Selected = tuple[CaseSelection, Mapping[str, Any]]
_MINA: Mapping[str, Selected] = {
    "Mina by priority": (CaseSelection(), {}),
    "Mina by oldest flag": (CaseSelection(sort=CaseSort.OLDEST_FLAG), {"sort": CaseSort.OLDEST_FLAG}),
    "Mina by last seen": (CaseSelection(sort=CaseSort.LAST_SEEN), {"sort": CaseSort.LAST_SEEN}),
    "Mina by start": (CaseSelection(sort=CaseSort.START), {"sort": CaseSort.START}),
    "Mina by silence": (CaseSelection(sort=CaseSort.SILENCE), {"sort": CaseSort.SILENCE, "limits": _LIMITS}),
    "Mina, silent": (CaseSelection(silent=True), {"silent": True, "limits": _LIMITS}),
    "Mina by end": (CaseSelection(sort=CaseSort.END), {"sort": CaseSort.END, "limits": _LIMITS}),
    "Mina, flagged": (CaseSelection(flagged=True), {"flagged": True}),
    "Mina, review due": (CaseSelection(review_due=True), {"reviewed_before": _DUE_BEFORE}),
    "Mina, active": (CaseSelection(phase=Phase.ACTIVE), {"phase": Phase.ACTIVE}),
    "Mina, one program": (CaseSelection(program=PROGRAM.key), {"program": PROGRAM.key}),
    "Mina, ended": (CaseSelection(ended=True), {"ended": True}),
}
"""What a desk is asked for, and what the desk asks the storage for."""

Asked = Callable[[SqlStorage, Place], Any]
Drawn = Callable[[PainSchool, Place], Any]


def _cases(**query: Any) -> Asked:
    return lambda storage, place: storage.list_caseload(
        CaseQuery(unit=place.actor.unit, therapist=place.actor.hsa_id, now=NOW, limit=MORE, **query)
    )


def _mina(show: CaseSelection) -> Drawn:
    return lambda school, place: school.therapist(place.actor).caseload(show=show, limit=PAGE)


_QUERIES: Mapping[str, Asked] = {
    **{name: _cases(**query) for name, (_, query) in _MINA.items()},
    "the unit's patients": lambda storage, place: storage.list_caseload(
        CaseQuery(unit=place.actor.unit, therapist=None, now=NOW, limit=MORE)
    ),
    "timeline": lambda storage, place: load_timeline(storage, place.enrolment_id, limit=MORE, excerpt=_NEWEST),
    "notifications": lambda storage, place: load_notifications(
        storage, place.enrolment_id, newest_first=True, limit=MORE
    ),
    "access log": lambda storage, place: storage.access_entries(place.actor.unit, limit=MORE, excerpt=_NEWEST),
}
"""The lists as the storage gives them."""

_PAGES: Mapping[str, Drawn] = {
    **{name: _mina(show) for name, (show, _) in _MINA.items()},
    "the unit's patients": lambda school, place: school.therapist(place.actor).unit_caseload(limit=PAGE),
    "timeline": lambda school, place: school.therapist(place.actor).pages.timeline(place.enrolment_id, limit=PAGE),
    "notifications": lambda school, place: school.therapist(place.actor).pages.notifications(
        place.enrolment_id, limit=PAGE
    ),
    "conversations": lambda school, place: school.therapist(place.actor).pages.conversations(
        place.enrolment_id, limit=PAGE
    ),
    "access log": lambda school, place: school.administrator(place.actor).pages.access_log(limit=PAGE),
}
"""The lists as a portal draws them: permission, state, list, values, lines of the access log."""


def measure(*, quick: bool) -> Iterable[Row]:
    """Measure the lists on SQLite and PostgreSQL, each with a small region and a large one."""
    sizes = (200, 400) if quick else (10_000, 1_000_000)
    with TemporaryDirectory(prefix="painschool-benchmark-") as folder, postgresql() as server, ExitStack() as stack:
        for kind in ("SQLite", "PostgreSQL"):
            urls = {}
            for size in sizes:
                file = Path(folder) / f"{size}.db"
                urls[size] = f"sqlite:///{file}" if kind == "SQLite" else stack.enter_context(database(server))
                load(urls[size], Size.of(size))
            yield from measure_on(kind, urls, *((2, 1) if quick else (20, 21)))


def measure_on(kind: str, urls: Mapping[int, str], number: int, rounds: int) -> Iterator[Row]:
    """Measure the lists on regions that are loaded already, by their size."""
    small, large = urls
    with ExitStack() as stack:
        regions = {size: stack.enter_context(closing(_Region(url, Size.of(size)))) for size, url in urls.items()}
        for name in _PAGES:
            jobs = {f"{what} {size}": job for size, one in regions.items() for what, job in one.jobs(name).items()}
            timings = interleaved({job: calls(call, number) for job, call in jobs.items()}, rounds)
            for what, logged in (("query", ""), ("page", ", logged")):
                if f"{what} {large}" in jobs:
                    title = f"{kind}: {name}{logged}, of {large:,} enrolments"
                    yield _row(timings, title, f"raw {what}", 1.5, f"{what} {large}", f"raw {what} {large}")
            title = f"{kind}: {name}, logged: {large:,} enrolments"
            yield _row(timings, title, f"{small:,} enrolments", 2, f"page {large}", f"page {small}")


def _row(timings: Timings, what: str, beside: str, wanted: float, ours: str, theirs: str) -> Row:
    return Row.timed(timings, ours, theirs, aim="P4", what=what, beside=beside, wanted=wanted, at_most=True)


class _Region:
    """A region that is loaded, and its lists by the library and by hand."""

    def __init__(self, url: str, size: Size) -> None:
        self._storage = SqlStorage(url)
        self._school = school_on(self._storage, lambda: NOW)
        self._raw = Raw(url)
        self._places = list(_places(size))
        id_ = self._places[0].enrolment_id
        (conversation,) = load_enrolments(self._storage, [id_])[id_].conversations
        self._heading = conversation.heading

    def close(self) -> None:
        """Close it."""
        self._raw.close()
        self._school.close()

    def jobs(self, name: str) -> dict[str, Callable[[], object]]:
        """Return the ways to a list: by the storage and by the desk, and each by hand.

        Raises:
            RuntimeError: They show other rows.
        """
        raw, drawn, asked = RAW_LISTS[name], _PAGES[name], _QUERIES.get(name)
        values = [self._values(place) for place in self._places]
        if asked is not None:
            ids = [_id_of(row) for row in asked(self._storage, self._places[0])]
            if not ids or ids != [row[raw.id_column] for row in self._raw.rows(raw.query, values[0])]:
                raise RuntimeError(f"{name} by hand shows other rows")
        for one in values:  # otherwise whichever comes first would wait for the disk, and the other one find all there
            self._raw.rows(raw.query, one)
        # Whoever comes second to the same rows would find them in memory: by hand, half of the places are between.
        half = len(values) // 2
        places, by_hand = cycle(self._places), cycle(values[half:] + values[:half])
        jobs: dict[str, Callable[[], object]] = {
            "page": lambda: drawn(self._school, next(places)),
            "raw page": lambda: self._raw.page(raw, next(by_hand)),
        }
        if asked is not None:
            jobs["query"] = lambda: asked(self._storage, next(places))
            jobs["raw query"] = lambda: self._raw.rows(raw.query, next(by_hand))
        return jobs

    def _values(self, place: Place) -> Values:
        return {
            "unit": str(place.actor.unit),
            "therapist": str(place.actor.hsa_id),
            "enrolment_id": place.enrolment_id,
            "now": self._raw.instant(NOW),
            "due_before": self._raw.instant(_DUE_BEFORE),
            "seen_before": self._raw.instant(_LIMITS.seen_before),
            "ends_before": self._raw.instant(_LIMITS.ends_before),
            "program": PROGRAM.key,
            "heading": self._heading,
            "more": MORE,
        }


def _id_of(row: Any) -> object:
    """Return the id, or the number, of a row as the storage gives it."""
    if isinstance(row, tuple):
        return row[0]
    if isinstance(row, NotificationRecord):
        return row.notification.id
    return row.seq if isinstance(row, Entry) else row.enrolment_id


def _places(size: Size) -> Iterator[Place]:
    for number in random.Random(4).sample(range(size.therapists), min(size.therapists, _PLACES)):
        yield Place(
            actor=Actor(
                hsa_id=HsaId(therapist(number)),
                unit=HsaId(unit(number % size.units)),
                roles={Role.THERAPIST, Role.PATIENT_ADMINISTRATOR, Role.DATA_ADMINISTRATOR},
            ),
            enrolment_id=EnrolmentId(enrolment_id(number + _DONE * size.therapists)),
        )
