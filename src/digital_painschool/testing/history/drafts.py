"""The steps of a history that concern drafts."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime

from attrs import field, frozen

from digital_painschool.domain.draft import Draft, draft_tag
from digital_painschool.domain.validation import normalise_answers
from digital_painschool.testing.history.step import PatientStep, given
from digital_painschool.testing.scenario import Scenario

__all__ = ["DiscardDraft", "ReadDraft", "SaveDraft", "Shown"]


def _copied(answers: Mapping[str, object]) -> dict[str, object]:
    return dict(answers)


@frozen
class Shown:
    """The draft of a form that a page showed, or that it showed none.

    Args:
        answers: The answers of the draft; None where there was no draft.
    """

    answers: Mapping[str, object] | None = None

    @property
    def tag(self) -> str:
        """The tag that the page sends."""
        if self.answers is None:
            return draft_tag(None)
        # The instant is no part of the tag.
        return draft_tag(
            Draft(form="", saved_at=datetime(2026, 1, 1, tzinfo=UTC), answers=normalise_answers(self.answers))
        )


@frozen(repr=False)
class _DraftStep(PatientStep):
    """A step in which the patient saves or discards a draft, from a page that showed one or none if it is given."""

    replaces: Shown | None = field(default=None, kw_only=True)

    @abstractmethod
    def content(self) -> tuple[object, ...]:
        """Return what the desk is given beside the enrolment."""

    def take(self, scenario: Scenario) -> object:
        call, replaces = getattr(self.desk(scenario), self.call), self.replaces and self.replaces.tag
        return call(self.enrolment(scenario), *self.content(), **given(replaces=replaces, once=self.once))


@frozen(repr=False)
class SaveDraft(_DraftStep):
    """A draft of a form that the patient saves."""

    call = "save_draft"
    form: str
    answers: Mapping[str, object] = field(converter=_copied)

    def content(self) -> tuple[object, ...]:
        return self.form, self.answers


@frozen(repr=False)
class ReadDraft(PatientStep):
    """The reading of a draft by the patient."""

    call = "draft"
    form: str


@frozen(repr=False)
class DiscardDraft(_DraftStep):
    """A draft that the patient discards."""

    call = "discard_draft"
    form: str

    def content(self) -> tuple[object, ...]:
        return (self.form,)
