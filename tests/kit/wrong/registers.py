"""Adapters that are wrong in one way each: mistakes in profiles, the access log and programs."""

from collections.abc import Sequence

from attrs import evolve

from digital_painschool.domain.notification import Profile
from digital_painschool.domain.program import Program
from digital_painschool.ports.storage import load_profile
from tests.kit.wrong.mistake import Mistake, last, on, records_of

STORAGE: Sequence[Mistake] = (
    Mistake(
        "one-choice-for-both-channels",
        "Records.load_record",
        "load_record",
        on(
            Profile,
            lambda right, _, key: (p := right(key)) and Profile(email=p.email | p.sms, sms=p.email | p.sms),
        ),
    ),
    Mistake(
        "a-profile-is-added-to",
        "Records.save_record",
        "save_record",
        on(
            Profile,
            lambda right, self, key, new, *args, **options: right(
                key, evolve(new, email=new.email | load_profile(self, *key.parts).email), *args, **options
            ),
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
        "Records.save_record: final",
        "save_record",
        on(Program, lambda right, _, key, program: last(right(key, program), program)),
    ),
    Mistake(
        "the-latest-version",
        "Records.load_record",
        "load_record",
        on(
            Program,
            lambda right, self, key: (
                right(key)
                and [p for k, p in records_of(self).items() if k.kind is Program and k.parts[:2] == key.parts[:2]][-1]
            ),
        ),
    ),
)
