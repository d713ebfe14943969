"""What became of the notifications of a claim: for observers and for the log, without persons."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from digital_painschool.delivery.log_lines import log_event
from digital_painschool.domain.digest import DeliveryResult, Digest
from digital_painschool.domain.ids import DigestId
from digital_painschool.domain.notification import Channel, FailureReason, Status, Template
from digital_painschool.ports.observer import DeliveryOutcome, Outcome

_log = logging.getLogger(__name__)
_OUTCOMES: Mapping[Status, Outcome] = {
    Status.DELIVERED: Outcome.DELIVERED,
    Status.DROPPED: Outcome.DROPPED,
    Status.UNREACHABLE: Outcome.GIVEN_UP,
    Status.FAILED: Outcome.GIVEN_UP,
}


def outcomes(digests: Mapping[DigestId, Digest], results: Sequence[DeliveryResult]) -> tuple[DeliveryOutcome, ...]:
    """Return what became of the notifications of some results, and log each digest that was given up.

    Args:
        digests: The digests of the results, by id.
        results: The results, as they were stored.
    """
    counts: Counter[tuple[Channel, Template, Outcome, FailureReason | None]] = Counter()
    for result in results:
        digest = digests[result.digest_id]
        statuses, given_up = [*result.settled.values()], 0
        for status in dict.fromkeys(statuses):
            outcome, number, reason = _OUTCOMES[status], statuses.count(status), None
            if outcome is Outcome.GIVEN_UP:
                given_up, reason = given_up + number, result.reason
            counts[digest.channel, digest.template, outcome, reason] += number
        if retried := len(result.attempted - result.settled.keys()):
            counts[digest.channel, digest.template, Outcome.RETRIED, None] += retried
        if given_up:
            why = None if result.reason is None else result.reason.value
            log_event(_log, "given-up", digest=digest.id, channel=digest.channel.value, reason=why, count=given_up)
    return tuple(
        DeliveryOutcome(channel=channel, template=template, outcome=outcome, reason=reason, notifications=count)
        for (channel, template, outcome, reason), count in counts.items()
    )
