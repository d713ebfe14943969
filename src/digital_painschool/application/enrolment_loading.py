"""Load enrolments from the storage; those that cannot be read are named."""

import logging
from collections.abc import Collection, Iterable, Mapping

from digital_painschool.domain.enrolment import Enrolment, Phase, UnreadableEnrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import InvalidValue, NotFound
from digital_painschool.ports.storage import Enrolments, load_enrolment, readable, unreadable

_ID_LENGTH = 100
_log = logging.getLogger(__name__)


def is_id(text: object) -> bool:
    """Return whether a value can be an id: printable ASCII, at most 100 characters."""
    return isinstance(text, str) and 0 < len(text) <= _ID_LENGTH and text.isascii() and text.isprintable()


def load(storage: Enrolments, enrolment_id: EnrolmentId) -> Enrolment:
    """Return the state of an enrolment.

    Raises:
        InvalidValue: The id is no `str`.
        NotFound: There is no such enrolment.
    """
    if not isinstance(enrolment_id, str):
        raise InvalidValue(f"an enrolment's id is a str, not {type(enrolment_id).__name__}")
    enrolment = load_enrolment(storage, enrolment_id) if is_id(enrolment_id) else None
    if enrolment is None:
        raise NotFound("enrolment")
    return enrolment


def load_each(
    storage: Enrolments, enrolment_ids: Collection[EnrolmentId]
) -> tuple[Mapping[EnrolmentId, Enrolment], frozenset[EnrolmentId]]:
    """Return the states of some enrolments by id, and the ids of the unreadable ones."""
    found = storage.load_many(enrolment_ids)
    hidden = frozenset(unreadable(found.values()))
    for enrolment_id in sorted(hidden):
        _log.error("enrolment %s cannot be read, and waits until it is repaired", enrolment_id)
    return {enrolment.id: enrolment for enrolment in readable(found.values())}, hidden


def find_by_person(
    storage: Enrolments, person: PersonId
) -> tuple[tuple[Enrolment, ...], tuple[UnreadableEnrolment, ...]]:
    """Return a person's enrolments, oldest first, and the unreadable ones, which a log line names.

    A withdrawn one is left out: it is in no list of anybody (D-07b).
    """
    found = storage.find_by_person(person)
    if hidden := unreadable(found):
        _log.error("%s", cannot_be_read(hidden))
    return (
        tuple(enrolment for enrolment in readable(found) if enrolment.phase is not Phase.WITHDRAWN),
        tuple(one for one in found if isinstance(one, UnreadableEnrolment) and not one.is_withdrawn),
    )


def cannot_be_read(enrolment_ids: Iterable[EnrolmentId]) -> str:
    """Return the message that names unreadable enrolments."""
    return f"enrolment {', '.join(enrolment_ids)} cannot be read; it is to be repaired first"
