"""The access log: who did what with whose data. Rule: D-21c."""

from abc import abstractmethod
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Protocol

from attrs import field, frozen

from digital_painschool.codes import Action, OtherAction, action_of
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.ports.storage.excerpt import WHOLE, Excerpt


class Activity(Enum):
    """The kind of an access, in the terms of the Swedish national log format."""

    READ = "Läsa"
    WRITE = "Skriva"
    PRINT = "Utskrift"
    DELETE = "Radera"


@frozen(kw_only=True, slots=False)
class AccessEntry:
    """One line of the access log: who did what with whose data, where and when. Rule: M-06, D-21c.

    Args:
        at: The instant of the access, UTC.
        by: A member of staff's HSA-id, `"patient"`, or `"system"`.
        unit: The unit that the access was made for.
        action: The action, as the permission table names it: a text, for which `label` has the words.
        activity: The kind of the access.
        enrolment_id: The enrolment; None when the access concerned no single one.
        person: The person whose data it was; None when it was nobody's in particular.
        granted: False when the access was refused.
    """

    at: datetime
    by: str
    unit: HsaId = field(converter=HsaId)
    action: Action | OtherAction = field(converter=action_of)
    activity: Activity
    enrolment_id: EnrolmentId | None = None
    person: PersonId | None = None
    granted: bool = True


class AccessLog(Protocol):
    """The access log: who did what with whose data. An entry outlives the purge of its enrolment. Rule: D-21c."""

    @abstractmethod
    def log(self, entries: Iterable[AccessEntry]) -> None:
        """Add entries, durably, in one transaction."""
        ...

    @abstractmethod
    def access_entries(
        self,
        unit: HsaId,
        *,
        person: PersonId | None = None,
        enrolment_id: EnrolmentId | None = None,
        action: str | None = None,
        after: int = 0,
        limit: int = 1000,
        excerpt: Excerpt = WHOLE,
    ) -> tuple[tuple[int, AccessEntry], ...]:
        """Return a unit's entries above `after`, each with its number; the numbers rise in the order of their adding.

        An unreadable entry is left out, and a log line names its number. The entry hides none of the others.

        Args:
            unit: The unit.
            person: Only the entries of this person; None for all.
            enrolment_id: Only the entries of this enrolment; None for all.
            action: Only the entries of this action; None for all.
            after: Only the entries above this number.
            limit: The most entries, the first ones in the order of the excerpt.
            excerpt: Only the entries in this excerpt, in its order.

        Contract:
            * **excerpt**: the entries come in the excerpt's order, by their numbers: their instants need not rise.
            * **filtered**: an entry is returned when it is of the person, the enrolment and the action that were asked
              for.
            * **page**: `limit` counts the readable entries that are wanted, whatever else lies between them.
        """
        ...
