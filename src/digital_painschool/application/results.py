"""Results of the desks' writing methods: small values that name the record written."""

from attrs import frozen


@frozen(kw_only=True)
class SentMessage:
    """A message that was sent. Rule: M-10, D-17a.

    Args:
        conversation: The conversation's number in the enrolment, from 1.
        number: The message's ordinal among those of the same side in the conversation, from 1.
    """

    conversation: int
    number: int


@frozen(kw_only=True)
class SavedForm:
    """A submission that was saved. Rule: M-14, D-17a.

    Args:
        form: The form's key.
        number: The submission's ordinal among those of the form, from 1.
    """

    form: str
    number: int


@frozen(kw_only=True)
class CompletedModule:
    """A module that is completed, now or since before. Rule: M-04, D-05b.

    Args:
        module: The module's number.
        next_module: The number of the module that is recommended next; None when all are completed.
        done: True when every required module is completed.
    """

    module: int
    next_module: int | None
    done: bool
