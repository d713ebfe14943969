"""Adapters that are wrong in one way each: mistakes in profiles, the access log and programs."""

from attrs import evolve

from digital_painschool.domain.notification import Profile
from digital_painschool.domain.program import Program
from digital_painschool.ports.storage import load_draft, load_profile
from tests.kit.wrong.mistake import Mistakes, last, on, records_of

SQL: Mistakes = {
    ("save_record", "Records.save_record"): {
        "an-unreadable-profile-stays": on(
            Profile,
            lambda right, self, key, *args, **options: last(self.load_record(key), right(key, *args, **options)),
        ),
    },
    ("save_draft", "Drafts.save_draft"): {
        "an-unreadable-draft-stays": lambda right, self, e, form, *args, **options: last(
            load_draft(self, e.id, form), right(e, form, *args, **options)
        ),
    },
}
STORAGE: Mistakes = {
    ("load_record", "Records.load_record"): {
        "one-choice-for-both-channels": on(
            Profile,
            lambda right, _, key: (p := right(key)) and Profile(email=p.email | p.sms, sms=p.email | p.sms),
        ),
        "the-latest-version": on(
            Program,
            lambda right, self, key: (
                right(key)
                and [p for k, p in records_of(self).items() if k.kind is Program and k.parts[:2] == key.parts[:2]][-1]
            ),
        ),
    },
    ("save_record", "Records.save_record"): {
        "what-stays-is-not-logged": on(
            Program,
            lambda right, self, key, new, access=(), **options: right(
                key, new, () if self.load_record(key) else access, **options
            ),
        ),
        "a-profile-is-added-to": on(
            Profile,
            lambda right, self, key, new, *args, **options: right(
                key, evolve(new, email=new.email | load_profile(self, *key.parts).email), *args, **options
            ),
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
    ("save_record", "Records.save_record: final"): {
        "the-given-program-is-returned": on(Program, lambda right, _, key, program: last(right(key, program), program)),
    },
}
