"""Laws 1, 3, 4, 6 and 8, checked after every step: the books against the model."""

from hypothesis.stateful import invariant

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.fold import replay
from digital_painschool.domain.people import Role
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import PainSchoolError
from digital_painschool.ports.storage import find_cancellable, load_enrolment, load_timeline
from digital_painschool.testing.lifecycle.laws import broken, holds, same
from digital_painschool.testing.lifecycle.model import Course
from digital_painschool.testing.lifecycle.talking import Talking
from digital_painschool.testing.lifecycle.treatment import THERAPISTS
from digital_painschool.testing.people import staff


class Books(Talking):
    """Compares what the schools keep and show with the model."""

    @property
    def present(self) -> list[Course]:
        """The enrolments that were not purged."""
        return [course for course in self.courses if not course.gone]

    def state(self, course: Course) -> Enrolment:
        """Return the state that is kept; it must be there."""
        state = load_enrolment(self.school.storage, course.id)
        holds(8, state is not None, f"{course.id} is not there any more, and nobody purged it")
        assert state is not None
        return state

    @invariant()
    def the_laws_hold(self) -> None:
        """Check the enrolments that a step had to do with; all of them when time has gone on."""
        if not self.schools:
            return
        try:
            self.check()
        except PainSchoolError as error:
            raise broken(8, f"what is kept cannot be shown: {error}") from None
        self.touched.clear()
        self.looked_at = self.now

    def check(self) -> None:
        """Check the laws that can be told from the books."""
        moved = self.now != self.looked_at
        for course in self.present:
            if (moved and course.is_open()) or course in self.touched:
                self.law_1_the_timeline_gives_the_state_again(course)
                self.law_3_modules_open_in_their_order(course)
                self.law_4_what_is_unread_waits(course)
                self.law_5_an_ending_leaves_nothing_waiting(course)
                self.law_6_access_follows_the_truth_table(course)
        if moved or self.touched:
            self.law_4_the_lists_have_the_figures()
            self.law_8_every_storage_keeps_the_same()

    def law_1_the_timeline_gives_the_state_again(self, course: Course) -> None:
        """Replay a timeline."""
        state, entries = self.state(course), load_timeline(self.school.storage, course.id)
        same(1, [*range(1, len(entries) + 1)], [e.seq for e in entries], "the timeline's numbers have gaps")
        replayed = replay(entry.event for entry in entries)
        same(1, replayed, state, f"{course.id}: the state is not what its timeline gives")
        times = [entry.event.at for entry in entries]
        here = [entry.event.at for entry in entries if entry.event.by == "patient"]
        found = (max(times), here[-1] if here else None)
        same(
            1,
            found,
            (state.last_entry_at, state.last_seen_at),
            f"{course.id}: its last entry, or when the patient was here",
        )

    def law_3_modules_open_in_their_order(self, course: Course) -> None:
        """Compare the modules with the model's."""
        state = self.state(course)
        done = [module in state.completed for module in course.order]
        if course.program.ordering is Ordering.ENFORCED:
            holds(3, sorted(done, reverse=True) == done, f"{course.id}: completed modules are no prefix")
        same(3, course.completed, state.completed, f"{course.id}: other modules are completed")
        same(3, course.opened, state.opened, f"{course.id}: other modules were opened")
        same(3, course.skipped, state.out_of_order, f"{course.id}: other modules are marked as out of order")
        same(3, course.released, state.released, f"{course.id}: other modules are released")
        same(3, course.done, state.done_at is not None, f"{course.id}: the patient is done, or is not")

    def law_4_what_is_unread_waits(self, course: Course) -> None:
        """Compare the box of current events, and both sides' conversations, with the model's figures."""
        desk = self.school.school.therapist(course.desk_of)
        box = desk.to_handle(course.id)
        found = {(flag.kind.value, flag.form or flag.conversation): flag.unread for flag in box}
        same(4, course.waiting(self.now), found, f"{course.id}: the box of current events is wrong")
        same(4, len(found), len(box), f"{course.id}: the box has something twice")
        urgent = [flag.priority for flag in box]
        same(4, sorted(urgent, reverse=True), urgent, f"{course.id}: what is urgent does not come first")
        same(4, course.has_alarm(), any(urgent), f"{course.id}: an alarm is lost, or there is none")
        totals = {flag.form: flag.total for flag in box if flag.form is not None}
        right = {form: len(course.saved[form]) for form in totals}
        same(4, right, totals, f"{course.id}: a form's number of fillings-in is wrong")
        unread = [talk.by_patient - talk.seen_by_therapist for talk in course.talks]
        same(4, unread, [view.unread for view in desk.conversations(course.id)], "the therapist's unread messages")

    def law_4_the_lists_have_the_figures(self) -> None:
        """Compare "Mina" and the unit's list with the model: who is on it, with which figures, in which order."""
        for unit in {course.unit for course in self.courses}:
            open_here = [course for course in self.present if course.unit == unit and course.is_open()]
            office = self.school.school.therapist(staff(3, Role.PATIENT_ADMINISTRATOR, unit=unit))
            self._is_listed(open_here, office.unit_caseload(limit=500).rows, "the unit's list")
            for name, actor in THERAPISTS.items():
                own = [course for course in open_here if course.therapist == actor.hsa_id]
                if own:
                    rows = self.school.school.therapist(own[0].desk_of).caseload(limit=500).rows
                    self._is_listed(own, rows, f"the {name}'s list")

    def _is_listed(self, courses: list[Course], rows: tuple[object, ...], where: str) -> None:
        expected = []
        for course in courses:
            waiting = course.waiting(self.now)
            flags = sum(waiting.values())
            rank = 0 if course.has_alarm() else 1 if flags else 2
            due = course.review_is_due(self.now, self.policy)
            expected.append((rank, course.id, flags, course.has_alarm(), ("ending", None) in waiting, due))
        found = [
            (row.key[0], row.enrolment_id, row.flags, row.priority, row.ending, row.review_due)  # type: ignore[attr-defined]
            for row in rows
        ]
        same(4, sorted(expected), found, f"{where} is wrong (rank, id, flags, priority, ending, review due)")

    def law_5_an_ending_leaves_nothing_waiting(self, course: Course) -> None:
        """With the ending go the notifications that wait and that nobody has tried to hand over (D-19a)."""
        if course.phase == "ended" and not course.ended_in_a_pass:
            waiting = find_cancellable(self.school.storage, course.id)
            same(5, (), waiting, f"{course.id} has ended, and something of it waits to be told all the same")

    def law_6_access_follows_the_truth_table(self, course: Course) -> None:
        """Compare what the patient sees with the table: active, maintenance, over, ended."""
        seen = self.school.school.patient(course.number).overview(course.id)
        active, readable = course.is_active(self.now), course.can_read(self.now)
        right = ("all" if active else "chosen" if readable else "none", active, active, readable)
        may = seen.access
        found = (may.read_modules.value, may.fill_in_forms, may.write_messages, may.read_messages)
        same(6, right, found, f"{course.id}: access is wrong (modules, forms, writing, reading)")
        open_now = [course.may_read(module, self.now) for module in course.modules]
        same(6, open_now, [module.open for module in seen.modules], f"{course.id}: other modules are open")
        same(6, (course.phase, course.until), (seen.phase.value, seen.access_until), f"{course.id}: phase, end")
        unread = sum(talk.by_therapist - talk.seen_by_patient for talk in course.talks)
        same(4, unread, seen.unread_messages, f"{course.id}: the patient's unread messages")
        same(3, course.recommended() if active else None, seen.next_module, f"{course.id}: the next module")

    def law_8_every_storage_keeps_the_same(self) -> None:
        """Compare with the reference."""
        if len(self.schools) > 1:
            ours, reference = (school.kept() for school in self.schools)
            same(8, reference, ours, "what is kept is not what the reference keeps")
            same(8, self.schools[1].now, self.now, "time went on otherwise than at the reference")
