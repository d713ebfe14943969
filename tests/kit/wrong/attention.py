"""Adapters that are wrong in one way each: mistakes with silent patients and coming ends."""

from attrs import evolve

from digital_painschool.domain.attention import NO_LIMITS, AttentionLimits
from digital_painschool.ports.storage import CaseQuery, CaseSort
from tests.kit.wrong.mistake import Mistakes

_ATTENTION, _TOTALS = "Caseload.list_caseload: attention", "Caseload.count_caseload: totals"
_UNNOTED = "Caseload.unnoted_attention: unnoted"

STORAGE: Mistakes = {
    ("list_caseload", _ATTENTION): {
        **{
            f"the-condition-{name.replace('_', '-')}-is-forgotten": lambda right, _, query, name=name: right(
                evolve(query, **{name: None})
            )
            for name in ("silent", "ends_soon")
        },
        **{
            f"the-limit-{name.replace('_', '-')}-is-forgotten": lambda right, _, query, name=name, value=value: right(
                evolve(query, limits=evolve(query.limits, **{name: value}))
            )
            for name, value in (("seen_before", None), ("ends_before", None), ("open_ended", False))
        },
        "an-access-that-is-over-is-still-silent": lambda right, _, query: right(
            query if query.ends_soon is not None else evolve(query, limits=evolve(query.limits, open_ended=True))
        ),
    },
    ("list_caseload", "Caseload.list_caseload: order"): {
        "the-longest-silence-without-its-rank": lambda right, _, query: right(
            evolve(query, limits=NO_LIMITS) if query.sort in (CaseSort.SILENCE, CaseSort.END) else query
        ),
    },
    ("open_units", "Caseload.open_units: units"): {"the-last-unit-is-forgotten": lambda right, _: right()[:-1]},
    ("open_units", "Caseload.open_units"): {"units-without-an-order": lambda right, _: right()[::-1]},
    ("unnoted_attention", _UNNOTED): {
        "a-note-is-asked-for-again": lambda right, self, unit, now, limits: tuple(
            sorted(
                row.enrolment_id
                for silent, ends_soon in ((True, None), (None, True))
                for row in self.list_caseload(
                    CaseQuery(unit=unit, therapist=None, now=now, limits=limits, silent=silent, ends_soon=ends_soon)
                )
            )
        ),
        **{
            f"no-note-of-the-limit-{name.replace('_', '-')}": lambda right, _, unit, now, limits, name=name: right(
                unit, now, evolve(limits, **{name: None})
            )
            for name in ("seen_before", "ends_before")
        },
    },
    ("unnoted_attention", "Caseload.unnoted_attention"): {
        "notes-without-an-order": lambda right, _, unit, now, limits: right(unit, now, limits)[::-1],
    },
    ("count_caseload", _TOTALS): {
        "totals-without-limits": lambda right, _, unit, therapist, now, limits=NO_LIMITS: right(unit, therapist, now),
        "totals-of-the-open-ended": lambda right, _, unit, therapist, now, limits=NO_LIMITS: right(
            unit, therapist, now, AttentionLimits(seen_before=limits.seen_before, ends_before=now)
        ),
    },
}
