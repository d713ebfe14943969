"""What the simulated region catches: bugs of its own, and bugs of the catalogue that others catch too."""

from collections.abc import Mapping
from types import MappingProxyType

from proofs.seeded_bugs.bug import Bug, Catcher


def finding(law: int) -> Catcher:
    """Return the simulation with a finding of a law."""
    return Catcher("proofs/seeded_bugs/kit/simulation.py", rf"\blaw {law}, unit")


BUGS = (
    Bug(
        name="a-review-breaks",
        harm="no therapist could review a patient",
        module="rules.lifecycle",
        old="return (Reviewed(at=at,",
        new="return (Reviewed(at=at / 0,",
        caught_by=finding(0),
    ),
    Bug(
        name="a-submission-is-not-on-the-timeline",
        harm="the timeline would not say what the state counts",
        module="adapters.memory.enrolments",
        old="[]).extend(change.events)",
        new="[]).extend(e for e in change.events if type(e).__name__ != 'FormSaved')",
        caught_by=finding(1),
    ),
    Bug(
        name="a-refused-step-leaves-something",
        harm="somebody without the right would change a record",
        module="application.access_control",
        old="            self._log.log((entry,))\n            raise NotPermitted",
        new=(
            "            self._log.log((entry,))\n"
            "            if enrolment is not None:\n"
            "                states = self._log._parts.enrolments._enrolments\n"
            "                states[enrolment.id] = __import__('attrs').evolve(enrolment, reviewed_at=self._clock())\n"
            "            raise NotPermitted"
        ),
        caught_by=finding(2),
    ),
    Bug(
        name="the-list-forgets-what-could-not-be-delivered",
        harm="a therapist would not learn that a patient cannot be reached",
        module="rules.flags",
        old="undelivered=len(enrolment.undelivered),",
        new="undelivered=0,",
        caught_by=finding(4),
    ),
    Bug(
        name="settled-before-it-is-sent",
        harm="a worker's crash would leave a patient without a notice",
        module="delivery.sending",
        old="        try:\n            with self._patience",
        new=(
            "        done = dict.fromkeys(batch.notifications, Status.DELIVERED)\n"
            "        self._executor.storage.complete([result(settled=done)])\n"
            "        try:\n            with self._patience"
        ),
        caught_by=finding(5),
    ),
    Bug(
        name="a-batch-in-doubt-goes-again-under-a-new-key",
        harm="a patient would be notified twice on one day",
        module="adapters.memory.outbox",
        old="key = row.key if decision.action is Action.REPEAT else batch_key(row.digest.id, ids, reports)",
        new='key = f"{row.digest.id}.{row.token}"',
        caught_by=finding(5),
    ),
    Bug(
        name="a-digest-takes-one-message-alone",
        harm="a patient would never be notified of the second message",
        module="adapters.memory.outbox",
        old="        digest = self._digest_for(notification)\n",
        new="        digest = self._digest_for(notification)\n        if digest.notifications:\n            return\n",
        caught_by=finding(5),
    ),
    Bug(
        name="open-enrolments-are-purged",
        harm="the record of a patient in treatment would be destroyed",
        module="ports.storage.retention",
        old="    if enrolment.is_open or enrolment.ended_at is None:\n        return None\n",
        new="    enrolment = __import__('attrs').evolve(enrolment, ended_at=enrolment.last_entry_at)\n",
        caught_by=finding(7),
    ),
    Bug(
        name="a-purge-leaves-the-documents",
        harm="what a purged patient wrote would stay",
        module="adapters.memory.enrolments",
        old="        del self._documents[enrolment.id], self._counts[enrolment.id]\n",
        new="        del self._counts[enrolment.id]\n",
        caught_by=finding(7),
    ),
)

ALSO_CAUGHT: Mapping[str, Catcher] = MappingProxyType(
    {
        name: finding(law)
        for law, names in {
            1: ("the-last-entry-stays-the-first",),
            3: ("out-of-order-is-marked-the-wrong-way-round",),
            4: ("a-saved-form-counts-as-read", "marking-reads-what-was-not-seen"),
            5: (
                "dropped-without-a-word",
                "the-run-in-greenwich",
                "the-run-begins-an-hour-early",
                "read-messages-are-told-of",
                "one-read-message-drops-the-others",
                "given-up-without-a-note",
                "an-ending-leaves-notifications-waiting",
                "everybody-is-told",
                "the-end-is-noted-at-the-wrong-time",
            ),
            6: (
                "enforced-order-forgets-the-first",
                "access-at-its-own-end",
                "access-a-month-too-long",
                "forms-open-in-maintenance",
                "a-submission-leaves-its-draft",
            ),
            7: ("nobody-asks-for-the-export", "the-notifications-outlive-the-purge"),
            9: ("a-colleague-reads-the-answers", "another-unit-is-let-in", "a-refusal-leaves-no-trace"),
            10: ("a-repeated-call-is-a-new-one",),
        }.items()
        for name in names
    }
)
"""Bugs of the rest of the catalogue, by name, with the finding of the simulation."""
