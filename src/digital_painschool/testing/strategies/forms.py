"""Forms: every kind of question, scored or not, with and without an alert."""

from attrs import evolve
from hypothesis import strategies as st

from digital_painschool.domain.form import (
    Choice,
    Date,
    Form,
    ManyChoices,
    Number,
    Option,
    Question,
    Scale,
    Text,
    is_scored,
)
from digital_painschool.domain.limits import POINTS
from digital_painschool.testing.strategies.texts import keys, titles

_KEYS = keys("a", "b", "c", "d", "e", "f", "smarta")
_TEXTS = titles("Hur ont?", "Hur har du sovit?")
_LABELS = st.sampled_from(["", "inget", "värsta tänkbara"])
_LOWEST = st.integers(0, 2) | st.integers(-100, 100) | st.just(-POINTS)
_SPREADS = st.integers(1, 10) | st.integers(1, 100)
_STEPS = st.sampled_from([1, 0.5, 0.25])
_SCORES = st.none() | st.integers(0, 4) | st.integers(-50, 50) | st.sampled_from([POINTS, -POINTS])


@st.composite
def _scales(draw: st.DrawFn) -> Scale:
    lowest, spread = draw(_LOWEST), draw(_SPREADS)
    return Scale(
        key="a",
        text=draw(_TEXTS),
        required=draw(st.booleans()),
        lowest=lowest,
        highest=lowest + spread,
        low_label=draw(_LABELS),
        high_label=draw(_LABELS),
        scored=draw(st.booleans()),
        alert_from=draw(st.none() | st.integers(lowest, lowest + spread)),
    )


@st.composite
def _numbers(draw: st.DrawFn) -> Number:
    # One that asks for whole numbers has whole bounds, so that it can be answered.
    whole = draw(st.booleans())
    step = 1 if whole else draw(_STEPS)
    lowest, spread = draw(_LOWEST), draw(_SPREADS)
    alert = draw(st.none() | st.integers(0, spread))
    return Number(
        key="a",
        text=draw(_TEXTS),
        required=draw(st.booleans()),
        lowest=lowest * step,
        highest=(lowest + spread) * step,
        unit_label=draw(_LABELS),
        whole=whole,
        scored=whole and draw(st.booleans()),
        alert_from=None if alert is None else (lowest + alert) * step,
    )


_OPTIONS = st.lists(
    st.builds(Option, key=_KEYS, text=_TEXTS, score=_SCORES, alert=st.booleans()),
    min_size=1,
    max_size=4,
    unique_by=lambda option: option.key,
).map(tuple)
_QUESTIONS: st.SearchStrategy[Question] = st.one_of(
    _scales(),
    st.builds(Choice, key=_KEYS, text=_TEXTS, required=st.booleans(), options=_OPTIONS),
    st.builds(ManyChoices, key=_KEYS, text=_TEXTS, required=st.booleans(), options=_OPTIONS),
    _numbers(),
    st.builds(Text, key=_KEYS, text=_TEXTS, required=st.booleans(), longest=st.sampled_from([40, 1, 200])),
    st.builds(Date, key=_KEYS, text=_TEXTS, required=st.booleans()),
)
_KEY_LISTS = st.lists(_KEYS, min_size=1, max_size=4, unique=True)


def questions() -> st.SearchStrategy[Question]:
    """Return a question of any kind."""
    return _QUESTIONS


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """Return a form of one question or more, with an alert at a score where something is scored."""
    asked = tuple(evolve(draw(_QUESTIONS), key=key) for key in draw(_KEY_LISTS))
    scored = any(is_scored(question) for question in asked)
    alert = draw(st.none() | st.integers(-5, 20)) if scored else None
    return Form(key=draw(_KEYS), title=draw(_TEXTS), questions=asked, alert_from=alert)
