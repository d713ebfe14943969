"""Bugs in the storage in memory."""

# ruff: noqa: E501 - lines of other files

from proofs.seeded_bugs.bug import Bug, Catcher

BUGS = (
    Bug(
        name="the-last-one-wins",
        harm="of two steps at the same time one would be lost",
        module="adapters.memory.enrolments",
        old="        if (stored.version if stored else 0) != change.before:",
        new="        if (stored.version if stored else 0) < change.before:",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_a_step_decided_on_an_old_version_is_a_conflict",
            "test_a_step_decided_on_an_old_version_is_a_conflict",
        ),
    ),
    Bug(
        name="two-open-ones",
        harm="a person would be in the same program twice",
        module="adapters.memory.enrolments",
        old="        if enrolment.phase is not Phase.ENDED and self._open.get(",
        new="        if enrolment.phase is Phase.MAINTENANCE and self._open.get(",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_a_second_open_enrolment_is_a_conflict",
            "test_a_second_open_enrolment_is_a_conflict",
        ),
    ),
    Bug(
        name="answers-are-shared",
        harm="whoever reads answers could change them",
        module="adapters.memory.enrolments",
        old="    return content if isinstance(content, str) else dict(content)",
        new="    return content",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_what_the_caller_does_afterwards_changes_nothing",
            "test_what_the_caller_does_afterwards_changes_nothing",
        ),
    ),
    Bug(
        name="logged-though-it-was-not-saved",
        harm="the log would tell of what did not happen",
        module="adapters.memory.storage",
        old="            parts.enrolments.check(change)\n",
        new="            parts.access_log.log((change.access,))\n            parts.enrolments.check(change)\n            parts.access_log._entries.pop()\n",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_a_step_decided_on_an_old_version_is_a_conflict",
            "test_a_step_decided_on_an_old_version_is_a_conflict",
        ),
    ),
    Bug(
        name="a-later-plan-changes-an-approved-one",
        harm="something would be purged that nobody approved",
        module="adapters.memory.retention",
        old="        if stored is None or stored.decision is None:",
        new="        if True:",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_the_first_approval_stands",
            "test_the_first_approval_stands",
        ),
    ),
    Bug(
        name="the-page-begins-again",
        harm="the therapist would see some patients twice and others never",
        module="ports.storage.case_rows",
        old="row.key > query.after)",
        new="row.key >= query.after)",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_pages_walk_the_whole_list_once",
            "test_pages_walk_the_whole_list_once",
        ),
    ),
    Bug(
        name="any-token-will-do",
        harm="a worker that was thought dead would settle what another has claimed",
        module="adapters.memory.outbox",
        old="return row if row is not None and row.token == token else None",
        new="return row if row is not None and row.token is not None else None",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_a_stale_claim_begins_and_completes_nothing",
            "test_a_stale_claim_begins_and_completes_nothing",
        ),
    ),
    Bug(
        name="no-attempt-is-counted",
        harm="what cannot be delivered would be tried for ever",
        module="adapters.memory.outbox",
        old="attempts=record.attempts + 1",
        new="attempts=record.attempts",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_an_attempt_counts_with_its_answer",
            "test_an_attempt_counts_with_its_answer",
        ),
    ),
    Bug(
        name="what-was-cancelled-is-begun",
        harm="the patient would be told after the end",
        module="adapters.memory.outbox",
        old="ids = {id_ for id_ in decision.notifications if self._is_pending(id_)}",
        new="ids = set(decision.notifications)",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_what_was_cancelled_after_the_claim_is_not_begun",
            "test_what_was_cancelled_after_the_claim_is_not_begun",
        ),
    ),
    Bug(
        name="a-poison-message-in-company",
        harm="one that ends every worker would hold up all that is claimed with it",
        module="adapters.memory.outbox",
        old="[row for row in free if not row.is_suspect][:limit]",
        new="free[:limit]",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_a_poison_message_is_claimed_last_and_alone",
            "test_a_poison_message_is_claimed_last_and_alone",
        ),
    ),
    Bug(
        name="the-poison-message-first",
        harm="what was claimed with one that ends every worker would wait until it is given up",
        module="adapters.memory.outbox",
        old="key=lambda row: (row.lost, row.next_at,",
        new="key=lambda row: (row.next_at,",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_of_those_whose_worker_was_lost_the_one_that_was_tried_least_comes_first",
            "test_of_those_whose_worker_was_lost_the_one_that_was_tried_least_comes_first",
        ),
    ),
    Bug(
        name="no-lost-worker-is-counted",
        harm="what ends every worker would be tried for ever",
        module="adapters.memory.outbox",
        old="row.lost += row.begun",
        new="row.lost += 0",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_a_poison_message_is_claimed_last_and_alone",
            "test_a_poison_message_is_claimed_last_and_alone",
        ),
    ),
    Bug(
        name="a-message-brings-a-retry-forward",
        harm="a broken inbox would be asked with each new message",
        module="adapters.memory.outbox",
        old="        if digest.key is None:",
        new="        if digest.digest.id:",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_a_batch_in_doubt_is_not_brought_forward",
            "test_a_batch_in_doubt_is_not_brought_forward",
        ),
    ),
    Bug(
        name="given-up-without-a-note",
        harm="a notification would be lost, and nobody would know",
        module="adapters.memory.outbox",
        old="noted = status is Status.DELIVERED",
        new="noted = status is not None",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_what_was_not_delivered_waits_for_a_note_until_it_is_written",
            "test_what_was_not_delivered_waits_for_a_note_until_it_is_written",
        ),
    ),
    Bug(
        name="what-was-sent-is-cancelled",
        harm="a timeline would say dropped of what was sent",
        module="adapters.memory.outbox",
        old="row is not None and row.record.waits for row",
        new="row is not None and row.record.status is Status.PENDING for row",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_cancelling_what_does_not_wait_is_a_conflict",
            "test_cancelling_what_does_not_wait_is_a_conflict",
        ),
    ),
    Bug(
        name="the-day-goes-with-the-purge",
        harm="a patient would be told twice on one day",
        module="adapters.memory.outbox",
        old="        row.digest = evolve(row.digest, told_on=told_on)\n        self._release(row)",
        new="        self._release(row)",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_a_batch_that_is_purged_whole_may_have_told_the_recipient",
            "test_a_batch_that_is_purged_whole_may_have_told_the_recipient",
        ),
    ),
    Bug(
        name="a-key-before-a-crash-stays",
        harm="a purged patient's notice would stay in the inbox",
        module="adapters.memory.outbox",
        old="row.superseded.add(row.key)",
        new="row.superseded.clear()",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_notification_keys_are_those_that_were_sent_for_them",
            "test_notification_keys_are_those_that_were_sent_for_them",
        ),
    ),
    Bug(
        name="the-notifications-outlive-the-purge",
        harm="a purged patient's number would stay",
        module="adapters.memory.retention",
        old="        self._outbox.delete(enrolment.id, ",
        new='        self._outbox.delete("", ',
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_nothing_is_left_of_what_is_purged",
            "test_nothing_is_left_of_what_is_purged",
        ),
    ),
)
