"""The audit finds what is wrong with answers and claims: exact journals are spoilt on purpose, one way at a time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from attrs import evolve, frozen

from digital_painschool.testing.environment import local
from proofs.chaos.audit import findings
from proofs.chaos.clock import LyingClock
from proofs.chaos.evidence import Evidence, read_evidence
from proofs.chaos.journal import Journal, Noted, noted
from proofs.chaos.setting import Setting
from proofs.chaos.story import KEY

Spoil = Callable[[Noted], tuple[Noted, ...]]
"""What a note becomes: itself, another, several or none."""


@frozen
class Notes:
    """Picks notes of the story.

    Args:
        what: Of what was asked.
        answer: Of what was answered; None for any.
        place: The how many-eth of them, from 0.
    """

    what: str
    answer: str | None = None
    place: int = 0

    def of(self, evidence: Evidence) -> Noted:
        """Return the note."""
        found = [one for one in evidence.noted if one.what == self.what and self.answer in {None, one.answer}]
        return found[self.place]


def _answers(answer: str | None) -> Spoil:
    return lambda one: (evolve(one, answer=answer, came={**one.came, "why": "ZeroDivisionError"}),)


def _later(one: Noted) -> tuple[Noted, ...]:
    return (evolve(one, answered=one.asked + 31),)


def _killed_after_a_minute(one: Noted) -> tuple[Noted, ...]:
    kill = evolve(one, kind="conductor", life=0, what="kill", facts={"life": one.life}, asked=one.asked + 60)
    return evolve(one, answer=None, answered=None), evolve(kill, answer=None, answered=None)


def _another_version(one: Noted) -> tuple[Noted, ...]:
    return (evolve(one, came={**one.came, "version": one.came["version"] + 1}),)


def _elsewhere(one: Noted) -> tuple[Noted, ...]:
    return (evolve(one, facts={**one.facts, "enrolment": "e2"}),)


def _under_the_key(one: Noted) -> tuple[Noted, ...]:
    return (evolve(one, facts={**one.facts, "once": KEY}),)


def _twice(one: Noted) -> tuple[Noted, ...]:
    return one, evolve(one, number=1000)


def _deadlocked(one: Noted) -> tuple[Noted, ...]:
    over = evolve(one, kind="conductor", life=0, what="over", facts={"deadlocks": 2}, answer=None, answered=None)
    return one, over


def _claimed_at(text: str) -> Spoil:
    return lambda one: (evolve(one, facts={**one.facts, "now": str(local(text))}),)


def _claimed_by_another(one: Noted) -> tuple[Noted, ...]:
    claims = [{**item, "token": f"other {item['token']}"} for item in one.came["claims"]]
    return one, evolve(one, life=3, came={**one.came, "claims": claims})


def _claimed_again(one: Noted) -> tuple[Noted, ...]:
    long_after = datetime.fromisoformat(one.facts["now"]) + timedelta(days=3)
    return one, evolve(one, life=3, facts={**one.facts, "now": str(long_after)})


def _without_the_first(one: Noted) -> tuple[Noted, ...]:
    pending = [{id_: due for id_, due in item["pending"].items() if id_ != FIRST} for item in one.came["claims"]]
    claims = [{**item, "pending": left} for item, left in zip(one.came["claims"], pending, strict=True)]
    return (evolve(one, came={**one.came, "claims": claims}),)


def _decided_without_the_second(one: Noted) -> tuple[Noted, ...]:
    left = [[id_ for id_ in item["notifications"] if id_ != SECOND] for item in one.facts["decided"]]
    decided = [{**item, "notifications": ids} for item, ids in zip(one.facts["decided"], left, strict=True)]
    return (evolve(one, facts={**one.facts, "decided": decided}),)


def _dropped(one: Noted) -> tuple[Noted, ...]:
    results = [{**item, "settled": dict.fromkeys(item["settled"], "dropped")} for item in one.facts["results"]]
    return (evolve(one, facts={**one.facts, "results": results}),)


FIRST, SECOND = "e1.4.inbox.20260302T070000", "e1.8.inbox.20260302T120000"
"""Ids of notifications of the story; the digest of both has the id of the first."""

SPOILT: dict[str, tuple[Notes, Spoil, str]] = {
    "answered, and not done": (
        Notes("therapist_writes", "NotPermitted"),
        _answers("ok"),
        "was answered, and is not there",
    ),
    "a conflict, and done": (Notes("save_form", "ok"), _answers("Conflict"), "was refused with Conflict, and is there"),
    "another version": (
        Notes("hand_over", "ok"),
        _another_version,
        "the answer was version 10, and its last entry is 9",
    ),
    "another message": (
        Notes("therapist_begins", "ok"),
        lambda one: (evolve(one, came={**one.came, "message": 2}),),
        "the answer was message (1, 2), and it left [(1, 1)]",
    ),
    "a repeated key with another answer": (
        Notes("hand_over", "ok", place=1),
        _another_version,
        "the answer was version 10, and its last entry is 9",
    ),
    "a key with two effects": (
        Notes("patient_begins", "ok"),
        _under_the_key,
        "hand_over (web 1, number 17): it is there 2 times",
    ),
    "in another enrolment": (Notes("save_form", "ok"), _elsewhere, "it was asked for in e2"),
    "two calls of one instant": (Notes("save_form", "ok"), _twice, "two calls have one instant"),
    "an error without a type": (Notes("save_form", "RuleViolation"), _answers("untyped"), "ZeroDivisionError"),
    "a late answer": (Notes("save_form", "ok"), _later, "no answer for 31 seconds"),
    "no answer until it was killed": (Notes("open_form", "ok"), _killed_after_a_minute, "no answer for 60 seconds"),
    "a deadlock": (Notes("open_form", "ok"), _deadlocked, "the database has had to end 2 deadlocks"),
    "two holders": (Notes("claim"), _claimed_by_another, f"digest {FIRST} was held by lives 2 and 3"),
    "one token twice": (Notes("claim"), _claimed_again, "one token was given to two claims"),
    "a digest that is torn": (Notes("claim", place=4), _without_the_first, f"{FIRST} was left behind by life 2"),
    "without what was due": (
        Notes("begin", place=11),
        _decided_without_the_second,
        f"{SECOND} was due, and others of its digest went without it",
    ),
    "with what was not decided": (
        Notes("begin", place=11),
        _decided_without_the_second,
        f"digest {FIRST} went with other notifications",
    ),
    "too early": (Notes("claim"), _claimed_at("2026-03-02 08:30"), f"{FIRST} went before it was due"),
    "twice on a day": (
        Notes("claim", place=4),
        _claimed_at("2026-03-02 11:00"),
        "went on a day on which its patient had been told before",
    ),
    "in the afternoon": (Notes("claim"), _claimed_at("2026-03-02 13:30"), "went at 13:30"),
    "dropped by the worker that sent it": (
        Notes("complete", place=13),
        _dropped,
        f"digest {FIRST} was dropped by the worker that had sent it",
    ),
    "a decision that nobody asked for": (
        Notes("complete", place=6),
        lambda _: (),
        "and no worker has decided that",
    ),
}


def _spoilt(evidence: Evidence, which: Notes, spoil: Spoil) -> Evidence:
    chosen = which.of(evidence)
    notes = [part for one in evidence.noted for part in (spoil(one) if one is chosen else (one,))]
    return evolve(evidence, noted=tuple(sorted(notes, key=lambda one: one.asked)))


@pytest.fixture(scope="module")
def evidence(told: tuple[str, Setting]) -> Evidence:
    """The story's evidence, exact."""
    return read_evidence(told[1])


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_journal_is_found(evidence: Evidence, name: str) -> None:
    """Otherwise what people were told, and what workers held, could be anything."""
    which, spoil, says = SPOILT[name]
    found = findings(_spoilt(evidence, which, spoil))
    assert any(says in finding for finding in found), found


def test_what_a_killed_process_wrote_half_was_not_answered(tmp_path: Path) -> None:
    """Otherwise a kill in the middle of a line would stop the audit, or count as an answer."""
    journal = Journal(tmp_path, 7, "web")
    journal.answered(journal.asked("first"), "ok")
    journal.answered(journal.asked("second"), "ok")
    journal.close()
    file = tmp_path / "web-00007.jsonl"
    file.write_text(file.read_text("utf-8")[:-5], "utf-8")
    assert [("first", "ok"), ("second", None)] == [(one.what, one.answer) for one in noted(tmp_path)]


def test_a_clock_never_gives_an_instant_twice_and_names_its_process(tmp_path: Path) -> None:
    """Otherwise the audit would not know whose call an entry belongs to."""
    setting = Setting(url="", folder=tmp_path, seconds=0, speed=timedelta(microseconds=1))
    clock = LyingClock(setting, 1234, Random(1))
    given = [clock.draw() for _ in range(1000)]
    assert 1000 == len(set(given))
    assert {1234} == {at.microsecond % 10_000 for at in given}
    assert any(later < earlier for earlier, later in pairwise(given))
