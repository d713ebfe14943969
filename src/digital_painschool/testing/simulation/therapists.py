"""The life of a therapist: working days, "Mina", flags, answers, reviews, decisions, leave."""

from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from attrs import define, evolve

from digital_painschool.application.caseload import Case
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.domain.people import Actor
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import Reason
from digital_painschool.ports.storage import find_cancellable
from digital_painschool.rules.flags import Flag
from digital_painschool.testing import history as h
from digital_painschool.testing.reference import checks, refusals
from digital_painschool.testing.reference.calendar import DAY, HOUR, MICROSECOND, MIDNIGHT, clock_changes
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.expectations import Ticked
from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.simulation.asking import ask, walk
from digital_painschool.testing.simulation.days import is_working_day
from digital_painschool.testing.simulation.notifications import Notifications
from digital_painschool.testing.simulation.patients import PatientLife
from digital_painschool.testing.simulation.scene import Scene
from digital_painschool.testing.simulation.taking import Steps, Taken

T = TypeVar("T")

_PAGE = 50
_A_TASK = (timedelta(minutes=2), timedelta(minutes=9))
_ODD_HOURS = (time(1, 30), time(2, 30), time(3, 30), time(8, 59), time(9))
_OWN_CHOICE, _SILENCE = 0, -2
"""The places of two reasons for ending in a program's list."""


@define(eq=False, slots=False)
class TherapistLife:
    """One therapist of a unit.

    Args:
        scene: The unit.
        steps: Takes the steps.
        notifications: The notifications of the unit.
        patients: The life of each patient, by enrolment.
        actor: The therapist.
        ended: Called with each enrolment that the therapist has ended.
    """

    scene: Scene
    steps: Steps
    notifications: Notifications
    patients: Mapping[str, PatientLife]
    actor: Actor
    ended: Callable[[ReferenceEnrolment], object]

    def __attrs_post_init__(self) -> None:
        scene = self.scene
        self.chance = scene.region.chance("therapist", self.actor.hsa_id)
        self.habits = scene.region.habits.staff
        self.postponed: set[tuple[str, date]] = set()
        self.leaves = self._summers()
        scene.at(scene.now, self.tick_boxes)
        scene.at(scene.now, self.day)

    def _summers(self) -> list[tuple[date, date]]:
        """Return the leave of each summer: its first day, and the first day after it."""
        found, region = [], self.scene.region
        for year in range(region.begins.year, (region.begins + region.days * DAY).year + 1):
            first = date(year, 6, 15) + self.chance.whole(*self.habits.summer_from) * DAY
            found.append((first, first + 7 * self.chance.whole(*self.habits.summer_weeks) * DAY))
        return found

    @property
    def _desk(self) -> TherapistDesk:
        return self.scene.school.therapist(self.actor)

    def _look(self, call: "partial[T]", model: ReferenceEnrolment) -> T | None:
        refusal = refusals.acting(model, self.actor.hsa_id, after_end=True)
        return ask(self.scene, self.actor.hsa_id, call, model, refusal)

    def _take(self, model: ReferenceEnrolment, step: h.TherapistStep) -> Taken | None:
        return self.steps.take(model, step, by=self.actor)

    def tick_boxes(self) -> None:
        """Tick the boxes on "Min profil"; a therapist who is not in the directory cannot."""
        email, sms = (self.chance.happens(share) for share in (self.habits.wants_email, self.habits.wants_sms))
        summary = (email or sms) and self.chance.happens(self.habits.wants_summary)
        refused = (email or sms) and self.scene.scenario.ports.directory.find(self.actor.hsa_id) is None
        call = partial(self._desk.receive_notifications, email=email, sms=sms, summary=summary)
        refusal = Reason.NO_ADDRESS_IN_DIRECTORY if refused else None
        if ask(self.scene, self.actor.hsa_id, call, None, refusal) is not None:
            ticked = [channel for channel, tick in ((Channel.EMAIL, email), (Channel.SMS, sms)) if tick]
            chosen = Ticked(frozenset(ticked), summary)
            self.notifications.oracle.tick(self.actor.unit, self.actor.hsa_id, chosen)

    # A day

    def day(self) -> None:
        """Plan a working day, and the next one."""
        scene, chance, today = self.scene, self.chance, self.scene.today
        scene.at(scene.instant(today + DAY, MIDNIGHT), self.day)
        if {today, today + DAY} & {*clock_changes(scene.policy.zone, today.year)}:
            for at in _ODD_HOURS:
                if chance.happens(self.habits.about_clock_changes):
                    scene.at(scene.instant(today, at), self._write_to_somebody)
        is_on_leave = any(first <= today < after for first, after in self.leaves)
        if not is_working_day(today) or is_on_leave or chance.happens(self.habits.off_sick):
            return
        begins = scene.instant(today, time(chance.whole(*self.habits.begins)))
        for hours in self.habits.looks_hours:
            scene.at(begins + chance.time(hours * HOUR, (hours + 1) * HOUR), self.look_through)
        if chance.happens(self.habits.on_the_stroke):
            run = scene.instant(today, scene.policy.collected_at)
            scene.at(run - chance.pick((timedelta(0), MICROSECOND)), self._write_to_somebody)

    def _own(self) -> list[ReferenceEnrolment]:
        return [m for m in self.scene.models.values() if m.therapist == self.actor.hsa_id and m.is_open]

    def _write_to_somebody(self) -> None:
        own = self._own()
        if own:
            self.write(self.chance.pick(own), Notify.COLLECTED)

    def look_through(self) -> None:
        """Read "Mina", page by page, and plan the patients with flags and the due reviews."""
        scene, chance = self.scene, self.chance
        rows = walk(scene, self.actor.hsa_id, self._desk.caseload, _PAGE)
        if rows is None:
            return
        scene.note(checks.row_violations(self._own(), rows, scene.now, "Mina"))
        flagged = [row.enrolment_id for row in rows if row.flags and not self._postpones(row)]
        due = [row.enrolment_id for row in rows if row.review_due]
        tasks = [(self.handle, id_) for id_ in flagged[: self.habits.handled_at_once]]
        tasks += [(self.review, id_) for id_ in due[: self.habits.reviewed_at_once]]
        when = scene.now
        for task, id_ in tasks:
            when += chance.time(*_A_TASK)
            scene.at(when, partial(task, scene.models[id_]))

    def _postpones(self, row: Case) -> bool:
        """Return whether a patient's flags are left for another day; alerts never are."""
        this_day = (row.enrolment_id, self.scene.today)
        if this_day not in self.postponed and not row.priority and self.chance.happens(self.habits.leaves_for_later):
            self.postponed.add(this_day)
        return this_day in self.postponed

    # Flags

    def handle(self, model: ReferenceEnrolment) -> None:
        """Open "Hantera" and see to each flag."""
        box = self._look(partial(self._desk.to_handle, model.id), model)
        if box is None:
            return
        self.scene.note(checks.flag_violations(model, box, self.scene.now))
        for flag in box:
            _ON_FLAG[flag.kind](self, model, flag)
        self._release(model)

    def _see_form(self, model: ReferenceEnrolment, flag: Flag) -> None:
        form = flag.form
        assert form is not None
        if self.chance.happens(self.habits.small_box):
            self._take(model, h.MarkRead(form, up_to=model.submissions(form).sent + 1))
            if self.chance.happens(self.habits.saves_meanwhile):
                self.patients[model.id].save_form(form)
            self._waited(self._take(model, h.MarkRead(form, up_to=flag.total)))
        else:
            self._waited(self._take(model, h.OpenForm(form)))

    def _waited(self, taken: Taken | None) -> None:
        """Note how long a form or a message waited that was read now."""
        if taken is not None and taken.effect is not None:
            self.scene.figures.waited[(self.scene.now - taken.effect).days] += 1

    def _read(self, model: ReferenceEnrolment, flag: Flag) -> None:
        assert flag.conversation is not None
        taken = self._take(model, h.TherapistReads(flag.conversation))
        self._waited(taken)
        if taken is not None and self.chance.happens(self.habits.answers):
            self.write(model, self.notify(), flag.conversation)

    def _mark_handled(self, model: ReferenceEnrolment, flag: Flag) -> None:
        self._take(model, h.MarkHandled(flag.kind))

    # Messages

    def notify(self) -> Notify:
        """Return how a patient is notified of a message."""
        shares = (Notify.NONE, self.habits.not_told), (Notify.DIRECT, self.habits.told_directly)
        return self.chance.weighed(*shares, (Notify.COLLECTED, 1))

    def write(self, model: ReferenceEnrolment, notify: Notify, conversation: int = 0) -> None:
        """Write to a patient, in a conversation or in a new one (0)."""
        scene, text = self.scene, "Bra fråga." if conversation else "Hej!"
        taken = self._take(model, h.TherapistWrites(text, conversation, notify=notify))
        if taken is None:
            return
        self.notifications.sent(model, taken.answer, notify)
        if self.chance.happens(self.habits.writes_again):
            when = scene.now + DAY - self.chance.time(timedelta(0), 4 * HOUR)
            scene.at(when, lambda: self._write_again(model))

    def _write_again(self, model: ReferenceEnrolment) -> None:
        if model.therapist == self.actor.hsa_id and refusals.reading(model, self.scene.now) is None:
            self.write(model, Notify.COLLECTED, len(model.conversations))

    # Reviews and decisions

    def review(self, model: ReferenceEnrolment) -> None:
        """Record a review: look, write perhaps, end the enrolment perhaps when the patient is silent."""
        chance, habits, now = self.chance, self.habits, self.scene.now
        state = self._look(partial(self._desk.enrolment, model.id), model)
        if state is not None:
            self.scene.note(checks.state_violations(model, state))
        if self._take(model, h.Review()) is None:
            return
        self._release(model)
        if chance.happens(habits.writes_at_review):
            conversation = chance.whole(1, len(model.conversations)) if model.conversations else 0
            self.write(model, self.notify(), conversation)
        if model.done_at and model.phase is Phase.ACTIVE and chance.happens(habits.maintains_early):
            self._maintain(model)
        silent = now - model.quiet_since > habits.silent_days * DAY
        if silent and model.phase is Phase.ACTIVE and chance.happens(habits.ends_silent):
            if chance.happens(habits.says_goodbye):
                self.write(model, self.notify())
            self._end(model, _SILENCE)

    def _decide(self, model: ReferenceEnrolment, _: Flag) -> None:
        """Maintain an enrolment whose time is over, or end it."""
        if model.phase is Phase.ACTIVE and self.chance.happens(self.habits.maintains):
            self._maintain(model)
        else:
            self._end(model, _OWN_CHOICE)

    def _maintain(self, model: ReferenceEnrolment) -> None:
        scene, chance = self.scene, self.chance
        days = chance.whole(*self.habits.maintained_days)
        modules = {chance.pick(model.modules) for _ in range(3)}
        if chance.happens(self.habits.maintains_too_long):
            days = scene.policy.maintenance_days[1] + 1
        step = h.Maintain(days, tuple(modules))
        shortens = refusals.maintaining(model, days, modules, scene.now, shortens=False) in _CONFIRMED
        if self._take(model, step) is not None:
            self._time_changed(model)
        elif shortens and chance.happens(self.habits.confirms):
            self._take(model, evolve(step, shortens=True))
            self._time_changed(model)
            if chance.happens(self.habits.goes_back):
                later = chance.whole(*self.habits.goes_back_after_days)
                scene.at(scene.now + later * DAY, lambda: self._go_back(model))

    def _go_back(self, model: ReferenceEnrolment) -> None:
        if not model.purged and self._take(model, h.Reactivate(shortens=True)) is not None:
            self._time_changed(model)

    def _time_changed(self, model: ReferenceEnrolment) -> None:
        self.patients[model.id].plan_boundary()
        self.notifications.want(model.access_until)

    def _end(self, model: ReferenceEnrolment, reason: int) -> None:
        key = model.program.end_reasons[reason].key
        for _ in range(1 + self.chance.happens(self.habits.double_click)):
            if self._take(model, h.End(key)) is not None:
                if find_cancellable(self.scene.storage, model.id):
                    what = "ended, and a notification that nobody has tried still waits"
                    self.scene.find(Law.NOTIFIED_ONCE_IN_TIME, model.id, what)
                self.ended(model)

    def _release(self, model: ReferenceEnrolment) -> None:
        """Release the module after the last completed one, where the program asks for it."""
        if model.program.ordering is not Ordering.RELEASED or model.phase is not Phase.ACTIVE:
            return
        module = next((n for n in model.order[1:] if n not in model.released), None)
        if module is None or model.order[model.order.index(module) - 1] not in model.completed:
            return
        self._take(model, h.ReleaseModule(module))


_CONFIRMED = frozenset({Reason.SHORTENS_ACCESS, Reason.ACCESS_WOULD_END})
"""The refusals of a maintenance that the therapist may confirm."""

_ON_FLAG: Mapping[FlagKind, Callable[[TherapistLife, ReferenceEnrolment, Flag], None]] = MappingProxyType(
    {
        FlagKind.FORM_SAVED: TherapistLife._see_form,
        FlagKind.MESSAGE_RECEIVED: TherapistLife._read,
        FlagKind.PROGRAM_DONE: TherapistLife._mark_handled,
        FlagKind.UNDELIVERED: TherapistLife._mark_handled,
        FlagKind.HANDED_OVER: TherapistLife._mark_handled,
        FlagKind.ENDING: TherapistLife._decide,
    }
)
"""What a therapist does about each kind of flag."""
