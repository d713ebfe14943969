"""What became of the notifications of a claim: for observers and for the log, without persons."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import evolve

from digital_painschool.delivery.log_lines import log_event
from digital_painschool.domain.digest import DeliveryResult, Digest
from digital_painschool.domain.ids import DigestId
from digital_painschool.domain.notification import Status
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
    counts: Counter[DeliveryOutcome] = Counter()
    for result in results:
        digest = digests[result.digest_id]
        found = Counter(_OUTCOMES[status] for status in result.settled.values())
        found[Outcome.RETRIED] = len(result.attempted - result.settled.keys())
        for outcome, count in found.items():
            reason = result.reason if outcome is Outcome.GIVEN_UP else None
            one = DeliveryOutcome(channel=digest.channel, template=digest.template, outcome=outcome, reason=reason)
            counts[one] += count
        if given_up := found[Outcome.GIVEN_UP]:
            why = None if result.reason is None else result.reason.value
            log_event(_log, "given-up", digest=digest.id, channel=digest.channel.value, reason=why, count=given_up)
    return tuple(evolve(one, notifications=count) for one, count in counts.items() if count)
