"""The states of enrolments that this process has read or saved."""

from digital_painschool.adapters.sql.json_text import from_json
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import StorageError
from digital_painschool.serialization.enrolments import enrolment_from_data
from digital_painschool.serialization.stored import read_stored


class StateCache:
    """Recent states, each with its JSON text. A row with the same text has the same state.

    The cache spares a step the parsing of the state that this process has just written. A state that another process
    wrote has another text.

    Args:
        limit: The most states that are cached.
    """

    def __init__(self, limit: int = 1024) -> None:
        self._limit = limit
        self._cached: dict[str, tuple[str, Enrolment]] = {}

    def read(self, enrolment_id: EnrolmentId, text: str) -> Enrolment:
        """Return the state that a row's text describes.

        Raises:
            StorageError: The state cannot be read, or is another enrolment's.
        """
        cached = self._cached.get(enrolment_id)
        if cached is not None and cached[0] == text:
            return cached[1]
        enrolment = read_stored(f"enrolment {enrolment_id}", _parsed, enrolment_id, text)
        self.put(text, enrolment)
        return enrolment

    def put(self, text: str, enrolment: Enrolment) -> None:
        """Cache a state and its text."""
        if len(self._cached) >= self._limit:
            self._cached = {}
        self._cached[enrolment.id] = (text, enrolment)

    def clear(self) -> None:
        """Delete every state."""
        self._cached = {}


def require_own_state(enrolment_id: EnrolmentId, enrolment: Enrolment) -> Enrolment:
    """Return a state that was read under an id.

    Raises:
        StorageError: The state is another enrolment's: steps would change the wrong patient's record.
    """
    if enrolment.id != enrolment_id:
        raise StorageError(f"enrolment {enrolment_id} cannot be read: its state is another enrolment's")
    return enrolment


def _parsed(enrolment_id: EnrolmentId, text: str) -> Enrolment:
    return require_own_state(enrolment_id, enrolment_from_data(from_json(text)))
