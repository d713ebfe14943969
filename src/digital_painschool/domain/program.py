"""A program with its modules and pages, in one version.

Each field is checked by a validator. The problems between parts are found by hand, so that all of them are named at
once, each with its path; a validator would stop at the first.
"""

from collections.abc import Iterator
from enum import Enum

from attrs import evolve, field, frozen

from digital_painschool.domain.form import Form, repeated
from digital_painschool.domain.limits import KEY, PAGE_TEXT, TITLE, exactly, several, whole
from digital_painschool.errors import InvalidProgram

_MODULE_NUMBER = whole(1, 999)


class Ordering(Enum):
    """The strictness of the reading order. Rule: D-04a."""

    GUIDED = "guided"
    ENFORCED = "enforced"
    RELEASED = "released"


class Completion(Enum):
    """The condition for completing a module: the patient's word, or that and every page read. Rule: D-04c."""

    DECLARED = "declared"
    PAGES_READ = "pages-read"


@frozen(kw_only=True)
class Page:
    """A page of a module: text, and the forms that it carries, by key. Rule: M-01."""

    title: str = field(validator=TITLE)
    text: str = field(validator=PAGE_TEXT)
    forms: tuple[str, ...] = field(default=(), validator=several(KEY))


@frozen(kw_only=True)
class Module:
    """A theme of the program, read page by page. Rule: M-01.

    Args:
        number: The number of the module, 1 to 999.
        title: The title that a person reads.
        pages: In reading order.
    """

    number: int = field(validator=_MODULE_NUMBER)
    title: str = field(validator=TITLE)
    pages: tuple[Page, ...] = field(validator=several(exactly(Page)))

    def problems(self, forms: frozenset[str]) -> Iterator[str]:
        """Yield the problems within the module, given the keys of the forms that there are."""
        if not self.pages:
            yield "pages: a module has at least one page"
        for page in self.pages:
            yield from repeated(f"pages[{page.title}].forms", list(page.forms))
            yield from (
                f"pages[{page.title}].forms: there is no form {key!r}" for key in page.forms if key not in forms
            )


@frozen(kw_only=True)
class EndReason:
    """A reason to end, as the therapist chooses it from the list. Rule: M-19, D-19a."""

    key: str = field(validator=KEY)
    title: str = field(validator=TITLE)


@frozen(kw_only=True)
class Pace:
    """Advice on pace, shown and never enforced. Rule: M-02."""

    modules_a_week: int = field(default=1, validator=whole(1, 100))
    hours_from: int = field(default=2, validator=whole(1, 168))
    hours_to: int = field(default=6, validator=whole(1, 168))


@frozen(kw_only=True)
class Program:
    """A treatment as it is offered in the list "Moment", in one version. Rule: M-01 to M-05, D-04a to D-05c.

    Args:
        key: The name of the program, such as `"digitala-smartskolan"`.
        version: Names the content; a change of content needs a new version (D-05c).
        title: The title that a person reads.
        modules: In the order of their numbers.
        forms: The forms that the pages carry.
        reading_order: The module numbers that are read in this order the first time (M-04, D-04b).
        required: The module numbers whose completion makes the patient done (D-05b); empty means the reading order.
        ordering: How strictly the reading order holds (D-04a).
        completion: What completes a module (D-04c).
        end_reasons: The reasons that the therapist chooses from when ending (D-19a).
        access_months: How long the patient has access from the start, in calendar months (M-05).
        pace: Advice (M-02).
        example: True when the content is made up and not for patients.

    Raises:
        InvalidProgram: The parts do not fit together; every problem is named.
    """

    key: str = field(validator=KEY)
    version: str = field(validator=KEY)
    title: str = field(validator=TITLE)
    modules: tuple[Module, ...] = field(validator=several(exactly(Module)))
    forms: tuple[Form, ...] = field(default=(), validator=several(exactly(Form)))
    reading_order: tuple[int, ...] = field(default=(), validator=several(_MODULE_NUMBER))
    required: tuple[int, ...] = field(default=(), validator=several(_MODULE_NUMBER))
    ordering: Ordering = field(default=Ordering.GUIDED, validator=exactly(Ordering))
    completion: Completion = field(default=Completion.DECLARED, validator=exactly(Completion))
    end_reasons: tuple[EndReason, ...] = field(validator=several(exactly(EndReason)))
    access_months: int = field(default=12, validator=whole(1, 120))
    pace: Pace = field(default=Pace(), validator=exactly(Pace))
    example: bool = field(default=False, validator=exactly(bool))
    _modules: dict[int, Module] = field(init=False, eq=False, repr=False)
    _forms: dict[str, Form] = field(init=False, eq=False, repr=False)
    _carriers: dict[str, tuple[int, ...]] = field(init=False, eq=False, repr=False)
    _before: dict[int, tuple[int, ...]] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise InvalidProgram(f"program {self.key!r}", problems)
        if not self.required:
            object.__setattr__(self, "required", self.reading_order)
        object.__setattr__(self, "_modules", {module.number: module for module in self.modules})
        object.__setattr__(self, "_forms", {form.key: form for form in self.forms})
        carriers = {
            form.key: tuple(m.number for m in self.modules if any(form.key in page.forms for page in m.pages))
            for form in self.forms
        }
        object.__setattr__(self, "_carriers", carriers)
        before = {number: self.reading_order[:index] for index, number in enumerate(self.reading_order)}
        object.__setattr__(self, "_before", before)

    def __repr__(self) -> str:
        return f"Program(key={self.key!r}, version={self.version!r}, modules={len(self.modules)})"

    def ordered(self, ordering: Ordering | None) -> "Program":
        """Return the program in an ordering, which in another one is another version. None keeps it. Rule: D-05c.

        Raises:
            InvalidProgram: The ordering needs a reading order, and the program has none.
        """
        if ordering is None or ordering is self.ordering:
            return self
        return evolve(self, ordering=ordering, version=f"{self.version}-{ordering.value}")

    def module(self, number: int) -> Module | None:
        """Return the module of that number, or None."""
        return self._modules.get(number)

    def form(self, key: str) -> Form | None:
        """Return the form of that key, or None."""
        return self._forms.get(key)

    def before(self, module: int) -> tuple[int, ...]:
        """Return the modules before this one in the reading order; none for a module outside it. Rule: M-04, D-04b."""
        return self._before.get(module, ())

    def carriers(self, form: str) -> tuple[int, ...]:
        """Return the numbers of the modules whose pages carry the form."""
        return self._carriers.get(form, ())

    def _problems(self) -> Iterator[str]:
        yield from self._order_problems()
        if not self.pace.hours_from <= self.pace.hours_to:
            yield "pace.hours_to: must be at least hours_from"
        if not self.end_reasons:
            yield "end_reasons: there must be at least one to choose"
        yield from repeated("end_reasons", [reason.key for reason in self.end_reasons])
        yield from repeated("forms", [form.key for form in self.forms])
        for form in self.forms:
            yield from (f"forms[{form.key}].{problem}" for problem in form.problems())
        known = frozenset(form.key for form in self.forms)
        for module in self.modules:
            yield from (f"modules[{module.number}].{problem}" for problem in module.problems(known))

    def _order_problems(self) -> Iterator[str]:
        numbers = [module.number for module in self.modules]
        if not numbers or numbers != sorted(set(numbers)):
            yield "modules: numbers start at 1 or above, rise, and none comes twice"
        unknown = frozenset((*self.reading_order, *self.required)).difference(numbers)
        for name, chosen in (("reading_order", self.reading_order), ("required", self.required)):
            yield from repeated(name, [str(number) for number in chosen])
            yield from (f"{name}: there is no module {number}" for number in chosen if number in unknown)
        if self.ordering is not Ordering.GUIDED and not self.reading_order:
            yield f"reading_order: ordering {self.ordering.value!r} needs one"
        if not self.required and not self.reading_order:
            yield "required: name the modules that make the patient done, or a reading_order"
