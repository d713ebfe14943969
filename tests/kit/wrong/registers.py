"""Adapters that are wrong in one way each: mistakes in profiles, the access log and programs."""

from typing import Any

from attrs import evolve

from digital_painschool.domain.notification import Profile
from tests.kit.wrong.mistake import Mistakes, last


def _programs(storage: Any) -> Any:
    return storage._parts.programs._programs


STORAGE: Mistakes = {
    ("profile", "Staff.profile"): {
        "one-choice-for-both-channels": lambda right, _, *args: Profile(
            email=(p := right(*args)).email | p.sms, sms=p.email | p.sms
        ),
    },
    ("save_profile", "Staff.save_profile"): {
        "a-profile-is-added-to": lambda right, self, unit, id_, new, line: right(
            unit, id_, evolve(new, email=new.email | self.profile(unit, id_).email), line
        ),
    },
    ("access_entries", "AccessLog.access_entries"): {
        "refusals-are-left-out": lambda right, _, *args, **options: tuple(
            x for x in right(*args, **options) if x[1].granted
        ),
        "numbers-within-the-answer": lambda right, _, *args, **options: tuple(
            (n, e) for n, (_, e) in enumerate(right(*args, **options), start=1)
        ),
        "the-log-by-time": lambda right, _, *args, **options: tuple(
            sorted(right(*args, **options), key=lambda x: x[1].at)
        ),
        "the-log-of-a-number-of-any-scheme": lambda right, _, unit, person=None, **options: tuple(
            (n, e) for n, e in right(unit, **options) if person is None or (e.person and e.person.value == person.value)
        ),
    },
    ("log", "AccessLog.log"): {
        "a-line-that-was-there-before": lambda right, self, entries: right(
            e for e in tuple(entries) if e not in self._parts.access_log._entries
        ),
    },
    ("save_program", "Programs.save_program"): {
        "the-given-program-is-returned": lambda right, _, unit, program: last(right(unit, program), program),
    },
    ("program", "Programs.program"): {
        "the-latest-version": lambda right, self, unit, key, version: (
            right(unit, key, version) and [p for (u, k, _), p in _programs(self).items() if (u, k) == (unit, key)][-1]
        ),
    },
}
