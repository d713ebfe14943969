"""The audit of the claims: one holder at a time, whole digests, and every status decided by a holder."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from math import inf

from digital_painschool.domain.events import NotificationDropped
from digital_painschool.domain.people import SystemActor
from proofs.chaos.evidence import Evidence, Row
from proofs.chaos.holds import Hold

_Decided = Mapping[str, Mapping[tuple[str, datetime], float]]
"""When workers first asked for a status, in seconds; by the notification's id, then by status and instant."""


def claims_wrong(evidence: Evidence) -> Iterator[str]:
    """Yield what is wrong with who held which digest, and who decided."""
    calls: dict[str, int] = {}
    of_digest: dict[str, list[Hold]] = defaultdict(list)
    decided: dict[str, dict[tuple[str, datetime], float]] = defaultdict(dict)
    for hold in evidence.holds:
        of_digest[hold.digest].append(hold)
        if calls.setdefault(hold.token, id(hold.noted)) != id(hold.noted):
            yield f"one token was given to two claims ({hold.noted.life}, number {hold.noted.number})"
        for id_, what in hold.settled.items():
            decided[id_].setdefault(what, hold.released)
        yield from _batch_wrong(hold)
    for digest, theirs in of_digest.items():
        for one, other in pairwise(sorted(theirs, key=lambda hold: hold.done)):
            if one.released > other.done and other.now < one.until and one.now < other.until:
                yield f"digest {digest} was held by lives {one.noted.life} and {other.noted.life}"
    ended = _dropped_with_an_end(evidence)
    for row in evidence.notifications.values():
        yield from _left_behind(evidence, row, of_digest[row["digest_id"]], decided)
        if (row["status"], row["settled_at"]) not in decided[row["id"]] and row["id"] not in ended:
            yield f"notification {row['id']} is {row['status']}, and no worker has decided that"


def _dropped_with_an_end(evidence: Evidence) -> frozenset[str]:
    """Return the notifications that never went and that somebody dropped who ended the enrolment."""
    dropped = {
        id_ for id_, row in evidence.notifications.items() if row["status"] == "dropped" and row["batch_key"] is None
    }
    events = [event for enrolment in evidence.enrolments.values() for event in enrolment.events.values()]
    notes = [one for one in events if isinstance(one, NotificationDropped) and one.by != SystemActor().signature]
    return frozenset(dropped & {one.notification for one in notes})


def _batch_wrong(hold: Hold) -> Iterator[str]:
    wanted = frozenset(hold.decided.get("notifications", ()))
    for id_, due_at in hold.pending.items():
        # What a worker with a fast clock began may be sent again by one whose clock says that it is not due yet.
        if id_ in wanted - hold.in_doubt and due_at > hold.now:
            yield f"notification {id_} went before it was due"
        if id_ not in wanted and due_at <= hold.now and hold.decided.get("action") == "send":
            yield f"notification {id_} was due, and others of its digest went without it"
    if not hold.batch <= wanted <= hold.pending.keys():
        yield f"digest {hold.digest} went with other notifications than the worker had claimed"
    statuses = {status for status, _ in hold.settled.values()}
    if hold.sends and "dropped" in statuses:
        yield f"digest {hold.digest} was dropped by the worker that had sent it"


def _left_behind(evidence: Evidence, row: Row, theirs: list[Hold], decided: _Decided) -> Iterator[str]:
    """Yield the claims that did not come with a notification that certainly was there, and pending."""
    id_, enrolment = row["id"], evidence.enrolments.get(row["enrolment_id"])
    event = None if enrolment is None else enrolment.events.get(row["seq"])
    call = None if event is None else evidence.calls.get(event.at)
    if call is None or call.answered is None or not decided[id_]:
        return  # nobody knows since when it was there, or the end of the enrolment dropped it, nobody knows when
    until = min(decided[id_].values(), default=inf)
    for hold in theirs:
        if call.answered <= hold.noted.asked and hold.done <= until and id_ not in hold.pending:
            yield f"notification {id_} was left behind by life {hold.noted.life} that claimed its digest"
