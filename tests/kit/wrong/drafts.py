"""Adapters that are wrong in one way each: mistakes in drafts, and in the changes that discard them."""

from collections.abc import Callable, Sequence
from typing import Any

from attrs import evolve

from tests.kit.wrong.mistake import Mistake, first, last, put


def _drafts(storage: Any) -> Any:
    return storage._parts.drafts


def _keeping(storage: Any, work: Callable[[], Any]) -> Any:
    """Do something, and put back the drafts that were there before."""
    kept = {id_: dict(drafts) for id_, drafts in _drafts(storage)._drafts.items()}
    return last(work(), _drafts(storage)._drafts.update(kept))


STORAGE: Sequence[Mistake] = (
    Mistake(
        "the-first-draft-stays",
        "Drafts.save_draft",
        "save_draft",
        lambda right, self, e, draft, line: right(e, self.draft(e.id, draft.form) or draft, line),
    ),
    Mistake(
        "one-draft-of-an-enrolment",
        "Drafts.save_draft",
        "save_draft",
        lambda right, self, e, draft, line: first(_drafts(self).delete(e.id), right(e, draft, line)),
    ),
    Mistake(
        "a-draft-without-its-line",
        "Drafts.save_draft",
        "save_draft",
        lambda right, self, *args: first(right(*args), self._parts.access_log._entries.pop()),
    ),
    Mistake(
        "a-draft-and-its-line-apart",
        "Drafts.save_draft",
        "save_draft",
        lambda right, self, e, draft, line: first(
            right(e, draft, line), self._parts.access_log._entries.pop(), self.log((line,))
        ),
    ),
    Mistake(
        "a-draft-of-any-version",
        "Drafts.save_draft: optimistic",
        "save_draft",
        lambda right, self, e, *args: right(self.load_many((e.id,)).get(e.id, e), *args),
    ),
    Mistake(
        "a-draft-counts-as-an-entry",
        "Drafts.save_draft: apart",
        "save_draft",
        lambda right, self, e, draft, line: first(
            right(e, draft, line),
            self._parts.enrolments._enrolments.update({e.id: evolve(e, last_seen_at=draft.saved_at)}),
        ),
    ),
    Mistake(
        "the-draft-of-any-enrolment",
        "Drafts.draft",
        "draft",
        lambda right, self, id_, form: (
            right(id_, form) or next((d[form] for d in _drafts(self)._drafts.values() if form in d), None)
        ),
    ),
    Mistake(
        "whole-numbers-become-decimals",
        "Drafts.draft",
        "draft",
        lambda right, _, *args: (
            (draft := right(*args))
            and evolve(draft, answers={k: float(v) if type(v) is int else v for k, v in draft.answers.items()})
        ),
    ),
    Mistake(
        "every-draft-goes",
        "Drafts.discard_draft",
        "discard_draft",
        lambda right, self, id_, *args: last(_drafts(self).delete(id_), right(id_, *args)),
    ),
    Mistake(
        "discarded-without-a-line",
        "Drafts.discard_draft",
        "discard_draft",
        lambda right, self, *args: first(right(*args), self._parts.access_log._entries.pop()),
    ),
    Mistake(
        "discarded-once",
        "Change.discarded_drafts",
        "save",
        lambda right, self, change: first(
            right(evolve(change, discarded_drafts=change.discarded_drafts - vars(self).get("gone", frozenset()))),
            put(self, "gone", change.discarded_drafts),
        ),
    ),
    Mistake(
        "a-change-discards-every-draft",
        "Change.discarded_drafts",
        "save",
        lambda right, self, change: first(
            right(change), change.discarded_drafts and _drafts(self).delete(change.enrolment.id)
        ),
    ),
    Mistake(
        "a-refused-change-discards",
        "Change.discarded_drafts",
        "save",
        lambda right, self, change: last(
            _drafts(self).discard(change.enrolment.id, change.discarded_drafts), right(change)
        ),
    ),
    Mistake(
        "drafts-go-after-their-step",
        "Enrolments.save: all or nothing",
        "save",
        lambda right, self, change: first(
            right(evolve(change, discarded_drafts=frozenset())),
            [self.discard_draft(change.enrolment.id, form, change.access) for form in change.discarded_drafts],
        ),
    ),
    Mistake(
        "drafts-outlive-the-purge",
        "Retention.purge: nothing left",
        "purge",
        lambda right, self, *args: _keeping(self, lambda: right(*args)),
    ),
)
