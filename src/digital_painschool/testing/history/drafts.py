"""The steps of a history that concern drafts."""

from collections.abc import Mapping

from attrs import field, frozen

from digital_painschool.testing.history.step import PatientStep

__all__ = ["DiscardDraft", "ReadDraft", "SaveDraft"]


def _copied(answers: Mapping[str, object]) -> dict[str, object]:
    return dict(answers)


@frozen(repr=False)
class SaveDraft(PatientStep):
    """A draft of a form that the patient saves."""

    call = "save_draft"
    form: str
    answers: Mapping[str, object] = field(converter=_copied)


@frozen(repr=False)
class ReadDraft(PatientStep):
    """The reading of a draft by the patient."""

    call = "draft"
    form: str


@frozen(repr=False)
class DiscardDraft(PatientStep):
    """A draft that the patient discards."""

    call = "discard_draft"
    form: str
