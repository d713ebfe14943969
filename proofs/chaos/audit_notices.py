"""The audit of the notices: each was sent by a holder, in the forenoon, and at most one a patient, unit and day."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from digital_painschool.domain.people import HsaId
from digital_painschool.testing.reference.calendar import instant, local_day
from proofs.chaos.cast import POLICIES
from proofs.chaos.evidence import Evidence, Row
from proofs.chaos.holds import Hold


def notices_wrong(evidence: Evidence) -> Iterator[str]:
    """Yield what is wrong with the notices that inbox and messengers have, and with the digests that they were of.

    The day of a notice is that of the clock that claimed the digest.
    """
    by_key: dict[str, list[Hold]] = defaultdict(list)
    for hold in evidence.holds:
        if hold.key is not None:
            by_key[hold.key].append(hold)
    remembered = {row["batch_key"] for row in evidence.notifications.values()} | evidence.superseded
    days: dict[tuple[str, date], str] = {}
    for notice in evidence.notices:
        key = notice["key"]
        sender = _sender(notice, by_key[key])
        if sender is None:
            yield f"{notice['channel']} has taken {key}, and nobody was sending it"
            continue
        if key not in remembered:
            yield f"{notice['channel']} has taken {key}, and no purge would find it"
        digest = evidence.digests[sender.digest]
        yield from _contents_wrong(notice, digest)
        if digest["collected"]:
            yield from _day_wrong(digest, sender, days)
    for digest in evidence.digests.values():
        if any(digest[name] for name in ("token", "lease_until", "begun", "batch_key", "attempted_on", "next_at")):
            yield f"digest {digest['id']} is still held, or waits for something"


def _contents_wrong(notice: Row, digest: Row) -> Iterator[str]:
    if notice["channel"] != digest["channel"] or notice["template"] != digest["template"]:
        yield f"notice {notice['key']} went another way, or says something else, than its digest"
    if notice["channel"] == "inbox" and notice["recipient"] != digest["recipient_value"]:
        yield f"notice {notice['key']} went to somebody else than the patient"


def _sender(notice: Row, holds: list[Hold]) -> Hold | None:
    """Return the hold under which a notice was taken."""
    at = notice["at"].timestamp()
    sends = [(send.asked, hold) for hold in holds for send in hold.sends if send.asked <= at <= send.until]
    return max(sends, key=lambda send: send[0], default=(0, None))[1]


def _day_wrong(digest: Row, hold: Hold, days: dict[tuple[str, date], str]) -> Iterator[str]:
    policy = POLICIES[HsaId(digest["unit"])]
    day = local_day(hold.now, policy.zone)
    opens, shuts = (instant(day, at, policy.zone) for at in (policy.collected_at, policy.forenoon_ends))
    if not opens <= hold.now < shuts:
        yield f"notice {hold.key} went at {hold.now.astimezone(policy.zone):%H:%M}"
    if hold.key != days.setdefault((hold.digest, day), str(hold.key)):
        yield f"notice {hold.key} went on a day on which its patient had been told before"
    if (digest["told_on"] or "") < day.isoformat():
        yield f"notice {hold.key} went on {day}, and its digest does not know"
