"""Adapters that are wrong in one way each: mistakes with silent patients and coming ends."""

from collections.abc import Sequence

from attrs import evolve

from digital_painschool.domain.attention import NO_LIMITS, AttentionLimits
from digital_painschool.ports.storage import CaseQuery, CaseSort
from tests.kit.wrong.mistake import Mistake

_ATTENTION, _TOTALS = "Caseload.list_caseload: attention", "Caseload.count_caseload: totals"
_UNNOTED = "Caseload.unnoted_attention: unnoted"

STORAGE: Sequence[Mistake] = (
    *[
        Mistake(
            f"the-condition-{name.replace('_', '-')}-is-forgotten",
            _ATTENTION,
            "list_caseload",
            lambda right, _, query, name=name: right(evolve(query, **{name: None})),
        )
        for name in ("silent", "ends_soon")
    ],
    *[
        Mistake(
            f"the-limit-{name.replace('_', '-')}-is-forgotten",
            _ATTENTION,
            "list_caseload",
            lambda right, _, query, name=name, value=value: right(
                evolve(query, limits=evolve(query.limits, **{name: value}))
            ),
        )
        for name, value in (("seen_before", None), ("ends_before", None), ("open_ended", False))
    ],
    Mistake(
        "an-access-that-is-over-is-still-silent",
        _ATTENTION,
        "list_caseload",
        lambda right, _, query: right(
            query if query.ends_soon is not None else evolve(query, limits=evolve(query.limits, open_ended=True))
        ),
    ),
    Mistake(
        "the-longest-silence-without-its-rank",
        "Caseload.list_caseload: order",
        "list_caseload",
        lambda right, _, query: right(
            evolve(query, limits=NO_LIMITS) if query.sort in (CaseSort.SILENCE, CaseSort.END) else query
        ),
    ),
    Mistake("the-last-unit-is-forgotten", "Caseload.open_units: units", "open_units", lambda right, _: right()[:-1]),
    Mistake("units-without-an-order", "Caseload.open_units", "open_units", lambda right, _: right()[::-1]),
    Mistake(
        "a-note-is-asked-for-again",
        _UNNOTED,
        "unnoted_attention",
        lambda right, self, unit, now, limits: tuple(
            sorted(
                row.enrolment_id
                for silent, ends_soon in ((True, None), (None, True))
                for row in self.list_caseload(
                    CaseQuery(unit=unit, therapist=None, now=now, limits=limits, silent=silent, ends_soon=ends_soon)
                )
            )
        ),
    ),
    *[
        Mistake(
            f"no-note-of-the-limit-{name.replace('_', '-')}",
            _UNNOTED,
            "unnoted_attention",
            lambda right, _, unit, now, limits, name=name: right(unit, now, evolve(limits, **{name: None})),
        )
        for name in ("seen_before", "ends_before")
    ],
    Mistake(
        "notes-without-an-order",
        "Caseload.unnoted_attention",
        "unnoted_attention",
        lambda right, _, unit, now, limits: right(unit, now, limits)[::-1],
    ),
    Mistake(
        "totals-without-limits",
        _TOTALS,
        "count_caseload",
        lambda right, _, unit, therapist, now, limits=NO_LIMITS: right(unit, therapist, now),
    ),
    Mistake(
        "totals-of-the-open-ended",
        _TOTALS,
        "count_caseload",
        lambda right, _, unit, therapist, now, limits=NO_LIMITS: right(
            unit, therapist, now, AttentionLimits(seen_before=limits.seen_before, ends_before=now)
        ),
    ),
)
