"""Adapters that are wrong in one way each: mistakes in drafts, and in the changes that discard them."""

from collections.abc import Callable
from functools import partial
from time import sleep
from typing import Any

from attrs import evolve

from digital_painschool.domain.draft import Draft, draft_tag
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import load_draft
from tests.kit.wrong.calls import forgetting_the_key, step_before_the_key
from tests.kit.wrong.mistake import Mistakes, Wrong, first, last, on, put, records_of


def _drafts(storage: Any) -> Any:
    return {key: record for key, record in records_of(storage).items() if key.kind is Draft}


def _discard(storage: Any, enrolment_id: Any) -> Any:
    forms = [key.parts[1] for key in _drafts(storage) if key.parts[0] == enrolment_id]
    return storage._parts.records.discard_drafts(enrolment_id, forms)


def _keeping(storage: Any, work: Callable[[], Any]) -> Any:
    """Do something, and put back the drafts that were there before."""
    kept = _drafts(storage)
    return last(work(), records_of(storage).update(kept))


def _saving(wrong: Wrong) -> Wrong:
    return lambda right, self, e, form, draft, line, **options: (wrong if draft else _right)(
        partial(right, **options), self, e, form, draft, line
    )


def _discarding(wrong: Wrong) -> Wrong:
    return lambda right, self, e, form, draft, line, **options: (_right if draft else wrong)(
        partial(right, **options), self, e, form, draft, line
    )


def _right(right: Wrong, _: Any, *args: Any) -> Any:
    return right(*args)


def _asking(is_another: Callable[[Any, str], bool]) -> Wrong:
    """Return a `save_draft` that refuses where the stored draft is another one than that of the tag."""

    def save_draft(
        right: Wrong, storage: Any, e: Any, form: str, *args: Any, replaces: Any = None, **options: Any
    ) -> Any:
        stored = load_draft(storage, e.id, form)
        if replaces is not None and is_another(stored, replaces):
            raise Conflict("another draft is stored")
        sleep(0.001)
        return right(e, form, *args, **options)

    return save_draft


def _replacing_what_stays(right: Wrong, storage: Any, e: Any, form: str, *args: Any, **options: Any) -> Any:
    """Lose from sight what replaces another draft, when the enrolment is purged."""
    was_there = load_draft(storage, e.id, form) is not None
    right(e, form, *args, **options)
    if was_there:
        purge = storage.purge
        storage.purge = lambda *of, **more: _keeping(storage, lambda: purge(*of, **more))


def _logging_first(right: Wrong, storage: Any, *args: Any, **options: Any) -> Any:
    storage.log((args[-1],))
    return first(right(*args, **options), storage._parts.access_log._entries.pop())


def _by_the_instant(stored: Any, replaces: str) -> bool:
    return replaces == draft_tag(None) if stored else replaces != draft_tag(None)


STORAGE: Mistakes = {
    ("save_draft", "Drafts.save_draft"): {
        "the-first-draft-stays": _saving(
            lambda right, self, e, form, draft, line: right(e, form, load_draft(self, e.id, form) or draft, line)
        ),
        "one-draft-of-an-enrolment": _saving(lambda right, self, e, *args: last(_discard(self, e.id), right(e, *args))),
        "a-draft-without-its-line": _saving(
            lambda right, self, *args: first(right(*args), self._parts.access_log._entries.pop())
        ),
        "a-draft-and-its-line-apart": _saving(
            lambda right, self, *args: first(right(*args), self._parts.access_log._entries.pop(), self.log((args[-1],)))
        ),
    },
    ("save_draft", "Drafts.save_draft: optimistic"): {
        "a-draft-of-any-version": _saving(
            lambda right, self, e, *args: right(self.load_many((e.id,)).get(e.id, e), *args)
        ),
    },
    ("save_draft", "Drafts.save_draft: apart"): {
        "a-draft-counts-as-an-entry": _saving(
            lambda right, self, e, form, draft, line: first(
                right(e, form, draft, line),
                self._parts.enrolments._enrolments.update({e.id: evolve(e, last_seen_at=draft.saved_at)}),
            )
        ),
    },
    ("save_draft", "Drafts.save_draft: replaces"): {
        "any-draft-is-replaced": _saving(lambda right, self, *args: right(*args, replaces=None)),
        "any-draft-is-discarded": _discarding(lambda right, self, *args: right(*args, replaces=None)),
        "asked-before-the-transaction": _asking(lambda stored, tag: tag != draft_tag(stored)),
        "two-drafts-of-one-instant-are-one": _asking(_by_the_instant),
        "what-is-gone-counts-as-shown": _asking(lambda stored, tag: bool(stored) and tag != draft_tag(stored)),
        "who-saw-none-replaces-any": _asking(lambda stored, tag: tag not in {draft_tag(None), draft_tag(stored)}),
        "refused-with-a-line": _logging_first,
    },
    ("save_draft", "Records: with the step"): {
        "a-draft-without-its-key": _saving(lambda right, self, *args: right(*args, completed=None)),
        "discarded-without-its-key": _discarding(lambda right, self, *args: right(*args, completed=None)),
        "a-second-draft-takes-the-key": forgetting_the_key,
        "a-draft-before-its-key": step_before_the_key,
    },
    ("load_record", "Records.load_record"): {
        "the-draft-of-any-enrolment": on(
            Draft,
            lambda right, self, key: (
                right(key) or next((d for k, d in _drafts(self).items() if k.parts[1] == key.parts[1]), None)
            ),
        ),
        "whole-numbers-become-decimals": on(
            Draft,
            lambda right, _, key: (
                (draft := right(key))
                and evolve(draft, answers={k: float(v) if type(v) is int else v for k, v in draft.answers.items()})
            ),
        ),
    },
    ("save_draft", "Retention.purge: nothing left"): {
        "a-draft-that-replaced-one-outlives-the-purge": _replacing_what_stays,
    },
    ("save_draft", "Drafts.save_draft: discarded"): {
        "discarded-in-one-version-alone": _discarding(
            lambda right, self, e, *args: self._parts.enrolments.require_version(e.id, e.version) or right(e, *args)
        ),
        "every-draft-goes": _discarding(lambda right, self, e, *args: last(_discard(self, e.id), right(e, *args))),
        "discarded-without-a-line": _discarding(
            lambda right, self, *args: first(right(*args), self._parts.access_log._entries.pop())
        ),
    },
    ("save", "Change.discarded_drafts"): {
        "discarded-once": lambda right, self, change: first(
            right(evolve(change, discarded_drafts=change.discarded_drafts - vars(self).get("gone", frozenset()))),
            put(self, "gone", change.discarded_drafts),
        ),
        "a-change-discards-every-draft": lambda right, self, change: first(
            right(change), change.discarded_drafts and _discard(self, change.enrolment.id)
        ),
        "a-refused-change-discards": lambda right, self, change: last(
            self._parts.records.discard_drafts(change.enrolment.id, change.discarded_drafts), right(change)
        ),
    },
    ("save", "Enrolments.save: all or nothing"): {
        "drafts-go-after-their-step": lambda right, self, change: first(
            right(evolve(change, discarded_drafts=frozenset())),
            [self.save_draft(change.enrolment, form, None, change.access) for form in change.discarded_drafts],
        ),
    },
    ("purge", "Retention.purge: nothing left"): {
        "drafts-outlive-the-purge": lambda right, self, *args: _keeping(self, lambda: right(*args)),
    },
}
