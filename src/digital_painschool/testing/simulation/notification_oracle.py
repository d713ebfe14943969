"""The books of notifications: what each message asked for, what arrived, and whether it was in time. Law 5."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta

from attrs import define, field

from digital_painschool.domain.notification import Channel, NotificationRecord, Notify, Status
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.testing.simulation.days import DAY, instant
from digital_painschool.testing.simulation.figures import Figures
from digital_painschool.testing.simulation.reference_model import Account, run_day

Find = Callable[[str | None, str], None]
"""Notes that law 5 does not hold: the enrolment, and a sentence."""

_ON_THE_WAY = timedelta(hours=1)
"""What goes wrong so long before the run can still be in its way: a lease is a quarter of an hour."""
_A_PASS = timedelta(minutes=15)
"""In the forenoon passes are so far apart."""
_SOON = timedelta(minutes=61)
"""Passes are an hour apart at the most, and a minute more."""


@define
class NotableHistory:
    """A message that asked for a notification.

    Args:
        account: Of which enrolment.
        sent: When, UTC.
        collected: Whether with others in the forenoon, or directly.
        key: The id of the notification that it asked for.
        day: The local day on which it is to be told.
        read: When the patient read the message, UTC.
    """

    account: Account
    sent: datetime
    collected: bool
    key: str
    day: date
    read: datetime | None = None

    @property
    def digest(self) -> PersonId | str:
        """What it goes with: all that is collected for the patient, or itself alone."""
        return self.account.person if self.collected else self.key


@define
class Tellings:
    """All tellings of a unit, by what they still wait for.

    Args:
        policy: The unit's.
        find: Notes a finding.
        figures: Where fates and lateness are counted.
        outages: When the inbox was down.
    """

    policy: Policy
    find: Find
    figures: Figures
    outages: tuple[tuple[datetime, datetime], ...]
    mishaps: set[date] = field(factory=set)
    disturbed: set[date] = field(factory=set)
    noted_dropped: set[tuple[str, str]] = field(factory=set)
    noted_undelivered: set[tuple[str, str]] = field(factory=set)
    _open: dict[tuple[str, int, int], NotableHistory] = field(factory=dict)
    _by_key: dict[str, NotableHistory] = field(factory=dict)
    _told: dict[PersonId | str, dict[date, datetime]] = field(factory=dict)

    def day(self, at: datetime) -> date:
        """Return the local day of an instant."""
        return at.astimezone(self.policy.zone).date()

    def went_wrong(self, at: datetime) -> None:
        """Note that the delivery was disturbed: direct ones may come later; collected ones too, about the forenoon."""
        day = self.day(at)
        self.disturbed.add(day)
        opens, shuts = (
            instant(day, at_, self.policy.zone) for at_ in (self.policy.collected_at, self.policy.forenoon_ends)
        )
        if opens - _ON_THE_WAY <= at < shuts:
            self.mishaps.add(day)

    def expect(
        self,
        account: Account,
        talk: int,
        number: int,
        now: datetime,
        notify: Notify,
        kept: Iterable[NotificationRecord],
    ) -> datetime | None:
        """Note a message that was sent; gives the instant from which its notification may go, None without one.

        Args:
            account: Of which enrolment.
            talk: The conversation.
            number: The how many-eth of the staff's messages in it.
            now: When it was sent.
            notify: How the patient is to be told.
            kept: The enrolment's notifications after it.
        """
        keys = [record.notification.id for record in kept if message_of(record) == (talk, number)]
        if notify is Notify.NONE:
            if keys:
                self.find(account.id, "a message without notification asked for one")
            return None
        if len(keys) != 1:
            self.find(account.id, f"a message belongs to {len(keys)} notifications, not one")
            return None
        collected = notify is Notify.COLLECTED
        day = run_day(now, self.policy.zone, self.policy.collected_at) if collected else self.day(now)
        telling = NotableHistory(account, now, collected, keys[0], day)
        self._open[account.id, talk, number] = self._by_key[telling.key] = telling
        return instant(day, self.policy.collected_at, self.policy.zone) if collected else now

    def read(self, account: Account, talk: int, up_to: int, now: datetime) -> None:
        """Note that the patient has read a conversation up to one of the staff's messages."""
        for number in range(up_to, 0, -1):
            telling = self._open.get((account.id, talk, number))
            if telling is not None and telling.read is None:
                telling.read = now

    def arrive(self, key: str, person: PersonId, now: datetime) -> None:
        """Note that a notice came into a patient's inbox, for the first time under its key.

        Args:
            key: Its idempotency key.
            person: Whose inbox.
            now: When handing it over began; a slow inbox may take it later.
        """
        first = self._by_key.get(digest_of(key))
        if first is None or first.account.person != person:
            self.find(None, "a notice came that no message to that person asked for")
            return
        self.figures.told(now, "collected" if first.collected else "direct")
        about, day, zone = first.account.id, self.day(now), self.policy.zone
        days = self._told.setdefault(first.digest, {})
        if day in days:
            self.find(about, "a second notice of one kind came to one patient on one day")
        days[day] = now
        if not first.collected:
            return
        opens, shuts = (instant(day, at, zone) for at in (self.policy.collected_at, self.policy.forenoon_ends))
        if not opens <= now < shuts:
            self.find(about, f"a collected notice came at {now.astimezone(zone):%H:%M} local time")
        due = [t for t in self._open.values() if t.collected and t.account.person == person and t.day <= day]
        if not due:
            self.find(about, "a collected notice came before the run that it was to go with")
        elif day not in self.disturbed and not any(_is_wanted(telling, now) for telling in due):
            self.find(about, "a collected notice came although there was nothing left to read")

    def drop(self, account: Account, key: str, now: datetime, *, by_system: bool) -> None:
        """Note that a timeline says that a notification was dropped."""
        if (account.id, key) in self.noted_dropped:
            self.find(account.id, "one notification was noted as dropped twice")
        self.noted_dropped.add((account.id, key))
        telling = self._by_key.get(key)
        # The note may be a later run's, when a worker has died between the drop and the note.
        is_now = by_system and self.day(now) not in self.disturbed
        if is_now and telling is not None and _is_wanted(telling, now):
            self.find(account.id, "a notification was dropped although its message is unread")

    def give_up(self, account: Account, key: str, now: datetime) -> None:
        """Note that a timeline says that a notification could not be delivered."""
        self.noted_undelivered.add((account.id, key))
        sent = self._by_key[key].sent if key in self._by_key else now
        was_down = any(began <= now and sent <= until for began, until in self.outages)
        if "reserv" not in account.person.scheme and not was_down:
            self.find(account.id, "given up although the inbox was up and knows the person")

    def judge(self, kept: Callable[[str], Iterable[NotificationRecord]], now: datetime) -> None:
        """Judge what has become of every telling that is open.

        Args:
            kept: Gives an enrolment's notifications.
            now: When.
        """
        books: dict[str, dict[str, NotificationRecord]] = {}
        for of, telling in list(self._open.items()):
            id_ = telling.account.id
            if id_ not in books:
                books[id_] = {record.notification.id: record for record in kept(id_)}
            fate = self._fate(telling, books[id_].get(telling.key), now)
            if fate is not None:
                self.figures.fates[("collected, " if telling.collected else "direct, ") + fate] += 1
                del self._open[of]

    def _fate(self, telling: NotableHistory, record: NotificationRecord | None, now: datetime) -> str | None:
        """Return what has become of a telling, None while it waits; and judge whether it should have."""
        account = telling.account
        if record is None:
            self.find(account.id, "a notification is not in the books any more")
            return "lost"
        if record.status is Status.PENDING:
            if now > self._at_the_latest(telling):
                self.find(account.id, "a notification still waits after its last run")
            return None
        settled = record.settled_at or now
        if record.status is Status.DELIVERED:
            self._judge_lateness(telling, settled)
            return "told"
        on_record = self.noted_dropped if record.status is Status.DROPPED else self.noted_undelivered
        if (account.id, telling.key) not in on_record:
            day = self.day(settled)
            if day in self.disturbed and self.day(now) <= self._first_calm(day, self.disturbed):
                return None  # a later run writes the note
            self.find(account.id, f"{record.status.value}, and the timeline does not say so")
        return str(record.status.value)

    def _judge_lateness(self, telling: NotableHistory, settled: datetime) -> None:
        """Judge when a message was told of: in the last notice before its notification was settled."""
        came = self._told.get(telling.digest, {}).values()
        told = max((at for at in came if telling.sent <= at <= settled), default=None)
        if told is None:
            self.find(telling.account.id, "told by the library's books, and nothing came")
            return
        late = told - telling.sent
        if told > self._at_the_latest(telling):
            self.find(telling.account.id, f"told {late} after the message, and nothing was missed")
        if telling.collected:
            self.figures.lateness[late // timedelta(minutes=15)] += 1

    def _at_the_latest(self, telling: NotableHistory) -> datetime:
        if telling.collected:
            day = self._first_calm(telling.day, self.mishaps)
            return instant(day, self.policy.collected_at, self.policy.zone) + _A_PASS
        if self.disturbed.isdisjoint({telling.day - DAY, telling.day, telling.day + DAY}):
            return telling.sent + _SOON
        return instant(self._first_calm(telling.day + DAY, self.disturbed), time(13), self.policy.zone)

    @staticmethod
    def _first_calm(day: date, disturbed: AbstractSet[date]) -> date:
        while day in disturbed:
            day += DAY
        return day


def digest_of(key: str) -> str:
    """Return the id of the digest that an idempotency key is of: that of its first notification."""
    return key.rsplit(".", 1)[0]


def message_of(record: NotificationRecord) -> tuple[int | None, int | None] | None:
    """Return the message that a notification to the patient tells of: its conversation and number."""
    trigger = record.notification.trigger
    return (trigger.conversation, trigger.number) if record.notification.channel is Channel.INBOX else None


def _is_wanted(telling: NotableHistory, now: datetime) -> bool:
    return telling.read is None and telling.account.shut(now, to_write=False) is None
