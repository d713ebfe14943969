"""What a list points out although no flag waits: a silent patient, and an access that ends soon. Rule: D-17b."""

from datetime import datetime
from typing import Protocol

from attrs import frozen

from digital_painschool.domain.enrolment import Enrolment, Phase


class Watched(Protocol):
    """The part of an enrolment, or of its row in a list, that the limits are applied to."""

    @property
    def phase(self) -> Phase:
        """The phase of the life cycle."""
        ...

    @property
    def started_at(self) -> datetime:
        """The instant of the start, UTC."""
        ...

    @property
    def access_until(self) -> datetime:
        """The end of the patient's access, UTC."""
        ...

    @property
    def last_seen_at(self) -> datetime | None:
        """The instant at which the patient last did something, UTC; None for never."""
        ...

    @property
    def reactivated_at(self) -> datetime | None:
        """The instant at which the maintenance last went back to active, UTC; None for never."""
        ...


def quiet_since(of: Watched) -> datetime:
    """Return since when a patient has done nothing: since the last visit, the start, or a later way back to active.

    Rule: D-17b, D-18b. Before that way back the patient may have been shut out for months.
    """
    seen = of.last_seen_at or of.started_at
    return seen if of.reactivated_at is None else max(seen, of.reactivated_at)


@frozen(kw_only=True)
class AttentionLimits:
    """The limits that a unit's policy sets at the instant of a view. Rule: D-17b.

    A patient is silent in the active phase while the access lasts. An access ends soon in the active phase and in
    maintenance, before it has ended; one that is open-ended does not end by itself.

    Args:
        seen_before: A patient who has done nothing since an earlier instant is silent; None switches that off.
        ends_before: An access whose end lies before this instant ends soon; None switches that off.
        open_ended: True when the access of the active phase goes on after `access_until` (D-05d).
    """

    seen_before: datetime | None = None
    ends_before: datetime | None = None
    open_ended: bool = False

    def silent_since(self, of: Watched, now: datetime) -> datetime | None:
        """Return `quiet_since` of a silent patient; None for a patient who is not silent."""
        since = quiet_since(of)
        lasts = now < of.access_until or self.open_ended
        is_silent = self.seen_before is not None and since < self.seen_before
        return since if is_silent and lasts and of.phase is Phase.ACTIVE else None

    def ends_soon(self, of: Watched, now: datetime) -> bool:
        """Return whether a patient's access ends soon."""
        ends = of.phase is Phase.MAINTENANCE or (of.phase is Phase.ACTIVE and not self.open_ended)
        return ends and self.ends_before is not None and now < of.access_until < self.ends_before

    def unnoted_silence(self, of: Enrolment, now: datetime) -> datetime | None:
        """Return `silent_since`; None also where the timeline has a note of that silence."""
        since = self.silent_since(of, now)
        return None if since == of.noted_silence else since

    def unnoted_end(self, of: Enrolment, now: datetime) -> datetime | None:
        """Return the end of an access that ends soon; None also where the timeline has a note of that end."""
        return of.access_until if self.ends_soon(of, now) and of.noted_ending != of.access_until else None

    def is_unnoted(self, of: Enrolment, now: datetime) -> bool:
        """Return whether the timeline lacks a note of a silence, or of a coming end."""
        return self.unnoted_silence(of, now) is not None or self.unnoted_end(of, now) is not None


NO_LIMITS = AttentionLimits()
"""Points nobody out."""
