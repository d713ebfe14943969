"""The laws, held against what is kept: on the way by samples, and of everything at the end."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from digital_painschool.application.caseload import Case
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import AccessEnded, NotificationDropped, NotificationUndelivered
from digital_painschool.domain.fold import replay
from digital_painschool.domain.notification import Channel, Status
from digital_painschool.ports.storage import load_documents, load_enrolment, load_notifications, load_timeline
from digital_painschool.testing.simulation.findings import Law
from digital_painschool.testing.simulation.notification_oracle import message_of
from digital_painschool.testing.simulation.reference_model import Account
from digital_painschool.testing.simulation.scene import Scene

_BY_THE_WORKER = (AccessEnded, NotificationDropped, NotificationUndelivered)
_A_DAY = timedelta(hours=25)


def check_rows(scene: Scene, rows: Sequence[Case], accounts: Iterable[Account]) -> None:
    """Hold a list of patients, as it was shown, against the books: the rows, their order and their figures."""
    after = timedelta(days=scene.unit.policy.review_after_days)
    expected = sorted((account.row(scene.now, after) for account in accounts), key=lambda row: row[:2])
    shown = []
    for case in rows:
        counts = (case.unread_forms, case.unread_messages, case.done, case.undelivered, case.priority)
        shown.append((*case.key, *counts, case.ending, case.review_due))
    if expected == shown:
        return
    at_odds = sorted({str(row[1]) for row in set(expected) ^ set(shown)}) or [str(row[1]) for row in shown]
    wrong = [next((row for row in side if row[1] == at_odds[0]), None) for side in (expected, shown)]
    scene.find(Law.UNREAD_IS_SAVED_LESS_READ, at_odds[0], f"a list's row: {wrong[0]} by the books, shown {wrong[1]}")


def check_state(scene: Scene, account: Account, state: Enrolment) -> None:
    """Hold a stored state against the books."""
    forms = {key: (pile.sent, pile.seen, pile.alert) for key, pile in account.forms.items()}
    talks = [
        (talk.from_patient.sent, talk.from_patient.seen, talk.from_staff.sent, talk.from_staff.seen)
        for talk in account.talks
    ]
    pairs = {
        Law.ACCESS_FOLLOWS_THE_TABLE: (
            (account.stage.value, account.access_until, account.ended, account.therapist, account.maintained),
            (state.phase.value, state.access_until, state.ended_at, state.therapist, state.maintained),
        ),
        Law.ORDER_IS_KEPT: (
            (account.opened, account.completed, account.released, account.out_of_order, account.done),
            (state.opened, state.completed, state.released, state.out_of_order, state.done_at),
        ),
        Law.UNREAD_IS_SAVED_LESS_READ: (
            (forms, talks, tuple(account.undelivered), account.done_handled, account.reviewed, account.seen),
            (
                {count.form: (count.saved, count.read, count.alert) for count in state.forms},
                [
                    (c.from_patient, c.read_by_therapist, c.from_therapist, c.read_by_patient)
                    for c in state.conversations
                ],
                state.undelivered,
                state.done_handled,
                state.reviewed_at,
                state.last_seen_at,
            ),
        ),
    }
    for law, (expected, kept) in pairs.items():
        for one, other in zip(expected, kept, strict=True):
            scene.equal(law, account, one, other, "what is kept")


def check_account(scene: Scene, account: Account) -> None:
    """Check an enrolment's timeline and state: replayed, against the books, and entry by entry."""
    state = load_enrolment(scene.storage, account.id)
    timeline = load_timeline(scene.storage, account.id)
    if state is None:
        scene.find(Law.REPLAY_GIVES_THE_STATE, account.id, "it is not there any more")
        return
    if replay(entry.event for entry in timeline) != state:
        scene.find(Law.REPLAY_GIVES_THE_STATE, account.id, "the timeline gives another state than the one that is kept")
    by_worker = sum(isinstance(entry.event, _BY_THE_WORKER) for entry in timeline)
    scene.equal(Law.REPLAY_GIVES_THE_STATE, account, account.entries + by_worker, len(timeline), "timeline entries")
    scene.equal(Law.REPLAY_GIVES_THE_STATE, account, account.last_entry, state.last_entry_at, "the last entry")
    check_state(scene, account, state)
    _check_notifications(scene, account)


def _check_notifications(scene: Scene, account: Account) -> None:
    records = load_notifications(scene.storage, account.id)
    told = Counter(message for record in records if (message := message_of(record)) is not None)
    if any(times > 1 for times in told.values()):
        scene.find(Law.TOLD_ONCE_IN_TIME, account.id, "one message belongs to two notifications")
    to_staff = [record for record in records if record.notification.channel is not Channel.INBOX]
    scene.equal(Law.TOLD_ONCE_IN_TIME, account, account.staff_notices, len(to_staff), "notifications to the therapist")
    for record in to_staff:
        key, sent = record.notification.id, scene.surroundings.sent
        # What a worker sent before it died may be dropped by the next one, when the flag is settled meanwhile.
        in_doubt = key in sent and scene.tellings.day(sent[key]) in scene.tellings.disturbed
        is_told = record.status is Status.DELIVERED
        if is_told != (key in sent) and record.status is not Status.PENDING and not in_doubt:
            scene.find(
                Law.TOLD_ONCE_IN_TIME, account.id, f"to the therapist: {record.status.value}, by the way otherwise"
            )
        if key in sent and record.notification.recipient != account.therapist_at(sent[key]):
            scene.find(Law.TOLD_ONCE_IN_TIME, account.id, "a therapist was told who did not have the patient any more")
        if record.status is Status.PENDING and scene.now - record.notification.due_at > 2 * _A_DAY:
            scene.find(Law.TOLD_ONCE_IN_TIME, account.id, "to the therapist: waits for more than two days")


class Audit:
    """Looks at what is kept, every day after the forenoon and at the end.

    Args:
        scene: Whose.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.log_read = 0
        self.log_lines: Counter[str] = Counter()
        self._chance = scene.region.chance("audit", scene.unit.number)

    def day(self) -> None:
        """Look at what the day has brought."""
        scene = self.scene
        scene.tellings.judge(partial(load_notifications, scene.storage), scene.now)
        self.read_log()
        there = [account for account in scene.accounts.values() if not account.purged]
        if there:
            check_account(scene, self._chance.pick(there))
        days = scene.figures.day(scene.now)
        if days % 7 == 2:
            for account in there:
                since = account.oldest_wait()
                if since is not None:
                    scene.figures.waiting[days // 7, (scene.now - since).days] += 1

    def read_log(self) -> None:
        """Read on in the access log: what was refused to strangers stands there, and nothing else is refused there."""
        scene = self.scene
        found: list[tuple[datetime, str]] = []
        while entries := scene.storage.access_entries(scene.unit.id, after=self.log_read, limit=10_000):
            self.log_read = entries[-1][0]
            for _, entry in entries:
                self.log_lines[entry.action if entry.granted else f"{entry.action}, refused"] += 1
                if not entry.granted:
                    found.append((entry.at, entry.by))
        expected, scene.refusals = scene.refusals, []
        if sorted(expected) != sorted(found):
            scene.find(
                Law.STRANGERS_ARE_REFUSED_AND_LOGGED,
                None,
                f"{len(expected)} attempts were refused, and the access log has {len(found)} since the day before",
            )

    def end(self) -> None:
        """Look at everything that is left."""
        scene = self.scene
        scene.guard(lambda: scene.tellings.judge(partial(load_notifications, scene.storage), scene.now))
        scene.guard(self.read_log)
        for account in scene.accounts.values():
            scene.guard(partial(check_purged if account.purged else check_account, scene, account))


def check_purged(scene: Scene, account: Account) -> None:
    """Check that nothing is left of an enrolment that was purged."""
    storage, id_ = scene.storage, account.id
    left = (
        load_enrolment(storage, id_) is not None,
        bool(load_timeline(storage, id_)),
        bool(load_documents(storage, id_, range(1, account.entries + 100))),
        bool(load_notifications(storage, id_)),
    )
    if any(left):
        what = [
            name for name, there in zip(("state", "timeline", "documents", "notifications"), left, strict=True) if there
        ]
        scene.find(Law.PURGE_TAKES_WHAT_IT_MAY, id_, f"purged, and left: {', '.join(what)}")
