"""Bugs in the storage in memory."""

# ruff: noqa: E501 - lines of other files

from tests.seeded_bugs.bug import Bug, Catcher

BUGS = (
    Bug(
        name="whoever-was-dropped-was-told",
        harm="a patient who was told nothing would wait a day longer",
        module="adapters.memory.outbox",
        old="        return self.status is Status.DELIVERED and",
        new="        return self.status is not Status.PENDING and",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_only_what_was_delivered_has_told",
            "test_only_what_was_delivered_has_told",
        ),
    ),
    Bug(
        name="the-last-one-wins",
        harm="of two steps at the same time one would be lost",
        module="adapters.memory.records",
        old="        if (stored.version if stored else 0) != change.before:",
        new="        if (stored.version if stored else 0) < change.before:",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_a_step_decided_on_an_old_version_is_a_conflict",
            "test_a_step_decided_on_an_old_version_is_a_conflict",
        ),
    ),
    Bug(
        name="two-open-ones",
        harm="a person would be in the same program twice",
        module="adapters.memory.records",
        old="        if enrolment.phase is not Phase.ENDED and self._open.get(",
        new="        if enrolment.phase is Phase.MAINTENANCE and self._open.get(",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_a_second_open_enrolment_is_a_conflict",
            "test_a_second_open_enrolment_is_a_conflict",
        ),
    ),
    Bug(
        name="answers-are-shared",
        harm="whoever reads answers could change them",
        module="adapters.memory.records",
        old="    return content if isinstance(content, str) else dict(content)",
        new="    return content",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_what_the_caller_does_afterwards_changes_nothing",
            "test_what_the_caller_does_afterwards_changes_nothing",
        ),
    ),
    Bug(
        name="a-message-joins-what-is-on-its-way",
        harm="nobody would be told of the message",
        module="adapters.memory.outbox",
        old="            if row.is_free and _key(row.notification) == key:",
        new="            if row.status is Status.PENDING and _key(row.notification) == key:",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_a_message_does_not_join_what_is_on_its_way",
            "test_a_message_does_not_join_what_is_on_its_way",
        ),
    ),
    Bug(
        name="a-lane-in-two-hands",
        harm="a patient would be told by two workers",
        module="adapters.memory.outbox",
        old="if r.notification.due_at <= now and r.notification.lane not in elsewhere]",
        new="if r.notification.due_at <= now and not r.is_held(now)]",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_a_lane_that_is_held_is_left_alone",
            "test_a_lane_that_is_held_is_left_alone",
        ),
    ),
    Bug(
        name="any-token-will-do",
        harm="a worker that was thought dead would settle what another has in hand",
        module="adapters.memory.outbox",
        old="return row if row is not None and row.token == token else None",
        new="return row if row is not None and row.token is not None else None",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_a_stale_token_is_passed_over",
            "test_a_stale_token_is_passed_over",
        ),
    ),
    Bug(
        name="no-attempt-is-counted",
        harm="what cannot be delivered would be tried for ever",
        module="adapters.memory.outbox",
        old="attempts=row.attempts + 1, token=token",
        new="attempts=row.attempts, token=token",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_an_attempt_that_was_begun_counts",
            "test_an_attempt_that_was_begun_counts",
        ),
    ),
    Bug(
        name="the-notifications-outlive-the-purge",
        harm="a purged patient's number would stay",
        module="adapters.memory.storage",
        old="        self.records.forget(enrolment_id)\n        self.outbox.forget(enrolment_id)",
        new="        self.records.forget(enrolment_id)",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_nothing_is_left_of_what_is_purged",
            "test_nothing_is_left_of_what_is_purged",
        ),
    ),
    Bug(
        name="logged-though-it-was-not-saved",
        harm="the log would tell of what did not happen",
        module="adapters.memory.storage",
        old="            books.records.check(change)\n",
        new="            books.log.append(change.access)\n            books.records.check(change)\n            books.log.pop()\n",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_a_step_decided_on_an_old_version_is_a_conflict",
            "test_a_step_decided_on_an_old_version_is_a_conflict",
        ),
    ),
    Bug(
        name="a-later-plan-changes-an-approved-one",
        harm="something would be purged that nobody approved",
        module="adapters.memory.storage",
        old="            if kept is None or kept.decision is None:",
        new="            if True:",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_the_first_approval_stands", "test_the_first_approval_stands"
        ),
    ),
    Bug(
        name="the-page-begins-again",
        harm="the therapist would see some patients twice and others never",
        module="adapters.memory.storage",
        old="r.key > query.after), key",
        new="r.key >= query.after), key",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_pages_walk_the_whole_list_once",
            "test_pages_walk_the_whole_list_once",
        ),
    ),
    Bug(
        name="memory-lets-everybody-note",
        harm="a timeline would say undelivered of what another worker delivers",
        module="adapters.memory.outbox",
        old="claimed.token) for claimed in change.held)",
        new="claimed.token) for claimed in ())",
        caught_by=Catcher(
            "tests/test_memory.py::TestMemoryStorage::test_a_step_about_what_somebody_else_holds_is_a_conflict",
            "test_a_step_about_what_somebody_else_holds_is_a_conflict",
        ),
    ),
)
