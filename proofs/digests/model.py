"""An explicit-state model of one digest: every interleaving of messages, workers, faults and the clock.

The rules are the real ones (`digital_painschool.rules.digests`). The model adds a storage row, the workers, a patient's
inbox, and a clock of four instants a day: before the run, at the run, later in the forenoon, after noon.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import combinations
from typing import NamedTuple

from attrs import evolve

from digital_painschool.domain.digest import Action, Batch, Decision, Digest, batch_key
from digital_painschool.domain.ids import DigestId, EnrolmentId, NotificationId
from digital_painschool.domain.local_time import local_time
from digital_painschool.domain.notification import Channel, Notification, NotificationRecord, Template, TriggeringEntry
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.rules import digests
from digital_painschool.rules.notifications import next_digest_at

POLICY = Policy()
FIRST_DAY = date(2026, 3, 28)
"""The clock changes on the second day."""
_TIMES = (time(8), time(9), time(10, 30), time(13))
_STEPS = len(_TIMES)
_QUIET_DAYS = 6
_UNIT = HsaId("SE2321000131-E000000000001")
_PERSON = PersonId("personnummer", "198507099805")
_ROW = Digest(
    id=DigestId("row"),
    unit=_UNIT,
    channel=Channel.INBOX,
    recipient=_PERSON,
    template=Template.MESSAGE_TO_READ,
    collected=True,
)


class Limits(NamedTuple):
    """How large the model is.

    Args:
        days: How many days the clock runs.
        messages: The most messages that are saved.
        claims: The most claims that are made while faults happen.
        drops: True lets messages and batches be dropped.
        restores: The most times that the row is restored from its first backup.
    """

    days: int = 2
    messages: int = 2
    claims: int = 3
    drops: bool = False
    restores: int = 0


class Worker(NamedTuple):
    """A worker with a claim. `accepted` is None until the inbox has answered."""

    token: int
    decision: Decision
    claimed_at: int
    key: str = ""
    """The key of the batch, once it is begun."""
    accepted: bool | None = None

    @property
    def lease_ends(self) -> int:
        """The step of the clock at which the lease is over."""
        return self.claimed_at + 1


class Sent(NamedTuple):
    """A notification that the inbox accepted as new."""

    day: date
    at: int
    messages: frozenset[str]


class State(NamedTuple):
    """Everything that there is."""

    now: int = 0
    saved: int = 0
    digest: Digest = _ROW
    holder: tuple[int, int] | None = None
    """The token of the present claim, and the step at which its lease is over."""
    inbox: frozenset[str] = frozenset()
    workers: frozenset[Worker] = frozenset()
    claims: int = 0
    completed: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    sent: frozenset[Sent] = frozenset()
    restores: int = 0


@cache
def instant(step: int) -> datetime:
    """Return the instant of a step of the clock, UTC."""
    day, part = divmod(step, _STEPS)
    return local_time(FIRST_DAY + timedelta(days=day), _TIMES[part], POLICY.zone)


@cache
def local_day(step: int) -> date:
    """Return the local day of a step of the clock."""
    return FIRST_DAY + timedelta(days=step // _STEPS)


@cache
def decided(digest: Digest, step: int) -> Decision:
    """Return what the rule decides."""
    return digests.decide(digest, instant(step), POLICY)


@cache
def in_forenoon(step: int) -> bool:
    """Return whether notifications may go at a step of the clock."""
    return step % _STEPS in {1, 2}


def following(state: State, limits: Limits | None) -> Iterator[tuple[str, State]]:
    """Yield each step that can come next, and the state after it. Without limits there are no faults any more."""
    if limits is not None:
        yield from _faults(state, limits)
    if limits is None or state.claims < limits.claims:
        yield from _claimed(state)
    for worker in state.workers:
        yield from _worked(state, worker, faults=limits is not None)
    if limits is None or state.now < limits.days * _STEPS - 1:
        yield "clock", state._replace(now=state.now + 1)


def _faults(state: State, limits: Limits) -> Iterator[tuple[str, State]]:
    digest = state.digest
    if state.saved < limits.messages:
        # A slow web worker saves later than the instant with which it stamps.
        for stamped in {state.now, max(state.now - 1, 0)}:
            message = _message(f"m{state.saved}", next_digest_at(instant(stamped), POLICY))
            more = _with(digest, pending=(*digest.pending, message))
            yield f"save m{state.saved} of {stamped}", state._replace(saved=state.saved + 1, digest=more)
    if limits.drops:
        for message in digest.waiting():
            id_ = message.notification.id
            yield f"drop {id_}", state._replace(digest=_without(digest, {id_}), dropped=state.dropped | {id_})
        batch = digest.batch
        if batch is not None and (state.holder is None or state.now >= state.holder[1]):
            told_on = digests.latest_day(digest.told_on, batch.attempted_on)
            without = _with(_without(digest, batch.notifications), batch=None, told_on=told_on)
            # The expired claim is revoked with it.
            yield (
                "drop the batch",
                state._replace(digest=without, holder=None, dropped=state.dropped | batch.notifications),
            )
    if state.restores < limits.restores:
        # The backup is of the morning: the messages of the day are in it, and no attempt.
        back = tuple(_message(id_, instant(1)) for id_ in sorted(state.completed))
        restored = _with(digest, pending=_sorted((*digest.pending, *back)), batch=None, told_on=None)
        yield (
            "restore",
            state._replace(
                digest=restored, holder=None, workers=frozenset(), completed=frozenset(), restores=state.restores + 1
            ),
        )


def _claimed(state: State) -> Iterator[tuple[str, State]]:
    if state.holder is not None and state.now < state.holder[1]:
        return
    decision = decided(state.digest, state.now)
    if decision.action is Action.WAIT:
        return
    worker = Worker(state.claims, decision, state.now)
    yield (
        f"claim {worker.token}",
        state._replace(
            holder=(worker.token, worker.lease_ends), workers=state.workers | {worker}, claims=state.claims + 1
        ),
    )


def _worked(state: State, worker: Worker, *, faults: bool) -> Iterator[tuple[str, State]]:
    gone = state._replace(workers=state.workers - {worker})
    if faults or state.now >= worker.lease_ends:
        yield f"worker {worker.token} dies", gone
    if worker.accepted is not None:
        yield f"complete {worker.token}", _complete(gone, worker, accepted=worker.accepted)
    elif not worker.key:
        yield f"begin {worker.token}", _begin(gone, worker)
    else:
        yield from _sent(state, gone, worker, faults=faults)


def _sent(state: State, gone: State, worker: Worker, *, faults: bool) -> Iterator[tuple[str, State]]:
    given_back = _released(gone, worker)
    if faults:
        yield f"send {worker.token}: refused", given_back
    late = state.now >= worker.lease_ends
    # A call returns within the local day of its claim, even when it hangs past the lease: adapters have time-outs.
    if (late and not faults) or local_day(state.now) != local_day(worker.claimed_at):
        return
    if not late and not in_forenoon(state.now):
        return
    key = worker.key
    accepted = key not in state.inbox
    messages = worker.decision.notifications
    news = {Sent(local_day(state.now), worker.claimed_at, messages)} if accepted else set[Sent]()
    inbox, sent = state.inbox | {key}, state.sent | news
    answered = gone.workers | {worker._replace(accepted=accepted)}
    yield f"send {worker.token}", gone._replace(workers=answered, inbox=inbox, sent=sent)
    if faults:
        yield f"send {worker.token}: answer lost", given_back._replace(inbox=inbox, sent=sent)


def _begin(state: State, worker: Worker) -> State:
    """Store the intent, fenced by the token: of the decided messages those that still wait, and those of the batch."""
    if not _holds(state, worker):
        return state
    digest, decision = state.digest, worker.decision
    ids = decision.notifications & _ids(digest)
    if not ids:  # everything was dropped since the claim
        return _released(state, worker)
    if decision.action is Action.REPEAT:
        assert digest.batch is not None, "whoever ends a batch revokes the claim"
        key = digest.batch.key
    else:
        key = batch_key(digest.id, ids)
    batch = Batch(key=key, notifications=ids, attempted_on=decision.day)
    begun = worker._replace(key=key, decision=evolve(decision, notifications=ids))
    return state._replace(digest=_with(digest, batch=batch), workers=state.workers | {begun})


def _complete(state: State, worker: Worker, *, accepted: bool) -> State:
    if not _holds(state, worker):
        return state
    digest, decision = state.digest, worker.decision
    assert digest.batch is not None
    day = decision.day if accepted else decision.tried_on or decision.day
    settled = digest.batch.notifications
    told = _with(_without(digest, settled), batch=None, told_on=digests.latest_day(digest.told_on, day))
    return _released(state._replace(digest=told, completed=state.completed | settled), worker)


def _released(state: State, worker: Worker) -> State:
    return state._replace(holder=None) if _holds(state, worker) else state


def _holds(state: State, worker: Worker) -> bool:
    return state.holder is not None and state.holder[0] == worker.token


@cache
def _message(id_: str, due_at: datetime) -> NotificationRecord:
    notification = Notification(
        id=NotificationId(id_),
        unit=_UNIT,
        channel=Channel.INBOX,
        recipient=_PERSON,
        template=Template.MESSAGE_TO_READ,
        due_at=due_at,
        trigger=TriggeringEntry(enrolment_id=EnrolmentId("e"), seq=int(id_[1:])),
        collected=True,
    )
    return NotificationRecord(notification=notification)


def _with(digest: Digest, **changes: object) -> Digest:
    fields = digest.__dict__ | changes  # faster than evolve, a million times
    return Digest(**fields)


def _without(digest: Digest, ids: AbstractSet[str]) -> Digest:
    return _with(digest, pending=tuple(m for m in digest.pending if m.notification.id not in ids))


def _ids(digest: Digest) -> frozenset[str]:
    return frozenset(message.notification.id for message in digest.pending)


def _sorted(messages: Iterable[NotificationRecord]) -> tuple[NotificationRecord, ...]:
    return tuple(sorted(messages, key=lambda message: message.notification.id))


def broken_invariant(state: State, limits: Limits) -> str | None:
    """Return which invariant a state breaks, or None."""
    if any(_told_twice(first, second, state.restores) for first, second in combinations(state.sent, 2)):
        return "told twice on one day"
    if not all(in_forenoon(sent.at) for sent in state.sent):
        return "told outside the forenoon"
    told = frozenset[str]().union(*(sent.messages for sent in state.sent))
    if not state.completed <= told:
        return "completed and never told"
    held = _ids(state.digest)
    if state.dropped & held and not limits.restores:
        return "dropped and waiting again"
    if len(held | state.completed | state.dropped) < state.saved:
        return "lost"
    return None


def _told_twice(first: Sent, second: Sent, restores: int) -> bool:
    """Return whether two notifications should have been one. After a restore, one with a new message may follow."""
    news = not (first.messages <= second.messages and second.messages <= first.messages)
    return first.day == second.day and not (restores and news)


def waits_for_ever(state: State) -> bool:
    """Return whether a message is never completed although faults have stopped."""
    for _ in range(_QUIET_DAYS * _STEPS):
        moved = True
        while moved:
            moved = False
            for name, after in following(state, None):
                if name != "clock":
                    state, moved = after, True
                    break
        state = state._replace(now=state.now + 1)
    return len(state.completed | state.dropped) < state.saved


class Walk(NamedTuple):
    """What a walk found: how many states there are, and the first invariant that is broken, with the way there."""

    states: int
    broken: str | None = None
    steps: tuple[str, ...] = ()


def walk(limits: Limits) -> Walk:
    """Visit every state that can be reached, until one breaks an invariant."""
    first = State()
    came: dict[State, tuple[str, State] | None] = {first: None}
    todo = deque([first])
    while todo:
        state = todo.popleft()
        if waits_for_ever(state):
            return Walk(len(came), "waits for ever", _way(came, state))
        for name, after in following(state, limits):
            if after in came:
                continue
            came[after] = (name, state)
            broken = broken_invariant(after, limits)
            if broken is not None:
                return Walk(len(came), broken, _way(came, after))
            todo.append(after)
    return Walk(len(came))


def _way(came: Mapping[State, tuple[str, State] | None], state: State) -> tuple[str, ...]:
    steps: list[str] = []
    while (before := came[state]) is not None:
        name, state = before
        steps.append(name)
    return tuple(reversed(steps))
