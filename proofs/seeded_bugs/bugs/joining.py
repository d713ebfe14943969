"""Bugs in the transaction of a host that the school joins."""

from proofs.seeded_bugs.bug import Bug, Catcher


def _by(file: str, test: str) -> Catcher:
    return Catcher(f"tests/adapters/sql/{file}.py::test_{test}", f"test_{test.partition('[')[0]}")


BUGS = (
    Bug(
        name="a-rollback-takes-back-that-somebody-read",
        harm="whoever rolls back could read, and try what is forbidden, without a trace",
        module="adapters.sql.storage",
        old="            storage._log = lines.extend if driver.one_writer else self.log  # noqa: SLF001\n",
        new="",
        caught_by=_by("test_joined", "what_was_read_or_refused_stays_in_the_log[driver-sqlite_url]"),
    ),
    Bug(
        name="a-refusal-is-disclosed-without-its-line",
        harm="somebody would learn that a person is in treatment, and no line would say so",
        module="adapters.sql.joining",
        old="            unknown.__context__ = None",
        new="            pass",
        caught_by=_by("test_joining_others", "a_refusal_that_cannot_be_logged_is_not_disclosed"),
    ),
    Bug(
        name="reading-joins",
        harm="a rollback would take back that a message was read, and the line that says so",
        module="adapters.sql.storage",
        old="            storage._save = without_reading(storage._save)  # noqa: SLF001\n",
        new="",
        caught_by=_by("test_joined", "what_reads_and_marks_is_done_outside[driver-sqlite_url]"),
    ),
    Bug(
        name="a-failed-savepoint-is-left",
        harm="after a key that is taken, PostgreSQL would refuse all that the host does",
        module="adapters.sql.lent",
        old="        if in_savepoint and self._has_savepoint():",
        new="        if in_savepoint and self._is_open():",
        caught_by=_by("test_joined", "a_failed_save_leaves_the_host_s_rows[driver-postgresql_url]"),
    ),
    Bug(
        name="a-joined-step-is-tried-again-in-silence",
        harm="a step would rest on another state than the rows that the host has read in its transaction",
        module="application.joined",
        old=", executor.new_id, attempts=1)",
        new=", executor.new_id)",
        caught_by=_by("test_joining_others", "a_step_that_others_were_faster_with_is_not_tried_again_in_silence"),
    ),
    Bug(
        name="observers-hear-before-the-commit",
        harm="a screen would show what the host takes back",
        module="application.joined",
        old="storage=storage, observers=later)",
        new="storage=storage)",
        caught_by=_by("test_joined", "observers_are_notified_after_the_commit[driver-sqlite_url]"),
    ),
    Bug(
        name="a-program-that-was-rolled-back-counts-as-saved",
        harm="an enrolment would be pinned to a version of the program that the storage does not have",
        module="application.program_terms",
        old="        if self._committed is None:\n            self.saved",
        new="        if True:\n            self.saved",
        caught_by=_by("test_joined", "a_savepoint_of_the_host_takes_its_steps_back[sqlite_url]"),
    ),
    Bug(
        name="another-schema-is-joined",
        harm="a step would be saved where nobody looks for it",
        module="adapters.sql.joining",
        old="    if joined.read(driver.identity) != database.read(driver.identity):\n",
        new="    if joined.read(driver.identity)[:2] != database.read(driver.identity)[:2]:\n",
        caught_by=_by("test_joining_refused", "another_database_is_refused[postgresql_url]"),
    ),
    Bug(
        name="the-host-s-savepoint-is-no-transaction",
        harm="the host could roll back unseen on SQLite, and the log of what was read with it",
        module="adapters.sql.lent_sqlite",
        old="    if isinstance(connection, sqlite3.Connection) and connection.in_transaction:\n",
        new="    if connection is None:\n",
        caught_by=_by("test_joining_others", "on_a_file_the_outermost_transaction_is_named"),
    ),
    Bug(
        name="the-version-table-is-the-host-s",
        harm="the host's next migration would drop the version, and no school would open any more",
        module="adapters.sql.table_names",
        old="frozenset({VERSION_TABLE, *METADATA.tables})",
        new="frozenset(METADATA.tables)",
        caught_by=_by("test_table_names", "the_host_s_alembic_drops_nothing_of_the_school[sqlite_url]"),
    ),
)
