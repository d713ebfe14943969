"""The screens of the demo, in Swedish, with the manual's own labels."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from digital_painschool import FlagKind, PersonId, Program, label
from digital_painschool.application.caseload import Case, CasePage
from digital_painschool.cli.demo.school import ZONE
from digital_painschool.domain.notification import NotificationRecord
from digital_painschool.domain.retention import PurgePlan
from digital_painschool.ports.storage import Entry
from digital_painschool.rules.flags import Flag

_FLAGS: Mapping[FlagKind, str] = {
    FlagKind.FORM_SAVED: "{title}: ifyllt {times}, {unread} att läsa",
    FlagKind.MESSAGE_RECEIVED: "Meddelande: {unread} att läsa",
}
"""The flags that are shown with their counts; the others are shown by their labels."""


def mina(page: CasePage, name: Callable[[PersonId], str]) -> RenderableType:
    """Draw "Mina", the list of patients. Rule: M-08, M-09."""
    table = _table("Invånare", "Händelser att hantera", "Senast aktiv", "Tillgång till", "Genomgång")
    for case in page.rows:
        seen = "" if case.last_seen_at is None else day(case.last_seen_at)
        due = "dags" if case.review_due else ""
        table.add_row(name(case.person), _waits(case), seen, day(case.access_until), due)
    return table


def hantera(flags: Iterable[Flag], program: Program) -> RenderableType:
    """Draw the box of current events on the tab "Hantera". Rule: M-15, D-15a, D-17a."""
    lines = [_flag(flag, program) for flag in flags]
    return Text("\n").join(lines) if lines else Text("Inga händelser att hantera", "dim")


def tidslinje(entries: Iterable[Entry], program: Program) -> RenderableType:
    """Draw the tab "Tidslinje". Rule: M-16."""
    table = Table.grid(padding=(0, 2))
    for entry in entries:
        at = entry.event.at.astimezone(ZONE)
        table.add_row(
            Text(f"{at:%Y-%m-%d %H:%M}", "dim"),
            label(entry.event, form=_title(program, getattr(entry.event, "form", None))),
        )
    return table


def aviseringar(rows: Iterable[tuple[str, NotificationRecord]]) -> RenderableType:
    """Draw the statuses of messages' notifications, a line for each patient. Rule: M-13, D-13a to D-13d."""
    table = _table("Invånare", "Meddelanden", "Avisering kl. 09.00")
    for (name, status), theirs in groupby(rows, key=lambda row: (row[0], row[1].status)):
        table.add_row(name, str(len(list(theirs))), label(status))
    return table


def gallring(plan: PurgePlan, letters: Mapping[str, str]) -> RenderableType:
    """Draw a plan's preview. Rule: D-21a."""
    table = _table("Invånare", "Avslutad", "Sista händelse", "Exporterad")
    for planned in plan.enrolments:
        exported = "ja" if planned.exported == planned.version else "nej"
        table.add_row(letters[planned.enrolment_id], day(planned.ended_at), day(planned.last_entry_at), exported)
    return table


def day(at: datetime) -> str:
    """Return the local day of an instant, as text."""
    return f"{at.astimezone(ZONE):%Y-%m-%d}"


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, border_style="frame", header_style="dim")
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table


def _waits(case: Case) -> Text:
    parts = [
        (case.unread_forms, f"{case.unread_forms} formulär"),
        (case.unread_messages, f"{case.unread_messages} {_many(case.unread_messages, 'meddelande', 'n')}"),
        (case.undelivered, f"{case.undelivered} {_many(case.undelivered, 'avisering', 'ar')} gick inte fram"),
        (case.handed_over, "ny patient"),
        (case.done, "klar"),
        (case.ending, "tiden är slut"),
    ]
    waits = Text(", ".join(text for count, text in parts if count))
    return Text.assemble(("PRIO ", "bold red"), waits) if case.priority else waits


def _many(count: int, word: str, ending: str) -> str:
    return word if count == 1 else word + ending


def _flag(flag: Flag, program: Program) -> Text:
    text = _FLAGS.get(flag.kind, label(flag.kind)).format(
        title=_title(program, flag.form),
        times=f"{flag.total} {_many(flag.total, 'gång', 'er')}",
        unread=flag.unread,
    )
    return Text.assemble(("PRIO ", "bold red"), text) if flag.priority else Text(text)


def _title(program: Program, form: str | None) -> str:
    return next((known.title for known in program.forms if known.key == form), "")
