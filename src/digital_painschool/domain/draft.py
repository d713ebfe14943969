"""A draft: a form that a patient has begun to fill in, for the patient alone. Rule: D-14a."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from attrs import field, frozen

from digital_painschool.domain.local_time import utc
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.validation import Answer


def _masked(answers: Mapping[str, Answer] | Masked[Mapping[str, Answer]]) -> Masked[Mapping[str, Answer]]:
    return Masked(answers)


@frozen(kw_only=True)
class Draft:
    """A form that a patient has begun to fill in. Rule: D-14a.

    Args:
        form: The form's key.
        saved_at: When the draft was saved, UTC.
        answers: The answers so far, by question key.
    """

    form: str
    saved_at: datetime = field(converter=utc)
    _answers: Masked[Mapping[str, Answer]] = field(converter=_masked, repr=False)

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The answers so far, by question key."""
        return self._answers.reveal()


def draft_tag(draft: Draft | None) -> str:
    """Return the entity tag of a form's draft, or of there being none: it says which draft a page has shown.

    The tag follows from the answers alone, not from the instant: two drafts of one instant may differ, and a clock may
    go back. Drafts with one tag have the same answers, so that nothing is lost where a page takes one for the other. A
    tag is as confidential as the answers: short ones can be guessed from it.
    """
    answers = None if draft is None else sorted(draft.answers.items())
    return sha256(json.dumps(answers).encode()).hexdigest()
