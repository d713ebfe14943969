"""The school in a host's transaction."""

from digital_painschool.application.executor import Executor
from digital_painschool.application.patient import PatientDesk
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.domain.people import Actor, PersonId


class JoinedSchool:
    """The school during a host's transaction: the desks whose steps are committed with the host's own rows.

    `PainSchool.joined` makes it. It serves the thread of the transaction, until the transaction ends. Reading at these
    desks sees what the transaction has done so far. Deliveries, export and purge need transactions of the school's own.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def therapist(self, actor: Actor) -> TherapistDesk:
        """Return the desk of a therapist or a patient administrator whom the host has signed in. Rule: M-06."""
        return TherapistDesk(self._executor, actor)

    def patient(self, person: str | PersonId) -> PatientDesk:
        """Return the desk of a patient whom the host has signed in.

        Raises:
            InvalidIdentity: The text is not an identity number of an accepted scheme.
        """
        return PatientDesk(self._executor, self._executor.persons.person(person))
