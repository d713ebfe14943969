"""The contract of the storage port: silent patients and coming ends in the list of patients, and in its totals."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.domain.attention import NO_LIMITS, AttentionLimits
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import AccessEndsSoon, NotificationDropped, PatientSilent
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.people import AnyActor, SystemActor
from digital_painschool.domain.policy import FlagKind, Terms
from digital_painschool.ports.storage import CaseQuery, CaseSort, Storage, load_enrolments, readable
from digital_painschool.rules.lifecycle import maintain, reactivate
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.case_selections import A_YEAR, LATER, LIMITS, OVER, fill, listed
from digital_painschool.testing.contracts.changes import (
    DAY,
    HOUR,
    MORNING,
    PERSONS,
    begin,
    converse,
    fill_in,
    finish,
    saved,
    step,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.forgetting import withdrawn_at
from digital_painschool.testing.people import NURSE, OTHER_UNIT, UNIT

MICROSECOND = timedelta(microseconds=1)
OPEN_ENDED = evolve(LIMITS, open_ended=True)
ATTENTION: dict[str, tuple[dict[str, Any], str]] = {
    "silent": ({"silent": True}, "a-quiet c-seen z-old"),
    "not silent": ({"silent": False}, "b-new k-kept m-alert"),
    "silent, no limit": ({"silent": True, "limits": NO_LIMITS}, ""),
    "not silent, no limit": (
        {"silent": False, "limits": NO_LIMITS},
        "a-quiet b-new c-seen k-kept m-alert z-old",
    ),
    "silent, access over": ({"silent": True, "now": A_YEAR}, "a-quiet"),
    "silent, open-ended": (
        {"silent": True, "now": A_YEAR, "limits": OPEN_ENDED},
        "a-quiet c-seen z-old",
    ),
    "ends soon": ({"ends_soon": True}, "c-seen z-old"),
    "ends soon, in maintenance too": ({"ends_soon": True, "now": OVER - HOUR}, "c-seen k-kept z-old"),
    "ends soon, over": ({"ends_soon": True, "now": A_YEAR}, ""),
    "ends soon, open-ended": (
        {"ends_soon": True, "now": OVER - HOUR, "limits": OPEN_ENDED},
        "k-kept",
    ),
    "does not end soon": ({"ends_soon": False}, "a-quiet b-new k-kept m-alert"),
    "ends soon, no limit": ({"ends_soon": True, "limits": NO_LIMITS}, ""),
    "silent and ends soon": ({"silent": True, "ends_soon": True}, "c-seen z-old"),
}
"""Conditions, each with the ids of the rows of `fill` that they fit by `LIMITS`."""


def _noted(
    e: Enrolment, _: Terms, limits: AttentionLimits, *, by: AnyActor, at: datetime
) -> tuple[PatientSilent | AccessEndsSoon, ...]:
    """Return the notes of a silence and of a coming end, as a worker's pass writes them by these limits."""
    since, end = limits.unnoted_silence(e, at), limits.unnoted_end(e, at)
    silence = () if since is None else (PatientSilent(at=at, by=by.signature, since=since),)
    ending = () if end is None else (AccessEndsSoon(at=at, by=by.signature, access_until=end),)
    return (*silence, *ending)


def _taken_back(_: Enrolment, __: Terms, *, by: AnyActor, at: datetime) -> tuple[NotificationDropped]:
    """Return the drop of a notification that takes back the note of a silence."""
    lost = NotificationId("a-quiet.2.email")
    return (
        NotificationDropped(
            at=at, by=by.signature, notification=lost, channel=Channel.EMAIL, takes_back=FlagKind.SILENT
        ),
    )


class AttentionContract(StorageOpening):
    """Silent patients and coming ends, in every storage."""

    @proves("Caseload.list_caseload: attention")
    @pytest.mark.parametrize("name", ATTENTION)
    def test_a_page_holds_who_is_silent_and_whose_access_ends_soon(self, storage: Storage, name: str) -> None:
        """Otherwise a patient who has gone away in silence would be missed in the list of those (D-17b)."""
        fill(storage)
        query, expected = ATTENTION[name]
        assert expected.split() == sorted(id_ for *_, id_ in listed(storage, **query))

    @proves("Caseload.list_caseload: attention", "Caseload.count_caseload: totals")
    def test_the_limits_count_to_the_microsecond(self, storage: Storage) -> None:
        """Otherwise a list and its badge would disagree at a boundary (D-17b)."""
        e = saved(storage, begin("a"))
        for limits, now, found in (
            (AttentionLimits(seen_before=MORNING), LATER, (0, 0)),
            (AttentionLimits(seen_before=MORNING + MICROSECOND), LATER, (1, 0)),
            (AttentionLimits(seen_before=LATER), e.access_until - MICROSECOND, (1, 0)),
            (AttentionLimits(seen_before=LATER), e.access_until, (0, 0)),
            (AttentionLimits(ends_before=e.access_until), LATER, (0, 0)),
            (AttentionLimits(ends_before=e.access_until + MICROSECOND), LATER, (0, 1)),
            (AttentionLimits(ends_before=e.access_until + DAY), e.access_until - MICROSECOND, (0, 1)),
            (AttentionLimits(ends_before=e.access_until + DAY), e.access_until, (0, 0)),
        ):
            totals = storage.count_caseload(UNIT, None, now, limits)
            assert found == (totals.silent, totals.ends_soon)
            for condition, number in zip(("silent", "ends_soon"), found, strict=True):
                assert number == len(listed(storage, now=now, limits=limits, **{condition: True}))

    @proves("Caseload.list_caseload: attention", "Caseload.unnoted_attention: unnoted")
    def test_silence_counts_from_the_way_back_to_active(self, storage: Storage) -> None:
        """Otherwise a patient who had no access for months would be silent on the day that it is given back (D-18b)."""
        kept = saved(storage, step(saved(storage, begin("a")), maintain, 1, {1}, shortens=True, at=MORNING))
        e = saved(storage, step(kept, reactivate, at=LATER))
        for limits, is_silent in (
            (AttentionLimits(seen_before=LATER), False),
            (AttentionLimits(seen_before=LATER + MICROSECOND), True),
        ):
            now = LATER + DAY
            assert (LATER if is_silent else None) == limits.silent_since(e, now)
            assert int(is_silent) == storage.count_caseload(UNIT, None, now, limits).silent
            [row] = readable(storage.list_caseload(CaseQuery(unit=UNIT, therapist=None, now=now, limits=limits)))
            assert limits.silent_since(e, now) == limits.silent_since(row, now)
            assert is_silent is bool(listed(storage, now=now, limits=limits, silent=True))
            assert is_silent is bool(storage.unnoted_attention(UNIT, now, limits))
        assert [(0, LATER, "a")] == listed(storage, now=LATER + DAY, limits=limits, sort=CaseSort.SILENCE)

    @proves("Caseload.list_caseload: attention")
    def test_one_who_ended_is_neither(self, storage: Storage) -> None:
        """Otherwise somebody who is not treated any more would be called up (D-17b, D-19a)."""
        saved(storage, finish(saved(storage, begin("a")), at=MORNING))
        for condition in ("silent", "ends_soon"):
            assert [] == listed(storage, ended=True, **{condition: True})
            assert ["a"] == [id_ for *_, id_ in listed(storage, ended=True, **{condition: False})]

    @proves("Caseload.open_units", "Caseload.open_units: units")
    def test_the_units_are_those_with_open_enrolments(self, storage: Storage) -> None:
        """Otherwise nobody would be told of the silent patients of a unit, or a unit be asked for ever (D-17b)."""
        assert () == storage.open_units()
        there = saved(storage, begin("b", unit=OTHER_UNIT))
        assert (OTHER_UNIT,) == storage.open_units()
        here = [saved(storage, begin(id_, person)) for id_, person in (("c", PERSONS[1]), ("a", PERSONS[2]))]
        assert (UNIT, OTHER_UNIT) == storage.open_units()
        storage.save(finish(here[0], at=MORNING))
        assert (UNIT, OTHER_UNIT) == storage.open_units()
        storage.save(finish(here[1], at=MORNING))
        withdrawn_at(storage, there, MORNING)
        assert () == storage.open_units()

    @proves("Caseload.unnoted_attention", "Caseload.unnoted_attention: unnoted")
    def test_what_is_not_noted_yet_is_found_until_it_is(self, storage: Storage) -> None:
        """Otherwise a therapist would not be told of a patient, or each run would ask about all silent ones (D-17b)."""
        fill(storage)

        def found(now: datetime = LATER, limits: AttentionLimits = LIMITS) -> list[str]:
            return [*storage.unnoted_attention(UNIT, now, limits)]

        def note(id_: str, now: datetime = LATER, limits: AttentionLimits = LIMITS) -> Enrolment:
            e = load_enrolments(storage, [EnrolmentId(id_)])[EnrolmentId(id_)]
            return saved(storage, step(e, _noted, limits, by=SystemActor(), at=now))

        assert ["a-quiet", "c-seen", "z-old"] == found()
        assert ["a-quiet", "c-seen", "z-old"] == found(limits=evolve(LIMITS, ends_before=None))
        assert ["c-seen", "z-old"] == found(limits=evolve(LIMITS, seen_before=None))
        assert ([], []) == (found(limits=NO_LIMITS), [*storage.unnoted_attention(OTHER_UNIT, LATER, NO_LIMITS)])
        note("a-quiet")
        note("c-seen", limits=evolve(LIMITS, ends_before=None))
        assert ["c-seen", "z-old"] == found()
        seen = note("c-seen")
        old = note("z-old")
        assert [] == found()
        old = saved(storage, fill_in(old, at=LATER))
        seen = saved(storage, converse(seen, at=LATER))
        assert [] == found()
        assert ["b-new", "m-alert", "z-old"] == found(limits=evolve(LIMITS, seen_before=LATER + MICROSECOND))
        saved(storage, step(seen, maintain, 9, {1}, shortens=True, at=LATER))
        assert ["c-seen", "k-kept"] == found(OVER - HOUR)
        note("c-seen", OVER - HOUR)
        note("k-kept", OVER - HOUR)
        assert [] == found(OVER - HOUR)
        silent = load_enrolments(storage, [EnrolmentId("a-quiet")])[EnrolmentId("a-quiet")]
        saved(storage, step(silent, _taken_back, by=SystemActor(), at=OVER - HOUR))
        assert ["a-quiet"] == found()
        note("a-quiet")
        saved(storage, finish(saved(storage, begin("y-new", PERSONS[5], at=MORNING)), at=LATER))
        assert [] == found()

    @proves("Caseload.count_caseload: totals")
    def test_the_totals_count_the_silent_and_the_coming_ends(self, storage: Storage) -> None:
        """Otherwise the badge would say another number than the list behind it (D-17b)."""
        fill(storage)
        for therapist, limits, found in (
            (None, LIMITS, (3, 2)),
            (NURSE.hsa_id, evolve(LIMITS, seen_before=LATER), (4, 2)),
            (None, NO_LIMITS, (0, 0)),
        ):
            totals = storage.count_caseload(UNIT, therapist, LATER, limits)
            assert found == (totals.silent, totals.ends_soon)
