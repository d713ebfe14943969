"""The model of a digest holds its invariants in every interleaving, and loses them when a rule is taken away."""

from collections.abc import Callable
from datetime import date
from types import MappingProxyType

import pytest

from digital_painschool.domain.digest import Action
from digital_painschool.rules import digests
from digital_painschool.rules.digests import DECISIONS, Doubt
from proofs.digests import model
from proofs.digests.model import Limits, walk

pytestmark = pytest.mark.rule("D-13a")


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Forget what was decided under another rule."""
    model.decided.cache_clear()


@pytest.mark.parametrize(
    "limits",
    [Limits(messages=2, claims=2), Limits(messages=1, drops=True), Limits(messages=1, drops=True, restores=1)],
    ids=["plain", "drops", "restores"],
)
def test_every_interleaving_holds_the_invariants(limits: Limits) -> None:
    """Otherwise a patient would be told twice on a day, outside the forenoon, or never."""
    found = walk(limits)
    assert (None, ()) == (found.broken, found.steps)
    assert found.states > 1_000


@pytest.mark.search
@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(messages=3), marks=pytest.mark.nightly),
        pytest.param(Limits(messages=2, drops=True), marks=pytest.mark.nightly),
        pytest.param(Limits(messages=2, restores=1), marks=pytest.mark.nightly),
        Limits(messages=2, claims=2, drops=True, restores=1),
    ],
    ids=["three messages", "drops", "restores", "drops and restores"],
)
def test_every_interleaving_of_more_holds_the_invariants(limits: Limits) -> None:
    """Otherwise a rarer meeting of faults would break what the smaller model promises."""
    assert None is walk(limits).broken


Change = Callable[[pytest.MonkeyPatch], None]


def _decides(doubt: Doubt, action: Action) -> Change:
    """Return what changes one row of the table."""
    changed = MappingProxyType({**DECISIONS, (True, doubt, True): action, (True, doubt, False): action})
    return lambda patch: patch.setattr(digests, "DECISIONS", changed)


def _is_never_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(digests, "latest_day", lambda *days: None)


def _tells_at_any_hour(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(digests, "earliest_send_at", lambda now, policy, told_on=None: now)


def _forgets_the_attempt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(digests, "latest_day", _after_the_first_day)


def _after_the_first_day(*days: date | None) -> date | None:
    """Take the row's own day, and not that of the attempt."""
    return days[0]


def _one_key_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(model, "batch_key", lambda digest_id, _: digest_id)


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (_decides(Doubt.TODAY, Action.SEND), "told twice on one day"),
        (_decides(Doubt.EARLIER, Action.WAIT), "waits for ever"),
        (_is_never_told, "told twice on one day"),
        (_forgets_the_attempt, "told twice on one day"),
        (_tells_at_any_hour, "told outside the forenoon"),
        (_one_key_for_ever, "completed and never told"),
    ],
    ids=[
        "a batch of today joins",
        "a batch of yesterday waits",
        "told on no day",
        "an attempt without an answer counts for nothing",
        "told at any hour",
        "one key for ever",
    ],
)
def test_without_a_rule_an_invariant_breaks(monkeypatch: pytest.MonkeyPatch, change: Change, broken: str) -> None:
    """Otherwise the model would prove nothing, or the rule be needless."""
    change(monkeypatch)
    found = walk(Limits(messages=2, drops=True))
    model.decided.cache_clear()
    assert broken == found.broken, found
