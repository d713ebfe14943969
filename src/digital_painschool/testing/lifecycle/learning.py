"""Modules and forms: what the patient opens, completes and fills in, and what the therapist takes note of."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.domain.program import Ordering
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.lifecycle.base import during
from digital_painschool.testing.lifecycle.model import Course
from digital_painschool.testing.lifecycle.treatment import COURSE, Treatment

MODULE = st.sampled_from([1, 2, 3, 4, 1, 2, 3, 0, 5])
CHOSEN = st.sampled_from([[1], [2], [3, 4], [1, 3], [2, 3, 4], [], [1, 5]])
"""What is to stay readable; the last two are refused."""
FORM = st.sampled_from([PAIN, DAILY])
GOOD: dict[str, tuple[tuple[dict[str, object], bool], ...]] = {
    PAIN: (({"smarta": 3}, False), ({"smarta": 9}, True), ({"smarta": 8}, False), ({"smarta": 10}, True)),
    DAILY: (
        ({"hemma": "bra"}, False),
        ({"hemma": "ring", "var": ["rygg"], "timmar": 6.5}, True),
        ({"hemma": "svart", "var": ["rygg", "axel"]}, True),
        ({"hemma": "svart", "var": ["axel"], "steg": 0}, False),
    ),
}
"""Right answers, each with whether they alarm: by the question, by the score, at the threshold and just below it."""
BAD: tuple[dict[str, object], ...] = (
    {},
    {"smarta": 11},
    {"smarta": True},
    {"smarta": 3, "hemma": "bra"},
    {"hemma": "bra", "var": ["rygg", "rygg"]},
    {"hemma": "okand"},
)
MOST_COURSES = 10


class Learning(Treatment):
    """The patient learns, and the therapist follows."""

    def opened(self) -> None:
        """Begin without a screen."""
        self.views: list[tuple[Course, str, int]] = []
        super().opened()

    @rule(course=COURSE, module=MODULE)
    @during("treatment", "maintenance")
    def open_module(self, course: int, module: int) -> None:
        """The patient opens a module."""
        of = self.course(course)
        fine = of.may_read(module, self.now)
        if self.patient(3, f"opens module {module}", of, fine, lambda room: room.open_module(of.id, module)):
            of.open_module(module)

    @rule(course=COURSE, module=MODULE)
    @during("treatment", "maintenance")
    def complete_module(self, course: int, module: int) -> None:
        """The patient completes a module."""
        of = self.course(course)
        fine = of.is_active(self.now) and of.may_read(module, self.now)
        if self.patient(3, f"completes module {module}", of, fine, lambda room: room.complete_module(of.id, module)):
            of.complete_module(module)

    @rule(course=COURSE, modules=st.permutations([1, 2, 3, 4]), completes=st.booleans())
    @during("treatment")
    def go_through_the_modules(self, course: int, modules: list[int], completes: bool) -> None:  # noqa: FBT001
        """The patient opens or completes all modules in some order."""
        for module in modules:
            if completes:
                self.complete_module(course, module)
            else:
                self.open_module(course, module)

    @rule(course=COURSE, released=st.booleans(), another=st.integers(1, 4))
    @during("treatment", "maintenance", "messages")
    def complete_all_modules(self, course: int, released: bool, another: int) -> None:  # noqa: FBT001
        """The patient completes the reading order, as far as that is open, and one more module, or one again."""
        of = self.course(course)
        for module in of.order:
            if released and of.program.ordering is Ordering.RELEASED:
                self.release_module(course, module)
            self.complete_module(course, module)
        self.complete_module(course, another)

    @rule(course=COURSE, module=MODULE)
    @during("treatment")
    def release_module(self, course: int, module: int) -> None:
        """The therapist releases a module, where modules are released."""
        of = self.course(course)
        fine = of.is_open() and module in of.order and of.program.ordering is Ordering.RELEASED
        if self.therapist(3, f"releases module {module}", of, fine, lambda desk: desk.release_module(of.id, module)):
            of.released.add(module)

    @rule(course=COURSE, form=FORM, answers=st.integers(0, 3))
    @during("treatment", "maintenance", "messages")
    def save_form(self, course: int, form: str, answers: int) -> None:
        """The patient saves a form."""
        of = self.course(course)
        given, alarms = GOOD[form][answers]
        fine = of.may_fill_in(form, self.now)
        if self.patient(6, f"saves {form}", of, fine, lambda room: room.save_form(of.id, form, given)):
            of.saved.setdefault(form, []).append(alarms)

    @rule(course=COURSE)
    @during("treatment")
    def save_all_sorts(self, course: int) -> None:
        """The patient saves every kind of right answers, each read by the therapist before the next."""
        for form, answers in GOOD.items():
            for place in range(len(answers)):
                self.save_form(course, form, place)
                self.the_laws_hold()
                self.open_form(course, form)

    @rule(course=COURSE, form=FORM)
    @during("treatment")
    def save_rubbish(self, course: int, form: str) -> None:
        """The patient saves all sorts of things that the form does not ask for."""
        of = self.course(course)
        for answers in BAD:
            call = lambda room, answers=answers: room.save_form(of.id, form, answers)  # noqa: E731
            self.patient(2, f"saves rubbish in {form}", of, False, call)

    @rule(course=COURSE, form=FORM)
    @during("treatment")
    def draw_the_box(self, course: int, form: str) -> None:
        """The therapist's screen is drawn; it is used later."""
        of = self.course(course)
        self.views.append((of, form, len(of.saved.get(form, []))))

    @rule(course=COURSE, form=FORM, before=st.integers(0, 2), meanwhile=st.integers(0, 2), alarms=st.integers(0, 3))
    @during("treatment")
    def save_while_the_box_is_shown(self, course: int, form: str, before: int, meanwhile: int, alarms: int) -> None:
        """The patient saves, the therapist's screen is drawn, the patient saves again, and the screen is used."""
        for _ in range(before):
            self.save_form(course, form, alarms)
        self.draw_the_box(course, form)
        for _ in range(meanwhile):
            self.save_form(course, form, 0)
        self.mark_from_the_screen(len(self.views) - 1, 0)

    @rule(course=COURSE, form=FORM)
    @during("treatment")
    def mark_from_two_screens(self, course: int, form: str) -> None:
        """Two screens are drawn, one before a filling-in and one after it; the older is used last."""
        for _ in range(2):
            self.save_form(course, form, 0)
            self.draw_the_box(course, form)
        for view in (-1, -2):
            self.mark_from_the_screen(view, 0)
            self.the_laws_hold()

    @rule(view=st.integers(0, 9), further=st.sampled_from([0, 0, 0, 1, -1]))
    @during("treatment")
    @precondition(lambda self: self.views)
    def mark_from_the_screen(self, view: int, further: int) -> None:
        """The therapist marks what the screen showed, or one filling-in more or less than that."""
        of, form, shown = self.views[view % len(self.views)]
        total = shown + further
        fine = of.is_open() and 0 <= total <= len(of.saved.get(form, []))
        if self.therapist(4, f"marks {form}", of, fine, lambda desk: desk.mark_read(of.id, form, up_to=total)):
            of.noted[form] = max(of.noted.get(form, 0), total)

    @rule(course=COURSE, form=FORM)
    @during("treatment")
    def open_form(self, course: int, form: str) -> None:
        """The therapist reads the answers; after the end too, and then nothing is changed."""
        of = self.course(course)
        if self.therapist(4, f"reads {form}", of, True, lambda desk: desk.open_form(of.id, form)) and of.is_open():
            of.noted[form] = len(of.saved.get(form, []))

    @rule(course=COURSE, days=st.sampled_from([1, 2, 30, 365, 0, 366]), modules=CHOSEN)
    @during("maintenance")
    def maintain_and_read(self, course: int, days: int, modules: list[int]) -> None:
        """The therapist maintains, or renews, and the patient reads what is chosen, and what is not."""
        self.maintain(course, days, modules)
        for module in self.course(course).modules:
            self.open_module(course, module)
