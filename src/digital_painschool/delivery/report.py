"""The report of a delivery run."""

from collections.abc import Mapping

from attrs import asdict, frozen

from digital_painschool.domain.pace import ForenoonPlan


@frozen(kw_only=True)
class DeliveryReport:
    """The outcome of one run, counted in notifications; `sent` alone counts notices and messages.

    Args:
        sent: New notices and messages that were accepted: a digest is one, whatever the number of its notifications.
        delivered: Notifications that were sent, or that the inbox had already.
        dropped: Notifications whose reason was gone (D-13b, D-23b).
        waiting: Notifications that wait for a later run: it is not forenoon (D-13a), or a record cannot be read.
        retried: Notifications whose attempt failed and that are tried again.
        undelivered: Notifications that are undeliverable; the therapist has a flag (D-13d).
        accesses_ended: Enrolments whose end of access was noted (D-05a).
        pointed_out: Enrolments of which a silent patient, or an access that ends soon, was noted (D-17b).
        planned: What was due at the beginning of the run, for each channel that has a pace (D-13e).
    """

    sent: int = 0
    delivered: int = 0
    dropped: int = 0
    waiting: int = 0
    retried: int = 0
    undelivered: int = 0
    accesses_ended: int = 0
    pointed_out: int = 0
    planned: tuple[ForenoonPlan, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """The counts, by name."""
        return {name: count for name, count in asdict(self, recurse=False).items() if isinstance(count, int)}
