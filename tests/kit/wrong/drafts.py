"""Adapters that are wrong in one way each: mistakes in drafts, and in the changes that discard them."""

from collections.abc import Callable
from typing import Any

from attrs import evolve

from tests.kit.wrong.mistake import Mistakes, first, last, put


def _drafts(storage: Any) -> Any:
    return storage._parts.drafts


def _keeping(storage: Any, work: Callable[[], Any]) -> Any:
    """Do something, and put back the drafts that were there before."""
    kept = {id_: dict(drafts) for id_, drafts in _drafts(storage)._drafts.items()}
    return last(work(), _drafts(storage)._drafts.update(kept))


STORAGE: Mistakes = {
    ("save_draft", "Drafts.save_draft"): {
        "the-first-draft-stays": lambda right, self, e, draft, line: right(
            e, self.draft(e.id, draft.form) or draft, line
        ),
        "one-draft-of-an-enrolment": lambda right, self, e, draft, line: first(
            _drafts(self).delete(e.id), right(e, draft, line)
        ),
        "a-draft-without-its-line": lambda right, self, *args: first(
            right(*args), self._parts.access_log._entries.pop()
        ),
        "a-draft-and-its-line-apart": lambda right, self, e, draft, line: first(
            right(e, draft, line), self._parts.access_log._entries.pop(), self.log((line,))
        ),
    },
    ("save_draft", "Drafts.save_draft: optimistic"): {
        "a-draft-of-any-version": lambda right, self, e, *args: right(self.load_many((e.id,)).get(e.id, e), *args),
    },
    ("save_draft", "Drafts.save_draft: apart"): {
        "a-draft-counts-as-an-entry": lambda right, self, e, draft, line: first(
            right(e, draft, line),
            self._parts.enrolments._enrolments.update({e.id: evolve(e, last_seen_at=draft.saved_at)}),
        ),
    },
    ("draft", "Drafts.draft"): {
        "the-draft-of-any-enrolment": lambda right, self, id_, form: (
            right(id_, form) or next((d[form] for d in _drafts(self)._drafts.values() if form in d), None)
        ),
        "whole-numbers-become-decimals": lambda right, _, *args: (
            (draft := right(*args))
            and evolve(draft, answers={k: float(v) if type(v) is int else v for k, v in draft.answers.items()})
        ),
    },
    ("discard_draft", "Drafts.discard_draft"): {
        "every-draft-goes": lambda right, self, id_, *args: last(_drafts(self).delete(id_), right(id_, *args)),
        "discarded-without-a-line": lambda right, self, *args: first(
            right(*args), self._parts.access_log._entries.pop()
        ),
    },
    ("save", "Change.discarded_drafts"): {
        "discarded-once": lambda right, self, change: first(
            right(evolve(change, discarded_drafts=change.discarded_drafts - vars(self).get("gone", frozenset()))),
            put(self, "gone", change.discarded_drafts),
        ),
        "a-change-discards-every-draft": lambda right, self, change: first(
            right(change), change.discarded_drafts and _drafts(self).delete(change.enrolment.id)
        ),
        "a-refused-change-discards": lambda right, self, change: last(
            _drafts(self).discard(change.enrolment.id, change.discarded_drafts), right(change)
        ),
    },
    ("save", "Enrolments.save: all or nothing"): {
        "drafts-go-after-their-step": lambda right, self, change: first(
            right(evolve(change, discarded_drafts=frozenset())),
            [self.discard_draft(change.enrolment.id, form, change.access) for form in change.discarded_drafts],
        ),
    },
    ("purge", "Retention.purge: nothing left"): {
        "drafts-outlive-the-purge": lambda right, self, *args: _keeping(self, lambda: right(*args)),
    },
}
