"""What persons see on their screens: in Swedish, with the manual's own labels."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from digital_painschool import Event, FlagKind, PersonId, Program
from digital_painschool.desks.therapist import Case, Page
from digital_painschool.events import (
    Ended,
    FormRead,
    FormSaved,
    MessageSent,
    MessagesRead,
    ModuleCompleted,
    ModuleOpened,
    NotificationDropped,
    Started,
)
from digital_painschool.notification import NotificationRecord, Status
from digital_painschool.ports.storage import Entry
from digital_painschool.purging import PurgePlan
from digital_painschool.rules.flags import Flag

_STATUS: Mapping[Status, str] = {
    Status.PENDING: "väntar",
    Status.DELIVERED: "lämnad",
    Status.MERGED: "lämnad med en annan",
    Status.DROPPED: "släppt, redan läst",
    Status.UNREACHABLE: "gick inte fram",
    Status.FAILED: "gick inte fram",
}


def mina(page: Page, name: Callable[[PersonId], str]) -> RenderableType:
    """Draw "Mina", the list of patients. Rule: M-08, M-09."""
    table = _table("Invånare", "Händelser att hantera", "Senast aktiv", "Tillgång till", "Genomgång")
    for case in page.rows:
        row = case.row
        seen = "" if row.last_seen_at is None else f"{row.last_seen_at:%Y-%m-%d}"
        due = "dags" if case.review_due else ""
        table.add_row(name(row.person), _waits(case), seen, f"{row.access_until:%Y-%m-%d}", due)
    return table


def hantera(flags: Iterable[Flag], program: Program) -> RenderableType:
    """Draw the box of current events on the tab "Hantera". Rule: M-15, D-15a, D-17a."""
    lines = [_flag(flag, program) for flag in flags]
    return Text("\n").join(lines) if lines else Text("Inga händelser att hantera", "dim")


def tidslinje(entries: Iterable[Entry], program: Program) -> RenderableType:
    """Draw the tab "Tidslinje". Rule: M-16."""
    table = Table.grid(padding=(0, 2))
    for entry in entries:
        table.add_row(Text(f"{_local(entry.event.at)}", "dim"), _event(entry.event, program))
    return table


def aviseringar(rows: Iterable[tuple[str, NotificationRecord]]) -> RenderableType:
    """Draw what has become of notifications, with the patients that they were for. Rule: M-13, D-13a to D-13d."""
    table = _table("Invånare", "Meddelanden", "Aviseringar", "Avisering kl. 09.00")
    for name, record in rows:
        table.add_row(name, str(len(record.notification.causes)), "1", _STATUS[record.status])
    return table


def gallring(plan: PurgePlan, letters: Mapping[str, str]) -> RenderableType:
    """Draw a plan's preview. Rule: D-21a."""
    table = _table("Invånare", "Avslutad", "Sista händelse", "Exporterad")
    for planned in plan.enrolments:
        exported = "ja" if planned.exported == planned.version else "nej"
        ended, last = f"{planned.ended_at:%Y-%m-%d}", f"{planned.last_entry_at:%Y-%m-%d}"
        table.add_row(letters[planned.enrolment_id], ended, last, exported)
    return table


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, border_style="frame", header_style="dim")
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table


def _waits(case: Case) -> Text:
    tally = case.row.tally
    parts = [
        (tally.unread_forms, f"{tally.unread_forms} formulär"),
        (tally.unread_messages, f"{tally.unread_messages} meddelande"),
        (tally.undelivered, f"{tally.undelivered} avisering gick inte fram"),
        (tally.done, "klar"),
        (case.ending, "tiden är slut"),
    ]
    waits = Text(", ".join(text for count, text in parts if count))
    return Text.assemble(("PRIO ", "bold red"), waits) if case.priority else waits


def _flag(flag: Flag, program: Program) -> Text:
    match flag.kind:
        case FlagKind.FORM_SAVED:
            form = program.form(flag.form or "")
            title = "" if form is None else form.title
            text = f"{title}: ifyllt {flag.total} {'gång' if flag.total == 1 else 'gånger'}, {flag.unread} att läsa"
        case FlagKind.MESSAGE_RECEIVED:
            text = f"Meddelande: {flag.unread} att läsa"
        case FlagKind.PROGRAM_DONE:
            text = "Klar med momentet"
        case FlagKind.ENDING:
            text = "Tiden är slut: vidmakthåll eller avsluta"
        case FlagKind.UNDELIVERED:
            text = f"Avisering som inte gick fram: {flag.unread}"
    return Text.assemble(("PRIO ", "bold red"), text) if flag.priority else Text(text)


def _event(event: Event, program: Program) -> str:
    match event:
        case Started():
            return "Moment startat"
        case ModuleOpened():
            return f"Modul {event.module} öppnad" + (", utanför ordningen" if event.out_of_order else "")
        case ModuleCompleted():
            return f"Modul {event.module} klar"
        case FormSaved() | FormRead():
            form = program.form(event.form)
            title = event.form if form is None else form.title
            return f"{title} sparat, {event.number}" if isinstance(event, FormSaved) else f"{title} läst"
        case MessageSent():
            return f"Meddelande från {'invånaren' if event.by == 'patient' else 'behandlaren'}"
        case MessagesRead():
            return f"Meddelande läst av {'invånaren' if event.by == 'patient' else 'behandlaren'}"
        case NotificationDropped():
            return "Avisering släppt: inget kvar att läsa"
        case Ended():
            return "Avslutat"
        case _:
            return type(event).__name__


def _local(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
