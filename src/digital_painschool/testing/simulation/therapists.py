"""What a therapist does: working days, "Mina", flags, answers, leave."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import TypeVar

from digital_painschool.application.caseload import Case
from digital_painschool.application.results import SentMessage
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import Reason
from digital_painschool.ports.storage import load_notifications
from digital_painschool.rules.flags import Flag
from digital_painschool.testing.simulation.audit import check_rows
from digital_painschool.testing.simulation.days import DAY, clock_changes, instant, is_working_day
from digital_painschool.testing.simulation.decisions import Decisions
from digital_painschool.testing.simulation.findings import Law
from digital_painschool.testing.simulation.reference_model import Account, Refusal, Stage, Talk
from digital_painschool.testing.simulation.scene import Scene

T = TypeVar("T")

_TICK = timedelta(microseconds=1)
_PAGE = 50


class TherapistLife:
    """One therapist of a unit.

    Args:
        scene: Where.
        actor: Who.
    """

    def __init__(self, scene: Scene, actor: Actor) -> None:
        self.scene = scene
        self.actor = actor
        self.chance = scene.region.chance("therapist", actor.hsa_id)
        self.habits = scene.region.habits.staff
        self.postponed: set[tuple[str, date]] = set()
        self.leaves = self._summers()
        self.decisions = Decisions(self)
        scene.at(scene.now, self.tick_boxes)
        scene.at(scene.now, self.day)

    def _summers(self) -> list[tuple[date, date]]:
        """Return the leave of each summer: its first day, and the first day after it."""
        found = []
        last = self.scene.region.begins + self.scene.region.days * DAY
        for year in range(self.scene.region.begins.year, last.year + 1):
            first = date(year, 6, 15) + self.chance.whole(*self.habits.summer_from) * DAY
            found.append((first, first + 7 * self.chance.whole(*self.habits.summer_weeks) * DAY))
        return found

    def is_on_leave(self, day: date) -> bool:
        """Return whether a day is in the summer leave."""
        return any(first <= day < after for first, after in self.leaves)

    @property
    def desk(self) -> TherapistDesk:
        """The desk, at the school that is open now."""
        return self.scene.school.therapist(self.actor)

    def ask(
        self, kind: str, call: Callable[[], T], about: Account | None = None, refusal: Refusal | None = None
    ) -> T | None:
        """Ask the desk for something."""
        return self.scene.ask(kind, self.actor.hsa_id, call, about=about, refusal=refusal)

    def tick_boxes(self) -> None:
        """Choose on "Min profil" how to be notified; who is not in the directory cannot."""
        email, sms = (self.chance.happens(share) for share in (self.habits.wants_email, self.habits.wants_sms))
        in_directory = self.scene.surroundings.knows(self.actor.hsa_id)
        refusal = Reason.NO_ADDRESS_IN_DIRECTORY if (email or sms) and not in_directory else None
        done = self.ask(
            "choose notifications", lambda: self.desk.receive_notifications(email=email, sms=sms), None, refusal
        )
        if done is not None:
            self.scene.wants[self.actor.hsa_id] = email + sms

    # A day

    def day(self) -> None:
        """Plan a working day, and the next one."""
        zone = self.scene.unit.policy.zone
        today = self.scene.tellings.day(self.scene.now)
        self.scene.at(instant(today + DAY, time(0), zone), self.day)
        if today + DAY in clock_changes(zone, today.year) or today in clock_changes(zone, today.year):
            self._stay_up(today)
        if not is_working_day(today) or self.is_on_leave(today) or self.chance.happens(self.habits.off_sick):
            return
        begins = instant(today, time(self.chance.whole(*self.habits.begins)), zone)
        for hours in self.habits.looks_hours:
            self.scene.at(
                begins + self.chance.time(timedelta(hours=hours), timedelta(hours=hours + 1)), self.look_through
            )
        if self.chance.happens(self.habits.on_the_stroke):
            run = instant(today, self.scene.unit.policy.collected_at, zone)
            self.scene.at(run - self.chance.pick((timedelta(0), _TICK)), self._write_to_somebody)

    def _stay_up(self, today: date) -> None:
        """Write at odd hours about a change of the clocks, so that the runs before and after it have something."""
        for at in (time(1, 30), time(2, 30), time(3, 30), time(8, 59), time(9)):
            if self.chance.happens(self.habits.about_clock_changes):
                self.scene.at(instant(today, at, self.scene.unit.policy.zone), self._write_to_somebody)

    def _own(self) -> list[Account]:
        return [
            a for a in self.scene.accounts.values() if a.therapist == self.actor.hsa_id and a.stage is not Stage.ENDED
        ]

    def _write_to_somebody(self) -> None:
        own = self._own()
        if own:
            self.write(self.chance.pick(own), Notify.COLLECTED)

    def look_through(self) -> None:
        """Look through "Mina", page by page, and plan whom to see to."""
        rows = self.scene.walk(
            "look through Mina", self.actor.hsa_id, lambda after: self.desk.caseload(after, limit=_PAGE)
        )
        if rows is None:
            return
        check_rows(self.scene, rows, self._own())
        today = self.scene.tellings.day(self.scene.now)
        flagged = [row.enrolment_id for row in rows if row.flags and not self._postpones(row, today)]
        due = [row.enrolment_id for row in rows if row.review_due][: self.habits.reviewed_at_once]
        when = self.scene.now
        for id_ in flagged[: self.habits.handled_at_once]:
            when += self.chance.time(timedelta(minutes=2), timedelta(minutes=9))
            self.scene.at(when, lambda id_=id_: self.handle(self.scene.accounts[id_]))  # type: ignore[misc]
        for id_ in due:
            when += self.chance.time(timedelta(minutes=2), timedelta(minutes=9))
            self.scene.at(when, lambda id_=id_: self.decisions.review(self.scene.accounts[id_]))  # type: ignore[misc]

    def _postpones(self, row: Case, today: date) -> bool:
        """Return whether a patient's flags are left for another day; alarms never are."""
        if (row.enrolment_id, today) in self.postponed:
            return True
        if not row.priority and self.chance.happens(self.habits.leaves_for_later):
            self.postponed.add((row.enrolment_id, today))
            return True
        return False

    # Flags

    def handle(self, account: Account) -> None:
        """Open "Hantera" and see to what waits."""
        refusal = self.shut(account, after_end=True)
        box = self.ask("open Hantera", lambda: self.desk.to_handle(account.id), account, refusal)
        if box is None:
            return
        seen = [
            (flag.kind.value, flag.form or flag.conversation, flag.unread, flag.total, flag.priority) for flag in box
        ]
        expected = account.flags(self.scene.now)
        self.scene.equal(
            Law.UNREAD_IS_SAVED_LESS_READ, account, sorted(expected, key=repr), sorted(seen, key=repr), "what waits"
        )
        ranks = [flag.priority for flag in box]
        self.scene.equal(Law.UNREAD_IS_SAVED_LESS_READ, account, sorted(ranks, reverse=True), ranks, "alarms first")
        for flag in box:
            self._see_to(account, flag)
        self.decisions.release(account)

    def _see_to(self, account: Account, flag: Flag) -> None:
        match flag.kind:
            case FlagKind.FORM_SAVED:
                assert flag.form is not None
                self._take_note(account, flag.form, flag.total)
            case FlagKind.MESSAGE_RECEIVED:
                assert flag.conversation is not None
                self._read(account, flag.conversation)
            case FlagKind.PROGRAM_DONE | FlagKind.UNDELIVERED:
                self._mark_handled(account, flag.kind)
            case _:
                self.decisions.decide(account)

    def shut(self, account: Account, *, after_end: bool = False) -> Refusal | None:
        """Return how a step about an enrolment must be refused to this therapist; None when it must be done."""
        return account.staff_shut(self.actor.hsa_id, after_end=after_end)

    def _take_note(self, account: Account, form: str, total: int) -> None:
        filled, now = account.forms[form], self.scene.now
        if self.chance.happens(self.habits.small_box):
            self.ask(
                "mark more than there is",
                lambda: self.desk.mark_read(account.id, form, up_to=filled.sent + 1),
                account,
                self.shut(account, after_end=True) or Reason.NO_SUCH_SUBMISSION,
            )
            if self.chance.happens(self.habits.saves_meanwhile):
                self.scene.saves_meanwhile(account, form)
            refusal = self.shut(account)
            done = self.ask(
                "mark a form read", lambda: self.desk.mark_read(account.id, form, up_to=total), account, refusal
            )
            if done is None:
                return
            self._check_version(account, done, filled.seen < total)
            up_to = total
        else:
            refusal = self.shut(account, after_end=True)
            found = self.ask("open a form", lambda: self.desk.open_form(account.id, form), account, refusal)
            if found is None:
                return
            answers = dict(found[-1].answers) if found else {}
            expected = (filled.sent, dict(filled.answers), filled.alert == filled.sent)
            seen = (len(found), answers, bool(found) and found[-1].alert)
            self.scene.equal(Law.UNREAD_IS_SAVED_LESS_READ, account, expected, seen, f"the answers to {form}")
            up_to = filled.sent
        if account.stage is not Stage.ENDED and filled.seen < up_to:
            self.scene.figures.wait(filled.see(up_to, now), now)
            account.enter(now)

    def _check_version(self, account: Account, after: Enrolment, changed: bool) -> None:  # noqa: FBT001 - a fact
        expected = account.entries + changed
        self.scene.equal(
            Law.UNREAD_IS_SAVED_LESS_READ, account, True, after.version >= expected, "as many entries as steps"
        )

    def _read(self, account: Account, number: int) -> None:
        talk, now = account.talks[number - 1], self.scene.now
        refusal = self.shut(account, after_end=True)
        view = self.ask("read a message", lambda: self.desk.read_conversation(account.id, number), account, refusal)
        if view is None:
            return
        expected = (talk.heading, talk.from_patient.waiting, talk.from_staff.sent + talk.from_patient.sent)
        found = (view.heading, view.unread, len(view.messages))
        self.scene.equal(Law.UNREAD_IS_SAVED_LESS_READ, account, expected, found, "a conversation, as staff see it")
        if account.stage is not Stage.ENDED and talk.from_patient.waiting:
            self.scene.figures.wait(talk.from_patient.see(talk.from_patient.sent, now), now)
            account.enter(now)
        if self.chance.happens(self.habits.answers):
            self.write(account, self.notify(), number)

    def _mark_handled(self, account: Account, kind: FlagKind) -> None:
        waits = account.undelivered if kind is FlagKind.UNDELIVERED else account.done and not account.done_handled
        refusal = self.shut(account) or (None if waits else Reason.NO_SUCH_FLAG)
        refusal = Reason.NO_SUCH_FLAG if refusal is Reason.ALREADY_ENDED else refusal
        done = self.ask("mark a flag handled", lambda: self.desk.mark_handled(account.id, kind), account, refusal)
        if done is None:
            return
        if kind is FlagKind.UNDELIVERED:
            account.undelivered.clear()
        else:
            account.done_handled = True
        account.enter(self.scene.now)

    # Messages

    def notify(self) -> Notify:
        """Choose how a patient is told of a message."""
        habits = self.habits
        return self.chance.weighed(
            (Notify.NONE, habits.not_told), (Notify.DIRECT, habits.told_directly), (Notify.COLLECTED, 1)
        )

    def write(self, account: Account, notify: Notify, conversation: int | None = None) -> None:
        """Write to a patient, in a conversation or a new one."""
        now, desk = self.scene.now, self.desk
        refusal = self.shut(account) or account.shut(now, to_write=False)
        if conversation is None:
            sent = self.ask(
                "begin a conversation",
                lambda: desk.start_conversation(account.id, "Hej!", notify=notify),
                account,
                refusal,
            )
            if sent is None:
                return
            account.talks.append(Talk(self.scene.unit.policy.heading))
            account.enter(now)
            conversation = len(account.talks)
        else:
            where = conversation
            sent = self.ask(
                "answer", lambda: desk.write(account.id, where, "Bra fråga.", notify=notify), account, refusal
            )
            if sent is None:
                return
        pile = account.talks[conversation - 1].from_staff
        pile.add(now)
        account.enter(now)
        expected = SentMessage(conversation=conversation, number=pile.sent)
        self.scene.equal(Law.UNREAD_IS_SAVED_LESS_READ, account, expected, sent, "the therapist's message")
        due = self.scene.tellings.expect(
            account, conversation, pile.sent, now, notify, load_notifications(self.scene.storage, account.id)
        )
        if due is not None:
            self.scene.want_pass(due)
        if self.chance.happens(self.habits.writes_again):
            when = now + DAY - self.chance.time(timedelta(0), timedelta(hours=4))
            self.scene.at(when, lambda: self._write_again(account))

    def _write_again(self, account: Account) -> None:
        if account.therapist == self.actor.hsa_id and account.shut(self.scene.now, to_write=False) is None:
            self.write(account, Notify.COLLECTED, len(account.talks))
