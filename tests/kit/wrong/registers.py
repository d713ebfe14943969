"""Adapters that are wrong in one way each: mistakes in profiles, the access log and programs."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from digital_painschool.domain.notification import Profile
from tests.kit.wrong.mistake import Mistake, last


def _programs(storage: Any) -> Any:
    return storage._parts.programs._programs


STORAGE: Sequence[Mistake] = (
    Mistake(
        "one-choice-for-both-channels",
        "Staff.profile",
        "profile",
        lambda right, _, *args: Profile(email=(p := right(*args)).email | p.sms, sms=p.email | p.sms),
    ),
    Mistake(
        "a-profile-is-added-to",
        "Staff.save_profile",
        "save_profile",
        lambda right, self, unit, id_, new, line: right(
            unit, id_, evolve(new, email=new.email | self.profile(unit, id_).email), line
        ),
    ),
    Mistake(
        "refusals-are-left-out",
        "AccessLog.access_entries",
        "access_entries",
        lambda right, _, *args, **options: tuple(x for x in right(*args, **options) if x[1].granted),
    ),
    Mistake(
        "a-line-that-was-there-before",
        "AccessLog.log",
        "log",
        lambda right, self, entries: right(e for e in tuple(entries) if e not in self._parts.access_log._entries),
    ),
    Mistake(
        "numbers-within-the-answer",
        "AccessLog.access_entries",
        "access_entries",
        lambda right, _, *args, **options: tuple((n, e) for n, (_, e) in enumerate(right(*args, **options), start=1)),
    ),
    Mistake(
        "the-log-by-time",
        "AccessLog.access_entries",
        "access_entries",
        lambda right, _, *args, **options: tuple(sorted(right(*args, **options), key=lambda x: x[1].at)),
    ),
    Mistake(
        "the-log-of-a-number-of-any-scheme",
        "AccessLog.access_entries",
        "access_entries",
        lambda right, _, unit, person=None, **options: tuple(
            (n, e) for n, e in right(unit, **options) if person is None or (e.person and e.person.value == person.value)
        ),
    ),
    Mistake(
        "the-given-program-is-returned",
        "Programs.save_program",
        "save_program",
        lambda right, _, unit, program: last(right(unit, program), program),
    ),
    Mistake(
        "the-latest-version",
        "Programs.program",
        "program",
        lambda right, self, unit, key, version: (
            right(unit, key, version) and [p for (u, k, _), p in _programs(self).items() if (u, k) == (unit, key)][-1]
        ),
    ),
)
