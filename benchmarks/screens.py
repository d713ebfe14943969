"""What each screen of the manual costs: the calls that draw it, the lines in the access log, and the time.

    python -m benchmarks.screens

It prints the table of docs/how-to/portal.md, whose calls and lines a test compares with what is really called and
written. Each screen is drawn once for every chosen patient, so that what a first reading changes is part of the time.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import count, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from attrs import define, field, frozen

from benchmarks.database import SHORT_FORM
from benchmarks.region import Size, enrolment_id, load, therapist, unit
from benchmarks.sample_data import LIVES, NOW, USUAL, school_on
from benchmarks.servers import database, postgresql
from digital_painschool import Actor, PainSchool, Role
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage import Excerpt, Storage

PAGE = 50
SIZE = Size(enrolments=10_000, therapists=200, units=20)
"""Twenty units of ten therapists: each has forty open enrolments, and ten that have ended."""
ONE_UNIT = Size(enrolments=500, therapists=10, units=1)
"""One of these units alone: its screens show the same."""
_NEWEST = Excerpt(newest_first=True)
_THERAPISTS, _MIDWAY = 3, LIVES["midway"][0]
"""How many of a unit's therapists draw each screen, and how many of their ten patients are midway: for these."""


@define
class Noted:
    """A desk that notes which of its calls are made.

    Args:
        desk: The desk, or its `pages`.
        name: What it is called in the documents.
        calls: What was called, each once, in order.
    """

    desk: Any
    name: str
    calls: dict[str, None] = field(factory=dict)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.desk, name)
        if name == "pages":
            return Noted(found, f"{self.name}.pages", self.calls)
        self.calls[f"{self.name}.{name}"] = None
        return found


@frozen(kw_only=True)
class Visit:
    """The people in front of the screens, and the patient whom they see or are.

    Args:
        desk: The therapist's desk.
        manager: The desk of the unit's patient administrator.
        office: The data administrator's desk.
        room: The patient's desk.
        id: The enrolment.
        number: The patient's number.
        plan: A plan of a purge.
        folder: Where an export may be written.
    """

    desk: Any
    manager: Any
    office: Any
    room: Any
    id: EnrolmentId
    number: str
    plan: PlanId
    folder: Path

    @property
    def calls(self) -> tuple[str, ...]:
        """The calls that were made, each once."""
        desks = (self.desk, self.manager, self.office, self.room)
        return tuple(dict.fromkeys(call for desk in desks for call in desk.calls))


def _hantera(v: Visit) -> object:
    return v.desk.patient_page(v.id)


def _answers(v: Visit) -> None:
    found = v.desk.form_answers(v.id, SHORT_FORM)
    v.desk.mark_read(v.id, SHORT_FORM, up_to=len(found.submissions), opened=True)


SCREENS: Mapping[str, Callable[[Visit], object]] = {
    "Mina": lambda v: (v.desk.caseload(limit=PAGE), v.desk.counts()),
    "the unit's patients": lambda v: (v.manager.unit_caseload(limit=PAGE), v.manager.unit_counts()),
    "Starta nytt moment": lambda v: (v.desk.programs(), v.desk.identify(v.number)),
    "Hantera": _hantera,
    "a module, as staff read it": lambda v: (v.desk.patient_page(v.id), v.desk.program(v.id)),
    "formulärsvar": _answers,
    "Meddelande": lambda v: v.desk.pages.conversations(v.id, limit=PAGE),
    "Meddelande, a new conversation": lambda v: (v.desk.limits(), v.desk.patient_page(v.id)),
    "Meddelande, a conversation": lambda v: (v.desk.limits(), v.desk.pages.messages(v.id, 1, limit=PAGE)),
    "Tidslinje": lambda v: (
        v.desk.pages.timeline(v.id, limit=PAGE),
        v.desk.pages.notifications(v.id, limit=PAGE),
    ),
    "Vidmakthåll": _hantera,
    "Avsluta": _hantera,
    "Min profil": lambda v: v.desk.profile(),
    "gallring": lambda v: (
        v.office.pages.plans(limit=PAGE),
        v.office.pages.exports(limit=PAGE),
        v.office.overdue(),
    ),
    "export": lambda v: v.office.export(v.folder),
    "gallring, a new plan": lambda v: v.office.plan_purge(),
    "gallring, a plan": lambda v: v.office.plan(v.plan),
    "logg": lambda v: v.office.pages.access_log(limit=PAGE),
    "the patient's programs": lambda v: v.room.enrolments(),
    "the patient's modules": lambda v: v.room.overview(v.id),
    "a page": lambda v: (v.room.read_page(v.id, 1, 1), v.room.overview(v.id)),
    "a form": lambda v: (v.room.form_page(v.id, SHORT_FORM), v.room.overview(v.id)),
    "the patient's own answers": lambda v: (v.room.form_answers(v.id, SHORT_FORM), v.room.overview(v.id)),
    "the patient's inbox": lambda v: (v.room.pages.conversations(v.id, limit=PAGE), v.room.overview(v.id)),
    "the patient's messages": lambda v: (
        v.room.pages.messages(v.id, 1, limit=PAGE),
        v.room.overview(v.id),
    ),
}
"""The screens, and how each is drawn: as `examples/portal` does."""


@frozen
class Drawn:
    """A screen that was drawn: by which calls, with which lines of the access log, and in how many seconds."""

    screen: str
    calls: tuple[str, ...]
    lines: Mapping[str, int]
    seconds: float


def drawn(url: str, size: Size, most: int | None = None) -> Iterator[Drawn]:
    """Draw each screen on a region that is loaded, for every chosen patient.

    Args:
        url: The region.
        size: How large it is.
        most: How many patients are chosen, two or more; None for all that are midway.

    Raises:
        RuntimeError: Two patients' screens were drawn by other calls, or left other lines.
    """
    storage = SqlStorage(url)
    school = school_on(storage, lambda: NOW)
    with school, TemporaryDirectory(prefix="painschool-benchmark-") as folder:
        plan = _office(school).plan_purge().id
        for screen, draw in SCREENS.items():
            visits = islice(_visits(school, size, plan, Path(folder) / screen), most)
            found = [_draw(storage, screen, draw, visit) for visit in visits]
            if len({(one.calls, *sorted(one.lines.items())) for one in found}) > 1:
                raise RuntimeError(f"{screen} is drawn in different ways")
            # The first one warms up.
            yield Drawn(screen, found[0].calls, found[0].lines, median(one.seconds for one in found[1:]))


def _draw(storage: Storage, screen: str, draw: Callable[[Visit], object], visit: Visit) -> Drawn:
    before = _last(storage)
    began = perf_counter()
    draw(visit)
    seconds = perf_counter() - began
    written = storage.access_entries(HsaId(unit(0)), after=before)
    return Drawn(screen, visit.calls, Counter(entry.action for _, entry in written), seconds)


def _last(storage: Storage) -> int:
    [(number, _)] = storage.access_entries(HsaId(unit(0)), limit=1, excerpt=_NEWEST)
    return number


def _visits(school: PainSchool, size: Size, plan: PlanId, folder: Path) -> Iterator[Visit]:
    """Yield a visit to each patient who is midway, of some therapists of the first unit."""
    folders = count()
    for whose in range(0, size.units * _THERAPISTS, size.units):
        of_one = range(whose, size.enrolments, size.therapists)
        for place, number in enumerate(of_one):
            if place % sum(LIVES[name][0] for name in USUAL) >= _MIDWAY:
                continue
            patient = f"E{number:011}"
            yield Visit(
                desk=Noted(school.therapist(_actor(whose, Role.THERAPIST)), "desk"),
                manager=Noted(school.therapist(_actor(whose, Role.PATIENT_ADMINISTRATOR)), "desk"),
                office=Noted(_office(school), "office"),
                room=Noted(school.patient(patient), "room"),
                id=EnrolmentId(enrolment_id(number)),
                number=patient,
                plan=plan,
                folder=folder / str(next(folders)),
            )


def _actor(number: int, role: Role) -> Actor:
    return Actor(hsa_id=therapist(number), unit=unit(0), roles={role})


def _office(school: PainSchool) -> Any:
    return school.administrator(_actor(10**6, Role.DATA_ADMINISTRATOR))


def cells(one: Drawn) -> tuple[str, str, str]:
    """Return what the table says of a screen: its name, the calls, the lines."""
    lines = ", ".join(f"`{action}`" + (f" ({often})" if often > 1 else "") for action, often in one.lines.items())
    return one.screen, ", ".join(f"`{call}`" for call in one.calls), lines or "none"


def table(found: Mapping[str, Sequence[Drawn]]) -> str:
    """Return the table, with a column of milliseconds for each database."""
    rows = [("screen", "calls", "lines in the access log", *(f"{kind}, ms" for kind in found))]
    rows.append(("---",) * len(rows[0]))
    rows += [
        (*cells(same[0]), *(_milliseconds(one.seconds) for one in same)) for same in zip(*found.values(), strict=True)
    ]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f}" if seconds > 1e-4 else "< 0.1"


def main() -> None:
    """Measure on both databases, and print the table."""
    with TemporaryDirectory(prefix="painschool-benchmark-") as folder, ExitStack() as stack:
        urls = {
            "SQLite": f"sqlite:///{folder}/screens.db",
            "PostgreSQL": stack.enter_context(database(stack.enter_context(postgresql()))),
        }
        for url in urls.values():
            load(url, SIZE)
        print(table({kind: list(drawn(url, SIZE)) for kind, url in urls.items()}), end="")


if __name__ == "__main__":
    main()
