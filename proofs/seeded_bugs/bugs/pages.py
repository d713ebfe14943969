"""Bugs in lists in pages: cursors, walks, and the parts of a list that a storage reads."""

from proofs.seeded_bugs.bug import Bug, Catcher

BUGS = (
    Bug(
        name="an-author-s-lines-are-looked-for-in-the-whole-log",
        harm="the log of a large unit would be read from end to end for the few lines of one colleague",
        module="adapters.sql.access_log",
        old="        query.where(_OF_AUTHOR) if one_author else query, ",
        new="        query, ",
        caught_by=Catcher(
            "tests/adapters/sql/test_query_plans.py::test_what_one_author_did_is_found_by_its_index_on_sqlite",
            "test_what_one_author_did_is_found_by_its_index_on_sqlite",
        ),
    ),
    Bug(
        name="a-cursor-forgets-its-filters",
        harm="the next page of one list would be some page of another",
        module="application.cursors",
        old="json.dumps([*listing, *position])",
        new="json.dumps([*position])",
        caught_by=Catcher(
            "tests/application/test_cursors.py::test_a_cursor_of_another_list_is_refused",
            "test_a_cursor_of_another_list_is_refused",
        ),
    ),
    Bug(
        name="a-cursor-is-good-for-another-patient",
        harm="the next page of one patient's accesses would be some page of another's",
        module="application.pages",
        old="        if not found or number(found[0]) != shown:\n",
        new="        if not found:\n",
        caught_by=Catcher(
            "tests/application/test_cursors.py::test_a_cursor_with_another_persons_filter_is_refused",
            "test_a_cursor_with_another_persons_filter_is_refused",
        ),
    ),
    Bug(
        name="the-walk-through-the-log-never-ends",
        harm="each look would add the line that the next look reads",
        module="application.pages",
        old="read(shown - 1, end, limit + 2)",
        new="read(shown - 1, last(), limit + 2)",
        caught_by=Catcher(
            "tests/application/test_pages.py::test_a_walk_shows_the_timeline_as_it_was_at_its_first_page",
            "test_a_walk_shows_the_timeline_as_it_was_at_its_first_page",
        ),
    ),
    Bug(
        name="a-page-marks-what-it-did-not-show",
        harm="a message that nobody has seen would lose its flag",
        module="application.message_pages",
        old="bool(shown) and shown[-1] <= read + 1 <= newest",
        new="bool(shown) and read + 1 <= newest",
        caught_by=Catcher(
            "tests/application/test_pages.py::test_what_was_not_shown_stays_unread",
            "test_what_was_not_shown_stays_unread",
        ),
    ),
    Bug(
        name="a-conversation-that-goes-on-is-missed",
        harm="a conversation would jump over the page that is read, and be on none",
        module="application.message_pages",
        old="            shown = [*fresh, *rest][:size]\n",
        new="            shown = rest[:size]\n",
        caught_by=Catcher(
            "tests/application/test_pages.py::test_a_conversation_that_goes_on_during_a_walk_is_not_missed",
            "test_a_conversation_that_goes_on_during_a_walk_is_not_missed",
        ),
    ),
    Bug(
        name="the-last-message-is-the-first",
        harm="a new message would stand below conversations that have been silent for months",
        module="domain.fold",
        old='"last_message": enrolment.version + 1',
        new='"last_message": enrolment.conversations[event.conversation - 1].last_message or enrolment.version + 1',
        caught_by=Catcher(
            "tests/application/test_pages.py::test_conversations_come_by_their_last_message",
            "test_conversations_come_by_their_last_message",
        ),
    ),
    Bug(
        name="a-excerpt-in-sql-has-its-last-instant",
        harm="two reports of two weeks would have a line both",
        module="adapters.sql.excerpts",
        old="at < until",
        new="at <= until",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_an_excerpt_on_a_timeline_shows_what_lies_in_it",
            "Enrolments.load_timelines: excerpt",
        ),
    ),
    Bug(
        name="the-log-of-any-record",
        harm="somebody would be blamed for opening a record that they never saw",
        module="adapters.sql.access_log",
        old="func.coalesce(_l.enrolment_id, literal_column(\"''\")) ==",
        new="_l.enrolment_id ==",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_the_access_log_can_be_asked_for_one_record_and_one_action",
            "AccessLog.access_entries: filtered",
        ),
    ),
)
