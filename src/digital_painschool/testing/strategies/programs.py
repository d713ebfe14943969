"""Programs of every shape."""

from functools import cache

from attrs import evolve
from hypothesis import strategies as st

from digital_painschool.domain.program import Completion, EndReason, Module, Ordering, Pace, Page, Program
from digital_painschool.testing.strategies.forms import forms
from digital_painschool.testing.strategies.texts import keys, prose, titles

_FORMS = forms()
_CARRIED = st.lists(st.sampled_from(["smarta", "somn", "vardag", "K.e_y-1"]), max_size=3, unique=True)
_NUMBERS = st.lists(st.sampled_from([*range(1, 12), 998]), min_size=1, max_size=6, unique=True).map(sorted)
_TITLES = titles("Tema", "Smärtans språk")
_KEYS = keys("program", "smartskola")
_VERSIONS = keys("1", "2026-03")
_END_REASONS = st.lists(
    st.builds(EndReason, key=keys("klar", "avbruten"), title=_TITLES),
    min_size=1,
    max_size=3,
    unique_by=lambda reason: reason.key,
).map(tuple)
_PACES = st.builds(
    Pace,
    modules_a_week=st.integers(1, 7) | st.just(100),
    hours_from=st.integers(1, 6),
    hours_to=st.integers(6, 20) | st.just(168),
)
_MONTHS = st.sampled_from([12, 1, 120]) | st.integers(1, 120)


def end_reasons() -> st.SearchStrategy[tuple[EndReason, ...]]:
    """Return one reason to end or more, no key twice."""
    return _END_REASONS


@st.composite
def programs(draw: st.DrawFn, *, key: str | None = None, ordering: Ordering | None = None) -> Program:
    """Return a valid program: every ordering and completion, every kind of question.

    Its modules are in the reading order and outside it. Where a key or an ordering is given, it has that.
    """
    strict = draw(st.sampled_from(Ordering)) if ordering is None else ordering
    numbers = draw(_NUMBERS)
    some = st.lists(st.sampled_from(numbers), unique=True).map(tuple)
    order = draw(some) if strict is Ordering.GUIDED else draw(some) or (numbers[0],)
    required = draw(some) or (() if order else (numbers[0],))
    carried = draw(_CARRIED)
    pages = _pages(tuple(carried))
    return Program(
        key=draw(_KEYS) if key is None else key,
        version=draw(_VERSIONS),
        title=draw(_TITLES),
        modules=tuple(Module(number=number, title=draw(_TITLES), pages=draw(pages)) for number in numbers),
        forms=tuple(evolve(draw(_FORMS), key=form) for form in carried),
        reading_order=order,
        required=required,
        ordering=strict,
        completion=draw(st.sampled_from(Completion)),
        end_reasons=draw(_END_REASONS),
        access_months=draw(_MONTHS),
        pace=draw(_PACES),
        example=draw(st.booleans()),
    )


@cache
def _pages(carried: tuple[str, ...]) -> st.SearchStrategy[tuple[Page, ...]]:
    some: st.SearchStrategy[tuple[str, ...]] = (
        st.lists(st.sampled_from(carried), unique=True).map(tuple) if carried else st.just(())
    )
    page = st.builds(Page, title=_TITLES, text=prose(200), forms=some)
    return st.lists(page, min_size=1, max_size=2).map(tuple)
