"""The audit of the steps: what was answered is there once, what was refused is not, and nobody else was there."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from attrs import frozen

from digital_painschool.domain.events import Event, MessageSent
from digital_painschool.domain.people import SystemActor
from digital_painschool.ports.storage import Entry
from proofs.chaos.calls import EVERYTHING, WITH_TEXT, Doing
from proofs.chaos.evidence import Evidence, Row, StoredEnrolment
from proofs.chaos.journal import Noted

_SYSTEM = SystemActor().signature
_DROPPING = {"Ended", "HandedOver", "Withdrawn"}
"""The steps that drop notifications, as many as wait."""


@frozen
class Left:
    """What a step has left on a timeline: neighbouring entries of one instant."""

    enrolment: StoredEnrolment
    entries: tuple[Entry, ...]

    @property
    def at(self) -> datetime:
        """When."""
        return self.entries[0].event.at

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of the events; what a step drops with it is counted elsewhere."""
        names = tuple(type(entry.event).__name__ for entry in self.entries)
        return tuple(name for name in names if name != "NotificationDropped") if names[0] in _DROPPING else names


def steps_wrong(evidence: Evidence) -> Iterator[str]:
    """Return what is wrong between what people were answered and what is kept."""
    calls = evidence.calls
    if len(calls) < sum(one.kind == "web" for one in evidence.noted):
        yield "two calls have one instant: the audit cannot tell them apart"
    left = [one for enrolment in evidence.enrolments.values() for one in _left(enrolment)]
    there = Counter(one.at for one in left)
    under: dict[object, list[Noted]] = defaultdict(list)
    for at, call in calls.items():
        under[_key(call, at)].append(call)
    times = Counter(_key(call, at) for at, call in calls.items() for _ in range(there[at]))
    for one in left:
        found = calls.get(one.at)
        if found is None:
            yield f"{one.enrolment.id}: {one.kinds} at entry {one.entries[0].seq} was asked for by nobody"
            continue
        yield from _left_wrong(one, found, EVERYTHING.get(found.what), under[_key(found, one.at)])
    for at, call in calls.items():
        yield from _call_wrong(call, there[at], times[_key(call, at)], EVERYTHING.get(call.what))
    yield from _log_wrong(evidence, calls, {one.at: one for one in left})


def _key(call: Noted, at: datetime) -> object:
    """Return what a call has in common with its repetitions: the key of the host's; without one, its own instant."""
    return call.facts.get("once", at)


def _left(enrolment: StoredEnrolment) -> Iterator[Left]:
    row: list[Entry] = []
    for entry in enrolment.entries:
        if row and (_is_system(entry.event) or entry.event.at != row[0].event.at):
            yield Left(enrolment, tuple(row))
            row = []
        if not _is_system(entry.event):
            row.append(entry)
    if row:
        yield Left(enrolment, tuple(row))


def _is_system(event: Event) -> bool:
    return event.by == _SYSTEM


def _left_wrong(left: Left, call: Noted, doing: Doing | None, told: Iterable[Noted]) -> Iterator[str]:
    where = f"{left.enrolment.id}, entry {left.entries[0].seq}, {_name(call)}"
    if doing is None or left.kinds not in doing.leaves:
        yield f"{where}: it left {left.kinds}"
        return
    if call.facts.get("enrolment", left.enrolment.id) != left.enrolment.id:
        yield f"{where}: it was asked for in {call.facts['enrolment']}"
    if {call.facts["by"]} != {entry.event.by for entry in left.entries}:
        yield f"{where}: it is signed by {left.entries[0].event.by}"
    for one in told:
        yield from _answer_wrong(left, one, where)
    for entry in left.entries:
        if type(entry.event).__name__ in WITH_TEXT:
            kept = left.enrolment.documents.get(entry.seq)
            text = kept.get("fritext") if isinstance(kept, Mapping) else kept
            if text != call.facts.get("text"):
                yield f"{where}: what was written is not what is kept with entry {entry.seq}"


def _answer_wrong(left: Left, call: Noted, where: str) -> Iterator[str]:
    """Tell of an answer to a call, or to its repetition under the same key, that is not about what was left."""
    came = call.came.get("version", left.entries[-1].seq)
    if came != left.entries[-1].seq:
        yield f"{where}: the answer was version {came}, and its last entry is {left.entries[-1].seq}"
    if "message" in call.came:
        answered = call.came["conversation"], call.came["message"]
        sent = [(e.event.conversation, e.event.number) for e in left.entries if isinstance(e.event, MessageSent)]
        if [answered] != sent:
            yield f"{where}: the answer was message {answered}, and it left {sent}"


def _call_wrong(call: Noted, times: int, under_key: int, doing: Doing | None) -> Iterator[str]:
    if under_key > 1:
        yield f"{_name(call)}: it is there {under_key} times"
    if not call.is_known:
        return
    if call.answer == "ok":
        if not under_key and doing is not None and () not in doing.leaves:
            yield f"{_name(call)}: it was answered, and is not there"
    elif times:
        yield f"{_name(call)}: it was refused with {call.answer}, and is there"


def _log_wrong(evidence: Evidence, calls: Mapping[datetime, Noted], left: Mapping[datetime, Left]) -> Iterator[str]:
    granted = Counter((line["at"], line["action"]) for line in evidence.lines if line["granted"])
    for at, call in calls.items():
        doing = EVERYTHING.get(call.what)
        if doing is not None and doing.lines is not None:
            yield from _lines_wrong(call, doing.lines, granted[at, doing.action.value], at in left)
    for line in evidence.lines:
        yield from _line_wrong(line, calls.get(line["at"]))
    by_system = {(line["at"], line["enrolment_id"]) for line in evidence.lines if line["by"] == _SYSTEM}
    for enrolment in evidence.enrolments.values():
        for entry in enrolment.entries:
            if _is_system(entry.event) and (entry.event.at, enrolment.id) not in by_system:
                yield f"{enrolment.id}, entry {entry.seq}: the access log has no line of the worker's"


def _line_wrong(line: Row, call: Noted | None) -> Iterator[str]:
    if line["by"] == _SYSTEM or line["action"] == "keep-profile":
        return
    if call is None:
        yield f"access log, line {line['number']}: {line['action']} was asked for by nobody"
    elif line["by"] != call.facts["by"]:
        yield f"access log, line {line['number']}: {_name(call)} is signed by {line['by']}"


def _lines_wrong(call: Noted, due: int, lines: int, is_there: bool) -> Iterator[str]:
    if is_there or call.answer == "ok":
        if lines != due:
            yield f"{_name(call)}: it was done, and has {lines} lines in the access log, not {due}"
    elif call.is_known and lines >= due:
        yield f"{_name(call)}: it was refused with {call.answer}, and the access log says that it was done"


def _name(call: Noted) -> str:
    return f"{call.what} ({call.kind} {call.life}, number {call.number})"
